"""What is known of heads, and what was guessed, in letters and words. Pure, without a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from core.anatomy.roles import LABELS, SCORES
from gui.widgets.number_format import signed

if TYPE_CHECKING:
    from core.anatomy.roles import HeadNumber, Score
    from core.anatomy.sheet import Sheet
    from core.sites.site import Site

TagKind = Literal["label", "guess", "right", "wrong"]
NO_LABEL = ""
SWITCH_KEY = "Ctrl+Shift+A"
RIGHT, WRONG = "\N{CHECK MARK}", "\N{BALLOT X}"
NONE_OF_THESE = "none of these"


@dataclass(frozen=True)
class Tag:
    """A few letters in a corner of a cell."""

    text: str
    kind: TagKind


@dataclass(frozen=True)
class Anatomy:
    """What was measured of a model's heads, what somebody guessed, and whether the labels are to be seen.

    Attributes
    ----------
    guesses : mapping of (layer, head) to str
        Keys of labels; empty for none of these.
    """

    sheet: Sheet
    guesses: Mapping[HeadNumber, str] = field(default_factory=dict)
    shown: bool = False

    def is_right(self, head: HeadNumber) -> bool:
        """Whether a guess is one of the head's labels, or rightly none."""
        earned = self.sheet.labels.get(head, ())
        return self.guesses[head] in (earned or (NO_LABEL,))

    def tag(self, head: HeadNumber) -> Tag | None:
        """Return what stands in a head's cell; None where nothing does."""
        letters = "".join(LABELS[key].tag for key in self.sheet.labels.get(head, ()))
        if head in self.guesses:
            if not self.shown:
                guess = self.guesses[head]
                return Tag(f"{LABELS[guess].tag}?" if guess else "\N{EN DASH}?", "guess")
            right = self.is_right(head)
            return Tag(f"{letters}{RIGHT if right else WRONG}", "right" if right else "wrong")
        return Tag(letters, "label") if self.shown and letters else None

    def words(self, head: HeadNumber) -> str:
        """Return what there is to say of a head; nothing before the labels are shown and without a guess."""
        said = []
        if head in self.guesses:
            guess = f"Your guess: {label_title(self.guesses[head])}"
            verdict = f", {'right' if self.is_right(head) else 'not so'}" if self.shown else ""
            said.append(f"{guess}{verdict}.")
        if self.shown:
            said.append(known_words(self.sheet, head))
        return " ".join(said)

    def tally(self) -> str:
        """Return how many guesses were right."""
        right = sum(self.is_right(head) for head in self.guesses)
        return f"{right} of {len(self.guesses)} guesses right" if self.guesses else ""

    def legend(self) -> tuple[tuple[str, str], ...]:
        """Return the letters in the grid and what they mean, in their order."""
        earned = {key for keys in self.sheet.labels.values() for key in keys}
        return tuple((label.tag, label.title.removesuffix(" head")) for label in LABELS if label.key in earned)

    def choices(self) -> tuple[str, ...]:
        """Return the labels that a head of this model could have."""
        return tuple(label.key for label in LABELS if label.needs <= self.sheet.scores.keys())


def head_of(site: Site, n_heads: int, head_columns: int) -> HeadNumber | None:
    """Return which head a cell's site is of; None where it is none, or one of a group's keys and values."""
    if site.layer is None or site.head is None or head_columns != n_heads:
        return None
    return (site.layer, site.head)


def label_title(key: str) -> str:
    """Return a label's name, or that it is none."""
    return LABELS[key].title if key else NONE_OF_THESE


def known_words(sheet: Sheet, head: HeadNumber) -> str:
    """Return what a head does by its labels: ``Previous-token head: 83 % of its attention goes to …``."""
    told = {key: value_words(SCORES[key], float(values[head])) for key, values in sheet.scores.items()}
    labels = [LABELS[key] for key in sheet.labels.get(head, ())]
    if labels:
        said = [f"{label.title}: {label.words.format_map(told)}." for label in labels]
        return " ".join(_capital(each) for each in said)
    shares = [key for key in sheet.scores if key != "copy_score" and SCORES[key].unit == "share"]
    if not shares:
        return "No label."
    most = max(shares, key=lambda key: float(sheet.scores[key][head]))
    return f"No label. Its largest score: {told[most]} {SCORES[most].title}."


def score_words(sheet: Sheet, head: HeadNumber) -> str:
    """Return all scores of a head, one a line."""
    layer, number = head
    labels = ", ".join(LABELS[key].title for key in sheet.labels.get(head, ())) or "no label"
    lines = [f"Layer {layer}, head {number}: {labels}"]
    lines += [
        f"{score.title}: {value_words(score, float(sheet.scores[score.key][head]))}"
        for score in SCORES
        if score.key in sheet.scores
    ]
    return "\n".join(lines)


def value_words(score: Score, value: float) -> str:
    """Return a score for reading: ``83 %``, ``+0.52``."""
    return f"{value * 100:.0f} %" if score.unit == "share" else signed(value, 2)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
