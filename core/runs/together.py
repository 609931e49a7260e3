"""Changes of many scenarios at one place: those that are alike are made in one go, whatever their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING

from core.readings.fetch import sent
from core.runs.compile import site_columns

if TYPE_CHECKING:
    from torch import Tensor

    from core.hooks.attach import Edit
    from core.runs.compile import Change


def each_its_own(changes: Mapping[int, Change]) -> Edit:
    """Return what makes every scenario's own change of an activation [scenario, token, width].

    Parameters
    ----------
    changes : mapping of int to Change
        By the scenario they are made in.
    """
    groups: defaultdict[Hashable, list[int]] = defaultdict(list)
    for place, change in changes.items():
        groups[place if change.kind is None else (change.kind,)].append(place)

    def call(x: Tensor) -> Tensor:
        changed = x.clone()
        for places in groups.values():
            if len(places) == 1:
                here = slice(places[0], places[0] + 1)
                changed[here] = changes[places[0]](x[here])
            else:
                _change(changed, places, [changes[place] for place in places])
        return changed

    return call


def _change(x: Tensor, places: list[int], changes: list[Change]) -> None:
    """Make changes of one kind, in place: a device is told one thing, and not one for each of them."""
    import torch

    columns = [site_columns(change.site, change.info, x.shape[-1])[0] for change in changes]
    firsts = [each.indices(x.shape[-1])[0] for each in columns]
    rows = [change.chosen for change in changes]
    width = len(range(*columns[0].indices(x.shape[-1])))
    # Sent together: place, first column, and tokens of each.
    index = sent([[place, first, *row] for place, first, row in zip(places, firsts, rows, strict=True)], x.device)
    at = index[:, 0, None, None], index[:, 2:, None], index[:, 1, None, None] + torch.arange(width, device=x.device)
    before = x[at]
    after = changes[0].alone(before)
    x[at] = after
    for change, moved in zip(changes, (before != after).flatten(1).any(dim=1), strict=True):
        change.note(moved)
