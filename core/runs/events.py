"""What the model thread tells while it works: frozen values, in the order they happen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.models.info import ModelInfo
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


@dataclass(frozen=True)
class CheckReport:
    """The self-check of a model."""

    lines: tuple[CheckLine, ...]
    seconds: float

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


@dataclass(frozen=True)
class TokensReady:
    """The session's prompt as tokens."""

    tokens: Tokens


@dataclass(frozen=True)
class Note:
    """A part of the session that could not be followed, and why.

    Attributes
    ----------
    part : str
        ``"incision"``, ``"pair"``, ``"target"``, ``"versus"``, ``"mask"`` or ``"prediction"``.
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
class Finished:
    """A run is done."""

    result: RunResult


@dataclass(frozen=True)
class Failure:
    """Something went wrong; ``details`` is empty for an expected failure."""

    message: str
    hint: str = ""
    details: str = ""


Event = Progress | ModelOpened | TokensReady | Resolved | Finished | Failure
