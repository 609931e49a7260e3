"""Painting the token strip: chips, badges, carets and notches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from gui.surgery.donor_painter import DonorLook, DonorPainter
from gui.surgery.token_columns import columns, flow_columns
from gui.surgery.token_display import Face, Slot, flow

if TYPE_CHECKING:
    from gui.theme.theme import Theme

TEXT, INDEX, BADGE = 17, 12, 11
READS_HERE = "predicts here"


@dataclass
class StripLook:
    """What the strip shows at this moment."""

    faces: tuple[Face, ...] = ()
    slots: tuple[Slot, ...] = ()
    chosen: frozenset[int] = frozenset()
    pairs: tuple[tuple[int, int, int], ...] = ()
    pending: int | None = None
    read_position: int | None = None
    incised: frozenset[int] = frozenset()
    focus: int | None = None
    hover: int | None = None
    badges: dict[int, list[tuple[str, int]]] = field(default_factory=dict)
    donor: DonorLook | None = None

    def find_badges(self) -> None:
        """Sort the pairs' letters by token; several pairs are numbered."""
        self.badges = {}
        for number, (a, b, color) in enumerate(self.pairs, 1):
            digit = str(number) if len(self.pairs) > 1 else ""
            for position, letter in ((a, "A"), (b, "B")):
                self.badges.setdefault(position, []).append((letter + digit, color))


class TokenPainter:
    """Measures and paints chips in a theme."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self.donor = DonorPainter(theme)
        self.refresh()

    def refresh(self) -> None:
        """Read the sizes of the theme again."""
        px = self._theme.pixels
        self.chip_height, self.above, self.below = px(34), px(12), px(19)
        self.donor.refresh()
        self.margin, self.gap = px(4), px(6)
        self._pad, self._seam, self._radius = px(9), px(5), px(7)
        self._font, self._bold = self._theme.font(TEXT), self._theme.font(TEXT, bold=True)
        self._index_font = self._theme.font(INDEX)
        self._badge_font = self._theme.font(BADGE, bold=True)

    def row_height(self, look: StripLook) -> int:
        """Return the height of a row of chips with all that belongs to it."""
        return self.above + self.chip_height + self.below + (self.donor.height if look.donor else 0)

    def arrange(self, look: StripLook, width: float) -> None:
        """Put the chips in rows of a width, counterparts above one another."""
        widths, room = self._widths(look.faces), width - 2 * self.margin
        if look.donor is None:
            look.slots = flow(widths, [face.joined for face in look.faces], room, self.gap)
            return
        made = columns(look.donor.partners, len(look.donor.faces))
        both = (look.faces, look.donor.faces), (widths, self.donor.widths(look.donor.faces))
        look.slots, look.donor.slots = flow_columns(made, *both, room, self.gap)

    def _widths(self, faces: tuple[Face, ...]) -> list[float]:
        plain, bold = QFontMetricsF(self._font), QFontMetricsF(self._bold)
        index = QFontMetricsF(self._index_font)
        widths = []
        for i, face in enumerate(faces):
            text = (bold if face.role == "mask" else plain).horizontalAdvance(face.text)
            glued = i + 1 < len(faces) and faces[i + 1].joined
            pads = (self._seam if face.joined else self._pad) + (self._seam if glued else self._pad)
            widths.append(max(text + pads, index.horizontalAdvance(str(face.position)) + 6))
        return widths

    def chip(self, look: StripLook, cell: int) -> QRectF:
        """Return a chip's rectangle; those of the counterfactual prompt are counted after the prompt's own."""
        n_here = len(look.slots)
        slot = look.slots[cell] if cell < n_here or look.donor is None else look.donor.slots[cell - n_here]
        top = self.margin / 2 + slot.row * self.row_height(look) + self.above
        if cell < n_here:
            return QRectF(self.margin + slot.x, top, slot.width, self.chip_height)
        below = top + self.chip_height + self.below + self.donor.tie
        return QRectF(self.margin + slot.x, below, slot.width, self.donor.chip_height)

    def cell(self, look: StripLook, cell: int) -> QRectF:
        """Return all that belongs to a token: chip, badges above, position below."""
        grown, chip = self.margin / 2, self.chip(look, cell)
        if cell >= len(look.slots):
            return chip.adjusted(-grown, -self.donor.tie / 2, grown, self.donor.gap)
        return chip.adjusted(-grown, -self.above, grown, self.below)

    def paint(self, painter: QPainter, look: StripLook, area: QRectF) -> None:
        """Paint the tokens that are seen in an area."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        reach = area.adjusted(-self.margin, 0, self.margin, 0)
        seen = [i for i in range(len(look.slots)) if self.cell(look, i).intersects(reach)]
        for i in seen:
            self._chip(painter, look, i)
        for i in seen:
            self._surroundings(painter, look, i)
        if look.donor is not None:
            n_here = len(look.slots)
            upper = [self.chip(look, i).adjusted(0, 0, 0, self.below) for i in range(n_here)]
            lower = [self.chip(look, n_here + i) for i in range(len(look.donor.slots))]
            focus, hover = (None if cell is None else cell - n_here for cell in (look.focus, look.hover))
            self.donor.paint(painter, look.donor, upper, lower, reach, focus, hover)

    def _outline(self, look: StripLook, i: int, chip: QRectF) -> QPainterPath:
        """Return the chip's outline: round where its word ends, straight where a piece follows."""
        left = look.faces[i].joined
        right = i + 1 < len(look.faces) and look.faces[i + 1].joined
        shape = QPainterPath()
        if left or right:
            reach = 2.0 * self._radius
            wide = chip.adjusted(-reach if left else 0, 0, reach if right else 0, 0)
            shape.addRoundedRect(wide, self._radius, self._radius)
            cut = QPainterPath()
            cut.addRect(chip)
            return shape.intersected(cut)
        shape.addRoundedRect(chip, self._radius, self._radius)
        return shape

    def _chip(self, painter: QPainter, look: StripLook, i: int) -> None:
        p, face = self._theme.palette, look.faces[i]
        chip = self.chip(look, i).adjusted(0.5, 0.5, -0.5, -0.5)
        chosen, hovered = face.position in look.chosen, look.hover == i
        fill, edge, ink = p.raised, p.border_strong, p.text
        style = Qt.PenStyle.SolidLine
        if face.role == "special":
            fill, edge, ink, style = p.window, p.border_strong, p.text_faint, Qt.PenStyle.DashLine
        elif face.role == "mask":
            fill, edge, ink = p.warning_soft, p.warning, p.warning
        if hovered:
            fill, edge = p.accent_soft, p.accent
        if chosen:
            fill, ink = p.accent, p.on_accent
            edge = p.warning if face.role == "mask" else p.accent
        painter.setPen(QPen(QColor(edge), 2.0 if face.role == "mask" else 1.2, style))
        painter.setBrush(QColor(fill))
        painter.drawPath(self._outline(look, i, chip))
        if face.joined:
            seam = self._theme.color(p.on_accent if chosen else p.border_strong, 170)
            painter.setPen(QPen(seam, 1.2, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(chip.left(), chip.top() + 4), QPointF(chip.left(), chip.bottom() - 4))
        self._text(painter, look, i, chip, QColor(ink), chosen)
        if face.position in look.incised:
            self._notch(painter, chip)

    def _text(self, painter: QPainter, look: StripLook, i: int, chip: QRectF, ink: QColor, chosen: bool) -> None:
        face = look.faces[i]
        font = self._bold if face.role == "mask" else self._font
        metrics = QFontMetricsF(font)
        glued = i + 1 < len(look.faces) and look.faces[i + 1].joined
        left, right = self._seam if face.joined else self._pad, self._seam if glued else self._pad
        x = chip.left() + left + max(chip.width() - left - right - metrics.horizontalAdvance(face.text), 0) / 2
        base = chip.center().y() + (metrics.ascent() - metrics.descent()) / 2
        faint = (
            self._theme.color(self._theme.palette.on_accent, 150) if chosen else QColor(self._theme.palette.text_faint)
        )
        painter.setFont(font)
        for text, sign in face.pieces:
            painter.setPen(faint if sign else ink)
            painter.drawText(QPointF(x, base), text)
            x += metrics.horizontalAdvance(text)

    def _notch(self, painter: QPainter, chip: QRectF) -> None:
        """Cut a small wedge into the chip's lower edge: incisions are made here."""
        px, p = self._theme.pixels, self._theme.palette
        x, wide, high, foot = chip.right() - px(6), px(9), px(7), chip.bottom() + 2
        wedge = QPolygonF([QPointF(x - wide, foot), QPointF(x - wide / 2, foot - high), QPointF(x, foot)])
        painter.setPen(QPen(QColor(p.window), 1.5))
        painter.setBrush(QColor(p.danger))
        painter.drawPolygon(wedge)

    def _surroundings(self, painter: QPainter, look: StripLook, i: int) -> None:
        p, face, chip = self._theme.palette, look.faces[i], self.chip(look, i)
        reads = face.position == look.read_position
        below = QRectF(chip.left() - 4, chip.bottom() + 1, chip.width() + 8, self.below - 2)
        painter.setFont(self._index_font)
        painter.setPen(QColor(p.operated if reads else p.text_muted))
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, str(face.position))
        if reads:
            self._caret(painter, look, i, chip, below)
        badges = list(look.badges.get(face.position, []))
        if look.pending == face.position:
            badges.append(("A", -1))
        x = chip.left() + 3
        for letter, color in badges:
            x = self._badge(painter, letter, color, QPointF(x, chip.top())) + 2
        if look.focus == i:
            painter.setPen(QPen(QColor(p.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(chip.adjusted(-2.5, -2.5, 2.5, 2.5), self._radius + 2, self._radius + 2)

    def _caret(self, painter: QPainter, look: StripLook, i: int, chip: QRectF, below: QRectF) -> None:
        """Mark the token whose prediction is read, with words where there is room for them."""
        metrics, size = QFontMetricsF(self._index_font), self._theme.pixels(4)
        half = metrics.horizontalAdvance(str(look.faces[i].position)) / 2
        middle = below.center().y()
        x = below.center().x() + half + size
        points = [QPointF(x, middle - size), QPointF(x + size * 1.4, middle), QPointF(x, middle + size)]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.palette.operated))
        painter.drawPolygon(QPolygonF(points))
        alone = i + 1 == len(look.slots) or look.slots[i + 1].row != look.slots[i].row
        room = painter.viewport().width() / painter.device().devicePixelRatioF() - x - 3 * size
        if alone and metrics.horizontalAdvance(READS_HERE) < room:
            painter.setPen(QColor(self._theme.palette.operated))
            words = QRectF(x + 2.4 * size, below.top(), room, below.height())
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, READS_HERE)

    def _badge(self, painter: QPainter, letter: str, color: int, corner: QPointF) -> float:
        """Paint a pair's letter on the chip's upper edge; return its right end."""
        p, height = self._theme.palette, self._theme.pixels(17)
        width = max(height, QFontMetricsF(self._badge_font).horizontalAdvance(letter) + self._theme.pixels(8))
        box = QRectF(corner.x(), corner.y() - height * 0.68, width, height)
        pending = color < 0
        ink = p.pairs[0] if pending else p.pairs[color % len(p.pairs)]
        painter.setPen(
            QPen(QColor(ink if pending else p.surface), 1.5, Qt.PenStyle.DashLine if pending else Qt.PenStyle.SolidLine)
        )
        painter.setBrush(QColor(p.surface if pending else ink))
        painter.drawRoundedRect(box, height / 2, height / 2)
        painter.setFont(QFont(self._badge_font))
        painter.setPen(QColor(ink if pending else p.on_accent))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, letter)
        return box.right()
