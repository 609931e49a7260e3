"""The rows of the prediction table: every token that was among the likeliest before or after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from gui.widgets.number_format import percent, signed, whole
from gui.widgets.visible_text import visible

if TYPE_CHECKING:
    from core.runs.result import Prediction, RunResult

UP, DOWN, SAME = "\N{BLACK UP-POINTING TRIANGLE}", "\N{BLACK DOWN-POINTING TRIANGLE}", "="
ROW_ROLE = int(Qt.ItemDataRole.UserRole)


@dataclass(frozen=True)
class PredictionRow:
    """One token before and after.

    Attributes
    ----------
    entered, left : bool
        Whether it came into the list of likeliest tokens, or fell out of it.
    target : bool
        Whether it is the token that is followed.
    listed : bool
        Whether it is among the likeliest of either run; only the target need not be.
    """

    clean: Prediction
    operated: Prediction
    entered: bool
    left: bool
    target: bool
    listed: bool = True

    @property
    def text(self) -> str:
        """The token's text with whitespace made visible."""
        return visible(self.operated.text)

    @property
    def log_prob_change(self) -> float:
        """Operated minus clean, in nats."""
        return self.operated.log_prob - self.clean.log_prob

    @property
    def movement(self) -> str:
        """The change of rank as it is written: an arrow and a number, or a word."""
        if self.entered or self.left:
            return "new" if self.entered else "gone"
        up = self.clean.rank - self.operated.rank
        return SAME if not up else f"{UP if up > 0 else DOWN}{whole(abs(up))}"

    @property
    def sentence(self) -> str:
        """Everything the row shows, in words."""
        known = {"new": "new in the list", "gone": "gone from the list"}
        rank = f"rank {self.clean.rank} to {self.operated.rank}"
        parts = [
            f"Token {self.text}" + (", the target" if self.target else ""),
            f"probability {percent(self.clean.prob)} to {percent(self.operated.prob)}",
            f"log-prob change {signed(self.log_prob_change)} nats",
            f"{rank}, {known[self.movement]}" if self.movement in known else rank,
        ]
        return "; ".join(parts)


def prediction_rows(result: RunResult) -> list[PredictionRow]:
    """Return the rows of a result: by operated rank, then those that fell out of the list, then a target in no list."""
    before = {p.id: p for p in result.clean.listed}
    was, now = ({p.id for p in side.top} for side in (result.clean, result.operated))
    rows = [
        PredictionRow(
            clean=before[p.id],
            operated=p,
            entered=p.id in now and p.id not in was,
            left=p.id in was and p.id not in now,
            target=p.id == result.target,
            listed=p.id in now or p.id in was,
        )
        for p in result.operated.listed
        if p.id in before
    ]
    return sorted(rows, key=lambda row: (not row.listed, row.left, row.operated.rank))


class PredictionModel(QAbstractListModel):
    """The rows, one item each, with a whole sentence for screen readers.

    Attributes
    ----------
    rows : list of PredictionRow
        All of them: columns and bars are measured by all.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[PredictionRow] = []

    @property
    def largest(self) -> float:
        """The largest probability on either side."""
        return max((max(row.clean.prob, row.operated.prob) for row in self.rows), default=0.0)

    @property
    def target(self) -> int:
        """Place of the row that is followed; one that is not listed stands after all others. -1 without one."""
        return next((place for place, row in enumerate(self.rows) if row.target), -1)

    def set_rows(self, rows: list[PredictionRow]) -> None:
        """Show other rows; the view keeps its place where their number stays the same."""
        if [row.listed for row in rows] != [row.listed for row in self.rows]:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()
            return
        self.rows = rows
        if count := self.rowCount():
            self.dataChanged.emit(self.index(0), self.index(count - 1))

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008, D102
        return 0 if parent.isValid() else sum(row.listed for row in self.rows)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = ROW_ROLE) -> Any:  # noqa: D102
        if not 0 <= index.row() < len(self.rows):
            return None
        row = self.rows[index.row()]
        answers = {
            ROW_ROLE: row,
            int(Qt.ItemDataRole.DisplayRole): row.text,
            int(Qt.ItemDataRole.AccessibleTextRole): row.sentence,
            int(Qt.ItemDataRole.ToolTipRole): f"{row.sentence}. Click to follow this token.",
        }
        return answers.get(int(role))
