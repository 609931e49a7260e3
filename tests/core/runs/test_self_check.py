"""The self-check holds on sound models and finds what is wrong with others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from core.cancel import CancelToken
from core.errors import Cancelled
from core.models.architecture import OwnPart
from core.runs.self_check import self_check

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.models.loaded_model import LoadedModel
    from tests.fixtures.tiny_family import TinyOf
    from tests.fixtures.tiny_models import TinyModel

    Opened = Callable[[TinyModel], LoadedModel]

VALUES = "pattern and values"
NAMES = [
    "empty plan",
    "residual identities",
    "attention rows",
    VALUES,
    "order of parts",
    "between parts",
    "neurons",
    "logit lens",
    "editing z",
    "head removal",
    "hooks removed",
]


def with_table(loaded: LoadedModel, **changes: Any) -> LoadedModel:
    """Return the model under a table with an error in it."""
    return replace(loaded, architecture=replace(loaded.architecture, **changes))


def failures(loaded: LoadedModel) -> set[str]:
    """Return the names of the checks that fail."""
    return {line.name for line in self_check(loaded, CancelToken()).failures}


def test_that_every_family_passes_every_check(tiny_language_model: TinyModel, opened: Opened) -> None:
    report = self_check(opened(tiny_language_model), CancelToken())
    assert [line.name for line in report.lines] == NAMES
    assert [line.passed for line in report.lines] == [True] * len(NAMES)
    assert report.passed


def test_that_an_encoder_without_a_head_passes_all_but_the_lens(tiny_bert_encoder: TinyModel, opened: Opened) -> None:
    report = self_check(opened(tiny_bert_encoder), CancelToken())
    assert {line.name: line.passed for line in report.lines} == dict.fromkeys(NAMES, True) | {"logit lens": None}


def test_that_a_wrong_mlp_projection_breaks_the_residual_identity(tiny_gpt2: TinyModel, opened: Opened) -> None:
    assert "residual identities" in failures(with_table(opened(tiny_gpt2), mlp_projection="mlp.act"))


def test_that_forgotten_post_norms_break_the_residual_identity(tiny_bert: TinyModel, opened: Opened) -> None:
    assert failures(with_table(opened(tiny_bert), post_norms=None)) == {"residual identities", "between parts"}


def test_that_a_forgotten_final_norm_breaks_the_lens(tiny_llama: TinyModel, opened: Opened) -> None:
    assert {"logit lens", "empty plan"} <= failures(with_table(opened(tiny_llama), final_norm=None))


def test_that_a_transposed_weight_breaks_the_head_removal(tiny_gpt2: TinyModel, opened: Opened) -> None:
    assert failures(with_table(opened(tiny_gpt2), transposed_projection=False)) == {"head removal"}


def test_that_a_wrong_place_of_z_is_found(tiny_gpt2: TinyModel, opened: Opened) -> None:
    found = failures(with_table(opened(tiny_gpt2), attention_projection="mlp.c_fc"))
    assert {"residual identities", "pattern and values"} <= found


@pytest.mark.parametrize(
    ("family", "error", "line"),
    [
        ("gpt2", {"parallel": True}, "order of parts"),
        ("gptj", {"parallel": False}, "order of parts"),
        ("gpt2", {"mlp_reads": "ln_1"}, "between parts"),
        ("gpt2", {"mlp_reads": "mlp"}, "between parts"),
        ("olmo2", {"mlp_reads": "post_feedforward_layernorm"}, "between parts"),
        ("gpt2", {"mlp_pre": "attn.c_attn"}, "neurons"),
        ("gpt2", {"mlp_pre": "mlp.c_proj"}, "neurons"),
        ("gpt2", {"own_attention": True, "pattern": "attn.attn_dropout"}, "attention rows"),
        ("gpt2", {"attention": "mlp"}, "attention rows"),
        ("bloom", {"own_attention": False}, "attention rows"),
        ("bloom", {"pattern": "mlp.gelu_impl"}, "attention rows"),
        ("bloom", {"own_parts": {"v": OwnPart(path="self_attention.query_key_value", slots=3, first=2)}}, VALUES),
        ("codegen", {"own_parts": {"v": OwnPart(path="attn.qkv_proj", slots=3, first=1, end=2)}}, VALUES),
        ("gpt_neo", {"own_parts": {"v": OwnPart(path="attn.attention.k_proj")}}, VALUES),
        ("gemma2", {"attention_output": None}, "residual identities"),
        ("gemma2", {"logit_scaling": ()}, "logit lens"),
        ("granite", {"residual_multiplier": None}, "residual identities"),
        ("albert", {"post_norms": ("full_layer_layer_norm", "attention.LayerNorm")}, "residual identities"),
    ],
)
def test_that_a_wrong_table_is_found(
    family: str, error: dict[str, Any], line: str, tiny_of: TinyOf, opened: Opened
) -> None:
    loaded = opened(tiny_of(family))
    assert failures(loaded) == set()
    assert line in failures(with_table(loaded, **error))


@pytest.mark.parametrize("family", ["gpt2", "olmo2", "granite"])
def test_that_the_middle_is_reached_without_a_module_that_reads_it(
    family: str, tiny_of: TinyOf, opened: Opened
) -> None:
    assert failures(with_table(opened(tiny_of(family)), mlp_reads=None)) == set()


def test_that_a_part_nothing_passes_through_is_named(tiny_gpt2: TinyModel, opened: Opened) -> None:
    report = self_check(with_table(opened(tiny_gpt2), attention="mlp"), CancelToken())
    texts = {line.name: line.text for line in report.failures}
    assert "nothing passes through the pattern of layer 0" in texts["attention rows"]


def test_that_the_attention_implementation_is_put_back(tiny_gpt2: TinyModel, opened: Opened) -> None:
    loaded = opened(tiny_gpt2)
    before = loaded.network.config._attn_implementation
    self_check(loaded, CancelToken())
    assert loaded.network.config._attn_implementation == before


def test_that_a_cancelled_check_stops(tiny_gpt2: TinyModel, opened: Opened) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        self_check(opened(tiny_gpt2), cancel)


def test_that_a_model_with_a_weight_that_is_no_number_fails_wherever_it_matters(
    tiny_gpt2: TinyModel, opened: Opened
) -> None:
    import torch

    loaded = opened(tiny_gpt2)
    weight = loaded.part(1, "mlp.c_fc").get_parameter("weight")
    before = weight.data.clone()
    try:
        weight.data.fill_(torch.nan)
        failed = failures(loaded)
    finally:
        weight.data.copy_(before)
    assert {"empty plan", "residual identities", "logit lens", "editing z", "head removal"} <= failed
