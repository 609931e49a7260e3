"""What the options of a command mean for a session."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from core.command_line.main import parser
from core.command_line.options import TEXT_OPTIONS, bound, parse_pair, read_plan, session_of
from core.errors import SurgeryError
from core.interventions.notation import parse_cut
from core.interventions.plan import Plan
from core.sessions.session import Session, TokenPair
from core.sites.selection import MASK, Selection, at, text_selection


def options(*more: str) -> argparse.Namespace:
    return parser().parse_args(["run", "--model", "m", "--prompt", "p", *more])


def session(*more: str) -> Session:
    return session_of(options(*more), "p")


def test_that_few_options_make_a_plain_session() -> None:
    assert session() == Session(model="m", prompt="p")


def test_that_options_become_the_parts_of_a_session() -> None:
    found = session("--target", "x", "--versus", " y", "--pair", "a|b", "--pair", "1|2", "--top", "3")
    assert (found.target, found.versus, found.top_k) == ("x", " y", 3)
    assert [pair.label for pair in found.pairs] == ["a|b", "1|2"]


def test_that_cuts_come_after_the_plan_file_in_order(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(["L1.block=silence"]))
    found = session("--cut", "embed=silence", "--plan", str(file), "--cut", "L0.block=silence")
    wanted = ["L1.block=silence", "embed=silence", "L0.block=silence"]
    assert found.plan == Plan(tuple(map(parse_cut, wanted)))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("4", at(4)),
        (" -1 ", at(-1)),
        ("mask", MASK),
        ("pizza", text_selection("pizza")),
        (" pizza", text_selection(" pizza")),
        ('"4"', text_selection("4")),
        ('"mask"', text_selection("mask")),
        ("2-5", text_selection("2-5")),
        ("all", text_selection("all")),
    ],
)
def test_that_each_side_of_a_pair_is_a_position_the_mask_or_a_word(text: str, place: Selection) -> None:
    assert parse_pair(f"{text}|on") == TokenPair(place, text_selection("on"), f"{text}|on")
    assert parse_pair(f"on|{text}") == TokenPair(text_selection("on"), place, f"on|{text}")


def test_that_only_the_first_bar_parts_a_pair() -> None:
    assert parse_pair("a|b|c") == TokenPair(text_selection("a"), text_selection("b|c"), "a|b|c")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_that_a_plan_file_is_read_with_and_without_a_byte_order_mark(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(['embed@"crème"=silence'], ensure_ascii=False), encoding=encoding)
    assert read_plan(file) == Plan((parse_cut('embed@"crème"=silence'),))


@pytest.mark.parametrize("count", ["0", "-1", "1.5", "ten", "", "9" * 5000])
def test_that_the_number_of_predictions_is_a_whole_number_from_1(
    count: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        options("--top", count)
    assert ended.value.code == 2
    assert "--top" in capsys.readouterr().err


def test_that_a_plan_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SurgeryError, match="cannot be read: No such file"):
        read_plan(tmp_path / "plan.json")


def test_that_a_text_that_begins_with_a_dash_belongs_to_its_option() -> None:
    given = ["run", "--pair", "-1|0", "--prompt", "-hello", "--target", "--", "--top", "3", "--versus", "--out", "x"]
    assert bound(given, TEXT_OPTIONS) == [
        "run", "--pair=-1|0", "--prompt=-hello", "--target=--", "--top", "3", "--versus", "--out", "x",
    ]  # fmt: skip
