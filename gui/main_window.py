"""The main window: where everything stands."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QDockWidget, QFrame, QMainWindow, QSplitter, QTabWidget, QVBoxLayout, QWidget

from gui.actions.model_menu import ModelMenu
from gui.header import HeaderBar
from gui.options import SMALLEST_SIZE
from gui.pair_chips import PairChips
from gui.panels import PANELS
from gui.status_bar import StatusLine
from gui.surgery.brush_bar import BrushBar
from gui.surgery.counterfactual_bar import CounterfactualBar
from gui.surgery.head_grid import HeadGrid
from gui.surgery.plan_list import PlanList
from gui.surgery.token_strip import TokenStrip
from gui.widgets.notice_bar import NoticeBar

if TYPE_CHECKING:
    from PySide6.QtGui import QCloseEvent, QResizeEvent

    from gui.panel import Panel
    from gui.theme.theme import Theme

TITLE = "Circuit Surgeon"
DEFAULT_SIZE = (1440, 900)
# Below this height three panels under each other have no room for their curves.
LOW = 860
DOCKS_SHARE = 0.52
UPPER_SHARE, LAST_SHARE = 300, 400
GRID_AND_PLAN = (600, 150)

Kind = TypeVar("Kind", bound="Panel")


class MainWindow(QMainWindow):
    """Lays out the parts; knows nothing of what they show.

    Signals
    -------
    closing()
        The window is about to close.
    resized()
        The window has another size.
    """

    closing = Signal()
    resized = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setWindowTitle(TITLE)
        self.setDockNestingEnabled(True)
        self.setDockOptions(
            QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AnimatedDocks
        )
        self.model_menu = ModelMenu(self)
        self.header = HeaderBar(theme, self.model_menu)
        self.counterfactual = CounterfactualBar(theme)
        self.strip = TokenStrip(theme)
        self.chips = PairChips(theme)
        self.notices = NoticeBar(theme)
        self.grid = HeadGrid(theme)
        self.brush = BrushBar(theme)
        self.plan = PlanList(theme)
        self.status = StatusLine(theme)
        self.panels: dict[str, Panel] = {}
        self.docks: dict[str, QDockWidget] = {}
        # Whether the default layout is the one for low windows; None once somebody has made another.
        self._arranged_low: bool | None = None
        self._lay_out_top()
        self._lay_out_centre()
        self._lay_out_docks()
        self.setStatusBar(self.status)
        self.resized.connect(self.brush.refit)
        self.setMinimumSize(*SMALLEST_SIZE)
        self.resize(*DEFAULT_SIZE)

    def _lay_out_top(self) -> None:
        """Header, counterfactual prompt, strip and notices span the whole width, above the docks."""
        top = QFrame(self)
        top.setObjectName("top")
        stack = QVBoxLayout(top)
        stack.setContentsMargins(0, 0, 0, 0)
        stack.setSpacing(0)
        px = self._theme.pixels
        strip = QWidget(top)
        inner = QVBoxLayout(strip)
        inner.setContentsMargins(px(12), 0, px(12), px(4))
        inner.addWidget(self.strip)
        self.strip.add_to_header(self.chips)
        self.strip.add_to_header(self.counterfactual.opener)
        for widget in (self.header, self.counterfactual, strip, self.notices):
            stack.addWidget(widget)
        bar = self.addToolBar("Prompt")
        bar.setObjectName("promptBar")
        bar.setMovable(False)
        bar.setFloatable(False)
        bar.toggleViewAction().setEnabled(False)
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        bar.addWidget(top)

    def _lay_out_centre(self) -> None:
        centre = QFrame(self)
        centre.setObjectName("centre")
        stack = QVBoxLayout(centre)
        stack.setContentsMargins(0, 0, 0, 0)
        stack.setSpacing(0)
        self.splitter = QSplitter(Qt.Orientation.Vertical, centre)
        self.splitter.setChildrenCollapsible(False)
        upper = QWidget(self.splitter)
        column = QVBoxLayout(upper)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.grid, 1)
        column.addWidget(self.brush)
        self.splitter.addWidget(upper)
        self.splitter.addWidget(self.plan)
        self.splitter.setStretchFactor(0, 4)
        self.splitter.setStretchFactor(1, 1)
        stack.addWidget(self.splitter)
        self.setCentralWidget(centre)

    def _lay_out_docks(self) -> None:
        for corner in (Qt.Corner.TopRightCorner, Qt.Corner.BottomRightCorner):
            self.setCorner(corner, Qt.DockWidgetArea.RightDockWidgetArea)
        right = Qt.DockWidgetArea.RightDockWidgetArea
        self.setTabPosition(right, QTabWidget.TabPosition.North)
        for declared in sorted(PANELS, key=lambda each: each.order):
            panel = declared.make(self._theme)
            panel.setToolTip("")
            dock = QDockWidget(declared.title, self)
            dock.setObjectName(declared.key)
            dock.toggleViewAction().setStatusTip(declared.help)
            dock.setWidget(panel)
            self.addDockWidget(right, dock)
            self.panels[declared.key] = panel
            self.docks[declared.key] = dock
            dock.topLevelChanged.connect(self._on_dock_moved)
        self._theme.changed.connect(self._restyle_docks)
        self._restyle_docks()

    def panel(self, kind: type[Kind]) -> Kind:
        """Return the panel that is of a class."""
        return next(panel for panel in self.panels.values() if isinstance(panel, kind))

    def _restyle_docks(self) -> None:
        """Give titles a font that is not quite the application's: that one Qt would write in the desktop's size."""
        font = self._theme.font()
        font.setStyleHint(QFont.StyleHint.SansSerif, QFont.StyleStrategy.PreferQuality)
        for dock in self.docks.values():
            dock.setFont(font)

    def arrange(self) -> None:
        """Put every dock at its default place: below each other, or in a low window the curves side by side."""
        for dock in self.docks.values():
            self.removeDockWidget(dock)
            self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
            # Only now: a dock that belongs to no window stays afloat.
            dock.setFloating(False)
            dock.show()
        docks = self._front()
        *upper, last = docks
        for declared in sorted(PANELS, key=lambda each: each.order):
            if declared.behind:
                self.tabifyDockWidget(self.docks[declared.behind], self.docks[declared.key])
        low = self._is_low()
        if low:
            for one, other in pairwise(upper):
                self.splitDockWidget(one, other, Qt.Orientation.Horizontal)
        width = round(self.width() * DOCKS_SHARE)
        across = [width // len(upper)] * len(upper) if low else [width] * len(upper)
        self.resizeDocks(upper, across, Qt.Orientation.Horizontal)
        rows = [upper[0], last] if low else docks
        shares = [UPPER_SHARE] * (len(rows) - 1) + [LAST_SHARE]
        self.resizeDocks(rows, shares, Qt.Orientation.Vertical)
        self.splitter.setSizes(list(GRID_AND_PLAN))
        for dock in docks:
            dock.raise_()
        self._arranged_low = low

    def _arrange_again(self) -> None:
        """Put the curves below or beside each other, and leave closed, in front and divided what is so."""
        closed = [dock for dock in self.docks.values() if dock.isHidden()]
        front = [dock for dock in self.docks.values() if not dock.visibleRegion().isEmpty()]
        divided = self.splitter.sizes()
        self.arrange()
        for dock in closed:
            dock.hide()
        for dock in front:
            dock.raise_()
        self.splitter.setSizes(divided)

    def _front(self) -> list[QDockWidget]:
        """Return the docks that have a place of their own, from the top."""
        return [
            self.docks[declared.key] for declared in sorted(PANELS, key=lambda each: each.order) if not declared.behind
        ]

    def _is_low(self) -> bool:
        return self.height() < self._theme.pixels(LOW)

    def _keep_shares(self, before: int) -> None:
        """Give the docks the same share of a window that has become wider or narrower."""
        loose = [dock for dock in self.docks.values() if dock.isVisible() and not dock.isFloating()]
        # To Qt those behind others are visible too, but nobody has told them how wide they are.
        docks = [dock for dock in loose if not dock.visibleRegion().isEmpty()]
        if before > 0 and docks:
            widths = [round(dock.width() * self.width() / before) for dock in docks]
            self.resizeDocks(docks, widths, Qt.Orientation.Horizontal)

    def _on_dock_moved(self) -> None:
        self._arranged_low = None

    def condense(self) -> bool:
        """Put curves that stand side by side behind one another, to make room; return whether any did."""
        *upper, _ = self._front()
        loose = [dock for dock in upper if dock.isVisible() and not dock.isFloating()]
        apart = [dock for dock in loose[1:] if loose[0] not in self.tabifiedDockWidgets(dock)]
        for dock in apart:
            self.tabifyDockWidget(loose[0], dock)
        if apart:
            loose[0].raise_()
        return bool(apart)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Go through the window as it is read; some parts are made afresh now and then."""
        upper = (
            self.header.model,
            self.header.prompt,
            self.counterfactual,
            self.strip,
            self.header.target,
            self.header.versus,
        )
        parts = (*upper, self.grid, self.brush, self.plan, *self.panels.values())
        every = [
            widget
            for part in parts
            for widget in (part, *part.findChildren(QWidget))
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
            and widget.focusProxy() is None
            and widget.window() is self
        ]
        for one, other in pairwise(every):
            self.setTabOrder(one, other)
        return super().focusNextPrevChild(forward)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell that the size is another."""
        super().resizeEvent(event)
        if self._arranged_low is not None and self._arranged_low != self._is_low():
            self._arrange_again()
        else:
            self._keep_shares(event.oldSize().width())
        self.resized.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Tell that the window closes."""
        self.closing.emit()
        super().closeEvent(event)
