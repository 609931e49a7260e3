"""Checkpoint folders: what is read from them, and each way they can be bad."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import SurgeryError
from core.models.checkpoint import inspect_checkpoint
from tests.fixtures.tiny_models import TinyModel

ROOT = Path(__file__).resolve().parents[3]


def test_that_a_checkpoint_tells_its_family_and_size(tiny_model: TinyModel) -> None:
    checkpoint = inspect_checkpoint(tiny_model.folder)
    assert checkpoint.family == tiny_model.model.config.model_type
    assert checkpoint.architectures == (type(tiny_model.model).__name__,)
    assert checkpoint.disk_bytes == (tiny_model.folder / "model.safetensors").stat().st_size
    assert checkpoint.n_parameters == sum(p.numel() for p in tiny_model.model.parameters())


def test_that_masks_and_positions_saved_by_older_versions_are_no_parameters(
    gpt2_folder: Path, reweigh: Callable[..., None]
) -> None:
    import torch

    before = inspect_checkpoint(gpt2_folder).n_parameters
    tables = {"transformer.h.0.attn.bias": torch.ones(1, 1, 64, 64), "position_ids": torch.arange(64)}
    reweigh(gpt2_folder, lambda weights: weights | tables)
    assert inspect_checkpoint(gpt2_folder).n_parameters == before


def test_that_looking_at_models_imports_neither_torch_nor_transformers(tiny_gpt2: TinyModel) -> None:
    script = (
        "import sys; from pathlib import Path; from core.models.catalogue import list_models;"
        "from core.models.checkpoint import inspect_checkpoint;"
        "import core.models.tokenizing, core.models.loaded_model, core.models.loading;"
        f"inspect_checkpoint(Path({str(tiny_gpt2.folder)!r})); list_models();"
        "sys.exit(' '.join({'torch', 'transformers', 'safetensors', 'tokenizers'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr.strip()) == (0, "", "")


def write(folder: Path, name: str, content: str | bytes) -> None:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def cut(folder: Path, keep: int) -> None:
    file = folder / "model.safetensors"
    write(folder, file.name, file.read_bytes()[:keep])


def table(folder: Path, header: object) -> None:
    encoded = json.dumps(header).encode()
    write(folder, "model.safetensors", struct.pack("<Q", len(encoded)) + encoded + bytes(16))


def config(folder: Path, **changes: object) -> None:
    found = json.loads((folder / "config.json").read_text())
    write(folder, "config.json", json.dumps(found | changes))


BAD_FOLDERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "gone": (shutil.rmtree, "There is no folder"),
    "empty": (lambda f: [path.unlink() for path in f.iterdir()], "is empty"),
    "no config": (lambda f: (f / "config.json").unlink(), "is no checkpoint: it has no config.json"),
    "adapter": (
        lambda f: (f / "config.json").rename(f / "adapter_config.json"),
        "holds an adapter, not a whole model",
    ),
    "config no JSON": (lambda f: write(f, "config.json", '{"model_type": "gpt2",'), "config.json is broken"),
    "config no text": (lambda f: write(f, "config.json", b"\xff\xfe\x00"), "config.json is broken"),
    "config a list": (lambda f: write(f, "config.json", "[]"), "config.json is broken: it is no JSON object"),
    "config too deep": (lambda f: write(f, "config.json", "[" * 100_000), "config.json is broken"),
    "no family": (lambda f: config(f, model_type=None), "names no model_type"),
    "other family": (
        lambda f: config(f, model_type="unheard_of"),
        "The family 'unheard_of' is not supported yet. .*gpt2",
    ),
    "own code": (
        lambda f: config(f, model_type="own", auto_map={"AutoModel": "own.Own"}),
        "needs program code that comes with it, which is never run",
    ),
    "quantised": (lambda f: config(f, quantization_config={"bits": 4}), "is quantised"),
    "cross-attention": (
        lambda f: config(f, add_cross_attention=True),
        "is a variant of gpt2 that is not supported: it has add_cross_attention = True",
    ),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "has no tokenizer"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "has a config.json but no weights"),
    "GGUF": (lambda f: (f / "model.safetensors").rename(f / "model.gguf"), "holds GGUF weights only"),
    "no bytes": (lambda f: cut(f, 0), "model.safetensors is empty"),
    "five bytes": (lambda f: cut(f, 5), "is truncated: it is 5 bytes long"),
    "header cut": (lambda f: cut(f, 500), "is truncated: even its table"),
    "weights cut": (lambda f: cut(f, 100_000), "is truncated: [0-9,]+ bytes of weights are there"),
    "noise": (lambda f: write(f, "model.safetensors", b"noise" * 1000), "it is no safetensors file"),
    "table no JSON": (
        lambda f: write(f, "model.safetensors", struct.pack("<Q", 64) + b"x" * 64),
        "its table of tensors is no JSON",
    ),
    "table a list": (lambda f: table(f, []), "its table of tensors is no table"),
    "table nonsense": (lambda f: table(f, {"a": {"shape": 4}}), "its table of tensors makes no sense"),
    "table backwards": (
        lambda f: table(f, {"a": {"dtype": "F32", "shape": [4], "data_offsets": [16, 0]}}),
        "its table of tensors makes no sense",
    ),
    "weights too long": (
        lambda f: table(f, {"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}),
        "its size does not fit",
    ),
    "pointer": (
        lambda f: write(f, "model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:00\n"),
        "only a pointer to the weights",
    ),
}


@pytest.mark.parametrize("case", BAD_FOLDERS)
def test_that_a_bad_folder_is_one_sentence_with_a_hint(case: str, gpt2_folder: Path) -> None:
    damage, sentence = BAD_FOLDERS[case]
    damage(gpt2_folder)
    with pytest.raises(SurgeryError, match=sentence) as caught:
        inspect_checkpoint(gpt2_folder)
    assert caught.value.message.endswith(".")
    assert caught.value.hint.endswith(".")


def test_that_a_file_is_no_folder(gpt2_folder: Path) -> None:
    with pytest.raises(SurgeryError, match="is a file, not a checkpoint folder"):
        inspect_checkpoint(gpt2_folder / "config.json")


def sharded(folder: Path, tiny: TinyModel) -> Path:
    (folder / "model.safetensors").unlink()
    tiny.model.save_pretrained(folder, max_shard_size="100KB")
    return folder / "model.safetensors.index.json"


def test_that_the_parameters_of_all_shards_are_counted(gpt2_folder: Path, tiny_gpt2: TinyModel) -> None:
    sharded(gpt2_folder, tiny_gpt2)
    checkpoint = inspect_checkpoint(gpt2_folder)
    assert len(checkpoint.weights.files) > 1
    assert checkpoint.n_parameters == inspect_checkpoint(tiny_gpt2.folder).n_parameters


def test_that_a_missing_shard_is_named(gpt2_folder: Path, tiny_gpt2: TinyModel) -> None:
    sharded(gpt2_folder, tiny_gpt2)
    lost = sorted(gpt2_folder.glob("model-*.safetensors"))[1]
    lost.unlink()
    with pytest.raises(SurgeryError, match=f"incomplete: {lost.name} is missing"):
        inspect_checkpoint(gpt2_folder)


@pytest.mark.parametrize("weight_map", [{}, "none", {"a": "../../secret.safetensors"}, {"a": 3}])
def test_that_a_list_of_shards_cannot_point_elsewhere(
    gpt2_folder: Path, tiny_gpt2: TinyModel, weight_map: object
) -> None:
    sharded(gpt2_folder, tiny_gpt2).write_text(json.dumps({"weight_map": weight_map}))
    with pytest.raises(SurgeryError, match="does not list the parts"):
        inspect_checkpoint(gpt2_folder)


def as_bin(folder: Path, tiny: TinyModel) -> Path:
    import torch

    (folder / "model.safetensors").unlink()
    torch.save(tiny.model.state_dict(), folder / "pytorch_model.bin")
    return folder / "pytorch_model.bin"


def test_that_bin_files_are_measured_by_their_size(gpt2_folder: Path, tiny_gpt2: TinyModel) -> None:
    file = as_bin(gpt2_folder, tiny_gpt2)
    checkpoint = inspect_checkpoint(gpt2_folder)
    assert checkpoint.n_parameters == file.stat().st_size // 4
    assert not checkpoint.weights.safetensors


@pytest.mark.parametrize(
    ("content", "sentence"), [(b"PK\x03\x04" + b"x" * 999, "is truncated"), (b"noise" * 99, "holds no torch weights")]
)
def test_that_a_bad_bin_file_is_one_sentence(
    gpt2_folder: Path, tiny_gpt2: TinyModel, content: bytes, sentence: str
) -> None:
    as_bin(gpt2_folder, tiny_gpt2).write_bytes(content)
    with pytest.raises(SurgeryError, match=sentence):
        inspect_checkpoint(gpt2_folder)
