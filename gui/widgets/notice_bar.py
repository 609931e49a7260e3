"""The notices in force, each on its own line above the work."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

if TYPE_CHECKING:
    from gui.notifications import Notice
    from gui.theme.theme import Theme

SIGNS = {"danger": "⚠", "warning": "!", "info": "i"}


class NoticeBar(QWidget):
    """Shows notices; takes no room when there is none.

    Signals
    -------
    dismissed(str)
        Key of a notice that was waved away.
    """

    dismissed = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._notices: tuple[Notice, ...] = ()
        self._lines: list[QFrame] = []
        self._texts: list[QLabel] = []
        self._stack = QVBoxLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.setSpacing(1)
        theme.changed.connect(self._rebuild)
        self.setVisible(False)

    def set_notices(self, notices: tuple[Notice, ...]) -> None:
        """Show these notices."""
        if notices != self._notices:
            self._notices = notices
            self._rebuild()

    def _rebuild(self) -> None:
        for line in self._lines:
            self._stack.removeWidget(line)
            line.hide()
            line.deleteLater()
        self._texts = []
        self._lines = [self._line(notice) for notice in self._notices]
        for line in self._lines:
            self._stack.addWidget(line)
        self.setVisible(bool(self._lines))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give each sentence the lines it needs at this width, and no more."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        # A label that wraps asks for the height of a narrow column unless it is told its width.
        px = self._theme.pixels
        for line, text in zip(self._lines, self._texts, strict=True):
            buttons: list[QAbstractButton] = line.findChildren(QAbstractButton)
            taken = sum(button.sizeHint().width() + px(10) for button in buttons)
            text.setFixedHeight(max(text.heightForWidth(self.width() - px(70) - taken), px(20)))

    def _line(self, notice: Notice) -> QFrame:
        px = self._theme.pixels
        line = QFrame(self)
        line.setProperty("kind", f"notice-{notice.level}")
        row = QHBoxLayout(line)
        row.setContentsMargins(px(14), px(3), px(8), px(3))
        row.setSpacing(px(10))
        sign = QLabel(SIGNS[notice.level], line)
        sign.setProperty("kind", f"sign-{notice.level}")
        text = QLabel(line)
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setText(f"{notice.message} {notice.hint}".strip())
        text.setWordWrap(True)
        text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        text.setAccessibleName(text.text())
        sign.setFont(self._theme.font(15, bold=True))
        self._texts.append(text)
        row.addWidget(sign)
        row.addWidget(text, 1)
        if notice.details:
            copy = QPushButton("Copy report", line)
            copy.setProperty("kind", "quiet")
            copy.clicked.connect(partial(self._copy, notice))
            row.addWidget(copy)
        if not notice.lasting:
            close = QToolButton(line)
            close.setText("×")
            close.setAutoRaise(True)
            close.setAccessibleName("Dismiss")
            close.setToolTip("Dismiss")
            close.clicked.connect(partial(self.dismissed.emit, notice.key))
            row.addWidget(close)
        return line

    @staticmethod
    def _copy(notice: Notice) -> None:
        QGuiApplication.clipboard().setText(f"{notice.message}\n\n{notice.details}")
