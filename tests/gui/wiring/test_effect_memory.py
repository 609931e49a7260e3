"""What is said of a cut alone holds for what it took from when it ran alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from core.runs.request import ResolvedIncision, RunRequest
from core.sites.site import Site
from gui.wiring.effect_memory import EffectMemory
from tests.fixtures.made_results import result

if TYPE_CHECKING:
    from core.runs.result import RunResult

PATCH = ResolvedIncision(0, Site("z", 1, 2), (3,), "patch", (), sources=(3,))
RESAMPLE = ResolvedIncision(0, Site("z", 1, 2), (3,), "resample", (("seed", 0),))
SILENCE = ResolvedIncision(1, Site("mlp_out", 2), (3,), "silence", ())


def ran(*plan: ResolvedIncision, **taken: Any) -> RunResult:
    made = result()
    return replace(made, request=RunRequest(model="m", ids=made.request.ids, plan=plan, **taken))


@pytest.mark.parametrize(
    ("incision", "first", "then"),
    [
        (PATCH, {"donor": (1, 2)}, {"donor": (1, 3)}),
        (RESAMPLE, {"references": ((1, 2),)}, {"references": ((1, 3),)}),
        (RESAMPLE, {"references": ((1, 2),)}, {"references": ((1, 2),), "repeats": 5}),
    ],
)
def test_that_an_effect_alone_is_not_told_of_another_source(
    incision: ResolvedIncision, first: dict[str, Any], then: dict[str, Any]
) -> None:
    memory = EffectMemory()
    place = (incision.site, incision.positions)
    memory.remember(ran(incision, **first))
    memory.remember(ran(incision, SILENCE, **first))
    assert memory.texts()[place].startswith("alone: ")
    memory.remember(ran(incision, SILENCE, **then))
    assert not memory.texts()[place].startswith("alone: ")


def test_that_an_effect_alone_is_told_beside_others_that_take_more() -> None:
    memory = EffectMemory()
    memory.remember(ran(replace(SILENCE, index=0)))
    memory.remember(ran(PATCH, SILENCE, donor=(1, 2)))
    assert memory.texts()[SILENCE.site, SILENCE.positions].startswith("alone: ")
