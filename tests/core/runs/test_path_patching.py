"""Path patching against an implementation with plain hooks: all between sender and receiver held as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch

from core.sites.site import Site
from tests.core.runs.engine_runs import Pair, cut, in_order, pair_of
from tests.fixtures.plain_runs import PlainCut
from tests.fixtures.tiny_families import every_variant

if TYPE_CHECKING:
    from torch import Tensor

    from tests.fixtures.plain_runs import PlainRun
    from tests.fixtures.tiny_family import TinyOf

CLOSE = 1e-4
AT = (2, 4)
# Sender: hook point, layer, head; then the branches of the sender's own layer that come behind it.
SENDERS: list[tuple[str, int | None, int | None, tuple[str, ...]]] = [
    ("embed", None, None, ()),
    ("resid_pre", 1, None, ("attn_out", "mlp_out")),
    ("z", 0, 1, ("mlp_out",)),
    ("attn_out", 0, None, ("mlp_out",)),
    ("mlp_out", 0, None, ()),
    ("resid_post", 0, None, ()),
]


def put_in(value: Tensor) -> Any:
    """Return a change that puts in the same, whatever there was."""
    return lambda x, whole, head: value


def path_run(pair: Pair, sender: PlainCut, behind: tuple[str, ...], point: str, layer: int | None) -> PlainRun:
    """Return the run in which a change reaches one whole hook point directly; a head's share is taken out later."""
    ids, plain = pair.ids, pair.plain
    clean = plain.clean(ids)
    everywhere = tuple(range(len(ids)))
    end = plain.n_layers if layer is None else layer
    first = -1 if sender.layer is None else sender.layer
    # Where the parts are one after the other, the attention of the sender's layer comes before its MLP.
    held = [(branch, between) for between in range(first + 1, end) for branch in ("attn_out", "mlp_out")]
    held += [(branch, first) for branch in behind if first < end]
    frozen = [PlainCut(branch, between, everywhere, put_in(clean.seen[branch, between])) for branch, between in held]
    # A held branch comes last at its place, so that what was done to it before is hidden.
    return plain.run(ids, [sender, *frozen], watch=[(point, layer)])


def wanted(pair: Pair, sender: PlainCut, behind: tuple[str, ...], receiver: Site) -> PlainRun:
    """Return the run with the change at the receiver alone."""
    ids, plain = pair.ids, pair.plain
    everywhere = tuple(range(len(ids)))
    if receiver.hook_point == "logits":
        last = path_run(pair, sender, behind, "resid_post", None).residuals[-1]
        return plain.run(ids, [PlainCut("resid_post", plain.n_layers - 1, everywhere, put_in(last))])
    assert receiver.layer is not None and receiver.head is not None
    found = path_run(pair, sender, behind, receiver.hook_point, receiver.layer)
    value = found.seen[receiver.hook_point, receiver.layer][:, receiver.head]
    return plain.run(ids, [PlainCut(receiver.hook_point, receiver.layer, everywhere, put_in(value), receiver.head)])


def receivers(pair: Pair) -> list[Site]:
    """Return the receivers that a model offers."""
    facts = pair.loaded.info
    last = facts.n_layers - 1
    heads = {"q": facts.n_heads - 1, "k": facts.n_key_value_heads - 1, "v": 0}
    found = [Site(point, last, head) for point, head in heads.items() if facts.why_not(point) is None]
    return [*found, Site("logits")]


@pytest.mark.parametrize(("family", "variant"), every_variant())
def test_that_a_path_carries_what_it_does_with_all_else_held(family: str, variant: str, tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, family, variant)
    is_parallel = not pair.plain.paths.mid
    wrong, moved = {}, False
    for receiver in receivers(pair):
        for point, layer, head, behind in SENDERS:
            if is_parallel and behind == ("mlp_out",):
                behind = ()
            sender = pair.situation(AT).cut("scale", {"k": -0.5}, (point, layer), head)
            plain = wanted(pair, sender, behind, receiver)
            incision = cut(Site(point, layer, head), AT, "scale", {"k": -0.5}, receiver=receiver)
            ran = pair.run(pair.request(incision))
            if not torch.allclose(ran.residuals, plain.residuals, atol=CLOSE, rtol=1e-5):
                wrong[f"{incision.site} to {receiver}"] = float((ran.residuals - plain.residuals).abs().max())
            moved |= not torch.equal(ran.residuals, pair.plain.clean(pair.ids).residuals)
    assert wrong == {}
    assert moved


def test_that_several_paths_are_carried_side_by_side(tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, "llama", "usual")
    plan, cuts = [], []
    for (point, layer, head, behind), receiver in zip(SENDERS[2:5], receivers(pair), strict=False):
        sender = pair.situation(AT).cut("silence", {}, (point, layer), head)
        found = path_run(pair, sender, behind, receiver.hook_point, receiver.layer)
        value = found.seen[receiver.hook_point, receiver.layer][:, receiver.head]
        everywhere = tuple(range(len(pair.ids)))
        cuts.append(PlainCut(receiver.hook_point, receiver.layer, everywhere, put_in(value), receiver.head))
        plan.append(cut(Site(point, layer, head), AT, "silence", receiver=receiver))
    ran = pair.run(pair.request(*in_order(*plan)))
    torch.testing.assert_close(ran.residuals, pair.plain.run(pair.ids, cuts).residuals, atol=CLOSE, rtol=1e-5)
