"""What of a window is cut off, squeezed or overlaps, found without looking at it."""

from __future__ import annotations

from itertools import combinations

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QDockWidget,
    QLabel,
    QLineEdit,
    QMainWindow,
    QSizePolicy,
    QWidget,
)

from gui.widgets.elided_label import ElidedLabel

# Rounding of sizes that grow with the text.
SLACK = 2
# What Qt keeps free on either side of the text of a line.
LINE_MARGIN = 2


def misplaced(window: QWidget) -> list[str]:
    """Return a line for every widget to be seen that is not whole."""
    found: list[str] = []
    for widget in window.findChildren(QWidget):
        parent = widget.parentWidget()
        if parent is None or widget.isWindow() or not widget.isVisibleTo(window) or _scrolls(parent):
            continue
        if _is_behind_a_tab(widget):
            continue
        if not parent.rect().adjusted(-SLACK, -SLACK, SLACK, SLACK).contains(widget.geometry()):
            found.append(
                f"{_name(widget)} at {_box(widget.geometry())} is cut off by {_name(parent)} {_box(parent.rect())}"
            )
        found += [f"{_name(widget)}: {fault}" for fault in _squeezed(widget)]
    for parent in (window, *window.findChildren(QWidget)):
        if parent.isVisibleTo(window) and not _scrolls(parent):
            found += _overlaps(parent, window)
    return found


def _is_behind_a_tab(widget: QWidget) -> bool:
    """Say whether Qt has put a dock, or the dock a widget is in, away behind another one's tab."""
    dock: QWidget | None = widget
    while dock is not None and not isinstance(dock, QDockWidget):
        dock = dock.parentWidget()
    main = None if dock is None else dock.parentWidget()
    if not isinstance(main, QMainWindow) or not isinstance(dock, QDockWidget):
        return False
    return bool(main.tabifiedDockWidgets(dock)) and not main.rect().intersects(dock.geometry())


def _scrolls(parent: QWidget) -> bool:
    area = parent.parentWidget()
    return isinstance(area, QAbstractScrollArea) and area.viewport() is parent


def _squeezed(widget: QWidget) -> list[str]:
    """Say which words of a widget have no room; a label that gives way has them in its tool tip."""
    faults = []
    if isinstance(widget, QLabel) and widget.text():
        ignored = widget.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Ignored
        gives_way = (ignored or isinstance(widget, ElidedLabel)) and widget.toolTip()
        if widget.wordWrap():
            if widget.height() + SLACK < widget.heightForWidth(widget.width()):
                faults.append(
                    f"{widget.text()[:40]!r} needs {widget.heightForWidth(widget.width())}, has {widget.height()} high"
                )
        elif not gives_way and widget.width() + SLACK < widget.fontMetrics().horizontalAdvance(widget.text()):
            faults.append(f"{widget.text()[:40]!r} has only {widget.width()} of {widget.sizeHint().width()}")
    if isinstance(widget, QAbstractSpinBox):
        line = widget.lineEdit()
        needed = line.fontMetrics().horizontalAdvance(line.text()) + 2 * LINE_MARGIN
        if line.width() < needed:
            faults.append(f"{line.text()!r} has only {line.width()} of {needed}")
    # The field inside a number box is the box's own affair.
    judged = (
        isinstance(widget, QAbstractButton | QLineEdit | QComboBox) and widget.objectName() != "qt_spinbox_lineedit"
    )
    least = widget.minimumSizeHint() if judged else None
    if least is not None and (widget.width() + SLACK < least.width() or widget.height() + SLACK < least.height()):
        faults.append(f"needs {least.width()}x{least.height()}, has {widget.width()}x{widget.height()}")
    return faults


def _overlaps(parent: QWidget, window: QWidget) -> list[str]:
    beside = [
        child
        for child in parent.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        if not child.isWindow()
        and child.isVisibleTo(window)
        and not child.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        and child.width() > 1
        and child.height() > 1
        and not _is_behind_a_tab(child)
    ]
    return [
        f"{_name(one)} {_box(one.geometry())} and {_name(other)} {_box(other.geometry())} overlap in {_name(parent)}"
        for one, other in combinations(beside, 2)
        if min(_shared(one, other)) > SLACK
    ]


def _shared(one: QWidget, other: QWidget) -> tuple[int, int]:
    both = one.geometry().intersected(other.geometry())
    return both.width(), both.height()


def _name(widget: QWidget) -> str:
    words = widget.objectName() or widget.accessibleName()[:30]
    return f"{type(widget).__name__}({words})" if words else type(widget).__name__


def _box(box: QRect) -> str:
    return f"{box.x()},{box.y()} {box.width()}x{box.height()}"
