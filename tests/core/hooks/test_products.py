"""By which library products are made, by how many rows there are."""

from __future__ import annotations

import gc
from itertools import pairwise
from unittest.mock import Mock, patch
from weakref import ref

import pytest
import torch
from transformers import GPT2Config
from transformers.models.gpt2.modeling_gpt2 import GPT2MLP
from transformers.pytorch_utils import Conv1D

from core.hooks import product_ways, products
from core.models.weight_layout import lay_out
from tests.fixtures.multiplied import multiplied

needs_onednn = pytest.mark.skipif(not product_ways.has_onednn(), reason="torch was built without oneDNN")
WAYS = "core.hooks.product_ways"


@needs_onednn
@pytest.mark.parametrize(
    ("rows", "asked"), [(1, 1), (2, 1), (3, 5), (6, 5), (12, 10), (24, 20), (25, 64), (511, 64), (512, None)]
)
@pytest.mark.parametrize("way", [None, "oneDNN", "in pieces"])
def test_that_the_number_of_rows_decides_what_was_tried(rows: int, asked: int | None, way: str | None) -> None:
    torch.manual_seed(0)
    layer, x = torch.nn.Linear(32, 80), torch.randn(1, rows, 32)
    wanted, questions = layer(x), []

    def tried(ways: tuple[str | None, ...], rows: int, n_out: int, n_in: int) -> str | None:
        questions.append(rows)
        return way

    with (
        torch.inference_mode(),
        patch(f"{WAYS}.LEAST_BYTES", 0),
        patch(f"{WAYS}.quickest_way", tried),
        patch(f"{WAYS}.packing_pays", return_value=way is not None),
        products.fast_products([layer], rows),
    ):
        assert ("forward" in layer.__dict__) == (way is not None)
        torch.testing.assert_close(layer(x), wanted, atol=1e-5, rtol=1e-5)
    assert questions == ([] if asked is None else [asked])
    assert "forward" not in layer.__dict__


@pytest.mark.parametrize("n_out", [5, 32, 77, 128])
@pytest.mark.parametrize("biased", [True, False])
def test_that_a_product_in_pieces_is_the_product(n_out: int, biased: bool) -> None:
    torch.manual_seed(n_out)
    x, weight, bias = torch.randn(2, 3, 24), torch.randn(n_out, 24), torch.randn(n_out) if biased else None
    wanted = torch.nn.functional.linear(x.double(), weight.double(), None if bias is None else bias.double())
    found = product_ways.in_pieces(x, weight, bias)
    torch.testing.assert_close(found.double(), wanted, atol=1e-5, rtol=1e-5)


@needs_onednn
@pytest.mark.parametrize("turned", [True, False])
def test_that_a_weight_that_would_be_turned_first_is_left_to_torch(turned: bool) -> None:
    layer = Conv1D(48, 32)
    if turned:
        lay_out(torch.nn.Sequential(layer))
    with multiplied("oneDNN", laid_out=True):
        with products.fast_products([layer], 5):
            assert ("forward" in layer.__dict__) == turned
        with products.fast_products([layer], 1000):
            assert "forward" in layer.__dict__


def test_that_a_vocabulary_is_not_made_to_try_a_product() -> None:
    sizes: list[int] = []
    with patch(f"{WAYS}.quickest_way", lambda ways, rows, n_out, n_in: sizes.append(4 * n_out * n_in)):
        product_ways.quick_product(torch.empty(200_000, 2048, device="meta"), None, 5)
        product_ways.quick_product(torch.empty(1024, 512, device="meta"), None, 5)
    assert sizes == [product_ways.MOST_BYTES // 2, 4 * 1024 * 512]


@pytest.mark.parametrize(("rows", "is_tried"), [(1, False), (24, False), (25, True)])
def test_that_small_weights_are_multiplied_as_usual_without_trying(rows: int, is_tried: bool) -> None:
    with patch(f"{WAYS}.quickest_way", Mock(return_value=None)) as tried:
        product_ways.quick_product(torch.empty(1024, 511), None, rows)
    assert tried.called == is_tried


@needs_onednn
@pytest.mark.parametrize(
    ("took", "best"),
    [
        ([1.0, 0.92, 0.95], "in pieces"),
        ([1.0, 0.8, 0.79], "oneDNN"),
        ([1.0, 0.7, 0.5], None),
        ([0.5, 1, 1], "in pieces"),
    ],
)
def test_that_the_first_way_is_taken_that_none_is_clearly_quicker_than(took: list[float], best: str | None) -> None:
    with patch(f"{WAYS}.quickest", return_value=took):
        assert product_ways.quickest_way.__wrapped__(("in pieces", "oneDNN", None), 5, 64, 32) == best


def test_that_every_way_is_tried_with_weights_that_take_turns() -> None:
    seen: list[int] = []

    def multiply(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        seen.append(weight.data_ptr())
        return torch.nn.functional.linear(x, weight, bias)

    with patch.dict(product_ways.WAYS, {"one": multiply, "two": multiply}, clear=True):
        product_ways.quickest_way.__wrapped__(("one", None, "two"), 5, 64, 32)
    assert len(set(seen)) > 2
    assert all(one != two for one, two in pairwise(seen))


@pytest.mark.parametrize("activated", [True, False])
@pytest.mark.parametrize(("took", "pays"), [([0.9, 1.0], True), ([0.97, 1.0], False), ([1.0, 0.5], False)])
def test_that_a_weight_is_laid_out_only_where_that_is_clearly_quicker(
    took: list[float], pays: bool, activated: bool
) -> None:
    with patch(f"{WAYS}.quickest", return_value=took), patch(f"{WAYS}.has_onednn", return_value=True):
        assert product_ways.packing_pays.__wrapped__(activated=activated) == pays
    with patch(f"{WAYS}.has_onednn", return_value=False):
        assert not product_ways.packing_pays.__wrapped__(activated=activated)


def gpt2_mlp(activation: str = "gelu_new") -> GPT2MLP:
    """Return an MLP with weights that are not small."""
    torch.manual_seed(0)
    mlp = GPT2MLP(48, GPT2Config(n_embd=32, activation_function=activation)).eval()
    for weight in mlp.parameters():
        torch.nn.init.normal_(weight)
    return mlp


@needs_onednn
@pytest.mark.parametrize("pays", [True, False])
@pytest.mark.parametrize("activation", ["gelu_new", "gelu", "relu"])
def test_that_neurons_are_activated_with_their_product_only_by_the_formula_that_is_known(
    activation: str, pays: bool
) -> None:
    mlp, x = gpt2_mlp(activation), torch.randn(600, 32)
    wanted = mlp.double()(x.double())
    mlp.float()
    with (
        torch.inference_mode(),
        patch("core.hooks.products.packing_pays", return_value=pays),
        products.fast_products([mlp], 600, unseen=True),
    ):
        x_in_one_pass = mlp.act(x) is x
        found = mlp(x)
    assert x_in_one_pass == (pays and activation == "gelu_new")
    torch.testing.assert_close(found.double(), wanted, atol=1e-4, rtol=1e-4)
    assert not [module for module in mlp.modules() if "forward" in module.__dict__]


@needs_onednn
@pytest.mark.parametrize(("rows", "unseen", "bf16"), [(600, False, False), (500, True, False), (600, True, True)])
def test_that_neurons_stay_to_be_seen_before_they_are_activated(rows: int, unseen: bool, bf16: bool) -> None:
    mlp, seen, x = gpt2_mlp(), [], torch.randn(4, 3, 32)
    wanted = mlp.c_fc(x)
    handle = mlp.c_fc.register_forward_hook(lambda module, args, made: seen.append(made))
    with (
        torch.inference_mode(),
        patch("core.hooks.products.packing_pays", return_value=True),
        products.fast_products([mlp], rows, unseen=unseen, bf16=bf16),
    ):
        mlp(x)
    handle.remove()
    torch.testing.assert_close(seen[0], wanted, atol=0.2, rtol=0.02)


def test_that_what_is_known_of_a_part_keeps_nothing_of_a_model_that_was_let_go() -> None:
    head, below = torch.nn.Linear(32, 64), torch.nn.Linear(32, 64)
    block = torch.nn.Sequential(below)
    gone = [ref(each) for each in (head, block, below)]
    with products.fast_products([head, block], 5):
        pass
    del head, block, below
    gc.collect()
    assert [each() for each in gone] == [None] * 3


@needs_onednn
def test_that_a_weight_is_laid_out_once_for_all_that_goes_through_it() -> None:
    block, laid_out = gpt2_mlp(), []

    def packed(weight: torch.Tensor) -> torch.Tensor:
        laid_out.append(tuple(weight.shape))
        return torch.ops.mkldnn._reorder_linear_weight(weight, product_ways.MANY_ROWS)

    with (
        torch.inference_mode(),
        patch(f"{WAYS}._packed", packed),
        multiplied(None, laid_out=True, many_rows=16),
        products.fast_products([block], 64, unseen=True),
    ):
        for _ in range(2):
            with products.fast_products([block], 32):  # as every layer that is run does for itself
                block(torch.randn(32, 32))
    assert laid_out == [(48, 32), (32, 48)]
