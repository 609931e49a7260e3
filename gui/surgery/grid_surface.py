"""The painted grid as a scrolled surface: what it shows, and how it fits and scrolls."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from gui.surgery.grid_geometry import Hit
from gui.surgery.grid_model import Cell, CellHeat, GridModel, cell_marks, occupied, paths
from gui.surgery.grid_painter import GridLook, GridPainter
from gui.surgery.grid_words import GridScene, cell_name
from gui.surgery.incision_words import dose_words

if TYPE_CHECKING:
    from gui.theme.theme import Theme
    from gui.widgets.anatomy_words import Tag

BY_KEY = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)
EMPTY = "No model is open. Open one, and its layers and heads appear here: every cell is a place to cut."


class GridSurface(QAbstractScrollArea):
    """Layers down, heads and wide columns across, labels pinned."""

    def __init__(self, theme: Theme, scene: GridScene, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme, self.scene, self.look = theme, scene, GridLook()
        self.focus_cell: Cell = (1, 0)
        self.ring = False
        self.taken: frozenset[Cell] = frozenset()
        self._asked: object = None
        self.painting = GridPainter(theme)
        self.setAccessibleName("grid of layers and heads")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        theme.changed.connect(self.refit)

    def refresh_marks(self) -> None:
        """Read incisions, chosen tokens and brush of the scene again."""
        scene, model = self.scene, self.scene.model
        self.look.marks = cell_marks(model, scene.incisions, scene.chosen) if model else {}
        self.taken = occupied(self.look.marks, scene.operation)
        self.look.paths = paths(model, scene.incisions) if model else ()
        self.look.swept = self._swept()
        self.look.tags = self._tags()
        self.look.inviting = scene.sender is not None
        asked = (model, scene.info, scene.operation, scene.sender)
        if asked != self._asked:
            self._asked = asked
            cells = model.cells if model else ()
            self.look.closed = frozenset(cell for cell in cells if model and scene.refusal(model.site(cell)))
        self.look.operation = self.scene.operation
        self.look.dose = dose_words(self.scene.operation, self.scene.params)
        self.viewport().update()

    def refresh_swept(self) -> None:
        """Read again what a sweep found; only the cells that are others now are painted."""
        before, self.look.swept = self.look.swept, self._swept()
        now, area = self.look.swept, QRect()
        for cell in {*before, *now} if self.look.geometry else ():
            if before.get(cell) != now.get(cell):
                area = area.united(self.look.rect(cell))
        if not area.isEmpty():
            self.viewport().update(area.adjusted(-1, -1, 1, 1))

    def _swept(self) -> dict[Cell, CellHeat]:
        scene, model = self.scene, self.scene.model
        found = {site: model.cell(site) for site in scene.swept} if model else {}
        return {cell: scene.swept[site] for site, cell in found.items() if cell is not None}

    def _tags(self) -> dict[Cell, Tag]:
        scene, found = self.scene, {}
        for cell in scene.model.cells if scene.model and scene.anatomy else ():
            head = scene.head(cell)
            tag = None if head is None or scene.anatomy is None else scene.anatomy.tag(head)
            if tag is not None:
                found[cell] = tag
        return found

    def refit(self) -> None:
        """Give the cells the size that fills the viewport best."""
        model, room = self.scene.model, self.maximumViewportSize()
        if model is None:
            self.look.geometry = None
        else:
            geometry = self.painting.fit(model, room.width(), room.height())
            if geometry.header_height + geometry.body_height > room.height():
                bar = self.verticalScrollBar().sizeHint().width()
                geometry = self.painting.fit(model, room.width() - bar, room.height())
            self.look.geometry = geometry
        self._set_scroll_ranges()
        self.viewport().update()

    def point_at(self, hit: Hit, outlined: tuple[Cell, ...] = ()) -> None:
        """Light up what is under the pointer; only the old and the new place are painted."""
        region = self.painting.crosshair(self.look, self.viewport().rect())
        everything = bool(outlined or self.look.outlined)
        self.look.hover, self.look.outlined = hit, outlined
        region += self.painting.crosshair(self.look, self.viewport().rect())
        if everything:
            self.viewport().update()
        else:
            self.viewport().update(region)

    def sizeHint(self) -> QSize:
        """Return room for a small model at a comfortable size."""
        return QSize(self.theme.pixels(560), self.theme.pixels(360))

    def minimumSizeHint(self) -> QSize:
        """Return room for some cells."""
        return QSize(self.theme.pixels(260), self.theme.pixels(96))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the cells to the new size."""
        self.refit()

    def scrollContentsBy(self, across: int, down: int) -> None:
        """Follow the scroll bars; the labels stay."""
        self.look.across, self.look.down = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        self.viewport().update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus ring from now on, if a key brought the focus here."""
        self.ring = self.ring or event.reason() in BY_KEY
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the focus ring away."""
        super().focusOutEvent(event)
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the cells in sight, or what is missing."""
        painter = QPainter(self.viewport())
        self.look.focus = self.focus_cell if self.ring and self.hasFocus() and self.look.geometry else None
        for area in cast("Iterable[QRect]", event.region()):  # it can be iterated, though its types do not say so
            painter.save()
            painter.setClipRect(area)
            self.painting.paint(painter, self.look, area, self.viewport().rect())
            painter.restore()
        if self.look.geometry is None:
            painter.setFont(self.theme.font(15))
            painter.setPen(QColor(self.theme.palette.text_muted))
            margin = self.theme.pixels(32)
            box = self.viewport().rect().adjusted(margin, margin, -margin, -margin)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, EMPTY)

    def cell_area(self) -> QWidget:
        """Return the widget that the cells are painted on."""
        return self.viewport()

    def cell_source(self) -> GridCells:
        """Return what screen readers are told."""
        return GridCells(self)

    def rows_in_sight(self) -> int:
        """Return how far a page key goes."""
        geometry = self.look.geometry
        return max((self.viewport().height() // geometry.cell_height) - 2, 1) if geometry else 1

    def _set_scroll_ranges(self) -> None:
        geometry, across, down = self.look.geometry, self.horizontalScrollBar(), self.verticalScrollBar()
        if geometry is None:
            across.setRange(0, 0)
            down.setRange(0, 0)
            return
        for bar, body, labels, room, step in (
            (across, geometry.body_width, geometry.label_width, self.viewport().width(), geometry.cell_width),
            (down, geometry.body_height, geometry.header_height, self.viewport().height(), geometry.cell_height),
        ):
            bar.setRange(0, max(labels + body - room + 1, 0))
            bar.setPageStep(max(room - labels, 1))
            bar.setSingleStep(step)

    def scroll_to(self, cell: Cell) -> None:
        """Scroll just as far as a cell needs to be seen."""
        geometry = self.look.geometry
        if geometry is None:
            return
        x, y, width, height = geometry.rect(cell)
        for bar, start, length, room in (
            (self.horizontalScrollBar(), x, width, self.viewport().width() - geometry.label_width),
            (self.verticalScrollBar(), y, height, self.viewport().height() - geometry.header_height),
        ):
            if start < bar.value():
                bar.setValue(start)
            elif start + length > bar.value() + room:
                bar.setValue(start + length - room + 4)


class GridCells:
    """What screen readers are told of the grid."""

    def __init__(self, view: GridSurface) -> None:
        self._view = view

    def cells(self) -> tuple[Cell, ...]:
        """Return all cells in reading order."""
        model: GridModel | None = self._view.scene.model
        return model.cells if model else ()

    def count(self) -> int:
        """How many cells there are."""
        return len(self.cells())

    def name(self, index: int) -> str:
        """Return a cell in words."""
        model = self._view.scene.model
        return cell_name(self._view.scene, self.cells()[index]) if model else ""

    def rect(self, index: int) -> QRect:
        """Return where a cell is."""
        return self._view.look.rect(self.cells()[index]) if self._view.look.geometry else QRect()

    def checked(self, index: int) -> bool:
        """Whether a cell is cut at just the chosen tokens."""
        mark = self._view.look.marks.get(self.cells()[index])
        return mark is not None and mark.own and mark.coverage == "exact"

    def focused(self) -> int:
        """Return the focused cell, or -1."""
        cells = self.cells()
        return cells.index(self._view.focus_cell) if self._view.hasFocus() and self._view.focus_cell in cells else -1
