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
    sources : tuple of int
        For each of them its counterpart in the donor's prompt; empty where no donor is needed.
    keys : tuple of int
        Key tokens that the operation is about.
    receiver : Site or None
        The only site that the change is carried to (path patching); None lets it spread.
    """

    index: int
    site: Site
    positions: tuple[int, ...]
    operation: str
    params: tuple[tuple[str, ParamValue], ...]
    sources: tuple[int, ...] = ()
    keys: tuple[int, ...] = ()
    receiver: Site | None = None


@dataclass(frozen=True)
class Transplant:
    """Where a transplant comes from: another model, on the same texts.

    Attributes
    ----------
    model : str
        Identity of the donor model.
    ids : tuple of int
        The prompt in the donor's tokens.
    shared : tuple of (tuple of int, tuple of int, tuple of (int, int))
        Texts that the map between the models is fitted on: ids here, ids there, and which
        positions stand for the same characters.
    """

    model: str
    ids: tuple[int, ...]
    shared: tuple[tuple[tuple[int, ...], tuple[int, ...], tuple[tuple[int, int], ...]], ...]


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
    donor : tuple of int
        Token ids of the counterfactual prompt; empty where none is needed.
    references : tuple of tuple of int
        Token ids of the reference prompts; empty where none are needed.
    transplant : Transplant or None
    repeats : int
        How many seeds a plan with a random operation is run with.
    """

    model: str
    ids: tuple[int, ...]
    plan: tuple[ResolvedIncision, ...] = ()
    read_position: int | None = None
    target: int | None = None
    versus: int | None = None
    pairs: tuple[Pair, ...] = ()
    top_k: int = 10
    donor: tuple[int, ...] = ()
    references: tuple[tuple[int, ...], ...] = ()
    transplant: Transplant | None = None
    repeats: int = 1

    def clean(self) -> RunRequest:
        """Return the same request under the empty plan."""
        return replace(self, plan=(), donor=(), references=(), transplant=None, repeats=1)
