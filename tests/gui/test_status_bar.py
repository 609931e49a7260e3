"""The status line: a message and what it stands in front of are never drawn over each other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QApplication, QLabel

from core.runs.events import CheckReport
from core.runs.request import ResolvedIncision
from core.runs.result import Reuse, SweepReuse
from core.sites.site import Site
from gui.status_bar import StatusLine, count_words
from gui.theme.theme import Theme
from tests.fixtures.leaks import settle
from tests.fixtures.made_results import model_info, result
from tests.fixtures.made_sweeps import empty_sweep, finished

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from tests.fixtures.tiny_models import TinyModel
    from tests.gui.conftest import Opener
    from tests.gui.hands import Hands


def seen(status: StatusLine) -> list[str]:
    return [label.text() for label in status.findChildren(QLabel) if label.isVisible() and label.text()]


def test_that_a_message_and_the_model_are_never_seen_at_once(qtbot: QtBot) -> None:
    theme = Theme("light")
    status = StatusLine(theme)
    qtbot.addWidget(status)
    status.show()
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    assert seen(status) == ["No model yet"]
    status.showMessage("What an entry does.")
    for scale in (1.3, 0.9):
        theme.use(scale=scale)
        settle(application)
        assert seen(status) == ["What an entry does."]
    status.clearMessage()
    settle(application)
    assert seen(status) == ["No model yet"]


@pytest.mark.parametrize(
    ("number", "words"),
    [(24_640, "24.6 K"), (999_960, "1.0 M"), (3_400_000, "3.4 M"), (7_240_000_000, "7.2 B")],
)
def test_that_a_number_of_parameters_has_its_unit(number: int, words: str) -> None:
    assert count_words(number) == words


def test_that_a_tiny_model_is_not_said_to_have_no_parameters_and_take_no_memory(qtbot: QtBot) -> None:
    status = StatusLine(Theme("light"))
    qtbot.addWidget(status)
    status.show()
    status.show_model(replace(model_info(2), n_parameters=24_640, memory_bytes=98_560), CheckReport((), 0.0))
    assert "24.6 K parameters · 99 kB ·" in seen(status)[0]


@pytest.mark.parametrize(
    ("reuse", "repeats", "words"),
    [
        (Reuse(first_layer=9, first_token=6, clean=True), 1, "restarted at layer 9, token 6 · 14 ms"),
        (Reuse(first_layer=9, why="bidirectional", clean=True), 1, "restarted at layer 9, all tokens (bidirectional) · 14 ms"),
        (Reuse(first_layer=0, why="whole", clean=True), 1, "all layers, all tokens (the operation looks at them) · 14 ms"),
        (Reuse(first_layer=0, clean=True), 1, "all layers, all tokens · 14 ms"),
        (Reuse(first_layer=0, first_token=2, clean=True), 8, "8 seeds: all layers, from token 2 · 14 ms"),
        (Reuse(first_layer=9, first_token=6), 1, "new clean run, then restarted at layer 9, token 6 · 14 ms"),
        (Reuse(first_layer=12, first_token=6, clean=True), 1, "no layer run · 14 ms"),
        (Reuse(first_layer=9, first_token=6, clean=True, result=True), 1, "kept result · no pass"),
    ],
)  # fmt: skip
def test_that_it_is_said_what_of_a_run_was_there_already(qtbot: QtBot, reuse: Reuse, repeats: int, words: str) -> None:
    status = StatusLine(Theme("light"))
    qtbot.addWidget(status)
    status.show()
    shown = result(n_layers=12)
    plan = (ResolvedIncision(0, Site("z", min(reuse.first_layer, 11), 0), (6,), "silence", ()),)
    request = replace(shown.request, plan=plan)
    status.show_result(replace(shown, request=request, reuse=reuse, repeats=repeats, seconds=0.014))
    assert seen(status)[-1] == words


@pytest.mark.parametrize(("clean", "words"), [(False, "clean run · 14 ms"), (True, "kept clean run · no pass")])
def test_that_an_empty_plan_is_said_to_be_the_clean_run(qtbot: QtBot, clean: bool, words: str) -> None:
    status = StatusLine(Theme("light"))
    qtbot.addWidget(status)
    status.show()
    status.show_result(replace(result(n_layers=12), reuse=Reuse(first_layer=12, clean=clean), seconds=0.014))
    assert seen(status)[-1] == words


def told(hands: Hands) -> str:
    return " · ".join(seen(hands.window.status)[-1].split(" · ")[:1])


def test_that_the_window_says_what_of_each_run_was_kept(hands: Hands) -> None:
    assert told(hands) == "clean run"
    hands.click_token(3)
    hands.click_cell("L1H2.z")
    hands.wait_until_quiet()
    assert told(hands) == "restarted at layer 1, token 3"
    hands.click_cell("L1H2.z")
    hands.wait_until_quiet()
    assert seen(hands.window.status)[-1] == "kept result · no pass"


def test_that_the_window_says_that_a_bidirectional_model_runs_all_tokens(
    open_window: Opener, tiny_bert: TinyModel
) -> None:
    hands = open_window("--model", str(tiny_bert.folder), "--prompt", tiny_bert.prompt)
    hands.click_cell("L1H1.z")
    hands.wait_until_quiet()
    assert told(hands) == "restarted at layer 1, all tokens (bidirectional)"


@pytest.mark.parametrize(
    ("reuse", "row_layers", "words"),
    [
        (SweepReuse(why="", in_batches=True, clean=True), 168, "sweep: 21 % of full passes, from each cell's layer and token"),
        (SweepReuse(why="", in_batches=True, clean=False), 3, "sweep: 0.38 % of full passes, new clean run, then from each cell's layer and token"),
        (SweepReuse(why="bidirectional", in_batches=True, clean=True), 488, "sweep: 61 % of full passes, from each cell's layer, all tokens (bidirectional)"),
        (SweepReuse(why="rows", in_batches=False, clean=True), 480, "sweep: 60 % of full passes, one by one, from each cell's layer, all tokens (this attention computes no tokens on their own)"),
        (SweepReuse(why="whole", in_batches=True, clean=True), 808, "sweep: 101 % of full passes, from each cell's layer, all tokens (the operation looks at them)"),
    ],
)  # fmt: skip
def test_that_it_is_said_what_of_a_sweep_was_there_already(
    qtbot: QtBot, reuse: SweepReuse, row_layers: int, words: str
) -> None:
    status = StatusLine(Theme("light"))
    qtbot.addWidget(status)
    status.show()
    done = replace(finished(), reuse=reuse, counted=20, row_layers=row_layers)  # 20 cells, 8 tokens, 5 layers
    status.show_swept(done)
    assert seen(status)[-1] == words
    for nothing in (None, replace(empty_sweep(), reuse=reuse), replace(done, reuse=None)):
        status.show_swept(nothing)
        assert seen(status) == ["No model yet"]


def test_that_a_sweep_is_told_while_nobody_waits_for_a_run(qtbot: QtBot) -> None:
    status = StatusLine(Theme("light"))
    qtbot.addWidget(status)
    status.show()
    cancelled: list[str] = []
    status.cancelWanted.connect(lambda: cancelled.append("run"))
    status.sweepCancelWanted.connect(lambda: cancelled.append("sweep"))
    status.show_sweep("Sweep: 3 of 9 cells, about 4 s left", 0.25)
    assert status.doing == "Sweep: 3 of 9 cells, about 4 s left"
    status.cancel.click()
    status.show_progress("Running", None)
    assert status.doing == "Running …"
    status.cancel.click()
    status.show_progress("", None)
    assert status.doing == "Sweep: 3 of 9 cells, about 4 s left"
    status.show_sweep("", None)
    assert status.doing == ""
    assert not status.cancel.isVisible()
    assert cancelled == ["sweep", "run"]
