"""A site: a hook point with its layer and head, printed and parsed as ``L5H9.z``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.sites.hook_point import HOOK_POINTS, hook_point

if TYPE_CHECKING:
    from core.sites.hook_point import HookPoint

PATTERN = re.compile(r"(?:L(?P<layer>\d{1,9})(?:H(?P<head>\d{1,9}))?\.)?(?P<name>[a-z_]+)")


@dataclass(frozen=True)
class Site:
    """Where an activation lives, without the token positions.

    Attributes
    ----------
    hook_point : str
        Name of a hook point.
    layer, head : int or None
        Counted from 0; None where the hook point has none.
    """

    hook_point: str
    layer: int | None = None
    head: int | None = None

    def __post_init__(self) -> None:
        point = hook_point(self.hook_point)
        right = f"{'L3' if point.per_layer else ''}{'H5' if point.per_head else ''}{'.' if point.per_layer else ''}"
        wrong_layer = point.per_layer != (self.layer is not None)
        wrong_head = point.per_head != (self.head is not None)
        if wrong_layer or wrong_head:
            part = "layer" if wrong_layer else "head"
            verb = "needs a" if getattr(point, f"per_{part}") else "has no"
            raise SurgeryError(f"The hook point {point.name} {verb} {part}.", f"Write it as {right}{point.name}.")

    @property
    def point(self) -> HookPoint:
        """The site's hook point."""
        return HOOK_POINTS[self.hook_point]

    @property
    def depth(self) -> tuple[int, int]:
        """Order in the model: by layer (the embedding first), then by place in the block."""
        return (-1 if self.layer is None else self.layer, self.point.depth)

    def __str__(self) -> str:
        if self.layer is None:
            return self.hook_point
        head = "" if self.head is None else f"H{self.head}"
        return f"L{self.layer}{head}.{self.hook_point}"


def parse_site(text: str) -> Site:
    """Read a site such as ``L3H5.z``, ``L10.resid_post`` or ``embed``.

    Raises
    ------
    SurgeryError
        If the text is no site.
    """
    match = PATTERN.fullmatch(text.strip())
    if not match:
        raise SurgeryError(f"{text!r} is not a site.", "Write it like L3H5.z, L10.resid_post or embed.")
    layer, head = match["layer"], match["head"]
    return Site(match["name"], None if layer is None else int(layer), None if head is None else int(head))
