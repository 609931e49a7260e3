"""A site: a hook point with its layer and head or neuron, printed and parsed as ``L5H9.z``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.sites.hook_point import HOOK_POINTS, hook_point

if TYPE_CHECKING:
    from core.sites.hook_point import HookPoint

PATTERN = re.compile(r"(?:L(?P<layer>\d{1,9})(?:H(?P<head>\d{1,9})|N(?P<neuron>\d{1,9}))?\.)?(?P<name>[a-z_]+)")
LAST = 10**9


@dataclass(frozen=True)
class Site:
    """Where an activation lives, without the token positions.

    Attributes
    ----------
    hook_point : str
        Name of a hook point.
    layer : int or None
        Counted from 0; None where the hook point has none.
    head, neuron : int or None
        Counted from 0; None means all of the layer's.
    """

    hook_point: str
    layer: int | None = None
    head: int | None = None
    neuron: int | None = None

    def __post_init__(self) -> None:
        point = hook_point(self.hook_point)
        right = f"{'L3' if point.per_layer else ''}{_part(point)}{'.' if point.per_layer else ''}{point.name}"
        if point.per_layer != (self.layer is not None):
            verb = "needs a" if point.per_layer else "has no"
            raise SurgeryError(f"The hook point {point.name} {verb} layer.", f"Write it as {right}.")
        for part, given, allowed in (
            ("head", self.head, point.per_head),
            ("neuron", self.neuron, point.per_neuron),
        ):
            if given is not None and not allowed:
                raise SurgeryError(f"The hook point {point.name} has no {part}.", f"Write it as {right}.")

    @property
    def point(self) -> HookPoint:
        """The site's hook point."""
        return HOOK_POINTS[self.hook_point]

    @property
    def depth(self) -> tuple[int, int]:
        """Order in the model: by layer (embedding first, logits last), then by place in the block."""
        outside = LAST if self.hook_point == "logits" else -1
        return (outside if self.layer is None else self.layer, self.point.depth)

    @property
    def boundary(self) -> int:
        """Which residual the site belongs to: 0 is the embedding, l + 1 what layer l leaves, which the next one reads."""
        if self.layer is None:
            return 0
        return self.layer if self.hook_point == "resid_pre" else self.layer + 1

    def __str__(self) -> str:
        if self.layer is None:
            return self.hook_point
        part = "" if self.head is None else f"H{self.head}"
        part += "" if self.neuron is None else f"N{self.neuron}"
        return f"L{self.layer}{part}.{self.hook_point}"


def _part(point: HookPoint) -> str:
    return "H5" if point.per_head else "N120" if point.per_neuron else ""


def parse_site(text: str) -> Site:
    """Read a site such as ``L3H5.z``, ``L4N120.mlp_post``, ``L10.resid_post`` or ``embed``.

    Raises
    ------
    SurgeryError
        If the text is no site.
    """
    match = PATTERN.fullmatch(text.strip())
    if not match:
        raise SurgeryError(f"{text!r} is not a site.", "Write it like L3H5.z, L10.resid_post or embed.")
    numbers = {name: None if match[name] is None else int(match[name]) for name in ("layer", "head", "neuron")}
    return Site(match["name"], **numbers)
