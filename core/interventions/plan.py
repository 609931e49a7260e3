"""Incisions and the plan they make up: values that can be compared, saved and undone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.sites.selection import Selection
    from core.sites.site import Site

ParamValue = int | float | str


@dataclass(frozen=True)
class Incision:
    """One operation at one site, at chosen tokens.

    Attributes
    ----------
    params : tuple of (str, value)
        The operation's parameters, complete and sorted by name.
    enabled : bool
        A disabled incision stays in the plan but is not applied.
    receiver : Site or None
        For path patching: the only site that the change is carried to. None lets it spread.
    """

    site: Site
    selection: Selection
    operation: str
    params: tuple[tuple[str, ParamValue], ...] = ()
    enabled: bool = True
    receiver: Site | None = None

    @property
    def place(self) -> tuple[Site, Selection]:
        """Site and tokens together: where a click lands."""
        return (self.site, self.selection)

    def param(self, name: str) -> ParamValue:
        """Return one parameter."""
        return dict(self.params)[name]

    def with_param(self, name: str, value: ParamValue) -> Incision:
        """Return the same incision with another parameter value."""
        return replace(self, params=sorted_params({**dict(self.params), name: value}))


def sorted_params(params: Mapping[str, ParamValue]) -> tuple[tuple[str, ParamValue], ...]:
    """Return parameters in the form an incision holds."""
    return tuple(sorted(params.items()))


@dataclass(frozen=True)
class Plan:
    """An ordered set of incisions. Every change makes a new plan."""

    incisions: tuple[Incision, ...] = ()

    def __len__(self) -> int:
        return len(self.incisions)

    def __iter__(self) -> Iterator[Incision]:
        return iter(self.incisions)

    def __getitem__(self, index: int) -> Incision:
        return self.incisions[index]

    def added(self, *incisions: Incision) -> Plan:
        """Return the plan with incisions at its end."""
        return Plan(self.incisions + incisions)

    def without(self, index: int) -> Plan:
        """Return the plan without the incision at ``index``."""
        return Plan(self.incisions[:index] + self.incisions[index + 1 :])

    def replaced(self, index: int, incision: Incision) -> Plan:
        """Return the plan with another incision at ``index``."""
        return Plan(self.incisions[:index] + (incision,) + self.incisions[index + 1 :])

    def moved(self, index: int, to: int) -> Plan:
        """Return the plan with the incision at ``index`` taken out and put back at ``to``."""
        rest = self.without(index).incisions
        return Plan(rest[:to] + (self.incisions[index],) + rest[to:])

    def find(self, site: Site, selection: Selection) -> int | None:
        """Return the index of the first incision at exactly this site and selection."""
        for index, incision in enumerate(self.incisions):
            if incision.place == (site, selection):
                return index
        return None
