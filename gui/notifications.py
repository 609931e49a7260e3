"""One road for everything that goes wrong: notices, each a sentence with a next step."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, Signal, qInstallMessageHandler

log = logging.getLogger(__name__)

# The off-screen platform says these of every window; they mean nothing.
HARMLESS = ("This plugin does not support propagateSizeHints", "This plugin does not support raise")
MOST_RECORDS = 200


@dataclass(frozen=True)
class Notice:
    """Something the user should know.

    Attributes
    ----------
    key : str
        A newer notice of the same key takes the place of the older one.
    level : {"danger", "warning", "info"}
    message, hint : str
    details : str
        A report for the developers; empty for what is expected.
    lasting : bool
        Whether it stays until its cause is gone, and cannot be waved away.
    """

    key: str
    level: Literal["danger", "warning", "info"]
    message: str
    hint: str = ""
    details: str = ""
    lasting: bool = False


class Notifications(QObject):
    """Keeps the notices in force and all that ever were.

    Signals
    -------
    changed(object)
        Tuple of the notices in force, oldest first.
    """

    changed = Signal(object)
    _caught = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notices: dict[str, Notice] = {}
        self.records: list[Notice] = []
        self._caught.connect(self._on_caught)
        self._hooks = (sys.excepthook, threading.excepthook)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """The notices in force."""
        return tuple(self._notices.values())

    def show(self, notice: Notice) -> None:
        """Put a notice in force."""
        if self._notices.get(notice.key) == notice:
            return
        self._notices.pop(notice.key, None)
        self._notices[notice.key] = notice
        self.records = [*self.records, notice][-MOST_RECORDS:]
        self.changed.emit(self.notices)

    def withdraw(self, key: str) -> None:
        """Take a notice away, if it is there."""
        if self._notices.pop(key, None) is not None:
            self.changed.emit(self.notices)

    def install(self) -> None:
        """Catch what nobody else caught, in Python and in Qt."""
        sys.excepthook = self._on_exception
        threading.excepthook = lambda args: self._on_exception(
            args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
        )
        qInstallMessageHandler(_log_qt_message)

    def uninstall(self) -> None:
        """Put back what was there before `install`."""
        sys.excepthook, threading.excepthook = self._hooks
        qInstallMessageHandler(None)

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        report = "".join(traceback.format_exception(kind, error, trace))
        sys.stderr.write(report)
        self._caught.emit(f"{kind.__name__}: {error}", report)

    def _on_caught(self, text: str, report: str) -> None:
        hint = "Your work is kept. Copy the report and tell the developers."
        self.show(Notice("unexpected", "danger", f"Something unexpected happened: {text}", hint, report))


def _log_qt_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    if not text.startswith(HARMLESS):
        log.log(logging.DEBUG if kind == QtMsgType.QtDebugMsg else logging.WARNING, "Qt: %s", text)
