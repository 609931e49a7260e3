"""The numbers under the crosshair, which are at once the key to the curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.theme.plot_style import line_pen, symbol_brush, symbol_pen
from gui.widgets.curve_symbol import draw_symbol
from gui.widgets.number_format import plain

if TYPE_CHECKING:
    from gui.theme.theme import Theme

COLUMNS = ("clean", "operated", "change")
NO_CHANGE = "no change"
LABEL_SIZE, HEAD_SIZE = 14, 13
EDGE, RIGHT_EDGE, SWATCH, LEAST_LABEL = 12, 14, 18, 84


@dataclass(frozen=True)
class ReadoutRow:
    """One line of numbers, already written out.

    Attributes
    ----------
    symbol : int or None
        Place of the series whose colour and symbol stand before the label.
    band : str
        What 95 % of several operated runs lie in; empty for a single one.
    """

    label: str
    clean: str
    operated: str
    change: str
    symbol: int | None = None
    band: str = ""

    @property
    def spread(self) -> str:
        """The operated number with its band."""
        return f"{self.operated} {self.band}".strip()

    def written(self, column: str, *, banded: bool) -> str:
        """Return what stands in a column."""
        return self.spread if banded and column == "operated" else str(getattr(self, column))


class CurveReadout(QWidget):
    """A heading, the names of three columns with samples of their lines, and rows of numbers.

    Where three have no room, the clean numbers give way, then the bands of several runs: the change
    is what one looks for. They are in the tip then, and the sample of the clean line stays where it can.

    Parameters
    ----------
    by_pair : bool
        True when colours tell series apart; the samples are then neutral. False when colours
        tell clean from operated.
    """

    def __init__(self, theme: Theme, *, by_pair: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self._by_pair = by_pair
        self._widest = plain(-0.0001 if by_pair else -10)
        self.heading = self.short = ""
        self.rows: tuple[ReadoutRow, ...] = ()
        self._banded = True
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_rows(self, heading: str, rows: Sequence[ReadoutRow], *, short: str = "") -> None:
        """Show numbers; ``short`` is the heading where there is no room for it."""
        taller = len(rows) != len(self.rows)
        self.heading, self.short, self.rows = heading, short, tuple(rows)
        said = "; ".join(f"{r.label}: clean {r.clean}, operated {r.spread}, change {r.change}" for r in rows)
        self.setAccessibleName(heading)
        self.setAccessibleDescription(said)
        self._tell()
        if taller:
            self.updateGeometry()
        self.update()

    def restyle(self) -> None:
        """Take colours and sizes from the theme again."""
        self._tell()
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(self.theme.pixels(360), self.minimumSizeHint().height())

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        height = self._line() * (1 + len(self.rows)) + self.theme.pixels(12)
        return QSize(self.theme.pixels(280), round(height))

    def _line(self) -> float:
        return QFontMetricsF(self.theme.font(LABEL_SIZE, bold=True)).height() + self.theme.pixels(4)

    def _columns(self) -> dict[str, tuple[float, float]]:
        """Return left and right of each column; the clean numbers give way to the labels, then the bands."""
        for names, self._banded in ((COLUMNS, True), (COLUMNS[1:], True), (COLUMNS[1:], False)):
            made = self._place(names)
            if self._room(made) >= self.theme.pixels(LEAST_LABEL):
                break
        return made

    def _room(self, columns: dict[str, tuple[float, float]]) -> float:
        return min(left for left, _ in columns.values()) - self.theme.pixels(EDGE + SWATCH + 10)

    def _place(self, names: tuple[str, ...]) -> dict[str, tuple[float, float]]:
        theme = self.theme
        head, numbers = QFontMetricsF(theme.font(HEAD_SIZE)), QFontMetricsF(theme.font(LABEL_SIZE, bold=True))
        right = float(self.width() - theme.pixels(RIGHT_EDGE))
        made: dict[str, tuple[float, float]] = {}
        for name in reversed(names):
            needs = [head.horizontalAdvance(name), numbers.horizontalAdvance(self._widest)]
            needs[0] += self._sample() if name != "change" else 0
            needs += [numbers.horizontalAdvance(row.written(name, banded=self._banded)) for row in self.rows]
            made[name] = (right - max(needs), right)
            right = made[name][0] - theme.pixels(16)
        return made

    def _sample(self) -> float:
        return self.theme.pixels(30)

    def _tell(self) -> None:
        """Say in the tip what has no room."""
        columns = self._columns()
        metrics, room = QFontMetricsF(self.theme.font(LABEL_SIZE)), self._room(columns)
        lines = [f"{row.label}: clean {row.clean}, operated {row.spread}" for row in self.rows]
        if "clean" not in columns:
            lines.append("The clean run is dashed, with hollow symbols.")
        elif self._banded and all(metrics.horizontalAdvance(row.label) <= room for row in self.rows):
            lines = []
        self.setToolTip("\n".join(lines))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._tell()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(self.theme.palette.surface))
        columns, line = self._columns(), self._line()
        top = float(self.theme.pixels(8))
        self._paint_head(painter, columns, top, line)
        for row in self.rows:
            top += line
            self._paint_row(painter, row, columns, top, line)
        painter.end()

    def _paint_head(self, painter: QPainter, columns: dict[str, tuple[float, float]], top: float, line: float) -> None:
        theme, p = self.theme, self.theme.palette
        left = theme.pixels(EDGE)
        first = min(start for start, _ in columns.values())
        room = QRectF(left, top, first - left - theme.pixels(10), line)
        font, small = theme.font(LABEL_SIZE, bold=True), theme.font(HEAD_SIZE)
        bold, metrics = QFontMetricsF(font), QFontMetricsF(small)
        key = self._sample() + metrics.horizontalAdvance("clean")
        columns = dict(columns)
        if "clean" not in columns and self.short:
            spare = room.width() - bold.horizontalAdvance(self.short) - theme.pixels(8)
            if spare >= key:
                columns["clean"] = (room.right() - key, room.right())
                room.setWidth(room.width() - key - theme.pixels(8))
        fits = bold.horizontalAdvance(self.heading) <= room.width()
        self._text(painter, room, self.heading if fits or not self.short else self.short, font, p.text, right=False)
        font = small
        for name, (start, end) in columns.items():
            self._text(painter, QRectF(start, top, end - start, line), name, font, p.text_muted, right=True)
            if name == "change":
                continue
            color = p.text_muted if self._by_pair else getattr(p, name)
            x = end - metrics.horizontalAdvance(name) - self._sample()
            width = self._sample() - theme.pixels(6)
            y = top + line / 2
            painter.setPen(line_pen(theme, color, dashed=name == "clean"))
            painter.drawLine(QPointF(x, y), QPointF(x + width, y))
            filled = name == "operated"
            painter.setPen(symbol_pen(theme, color))
            painter.setBrush(symbol_brush(theme, color, filled=filled))
            draw_symbol(painter, "o", QPointF(x + width / 2, y), theme.pixels(8))

    def _paint_row(
        self, painter: QPainter, row: ReadoutRow, columns: dict[str, tuple[float, float]], top: float, line: float
    ) -> None:
        theme, p = self.theme, self.theme.palette
        left = float(theme.pixels(EDGE))
        if row.symbol is not None:
            color = p.pairs[row.symbol % len(p.pairs)]
            painter.setPen(symbol_pen(theme, color))
            painter.setBrush(symbol_brush(theme, color, filled=True))
            draw_symbol(painter, row.symbol, QPointF(left + theme.pixels(5), top + line / 2), theme.pixels(9))
            left += theme.pixels(SWATCH)
        first = min(start for start, _ in columns.values())
        room = QRectF(left, top, first - left - theme.pixels(10), line)
        self._text(painter, room, row.label, theme.font(LABEL_SIZE), p.text, right=False)
        for name, (start, end) in columns.items():
            written = row.written(name, banded=self._banded)
            quiet = name == "clean" or written == NO_CHANGE
            font = theme.font(LABEL_SIZE if written != NO_CHANGE else HEAD_SIZE, bold=not quiet)
            area = QRectF(start, top, end - start, line)
            self._text(painter, area, written, font, p.text_muted if quiet else p.text, right=True)

    def _text(self, painter: QPainter, area: QRectF, text: str, font: QFont, color: str, *, right: bool) -> None:
        painter.setFont(font)
        painter.setPen(QColor(color))
        shown = text if right else QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        painter.drawText(area, side | Qt.AlignmentFlag.AlignVCenter, shown)
