"""Painting the counterfactual prompt below the prompt: its chips, and what ties them to their counterparts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from gui.surgery.token_display import Face, Slot, faces

if TYPE_CHECKING:
    from core.text.alignment import Alignment
    from core.text.tokens import Tokens
    from gui.theme.theme import Theme

TEXT, CHIP_HEIGHT, TIE, GAP, PAD, RADIUS = 15, 27, 10, 3, 8, 6


@dataclass
class DonorLook:
    """What is shown of the counterfactual prompt.

    Attributes
    ----------
    partners : tuple of (int or None), [token of the prompt]
    by_user : frozenset of (int, int)
        Those matches that the user made.
    differing, unmatched : frozenset of int
        Its tokens whose counterpart is another token, and those without one.
    picked_here, picked_there : int or None
        The token that waits for its counterpart.
    pointer : QPointF or None
        Where the mouse holds the thread that begins there.
    """

    tokens: Tokens
    faces: tuple[Face, ...]
    partners: Alignment
    by_user: frozenset[tuple[int, int]]
    differing: frozenset[int]
    unmatched: frozenset[int]
    slots: tuple[Slot, ...] = ()
    picked_here: int | None = None
    picked_there: int | None = None
    pointer: QPointF | None = None

    @property
    def has_picked(self) -> bool:
        """Whether a token waits for its counterpart."""
        return self.picked_here is not None or self.picked_there is not None

    @property
    def unmatched_here(self) -> tuple[int, ...]:
        """The prompt's tokens without a counterpart."""
        return tuple(here for here, there in enumerate(self.partners) if there is None)

    def partner_of(self, there: int) -> int | None:
        """Return the prompt's first token that is matched with one of its own."""
        return next((here for here, other in enumerate(self.partners) if other == there), None)


def donor_look(
    prompt: Tokens, tokens: Tokens, partners: Alignment, matches: Iterable[tuple[int, int]] = ()
) -> DonorLook:
    """Return how a counterfactual prompt looks beside a prompt."""
    pairs = [(here, there) for here, there in enumerate(partners) if there is not None]
    differing = frozenset(there for here, there in pairs if prompt.ids[here] != tokens.ids[there])
    unmatched = frozenset(range(len(tokens))) - frozenset(partners)
    return DonorLook(tokens, faces(tokens), partners, frozenset(matches) & frozenset(pairs), differing, unmatched)


class DonorPainter:
    """Measures and paints the counterfactual prompt's chips in a theme."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self.refresh()

    def refresh(self) -> None:
        """Read the sizes of the theme again."""
        px = self._theme.pixels
        self.chip_height, self.tie, self.gap = px(CHIP_HEIGHT), px(TIE), px(GAP)
        self.height = self.tie + self.chip_height + self.gap
        self._plain, self._bold = self._theme.font(TEXT), self._theme.font(TEXT, bold=True)

    def widths(self, chips: Sequence[Face]) -> list[float]:
        """Return how wide each chip has to be."""
        metrics, pads = QFontMetricsF(self._bold), 2 * self._theme.pixels(PAD)
        return [metrics.horizontalAdvance(face.text) + pads for face in chips]

    def paint(
        self,
        painter: QPainter,
        look: DonorLook,
        upper: Sequence[QRectF],
        lower: Sequence[QRectF],
        area: QRectF,
        focus: int | None,
        hover: int | None,
    ) -> None:
        """Paint ties and chips that are seen in an area.

        Parameters
        ----------
        upper, lower : sequence of QRectF
            Where the prompt's tokens end below, and where the chips are.
        focus, hover : int or None
            Which chip has the focus, and which is under the pointer.
        """
        reach = area.adjusted(0, -self.height, 0, self.height)
        for here, there in enumerate(look.partners):
            if not reach.intersects(upper[here]):
                continue
            if there is None:
                self._loose_end(painter, upper[here])
            else:
                self._tie(painter, upper[here], lower[there], (here, there) in look.by_user, there in look.differing)
        for index in range(len(look.faces)):
            if not area.intersects(lower[index]):
                continue
            self._chip(painter, look, index, lower[index], hover == index)
            if focus == index:
                self._ring(painter, lower[index])
        if look.picked_here is not None:
            end = QPointF(upper[look.picked_here].center().x(), upper[look.picked_here].bottom())
            self._thread(painter, end, look.pointer)
        if look.picked_there is not None:
            box = lower[look.picked_there]
            self._thread(painter, QPointF(box.center().x(), box.top()), look.pointer)

    def _thread(self, painter: QPainter, end: QPointF, pointer: QPointF | None) -> None:
        """Draw a knot where the token that was picked waits for its counterpart, and a thread to the mouse."""
        p, size = self._theme.palette, self._theme.pixels(6)
        if pointer is not None:
            painter.setPen(QPen(QColor(p.accent), 2 * self._theme.scale, Qt.PenStyle.DashLine))
            painter.drawLine(end, pointer)
        painter.setPen(QPen(QColor(p.window), 2))
        painter.setBrush(QColor(p.accent))
        painter.drawEllipse(end, size, size)

    def _loose_end(self, painter: QPainter, above: QRectF) -> None:
        """Draw a small cross below a token of the prompt that has no counterpart."""
        p, size = self._theme.palette, self._theme.pixels(3.5)
        centre = QPointF(above.center().x(), above.bottom() + self.tie / 2)
        painter.setPen(QPen(QColor(p.warning), 1.8 * self._theme.scale))
        for way in (-1, 1):
            painter.drawLine(centre + QPointF(-size, way * size), centre + QPointF(size, -way * size))

    def _tie(self, painter: QPainter, above: QRectF, chip: QRectF, by_user: bool, differs: bool) -> None:
        p = self._theme.palette
        color = p.accent if by_user or differs else p.border_strong
        painter.setPen(QPen(QColor(color), (2.4 if by_user else 1.4) * self._theme.scale))
        start, end = QPointF(above.center().x(), above.bottom()), QPointF(chip.center().x(), chip.top())
        if 0 <= end.y() - start.y() <= 2 * self.tie:
            painter.drawLine(start, end)
        else:  # in another row of chips: only both ends
            painter.drawLine(start, start + QPointF(0, self.tie / 2))
            painter.drawLine(end, end - QPointF(0, self.tie / 2))
        if by_user:
            painter.setBrush(QColor(color))
            painter.drawEllipse(start, 2.0, 2.0)

    def _chip(self, painter: QPainter, look: DonorLook, index: int, box: QRectF, hovered: bool) -> None:
        p, face, chip = self._theme.palette, look.faces[index], box.adjusted(0.5, 0.5, -0.5, -0.5)
        fill, edge, ink, style = p.raised, p.border, p.text_muted, Qt.PenStyle.SolidLine
        if index in look.unmatched:
            fill, edge, ink, style = p.window, p.warning, p.warning, Qt.PenStyle.DashLine
        elif index in look.differing:
            fill, edge, ink = p.accent_soft, p.accent, p.text
        if hovered:
            edge, fill = p.accent, p.accent_soft
        painter.setPen(QPen(QColor(edge), 1.2, style))
        painter.setBrush(QColor(fill))
        radius = self._theme.pixels(RADIUS)
        painter.drawRoundedRect(chip, radius, radius)
        font = self._bold if index in look.differing else self._plain
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        x = chip.center().x() - metrics.horizontalAdvance(face.text) / 2
        base = chip.center().y() + (metrics.ascent() - metrics.descent()) / 2
        for text, sign in face.pieces:
            painter.setPen(QColor(p.text_faint if sign else ink))
            painter.drawText(QPointF(x, base), text)
            x += metrics.horizontalAdvance(text)

    def _ring(self, painter: QPainter, box: QRectF) -> None:
        painter.setPen(QPen(QColor(self._theme.palette.accent), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        radius = self._theme.pixels(RADIUS) + 2
        painter.drawRoundedRect(box.adjusted(-2.5, -2.5, 2.5, 2.5), radius, radius)
