"""The plan's rows for Qt's list view."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from gui.surgery.plan_row import PlanRow, row_words

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
IN_HAND = Qt.ItemDataRole.UserRole + 1


class PlanModel(QAbstractListModel):
    """Holds the rows that were last told; it never changes them itself."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[PlanRow, ...] = ()
        self.in_hand: frozenset[int] = frozenset()

    def set_rows(self, rows: tuple[PlanRow, ...]) -> None:
        """Take other rows, keeping the view where it was if their number is the same."""
        if len(rows) == len(self.rows):
            changed = [i for i, (old, new) in enumerate(zip(self.rows, rows, strict=True)) if old != new]
            self.rows = rows
            for i in changed:
                self.dataChanged.emit(self.index(i), self.index(i))
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def set_in_hand(self, rows: frozenset[int]) -> None:
        """Take other rows as those in hand."""
        changed, self.in_hand = rows ^ self.in_hand, rows
        for i in sorted(changed):
            if i < len(self.rows):
                self.dataChanged.emit(self.index(i), self.index(i), [IN_HAND])

    def rowCount(self, parent: Index = ROOT) -> int:
        """Return the number of incisions."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a row, or what a screen reader says of it."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return row
        if role == IN_HAND:
            return index.row() in self.in_hand
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return row_words(row)
        if role == Qt.ItemDataRole.CheckStateRole:
            return Qt.CheckState.Checked if row.enabled else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.ToolTipRole:
            carried = f"carried to {row.receiver} alone" if row.receiver else ""
            return "\n".join(part for part in (row.place, row.doing, carried, row.warning, row.remark) if part)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Rows can be selected and checked."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable
        return flags if index.isValid() else Qt.ItemFlag.NoItemFlags
