"""A config.json says what the network is; how it is run, and from which files, is not its to say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from core.errors import SurgeryError
from core.models.loading import open_model
from tests.fixtures.tiny_models import TinyModel

Configure = Callable[..., None]


@pytest.mark.parametrize(
    "entries",
    [
        {"attn_implementation": "flash_attention_2"},
        {"_attn_implementation": "flash_attention_2"},
        {"attn_implementation": "evil/kernel", "_attn_implementation": "evil/kernel"},
        {"attn_implementation": {"": "evil/kernel:run"}},
        {"_attn_implementation_internal": "evil/kernel"},
        {"experts_implementation": "evil/kernel"},
        {"use_kernels": True, "kernel_config": {"kernel_mapping": {"RMSNorm": "evil/kernel:RMSNorm"}}},
        {"fusion_config": {"evil": True}, "quantization_config": {}, "distributed_config": {"tp_size": 2}},
        {"transformers_weights": "other.safetensors", "configuration_files": ["config.1.0.0.json"]},
        {"output_attentions": True, "output_hidden_states": True, "return_dict": False, "torchscript": True},
        {"chunk_size_feed_forward": 5, "dtype": "float7"},
    ],
    ids=" ".join,
)
def test_that_a_configuration_cannot_choose_code_or_files_or_the_form_of_the_answer(
    bert_folder: Path, configure: Configure, tiny_bert: TinyModel, entries: dict
) -> None:
    configure(bert_folder, **entries)
    loaded = open_model(str(bert_folder), device="cpu").network
    assert loaded.config._attn_implementation == "sdpa"
    encoding = tiny_bert.tokenizer(tiny_bert.prompt, return_tensors="pt")
    with torch.inference_mode():
        found, expected = loaded(**encoding), tiny_bert.model(**encoding)
    torch.testing.assert_close(found.logits, expected.logits, atol=1e-4, rtol=0)
    assert found.keys() == {"logits"}


def test_that_the_attention_is_the_same_for_every_family(tiny_model: TinyModel) -> None:
    assert open_model(str(tiny_model.folder), device="cpu").network.config._attn_implementation == "sdpa"


def test_that_a_generation_file_is_not_even_read(gpt2_folder: Path) -> None:
    (gpt2_folder / "generation_config.json").write_text("{broken")
    (gpt2_folder / "custom_generate").mkdir()
    (gpt2_folder / "custom_generate" / "generate.py").write_text("raise SystemExit")
    open_model(str(gpt2_folder), device="cpu")


@pytest.mark.parametrize(
    ("family", "entries", "sentence"),
    [
        ("bert", {"position_embedding_type": "relative_key"}, "it has position_embedding_type = 'relative_key'"),
        ("bert", {"is_decoder": True}, "it has is_decoder = True"),
        ("bert", {"add_cross_attention": True, "is_decoder": True}, "it has add_cross_attention = True"),
        ("gpt2", {"add_cross_attention": True}, "it has add_cross_attention = True"),
        ("gpt2", {"is_causal": False}, "it has is_causal = False"),
        ("gpt2", {"is_encoder_decoder": True}, "it has is_encoder_decoder = True"),
        ("gpt2", {"per_layer_config": {"1": {"n_head": 2}}}, "it has per_layer_config"),
    ],
)
def test_that_an_entry_that_changes_the_mathematics_is_refused(
    request: pytest.FixtureRequest, configure: Configure, family: str, entries: dict, sentence: str
) -> None:
    folder = request.getfixturevalue(f"{family}_folder")
    configure(folder, **entries)
    with pytest.raises(SurgeryError, match=f"a variant of {family} that is not supported: {sentence}"):
        open_model(str(folder), device="cpu")


@pytest.mark.parametrize("entries", [{"position_embedding_type": "absolute"}, {"is_decoder": False, "is_causal": True}])
def test_that_the_same_entries_with_usual_values_are_accepted(
    bert_folder: Path, configure: Configure, entries: dict
) -> None:
    configure(bert_folder, **entries)
    open_model(str(bert_folder), device="cpu")


@pytest.mark.parametrize("entry", ["quantization_config", "compression_config"])
def test_that_a_quantised_checkpoint_is_one_sentence(gpt2_folder: Path, configure: Configure, entry: str) -> None:
    configure(gpt2_folder, **{entry: {"quant_method": "gptq", "bits": 4}})
    with pytest.raises(SurgeryError, match=r"is quantised\. Get the model in float32, float16 or bfloat16\."):
        open_model(str(gpt2_folder), device="cpu")


def test_that_a_quantised_checkpoint_is_known_by_its_tensors_too(
    gpt2_folder: Path, reweigh: Callable[..., None]
) -> None:
    packed = {"transformer.h.0.attn.c_attn.qweight": torch.zeros(4, dtype=torch.int32)}
    reweigh(gpt2_folder, lambda weights: weights | packed)
    with pytest.raises(SurgeryError, match="is quantised"):
        open_model(str(gpt2_folder), device="cpu")
