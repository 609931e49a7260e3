"""From a session to a request: what cannot be followed is noted, and the rest is done."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from core.interventions.notation import parse_cut
from core.interventions.plan import Plan
from core.readings.values import Pair
from core.runs.events import Note
from core.sessions.checks import NO_HEAD
from core.sessions.resolve import resolve
from core.sessions.session import Session, TokenPair
from core.sites.selection import ALL, MASK, at, parse_selection, text_selection
from tests.fixtures.made_sessions import info, made_tokens, masked, token_id

if TYPE_CHECKING:
    from core.models.info import ModelInfo
    from core.runs.request import RunRequest
    from core.text.tokens import Tokens


def resolved(
    *cuts: str, model: ModelInfo | None = None, tokens: Tokens | None = None, **changes: Any
) -> tuple[RunRequest, tuple[Note, ...]]:
    session = Session(model="small", prompt="", plan=Plan(tuple(map(parse_cut, cuts))), **changes)
    return resolve(session, "identity", tokens or made_tokens(), model or info(), token_id)


def test_that_an_empty_session_asks_for_the_clean_run_at_the_last_token() -> None:
    request, notes = resolved()
    assert notes == ()
    assert (request.model, request.ids, request.plan) == ("identity", tuple(range(9)), ())
    assert (request.read_position, request.target, request.versus) == (8, None, None)
    assert (request.pairs, request.top_k) == ((), 10)


def test_that_words_and_ranges_become_positions_in_plan_order() -> None:
    request, notes = resolved('L2H3.z@"pineapple"=silence', "embed@-1,0-1=scale(k=2)", "L0.mlp_out=silence", top_k=3)
    assert notes == ()
    assert [(cut.index, str(cut.site), cut.positions) for cut in request.plan] == [
        (0, "L2H3.z", (4,)),
        (1, "embed", (0, 1, 8)),
        (2, "L0.mlp_out", tuple(range(9))),
    ]
    assert request.plan[1].operation == "scale"
    assert request.plan[1].params == (("k", 2.0),)
    assert request.top_k == 3


def test_that_a_disabled_incision_is_left_out_and_the_others_keep_their_index() -> None:
    plan = Plan((replace(parse_cut("L0.block=silence"), enabled=False), parse_cut("L1.block=silence")))
    request, notes = resolve(Session(model="", prompt="", plan=plan), "", made_tokens(), info(), token_id)
    assert [cut.index for cut in request.plan] == [1]
    assert notes == ()


def test_that_a_disabled_incision_is_not_even_complained_about() -> None:
    plan = Plan((replace(parse_cut("L99.block=silence"), enabled=False),))
    assert resolve(Session(model="", prompt="", plan=plan), "", made_tokens(), info(), token_id)[1] == ()


@pytest.mark.parametrize(
    ("cut", "message", "hint"),
    [
        ("L3.block=silence", "There is no layer 3: small has 3 layers.", "Choose a layer from 0 to 2."),
        ("L0H4.z=silence", "There is no head 4: small has 4 heads in a layer.", "Choose a head from 0 to 3."),
        ("embed@9=silence", "There is no token 9: the prompt has 9 tokens.", "Choose a position from 0 to 8"),
        ('embed@"tomato"=silence', "The text 'tomato' does not stand in the prompt.", "Check its spelling"),
        ("embed@mask=silence", "The prompt has no [MASK].", "Put [MASK] where"),
    ],
)
def test_that_an_incision_that_cannot_be_made_is_noted_and_the_rest_is_kept(cut: str, message: str, hint: str) -> None:
    request, notes = resolved("L0.block=silence", cut, "L1.block=silence")
    assert [incision.index for incision in request.plan] == [0, 2]
    (note,) = notes
    assert (note.part, note.index, note.message, note.expected) == ("incision", 1, message, False)
    assert note.hint.startswith(hint)


def test_that_all_mistakes_are_noted_at_once() -> None:
    _, notes = resolved("L9.block=silence", pairs=(TokenPair(at(99), at(0)),), target="tomato", versus="sauce")
    assert [(note.part, note.index) for note in notes] == [
        ("incision", 0), ("pair", 0), ("target", None), ("versus", None),
    ]  # fmt: skip


def test_that_target_and_versus_are_words_or_token_ids() -> None:
    request, notes = resolved(target="pizza", versus=7)
    assert (request.target, request.versus, notes) == (8, 7, ())


@pytest.mark.parametrize("number", [-1, 100])
def test_that_a_token_id_outside_the_vocabulary_is_noted(number: int) -> None:
    request, notes = resolved(target=number)
    assert request.target is None
    assert notes == (Note("target", None, f"There is no token id {number}.", "small has ids from 0 to 99."),)


def test_that_the_first_token_id_is_a_target_like_any_other() -> None:
    assert resolved(target=0)[0].target == 0


def test_that_a_masked_model_is_read_at_its_first_mask_and_says_so() -> None:
    request, notes = resolved(model=masked(), tokens=made_tokens("so", "[MASK]", "it", "[MASK]"))
    assert request.read_position == 1
    assert notes == (Note("mask", None, "Of the 2 masks the first one is read.", expected=True),)


def test_that_a_word_is_told_apart_from_the_piece_without_its_blank() -> None:
    ids = {"Lily": 1, " Lily": 2}.__getitem__
    session = Session(model="small", prompt="", target="Lily")
    request, notes = resolve(session, "small", made_tokens(), info(), ids)
    assert request.target == 1
    assert [(note.part, note.hint, note.expected) for note in notes] == [
        ("target", "For the word itself write ' Lily'.", True)
    ]
    named = resolve(replace(session, target=" Lily"), "small", made_tokens(), info(), ids)
    assert (named[0].target, named[1]) == (2, ())


def test_that_a_masked_model_without_a_mask_still_compares_tokens() -> None:
    request, notes = resolved("L0.block@0=silence", model=masked(), pairs=(TokenPair(at(0), at(1)),))
    assert request.read_position is None
    assert len(request.plan) == len(request.pairs) == 1
    assert [(note.part, note.message, note.expected) for note in notes] == [
        ("prediction", "The prompt has no [MASK].", False)
    ]


def test_that_a_model_without_a_head_says_so_and_goes_on() -> None:
    request, notes = resolved("L0.block@0=silence", model=masked(has_head=False), pairs=(TokenPair(at(0), at(1)),))
    assert (request.read_position, request.target) == (None, None)
    assert len(request.plan) == len(request.pairs) == 1
    assert [(note.part, note.message, note.expected) for note in notes] == [("prediction", NO_HEAD, True)]


@pytest.mark.parametrize("word", ["pizza", 8])
def test_that_a_target_for_a_model_without_a_head_is_a_mistake_of_the_user(word: str | int) -> None:
    request, notes = resolved(model=masked(has_head=False), target=word)
    assert request.target is None
    assert [(note.part, note.expected) for note in notes] == [("prediction", True), ("target", False)]


def test_that_a_pair_is_named_by_its_words_or_as_it_was_asked_for() -> None:
    request, _ = resolved(
        pairs=(TokenPair(text_selection("pineapple"), at(-1)), TokenPair(at(0), at(1), "first|second"))
    )
    assert request.pairs == (Pair("apple – pizza", 4, 8), Pair("first|second", 0, 1))


def test_that_pairs_of_the_same_words_are_told_apart_by_their_places() -> None:
    request, _ = resolved(
        tokens=made_tokens("the", " cat", " the", " dog"),
        pairs=(TokenPair(at(0), at(1)), TokenPair(at(2), at(1)), TokenPair(at(1), at(3))),
    )
    assert [pair.label for pair in request.pairs] == ["the – cat (0, 1)", "the – cat (2, 1)", "cat – dog"]


def test_that_the_same_pair_twice_is_one_curve_under_its_own_name() -> None:
    pair = TokenPair(at(0), at(1), "0|1")
    assert resolved(pairs=(pair, pair))[0].pairs == (Pair("0|1", 0, 1),)


def test_that_a_token_of_blanks_is_named_so_that_it_can_be_seen() -> None:
    request, _ = resolved(tokens=made_tokens("a", "  ", "b"), pairs=(TokenPair(at(1), at(2)),))
    assert request.pairs == (Pair("'  ' – b", 1, 2),)


@pytest.mark.parametrize(
    ("a", "message"), [(ALL, "all means 9 tokens."), (parse_selection("2-4"), "2-4 means 3 tokens.")]
)
def test_that_a_pair_of_more_than_two_tokens_is_noted(a: Any, message: str) -> None:
    request, notes = resolved(pairs=(TokenPair(a, at(0)), TokenPair(at(1), at(0))))
    assert len(request.pairs) == 1
    assert notes == (Note("pair", 0, message, "A pair compares two single tokens."),)


def test_that_a_pair_can_be_the_mask() -> None:
    request, notes = resolved(model=masked(), tokens=made_tokens("so", "[MASK]"), pairs=(TokenPair(MASK, at(0)),))
    assert (request.pairs, notes) == ((Pair("[MASK] – so", 1, 0),), ())


def test_that_a_mistake_of_the_program_is_not_taken_for_one_of_the_user() -> None:
    def broken(text: str) -> int:
        raise KeyError(text)

    with pytest.raises(KeyError):
        resolve(Session(model="", prompt="", target="x"), "", made_tokens(), info(), broken)


def test_that_the_clean_request_is_the_same_without_the_plan() -> None:
    request, _ = resolved("L0.block=silence", target="pizza")
    assert request.clean() == replace(request, plan=())
