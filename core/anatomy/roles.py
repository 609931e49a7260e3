"""What is measured of every head, and which labels follow from it. Pure, without a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING, Literal

import numpy as np

from core.registry import Registry

if TYPE_CHECKING:
    from numpy.typing import NDArray

Unit = Literal["share", "nats"]
Scores = Mapping[str, "NDArray[np.float64]"]
HeadNumber = tuple[int, int]

ATTENTION_AT_LEAST = 0.4
TIMES_MEDIAN = 3.0
DIRECT_AT_LEAST = 0.5
SILENCED_AT_LEAST, DIRECT_AT_MOST = 0.5, 0.5
NAMES_AT_LEAST = 0.3


@dataclass(frozen=True)
class Score:
    """One number that is measured of every head.

    Attributes
    ----------
    key, title : str
    unit : {"share", "nats"}
        A share lies between 0 and 1; a difference of logits is in nats and has a sign.
    definition : str
        What is averaged over what, in a sentence.
    source : str
        Where it comes from.
    masked_only : bool
        Whether it needs a model that sees what comes after.
    """

    key: str
    title: str
    unit: Unit
    definition: str
    source: str
    masked_only: bool = False


OLSSON = "Olsson et al. 2022, In-context learning and induction heads"
WANG = "Wang et al. 2022, Interpretability in the wild"
_SCORES = (
    Score(
        "previous_token", "attention to the token before", "share",
        "Mean attention from each token of a random sequence's later half to the one right before it.", OLSSON,
    ),
    Score(
        "next_token", "attention to the token after", "share",
        "Mean attention from each token of a random sequence's first half to the one right after it.", OLSSON, masked_only=True,
    ),
    Score(
        "duplicate_token", "attention to the same token elsewhere", "share",
        "A random sequence is written twice: mean attention from each token of the second copy to the same token of "
        "the first.", WANG,
    ),
    Score(
        "induction", "attention to what came next last time", "share",
        "A random sequence is written twice: mean attention from each token of the second copy to the token that "
        "follows the same token in the first.", OLSSON,
    ),
    Score(
        "induction_before", "attention to what came before last time", "share",
        "A random sequence is written twice: mean attention from each token of the second copy to the token that "
        "precedes the same token in the first.", OLSSON, masked_only=True,
    ),
    Score(
        "masked_copy", "attention from a mask to the word it hides", "share",
        "A random sequence is written twice and every fourth token of the second copy is masked: mean attention from "
        "a mask to the hidden token in the first copy, which only the tokens around it can show.",
        f"The induction score of {OLSSON}, for a model that is asked for hidden tokens.", masked_only=True,
    ),
    Score(
        "io_attention", "attention to the receiver's name", "share",
        "Mean attention from where a name is predicted to the indirect object, which is the right one.", WANG,
    ),
    Score(
        "s_attention", "attention to the giver's second mention", "share",
        "Mean attention from where a name is predicted to the second mention of the subject, the wrong name.", WANG,
    ),
    Score(
        "direct_effect", "direct contribution to the right name", "nats",
        "What the head itself adds, where a name is predicted, to logit(indirect object) - logit(subject): its output "
        "through the final norm, with the scale of the clean run, and the unembedding; later layers take no part.",
        f"{WANG}; direct logit attribution with a frozen norm.",
    ),
    Score(
        "copy_score", "how often it would write the name that it reads", "share",
        "How often the name is among the five largest logits of what the head would write if it attended to nothing "
        "but that name: the value at the indirect object through output projection, final norm and unembedding.",
        f"After {WANG}, who take the name's state after the first layer in place of the head's own value.",
    ),
    Score(
        "names_when_silenced", "change when it is silenced", "nats",
        "How logit(indirect object) - logit(subject) changes when the head is silenced at all tokens: what it does "
        "itself, and what it does through later layers.", WANG,
    ),
)  # fmt: skip
SCORES: Registry[Score] = Registry("score")
for _score in _SCORES:
    SCORES.add(_score)


@dataclass(frozen=True)
class Label:
    """A name for what a head does.

    Attributes
    ----------
    key, title : str
    tag : str
        The letter in the grid.
    rule : str
        When a head has it, in a sentence.
    words : str
        What a head with it does, with its scores by key in braces.
    """

    key: str
    tag: str
    title: str
    rule: str
    words: str

    @property
    def needs(self) -> frozenset[str]:
        """The scores that its words tell."""
        return frozenset(name for _, name, _, _ in Formatter().parse(self.words) if name)


_ATTENDS = f"Its score is at least {ATTENTION_AT_LEAST:g} and {TIMES_MEDIAN:g} times the median head's."
_NAMES = f"It pays at least {NAMES_AT_LEAST:.0%} of its attention to the indirect object"
_LABELS = (
    Label(
        "previous_token", "P", "previous-token head", _ATTENDS, "{previous_token} of its attention goes to the token before"
    ),
    Label("next_token", "F", "next-token head", _ATTENDS, "{next_token} of its attention goes to the token after"),
    Label(
        "duplicate_token", "D", "duplicate-token head", _ATTENDS,
        "at a token that was there before, {duplicate_token} of its attention goes to that earlier place",
    ),
    Label(
        "induction", "I", "induction head", _ATTENDS,
        "at a token that was there before, {induction} of its attention goes to what came next then",
    ),
    Label(
        "induction_before", "B", "backward induction head", _ATTENDS,
        "at a token that was there before, {induction_before} of its attention goes to what stood before it then",
    ),
    Label(
        "masked_copy", "M", "copy finder", _ATTENDS,
        "from a mask, {masked_copy} of its attention goes to the hidden word where it was written before",
    ),
    Label(
        "name_mover", "N", "name mover",
        f"{_NAMES}, and adds at least {DIRECT_AT_LEAST:g} nats to the right name itself.",
        "{io_attention} of its attention goes to the receiver's name, and it adds {direct_effect} nats to it",
    ),
    Label(
        "negative_name_mover", "\N{MINUS SIGN}N", "negative name mover",
        f"{_NAMES}, and takes at least {DIRECT_AT_LEAST:g} nats from the right name itself.",
        "{io_attention} of its attention goes to the receiver's name, and it adds {direct_effect} nats: it writes against it",
    ),
    Label(
        "subject_inhibition", "S", "S-inhibition-like head",
        f"{_ATTENDS} Silenced, it costs the right name at least {SILENCED_AT_LEAST:g} nats, of which it adds less than "
        f"{DIRECT_AT_MOST:.0%} itself: it works through other heads.",
        "{s_attention} of its attention goes to the giver's second mention, and silencing it moves the right name by "
        "{names_when_silenced} nats, through other heads",
    ),
)  # fmt: skip
LABELS: Registry[Label] = Registry("label")
for _label in _LABELS:
    LABELS.add(_label)


def labels_of(scores: Scores) -> dict[HeadNumber, tuple[str, ...]]:
    """Return the labels that heads earn by their scores, [layer, head]; heads without any are left out."""
    found: dict[HeadNumber, list[str]] = {}
    for label in LABELS:
        for layer, head in zip(*np.nonzero(_earned(label.key, scores)), strict=True):
            found.setdefault((int(layer), int(head)), []).append(label.key)
    return {head: tuple(keys) for head, keys in sorted(found.items())}


def _earned(label: str, scores: Scores) -> NDArray[np.bool_]:
    if not LABELS[label].needs <= scores.keys() or (label == "subject_inhibition" and "direct_effect" not in scores):
        return np.zeros((0, 0), dtype=bool)
    if label == "subject_inhibition":
        cost = -scores["names_when_silenced"]
        through_others = np.abs(scores["direct_effect"]) < DIRECT_AT_MOST * cost
        return _attends(scores["s_attention"]) & (cost >= SILENCED_AT_LEAST) & through_others
    if label in ("name_mover", "negative_name_mover"):
        to_names = scores["io_attention"] >= NAMES_AT_LEAST
        sign = 1 if label == "name_mover" else -1
        return np.asarray(to_names & (sign * scores["direct_effect"] >= DIRECT_AT_LEAST))
    return _attends(scores[label])


def _attends(score: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray((score >= ATTENTION_AT_LEAST) & (score >= TIMES_MEDIAN * np.median(score)))
