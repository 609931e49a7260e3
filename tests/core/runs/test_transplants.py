"""Transplants into every family, with and without a map, against scipy and numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from core.errors import SurgeryError
from core.runs.request import Transplant
from core.sites.site import Site
from tests.core.runs.engine_runs import Pair, cut, pair_of
from tests.fixtures.tiny_families import every_variant

if TYPE_CHECKING:
    from tests.fixtures.tiny_family import TinyOf

CLOSE = 1e-4
POINTS = ("embed", "resid_pre", "resid_post")
AT, SOURCES = (2, 4), (1, 5)


def shared_texts(pair: Pair, donor: Pair) -> Transplant:
    """Return a source whose shared tokens are those at the same places; of the prompt some are operated on."""
    texts = []
    for here, there in zip((pair.ids, *pair.others), (donor.ids, *donor.others), strict=True):
        texts.append((here, there, tuple((place, place) for place in range(min(len(here), len(there))))))
    return Transplant(donor.loaded.identity, donor.ids, tuple(texts))


def mapped(kind: str, theirs: Any, ours: Any, taken: Any) -> Any:
    """Return hidden states [n, d_donor] in the other model's dimensions."""
    x, y = theirs - theirs.mean(axis=0), ours - ours.mean(axis=0)
    if kind == "least_squares":
        weight = np.linalg.pinv(x) @ y
    else:
        from scipy.linalg import polar

        # The nearest turn, without the directions in which the two do not vary together.
        shared = x.T @ y
        values, axes = np.linalg.eigh(shared.T @ shared)
        axes = axes[:, values > values.max() * 1e-10]
        rotation = polar(shared @ axes)[0] @ axes.T
        turned = x @ rotation
        weight = rotation * (np.vdot(turned, y) / np.vdot(turned, turned))
    return (taken - theirs.mean(axis=0)) @ weight + ours.mean(axis=0)


def put_in(pair: Pair, donor: Pair, boundary: int, layer: int, kind: str) -> torch.Tensor:
    """Return what a transplant is to put in [chosen token, d_model]."""
    taken = donor.plain.clean(donor.ids).residuals[layer + 1][list(SOURCES)]
    if kind == "none":
        return taken
    theirs, ours = [], []
    for ids, other, pairs in shared_texts(pair, donor).shared:
        kept = [place for place, _ in pairs if ids != pair.ids or place not in AT]
        ours.append(pair.plain.clean(ids).residuals[boundary][kept])
        theirs.append(donor.plain.clean(other).residuals[layer + 1][kept])
    x, y = (torch.cat(each).double().numpy() for each in (theirs, ours))
    return torch.from_numpy(mapped(kind, x, y, taken.double().numpy())).float()


@pytest.mark.parametrize("kind", ["auto", "procrustes", "least_squares"])
@pytest.mark.parametrize(("family", "variant"), every_variant())
def test_that_a_transplant_puts_in_what_the_donor_says(family: str, variant: str, kind: str, tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, family, variant)
    for number, point in enumerate(POINTS):
        donor = pair_of(tiny_of, ("gpt2", "llama")[number % 2], "usual")
        layer, at = (-1, 0, 2)[number], None if point == "embed" else 1
        boundary = {"embed": 0, "resid_pre": 1, "resid_post": 2}[point]
        equal = donor.loaded.info.d_model == pair.loaded.info.d_model
        meant = ("none" if equal else "procrustes") if kind == "auto" else kind
        value = put_in(pair, donor, boundary, layer, meant)
        incision = cut(Site(point, at), AT, "transplant", {"layer": layer, "map": kind}, sources=SOURCES)
        ran = pair.run(pair.request(incision, transplant=shared_texts(pair, donor)), donor.loaded)
        made = pair.situation(AT).cut("transplant", {"put_in": value}, (point, at))
        wanted = pair.plain.run(pair.ids, [made]).residuals
        torch.testing.assert_close(ran.residuals, wanted, atol=CLOSE, rtol=1e-4)
        assert ran.result.effect.changed
        (remark,) = ran.result.remarks
        assert donor.loaded.info.name in remark.text


def test_that_another_width_needs_a_map(tiny_of: TinyOf) -> None:
    pair, donor = pair_of(tiny_of, "gpt2", "usual"), pair_of(tiny_of, "llama", "usual")
    incision = cut(Site("embed"), AT, "transplant", {"layer": 0, "map": "none"}, sources=SOURCES)
    request = pair.request(incision, transplant=shared_texts(pair, donor))
    with pytest.raises(SurgeryError, match="is 40 wide and") as caught:
        pair.run(request, donor.loaded)
    assert "the map rotation (map=procrustes on the command line) or least squares" in caught.value.hint
