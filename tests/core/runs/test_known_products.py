"""What the attention's input was made into in the clean run is not made again behind an incision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
import torch
from transformers.pytorch_utils import Conv1D

from core.cancel import CancelToken
from core.runs.compile import NOTHING
from core.runs.known_products import products_into_attention
from core.runs.request import ResolvedIncision
from core.runs.restart import restart
from core.runs.tape import record
from core.runs.trace import trace
from core.sites.site import Site
from tests.core.runs.engine_runs import pair_of
from tests.fixtures.multiplied import multiplied

if TYPE_CHECKING:
    from tests.fixtures.tiny_family import TinyOf

LAYER, TOKEN = 1, 3


@pytest.mark.parametrize(("point", "times"), [("z", 1), ("q", 1), ("mlp_post", 1), ("v", 2)])
def test_that_queries_keys_and_values_are_made_again_only_where_their_input_may_change(
    point: str, times: int, tiny_of: TinyOf
) -> None:
    pair = pair_of(tiny_of, "gpt2", "")
    cut = ResolvedIncision(0, Site(point, LAYER, None if point == "mlp_post" else 0), (TOKEN,), "silence", ())
    tape = record(pair.loaded, pair.ids, CancelToken())
    own = products_into_attention(pair.loaded, LAYER)
    made: list[Any] = []
    forward = Conv1D.forward

    def noting(module: Conv1D, x: torch.Tensor) -> torch.Tensor:
        made.append(module)
        return forward(module, x)

    with multiplied(None, laid_out=False), patch.object(Conv1D, "forward", noting):
        found = restart(pair.loaded, tape, (cut,), [NOTHING], CancelToken())
    # Once for the clean rows that go on in the shape of the operated ones.
    assert sum(module in own for module in made) == times
    assert all("forward" not in module.__dict__ for module in own)
    wanted = trace(pair.loaded, pair.ids, (cut,), CancelToken()).residuals
    torch.testing.assert_close(found.residuals, wanted, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("family", "per_layer"), [("gpt2", 1), ("llama", 3), ("bert", 0)])
def test_that_a_clean_run_keeps_them_of_causal_models(family: str, per_layer: int, tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, family, "")
    tape = record(pair.loaded, pair.ids, CancelToken())
    assert len(tape.products) == per_layer * pair.loaded.info.n_layers
    assert all(len(made) == len(pair.ids) for made in tape.products.values())
    assert tape.nbytes >= sum(made.nbytes for made in tape.products.values()) + tape.residuals.nbytes
