"""The protocol of an operation: its name, its parameters, and what it does to an activation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.errors import SurgeryError
from core.interventions.plan import ParamValue
from core.sites.hook_point import HOOK_POINTS, hook_point
from core.sites.selection import parse_selection

if TYPE_CHECKING:
    from torch import Tensor

# What an operation needs to be given besides the activation, see `Activation`.
Need = Literal["spread", "whole", "donor", "references", "transplant", "direction", "keys"]

EVERYWHERE = frozenset(HOOK_POINTS)
ATTENTION = frozenset({"attn_scores", "pattern"})
VECTORS = EVERYWHERE - ATTENTION
STREAM = frozenset(name for name, point in HOOK_POINTS.items() if point.width == "d_model")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter of an operation.

    Attributes
    ----------
    name, label, help : str
    kind : {"float", "int", "choice", "text", "tokens"}
        ``"tokens"`` is a selection of tokens in the notation, ``"text"`` any text.
    default : int, float or str
    minimum, maximum : float
        Bounds that are always kept; for numbers only.
    shown : (float, float)
        The range a slider offers; values outside can still be typed.
    choices : tuple of str
        For ``"choice"``.
    called : tuple of str
        What each choice is called on screen, where its word in the notation says too little alone.
    is_dose : bool
        Whether this is the operation's strength, which the dose slider drives.
    parse : callable or None
        For ``"text"``: reads the text and returns a value whose ``str`` is its usual spelling, or
        raises SurgeryError; so a text that means nothing is refused while it is typed.
    """

    name: str
    label: str
    help: str
    kind: Literal["float", "int", "choice", "text", "tokens"]
    default: ParamValue
    minimum: float = float("-inf")
    maximum: float = float("inf")
    shown: tuple[float, float] = (0.0, 1.0)
    choices: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    is_dose: bool = False
    parse: Callable[[str], object] | None = None

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
        if self.kind in ("text", "tokens"):
            return self._checked_text(value)
        whole = self.kind == "int"
        try:
            number = float("nan") if isinstance(value, bool) else int(value) if whole else float(value)
        except (OverflowError, TypeError, ValueError):
            number = float("nan")
        is_cut_off = whole and isinstance(value, float) and value != number
        if is_cut_off or abs(number) == float("inf") or not self.minimum <= number <= self.maximum:
            raise SurgeryError(f"{self.name} cannot be {value!r}.", f"Give {self._allowed()}.")
        return number

    def _checked_text(self, value: ParamValue) -> str:
        text = str(value).strip()
        if not text or "\n" in text:
            raise SurgeryError(f"{self.name} cannot be {value!r}.", "Give a text of one line.")
        if self.kind == "tokens":
            return str(parse_selection(text))
        return text if self.parse is None else str(self.parse(text))

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
    whole : Tensor or None, shape [batch, token, width]
        The activation at all tokens of the prompt, in this run, before the operation.
    positions : tuple of int
        Which tokens of ``whole`` are the chosen ones.
    keys : tuple of int
        Key tokens that the operation is about: the positions of its parameter of kind ``"tokens"``.
    donor : Tensor or None, shape [chosen token, width]
        What is put in instead: from another prompt or another model, aligned to the chosen tokens.
    references : tuple of Tensor, each of shape [reached token, width]
        For each reference prompt the same site at those of the chosen tokens that it is long
        enough for: as positions ascend, these are the first of them, and may be none.
    direction : Tensor or None, shape [width]
        A unit vector.
    carried : Tensor or None, shape [token, width]
        For an incision with a receiver: what its path adds to the receiver's activation.
    """

    layer_std: float
    token_std: tuple[float, ...]
    whole: Tensor | None = None
    positions: tuple[int, ...] = ()
    keys: tuple[int, ...] = ()
    donor: Tensor | None = None
    references: tuple[Tensor, ...] = ()
    direction: Tensor | None = None
    carried: Tensor | None = None


Params = Mapping[str, ParamValue]
SEED = "seed"
N_SEEDS = 2**31


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
    needs : frozenset of str
        Which entries of ``Activation`` have to be filled: ``"spread"`` (the standard deviations),
        ``"whole"`` (the activation at tokens that are not operated on),
        ``"donor"`` (from the counterfactual prompt), ``"transplant"`` (the donor from another
        model), ``"references"``, ``"direction"``, ``"keys"``.
    needs_for : callable or None
        ``needs_for(params)`` where the needs depend on the parameters.
    points : frozenset of str
        Hook points where the operation makes sense.
    elsewhere : str
        Why it makes none at the others, as a sentence.
    describe : callable or None
        ``describe(params)`` names in a few words what the operation does with these parameters,
        where the label alone would hide something that decides the numbers.
    reseed : callable or None
        ``reseed(params, number)`` returns the parameters with the seed counted on by ``number``,
        where another parameter than ``seed`` can name one; unchanged ones where it names none.
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
    needs: frozenset[Need] = frozenset()
    needs_for: Callable[[Params], frozenset[Need]] | None = None
    points: frozenset[str] = EVERYWHERE
    elsewhere: str = ""
    describe: Callable[[Params], str] | None = None
    reseed: Callable[[Params, int], Params] | None = None
    identity: Mapping[str, ParamValue] | None = None
    mark: str = ""
    order: int = 0

    def is_random(self, params: Params) -> bool:
        """Return whether a seed decides what it does with these parameters."""
        return self.reseeded(params, 1) != params

    def reseeded(self, params: Params, number: int) -> Params:
        """Return complete parameters with the seed counted on; unchanged ones where nothing is random."""
        if self.reseed is not None:
            return self.reseed(params, number)
        return {**params, SEED: (int(params[SEED]) + number) % N_SEEDS} if SEED in params else params

    def wants(self, params: Params) -> frozenset[Need]:
        """Return what has to be supplied for these parameters."""
        return self.needs if self.needs_for is None else self.needs_for(params)

    def name_with(self, params: Params) -> str:
        """Return the operation's name with what decides its meaning."""
        return self.label if self.describe is None else self.describe(params)

    def check_point(self, name: str) -> None:
        """Refuse a hook point where the operation makes no sense.

        Raises
        ------
        SurgeryError
            With the reason, and where it can be used.
        """
        if hook_point(name).name not in self.points:
            where = ", ".join(point for point in HOOK_POINTS if point in self.points)
            raise SurgeryError(
                f"{self.label} makes no sense at {name}. {self.elsewhere}".strip(), f"Use it at {where}."
            )

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
