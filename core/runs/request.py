"""The frozen request of one run: what goes to the model, and the provenance of what comes back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.readings.values import Pair

if TYPE_CHECKING:
    from core.interventions.plan import ParamValue
    from core.sites.site import Site


@dataclass(frozen=True)
class ResolvedIncision:
    """An incision whose tokens are known.

    Attributes
    ----------
    index : int
        Place in the session's plan.
    positions : tuple of int
        Ascending token positions.
    """

    index: int
    site: Site
    positions: tuple[int, ...]
    operation: str
    params: tuple[tuple[str, ParamValue], ...]


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """Everything that decides the numbers of a run.

    Attributes
    ----------
    model : str
        Identity of the loaded model.
    ids : tuple of int
        The prompt's token ids.
    plan : tuple of ResolvedIncision
        In plan order, enabled incisions only.
    read_position : int or None
        Where predictions are read; None when the model or the prompt offers none.
    target, versus : int or None
        Token ids; without a target the clean run's likeliest token is taken.
    pairs : tuple of Pair
    top_k : int
        How many predictions are listed.
    """

    model: str
    ids: tuple[int, ...]
    plan: tuple[ResolvedIncision, ...] = ()
    read_position: int | None = None
    target: int | None = None
    versus: int | None = None
    pairs: tuple[Pair, ...] = ()
    top_k: int = 10

    def clean(self) -> RunRequest:
        """Return the same request under the empty plan."""
        return replace(self, plan=())
