"""What the model thread tells while it works: frozen values, in the order they happen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.runs.generation import Continued

if TYPE_CHECKING:
    from core.models.catalogue import CatalogueEntry
    from core.models.devices import Device
    from core.models.info import ModelInfo
    from core.readings.values import Curves
    from core.runs.request import RunRequest
    from core.runs.result import RunResult
    from core.text.tokens import Tokens


@dataclass(frozen=True)
class Progress:
    """Long work goes on. ``fraction`` is None where the length is not known."""

    text: str
    fraction: float | None = None


@dataclass(frozen=True)
class CheckLine:
    """One line of the self-check.

    Attributes
    ----------
    passed : bool or None
        None where the check does not apply to this model.
    value, tolerance : float or None
        Largest deviation found, and what is allowed.
    text : str
        What it means, in plain words.
    """

    name: str
    passed: bool | None
    text: str
    value: float | None = None
    tolerance: float | None = None


@dataclass(frozen=True, kw_only=True)
class Precision:
    """How far a model in half precision is from itself in float32, on the prompt of the self-check.

    Attributes
    ----------
    dtype : str
        What it is loaded in.
    log_prob : float or None
        Largest difference of a log-probability, over all tokens and positions, in nats; None
        without a language-model head.
    residual : float or None
        Largest distance of a residual vector from the float32 one, relative to that one's length.
    kl : float or None
        Divergence of its prediction after the last token from the float32 one, in nats.
    why_not : str
        Why there is no comparison; empty if there is one.
    """

    dtype: str
    log_prob: float | None = None
    residual: float | None = None
    kl: float | None = None
    why_not: str = ""


@dataclass(frozen=True)
class CheckReport:
    """The self-check of a model.

    Attributes
    ----------
    precision : Precision or None
        None in float32.
    """

    lines: tuple[CheckLine, ...]
    seconds: float
    precision: Precision | None = None

    @property
    def passed(self) -> bool:
        """Whether no line failed."""
        return all(line.passed is not False for line in self.lines)

    @property
    def failures(self) -> tuple[CheckLine, ...]:
        """The lines that failed."""
        return tuple(line for line in self.lines if line.passed is False)


@dataclass(frozen=True)
class ModelOpened:
    """A model is loaded and has been checked."""

    info: ModelInfo
    check: CheckReport


@dataclass(frozen=True, kw_only=True)
class HeldModel:
    """A model in memory.

    Attributes
    ----------
    identity, name, dtype, device : str
    memory_bytes : int
    is_open : bool
        Whether it is the one that is operated on.
    """

    identity: str
    name: str
    dtype: str
    device: str
    memory_bytes: int
    is_open: bool


@dataclass(frozen=True)
class ModelsHeld:
    """What is in memory now, the most recently used first.

    Attributes
    ----------
    models : tuple of HeldModel
    share : float
        How much of a device's memory models may take together.
    budget_bytes : int
        What that comes to on the device of the open model, or in the main memory without one.
    """

    models: tuple[HeldModel, ...]
    share: float
    budget_bytes: int


@dataclass(frozen=True, kw_only=True)
class RunsKept:
    """What is kept of runs in memory beside the models, and how much of it at most.

    Attributes
    ----------
    clean_bytes : int
        Of clean runs, with keys and values.
    activation_bytes : int
        Of what was read in other prompts.
    budget_bytes : int
        What either may take.
    results, most_results : int
        How many results.
    """

    clean_bytes: int
    activation_bytes: int
    budget_bytes: int
    results: int
    most_results: int


@dataclass(frozen=True)
class ModelsListed:
    """What can be opened, and where to."""

    entries: tuple[CatalogueEntry, ...]
    devices: tuple[Device, ...]


@dataclass(frozen=True)
class TokensReady:
    """The session's prompt as tokens."""

    tokens: Tokens


@dataclass(frozen=True)
class DonorTokens:
    """The counterfactual prompt as tokens, whether or not something is patched from it.

    Attributes
    ----------
    tokens : Tokens
    alignment : tuple of (int or None), [token of the prompt]
        For each token of the prompt its counterpart there, if it has one.
    """

    tokens: Tokens
    alignment: tuple[int | None, ...]


@dataclass(frozen=True)
class Note:
    """A part of the session that could not be followed, and why.

    Attributes
    ----------
    part : str
        ``"incision"``, ``"pair"``, ``"target"``, ``"versus"``, ``"mask"``, ``"prediction"`` or
        ``"donor"``: the counterfactual prompt.
    index : int or None
        Which incision or pair.
    message, hint : str
    expected : bool
        Whether it lies in the model and not in what was asked: no reason to refuse the rest.
    """

    part: str
    index: int | None
    message: str
    hint: str = ""
    expected: bool = False


@dataclass(frozen=True)
class Resolved:
    """The session was turned into a request; what could not be followed is noted."""

    request: RunRequest
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Deeper:
    """How far down a run that takes long has come.

    Attributes
    ----------
    curves : mapping of str to Curves
        Of the operated run, by lens key; NaN at depths that are not reached yet.
    """

    request: RunRequest
    curves: Mapping[str, Curves]


@dataclass(frozen=True)
class Finished:
    """A run is done."""

    result: RunResult


@dataclass(frozen=True)
class Failure:
    """Something went wrong; ``details`` is empty for an expected failure."""

    message: str
    hint: str = ""
    details: str = ""


Event = (
    Progress
    | Continued
    | ModelOpened
    | ModelsHeld
    | RunsKept
    | ModelsListed
    | TokensReady
    | DonorTokens
    | Resolved
    | Deeper
    | Finished
    | Failure
)
