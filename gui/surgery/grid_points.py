"""Which hook point each kind of cell of the grid stands for: pure, without a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.interventions.ops import OPERATIONS
from core.interventions.receiver import RECEIVERS, why_no_receiver
from core.sites.hook_point import HOOK_POINTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.models.info import ModelInfo
    from core.sites.site import Site

Group = Literal["head", "mlp", "resid"]

CHOICES: dict[Group, tuple[str, ...]] = {
    "head": ("z", "q", "k", "v", "attn_scores", "pattern"),
    "mlp": ("mlp_out", "mlp_pre", "mlp_post"),
    "resid": ("resid_pre", "resid_mid", "resid_post"),
}
SHORT = {
    "attn_scores": "scores",
    "attn_out": "out",
    "mlp_out": "out",
    "mlp_pre": "pre",
    "mlp_post": "post",
    "resid_pre": "pre",
    "resid_mid": "mid",
    "resid_post": "post",
}
COLUMN_LABELS = {
    "attn_out": "ATTN",
    "mlp_out": "MLP",
    "mlp_pre": "MLP PRE",
    "mlp_post": "MLP POST",
    "block": "BLOCK",
    "resid_pre": "RES PRE",
    "resid_mid": "RES MID",
    "resid_post": "RESID",
}


@dataclass(frozen=True)
class GridPoints:
    """What a cell means, by the kind of its column.

    Attributes
    ----------
    head, mlp, resid : str
        Names of hook points, out of ``CHOICES``.
    neuron : int or None
        Which neuron a cell of the MLP column means, where its hook point has neurons; None for all.
    """

    head: str = "z"
    mlp: str = "mlp_out"
    resid: str = "resid_post"
    neuron: int | None = None

    def of(self, group: Group) -> str:
        """Return the hook point of a kind of column."""
        return {"head": self.head, "mlp": self.mlp, "resid": self.resid}[group]

    def with_point(self, name: str) -> GridPoints:
        """Return the same with another hook point for the kind of column it belongs to; others stand for themselves."""
        chosen = {group: name if name in names else self.of(group) for group, names in CHOICES.items()}
        return GridPoints(chosen["head"], chosen["mlp"], chosen["resid"], self.neuron)

    @property
    def wide(self) -> tuple[str, str, str, str]:
        """Hook points of the columns beside the heads."""
        return ("attn_out", self.mlp, "block", self.resid)


def group_of(name: str) -> Group | None:
    """Return the kind of column whose cells can mean a hook point."""
    return next((group for group, names in CHOICES.items() if name in names), None)


def short_name(name: str) -> str:
    """Return a hook point's name beside its column's: ``out``, ``pre``, ``scores``."""
    return SHORT.get(name, name)


def sign_of(site: Site) -> str:
    """Return the few letters that mark a site on a cell that shows another one: ``q``, ``pre``, ``N120``."""
    if site.neuron is not None:
        return f"N{site.neuron}"
    short = short_name(site.hook_point)
    return short[:1] if site.point.per_head else short


def refusal(name: str, operation: str, sender: Site | None, info: ModelInfo | None) -> str | None:
    """Return why a hook point cannot be chosen at the moment, or None if it can.

    The operation in hand decides where it can be made; while a receiver is looked for, only
    receivers can be chosen.

    Parameters
    ----------
    sender : Site or None
        Whose change is to be carried to a receiver.
    info : ModelInfo or None
    """
    missing = info.why_not(name) if info is not None else None
    if missing is not None:
        return missing
    if sender is not None:
        return None if name in RECEIVERS else "A receiver is a head's query, key or value, or the logits."
    declared = OPERATIONS[operation]
    if name in declared.points:
        return None
    return f"{declared.label} makes no sense at {HOOK_POINTS[name].name}. {declared.elsewhere}".strip()


def refusal_at(site: Site, operation: str, sender: Site | None, info: ModelInfo | None) -> str | None:
    """Return why a click at a site can do nothing, or None if it can."""
    reason = refusal(site.hook_point, operation, sender, info)
    return reason if reason is not None or sender is None else why_no_receiver(sender, site)


def fitting(points: GridPoints, refused: Iterable[str]) -> GridPoints:
    """Return hook points of which none is refused, as far as its column has another; the others stay."""
    refused = frozenset(refused)
    for group, names in CHOICES.items():
        allowed = [name for name in names if name not in refused]
        if points.of(group) in refused and allowed:
            points = points.with_point(allowed[-1] if group == "resid" else allowed[0])
    return points
