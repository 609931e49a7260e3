"""Loading: the same network as was saved, or one sentence why not."""

from __future__ import annotations

import contextlib
import gc
import shutil
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from core.cancel import CancelToken
from core.errors import Cancelled, SurgeryError
from core.models import loading, memory, network
from core.models.loading import open_model
from tests.fixtures.tiny_models import CONTEXT, N_HEADS, N_LAYERS, TinyModel


def output(model: Any, tiny: TinyModel) -> torch.Tensor:
    with torch.inference_mode():
        result: torch.Tensor = model(**tiny.tokenizer(tiny.prompt, return_tensors="pt"))[0]
    return result


def test_that_a_loaded_model_computes_what_was_saved(tiny_model: TinyModel) -> None:
    loaded = open_model(str(tiny_model.folder), device="cpu")
    torch.testing.assert_close(
        output(loaded.network, tiny_model), output(tiny_model.model, tiny_model), atol=1e-4, rtol=0
    )


def test_that_a_loaded_model_describes_itself(tiny_model: TinyModel) -> None:
    loaded = open_model(str(tiny_model.folder), device="cpu")
    info, config = loaded.info, tiny_model.model.config
    assert (info.n_layers, info.n_heads, info.context) == (N_LAYERS, N_HEADS, CONTEXT)
    assert (info.family, info.d_model, info.vocab_size) == (config.model_type, config.hidden_size, config.vocab_size)
    assert info.has_head == (tiny_model.name != "tiny-bert-encoder")
    assert info.objective == ("masked" if "bert" in tiny_model.name else "causal")
    assert info.mask_token == ("[MASK]" if "bert" in tiny_model.name else None)
    pooler = getattr(tiny_model.model, "pooler", None)  # no part of the stack, so it is not loaded
    unused = sum(p.numel() for p in pooler.parameters()) if pooler else 0
    assert info.n_parameters == sum(p.numel() for p in tiny_model.model.parameters()) - unused
    assert info.memory_bytes >= 4 * info.n_parameters
    assert (info.dtype, info.device, info.name) == ("float32", "cpu", str(tiny_model.folder))


def test_that_the_width_of_a_head_is_that_of_the_projection(tiny_llama: TinyModel) -> None:
    info = open_model(str(tiny_llama.folder), device="cpu").info
    assert (info.d_head, info.n_key_value_heads) == (16, 2)
    assert info.d_head != info.d_model // info.n_heads


def test_that_every_part_of_the_familys_table_is_found(tiny_model: TinyModel) -> None:
    loaded = open_model(str(tiny_model.folder), device="cpu")
    assert len(loaded.blocks) == N_LAYERS
    assert (loaded.head is None) == (not loaded.info.has_head)
    assert (loaded.final_norm is None) == ("bert" in tiny_model.name)
    for layer in range(N_LAYERS):
        paths = [loaded.architecture.attention_projection, loaded.architecture.mlp_out]
        paths += loaded.architecture.post_norms or ()
        assert all(loaded.part(layer, path) in set(loaded.blocks[layer].modules()) for path in paths)


def test_that_a_part_that_is_not_there_is_named(tiny_gpt2: TinyModel) -> None:
    loaded = open_model(str(tiny_gpt2.folder), device="cpu")
    with pytest.raises(SurgeryError, match=r"A GPT-2 model should have a part 'attn\.o_proj'"):
        loaded.part(0, "attn.o_proj")


def test_that_nothing_is_left_to_chance_or_to_training(tiny_model: TinyModel) -> None:
    model = open_model(str(tiny_model.folder), device="cpu").network
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert torch.equal(output(model, tiny_model), output(model, tiny_model))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_that_the_dtype_is_the_one_asked_for_whatever_was_saved(tiny_llama: TinyModel, dtype: str) -> None:
    loaded = open_model(str(tiny_llama.folder), device="cpu", dtype=dtype)
    assert {p.dtype for p in loaded.network.parameters()} == {getattr(torch, dtype)}
    assert loaded.info.dtype == dtype


def test_that_a_half_precision_checkpoint_opens_in_float32(tiny_llama: TinyModel, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_llama.folder, tmp_path / "half"))
    half = open_model(str(tiny_llama.folder), device="cpu", dtype="bfloat16").network
    half.save_pretrained(folder)
    loaded = open_model(str(folder), device="cpu")
    assert {p.dtype for p in loaded.network.parameters()} == {torch.float32}


def test_that_the_identity_tells_content_dtype_and_device_apart(
    gpt2_folder: Path, reweigh: Callable[..., None]
) -> None:
    name = str(gpt2_folder)
    first = open_model(name, device="cpu").identity
    assert open_model(name, device="cpu").identity == first
    assert open_model(name, device="cpu", dtype="bfloat16").identity != first
    reweigh(gpt2_folder, lambda weights: {key: weight * 2 for key, weight in weights.items()})
    assert open_model(name, device="cpu").identity != first


def test_that_each_step_is_told_in_order(tiny_gpt2: TinyModel) -> None:
    told: list[tuple[str, float | None]] = []
    open_model(str(tiny_gpt2.folder), device="cpu", report=lambda *step: told.append(step))
    texts = list(dict.fromkeys(text for text, _ in told))
    assert texts == ["Reading the checkpoint", "Importing torch", "Importing transformers", "Loading weights"]
    fractions = [fraction for text, fraction in told if text == "Loading weights" and fraction is not None]
    assert len(fractions) > 10
    assert fractions == sorted(fractions)


def test_that_nothing_is_printed(tiny_bert_encoder: TinyModel, capfd: pytest.CaptureFixture[str]) -> None:
    open_model(str(tiny_bert_encoder.folder), device="cpu")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("step", ["Reading the checkpoint", "Importing transformers", "Loading weights"])
def test_that_loading_can_be_cancelled_at_each_step(tiny_gpt2: TinyModel, step: str) -> None:
    cancel = CancelToken()

    def report(text: str, fraction: float | None) -> None:
        if text == step and fraction != 0.0:
            cancel.cancel()

    with pytest.raises(Cancelled):
        open_model(str(tiny_gpt2.folder), device="cpu", report=report, cancel=cancel)


def test_that_weights_without_a_head_are_opened_as_an_encoder(
    bert_folder: Path, reweigh: Callable[..., None], tiny_bert: TinyModel
) -> None:
    reweigh(bert_folder, lambda weights: {k: v for k, v in weights.items() if not k.startswith("cls.")})
    loaded = open_model(str(bert_folder), device="cpu")
    assert not loaded.info.has_head
    assert loaded.backbone is loaded.network
    torch.testing.assert_close(
        output(loaded.network, tiny_bert), output(tiny_bert.model.base_model, tiny_bert), atol=1e-4, rtol=0
    )


def test_that_missing_weights_are_never_made_up(gpt2_folder: Path, reweigh: Callable[..., None]) -> None:
    reweigh(gpt2_folder, lambda weights: {k: v for k, v in weights.items() if "h.1.attn" not in k})
    with pytest.raises(SurgeryError, match=r"has no weights for transformer.h.1.attn.c_attn.bias and 3 more"):
        open_model(str(gpt2_folder), device="cpu")


def test_that_weights_of_another_shape_are_refused(gpt2_folder: Path, configure: Callable[..., None]) -> None:
    configure(gpt2_folder, n_positions=CONTEXT // 2)
    with pytest.raises(SurgeryError, match=r"'transformer.wpe.weight' have the shape 64 x 32 but .* 32 x 32"):
        open_model(str(gpt2_folder), device="cpu")


@pytest.mark.parametrize("changes", [{"n_layer": "many"}, {"n_head": 0}, {"n_head": 5}, {"activation_function": "no"}])
def test_that_an_impossible_configuration_is_one_sentence(
    gpt2_folder: Path, configure: Callable[..., None], changes: dict
) -> None:
    configure(gpt2_folder, **changes)
    with pytest.raises(SurgeryError, match="cannot be loaded"):
        open_model(str(gpt2_folder), device="cpu")


def as_published_first(weights: dict) -> dict:
    """Return BERT's weights as its authors published them: other names, ties written out, parts of other tasks."""
    renamed = {
        key.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): weight
        for key, weight in weights.items()
    }
    return renamed | {
        "cls.predictions.decoder.weight": weights["bert.embeddings.word_embeddings.weight"].clone(),
        "cls.seq_relationship.weight": torch.zeros(2, 32),
        "bert.pooler.dense.weight": torch.zeros(32, 32),
        "bert.embeddings.position_ids": torch.arange(CONTEXT)[None],
    }


def test_that_names_from_older_checkpoints_are_understood(
    bert_folder: Path, reweigh: Callable[..., None], tiny_bert: TinyModel
) -> None:
    reweigh(bert_folder, as_published_first)
    loaded = open_model(str(bert_folder), device="cpu")
    assert loaded.info.has_head
    torch.testing.assert_close(output(loaded.network, tiny_bert), output(tiny_bert.model, tiny_bert), atol=1e-4, rtol=0)


def test_that_weights_without_their_prefix_are_understood(
    gpt2_folder: Path, reweigh: Callable[..., None], tiny_gpt2: TinyModel
) -> None:
    reweigh(gpt2_folder, lambda weights: {k.removeprefix("transformer."): v for k, v in weights.items()})
    loaded = open_model(str(gpt2_folder), device="cpu")
    torch.testing.assert_close(output(loaded.network, tiny_gpt2), output(tiny_gpt2.model, tiny_gpt2), atol=1e-4, rtol=0)


def test_that_bin_weights_are_loaded(gpt2_folder: Path, tiny_gpt2: TinyModel) -> None:
    (gpt2_folder / "model.safetensors").unlink()
    torch.save(tiny_gpt2.model.state_dict(), gpt2_folder / "pytorch_model.bin")
    loaded = open_model(str(gpt2_folder), device="cpu")
    torch.testing.assert_close(output(loaded.network, tiny_gpt2), output(tiny_gpt2.model, tiny_gpt2), atol=1e-4, rtol=0)


class Malicious:
    """Creates a file when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple:
        return (Path.touch, (self.trace,))


def test_that_a_pickle_that_runs_programs_is_refused_and_does_not_run(gpt2_folder: Path, tmp_path: Path) -> None:
    (gpt2_folder / "model.safetensors").unlink()
    torch.save({"transformer.wte.weight": Malicious(tmp_path / "trace")}, gpt2_folder / "pytorch_model.bin")
    with pytest.raises(SurgeryError, match="hold more than numbers and were not opened"):
        open_model(str(gpt2_folder), device="cpu")
    assert not (tmp_path / "trace").exists()


def test_that_a_model_with_its_own_code_never_runs_it(
    gpt2_folder: Path, configure: Callable[..., None], tmp_path: Path
) -> None:
    (gpt2_folder / "own.py").write_text(f"from pathlib import Path\nPath({str(tmp_path / 'trace')!r}).touch()\n")
    configure(gpt2_folder, auto_map={"AutoModelForCausalLM": "own.Own", "AutoConfig": "own.Config"})
    open_model(str(gpt2_folder), device="cpu")  # a known family is opened with the library's code
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: ...")])
def test_that_running_out_of_memory_is_one_sentence(
    tiny_gpt2: TinyModel, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(network, "_load", fail)
    with pytest.raises(SurgeryError, match="The memory of cpu ran out while the model was loaded in float32"):
        open_model(str(tiny_gpt2.folder), device="cpu")


def test_that_what_a_failed_load_built_is_let_go(tiny_gpt2: TinyModel, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = []

    def fail(model: torch.nn.Module, *_: object) -> None:
        kept.append(weakref.ref(model))
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr("transformers.PreTrainedModel.to", fail)
    with contextlib.suppress(SurgeryError):
        open_model(str(tiny_gpt2.folder), device="cpu")
    gc.collect()
    assert [reference() for reference in kept] == [None]


def test_that_a_model_that_does_not_fit_is_not_even_tried(
    tiny_gpt2: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda _: 1000)
    monkeypatch.setattr(loading, "load_network", lambda *_: pytest.fail("it was tried"))
    with pytest.raises(SurgeryError, match="but only 1 kB are free on cpu"):
        open_model(str(tiny_gpt2.folder), device="cpu")


def test_that_an_unknown_device_or_dtype_is_refused(tiny_gpt2: TinyModel) -> None:
    with pytest.raises(SurgeryError, match="There is no device 'tpu'"):
        open_model(str(tiny_gpt2.folder), device="tpu")
    with pytest.raises(SurgeryError, match="There is no dtype 'float8'"):
        open_model(str(tiny_gpt2.folder), dtype="float8")
