"""From a session to the request of a run: pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.errors import SurgeryError
from core.interventions.ops import OPERATIONS
from core.readings.values import Pair
from core.runs.events import Note
from core.runs.request import RunRequest
from core.sessions.checks import NO_HEAD, NO_HEAD_HINT
from core.sessions.other_texts import OtherTexts, taken_by
from core.sessions.resolve_incision import resolve_incision
from core.text.locate import locate, mask_positions

if TYPE_CHECKING:
    from core.models.info import ModelInfo
    from core.runs.request import ResolvedIncision
    from core.sessions.session import Session, TokenPair
    from core.sites.selection import Selection
    from core.text.tokens import Tokens

NOTHING = OtherTexts()


def resolve(
    session: Session,
    identity: str,
    tokens: Tokens,
    info: ModelInfo,
    token_id: Callable[[str], int],
    others: OtherTexts = NOTHING,
) -> tuple[RunRequest, tuple[Note, ...]]:
    """Turn words into positions and token ids, and fill in what was left open.

    Whatever cannot be followed is left out of the request and noted, so that one mistake does
    not take the rest away.

    Parameters
    ----------
    identity : str
        Of the loaded model.
    token_id : callable
        Gives the id of a one-token text, or raises SurgeryError.
    others : OtherTexts
        What there is to take from besides the prompt.
    """
    notes: list[Note] = []
    if (problem := others.problems.get("donor")) is not None:
        notes.append(Note("donor", None, problem.message, problem.hint))
    plan: list[ResolvedIncision] = []
    for index, incision in enumerate(session.plan):
        if incision.enabled:
            with _noting(notes, "incision", index):
                plan.append(resolve_incision(index, incision, tokens, info, token_id, others))
    pairs = []
    for index, pair in enumerate(session.pairs):
        with _noting(notes, "pair", index):
            pairs.append(_pair(index, pair, tokens))
    position = _read_position(tokens, info, notes)
    wanted: dict[str, int | None] = {"target": None, "versus": None}
    for part, word in (("target", session.target), ("versus", session.versus)):
        if word is not None:
            with _noting(notes, part, None):
                wanted[part] = _token(word, info, token_id)
                notes += _other_spelling(part, word, wanted[part], info, token_id)
    request = RunRequest(
        model=identity,
        ids=tokens.ids,
        plan=tuple(plan),
        read_position=position,
        target=wanted["target"],
        versus=wanted["versus"],
        pairs=_told_apart(pairs),
        top_k=session.top_k,
        **_taken_from(plan, session, others),
    )
    return request, tuple(notes)


def _read_position(tokens: Tokens, info: ModelInfo, notes: list[Note]) -> int | None:
    """Return where predictions are read, or note why nowhere."""
    if not info.has_head:
        notes.append(Note("prediction", None, NO_HEAD, NO_HEAD_HINT, expected=True))
        return None
    if info.objective == "causal":
        return len(tokens) - 1
    with _noting(notes, "prediction", None):
        first = mask_positions(tokens)[0]
        if (count := len(tokens.mask_positions)) > 1:
            notes.append(Note("mask", None, f"Of the {count} masks the first one is read.", expected=True))
        return first
    return None


def _taken_from(plan: list[ResolvedIncision], session: Session, others: OtherTexts) -> dict[str, Any]:
    """Return what of a request belongs to some of the incisions only: what none needs asks for no other run."""
    needs = frozenset().union(*map(taken_by, plan))
    found: dict[str, Any] = {}
    if "donor" in needs and others.donor is not None:
        found["donor"] = others.donor.ids
    if "references" in needs:
        found["references"] = others.references
    if "transplant" in needs:
        found["transplant"] = others.transplant
    if any(OPERATIONS[each.operation].is_random(dict(each.params)) for each in plan):
        found["repeats"] = session.seeds
    return found


class _noting:  # noqa: N801 - reads as a statement
    """Turns a SurgeryError inside a ``with`` block into a note."""

    def __init__(self, notes: list[Note], part: str, index: int | None) -> None:
        self._notes, self._part, self._index = notes, part, index

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, SurgeryError):
            return False
        self._notes.append(Note(self._part, self._index, error.message, error.hint))
        return True


def _pair(index: int, pair: TokenPair, tokens: Tokens) -> Pair:
    a, b = _one(pair.a, tokens), _one(pair.b, tokens)
    texts = (tokens.items[position].text.strip() or repr(tokens.items[position].text) for position in (a, b))
    return Pair(pair.label or " – ".join(texts), a, b, index)


def _one(selection: Selection, tokens: Tokens) -> int:
    positions = locate(selection, tokens)
    if len(positions) != 1:
        raise SurgeryError(f"{selection} means {len(positions)} tokens.", "A pair compares two single tokens.")
    return positions[0]


def _told_apart(pairs: list[Pair]) -> tuple[Pair, ...]:
    """Give pairs of the same words different names; the same pair twice is one."""
    pairs = list(dict.fromkeys(pairs))
    labels = [pair.label for pair in pairs]
    return tuple(
        replace(pair, label=f"{pair.label} ({pair.a}, {pair.b})") if labels.count(pair.label) > 1 else pair
        for pair in pairs
    )


def _other_spelling(
    part: str, word: str | int, found: int | None, info: ModelInfo, token_id: Callable[[str], int]
) -> list[Note]:
    """Return a note where a text without its blank names the middle of a word, and with it a whole one."""
    if info.objective != "causal" or not isinstance(word, str) or not word[:1].isalnum():
        return []
    try:
        with_blank = token_id(f" {word}")
    except SurgeryError:
        return []
    if with_blank == found:
        return []
    message = f"{word!r} without a blank before it is the piece that goes on with a word."
    return [Note(part, None, message, f"For the word itself write {' ' + word!r}.", expected=True)]


def _token(word: str | int, info: ModelInfo, token_id: Callable[[str], int]) -> int:
    if not info.has_head:
        raise SurgeryError(NO_HEAD, NO_HEAD_HINT)
    if isinstance(word, str):
        return token_id(word)
    if not 0 <= word < info.vocab_size:
        raise SurgeryError(f"There is no token id {word}.", f"{info.name} has ids from 0 to {info.vocab_size - 1}.")
    return word
