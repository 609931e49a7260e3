"""The protocol of a panel: it shows a result, and at most says what was clicked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from core.models.info import ModelInfo
    from core.runs.events import CheckReport, Deeper, ModelsHeld
    from core.runs.result import RunResult
    from core.sessions.session import CleanSide
    from gui.theme.theme import Theme


class Panel(QWidget):
    """Base of all panels.

    Signals
    -------
    targetChosen(int)
        The user clicked a token to follow; its id.
    """

    targetChosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme

    def show_model(self, info: ModelInfo, check: CheckReport) -> None:
        """Show a model that was opened; most panels say nothing of it."""

    def show_held(self, held: ModelsHeld) -> None:
        """Show which models are in memory; most panels say nothing of it."""

    def show_clean_side(self, side: CleanSide) -> None:
        """Show which of the two prompts is the clean one; most panels say nothing of it."""

    def show_deeper(self, event: Deeper) -> None:
        """Draw a run as far as it has come; most panels wait for its result."""

    def show_result(self, result: RunResult) -> None:
        """Draw a result."""
        raise NotImplementedError

    def show_reason(self, reason: str) -> None:
        """Show no numbers, and say why: there is nothing to draw yet, or nothing can be."""
        raise NotImplementedError

    def set_stale(self, stale: bool) -> None:
        """Mark what is shown as the answer to an earlier question while the new one is on its way."""
        raise NotImplementedError

    def set_outdated(self, outdated: bool) -> None:
        """Mark what is shown as the answer to an earlier question that nothing is coming to replace.

        A run failed, for instance. The next result or reason takes the mark away.
        """
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class PanelDeclaration:
    """What the window must know of a panel.

    Attributes
    ----------
    key, title, help : str
    order : int
        Place in the default layout, from the top.
    make : callable
        ``make(theme)`` returns the panel.
    behind : str
        Key of the panel that it shares a place with, and stands behind at first; empty for a place of its own.
    """

    key: str
    title: str
    help: str
    order: int
    make: Callable[[Theme], Panel]
    behind: str = ""
