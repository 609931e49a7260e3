"""What only these tests share: the stand-in for the hub, tokenizers, folders that can be damaged."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.hub_server import hub, hub_server
from tests.fixtures.small_tokenizers import any_model, bert, gpt2, llama, new_sentence, sentence
from tests.fixtures.tiny_models import TinyModel

__all__ = ["any_model", "bert", "gpt2", "hub", "hub_server", "llama", "new_sentence", "sentence"]


@pytest.fixture
def gpt2_folder(tiny_gpt2: TinyModel, tmp_path: Path) -> Path:
    """Return a GPT-2 checkpoint of the test's own."""
    return Path(shutil.copytree(tiny_gpt2.folder, tmp_path / "checkpoint"))


@pytest.fixture
def bert_folder(tiny_bert: TinyModel, tmp_path: Path) -> Path:
    """Return a BERT checkpoint of the test's own."""
    return Path(shutil.copytree(tiny_bert.folder, tmp_path / "checkpoint"))


def change_config(folder: Path, **changes: Any) -> None:
    """Change entries of a config.json; None takes one away."""
    file = folder / "config.json"
    config = json.loads(file.read_text()) | changes
    file.write_text(json.dumps({name: value for name, value in config.items() if value is not None}))


def change_weights(folder: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Write the weights of a folder anew, as ``change`` returns them."""
    from safetensors.torch import load_file, save_file

    file = folder / "model.safetensors"
    save_file(change(load_file(file)), file, metadata={"format": "pt"})


@pytest.fixture
def configure() -> Callable[..., None]:
    """Return `change_config`."""
    return change_config


@pytest.fixture
def reweigh() -> Callable[[Path, Callable[[dict[str, Any]], dict[str, Any]]], None]:
    """Return `change_weights`."""
    return change_weights
