"""Weights of Conv1D stand in memory as those of Linear layers do, and are the same numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from transformers.pytorch_utils import Conv1D

from core.models.loading import open_model
from core.models.weight_layout import lay_out

if TYPE_CHECKING:
    from tests.fixtures.tiny_family import TinyOf


def test_that_a_weight_keeps_shape_values_and_class_and_stands_the_other_way_round() -> None:
    torch.manual_seed(0)
    layer = Conv1D(6, 4)
    before, x = layer.weight.detach().clone(), torch.randn(3, 4)
    wanted = layer(x)
    assert lay_out(torch.nn.Sequential(layer))
    assert type(layer) is Conv1D and layer.weight.shape == (4, 6)
    assert torch.equal(layer.weight, before)
    assert layer.weight.t().is_contiguous()
    torch.testing.assert_close(layer(x), wanted)


def test_that_other_layers_and_number_formats_are_left_alone() -> None:
    half, linear = Conv1D(6, 4).bfloat16(), torch.nn.Linear(4, 6)
    assert not lay_out(torch.nn.Sequential(half, linear))
    assert half.weight.is_contiguous() and linear.weight.is_contiguous()


@pytest.mark.parametrize(("family", "laid_out"), [("gpt2", True), ("llama", False)])
def test_that_an_opened_model_is_laid_out(family: str, laid_out: bool, tiny_of: TinyOf) -> None:
    network = open_model(str(tiny_of(family).folder), device="cpu").network
    turned = [m.weight.t().is_contiguous() for m in network.modules() if isinstance(m, Conv1D)]
    assert (bool(turned), all(turned)) == (laid_out, True)
