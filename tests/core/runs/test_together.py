"""What many cells change at one place in one go is what each of them changes alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from core.cancel import CancelToken
from core.interventions.operation import Activation
from core.runs.batch import one
from core.runs.cell_answers import Part
from core.runs.compile import NOTHING, Change
from core.runs.request import ResolvedIncision
from core.runs.sweep import sweep
from core.runs.tape import Tape, record
from core.runs.trace import trace
from core.sites.site import Site
from tests.core.runs.engine_runs import Pair, cut, pair_of
from tests.core.runs.test_sweep_engine import wanted_of
from tests.fixtures.tiny_family import TinyOf

SPREAD = Activation(layer_std=1.5, token_std=(0.5,))
CASES: dict[str, tuple[str, dict[str, Any], Activation]] = {
    "silence": ("silence", {}, NOTHING),
    "scale": ("scale", {"k": 0.3}, NOTHING),
    "shuffle": ("shuffle", {"seed": 3}, NOTHING),
    "noise": ("noise", {"sigma": 1.0, "seed": 1, "std": "layer"}, SPREAD),
    "noise per token": ("noise", {"sigma": 1.0, "seed": 1, "std": "token"}, SPREAD),
}


def cells_of(pair: Pair, operation: str, params: dict[str, Any]) -> list[ResolvedIncision]:
    """Return every head at two tokens, some neurons, and hidden states at several tokens."""
    info, found = pair.loaded.info, []
    for layer in range(info.n_layers):
        for position in (2, 3):
            found += [cut(Site("z", layer, head), (position,), operation, params) for head in range(info.n_heads)]
            found.append(cut(Site("resid_post", layer), (position,), operation, params))
        found += [cut(Site("q", layer, head), (3,), operation, params) for head in range(info.n_heads)]
        if operation in ("silence", "scale") and info.why_not("mlp_post") is None:
            found += [cut(Site("mlp_post", layer, None, neuron), (3,), operation, params) for neuron in (0, 1, 5)]
    return found


def swept(pair: Pair, tape: Tape, cells: list[ResolvedIncision], known: list[Activation]) -> np.ndarray:
    """Return each cell's similarities [cell, pair, n_layers + 1]."""
    found = np.full((len(cells), 2, pair.loaded.info.n_layers + 1), np.nan)
    for part in sweep(pair.loaded, tape, cells, known, wanted_of(pair), CancelToken()):
        if isinstance(part, Part):
            found[list(part.cells)] = part.cosine
    return found


@pytest.mark.parametrize("family", ["gpt2", "llama", "bert", "mixtral"])
@pytest.mark.parametrize("case", CASES)
def test_that_changes_in_one_go_equal_runs_of_their_own(
    family: str, case: str, tiny_of: TinyOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, (operation, params, supply) = pair_of(tiny_of, family, ""), CASES[case]
    cells, tape = cells_of(pair, operation, params), record(pair.loaded, pair.ids, CancelToken())
    sizes: list[int] = []
    alone = Change.alone

    def counted(change: Change, before: torch.Tensor) -> torch.Tensor:
        sizes.append(len(before))
        return alone(change, before)

    monkeypatch.setattr(Change, "alone", counted)
    found = swept(pair, tape, cells, [supply] * len(cells))
    # In a causal model cells at another token are other rows, and so another batch.
    assert max(sizes) == pair.loaded.info.n_heads * (1 if pair.loaded.info.objective == "causal" else 2)
    for cell, curves in zip(cells, found, strict=True):
        residuals = trace(pair.loaded, pair.ids, (cell,), CancelToken(), [supply]).residuals.double()
        for words, curve in zip(wanted_of(pair).pairs, curves, strict=True):
            plain = torch.cosine_similarity(residuals[:, words.a], residuals[:, words.b], dim=-1)
            assert np.abs(plain.numpy() - curve).max() < 1e-5, cell


def test_that_knockouts_of_one_pattern_are_made_in_one_go(tiny_of: TinyOf, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = pair_of(tiny_of, "gpt2", "")
    heads, tape = range(pair.loaded.info.n_heads), record(pair.loaded, pair.ids, CancelToken())
    cells = [cut(Site("pattern", 1, head), (3, 5), "knockout", {"keys": "1"}, keys=(1,)) for head in heads]
    known = [Activation(NOTHING.layer_std, (), keys=(1,))] * len(cells)
    together = swept(pair, tape, cells, known)
    monkeypatch.setattr(Change, "kind", None)
    assert np.abs(together - swept(pair, tape, cells, known)).max() < 1e-7
    assert len({curve.tobytes() for curve in together}) == len(cells)


def test_that_only_what_is_alike_is_made_in_one_go(tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, "gpt2", "")

    def kind(site: Site, operation: str = "silence", known: Activation = NOTHING, **params: Any) -> object:
        incision = cut(site, (3,), operation, params)
        return Change(pair.loaded, incision, known, one(pair.ids)).kind

    usual = kind(Site("z", 0, 1))
    assert usual is not None and usual == kind(Site("z", 0, 2))
    assert usual != kind(Site("z", 0))  # of another width
    assert kind(Site("z", 0, 1), "scale", k=0.3) != kind(Site("z", 0, 2), "scale", k=0.4)
    noise = {"sigma": 1.0, "seed": 0, "std": "token"}
    other = Activation(layer_std=1.5, token_std=(0.7,))
    assert kind(Site("z", 0, 1), "noise", SPREAD, **noise) != kind(Site("z", 0, 1), "noise", other, **noise)
    for operation, params in (("mean", {"over": "prompt"}), ("matched_noise", noise), ("patch", {})):
        assert kind(Site("z", 0, 1), operation, **params) is None
    assert kind(Site("pattern", 0)) is None  # one row for every head
    assert kind(Site("pattern", 0, 1)) is not None
