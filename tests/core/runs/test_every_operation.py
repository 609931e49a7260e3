"""Every operation at every hook point of every family, against the same with plain hooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pytest
import torch

from core.hooks.attach import count_hooks
from core.interventions.ops import OPERATIONS
from core.sites.hook_point import HOOK_POINTS
from core.sites.site import Site
from tests.core.runs.engine_runs import Pair, Ran, cut, pair_of
from tests.fixtures.tiny_families import every_variant

if TYPE_CHECKING:
    from tests.fixtures.plain_runs import PlainRun
    from tests.fixtures.tiny_family import TinyOf

CLOSE = 1e-4
VISIBLE = 1e-5
IN_FULL = {"gpt2 usual", "llama usual", "bert usual"}
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "silence": [{}],
    "scale": [{"k": -1.5}, {"k": 0.3}],
    "mean": [{"over": "prompt"}, {"over": "references"}, {"over": "scalar"}],
    "median": [{"over": "scalar"}, {"over": "prompt"}, {"over": "references"}],
    "noise": [{"sigma": 0.7, "seed": 3, "std": "layer"}, {"sigma": 2.0, "seed": 1, "std": "token"}],
    "matched_noise": [{"sigma": 0.7, "seed": 5, "std": "token"}, {"sigma": 2.0, "seed": 2, "std": "layer"}],
    "shuffle": [{"seed": 4}],
    "patch": [{}],
    "resample": [{"seed": 0}, {"seed": 11}],
    "skip": [{}],
    "project_out": [{"v": "pca1"}, {"v": "donor"}, {"v": "random7"}, {"v": "pca2"}],
    "knockout": [{"keys": "1,3"}],
}
OF_ITS_OWN = {"transplant"}  # in test_transplants.py
KEYS = (1, 3)


@dataclass(frozen=True)
class Case:
    """One operation at one site."""

    operation: str
    params: dict[str, Any]
    site: Site
    positions: tuple[int, ...]
    donor: tuple[int, ...] = ()
    sources: tuple[int, ...] = ()
    references: tuple[tuple[int, ...], ...] = ()
    keys: tuple[int, ...] = ()

    def plain(self, pair: Pair) -> tuple[PlainRun, PlainRun]:
        """Return the untouched and the operated run with plain hooks."""
        now = pair.situation(
            self.positions, donor=self.donor, sources=self.sources, references=self.references, keys=self.keys
        )
        place = (self.site.hook_point, self.site.layer)
        made = now.cut(self.operation, self.params, place, self.site.head, self.site.neuron)
        return pair.plain.clean(pair.ids), pair.plain.run(pair.ids, [made], watch=[place])

    def engine(self, pair: Pair) -> Ran:
        """Return what the engine makes of it."""
        incision = cut(self.site, self.positions, self.operation, self.params, sources=self.sources, keys=self.keys)
        return pair.run(pair.request(incision, donor=self.donor, references=self.references))


def sites_at(pair: Pair, point: str) -> list[Site]:
    """Return one head or neuron, and all of them, at a hook point."""
    layer, facts, kind = pair.layer(point), pair.loaded.info, HOOK_POINTS[point]
    some = crc32(f"{point}{pair.name}".encode())
    if kind.heads:
        return [Site(point, layer, some % facts.heads_at(kind.heads)), Site(point, layer)]
    if kind.per_neuron:
        assert facts.d_mlp is not None
        return [Site(point, layer, neuron=some % facts.d_mlp), Site(point, layer)]
    return [Site(point, layer)]


def cases_at(pair: Pair, point: str) -> list[Case]:
    """Return what is tried at a hook point: every operation, in a setting that differs from model to model."""
    chosen, length = [], len(pair.ids)
    for number, operation in enumerate(SETTINGS):
        if point not in OPERATIONS[operation].points:
            continue
        turn = crc32(f"{pair.name} {point} {operation}".encode())
        sites, settings = sites_at(pair, point), SETTINGS[operation]
        if pair.name in IN_FULL:
            tried = [(site, params) for site in sites for params in settings]
        else:
            tried = [(sites[(turn + number) % len(sites)], settings[turn % len(settings)])]
        first = 2 + turn % 3
        positions = (first, first + 2 + turn % 2)
        for site, params in tried:
            chosen.append(Case(operation, params, site, positions, **texts_for(pair, site, operation, params, length)))
    return chosen


def texts_for(pair: Pair, site: Site, operation: str, params: dict[str, Any], length: int) -> dict[str, Any]:
    """Return the other prompts that an operation needs."""
    if operation == "knockout":
        return {"keys": KEYS}
    if operation == "patch":
        rows = site.point.width == "keys"
        donor = (pair.others[0] * 3)[:length] if rows else pair.others[2]
        return {"donor": donor, "sources": (1, 4)}
    if params.get("v") == "donor":
        return {"donor": pair.others[2], "sources": ()}
    if params.get("over") == "references" or operation == "resample" or params.get("v") == "pca1":
        return {"references": pair.others}
    return {}


def close(found: torch.Tensor, wanted: torch.Tensor) -> bool:
    """Return whether two tensors agree, of large numbers in the digits that float32 has."""
    return torch.allclose(found, wanted, atol=CLOSE, rtol=1e-5)


def faults(pair: Pair, case: Case) -> list[str]:
    """Return what is not as it should be."""
    clean, wanted = case.plain(pair)
    ran = case.engine(pair)
    found: list[str] = []
    if not close(ran.residuals, wanted.residuals):
        found.append(f"residuals off by {float((ran.residuals - wanted.residuals).abs().max()):.2g}")
    if ran.residuals.requires_grad:
        found.append("a gradient is left")
    place = (case.site.hook_point, case.site.layer)
    shift = float((wanted.seen[place] - clean.seen[place]).abs().max())
    if case.operation != "knockout" and shift > VISIBLE and ran.result.unchanged:
        found.append("changed, but called unchanged")
    moved = float((wanted.residuals - clean.residuals).abs().max())
    if moved > VISIBLE and not ran.result.effect.changed:
        found.append("an effect is missed")
    if pair.read is not None:
        found += answer_faults(pair, ran, clean, wanted)
    return found


def answer_faults(pair: Pair, ran: Ran, clean: PlainRun, wanted: PlainRun) -> list[str]:
    """Return where the numbers that a user reads are not those of the plain logits."""
    assert wanted.logits is not None and clean.logits is not None and pair.read is not None
    if not close(ran.logits, wanted.logits):
        return [f"logits off by {float((ran.logits - wanted.logits).abs().max()):.2g}"]
    before, after = (
        run.logits[pair.read].double().log_softmax(-1) for run in (clean, wanted) if run.logits is not None
    )
    target = int(before.argmax())
    result, rank = ran.result, int((after > after[target]).sum()) + 1
    wanted_numbers = {
        "target": (result.target, target),
        "log_prob": (result.operated.numbers["log_prob"], float(after[target])),
        "entropy": (result.operated.numbers["entropy"], -float((after.exp() * after).sum())),
        "rank": (result.operated.numbers["rank"], rank),
        "kl": (result.effect.kl, float((before.exp() * (before - after)).sum())),
        "difference": (result.effect.log_prob, float(after[target] - before[target])),
    }
    found = [
        f"{name} is {a} and not {b}"
        for name, (a, b) in wanted_numbers.items()
        if a is None or abs(float(a) - float(b)) > CLOSE * max(1.0, abs(float(b)))
    ]
    moved = float((wanted.logits[pair.read] - clean.logits[pair.read]).abs().max())
    if moved > VISIBLE and not result.effect.output_changed:
        found.append("a change of the answer is missed")
    return found


@pytest.mark.parametrize("point", HOOK_POINTS)
@pytest.mark.parametrize(("family", "variant"), every_variant())
def test_that_every_operation_equals_plain_hooks(family: str, variant: str, point: str, tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, family, variant)
    if pair.loaded.info.why_not(point) is not None:
        return
    before = count_hooks(pair.loaded.network)
    cases = cases_at(pair, point)
    wrong = {f"{case.site} {case.operation} {case.params}": faults(pair, case) for case in cases}
    assert {name: each for name, each in wrong.items() if each} == {}
    assert count_hooks(pair.loaded.network) == before


@pytest.mark.parametrize(("family", "variant"), every_variant())
def test_that_every_hook_point_that_a_family_has_is_offered(family: str, variant: str, tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, family, variant)
    paths = pair.plain.paths
    there = {
        **{part: bool(paths.attention or getattr(paths, part)) for part in ("q", "k", "v")},
        "attn_scores": bool(paths.attention),
        "pattern": bool(paths.attention or paths.pattern),
        "resid_mid": bool(paths.mid),
        "mlp_pre": bool(paths.mlp_pre),
        "mlp_post": bool(paths.mlp_post),
        "logits": pair.loaded.info.has_head,
    }
    reasons = {point: pair.loaded.info.why_not(point) for point in HOOK_POINTS}
    assert {point for point, reason in reasons.items() if reason} == {
        p for p, is_there in there.items() if not is_there
    }
    assert all(reason.endswith(".") for reason in reasons.values() if reason)


def test_that_every_registered_operation_is_tried() -> None:
    assert set(SETTINGS) | OF_ITS_OWN == set(OPERATIONS.keys())
