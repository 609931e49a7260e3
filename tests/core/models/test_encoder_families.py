"""Bidirectional families: their contexts, masks, shared layers, and heads that are not there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from core.errors import SurgeryError
from core.models.architectures import ARCHITECTURES
from core.models.loading import open_model
from core.models.tokenizing import tokenize
from tests.fixtures.opened_models import opened
from tests.fixtures.tiny_families import every_variant
from tests.fixtures.tiny_family import TinyOf
from tests.fixtures.tiny_models import CONTEXT

MASKED = [(family, variant) for family, variant in every_variant() if ARCHITECTURES[family].objective == "masked"]
PROMPT = "The cat sat on the [MASK], and [MASK]sat."


def with_entries(folder: Path, target: Path, **entries: Any) -> Path:
    """Copy a checkpoint with entries of its configuration changed."""
    shutil.copytree(folder, target)
    config = json.loads((target / "config.json").read_text(encoding="utf-8"))
    (target / "config.json").write_text(json.dumps(config | entries), encoding="utf-8")
    return target


@pytest.mark.parametrize(("family", "variant"), MASKED)
def test_that_the_usual_mask_is_understood_by_every_masked_family(family: str, variant: str, tiny_of: TinyOf) -> None:
    loaded = opened(tiny_of(family, variant))
    if loaded.info.mask_token is None:
        assert ARCHITECTURES[family].language_model_class is None
        return
    tokens = tokenize(loaded, PROMPT)
    masks = [item for item in tokens.items if item.id == loaded.tokenizer.mask_token_id]
    assert [PROMPT[item.start : item.end].strip() for item in masks] == ["[MASK]", "[MASK]"]


@pytest.mark.parametrize("family", ["roberta", "xlm-roberta", "camembert", "mpnet"])
def test_that_the_context_leaves_out_positions_that_prompts_never_get(family: str, tiny_of: TinyOf) -> None:
    loaded = opened(tiny_of(family))
    assert loaded.info.context == CONTEXT == loaded.network.config.max_position_embeddings - 2
    token = loaded.info.vocab_size - 2
    loaded.network(torch.full((1, CONTEXT), token))
    with pytest.raises((IndexError, RuntimeError)):
        loaded.network(torch.full((1, CONTEXT + 1), token))


@pytest.mark.parametrize(
    ("variant", "turns", "order"),
    [("usual", [(0, 3), (1, 3), (2, 3)], [0, 0, 0]), ("groups", [(0, 2), (1, 2), (0, 1)], [0, 0, 1])],
)
def test_that_layers_of_one_group_are_calls_of_one_block(
    variant: str, turns: list[tuple[int, int]], order: list[int], tiny_of: TinyOf
) -> None:
    loaded = opened(tiny_of("albert", variant))
    groups: Any = loaded.backbone.get_submodule("encoder.albert_layer_groups")
    assert [loaded.turn(layer) for layer in range(loaded.info.n_layers)] == turns
    assert loaded.blocks == [groups[group].albert_layers[0] for group in order]
    assert any("one call" in note for note in loaded.info.notes)
    called: list[object] = []
    handles = [block.register_forward_pre_hook(lambda module, _: called.append(module)) for block in {*loaded.blocks}]
    loaded.backbone(torch.tensor([[2, 7, 3]]))
    for handle in handles:
        handle.remove()
    assert called == loaded.blocks


@pytest.mark.parametrize(("family", "entry", "value"), [("albert", "inner_group_num", 2), ("mpnet", "pad_token_id", 0)])
def test_that_variants_the_table_does_not_describe_are_refused(
    family: str, entry: str, value: int, tiny_of: TinyOf, tmp_path: Path
) -> None:
    folder = with_entries(tiny_of(family).folder, tmp_path / "variant", **{entry: value})
    with pytest.raises(SurgeryError, match=entry):
        open_model(str(folder), device="cpu")


def test_that_a_convolution_among_the_layers_is_refused(tiny_of: TinyOf, tmp_path: Path) -> None:
    folder = with_entries(tiny_of("deberta-v2").folder, tmp_path / "variant", conv_kernel_size=3)
    with pytest.raises(SurgeryError, match="conv_kernel_size = 3"):
        open_model(str(folder), device="cpu")


@pytest.mark.parametrize(
    ("family", "variant"),
    [("electra", "discriminator"), ("deberta-v2", "newer-head"), ("t5", "usual"), ("roberta", "encoder")],
)
def test_that_models_without_a_head_say_so(family: str, variant: str, tiny_of: TinyOf) -> None:
    loaded = opened(tiny_of(family, variant))
    assert loaded.head is None
    assert not loaded.info.has_head
    assert "head" in str(loaded.info.why_not("logits"))


def test_that_a_head_that_is_left_out_is_told_of(tiny_of: TinyOf) -> None:
    with_head, without = opened(tiny_of("deberta-v2")).info, opened(tiny_of("deberta-v2", "newer-head")).info
    added = set(without.notes) - set(with_head.notes)
    assert [("similarities only" in note) for note in added] == [True]
    assert any("similarities only" in note for note in opened(tiny_of("t5")).info.notes)


@pytest.mark.parametrize(("family", "variant"), [("t5", "usual"), ("t5", "gated"), ("mt5", "usual")])
def test_that_of_a_whole_t5_the_encoder_is_used(family: str, variant: str, tiny_of: TinyOf) -> None:
    tiny = tiny_of(family, variant)
    whole: Any = tiny.model
    loaded = opened(tiny)
    ids = torch.tensor([tokenize(loaded, tiny.prompt).ids])
    with torch.inference_mode():
        wanted = whole.encoder(ids).last_hidden_state
        torch.testing.assert_close(loaded.network(ids).last_hidden_state, wanted, atol=1e-4, rtol=0)
    assert loaded.info.n_parameters == sum(parameter.numel() for parameter in whole.encoder.parameters())
    assert (loaded.info.d_head, loaded.info.n_heads, loaded.info.d_model) == (12, 4, 32)


def test_that_a_t5_with_more_layers_than_it_says_is_refused(tiny_of: TinyOf, tmp_path: Path) -> None:
    folder = with_entries(tiny_of("t5").folder, tmp_path / "short", num_layers=2)
    with pytest.raises(SurgeryError, match=r"encoder\.block\.2"):
        open_model(str(folder), device="cpu")


@pytest.mark.parametrize(
    ("family", "variant", "activation", "other"),
    [
        ("modernbert", "usual", "mlp.act", ""),
        ("t5", "gated", "layer.1.DenseReluDense.act", "layer.1.DenseReluDense.wi_1"),
        ("mt5", "usual", "layer.1.DenseReluDense.act", "layer.1.DenseReluDense.wi_1"),
    ],
)
def test_that_mlp_pre_is_what_the_nonlinearity_of_a_gated_mlp_sees(
    family: str, variant: str, activation: str, other: str, tiny_of: TinyOf
) -> None:
    loaded = opened(tiny_of(family, variant))
    table, seen = loaded.architecture, {}

    def keep(name: str) -> Any:
        return lambda _, args, output: seen.update({name: (args[0], output)})

    assert table.mlp_pre is not None
    assert table.mlp_projection is not None
    paths = {"pre": table.mlp_pre, "post": table.mlp_projection} | ({"other": other} if other else {})
    handles = [loaded.part(1, path).register_forward_hook(keep(name)) for name, path in paths.items()]
    loaded.backbone(torch.tensor([[5, 7, 6, 9]]))
    for handle in handles:
        handle.remove()
    pre, gate = (seen["pre"][1], seen["other"][1]) if other else seen["pre"][1].chunk(2, dim=-1)
    assert table.mlp_pre_half == ("whole" if other else "first")
    torch.testing.assert_close(loaded.part(1, activation)(pre) * gate, seen["post"][0])


def test_that_the_structure_of_a_family_is_told(tiny_of: TinyOf) -> None:
    told = {
        "gptj": "read the same residual",
        "bert": "normed before it becomes the residual",
        "albert": "share their weights",
        "gemma2": "after the norm on each output",
        "granite": "before the multiplier",
    }
    for family, words in told.items():
        assert any(words in note for note in opened(tiny_of(family)).info.notes), family
    assert opened(tiny_of("gpt2")).info.notes == ()
