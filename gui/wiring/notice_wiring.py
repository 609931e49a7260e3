"""Failures, notes and the self-check: from the controller to the notices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, Slot

from core.runs.result import OVERFLOWED, OVERFLOWED_HINT
from gui.notifications import Notice

if TYPE_CHECKING:
    from core.models.info import ModelInfo
    from core.runs.events import CheckReport, Failure, Note
    from core.runs.request import RunRequest
    from core.runs.result import RunResult
    from gui.header import HeaderBar
    from gui.notifications import Notifications
    from gui.run_controller import RunController

FAILED = {"model": "opening", "run": "failure"}
CANCELLED = {
    "model": ("The model was not opened.", "Choose one in the menu beside the prompt, or press F5."),
    "run": ("The run was stopped: what is shown answers an earlier question.", "Press F5 to run again."),
}
ONE_AT_A_TIME = ("prediction", "pair", "target", "versus", "mask", "donor")
BEING_TYPED = ("target", "versus")
PAIR_HINT = "Take the pair away with its ×, or press P and choose another."


class NoticeWiring(QObject):
    """Puts notices in force and takes them back when their cause is gone."""

    def __init__(
        self,
        controller: RunController,
        notifications: Notifications,
        header: HeaderBar,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._notifications, self._header = notifications, header
        self._notes: tuple[Note, ...] = ()
        header.targetFinished.connect(self._show_notes)
        controller.failed.connect(self._on_controller_failed)
        controller.cancelled.connect(self._on_controller_cancelled)
        controller.resolved.connect(self._on_controller_resolved)
        controller.resultReady.connect(self._on_controller_result_ready)
        controller.modelOpened.connect(self._on_controller_model_opened)

    @Slot(object, str)
    def _on_controller_failed(self, failure: Failure, lane: str) -> None:
        # A run on the old model takes back what was said of runs, not why the new one did not open.
        self._notifications.withdraw("cancelled")
        if lane == "run":
            # They speak of a prompt that is no longer the one in question.
            self._notes = ()
            for key in (*ONE_AT_A_TIME, "incision", "overflow"):
                self._notifications.withdraw(key)
        self._notifications.show(Notice(FAILED[lane], "danger", failure.message, failure.hint, failure.details))

    @Slot(str)
    def _on_controller_cancelled(self, lane: str) -> None:
        self._notifications.show(Notice("cancelled", "info", *CANCELLED[lane]))

    @Slot(object)
    def _on_controller_result_ready(self, result: RunResult) -> None:
        self._notifications.withdraw(FAILED["run"])
        self._notifications.withdraw("cancelled")
        if result.finite:
            self._notifications.withdraw("overflow")
        else:
            self._notifications.show(Notice("overflow", "warning", OVERFLOWED, OVERFLOWED_HINT))

    @Slot(object, object)
    def _on_controller_resolved(self, request: RunRequest, notes: tuple[Note, ...]) -> None:
        self._notes = notes
        self._show_notes()

    @Slot()
    def _show_notes(self) -> None:
        notes = self._notes
        for part in ONE_AT_A_TIME:
            mine = [note for note in notes if note.part == part and (part != "prediction" or not note.expected)]
            if mine and part in BEING_TYPED and self._header.choosing:
                continue
            if mine:
                level: Literal["info", "warning"] = "info" if mine[0].expected else "warning"
                hint = PAIR_HINT if part == "pair" else mine[0].hint
                self._notifications.show(Notice(part, level, mine[0].message, hint))
            else:
                self._notifications.withdraw(part)
        lost = sum(note.part == "incision" for note in notes)
        if lost:
            first = next(note for note in notes if note.part == "incision")
            many = "One incision is" if lost == 1 else f"{lost} incisions are"
            self._notifications.show(Notice("incision", "warning", f"{many} not applied: {first.message}", first.hint))
        else:
            self._notifications.withdraw("incision")

    @Slot(object, object)
    def _on_controller_model_opened(self, info: ModelInfo, check: CheckReport) -> None:
        for key in (*FAILED.values(), "cancelled"):
            self._notifications.withdraw(key)
        if check.passed:
            self._notifications.withdraw("self-check")
            return
        failed = "; ".join(f"{line.name}: {line.text}" for line in check.failures)
        self._notifications.show(
            Notice(
                "self-check",
                "danger",
                f"{info.name} failed its self-check, so do not trust its numbers. What did not hold: {failed}",
                "Choose another model.",
                "\n".join(f"{line.name}: {line.value} (allowed {line.tolerance})" for line in check.lines),
                lasting=True,
            )
        )
