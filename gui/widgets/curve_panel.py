"""What both curve panels are made of: the readout above, the plot below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.widgets.curve_plot import Colors, CurvePlot, Series
from gui.widgets.curve_range import Limits
from gui.widgets.curve_readout import CurveReadout, ReadoutRow
from gui.widgets.depth_axis import depth_name
from gui.widgets.figure_caption import FigureCaption
from gui.widgets.framed_panel import FramedPanel

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QResizeEvent

    from core.runs.events import Deeper
    from core.runs.request import RunRequest
    from core.runs.result import RunResult
    from core.sessions.session import CleanSide
    from gui.theme.theme import Theme


def band_words(written: Callable[[float], str], series: Series, depth: int) -> str:
    """Return in brackets what 95 % of several runs lie in; nothing for a single one."""
    if series.low is None or series.high is None:
        return ""
    return f"[{written(float(series.low[depth]))}, {written(float(series.high[depth]))}]"


class CurvePanel(FramedPanel):
    """Curves by depth, and their numbers at the crosshair or, at rest, after the last layer.

    Subclasses say what the series are (`show_result`) and how a depth's numbers are written (`rows_at`).

    Attributes
    ----------
    lens : str
        Key of the lens whose curves these are.
    """

    lens: str

    def __init__(self, theme: Theme, colors: Colors, limits: Limits, label: str, *, by_pair: bool) -> None:
        body = QWidget()
        super().__init__(theme, body, "curve")
        self.readout = CurveReadout(theme, by_pair=by_pair)
        self.plot = CurvePlot(theme, colors, limits, label)
        self.plot.setAccessibleName(f"{label} by depth; arrow keys move the crosshair")
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.caption = FigureCaption(theme)
        layout.addWidget(self.readout)
        layout.addWidget(self.caption)
        layout.addWidget(self.plot, 1)
        self._question: tuple[object, ...] = ()
        self._request: RunRequest | None = None
        self._is_partial = False
        self.plot.depthChanged.connect(self._on_plot_depth_changed)

    def heading(self, depth: int) -> str:
        """Return the heading for a depth."""
        return depth_name(depth)[0].upper() + depth_name(depth)[1:]

    def rows_at(self, depth: int) -> list[ReadoutRow]:
        """Return the numbers at a depth."""
        raise NotImplementedError

    def draw(self, series: list[Series], result: RunResult, *about: object) -> None:
        """Draw series; ``about`` tells one question from another, as far as the series do."""
        question = (result.model.name, result.request.ids, tuple(s.label for s in series), *about)
        self.plot.show_series(series, anew=question != self._question)
        self._question, self._request, self._is_partial = question, result.request, False
        self.caption.show_result(result)
        self._write()
        self.show_body()

    def show_deeper(self, event: Deeper) -> None:
        """Draw the operated curves down to where a run has come, if the clean ones are those of its question."""
        curves = event.curves.get(self.lens)
        if curves is not None and self._request is not None and event.request.clean() == self._request.clean():
            self._is_partial = True
            self.plot.show_operated(curves.values)

    def set_stale(self, stale: bool) -> None:
        """Mark what is shown; a run that came to no end leaves the curves of the last result."""
        super().set_stale(stale)
        if not stale and self._is_partial:
            self._is_partial = False
            self.plot.show_series(self.plot.series, anew=False)

    def show_clean_side(self, side: CleanSide) -> None:  # noqa: D102
        self.caption.show_clean_side(side)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self.caption.fit(self.height())

    def restyle(self) -> None:  # noqa: D102
        super().restyle()
        self.readout.restyle()
        self.caption.restyle()
        self.caption.fit(self.height())
        self.plot.restyle()

    def _write(self) -> None:
        depth = self.plot.depth if self.plot.depth >= 0 else self.plot.n_depths - 1
        if depth >= 0:
            self.readout.show_rows(self.heading(depth), self.rows_at(depth), short=depth_name(depth, short=True))

    def _on_plot_depth_changed(self, depth: int) -> None:
        self._write()
