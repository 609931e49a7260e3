"""A checkpoint and its network hold the same weights, or one sentence says which are too few or too many."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from core.errors import SurgeryError
from core.models.loading import open_model
from tests.fixtures.tiny_models import CONTEXT, N_LAYERS, TinyModel

Weights = dict[str, torch.Tensor]
Reweigh = Callable[[Path, Callable[[Weights], Weights]], None]
UNUSED = r"holds weights that its configuration does not use, such as {}.*\. Its config\.json belongs to"


@pytest.fixture
def llama_folder(tiny_llama: TinyModel, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_llama.folder, tmp_path / "checkpoint"))


def without(part: str) -> Callable[[Weights], Weights]:
    return lambda weights: {name: weight for name, weight in weights.items() if part not in name}


def with_more(*names: str) -> Callable[[Weights], Weights]:
    return lambda weights: weights | {name: torch.ones(4) for name in names}


def same_as(folder: Path, model: Any, tiny: TinyModel) -> bool:
    loaded = open_model(str(folder), device="cpu").network
    encoding = tiny.tokenizer(tiny.prompt, return_tensors="pt")
    with torch.inference_mode():
        return torch.allclose(loaded(**encoding)[0], model(**encoding)[0], atol=1e-4)


@pytest.mark.parametrize("bare", [False, True])
def test_that_a_configuration_with_fewer_blocks_than_the_weights_is_refused(
    gpt2_folder: Path, configure: Callable[..., None], reweigh: Reweigh, bare: bool
) -> None:
    configure(gpt2_folder, n_layer=N_LAYERS - 1)
    if bare:
        reweigh(gpt2_folder, lambda weights: {name.removeprefix("transformer."): w for name, w in weights.items()})
    with pytest.raises(SurgeryError, match=UNUSED.format(r"(transformer\.)?h\.2\.attn\.c_attn\.weight and \d+ more")):
        open_model(str(gpt2_folder), device="cpu")


def test_that_a_headless_encoder_with_too_many_blocks_is_refused(
    bert_folder: Path, configure: Callable[..., None], reweigh: Reweigh
) -> None:
    configure(bert_folder, num_hidden_layers=N_LAYERS - 1)
    reweigh(bert_folder, without("cls."))
    with pytest.raises(SurgeryError, match=UNUSED.format(r"bert\.encoder\.layer\.2\.")):
        open_model(str(bert_folder), device="cpu")


@pytest.mark.parametrize(
    ("family", "name"),
    [
        ("llama", "model.layers.0.self_attn.q_proj.bias"),
        ("llama", "model.layers.1.self_attn.q_norm.weight"),
        ("llama", "model.embed_positions.weight"),
        ("llama", "lm_head.bias"),
        ("gpt2", "transformer.h.0.crossattention.c_attn.weight"),
        ("gpt2", "h.0.attn.q_norm.weight"),
        ("bert", "bert.encoder.layer.0.attention.self.distance_embedding.weight"),
        ("bert", "bert.embeddings.projection.weight"),
    ],
)
def test_that_a_weight_the_network_has_no_place_for_is_refused(
    request: pytest.FixtureRequest, reweigh: Reweigh, family: str, name: str
) -> None:
    folder = request.getfixturevalue(f"{family}_folder")
    reweigh(folder, with_more(name))
    with pytest.raises(SurgeryError, match=UNUSED.format(name)):
        open_model(str(folder), device="cpu")


@pytest.mark.parametrize(
    ("family", "names"),
    [
        ("llama", ["model.layers.0.self_attn.rotary_emb.inv_freq", "score.weight", "v_head.summary.weight"]),
        ("gpt2", ["transformer.h.0.attn.bias", "transformer.h.2.attn.masked_bias", "score.weight"]),
        ("gpt2", ["h.0.attn.bias", "h.2.attn.masked_bias", "multiple_choice_head.summary.weight"]),
        ("bert", ["bert.pooler.dense.weight", "cls.seq_relationship.bias", "classifier.weight", "qa_outputs.bias"]),
        ("bert", ["bert.embeddings.position_ids", "bert.embeddings.token_type_ids"]),
    ],
)
def test_that_heads_of_other_tasks_and_tables_of_older_versions_are_left_out(
    request: pytest.FixtureRequest, reweigh: Reweigh, family: str, names: list[str]
) -> None:
    folder, tiny = request.getfixturevalue(f"{family}_folder"), request.getfixturevalue(f"tiny_{family}")
    reweigh(folder, with_more(*names))
    assert same_as(folder, tiny.model, tiny)


def test_that_an_encoder_as_sentence_models_are_passed_on_opens(
    tiny_bert_encoder: TinyModel, tmp_path: Path, reweigh: Reweigh
) -> None:
    folder = Path(shutil.copytree(tiny_bert_encoder.folder, tmp_path / "checkpoint"))
    reweigh(folder, lambda weights: weights | {"embeddings.position_ids": torch.arange(CONTEXT)[None]})
    assert same_as(folder, tiny_bert_encoder.model, tiny_bert_encoder)


def test_that_a_damaged_head_is_not_taken_for_none(bert_folder: Path, reweigh: Reweigh) -> None:
    reweigh(bert_folder, without("cls.predictions.transform.dense.bias"))
    with pytest.raises(SurgeryError, match=r"has no weights for cls\.predictions\.transform\.dense\.bias\."):
        open_model(str(bert_folder), device="cpu")


@pytest.mark.parametrize("zipped", [True, False])
def test_that_a_damaged_head_in_a_bin_file_is_not_taken_for_none(
    bert_folder: Path, tiny_bert: TinyModel, zipped: bool
) -> None:
    def save(weights: Weights) -> None:
        torch.save(weights, bert_folder / "pytorch_model.bin", _use_new_zipfile_serialization=zipped)

    (bert_folder / "model.safetensors").unlink()
    save(without("cls.predictions.transform.dense.bias")(tiny_bert.model.state_dict()))
    with pytest.raises(SurgeryError, match=r"has no weights for cls\.predictions\.transform\.dense\.bias\."):
        open_model(str(bert_folder), device="cpu")
    save(without("cls.")(tiny_bert.model.state_dict()))
    assert not open_model(str(bert_folder), device="cpu").info.has_head


def test_that_a_head_is_found_whatever_class_the_configuration_names(
    bert_folder: Path, configure: Callable[..., None]
) -> None:
    configure(bert_folder, architectures=["BertModel"])
    assert open_model(str(bert_folder), device="cpu").info.has_head


def test_that_a_language_model_without_its_unembedding_is_refused(llama_folder: Path, reweigh: Reweigh) -> None:
    reweigh(llama_folder, without("lm_head"))
    with pytest.raises(SurgeryError, match=r"has no weights for lm_head\.weight\."):
        open_model(str(llama_folder), device="cpu")


def test_that_a_causal_network_saved_without_a_head_opens_bare(
    llama_folder: Path, configure: Callable[..., None], reweigh: Reweigh
) -> None:
    reweigh(llama_folder, without("lm_head"))
    configure(llama_folder, architectures=["LlamaForSequenceClassification"])
    assert not open_model(str(llama_folder), device="cpu").info.has_head


def test_that_a_tied_unembedding_need_not_be_in_the_files(gpt2_folder: Path, reweigh: Reweigh) -> None:
    reweigh(gpt2_folder, without("lm_head"))
    assert open_model(str(gpt2_folder), device="cpu").info.has_head


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_that_weights_that_are_no_numbers_open(gpt2_folder: Path, reweigh: Reweigh, value: float) -> None:
    reweigh(gpt2_folder, lambda weights: weights | {"transformer.ln_f.bias": torch.full((32,), value)})
    loaded = open_model(str(gpt2_folder), device="cpu")
    assert not any(weight.isfinite().all() for name, weight in loaded.network.named_parameters() if "ln_f.bias" in name)
