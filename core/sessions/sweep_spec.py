"""What the user wants swept: which places, at which tokens, with what operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from core.errors import SurgeryError
from core.interventions.ops import OPERATIONS
from core.interventions.plan import Incision, ParamValue, sorted_params
from core.sites.hook_point import HOOK_POINTS
from core.sites.selection import ALL, Selection, at
from core.sites.site import Site

if TYPE_CHECKING:
    from core.interventions.operation import Parameter

SweptSites = Literal["heads", "queries", "keys", "attn", "mlp", "blocks", "resid", "neurons", "parts"]
SITES: tuple[SweptSites, ...] = get_args(SweptSites)
POINTS: dict[SweptSites, tuple[str, ...]] = {
    "heads": ("z",),
    "queries": ("q",),
    "keys": ("k",),
    "attn": ("attn_out",),
    "mlp": ("mlp_out",),
    "blocks": ("block",),
    "resid": ("resid_post",),
    "neurons": ("mlp_post",),
    "parts": ("attn_out", "mlp_out", "block"),
}
MOST_DOSES = 1000


@dataclass(frozen=True, kw_only=True)
class SweepSpec:
    """A sweep before the model and the prompt are known.

    Every cell is one incision on its own; the session's plan takes no part. The axes are the
    layers, the heads or neurons, the tokens where each is taken on its own, and the doses.

    Attributes
    ----------
    sites : {"heads", "queries", "keys", "attn", "mlp", "blocks", "resid", "neurons", "parts"}
        Heads (z), their queries (q) or keys (k), attention, MLPs, whole blocks, hidden states after layers, neurons of one layer,
        or attention, MLP and block side by side.
    at : Selection or None
        The tokens that every cell is at; None makes a cell of each token of the prompt.
    operation : str
    params : tuple of (str, value)
        The operation's parameters, complete and sorted by name. A seed is the same in every cell.
    layer : int or None
        The only layer; None for all.
    doses : tuple of float
        Values of the operation's dose, one cell each; empty for the one in ``params``.
    bf16 : bool
        Whether to multiply in bf16 what cells differ by from the clean run, where that is faster.
    """

    sites: SweptSites = "heads"
    at: Selection | None = ALL
    operation: str = "silence"
    params: tuple[tuple[str, ParamValue], ...] = ()
    layer: int | None = None
    doses: tuple[float, ...] = ()
    bf16: bool = False

    @property
    def points(self) -> tuple[str, ...]:
        """Names of the hook points; of more than one, each makes a cell."""
        return POINTS[self.sites]

    @property
    def heads(self) -> str:
        """Of which kind the heads are whose cells these are, ``query`` or ``key_value``; empty where of none."""
        return HOOK_POINTS[self.points[0]].heads

    @property
    def dose(self) -> Parameter | None:
        """The operation's dose, if it has one."""
        return OPERATIONS[self.operation].dose

    def check(self) -> None:
        """Check what can be checked without a model.

        Raises
        ------
        SurgeryError
            If the operation makes no sense there, has no dose, or a layer is missing.
        """
        operation = OPERATIONS[self.operation]
        for point in self.points:
            operation.check_point(point)
        if self.sites == "neurons" and self.layer is None:
            raise SurgeryError("Neurons are swept one layer at a time.", "Choose a layer, with --layer N.")
        if not self.doses:
            return
        if self.dose is None:
            graded = ", ".join(sorted(each.key for each in OPERATIONS if each.dose is not None))
            raise SurgeryError(f"{operation.label} has no dose to sweep.", f"Choose one of {graded}.")
        if len(self.doses) > MOST_DOSES:
            raise SurgeryError(f"These are {len(self.doses)} doses, but at most {MOST_DOSES} are taken.", "Use fewer.")
        for value in self.doses:
            self.dose.checked(value)

    def incision(self, site: Site, position: int | None = None, dose: float | None = None) -> Incision:
        """Return a cell's incision.

        Parameters
        ----------
        position : int, optional
            The cell's token, where each is taken on its own.
        """
        params = dict(self.params)
        if dose is not None and self.dose is not None:
            params[self.dose.name] = self.dose.checked(dose)
        selection = self.at if position is None else at(position)
        return Incision(site, ALL if selection is None else selection, self.operation, sorted_params(params))

    def example(self, position: int | None = None) -> Incision:
        """Return one of the incisions: what it takes from, all take from."""
        return self.examples(position)[0]

    def examples(self, position: int | None = None) -> list[Incision]:
        """Return one of the incisions at every hook point."""
        dose = self.doses[0] if self.doses else None
        return [self.incision(Site(point, self.layer or 0), position, dose) for point in self.points]


def spread_doses(first: float, last: float, count: int) -> tuple[float, ...]:
    """Return doses at equal distances, both ends among them."""
    if count == 1:
        return (first,)
    return tuple(first + (last - first) * number / (count - 1) for number in range(count))
