"""The views of a run that metrics and lenses compute from, and their declarations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from core.readings.values import Curves, Pair


@dataclass(frozen=True)
class Reading:
    """The model's answer at the read position.

    Attributes
    ----------
    logits, log_probs : Tensor, shape [vocab]
        Float64 on the CPU; natural logarithms.
    target : int
        Token id that is followed.
    versus : int or None
        Token id it is compared with.
    """

    logits: Tensor
    log_probs: Tensor
    target: int
    versus: int | None


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One number about a reading.

    Attributes
    ----------
    key, label, unit, help : str
    compute : callable
        ``compute(reading, clean)`` returns the number, or None where it does not apply.
    compares : bool
        Whether ``clean`` is needed: the number belongs to the effect and not to one run.
    """

    key: str
    label: str
    unit: str
    help: str
    compute: Callable[[Reading, Reading], float | int | None]
    compares: bool = False


@dataclass(frozen=True)
class DepthView:
    """The residual stream by depth, or at some depths of a run that is on its way.

    Attributes
    ----------
    residuals : Tensor, shape [depth, token, d_model]
    pairs : tuple of Pair
    log_probs : Tensor, shape [depth, vocab], or None
        Logit lens at the read position; None where there is no head or no read position.
    target : int or None
    target_text : str
    """

    residuals: Tensor
    pairs: tuple[Pair, ...]
    log_probs: Tensor | None
    target: int | None
    target_text: str


@dataclass(frozen=True, kw_only=True)
class Lens:
    """One labelled array about the residual stream.

    Attributes
    ----------
    key, label, help : str
    compute : callable
        ``compute(view)`` returns the curves, or None where they do not apply. What it gives for a
        depth depends on that depth alone: the view can be a part of a run.
    """

    key: str
    label: str
    help: str
    compute: Callable[[DepthView], Curves | None]
