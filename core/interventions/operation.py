"""The protocol of an operation: its name, its parameters, and what it does to an activation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.errors import SurgeryError
from core.interventions.plan import ParamValue

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter of an operation.

    Attributes
    ----------
    name, label, help : str
    kind : {"float", "int", "choice"}
    default : int, float or str
    minimum, maximum : float
        Bounds that are always kept; for numbers only.
    shown : (float, float)
        The range a slider offers; values outside can still be typed.
    choices : tuple of str
        For ``"choice"``.
    is_dose : bool
        Whether this is the operation's strength, which the dose slider drives.
    """

    name: str
    label: str
    help: str
    kind: Literal["float", "int", "choice"]
    default: ParamValue
    minimum: float = float("-inf")
    maximum: float = float("inf")
    shown: tuple[float, float] = (0.0, 1.0)
    choices: tuple[str, ...] = ()
    is_dose: bool = False

    def checked(self, value: ParamValue) -> ParamValue:
        """Return the value in its right type.

        Raises
        ------
        SurgeryError
            If the value is of another kind, not finite, or out of bounds.
        """
        if self.kind == "choice":
            if value not in self.choices:
                raise SurgeryError(f"{self.name} cannot be {value!r}.", f"Choose one of {', '.join(self.choices)}.")
            return value
        whole = self.kind == "int"
        try:
            number = float("nan") if isinstance(value, bool) else int(value) if whole else float(value)
        except (OverflowError, TypeError, ValueError):
            number = float("nan")
        is_cut_off = whole and isinstance(value, float) and value != number
        if is_cut_off or abs(number) == float("inf") or not self.minimum <= number <= self.maximum:
            raise SurgeryError(f"{self.name} cannot be {value!r}.", f"Give {self._allowed()}.")
        return number

    def _allowed(self) -> str:
        kind = "a whole number" if self.kind == "int" else "a number"
        low = "" if self.minimum == float("-inf") else f" from {self.minimum:g}"
        high = "" if self.maximum == float("inf") else f" up to {self.maximum:g}"
        return kind + low + high


@dataclass(frozen=True)
class Activation:
    """What an operation may know besides the activation itself.

    Attributes
    ----------
    layer_std : float
        Standard deviation of the layer's whole clean hidden state, over tokens and dimensions.
    token_std : tuple of float
        The same for each chosen token alone, over dimensions.
    """

    layer_std: float
    token_std: tuple[float, ...]


Params = Mapping[str, ParamValue]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One kind of change.

    Attributes
    ----------
    key, label, help : str
        Name in the notation, name on screen, and one sentence.
    parameters : tuple of Parameter
    apply : callable
        ``apply(x, params, activation) -> Tensor`` of the shape of ``x``: [batch, token, width],
        the chosen tokens only.
    needs_clean_run : bool
        Whether ``Activation`` has to be filled from a clean run.
    identity : dict or None
        Parameters under which the operation changes nothing, if there are such.
    mark : str
        One character drawn on the grid, so that operations differ in more than colour.
    order : int
        Place in lists on screen.
    """

    key: str
    label: str
    help: str
    apply: Callable[[Tensor, Params, Activation], Tensor]
    parameters: tuple[Parameter, ...] = ()
    needs_clean_run: bool = False
    identity: Mapping[str, ParamValue] | None = None
    mark: str = ""
    order: int = 0

    @property
    def dose(self) -> Parameter | None:
        """The parameter that is the operation's strength, if it has one."""
        return next((p for p in self.parameters if p.is_dose), None)

    def checked(self, params: Params) -> dict[str, ParamValue]:
        """Return complete parameters: the given ones checked, the others at their defaults.

        Raises
        ------
        SurgeryError
            If a parameter is unknown or its value does not fit.
        """
        known = {p.name: p for p in self.parameters}
        for name in params:
            if name not in known:
                hint = f"It takes {', '.join(known)}." if known else "It takes none."
                raise SurgeryError(f"The operation {self.key} has no parameter {name!r}.", hint)
        return {name: p.checked(params.get(name, p.default)) for name, p in known.items()}
