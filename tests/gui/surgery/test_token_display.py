"""How a token is written, and where its chip stands."""

from __future__ import annotations

import pytest

from core.text.tokens import Token, Tokens
from gui.surgery.token_display import above_or_below, describe, faces, flow
from tests.gui.surgery.prompts import PIECES, prompt


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (" pine", (("·", True), ("pine", False))),
        ("\n\n", (("⏎⏎", True),)),
        ("\t", (("→", True),)),
        ("a b", (("a", False), ("·", True), ("b", False))),
        ("\u200b", (("␣", True),)),
        ("\ufffd", (("\ufffd", False),)),
        ("", (("∅", True),)),
    ],
)
def test_that_what_cannot_be_seen_has_a_sign_of_its_own(text: str, shown: tuple[tuple[str, bool], ...]) -> None:
    assert faces(prompt(text))[0].pieces == shown


def test_that_a_very_long_token_is_shortened() -> None:
    assert faces(prompt("x" * 300))[0].text == "x" * 23 + "…"


def test_that_later_pieces_of_a_word_join_it() -> None:
    joined = {face.position for face in faces(prompt(*PIECES)) if face.joined}
    assert joined == {1, 5}


def test_that_word_pieces_lose_their_sharps_where_they_join() -> None:
    shown = faces(prompt("[CLS]", "pine", "##app", "##le", special=(0,)))
    assert [face.text for face in shown] == ["[CLS]", "pine", "app", "le"]
    assert [face.joined for face in shown] == [False, False, True, True]


def test_that_punctuation_and_special_tokens_stand_alone() -> None:
    tokens = prompt("dogs", ".", "<|endoftext|>", "next", special=(2,))
    assert [face.joined for face in faces(tokens)] == [False, False, False, False]


def test_that_mask_and_special_tokens_have_their_roles() -> None:
    tokens = prompt("[CLS]", "a", "[MASK]", "##b", special=(0, 2), mask=(2,))
    assert [face.role for face in faces(tokens)] == ["special", "plain", "mask", "plain"]
    assert not faces(tokens)[3].joined


def pieces(text: str, *parts: tuple[str, int, int, bool]) -> Tokens:
    """Return a prompt of pieces with the characters each covers, and whether it starts a word."""
    items = [Token(n, n, said, start, end, False, begins) for n, (said, start, end, begins) in enumerate(parts)]
    return Tokens(text, tuple(items))


def test_that_the_bytes_of_one_letter_are_joined_with_its_word_and_narrow() -> None:
    split = (("<0xC3>", 3, 4, False), ("<0xA0>", 3, 4, False), ("o", 4, 5, False))
    shown = faces(pieces(" chào bạn", (" ch", 0, 3, True), *split, (" b", 5, 7, True)))
    assert [face.text for face in shown] == ["·ch", "C3", "A0", "o", "·b"]
    assert [face.joined for face in shown] == [False, True, True, True, False]


def test_that_the_bytes_of_an_emoji_are_one_group_apart_from_the_next_word() -> None:
    bytes_ = ((" <0xF0><0x9F>", 2, 4, True), ("<0x91>", 3, 4, False), ("<0x8D>", 3, 4, False))
    shown = faces(pieces("ok 👍ok", ("ok", 0, 2, True), *bytes_, ("ok", 4, 6, True)))
    assert [face.text for face in shown] == ["ok", "·F09F", "91", "8D", "ok"]
    assert [face.joined for face in shown] == [False, False, True, True, False]


def test_that_bytes_written_out_in_the_prompt_are_shown_as_they_stand() -> None:
    assert faces(prompt("<0xC3>"))[0].text == "<0xC3>"


def test_that_chips_flow_into_rows_and_words_stay_whole() -> None:
    slots = flow([40, 40, 40, 40], [False, False, True, False], width=100, gap=10)
    assert [(slot.x, slot.row) for slot in slots] == [(0, 0), (0, 1), (40, 1), (0, 2)]


def test_that_a_word_wider_than_the_strip_is_broken_inside() -> None:
    slots = flow([60, 60, 60], [False, True, True], width=130, gap=10)
    assert [(slot.x, slot.row) for slot in slots] == [(0, 0), (60, 0), (0, 1)]


def test_that_no_tokens_need_no_place() -> None:
    assert flow([], [], width=100, gap=10) == ()


def test_that_up_and_down_go_to_the_chip_nearest_in_the_next_row() -> None:
    slots = flow([30] * 6, [False] * 6, width=110, gap=10)
    assert [slot.row for slot in slots] == [0, 0, 0, 1, 1, 1]
    assert above_or_below(slots, 1, 1) == 4
    assert above_or_below(slots, 4, -1) == 1
    assert above_or_below(slots, 1, -1) == 1


def test_that_a_tooltip_tells_position_id_and_exact_text() -> None:
    assert describe(prompt(*PIECES).items[4]) == "token 4 · id 104 · ' pine'"
    assert describe(prompt(*PIECES).items[5]).endswith("continues a word")
