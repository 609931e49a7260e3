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
    "L3H5.z@-1=mean(over=references)->L8H6.q": Incision(
        Site("z", 3, 5), at(-1), "mean", (("over", "references"),), receiver=Site("q", 8, 6)
    ),
    "L3.resid_pre=silence->L3.k": Incision(Site("resid_pre", 3), ALL, "silence", receiver=Site("k", 3)),
    "embed=silence->logits": Incision(Site("embed"), ALL, "silence", receiver=Site("logits")),
    "L3H5.pattern@4=knockout(keys=0,2-3)": Incision(Site("pattern", 3, 5), at(4), "knockout", (("keys", "0,2-3"),)),
    'L3.pattern=knockout(keys="a, b=c(d")': Incision(
        Site("pattern", 3), ALL, "knockout", (("keys", '"a, b=c(d"'),)
    ),
    'L3.pattern=knockout(keys=\\"a\\"\\,b\\=\\"c\\")': Incision(
        Site("pattern", 3), ALL, "knockout", (("keys", '"a",b="c"'),)
    ),
    'L3.resid_mid=project_out(v=" he"-" she")': Incision(
        Site("resid_mid", 3), ALL, "project_out", (("v", '" he"-" she"'),)
    ),
    'L3.resid_mid=project_out(v=" \\")=,(")': Incision(
        Site("resid_mid", 3), ALL, "project_out", (("v", '" \\")=,("'),)
    ),
    "L3.resid_mid=project_out(v=file:a,b c.npy)": Incision(
        Site("resid_mid", 3), ALL, "project_out", (("v", "file:a,b c.npy"),)
    ),
    "L3.resid_mid=project_out(v=file:a \\(1\\)\\\\)": Incision(
        Site("resid_mid", 3), ALL, "project_out", (("v", "file:a (1)\\"),)
    ),
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
        (" embed = silence -> logits ", "embed=silence->logits"),
        ("L3H5.pattern=knockout( keys = 0 , 2 )", "L3H5.pattern=knockout(keys=0,2)"),
        ("L0.block=project_out", "L0.block=project_out(v=pca1)"),
        ('embed=project_out(v=" he" - " she")', 'embed=project_out(v=" he"-" she")'),
        ('embed=project_out(v=file:"a, b.npy")', "embed=project_out(v=file:a, b.npy)"),
        (r"embed=project_out(v=file:C:\\x.npy)", r"embed=project_out(v=file:C:\x.npy)"),
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
        ("L3H5.mlp_out@4=silence", "The hook point mlp_out has no head.", "L3.mlp_out"),
        ("L3H5.pattern@4=noise", "Noise makes no sense at pattern. Its size", "Use it at embed, resid_pre"),
        ("L3H5.z@4=knockout", "Knockout makes no sense at z.", "Use it at pattern."),
        ("L3.resid_post=skip", "Skip makes no sense at resid_post.", "Use it at attn_out, mlp_out, block."),
        ("L3.resid_post=project_out(v=he)", "'he' is not a direction.", '" he"-" she"'),
        ("L3H5.pattern=knockout(keys=four)", "'four' does not name token positions.", "Write positions like"),
        ("L3H5.z=silence->L3H6.q", "Only layers after layer 3 read what L3H5.z adds.", "a later layer, or the logits"),
        ("L3H5.z=silence->L5H6.z", "A change is carried to a head's query, key or value", "a later layer"),
        ("L3H5.z=silence->L5H6", "'L5H6' is not a site.", "Write it like"),
        ("logits=silence->logits", "Nothing comes after the logits.", "Leave the receiver out."),
        ("L3H5.z@4=noise(sigma=2,3)", "sigma cannot be '2,3'.", "Give a number from 0."),
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
    assert caught.value.message.startswith(message)
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


def test_that_an_entry_may_name_a_receiver() -> None:
    cut = parse_cut("L3H5.z@4=mean->L8H6.q")
    entry = {"site": "L3H5.z@4", "op": "mean", "params": {"over": "prompt"}, "receiver": "L8H6.q"}
    assert parse_plan([entry]) == Plan((cut,))
    assert parse_plan([{**entry, "receiver": None}])[0].receiver is None


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
        {"site": "embed", "op": "silence", "receiver": 5},
        {"site": "embed", "op": "silence", "receiver": ["logits"]},
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
        ({"site": "L3H5.qq", "op": "silence"}, "There is no hook point 'qq'."),
        ({"site": "L3H5.q", "op": "skip"}, "Skip makes no sense at q."),
        ({"site": "embed", "op": "silence", "receiver": "L3.z"}, "A change is carried to a head's query, key or value"),
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
    assert caught.value.message.startswith(message)
