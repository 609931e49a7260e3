"""What a run answers: frozen values and numpy arrays, nothing of torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from core.readings.values import Curves

if TYPE_CHECKING:
    from core.models.info import ModelInfo
    from core.runs.request import RunRequest
    from core.text.tokens import Tokens


WhyAll = Literal["", "bidirectional", "rows", "whole", "donor"]

OVERFLOWED = "The operated run overflowed: some of its hidden states are no numbers any more."
OVERFLOWED_HINT = "Use a smaller dose, or float32."


@dataclass(frozen=True)
class Prediction:
    """One candidate token at the read position. ``rank`` 1 is the likeliest."""

    id: int
    text: str
    log_prob: float
    prob: float
    rank: int


@dataclass(frozen=True)
class Readouts:
    """What was measured in one run.

    Attributes
    ----------
    numbers : mapping of str to number or None
        By metric key: ``log_prob``, ``logit_difference``, ``rank``, ``entropy``. Over several seeds
        the mean; of the rank the median.
    curves : mapping of str to Curves
        By lens key: ``log_prob`` (one curve, of the target) and ``cosine`` (one per pair).
        A lens that cannot be computed for this model or prompt is absent.
    top : tuple of Prediction
        Likeliest first; empty when there is nothing to predict with.
    listed : tuple of Prediction
        The same measured for every token that is in ``top`` of either run, and the target, so
        that before and after can be shown side by side; ordered by token id. Over several seeds
        the probability is their mean, and log-prob and rank are taken from it.
    bands : mapping of str to (float, float)
        Over several seeds the 2.5th and the 97.5th percentile of each number; else empty.
    """

    numbers: Mapping[str, float | int | None]
    curves: Mapping[str, Curves]
    top: tuple[Prediction, ...]
    listed: tuple[Prediction, ...]
    bands: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Remark:
    """What should stand beside a figure: over what a mean was taken, how well a map fits.

    Attributes
    ----------
    index : int
        Of the incision, in the session's plan.
    text : str
    """

    index: int
    text: str


@dataclass(frozen=True)
class Effect:
    """operated - clean.

    Attributes
    ----------
    log_prob, logit_difference : float or None
        Change of the target's log-prob and of the logit difference, in nats.
    kl : float or None
        KL(clean || operated) at the read position, in nats.
    changed : bool
        Whether any hidden state, of any token at any layer boundary, or any logit differs at all, to the bit.
    output_changed : bool
        Whether the model's answer differs at all: the logits at the read position, or without
        these the hidden states after the last layer.
    """

    log_prob: float | None
    logit_difference: float | None
    kl: float | None
    changed: bool
    output_changed: bool = True


@dataclass(frozen=True, kw_only=True)
class Reuse:
    """What of a run was not computed again.

    Attributes
    ----------
    first_layer : int
        The first layer that was run; the number of layers where none was.
    first_token : int
        The first token that was computed.
    why : {"", "bidirectional", "rows", "whole", "donor"}
        Why all tokens were: the model is bidirectional, its attention computes no rows on their own,
        an operation looks at all of them, or what comes from another run is compared to the bit.
        Empty where only those from the first one operated on were.
    clean : bool
        Whether the clean run was kept from earlier.
    result : bool
        Whether the whole result was: no pass at all was made.
    """

    first_layer: int
    first_token: int = 0
    why: WhyAll = ""
    clean: bool = False
    result: bool = False


@dataclass(frozen=True, kw_only=True)
class SweepReuse:
    """What of a sweep's cells was not computed again: no layer below a cell's own is, in any model.

    Attributes
    ----------
    why : {"", "bidirectional", "rows", "whole"}
        Why all tokens of a cell were, as in `Reuse`. Empty where each starts at the first one it operates on.
    in_batches : bool
        Whether cells were run many at once, or, in a model that takes no batches, one by one.
    clean : bool
        Whether the clean run was kept from earlier.
    """

    why: WhyAll
    in_batches: bool
    clean: bool


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """The answer to a RunRequest.

    Attributes
    ----------
    target, versus : int or None
        Token ids that were measured; the target is filled in when the request had none.
    target_text, versus_text : str or None
    unchanged : tuple of int
        Indices (in the session's plan) of incisions that left their activation as it was.
    finite : bool
        Whether all hidden states of the operated run are numbers; a run can overflow.
    seconds : float
        Time of the operated run (and of the clean one, where it was not at hand).
    reuse : Reuse
    remarks : tuple of Remark
        About incisions that need them.
    repeats : int
        Over how many seeds ``operated`` and ``effect`` are the mean.
    counterfactual : Tokens or None
        The prompt that patches come from, where there is one.
    """

    request: RunRequest
    model: ModelInfo
    tokens: Tokens
    target: int | None
    versus: int | None
    target_text: str | None
    versus_text: str | None
    clean: Readouts
    operated: Readouts
    effect: Effect
    unchanged: tuple[int, ...]
    finite: bool
    seconds: float
    reuse: Reuse
    remarks: tuple[Remark, ...] = ()
    repeats: int = 1
    counterfactual: Tokens | None = None
