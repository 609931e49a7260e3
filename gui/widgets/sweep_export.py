"""A sweep's map as a file: its numbers as CSV, and what is drawn as PNG or SVG, with what they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgGenerator

from core.runs.sweep_answer import as_csv
from gui.widgets.heat_legend import HeatLegend
from gui.widgets.heat_picture import HeatPainting, placed
from gui.widgets.sweep_picture import cell_title, layout

if TYPE_CHECKING:
    from core.runs.sweep_result import SweepResult
    from gui.theme.theme import Theme
    from gui.widgets.sweep_picture import Picture

UNITS = (
    "log_prob, d_log_prob, logit_difference and kl in nats, d_ the change from the clean run; "
    "cosine after so many layers, 0 the embedding; empty where a cell is not run"
)
# Room for a number of three digits; a picture of many cells is kept to a size that can be opened.
CELL_WIDTH, CELL_HEIGHT, MOST_PIXELS = 54, 26, 6000
LEAST_WIDTH, MARGIN, FINENESS, SIZE = 640, 12, 2, 12


def provenance(result: SweepResult) -> dict[str, str]:
    """Return what a sweep's numbers are of, by name."""
    request, model = result.request, result.model
    cell = request.cells[0]
    params = ", ".join(f"{name}={value}" for name, value in cell.params)
    axes = (f"{axis.name} ({len(axis.values)})" for axis in request.axes)
    found = {
        "model": f"{model.name} ({model.n_layers} layers, {model.dtype} on {model.device})",
        "prompt": result.tokens.prompt,
        "plan": f"each cell alone, such as {cell_title(result, 0)}{f' ({params})' if params else ''}",
        "axes": ", ".join(axes),
        "method": result.method,
        "cells": f"{int(result.done.sum())} of {len(result.done)} run",
    }
    if result.target_text is not None:
        found["target"] = result.target_text
    if result.versus_text is not None:
        found["versus"] = result.versus_text
    if request.pairs:
        found["pairs"] = ", ".join(pair.label for pair in request.pairs)
    if result.remarks:
        found["remarks"] = " ".join(result.remarks)
    return found


def exported(shown: Picture, kind: str, theme: Theme) -> bytes:
    """Return a map as the bytes of a file.

    Parameters
    ----------
    kind : {"csv", "png", "svg"}
        All numbers in full, one row a cell, below lines that begin with ``#``; or what is drawn.
    """
    if kind == "csv":
        return _csv(shown.result).encode()
    figure = _Figure(shown, theme)
    return figure.png() if kind == "png" else figure.svg()


def _csv(result: SweepResult) -> str:
    said = {**provenance(result), "units": UNITS}
    lines = (f"# {name}: {' '.join(words.splitlines())}\n" for name, words in said.items())
    return "".join(lines) + as_csv(result)


class _Figure:
    """The map with its title and its legend, drawn for a file."""

    def __init__(self, shown: Picture, theme: Theme) -> None:
        self._shown, self._theme, self._heat = shown, theme, shown.heat()
        self._metrics = QFontMetricsF(theme.font(SIZE))
        rows, columns = self._heat.values.shape
        labels = max((self._metrics.horizontalAdvance(label) for label in self._heat.rows), default=0.0)
        across = min(theme.pixels(CELL_WIDTH), MOST_PIXELS / columns)
        down = min(theme.pixels(CELL_HEIGHT), MOST_PIXELS / rows)
        self._map = QSize(
            max(theme.pixels(LEAST_WIDTH), round(labels + columns * across + theme.pixels(40))),
            round(rows * down + 4 * self._metrics.height()),
        )
        self._said = provenance(shown.result)
        unit = ", in nats" if shown.readout.pair is None else ""
        self._lines = [f"{shown.title}{unit}", *(f"{name}: {self._said[name]}" for name in ("model", "prompt", "plan"))]
        self._top = round(len(self._lines) * 1.3 * self._metrics.height()) + 2 * theme.pixels(MARGIN)
        self._legend = HeatLegend(theme)
        self._legend.show_scale(shown.scale)
        self._legend.resize(self._map.width(), self._legend.minimumSizeHint().height())
        self._size = QSize(self._map.width(), self._top + self._legend.height() + self._map.height())

    def png(self) -> bytes:
        """Return the picture as PNG, with what it is of in its text entries."""
        image = QImage(self._size * FINENESS, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(FINENESS)
        for name, words in self._said.items():
            image.setText(name, words)
        painter = QPainter(image)
        self._paint(painter)
        painter.end()
        kept = QByteArray()
        buffer = QBuffer(kept)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        QImageWriter(buffer, QByteArray(b"png")).write(image)
        return bytes(kept.data())

    def svg(self) -> bytes:
        """Return the picture as SVG, with what it is of in its description."""
        kept = QByteArray()
        buffer = QBuffer(kept)
        made = QSvgGenerator()
        made.setOutputDevice(buffer)
        made.setSize(self._size)
        made.setViewBox(QRect(QPoint(0, 0), self._size))
        made.setTitle(self._shown.title)
        made.setDescription("\n".join(f"{name}: {words}" for name, words in self._said.items()))
        painter = QPainter(made)
        self._paint(painter)
        painter.end()
        return bytes(kept.data())

    def _paint(self, painter: QPainter) -> None:
        p, margin = self._theme.palette, self._theme.pixels(MARGIN)
        painter.fillRect(QRect(QPoint(0, 0), self._size), QColor(p.surface))
        base = margin + self._metrics.ascent()
        for number, line in enumerate(self._lines):
            painter.setFont(self._theme.font(SIZE, bold=not number))
            painter.setPen(QColor(p.text if not number else p.text_muted))
            words = self._metrics.elidedText(line, Qt.TextElideMode.ElideRight, self._size.width() - 2 * margin)
            painter.drawText(QPointF(margin, base), words)
            base += 1.3 * self._metrics.height()
        self._legend.render(painter, QPoint(0, self._top))
        painter.translate(0, self._top + self._legend.height())
        painting, colors = HeatPainting(self._theme, cell_by_cell=True), self._heat.colors(self._theme)
        place = placed(self._heat, self._map.width(), self._map.height(), self._theme)
        painting.cells(painter, self._heat, colors, place)
        painting.words(painter, self._heat, colors, place)
        painting.labels(painter, self._heat, place, None)


def suggested_name(result: SweepResult, kind: str) -> str:
    """Return a name for the file: what is swept, with which operation."""
    where = layout(result.request)
    axes = " ".join(filter(None, (where.row_title, where.column_title))).replace(", ", " ")
    operation = result.request.cells[0].operation
    return f"sweep {operation} {axes}.{kind}".replace(" ", "-")
