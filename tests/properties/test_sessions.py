"""Places found in any prompt, edits of any session, and any session resolved."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import SurgeryError
from core.interventions.notation import format_cut, parse_cut
from core.interventions.operation import Need
from core.interventions.ops import OPERATIONS
from core.models.info import ModelInfo
from core.runs.request import Transplant
from core.sessions import edits
from core.sessions.other_texts import OtherTexts, taken_by
from core.sessions.resolve import resolve
from core.sessions.session import Session, TokenPair
from core.sites.selection import Selection, at, text_selection
from core.text.alignment import align
from core.text.locate import locate
from core.text.tokens import Tokens
from tests.fixtures.made_sessions import info, made_tokens, masked, token_id
from tests.properties.made_values import FEW, in_words, prompts, refusal, selections, sessions, sites

PROMPTS = (made_tokens(), made_tokens("[CLS]", "so", "[MASK]", "[SEP]"), made_tokens("a"))
MODELS = (info(), masked(), masked(has_head=False), info(n_layers=1, n_heads=1, vocab_size=3))

REFERENCE = st.integers(1, 12).map(lambda length: tuple(range(length)))


@given(selections(), prompts())
@example(text_selection(""), made_tokens("a"))
def test_that_places_are_ascending_unique_and_in_the_prompt(selection: Selection, tokens: Tokens) -> None:
    if (error := refusal(locate, selection, tokens)) is not None:
        assert in_words(error)
        return
    found = locate(selection, tokens)
    assert list(found) == sorted(set(found))
    assert all(0 <= position < len(tokens) for position in found)
    assert found or selection.kind == "all"


@given(st.data(), prompts())
def test_that_a_text_ends_in_the_token_that_is_found_for_it(data: st.DataObject, tokens: Tokens) -> None:
    start = data.draw(st.integers(0, len(tokens.prompt)))
    text = tokens.prompt[start : data.draw(st.integers(start, len(tokens.prompt)))]
    if text.strip():
        (position,) = locate(text_selection(text), tokens)
        token = tokens.items[position]
        length = len(text.rstrip())
        ends = [n + length - 1 for n in range(len(tokens.prompt)) if tokens.prompt.startswith(text, n)]
        assert any(token.start <= end < token.end for end in ends)


@st.composite
def other_texts(draw: st.DrawFn, tokens: Tokens) -> OtherTexts:
    """Return other prompts, some, all or none of them of use."""
    found = OtherTexts()
    if draw(st.booleans()):
        there = draw(prompts())
        found = replace(found, donor=there, alignment=align(tokens, there))
    if draw(st.booleans()):
        found = replace(found, references=draw(st.lists(REFERENCE, min_size=1, max_size=3).map(tuple)))
    if draw(st.booleans()):
        ends = draw(st.tuples(*[st.one_of(st.none(), FEW) for _ in tokens.items]))
        found = replace(found, transplant=Transplant("d", (1,), ()), donor_model=info(name="d"), ends=ends)
    needs: list[Need] = ["donor", "references", "transplant"]
    broken = draw(st.sets(st.sampled_from(needs)))
    return replace(found, problems={need: SurgeryError("It is of no use.", "Give another.") for need in broken})


@given(st.data(), sessions(), st.sampled_from(PROMPTS), st.sampled_from(MODELS))
def test_that_any_session_becomes_a_request_and_notes(
    data: st.DataObject, session: Session, tokens: Tokens, model: ModelInfo
) -> None:
    others = data.draw(other_texts(tokens))
    request, notes = resolve(session, "m", tokens, model, token_id, others)
    hash(request)
    noted = {note.index for note in notes if note.part == "incision"}
    enabled = {index for index, cut in enumerate(session.plan) if cut.enabled}
    assert {cut.index for cut in request.plan} == enabled - noted
    assert noted <= enabled
    taken: set[str] = set()
    for cut in request.plan:
        assert cut.positions
        assert all(0 <= position < len(tokens) for position in (*cut.positions, *cut.keys))
        assert len(cut.sources) in (0, len(cut.positions))
        taken |= taken_by(cut)
    assert (request.donor == ()) == ("donor" not in taken)
    assert request.references in ((), others.references)
    assert (request.transplant is None) == ("transplant" not in taken)
    labels = [pair.label for pair in request.pairs]
    assert len(set(labels)) == len(labels)
    assert all(note.message.endswith(".") and note.hint for note in notes)


EDITS = st.sampled_from(
    [
        "operation",
        "brush",
        "brush of",
        "param",
        "paint",
        "erase",
        "switch",
        "move",
        "clear",
        "pair",
        "no pair",
        "donor",
        "match",
        "no match",
        "swap",
    ]
)


@given(st.data(), sessions(), st.lists(EDITS, max_size=6))
def test_that_edits_make_new_sessions_and_leave_the_old_ones_alone(
    data: st.DataObject, session: Session, names: list[str]
) -> None:
    history = [session]
    kept = [copy.deepcopy(session)]
    for name in names:
        try:
            history.append(edited(data, history[-1], name))
        except SurgeryError:  # a parameter that the operation has not, or one pair too many
            continue
        kept.append(copy.deepcopy(history[-1]))
    assert history == kept
    for cut in history[-1].plan:
        again = parse_cut(format_cut(cut))
        assert (again.place, again.operation, again.params) == (cut.place, cut.operation, cut.params)


def edited(data: st.DataObject, session: Session, name: str) -> Session:
    """Make one edit, with whatever it needs."""
    size = len(session.plan)
    index = data.draw(st.integers(0, max(0, size - 1)))
    if name == "operation":
        return edits.with_operation(session, data.draw(st.sampled_from(["silence", "scale", "noise"])))
    if name == "brush":
        return edits.with_brush_param(session, data.draw(st.sampled_from(["k", "sigma", "seed"])), 2**31 - 1)
    if name == "paint":
        return edits.painted(session, data.draw(st.lists(sites(), max_size=4)), data.draw(selections()))
    if name == "pair":
        return edits.with_pair(session, TokenPair(at(data.draw(FEW)), at(data.draw(FEW))))
    if name == "no pair":
        return edits.without_pair(session, 0)
    if name == "clear":
        return edits.cleared(session)
    if name in ("donor", "match", "no match", "swap"):
        return with_other_prompt(data, session, name)
    if name == "erase":
        return edits.erased(session, data.draw(st.lists(FEW)))
    if not size:
        return session
    if name == "brush of":
        return edits.with_brush_of(session, index)
    if name == "param":
        return edits.with_incision_param(session, index, data.draw(st.sampled_from(["k", "sigma"])), 2.5)
    if name == "move":
        return edits.moved(session, index, data.draw(st.integers(0, size - 1)))
    return edits.with_enabled(session, data.draw(st.booleans()), data.draw(st.one_of(st.none(), st.just(index))))


def with_other_prompt(data: st.DataObject, session: Session, name: str) -> Session:
    """Make one edit of the counterfactual prompt and what is matched with it."""
    if name == "donor":
        return edits.with_donor_prompt(session, data.draw(st.sampled_from(["", "q", "other"])))
    if name == "match":
        return edits.with_match(session, data.draw(FEW), data.draw(FEW))
    return edits.swapped_prompts(session) if name == "swap" else edits.without_match(session, data.draw(FEW))


@given(st.lists(st.tuples(FEW, FEW)))
def test_that_matches_stay_one_to_one_and_swapping_twice_is_nothing(pairs: list[tuple[int, int]]) -> None:
    session = edits.with_donor_prompt(Session(model="m", prompt="p"), "q")
    for here, there in pairs:
        session = edits.with_match(session, here, there)
        assert (here, there) in session.matches
    for side in zip(*session.matches, strict=True):
        assert len(set(side)) == len(session.matches)
    assert edits.swapped_prompts(edits.swapped_prompts(session)) == session


@given(sessions(), st.lists(sites(), max_size=4, unique=True), selections())
def test_that_what_was_painted_can_be_erased(session: Session, places: list, selection: Selection) -> None:
    bare = edits.cleared(session)
    points = OPERATIONS[session.brush.operation].points
    if any(place.hook_point not in points for place in places):
        with pytest.raises(SurgeryError, match="makes no sense"):
            edits.painted(bare, places, selection)
        return
    painted = edits.painted(bare, places, selection)
    assert [cut.site for cut in painted.plan] == places
    assert edits.erased(painted, range(len(places))) == bare


@given(sessions())
def test_that_switching_everything_off_and_on_again_changes_no_incision(session: Session) -> None:
    on = edits.with_enabled(session, True)
    assert edits.with_enabled(edits.with_enabled(on, False), True) == on
