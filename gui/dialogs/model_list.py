"""The list of models, in groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from core.models.progress import in_words
from gui.dialogs import model_words as words
from gui.widgets.model_name import short_name

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from core.models.catalogue import CatalogueEntry
    from gui.theme.theme import Theme

COLUMNS = ("Model", "Family", "Parameters", "On disk", "Memory", "State")
NAME, STATE = 0, len(COLUMNS) - 1
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
ENTRY = Qt.ItemDataRole.UserRole
ROWS = 3


class ModelList(QTreeWidget):
    """Shows the models that match a text, and what else the text could mean.

    Signals
    -------
    chosen()
        Another row is current.
    """

    chosen = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._entries: tuple[CatalogueEntry, ...] = ()
        self._place = words.Place(device=None, dtype="float32", held=None)
        self._text = ""
        self.setHeaderLabels(list(COLUMNS))
        self.setAccessibleName("Models")
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.setIndentation(0)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for column in range(2, STATE):
            self.headerItem().setTextAlignment(column, RIGHT)
        self.currentItemChanged.connect(lambda now, before: self.chosen.emit())
        theme.changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        self.setMinimumHeight(self._theme.pixels(34 * (ROWS + 1)))
        self._fill()

    @property
    def entry(self) -> CatalogueEntry | None:
        """The current model; None where the row is what was typed, or nothing."""
        item = self.currentItem()
        entry: CatalogueEntry | None = None if item is None else item.data(NAME, ENTRY)
        return entry

    @property
    def name(self) -> str:
        """What the current row opens; empty for none."""
        if self.currentItem() is None:
            return ""
        return self._text if self.entry is None else self.entry.name

    def show_models(self, entries: tuple[CatalogueEntry, ...], place: words.Place) -> None:
        """Show models, and whether they fit at a place."""
        self._entries, self._place = entries, place
        self._fill()

    def look_for(self, text: str) -> None:
        """Show only what a text can mean; the first match is current."""
        self._text = text.strip()
        self._fill(first=True)

    def choose(self, name: str) -> None:
        """Make the row of a model current, if there is one."""
        for item in self._rows():
            entry = item.data(NAME, ENTRY)
            if entry is not None and entry.name == name:
                self.setCurrentItem(item)

    def step(self, by: int) -> None:
        """Move to another row; the ends are no reason to leave it."""
        rows = self._rows()
        if rows:
            now = rows.index(self.currentItem()) if self.currentItem() in rows else -1
            self.setCurrentItem(rows[min(max(now + by, 0), len(rows) - 1)])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave Enter to the dialog, whose button opens."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _rows(self) -> list[QTreeWidgetItem]:
        groups = [self.topLevelItem(row) for row in range(self.topLevelItemCount())]
        return [group.child(row) for group in groups if group is not None for row in range(group.childCount())]

    def _fill(self, *, first: bool = False) -> None:
        name = "" if first else self.name
        place = self.verticalScrollBar().value()
        self.blockSignals(True)
        self.clear()
        found = [entry for entry in self._entries if words.matches(entry, self._text)]
        for kind, heading in words.KINDS.items():
            mine = [entry for entry in found if entry.kind == kind]
            if mine:
                group = self._group(heading)
                for entry in mine:
                    self._add(group, entry)
        if self._text and all(entry.name != self._text for entry in found):
            row = QTreeWidgetItem(self._group(words.FOUND), [words.offer(self._text)])
            row.setFirstColumnSpanned(True)
            row.setToolTip(NAME, self._text)
        rows = self._rows()
        for row in rows:
            entry = row.data(NAME, ENTRY)
            if name and (self._text if entry is None else entry.name) == name:
                self.setCurrentItem(row)
        if self.currentItem() not in rows and rows:
            self.setCurrentItem(rows[0])
        self.blockSignals(False)
        self.verticalScrollBar().setValue(place)
        self.chosen.emit()

    def _group(self, heading: str) -> QTreeWidgetItem:
        group = QTreeWidgetItem(self, [heading])
        group.setFlags(Qt.ItemFlag.ItemIsEnabled)
        group.setFirstColumnSpanned(True)
        group.setExpanded(True)
        group.setFont(NAME, self._theme.font(13, bold=True))
        group.setForeground(NAME, QColor(self._theme.palette.text_muted))
        return group

    def _add(self, group: QTreeWidgetItem, entry: CatalogueEntry) -> None:
        said = words.state(entry, self._place)
        texts = (
            short_name(entry.name),
            f"{entry.label}, by structure" if entry.detected and entry.supported else entry.label or "unknown",
            words.parameters(entry),
            in_words(entry.disk_bytes) if entry.disk_bytes else "",
            words.memory(entry, self._place.dtype),
            said,
        )
        row = QTreeWidgetItem(group, list(texts))
        row.setData(NAME, ENTRY, entry)
        p = self._theme.palette
        for column in range(len(COLUMNS)):
            row.setToolTip(column, entry.name if column == NAME else entry.remark)
            if not (entry.supported or entry.started):
                row.setForeground(column, QColor(p.text_faint))
            if 2 <= column < STATE:
                row.setTextAlignment(column, RIGHT)
        if said.startswith("too large"):
            row.setForeground(STATE, QColor(p.warning))
        elif said in ("open", "in memory"):
            row.setForeground(STATE, QColor(p.success))
