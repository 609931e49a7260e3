"""How fast the real window answers: clicks, the event loop during a sweep, and a dragged dose.

``python -m tests.bench.window [--model specimen-gpt2 | gpt2-small-shape] [--clicks 60] [--out F.json]``
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

# Before Qt is asked for a screen; the threads of torch stay those that the application has.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy as np
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qt_compat import qt_api
from pytestqt.qtbot import QtBot

from core.bench.shapes import SHAPES, build
from gui.app import start
from gui.assembly import assemble
from gui.options import first_session, parser
from gui.settings import Settings
from gui.surgery.parameter_field import NumberField
from gui.theme.theme import Theme
from gui.widgets.curve_panel import CurvePanel
from gui.wiring.sweep_wiring import SweepWiring
from tests.bench.painted import Painted
from tests.fixtures.tiny_models import byte_pair_tokenizer, write_checkpoint
from tests.gui.hands import LEFT, NO_KEYS, Hands

if TYPE_CHECKING:
    from core.runs.mailbox import Job

SPECIMEN, SMALL = "specimen-gpt2", "gpt2-small-shape"
TICK_MS, IN_TIME_MS = 5, 20
SHORTEST_SWEEPING_S = 8.0
MOVE_MS = 8
# The cost of a sweep is measured soon after it was chosen; the grid is drawn soon after the last cells.
SETTLING_MS, AFTERWARDS_MS = 1000, 60
PATIENCE_MS = 60_000


@dataclass(frozen=True)
class Clicks:
    """Times from the release of the mouse to the last visible curve painted, in milliseconds.

    Attributes
    ----------
    curves : int
        How many plots were in sight.
    back_p50, back_p95 : float
        The same for a second click, which takes the incision off again.
    """

    clicks: int
    curves: int
    p50: float
    p95: float
    back_p50: float
    back_p95: float


@dataclass(frozen=True)
class Ticks:
    """Lateness of the ticks of a timer on the thread of the window while it sweeps, in milliseconds.

    Attributes
    ----------
    in_time : float
        Share of the ticks that came within 20 ms of when they were due. A tick that Qt leaves out
        counts too: it is as late as the next one that came.
    idle_in_time, idle_p99 : float
        The same just before, while nothing runs: what the machine's other work does to a timer.
    """

    kind: str
    sweeps: int
    seconds: float
    ticks: int
    in_time: float
    p99: float
    most: float
    idle_in_time: float
    idle_p99: float


@dataclass(frozen=True)
class Drag:
    """What a dragged dose asked for.

    Attributes
    ----------
    values, asked, begun : int
        Other doses told, runs put into the mailbox, runs begun.
    most_waiting : int
        The most runs that were asked for before one moment and begun after it.
    last_shown : bool
        Whether the result on screen is the last dose's.
    settled_ms : float
        From letting go to that result.
    """

    values: int
    asked: int
    begun: int
    most_waiting: int
    last_shown: bool
    settled_ms: float


@contextmanager
def opened(model: str) -> Iterator[Hands]:
    """Yield the window on a model, with the first result in sight."""
    qt_api.set_qt_api("pyside6")
    options = parser().parse_args(["--model", model, "--device", "cpu", "--size", "1600x1000"])
    theme = Theme("light")
    theme.apply()
    made = assemble(first_session(options), theme, Settings(None))
    hands = Hands(QtBot(cast("Any", None)), made)
    try:
        made.window.resize(*options.size)
        made.window.show()
        made.window.arrange()
        start(made, options)
        quiet(hands)
        assert hands.results, hands.notices
        yield hands
    finally:
        hands.close()


def quiet(hands: Hands) -> None:
    """Wait until nothing runs or waits."""
    hands.qtbot.waitUntil(lambda: not hands.typing and not hands.busy, timeout=PATIENCE_MS)


def measure_clicks(hands: Hands, clicks: int) -> Clicks:
    """Click cells of the grid, each twice: the incision, and its undoing."""
    plots = [panel.plot for panel in hands.window.panels.values() if isinstance(panel, CurvePanel)]
    seen: list[QWidget] = [plot.viewport() for plot in plots if not plot.viewport().visibleRegion().isEmpty()]
    info = hands.controller.info
    assert info is not None
    every = [f"L{layer}H{head}.z" for layer in range(info.n_layers) for head in range(info.n_heads)]
    random.Random(0).shuffle(every)
    painted = Painted(seen)
    try:
        first, second = [], []
        for number in range(clicks):
            site = every[number % len(every)]
            first.append(_click(hands, painted, site))
            second.append(_click(hands, painted, site))
    finally:
        painted.close()
    assert hands.cuts == []
    times = [float(value) for each in (first, second) for value in np.percentile(each, [50, 95])]
    return Clicks(clicks, len(seen), *times)


def _click(hands: Hands, painted: Painted, site: str) -> float:
    area, place = hands.window.grid.view.viewport(), hands.cell(site)
    came: list[float] = []
    # Connected after the panels, so that they have taken the result by then.
    took = hands.controller.resultReady.connect(lambda result: came.append(time.perf_counter()))
    QTest.mousePress(area, LEFT, NO_KEYS, place)
    released = time.perf_counter()
    QTest.mouseRelease(area, LEFT, NO_KEYS, place)
    hands.qtbot.waitUntil(lambda: bool(came) and painted.all_since(came[-1]) is not None, timeout=PATIENCE_MS)
    done = painted.all_since(came[-1])
    assert done is not None
    quiet(hands)
    hands.controller.resultReady.disconnect(took)
    return (done - released) * 1000


def measure_ticks(hands: Hands, kind: str, shortest: float = SHORTEST_SWEEPING_S) -> Ticks:
    """Sweep again and again while a timer ticks on the window's thread.

    Parameters
    ----------
    shortest : float
        Sweep at least this long, in seconds.
    """
    wiring = next(each for each in hands.made.wirings if isinstance(each, SweepWiring))
    hands.window.docks["sweep_map"].raise_()
    cast("Any", hands.window.panels["sweep_map"]).kindChosen.emit(kind)
    hands.qtbot.wait(SETTLING_MS)
    idle: list[float] = []
    with _ticking(idle):
        hands.qtbot.wait(round(shortest * 250))
    late: list[float] = []
    sweeps = 0
    while len(late) * TICK_MS < shortest * 1000:
        with _ticking(late):
            wiring.start()
            hands.qtbot.waitUntil(lambda: not wiring.sweeping.running, timeout=PATIENCE_MS * 10)
            hands.qtbot.wait(AFTERWARDS_MS)
        result = wiring.sweeping.result
        assert result is not None and result.is_complete, hands.notices
        sweeps += 1
    share, p99 = _in_time(late)
    return Ticks(kind, sweeps, len(late) * TICK_MS / 1000, len(late), share, p99, max(late), *_in_time(idle))


@contextmanager
def _ticking(late: list[float]) -> Iterator[None]:
    """Let a timer tick, and note how late each tick was, in milliseconds."""
    fired: list[float] = []
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: fired.append(time.perf_counter()))
    begun = time.perf_counter()
    timer.start(TICK_MS)
    yield
    timer.stop()
    late += lateness(begun, fired)


def _in_time(late: list[float]) -> tuple[float, float]:
    """Return the share of ticks that came in time, and the 99th percentile of how late they were."""
    times = np.array(late)
    return float((times <= IN_TIME_MS).mean()), float(np.percentile(times, 99))


def lateness(begun: float, fired: list[float]) -> list[float]:
    """Return how late each tick was that was due, in milliseconds.

    Parameters
    ----------
    begun : float
        When the timer was started, in seconds.
    fired : list of float
        When it ticked. A tick that was left out is as late as the next that came.
    """
    step = TICK_MS / 1000
    due = begun + step * np.arange(1, int((fired[-1] - begun) / step) + 1)
    # Qt counts whole milliseconds: a tick may come a moment before it is due.
    came = np.array(fired)[np.searchsorted(fired, due - step / 5)]
    return [float(each) for each in np.maximum(came - due, 0) * 1000]


def measure_drag(hands: Hands, values: int) -> Drag:
    """Drag the dose of an incision up and down over its slider."""
    hands.choose("scale")
    hands.click_cell("L1H1.z")
    quiet(hands)
    field = next(field for field in hands.window.brush.fields.values() if isinstance(field, NumberField))
    slider, doses = field.slider, [field.slider.dose]
    places = [QPoint(round(slider.width() * share), slider.height() // 2) for share in _to_and_fro(values)]
    slider.doseMoved.connect(took := (lambda dose, held: doses.append(dose)))
    with _log_of_runs(hands) as (asked, begun):
        QTest.mousePress(slider, LEFT, NO_KEYS, places[0])
        for place in places:
            hands.qtbot.wait(MOVE_MS)
            QTest.mouseMove(slider, place)
        QTest.mouseRelease(slider, LEFT, NO_KEYS, places[-1])
        released = time.perf_counter()
        quiet(hands)
        settled = (time.perf_counter() - released) * 1000
    slider.doseMoved.disconnect(took)
    shown, wanted = dict(hands.result.request.plan[-1].params), dict(hands.session.plan[-1].params)
    waiting = [sum(when > moment and job <= put for when, job in begun) for moment, put in asked]
    changes = sum(a != b for a, b in pairwise(doses))
    is_last = shown["k"] == wanted["k"] == doses[-1] == slider.dose
    return Drag(changes, len(asked), len(begun), max(waiting), is_last, settled)


def _to_and_fro(values: int) -> list[float]:
    """Return shares of the slider's width, each different from the one before."""
    return [0.5 + 0.4 * float(np.sin(number / 8)) for number in range(values)]


@contextmanager
def _log_of_runs(hands: Hands) -> Iterator[tuple[list[tuple[float, int]], list[tuple[float, int]]]]:
    """Note when each run is put into the mailbox, and when each is taken out: seconds and generation."""
    mailbox = hands.made.thread._mailbox
    asked: list[tuple[float, int]] = []
    begun: list[tuple[float, int]] = []
    put, take = mailbox.put, mailbox.take

    def noting_put(lane: Any, payload: object, *, interrupt: bool = True) -> int:
        generation = put(lane, payload, interrupt=interrupt)
        if lane == "run":
            asked.append((time.perf_counter(), generation))
        return generation

    def noting_take(*lanes: Any) -> Job | None:
        job = take(*lanes)
        if job is not None and job.lane == "run":
            begun.append((time.perf_counter(), job.generation))
        return job

    named = cast("Any", mailbox)
    named.put, named.take = noting_put, noting_take
    try:
        yield asked, begun
    finally:
        del named.put, named.take


def small_checkpoint(folder: Path) -> Path:
    """Write a checkpoint of the shape of GPT-2 small: random weights, and a small tokenizer."""
    model = cast("Any", build(SHAPES["gpt2"]).network)
    return write_checkpoint(model, byte_pair_tokenizer(), folder / SMALL)


def measure(model: str, clicks: int, values: int = 200, shortest: float = SHORTEST_SWEEPING_S) -> dict[str, Any]:
    """Return all measurements of a model as JSON data."""
    import torch

    with tempfile.TemporaryDirectory() as folder:
        name = str(small_checkpoint(Path(folder))) if model == SMALL else model
        with opened(name) as hands:
            return {
                "schema": "window/1",
                "model": model,
                "tokens": len(hands.result.request.ids),
                "machine": {
                    "cores": os.cpu_count(),
                    "threads": torch.get_num_threads(),
                    "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
                },
                "clicks": asdict(measure_clicks(hands, clicks)),
                "ticks": [asdict(measure_ticks(hands, kind, shortest)) for kind in ("layer head", "layer token")],
                "drag": asdict(measure_drag(hands, values)),
            }


def table(found: dict[str, Any]) -> str:
    """Return the measurements in lines of words."""
    machine, clicks, drag = found["machine"], found["clicks"], found["drag"]
    lines = [
        f"{found['model']}, {found['tokens']} tokens; {machine['cores']} cores, {machine['threads']} threads,"
        f" load {machine['load']}",
        f"click to {clicks['curves']} curves painted   p50 {clicks['p50']:6.1f} ms   p95 {clicks['p95']:6.1f} ms"
        f"   ({clicks['clicks']} clicks)",
        f"click back to the earlier plan  p50 {clicks['back_p50']:6.1f} ms   p95 {clicks['back_p95']:6.1f} ms",
    ]
    lines += [
        f"sweep {each['kind']:12s} {each['in_time']:8.2%} of {each['ticks']} ticks within {IN_TIME_MS} ms"
        f"   p99 {each['p99']:5.1f} ms   most {each['most']:5.1f} ms"
        f"   idle {each['idle_in_time']:.2%} p99 {each['idle_p99']:.1f} ms   ({each['sweeps']} sweeps, {each['seconds']:.1f} s)"
        for each in found["ticks"]
    ]
    lines += [
        f"dose over {drag['values']} values: {drag['asked']} asked, {drag['begun']} run,"
        f" at most {drag['most_waiting']} waiting, last shown: {'yes' if drag['last_shown'] else 'no'},"
        f" {drag['settled_ms']:.0f} ms after letting go",
    ]
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Measure, and say it in words on the standard output and in JSON where asked."""
    options = argparse.ArgumentParser(prog="python -m tests.bench.window", description=__doc__)
    options.add_argument("--model", choices=(SPECIMEN, SMALL), default=SPECIMEN)
    options.add_argument("--clicks", type=int, default=60)
    options.add_argument("--out", type=Path, metavar="F.json")
    chosen = options.parse_args(arguments)
    application = QApplication.instance() or QApplication(["window"])
    assert application is not None
    found = measure(chosen.model, chosen.clicks)
    sys.stdout.write(table(found))
    if chosen.out is not None:
        chosen.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
