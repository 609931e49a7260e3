"""Cuts and plan files are read, and cuts written, as the command line takes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import SurgeryError
from core.interventions.notation import format_cut, incision, parse_cut, parse_plan
from core.interventions.plan import Incision, Plan
from core.sites.selection import ALL, MASK, Selection, at, text_selection
from core.sites.site import Site

NOISE = (("seed", 0), ("sigma", 2.0), ("std", "layer"))
CUTS = {
    "L3H5.z@4=silence": Incision(Site("z", 3, 5), at(4), "silence"),
    "L3H5.z@2-4,-1=silence": Incision(
        Site("z", 3, 5), Selection("positions", ((2, 4), (-1, -1))), "silence"
    ),
    "L10.resid_post@mask=noise(seed=0,sigma=2.0,std=layer)": Incision(Site("resid_post", 10), MASK, "noise", NOISE),
    "L2.resid_post=scale(k=0.5)": Incision(Site("resid_post", 2), ALL, "scale", (("k", 0.5),)),
    'L3H5.z@"pineapple"=silence': Incision(Site("z", 3, 5), text_selection("pineapple"), "silence"),
    'embed@" on (my) pizza, @ 5=6"=silence': Incision(
        Site("embed"), text_selection(" on (my) pizza, @ 5=6"), "silence"
    ),
    'embed@"a="b""=scale(k=-1.0)': Incision(Site("embed"), text_selection('a="b"'), "scale", (("k", -1.0),)),
    'embed@"\'"=silence': Incision(Site("embed"), text_selection("'"), "silence"),
    'embed@"two\nlines"=silence': Incision(Site("embed"), text_selection("two\nlines"), "silence"),
}  # fmt: skip


@pytest.mark.parametrize("text", CUTS)
def test_that_a_cut_is_read_and_written_in_the_notation(text: str) -> None:
    assert parse_cut(text) == CUTS[text]
    assert format_cut(CUTS[text]) == text


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (" L3H5.z @ 4 = silence ", "L3H5.z@4=silence"),
        ("L3H5.z@4=silence()", "L3H5.z@4=silence"),
        ("L2.resid_post@all=scale( k = 2 )", "L2.resid_post=scale(k=2.0)"),
        ("embed@mask=noise(sigma=2)", "embed@mask=noise(seed=0,sigma=2.0,std=layer)"),
        ("embed@0=noise(seed=3,sigma=2,)", "embed@0=noise(seed=3,sigma=2.0,std=layer)"),
        ("embed@'pizza'=silence", 'embed@"pizza"=silence'),
    ],
)
def test_that_there_are_other_ways_to_write_the_same_cut(text: str, same: str) -> None:
    assert parse_cut(text) == parse_cut(same)
    assert format_cut(parse_cut(text)) == same


@pytest.mark.parametrize(
    "text",
    ["", "silence", "L3H5.z", "L3H5.z@4", "L3H5.z@4=", "=silence", "L3H5.z@4=silence(", "L3H5.z@4=scale(k=(1))", "@=="],
)
def test_that_what_is_no_cut_is_refused_with_the_way_to_write_one(text: str) -> None:
    with pytest.raises(SurgeryError) as caught:
        parse_cut(text)
    assert caught.value.message == f"{text!r} is not a cut."
    assert caught.value.hint.startswith("Write it like L3H5.z@4=silence")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("L3H5.zz@4=silence", "There is no hook point 'zz'.", "Choose one of"),
        ("L3.z@4=silence", "The hook point z needs a head.", "L3H5.z"),
        ("L3H5@4=silence", "'L3H5' is not a site.", "Write it like"),
        ("L3H5.z@four=silence", "'four' does not name token positions.", "Write positions like"),
        ("L3H5.z@=silence", "'' does not name token positions.", "Write positions like"),
        ("L3H5.z@4=silense", "There is no operation 'silense'.", "Did you mean silence?"),
        ("L3H5.z@4=explode", "There is no operation 'explode'.", "This version has:"),
        ("L3H5.z@4=scale(q=1)", "The operation scale has no parameter 'q'.", "It takes k."),
        ("L3H5.z@4=silence(k=1)", "The operation silence has no parameter 'k'.", "It takes none."),
        ("L3H5.z@4=scale(k=big)", "k cannot be 'big'.", "Give a number."),
        ("L3H5.z@4=scale(k=nan)", "k cannot be 'nan'.", "Give a number."),
        ("L3H5.z@4=noise(sigma=-1)", "sigma cannot be '-1'.", "Give a number from 0."),
        ("L3H5.z@4=scale(2)", "'2' in 'L3H5.z@4=scale(2)' is not a parameter.", "Write it like"),
        ("L3H5.z@4=scale(k=)", "'k=' in 'L3H5.z@4=scale(k=)' is not a parameter.", "Write it like"),
        ("L3H5.z@4=scale(k=1,k=2)", "The parameter 'k' stands twice in 'L3H5.z@4=scale(k=1,k=2)'.", "once"),
    ],
)
def test_that_every_mistake_in_a_cut_is_named(text: str, message: str, hint: str) -> None:
    with pytest.raises(SurgeryError) as caught:
        parse_cut(text)
    assert caught.value.message == message
    assert hint in caught.value.hint


def test_that_an_incision_made_from_parts_is_checked_and_complete() -> None:
    assert incision("L1.mlp_out", at(2), "noise", {"sigma": 1}).params == (
        ("seed", 0),
        ("sigma", 1.0),
        ("std", "layer"),
    )


PRINTED = {
    "site": "L3H5.z@4,6",
    "hook_point": "z",
    "layer": 3,
    "head": 5,
    "positions": [4, 6],
    "op": "scale",
    "params": {"k": 2.0},
}


@pytest.mark.parametrize(
    "document",
    [
        ["L3H5.z@4,6=scale(k=2)"],
        {"plan": ["L3H5.z@4,6=scale(k=2)"]},
        [PRINTED],
        {"schema": "run/1", "plan": [PRINTED], "seconds": 0.1},
        [{"site": "L3H5.z", "positions": [4, 6], "op": "scale", "params": {"k": "2"}}],
        [{"site": "L3H5.z@4,6", "op": "scale", "params": {"k": 2}}],
    ],
)
def test_that_a_plan_file_is_a_list_or_an_answer_of_run(document: Any) -> None:
    assert parse_plan(json.loads(json.dumps(document))) == Plan((parse_cut("L3H5.z@4,6=scale(k=2)"),))


def test_that_an_entry_may_leave_positions_and_params_out() -> None:
    assert parse_plan([{"site": "embed", "op": "scale"}]) == Plan((parse_cut("embed=scale"),))
    assert parse_plan([{"site": 'embed@"x @ y"', "op": "silence", "params": None}])[0].selection.text == "x @ y"


def test_that_a_plan_file_may_be_empty() -> None:
    assert parse_plan([]) == parse_plan({"plan": []}) == Plan()


@pytest.mark.parametrize("document", [None, 5, "L3H5.z@4=silence", {}, {"plan": None}, {"plan": {}}, {"cuts": []}])
def test_that_a_document_without_a_list_is_refused(document: Any) -> None:
    with pytest.raises(SurgeryError) as caught:
        parse_plan(document)
    assert caught.value.message == "The plan file holds no list of cuts."


@pytest.mark.parametrize(
    "entry",
    [
        None,
        5,
        [],
        {},
        {"site": "embed"},
        {"op": "silence"},
        {"site": 5, "op": "silence"},
        {"site": "embed", "op": None},
        {"site": "embed", "op": "scale", "params": ["k"]},
        {"site": "embed", "op": "scale", "params": "k"},
        {"site": "embed", "op": "scale", "params": 5},
        {"site": "embed", "op": "silence", "positions": 5},
        {"site": "embed", "op": "silence", "positions": "all"},
        {"site": "embed", "op": "silence", "positions": []},
        {"site": "embed", "op": "silence", "positions": [None]},
        {"site": "embed", "op": "silence", "positions": [1.5]},
        {"site": "embed", "op": "silence", "positions": [True]},
        {"site": "embed", "op": "silence", "positions": [10**12]},
    ],
)
def test_that_an_entry_of_another_shape_is_named_by_its_number(entry: Any) -> None:
    with pytest.raises(SurgeryError) as caught:
        parse_plan(["embed=silence", entry])
    assert caught.value.message == "Entry 2 of the plan file is not a cut."


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"site": "L3H5.q", "op": "silence"}, "There is no hook point 'q'."),
        ({"site": "embed@", "op": "silence"}, "'' does not name token positions."),
        ({"site": "embed@x", "op": "silence"}, "'x' does not name token positions."),
        ({"site": "embed", "op": "silense"}, "There is no operation 'silense'."),
        ({"site": "embed", "op": "scale", "params": {"k": None}}, "k cannot be None."),
        ({"site": "embed", "op": "scale", "params": {"k": [1]}}, "k cannot be [1]."),
        ({"site": "embed", "op": "noise", "params": {"std": ["layer"]}}, "std cannot be ['layer']."),
    ],
)
def test_that_a_mistake_within_an_entry_is_named(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(SurgeryError) as caught:
        parse_plan([entry])
    assert caught.value.message == message
