"""By which library products are made, by how many rows there are."""

from __future__ import annotations

from unittest.mock import patch

import pytest
import torch
from transformers.pytorch_utils import Conv1D

from core.hooks import products
from core.models.weight_layout import lay_out

needs_onednn = pytest.mark.skipif(not products.has_onednn(), reason="torch was built without oneDNN")


@needs_onednn
@pytest.mark.parametrize(
    ("rows", "asked"),
    [(1, "few"), (24, "few"), (25, "some"), (511, "some"), (512, "many")],
)
@pytest.mark.parametrize("pays", [True, False])
def test_that_the_number_of_rows_decides_what_was_tried(rows: int, asked: str, pays: bool) -> None:
    torch.manual_seed(0)
    layer, x = torch.nn.Linear(32, 48), torch.randn(1, rows, 32)
    wanted, questions = layer(x), []

    def tried(amount: str, *_: int) -> bool:
        questions.append(amount)
        return pays

    with torch.inference_mode(), patch("core.hooks.products._pays", tried), products.fast_products([layer], rows):
        assert ("forward" in layer.__dict__) == pays
        torch.testing.assert_close(layer(x), wanted, atol=1e-5, rtol=1e-5)
    assert questions == [asked]
    assert "forward" not in layer.__dict__


@needs_onednn
@pytest.mark.parametrize("turned", [True, False])
def test_that_a_weight_that_would_be_turned_first_is_left_to_torch(turned: bool) -> None:
    layer = Conv1D(48, 32)
    if turned:
        lay_out(torch.nn.Sequential(layer))
    with patch("core.hooks.products._pays", return_value=True):
        with products.fast_products([layer], 5):
            assert ("forward" in layer.__dict__) == turned
        with products.fast_products([layer], 1000):
            assert "forward" in layer.__dict__


def test_that_a_vocabulary_is_not_made_to_try_a_product() -> None:
    sizes: list[int] = []
    with patch("core.hooks.products._pays", lambda amount, n_out, n_in: bool(sizes.append(4 * n_out * n_in))):
        products._few_pay(torch.empty(200_000, 2048, device="meta"))
        products._few_pay(torch.empty(48, 32, device="meta"))
    assert sizes == [products.FEW_BYTES // 2, 4 * 48 * 32]


@pytest.mark.parametrize(("took", "pays"), [([0.9, 1.0], True), ([0.97, 1.0], False), ([1.0, 0.5], False)])
def test_that_another_library_must_be_clearly_quicker(took: list[float], pays: bool) -> None:
    with (
        patch("core.hooks.products._quickest", return_value=took),
        patch("core.hooks.products.has_onednn", return_value=True),
    ):
        assert products._pays.__wrapped__("some") == pays
    with patch("core.hooks.products.has_onednn", return_value=False):
        assert not products._pays.__wrapped__("some")
