"""What sets families of decoders apart: head counts, contexts, and names in older files."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from core.errors import SurgeryError
from core.models.loading import UNBOUNDED_CONTEXT, open_model
from tests.fixtures.opened_models import opened

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.tiny_family import TinyOf


@pytest.mark.parametrize(
    ("family", "variant", "count"),
    [
        ("falcon", "usual", 1),
        ("falcon", "new-decoder", 2),
        ("falcon", "sequential", 4),
        ("gpt_bigcode", "usual", 1),
        ("gpt_bigcode", "multi-head", 4),
        ("phi", "usual", 2),
        ("gpt_neox", "usual", 4),
    ],
)
def test_that_heads_of_keys_and_values_are_counted(family: str, variant: str, count: int, tiny_of: TinyOf) -> None:
    loaded = opened(tiny_of(family, variant))
    assert (loaded.info.n_heads, loaded.info.n_key_value_heads) == (4, count)


@pytest.mark.parametrize(
    ("family", "variant", "has_middle"),
    [
        ("gpt_neox", "usual", False),
        ("gpt_neox", "sequential", True),
        ("stablelm", "usual", True),
        ("stablelm", "parallel", False),
        ("falcon", "usual", False),
        ("falcon", "new-decoder", False),
        ("falcon", "sequential", True),
    ],
)
def test_that_only_blocks_in_turn_have_a_residual_between(
    family: str, variant: str, has_middle: bool, tiny_of: TinyOf
) -> None:
    assert (opened(tiny_of(family, variant)).info.why_not("resid_mid") is None) == has_middle


def changed(tiny_folder: Path, tmp_path: Path, **entries: Any) -> Path:
    """Return a copy of a checkpoint folder with other entries in its configuration; None takes one out."""
    folder = shutil.copytree(tiny_folder, tmp_path / "changed")
    file = folder / "config.json"
    config = json.loads(file.read_text(encoding="utf-8")) | entries
    kept = {name: value for name, value in config.items() if value is not None}
    file.write_text(json.dumps(kept), encoding="utf-8")
    return folder


def test_that_a_bloom_that_names_no_context_is_as_long_as_its_tokenizer(tiny_of: TinyOf, tmp_path: Path) -> None:
    tiny = tiny_of("bloom")
    assert opened(tiny).info.context == 64
    unnamed = open_model(str(changed(tiny.folder, tmp_path, seq_length=None)), device="cpu")
    assert unnamed.info.context == min(tiny.tokenizer.model_max_length, UNBOUNDED_CONTEXT)


def test_that_an_mpt_without_alibi_is_refused(tiny_of: TinyOf, tmp_path: Path) -> None:
    folder = changed(tiny_of("mpt").folder, tmp_path, attn_config={"alibi": False, "attn_type": "multihead_attention"})
    with pytest.raises(SurgeryError, match=r"attn_config\.alibi = False"):
        open_model(str(folder), device="cpu")


def test_that_an_mpt_that_clips_says_why_queries_keys_and_values_are_hidden(tiny_of: TinyOf, tmp_path: Path) -> None:
    assert all(opened(tiny_of("mpt")).info.why_not(point) is None for point in ("q", "k", "v"))
    clips = open_model(str(changed(tiny_of("mpt").folder, tmp_path, attn_config={"clip_qkv": 6.0})), device="cpu")
    assert all("clips its queries" in str(clips.info.why_not(point)) for point in ("q", "k", "v"))


@pytest.mark.parametrize(
    ("family", "variant", "reason"),
    [
        ("gptj", "usual", "GPT-J rotates queries and keys after their projection"),
        ("codegen", "usual", "CodeGen rotates queries and keys after their projection"),
        ("falcon", "new-decoder", "Falcon rotates queries and keys after their projection"),
        ("deberta-v2", "usual", "DeBERTa-v2 multiplies queries and keys with distances as well"),
    ],
)
def test_that_queries_and_keys_that_are_not_those_of_the_dot_product_say_why(
    family: str, variant: str, reason: str, tiny_of: TinyOf
) -> None:
    info = opened(tiny_of(family, variant)).info
    assert all(str(info.why_not(point)).startswith(reason) for point in ("q", "k"))
    assert info.why_not("v") is None


def test_that_a_gpt_neox_opens_with_the_older_name_of_its_head(tiny_of: TinyOf, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    tiny = tiny_of("gpt_neox")
    folder = shutil.copytree(tiny.folder, tmp_path / "older")
    weights = load_file(folder / "model.safetensors")
    head = next(name for name in ("lm_head.weight", "embed_out.weight") if name in weights)
    weights["embed_out.weight"] = weights.pop(head)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    loaded = open_model(str(folder), device="cpu")
    assert loaded.info.has_head
    assert torch.equal(loaded.network.lm_head.weight, tiny.model.lm_head.weight)
