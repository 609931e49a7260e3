"""Hands on the real window: clicks and keys, and what is to be seen after them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from core.interventions.notation import format_cut
from core.sites.site import parse_site
from gui.surgery.parameter_field import NumberField
from gui.surgery.plan_delegate import PlanDelegate

if TYPE_CHECKING:
    from PySide6.QtGui import QAction
    from PySide6.QtWidgets import QLineEdit, QWidget
    from pytestqt.qtbot import QtBot

    from core.runs.events import Failure
    from core.runs.result import RunResult
    from core.sessions.session import Session
    from gui.assembly import Application

LEFT = Qt.MouseButton.LeftButton
NO_KEYS = Qt.KeyboardModifier.NoModifier
PATIENCE_MS = 20_000


class Eyes:
    """Who looks at the window, and remembers what it told.

    Attributes
    ----------
    results : list of RunResult
        All that came.
    failures : list of (Failure, str)
    progress : list of (str, float or None)
    """

    def __init__(self, qtbot: QtBot, made: Application) -> None:
        self.qtbot, self.made = qtbot, made
        self.window, self.store, self.controller = made.window, made.store, made.controller
        self.results: list[RunResult] = []
        self.failures: list[tuple[Failure, str]] = []
        self.progress: list[tuple[str, float | None]] = []
        self.opened: list[str] = []
        self.busy, self._closed = False, False
        self.controller.busyChanged.connect(self._on_busy_changed)
        self.controller.resultReady.connect(self.results.append)
        self.controller.failed.connect(self._on_failed)
        self.controller.progressed.connect(self._on_progressed)
        self.controller.modelOpened.connect(self._on_opened)

    def _on_busy_changed(self, busy: bool) -> None:
        self.busy = busy

    def _on_failed(self, failure: Failure, lane: str) -> None:
        self.failures.append((failure, lane))

    def _on_progressed(self, text: str, fraction: float | None) -> None:
        self.progress.append((text, fraction))

    def _on_opened(self, info: object, check: object) -> None:
        self.opened.append(str(getattr(info, "name", "")))

    @property
    def session(self) -> Session:
        """The session in force."""
        return self.store.session

    @property
    def cuts(self) -> list[str]:
        """The plan in the notation; a cut that is off stands in brackets."""
        return [format_cut(cut) if cut.enabled else f"({format_cut(cut)})" for cut in self.session.plan]

    @property
    def rows(self) -> list[str]:
        """The plan list in words."""
        view = self.window.plan.view
        return [str(view.model().index(row, 0).data()) for row in range(len(view.rows))]

    @property
    def notices(self) -> dict[str, str]:
        """The notices in force, by key."""
        return {n.key: f"{n.message} {n.hint}".strip() for n in self.made.notifications.notices}

    @property
    def strip(self) -> list[str]:
        """The token chips."""
        return [face.text for face in self.window.strip.canvas.look.faces]

    @property
    def result(self) -> RunResult:
        """The last result."""
        return self.results[-1]

    def action(self, name: str) -> QAction:
        """Return the entry of a menu."""
        return self.made.actions[name]


class Hands(Eyes):
    """Who uses the window."""

    @property
    def typing(self) -> bool:
        """Whether what was typed is not told yet."""
        return self.window.header.typing or self.window.counterfactual.typing

    def wait_until_quiet(self) -> None:
        """Wait until nothing is typed, runs or waits, and all of it was told."""
        self.qtbot.waitUntil(lambda: not self.typing and not self.busy, timeout=PATIENCE_MS)

    def wait_for_result(self) -> RunResult:
        """Wait until what was asked is answered."""
        self.wait_until_quiet()
        return self.result

    def click(self, widget: QWidget, place: QPoint | None = None, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
        """Click a widget."""
        self.qtbot.mouseClick(widget, LEFT, keys, widget.rect().center() if place is None else place)

    def cell(self, site: str) -> QPoint:
        """Return where a cell of the grid is."""
        view = self.window.grid.view
        assert view.scene.model is not None
        cell = view.scene.model.cell(parse_site(site))
        assert cell is not None
        return view.look.rect(cell).center()

    def click_cell(self, site: str) -> None:
        """Click a cell of the grid."""
        self.click(self.window.grid.view.viewport(), self.cell(site))

    def point_at(self, site: str) -> str:
        """Move the mouse to a cell and return what the line under the grid says."""
        area = self.window.grid.view.viewport()
        for place in (QPoint(1, 1), self.cell(site)):
            self.qtbot.mouseMove(area, place)
        return self.window.grid.readout.text

    def click_token(self, position: int, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
        """Click a token of the strip."""
        canvas = self.window.strip.canvas
        self.click(canvas, canvas.cell_source().rect(position).center(), keys)

    def choose(self, operation: str) -> None:
        """Click an operation's button, or its entry in the menu of those that have no room."""
        strip, button = self.window.brush.strip, self.window.brush.buttons[operation]
        if button.isVisible():
            self.click(button)
            return
        entry = strip.menu.actions()[[each.key for each in strip.hidden].index(operation)]
        strip.menu.popup(strip.more.mapToGlobal(strip.more.rect().bottomLeft()))
        self.click(strip.menu, strip.menu.actionGeometry(entry).center())

    def choose_point(self, name: str) -> None:
        """Choose what cells of the grid stand for."""
        picker = self.window.grid.picker
        if name in picker.heads:
            self.click(picker.heads[name])
        else:
            picker.entries[name].trigger()

    def retype(self, field: QLineEdit, text: str, enter: bool = True) -> None:
        """Type another text into a field."""
        self.click(field)
        field.selectAll()
        if text and text.isascii():
            self.qtbot.keyClicks(field, text)
        elif text:
            field.insert(text)  # Qt's test keys stop at ASCII
        else:
            self.qtbot.keyClick(field, Qt.Key.Key_Delete)
        if enter:
            self.qtbot.keyClick(field, Qt.Key.Key_Return)

    def type_prompt(self, text: str) -> None:
        """Type another prompt and wait for what comes of it."""
        self.retype(self.window.header.prompt, text)
        self.wait_until_quiet()

    def drag_dose(self, *shares: float) -> None:
        """Press the dose slider at the first share of its width, drag it over the others, and let go."""
        field = next(field for field in self.window.brush.fields.values() if isinstance(field, NumberField))
        slider = field.slider
        places = [QPoint(round(slider.width() * share), slider.height() // 2) for share in shares]
        self.qtbot.mousePress(slider, LEFT, pos=places[0])
        # Told to the slider itself: through the cursor a move can come late, and then the release is the last move.
        for place in places[1:]:
            there = QPointF(slider.mapToGlobal(place))
            move = QMouseEvent(QEvent.Type.MouseMove, QPointF(place), there, Qt.MouseButton.NoButton, LEFT, NO_KEYS)
            QApplication.sendEvent(slider, move)
        self.qtbot.mouseRelease(slider, LEFT, pos=places[-1])

    def plan_place(self, row: int, part: str = "row") -> QPoint:
        """Return where a row of the plan list is, or its ``"check"`` box, ``"more"`` or ``"remove"`` button."""
        view = self.window.plan.view
        box, parts = view.visualRect(view.model().index(row, 0)), view.itemDelegate()
        assert isinstance(parts, PlanDelegate)
        boxes = {
            "row": box,
            "check": parts.check_box(box),
            "remove": parts.remove_box(box),
            "more": parts.more_box(box),
        }
        inner = boxes[part]
        return inner.center()

    def click_plan(self, row: int, part: str = "row") -> None:
        """Scroll to a row of the plan list and click it, or a part of it."""
        self.window.plan.view.scrollTo(self.window.plan.view.model().index(row, 0))
        self.click(self.window.plan.view.viewport(), self.plan_place(row, part))

    def close(self) -> None:
        """Close the window as a person does and end the application."""
        if not self._closed:
            self._closed = True
            self.window.close()
            self.made.close()
