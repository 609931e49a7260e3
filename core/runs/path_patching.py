"""Path patching: what of a sender's change reaches one receiver along the residual stream alone.

Everything between the two is held at its clean value, attention and MLPs alike, so that nothing but
the direct path carries the change (Wang et al. 2022, "Interpretability in the wild"; Goldowsky-Dill et
al. 2023, "Localizing model behavior with path patching"; there MLPs may be left to recompute).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.runs.batch import one
from core.runs.capture import capture
from core.runs.compile import Compiled
from core.runs.places import Hooks, hooks_at
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

BRANCHES = ("attn_out", "mlp_out")


def carried_by_path(
    loaded: LoadedModel, ids: tuple[int, ...], incision: ResolvedIncision, known: Activation, cancel: CancelToken
) -> Tensor:
    """Return what an incision's path adds to its receiver, [token, width].

    For a query, key or value it is the change of the receiver; for the logits the change of the
    last residual, which the model then reads out.

    Parameters
    ----------
    incision : ResolvedIncision
        With a receiver.
    known : Activation
        What its operation needs to know.
    """
    sender, receiver = replace(incision, receiver=None), incision.receiver
    assert receiver is not None
    end = loaded.info.n_layers if receiver.layer is None else receiver.layer
    held = _held(loaded, ids, incision.site, end, cancel)
    hooks = Compiled(loaded, (sender,), (known,), one(ids)).hooks
    # Behind the incision: a block that is held at its clean value hides what was done to it before.
    hooks.add(held)
    if receiver.hook_point == "logits":
        clean = forward(loaded, one(ids), Hooks(), cancel)
        return (forward(loaded, one(ids), hooks, cancel)[-1] - clean[-1])[0]
    before = capture(loaded, (ids,), (receiver,), cancel)[receiver][0]
    return capture(loaded, (ids,), (receiver,), cancel, hooks)[receiver][0] - before


def _held(loaded: LoadedModel, ids: tuple[int, ...], sender: Site, end: int, cancel: CancelToken) -> Hooks:
    """Return hooks that hold every attention and MLP between the sender and a layer at its clean value."""
    first = -1 if sender.layer is None else sender.layer
    between = [
        Site(point, layer)
        for layer in range(max(first, 0), end)
        for point in BRANCHES
        if layer > first or sender.point.depth < _begins(point)
    ]
    clean = capture(loaded, (ids,), between, cancel)
    hooks = Hooks()
    for site in between:
        hooks.add(hooks_at(loaded, site.hook_point, site.layer, 1, _always(clean[site][0])))
    return hooks


def _begins(branch: str) -> int:
    """Return how deep in the block a branch begins: what stands before it goes into it."""
    return HOOK_POINTS["q" if branch == "attn_out" else "mlp_pre"].depth


def _always(value: Tensor) -> Edit:
    return lambda x: value.to(x.dtype).expand_as(x)
