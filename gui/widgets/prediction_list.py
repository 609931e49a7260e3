"""The prediction table: a header that stays and a list of rows that scrolls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QWidget

from gui.widgets.pinned_row import PinnedRow
from gui.widgets.prediction_delegate import PredictionDelegate
from gui.widgets.prediction_layout import ROW_HEIGHT, SMALL_SIZE, Columns, columns, scale_end
from gui.widgets.prediction_model import ROW_ROLE, PredictionModel, PredictionRow

if TYPE_CHECKING:
    from gui.theme.theme import Theme

HEADS = {
    "token": "token",
    "change": "\N{GREEK CAPITAL LETTER DELTA} log p",
    "movement": "rank",
}


class PredictionHeader(QWidget):
    """The names of the columns, and what a full bar stands for."""

    def __init__(self, theme: Theme, model: PredictionModel, view: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self._model = model
        self._view = view
        self.compact = False

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(self.theme.pixels(280), self.theme.pixels(26 if self.compact else 44))

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        theme, p = self.theme, self.theme.palette
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(p.surface))
        laid = columns(theme, self._view.width(), self._model.rows)
        painter.setFont(theme.font(SMALL_SIZE))
        painter.setPen(QColor(p.text_muted))
        base = Qt.AlignmentFlag.AlignBottom
        left, right = Qt.AlignmentFlag.AlignLeft | base, Qt.AlignmentFlag.AlignRight | base
        height = self.height() - theme.pixels(4)
        key = self.key_left(laid)
        crowded = key < laid.bars[0]
        for name, text in HEADS.items():
            area = laid.area(name, 0, height)
            if not area.isEmpty() and not (name == "token" and crowded):
                painter.drawText(area, left if name == "token" else right, text)
        bars: QRectF = laid.area("bars", 0, height)
        if not self.compact:
            painter.drawText(bars, left, "0")
            painter.drawText(bars, right, self._end)
        self._paint_key(painter, key)
        painter.setPen(QColor(p.border_strong))
        painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)
        painter.end()

    @property
    def _end(self) -> str:
        """What a full bar stands for."""
        return f"{scale_end(self._model.largest):.0%}"

    @property
    def scale(self) -> str:
        """What empty and full bars stand for, where there is one line for it."""
        return f"0 \N{EN DASH} {self._end}" if self.compact else ""

    def key_left(self, laid: Columns) -> float:
        """Return where the key begins: over the bars, or further left where that has no room for all of it."""
        metrics = QFontMetricsF(self.theme.font(SMALL_SIZE))
        width = metrics.horizontalAdvance("cleanoperated" + self.scale) + self.theme.pixels(2 * 15 + 2 * 12)
        if not self.compact or laid.bars[0] + width <= laid.next_head:
            return laid.bars[0]
        return max(self.theme.pixels(12), min(laid.token[0], laid.next_head - width))

    def _paint_key(self, painter: QPainter, left: float) -> None:
        """Say which bar is which, in the order in which they lie."""
        theme, p = self.theme, self.theme.palette
        line, side = theme.pixels(26 if self.compact else 20), theme.pixels(10)
        for name in ("clean", "operated"):
            painter.fillRect(QRectF(left, (line - side) / 2 + 1, side, side), QColor(getattr(p, name)))
            left += side + theme.pixels(5)
            width = painter.fontMetrics().horizontalAdvance(name)
            painter.drawText(QRectF(left, 0, width + 2, line), Qt.AlignmentFlag.AlignVCenter, name)
            left += width + theme.pixels(12)
        if self.scale:
            room = QRectF(left, 0, painter.fontMetrics().horizontalAdvance(self.scale) + 2, line)
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, self.scale)


class PredictionView(QListView):
    """The rows. Arrow keys move, Enter and a click choose."""

    rowChosen = Signal(QModelIndex)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
        if event.key() in keys and self.currentIndex().isValid():
            self.rowChosen.emit(self.currentIndex())
            event.accept()
            return
        super().keyPressEvent(event)


class PredictionList(QWidget):
    """Header, whole rows, and below them the followed one where it is not among them.

    Signals
    -------
    tokenChosen(int)
        The id of a token that was clicked or entered.
    """

    tokenChosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.model = PredictionModel(self)
        self.view = PredictionView()
        self.view.setObjectName("predictionView")
        self.view.setAccessibleName("Predictions; Enter follows a token")
        self.view.setModel(self.model)
        self._delegate = PredictionDelegate(theme, self.model, self)
        self.view.setItemDelegate(self._delegate)
        self.header = PredictionHeader(theme, self.model, self.view.viewport())
        self.pinned = PinnedRow(theme, self._delegate, self.view.viewport(), self)
        for part in (self.header, self.view):
            part.setParent(self)
        self.view.verticalScrollBar().valueChanged.connect(self._on_view_scrolled)
        self.pinned.clicked.connect(self._on_pinned_clicked)
        self.view.clicked.connect(self._on_view_row_chosen)
        self.view.rowChosen.connect(self._on_view_row_chosen)
        self.restyle()

    def set_rows(self, rows: list[PredictionRow]) -> None:
        """Show rows."""
        self.model.set_rows(rows)
        if rows and not self.view.currentIndex().isValid():
            self.view.setCurrentIndex(self.model.index(0))
        self._arrange()

    def set_compact(self, compact: bool) -> None:
        """Take less height: lower rows, and one line for the header."""
        if compact != self.header.compact:
            self.header.compact = self._delegate.compact = compact
            self.restyle()

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        least = self.header.minimumSizeHint()
        return QSize(least.width(), least.height() + self.theme.pixels(ROW_HEIGHT))

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(self.header.sizeHint().width(), self.header.sizeHint().height() + 8 * self._delegate.height)

    def restyle(self) -> None:
        """Take colours and sizes from the theme again."""
        self.view.setSpacing(0)
        self.view.scheduleDelayedItemsLayout()
        self.updateGeometry()
        self._arrange()
        for part in (self, self.header, self.pinned, self.view.viewport()):
            part.update()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._arrange()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.palette.surface))
        painter.end()

    def _arrange(self) -> None:
        """Give the view whole rows and no part of another, and pin the followed row where they do not hold it."""
        row, top = self._delegate.height, self.header.sizeHint().height()
        room = max(0, self.height() - top)
        count, target, first = self.model.rowCount(), self.model.target, self.view.verticalScrollBar().value()
        fit = room // row
        first = max(0, min(first, count - fit))
        pin = target >= count or (target >= 0 and not first <= target < first + max(fit, 1))
        below = self.pinned.sizeHint().height()
        pin = pin and room >= row + below
        whole = (room - (below if pin else 0)) // row
        height = min(whole, max(count, 1)) * row if whole else room
        self.header.setGeometry(0, 0, self.width(), top)
        self.view.setGeometry(0, top, self.width(), height)
        self.pinned.show_row(self.model.rows[target] if pin else None)
        self.pinned.setGeometry(0, top + height, self.width(), below)
        self.pinned.setVisible(pin)
        self.header.update()

    def _on_view_row_chosen(self, index: QModelIndex) -> None:
        row = index.data(ROW_ROLE)
        if isinstance(row, PredictionRow):
            self.tokenChosen.emit(row.operated.id)

    def _on_view_scrolled(self, value: int) -> None:
        self._arrange()

    def _on_pinned_clicked(self) -> None:
        if self.pinned.row is not None:
            self.tokenChosen.emit(self.pinned.row.operated.id)
