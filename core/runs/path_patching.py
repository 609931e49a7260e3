"""Path patching: what of a sender's change reaches one receiver along the residual stream alone.

Everything between the two is held at its clean value, attention and MLPs alike, so that nothing but
the direct path carries the change (Wang et al. 2022, "Interpretability in the wild"; Goldowsky-Dill et
al. 2023, "Localizing model behavior with path patching"; there MLPs may be left to recompute).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from core.runs.batch import one
from core.runs.capture import capture
from core.runs.compile import Compiled
from core.runs.places import hooks_at
from core.runs.trace import forward
from core.sites.hook_point import HOOK_POINTS
from core.sites.site import Site

if TYPE_CHECKING:
    from torch import Tensor

    from core.cancel import CancelToken
    from core.hooks.attach import Edit
    from core.interventions.operation import Activation
    from core.models.loaded_model import LoadedModel
    from core.runs.request import ResolvedIncision
    from core.runs.trace import Trace

BRANCHES = ("attn_out", "mlp_out")


def carried_by_path(
    loaded: LoadedModel,
    ids: tuple[int, ...],
    clean: Trace,
    incision: ResolvedIncision,
    known: Activation,
    cancel: CancelToken,
    clean_at: Callable[[tuple[Site, ...]], Mapping[Site, Tensor]],
) -> Tensor:
    """Return what an incision's path adds to its receiver, [token, width].

    For a query, key or value it is the change of the receiver; for the logits the change of the
    last residual, which the model then reads out.

    Parameters
    ----------
    clean : Trace
        Of the same prompt.
    incision : ResolvedIncision
        With a receiver.
    known : Activation
        What its operation needs to know.
    clean_at : callable
        Gives the clean activations [token, width] at sites.
    """
    sender, receiver = replace(incision, receiver=None), incision.receiver
    assert receiver is not None
    to_logits = receiver.hook_point == "logits"
    between = _between(incision.site, loaded.info.n_layers if receiver.layer is None else receiver.layer)
    before = clean_at(between if to_logits else (*between, receiver))
    hooks = Compiled(loaded, (sender,), (known,), one(ids)).hooks
    # Behind the incision: a block that is held at its clean value hides what was done to it before.
    for site in between:
        hooks.add(hooks_at(loaded, site.hook_point, site.layer, 1, _always(before[site])))
    if to_logits:
        return forward(loaded, one(ids), hooks, cancel)[-1, 0] - clean.residuals[-1]
    return capture(loaded, (ids,), (receiver,), cancel, hooks)[receiver][0] - before[receiver]


def _between(sender: Site, end: int) -> tuple[Site, ...]:
    """Return every attention and MLP between the sender and a layer: they are held at their clean values."""
    first = -1 if sender.layer is None else sender.layer
    return tuple(
        Site(point, layer)
        for layer in range(max(first, 0), end)
        for point in BRANCHES
        if layer > first or sender.point.depth < _begins(point)
    )


def _begins(branch: str) -> int:
    """Return how deep in the block a branch begins: what stands before it goes into it."""
    return HOOK_POINTS["q" if branch == "attn_out" else "mlp_pre"].depth


def _always(value: Tensor) -> Edit:
    # Cloned: some families add to their branches in place.
    return lambda x: value.to(x.dtype).expand_as(x).clone()
