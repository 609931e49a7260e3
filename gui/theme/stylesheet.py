"""The one style sheet of the application, made from a palette.

Widgets say what they are with the dynamic property ``kind``:

=============  ==============================================================================
QPushButton,   ``primary`` the one thing to do here, ``danger`` what cannot be undone,
QToolButton    ``quiet`` flat until pointed at, ``segment`` one of a row (with the property
               ``place``: ``first``, ``middle``, ``last`` or ``only``, and ``tight`` where room
               is scarce), ``menu`` opens a menu
QLabel         ``title``, ``caption``, ``muted``, ``error``, ``figure`` (a large number),
               ``menu-heading``
QFrame,        ``card`` a raised box, ``notice-info``, ``notice-warning``, ``notice-danger``
QWidget
=============  ==============================================================================

Sizes of text come from fonts, not from here, so that ``setFont`` is obeyed.
"""

from __future__ import annotations

from collections.abc import Callable

from core.paths import resources
from gui.theme.palette import Palette

Pixels = Callable[[float], int]


def stylesheet(p: Palette, px: Pixels) -> str:
    """Return the style sheet for a palette.

    Parameters
    ----------
    px : callable
        Turns a length at the default text size into pixels at the one in force.
    """
    frames = (_window, _docks, _menus, _labels, _notices)
    controls = (_buttons, _segments, _fields, _arrows, _marks, _sliders)
    parts = (*frames, *controls, _views, _bars)
    return "\n".join(part(p, px) for part in parts)


def icon(p: Palette, name: str) -> str:
    """Return the path of an icon in a palette's colours, as style sheets want it."""
    return (resources() / "icons" / p.name / f"{name}.svg").as_posix()


def _window(p: Palette, px: Pixels) -> str:
    return f"""
    QMainWindow, QDialog {{ background: {p.window}; color: {p.text}; }}
    QMainWindow::separator {{ background: {p.window}; width: {px(6)}px; height: {px(6)}px; }}
    QMainWindow::separator:hover {{ background: {p.accent_soft}; }}
    QSplitter::handle {{ background: {p.window}; }}
    QSplitter::handle:horizontal {{ width: {px(6)}px; }}
    QSplitter::handle:vertical {{ height: {px(6)}px; }}
    QSplitter::handle:hover {{ background: {p.accent_soft}; }}
    QToolTip {{ background: {p.raised}; color: {p.text}; border: 1px solid {p.border_strong}; padding: {px(6)}px; }}
    QScrollArea {{ background: transparent; border: none; }}
    QFrame[kind="card"], QWidget[kind="card"] {{
        background: {p.surface}; border: 1px solid {p.border}; border-radius: {px(6)}px; }}
    QGroupBox {{ border: 1px solid {p.border}; border-radius: {px(6)}px; margin-top: {px(18)}px; padding: {px(8)}px; }}
    QGroupBox::title {{ subcontrol-origin: margin; left: {px(2)}px; color: {p.text_muted}; }}
    """


def _docks(p: Palette, px: Pixels) -> str:
    return f"""
    QDockWidget {{ color: {p.text_muted};
        titlebar-close-icon: url("{icon(p, "close")}"); titlebar-normal-icon: url("{icon(p, "float")}"); }}
    QDockWidget::title {{ background: {p.surface}; border-bottom: 1px solid {p.border};
        text-align: left; padding: {px(7)}px {px(12)}px; }}
    QDockWidget::close-button, QDockWidget::float-button {{
        background: transparent; border: none; border-radius: {px(4)}px; padding: 0px; icon-size: {px(14)}px;
        subcontrol-position: top right; subcontrol-origin: margin; position: absolute;
        top: 0px; bottom: 0px; width: {px(20)}px; }}
    QDockWidget::close-button {{ right: {px(6)}px; }}
    QDockWidget::float-button {{ right: {px(28)}px; }}
    QDockWidget::close-button:hover, QDockWidget::float-button:hover {{ background: {p.sunken}; }}
    QTabBar {{ background: transparent; qproperty-drawBase: 0; }}
    QTabBar::tab {{ background: transparent; color: {p.text_muted}; border: none;
        border-bottom: 2px solid transparent; padding: {px(6)}px {px(12)}px; }}
    QTabBar::tab:hover {{ color: {p.text}; background: {p.sunken}; }}
    QTabBar::tab:selected {{ color: {p.text}; border-bottom: 2px solid {p.accent}; }}
    QTabBar::tab:focus {{ background: {p.accent_soft}; }}
    QTabWidget::pane {{ border: 1px solid {p.border}; border-radius: {px(6)}px; background: {p.surface}; }}
    """


def _menus(p: Palette, px: Pixels) -> str:
    return f"""
    QMenuBar {{ background: {p.window}; color: {p.text}; padding: {px(2)}px {px(6)}px; border: none; }}
    QMenuBar::item {{ background: transparent; padding: {px(5)}px {px(10)}px; border-radius: {px(4)}px; }}
    QMenuBar::item:selected {{ background: {p.sunken}; }}
    QMenuBar::item:pressed {{ background: {p.accent_soft}; }}
    QMenu {{ background: {p.surface}; color: {p.text}; border: 1px solid {p.border_strong}; padding: {px(5)}px; }}
    QMenu::item {{ padding: {px(6)}px {px(28)}px {px(6)}px {px(26)}px; border-radius: {px(4)}px; }}
    QMenu::item:selected {{ background: {p.accent_soft}; }}
    QMenu::item:disabled {{ color: {p.text_faint}; background: transparent; }}
    QMenu::separator {{ height: 1px; background: {p.border}; margin: {px(5)}px {px(8)}px; }}
    QMenu::indicator {{ width: {px(14)}px; height: {px(14)}px; left: {px(6)}px; }}
    QMenu::indicator:checked {{ image: url("{icon(p, "tick")}"); }}
    QMenu::right-arrow {{ image: url("{icon(p, "right")}"); width: {px(14)}px; height: {px(14)}px; }}
    QToolBar {{ background: {p.window}; border: none; padding: {px(4)}px {px(8)}px; spacing: {px(6)}px; }}
    QToolBar#promptBar {{ padding: 0; spacing: 0; border-bottom: 1px solid {p.border}; }}
    QToolBar::separator {{ background: {p.border_strong}; width: 1px; margin: {px(5)}px {px(6)}px; }}
    """


def _labels(p: Palette, px: Pixels) -> str:
    return f"""
    QLabel {{ background: transparent; color: {p.text}; }}
    QLabel:disabled, QLabel[kind="muted"], QLabel[kind="caption"] {{ color: {p.text_muted}; }}
    QLabel[kind="menu-heading"] {{ color: {p.text_muted}; font-weight: 600;
        padding: {px(6)}px {px(26)}px {px(2)}px {px(10)}px; }}
    QLabel[kind="error"] {{ color: {p.danger}; }}
    QLabel[kind="title"] {{ font-weight: 600; }}
    QLabel[kind="figure"] {{ font-weight: 600; font-size: {px(20)}px; }}
    """


def _notices(p: Palette, px: Pixels) -> str:
    colors = {"info": (p.accent_soft, p.accent), "warning": (p.warning_soft, p.warning)}
    colors |= {"danger": (p.danger_soft, p.danger), "success": (p.raised, p.success)}
    rules = []
    for level, (back, ink) in colors.items():
        box = f"background: {back}; border: none; border-left: {px(4)}px solid {ink};"
        rules += [f'QFrame[kind="notice-{level}"] {{ {box} }}', f'QLabel[kind="sign-{level}"] {{ color: {ink}; }}']
    return "\n".join(rules)


def _buttons(p: Palette, px: Pixels) -> str:
    both = "QPushButton{0}, QToolButton{0}"

    def rule(state: str, text: str) -> str:
        return f"{both.format(state)} {{ {text} }}"

    def kind(name: str, state: str = "") -> str:
        return f'[kind="{name}"]{state}'

    focused = f"border: 2px solid {p.accent}; padding: {px(5) - 1}px {px(12) - 1}px;"
    gone = f"background: transparent; color: {p.text_faint}; border: 1px solid {p.border};"
    menu_room = f"padding: {px(5)}px {px(26)}px {px(5)}px {px(12)}px; text-align: left;"
    return "\n".join([
        rule("", f"background: {p.raised}; color: {p.text}; border: 1px solid {p.border_strong}; "
                 f"border-radius: {px(6)}px; padding: {px(5)}px {px(12)}px;"),
        rule(":hover", f"background: {p.sunken};"),
        rule(":pressed", f"background: {p.border};"),
        rule(":checked", f"background: {p.accent_soft}; border-color: {p.accent};"),
        rule(kind("primary"), f"background: {p.accent}; color: {p.on_accent}; border-color: {p.accent};"),
        rule(kind("primary", ":hover"), f"border-color: {p.text};"),
        rule(kind("primary", ":pressed"), f"border: 2px solid {p.text};"),
        rule(kind("danger"), f"background: {p.danger_soft}; color: {p.danger}; border-color: {p.danger};"),
        rule(kind("danger", ":hover"), f"background: {p.surface};"),
        rule(kind("quiet"), f"background: transparent; border-color: transparent; color: {p.text_muted};"),
        rule(kind("quiet", ":hover"), f"background: {p.sunken}; color: {p.text};"),
        rule(kind("quiet", ":pressed"), f"background: {p.border};"),
        rule(kind("quiet", ":checked"), f"background: {p.accent_soft}; color: {p.text}; border-color: {p.accent};"),
        rule(":focus", focused),
        rule(kind("primary", ":focus"), f"border: 2px solid {p.text}; padding: {px(5) - 1}px {px(12) - 1}px;"),
        rule(kind("quiet", ":focus"), focused),
        rule(kind("menu"), menu_room),
        rule(kind("menu", '[tight="true"]'), f"padding: {px(3)}px {px(22)}px {px(3)}px {px(9)}px;"),
        'QToolButton[autoRaise="true"] { background: transparent; border-color: transparent; }',
        f'QToolButton[autoRaise="true"]:hover {{ background: {p.sunken}; }}',
        f'QToolButton[autoRaise="true"]:pressed {{ background: {p.border}; }}',
        f'QToolButton[autoRaise="true"]:checked {{ background: {p.accent_soft}; border-color: {p.accent}; }}',
        f'QToolButton[autoRaise="true"]:focus {{ {focused} }}',
        f'QToolButton[autoRaise="true"][tight="true"] {{ padding: {px(3)}px {px(6)}px; }}',
        # Qt's own file dialog: its buttons have the size of their icons.
        *(f'QFileDialog QToolButton[autoRaise="true"]{state} {{ padding: {px(2)}px; }}' for state in ("", ":focus")),
        rule(":disabled", gone),
        rule(kind("primary", ":disabled"), gone),
        rule(kind("danger", ":disabled"), gone),
        'QToolButton[autoRaise="true"]:disabled { border-color: transparent; }',
        rule(kind("quiet", ":disabled"), f"color: {p.text_faint}; border-color: transparent;"),
        f'QToolButton::menu-indicator, QPushButton::menu-indicator {{ image: url("{icon(p, "down")}"); '
        f"subcontrol-origin: padding; subcontrol-position: center right; right: {px(8)}px; "
        f"width: {px(12)}px; height: {px(12)}px; }}",
    ])  # fmt: skip


def _segments(p: Palette, px: Pixels) -> str:
    round_left = f"border-top-left-radius: {px(6)}px; border-bottom-left-radius: {px(6)}px;"
    round_right = f"border-top-right-radius: {px(6)}px; border-bottom-right-radius: {px(6)}px;"
    rules = []
    for widget in ("QPushButton", "QToolButton"):
        one = f'{widget}[kind="segment"]'
        rules += [
            f"{one} {{ background: {p.raised}; border: 1px solid {p.border_strong}; border-radius: 0px; "
            f"border-left-width: 0px; }}",
            f'{one}[place="first"] {{ {round_left} border-left-width: 1px; }}',
            f'{one}[place="last"] {{ {round_right} }}',
            f'{one}[place="only"] {{ {round_left} {round_right} border-left-width: 1px; }}',
            f'{one}[tight="true"] {{ padding: {px(3)}px {px(9)}px; }}',
            f"{one}:hover {{ background: {p.sunken}; }}",
            f"{one}:checked {{ background: {p.accent}; color: {p.on_accent}; border-color: {p.accent}; }}",
            f"{one}:focus {{ border: 2px solid {p.accent}; padding: {px(5) - 1}px {px(12) - 1}px; }}",
            f'{one}[tight="true"]:focus {{ padding: {px(3) - 1}px {px(9) - 1}px; }}',
            f"{one}:checked:focus {{ border: 2px solid {p.text}; }}",
            f"{one}:disabled {{ color: {p.text_faint}; }}",
            f"{one}:checked:disabled {{ background: {p.border}; color: {p.text_muted}; border-color: {p.border}; }}",
        ]
    return "\n".join(rules)


def _fields(p: Palette, px: Pixels) -> str:
    fields = ("QLineEdit", "QComboBox", "QSpinBox", "QDoubleSpinBox", "QPlainTextEdit", "QTextEdit")

    def every(state: str) -> str:
        return ", ".join(field + state for field in fields)

    return f"""
    {every("")} {{ background: {p.surface}; color: {p.text}; border: 1px solid {p.border_strong};
        border-radius: {px(6)}px; padding: {px(5)}px {px(8)}px;
        selection-background-color: {p.accent}; selection-color: {p.on_accent}; }}
    {every(":hover")} {{ border-color: {p.text_faint}; }}
    {every(":focus")} {{ border: 2px solid {p.accent}; padding: {px(5) - 1}px {px(8) - 1}px; }}
    {every(":disabled")} {{ background: {p.window}; color: {p.text_faint}; border-color: {p.border}; }}
    QLineEdit:read-only, QPlainTextEdit[readOnly="true"], QTextEdit[readOnly="true"] {{ background: {p.raised}; }}
    QLineEdit[invalid="true"] {{ border: 2px solid {p.danger}; padding: {px(5) - 1}px {px(8) - 1}px; }}
    """


def _arrows(p: Palette, px: Pixels) -> str:
    spin = "QSpinBox::{0}-button, QDoubleSpinBox::{0}-button"
    return f"""
    QComboBox {{ padding-right: {px(4)}px; }}
    QComboBox::drop-down {{ border: none; width: {px(24)}px; }}
    QComboBox::down-arrow {{ image: url("{icon(p, "down")}"); width: {px(12)}px; height: {px(12)}px; }}
    QComboBox QAbstractItemView {{ background: {p.surface}; color: {p.text}; border: 1px solid {p.border_strong};
        padding: {px(4)}px; outline: none;
        selection-background-color: {p.accent_soft}; selection-color: {p.text}; }}
    QComboBox QAbstractItemView::item {{ min-height: {px(28)}px; padding: 0px {px(8)}px; }}
    QSpinBox, QDoubleSpinBox {{ padding-right: {px(4)}px; }}
    QSpinBox[tight="true"] {{ padding-top: {px(2)}px; padding-bottom: {px(2)}px; }}
    {spin.format("up")} {{ subcontrol-origin: border; subcontrol-position: top right; width: {px(20)}px;
        border: none; background: transparent; margin: 2px 2px 0px 0px; border-radius: {px(3)}px; }}
    {spin.format("down")} {{ subcontrol-origin: border; subcontrol-position: bottom right; width: {px(20)}px;
        border: none; background: transparent; margin: 0px 2px 2px 0px; border-radius: {px(3)}px; }}
    QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover {{ background: {p.sunken}; }}
    QAbstractSpinBox::up-arrow {{ image: url("{icon(p, "up")}"); width: {px(10)}px; height: {px(10)}px; }}
    QAbstractSpinBox::down-arrow {{ image: url("{icon(p, "down")}"); width: {px(10)}px; height: {px(10)}px; }}
    """


def _marks(p: Palette, px: Pixels) -> str:
    kinds = ("QCheckBox::indicator", "QAbstractItemView::indicator")

    def every(state: str) -> str:
        return ", ".join(kind + state for kind in kinds)

    return f"""
    QCheckBox, QRadioButton {{ spacing: {px(8)}px; color: {p.text}; background: transparent;
        border: 2px solid transparent; border-radius: {px(4)}px; padding: {px(2)}px; }}
    QCheckBox:focus, QRadioButton:focus {{ border-color: {p.accent}; }}
    QCheckBox:disabled, QRadioButton:disabled {{ color: {p.text_faint}; }}
    {every("")} {{ width: {px(16)}px; height: {px(16)}px; background: {p.surface};
        border: 1px solid {p.text_faint}; border-radius: {px(4)}px; }}
    {every(":hover")} {{ border-color: {p.accent}; }}
    {every(":checked")} {{ background: {p.accent}; border-color: {p.accent}; image: url("{icon(p, "check")}"); }}
    {every(":indeterminate")} {{ background: {p.accent}; border-color: {p.accent};
        image: url("{icon(p, "partial")}"); }}
    {every(":disabled")} {{ background: {p.sunken}; border-color: {p.border}; }}
    {every(":checked:disabled")} {{ background: {p.text_faint}; border-color: {p.text_faint}; }}
    QRadioButton::indicator {{ width: {px(16)}px; height: {px(16)}px; background: {p.surface};
        border: 1px solid {p.text_faint}; border-radius: {px(8) + 1}px; }}
    QRadioButton::indicator:checked {{ width: {px(8)}px; height: {px(8)}px; border: {px(4) + 1}px solid {p.accent}; }}
    """


def _sliders(p: Palette, px: Pixels) -> str:
    ring = px(9)
    return f"""
    QSlider:horizontal {{ min-height: {px(24)}px; }}
    QSlider:vertical {{ min-width: {px(24)}px; }}
    QSlider::groove:horizontal {{ height: {px(4)}px; background: {p.border_strong}; border-radius: {px(2)}px; }}
    QSlider::sub-page:horizontal {{ height: {px(4)}px; background: {p.accent}; border-radius: {px(2)}px; }}
    QSlider::groove:vertical {{ width: {px(4)}px; background: {p.border_strong}; border-radius: {px(2)}px; }}
    QSlider::add-page:vertical {{ width: {px(4)}px; background: {p.accent}; border-radius: {px(2)}px; }}
    QSlider::handle {{ width: {2 * ring - 4}px; height: {2 * ring - 4}px; border-radius: {ring - 1}px;
        background: {p.surface}; border: 2px solid {p.accent}; }}
    QSlider::handle:horizontal {{ margin: -{ring - px(2)}px 0px; }}
    QSlider::handle:vertical {{ margin: 0px -{ring - px(2)}px; }}
    QSlider::handle:hover {{ background: {p.accent_soft}; }}
    QSlider::handle:pressed {{ background: {p.accent}; }}
    QSlider:focus {{ border: 2px solid {p.accent}; border-radius: {px(6)}px; }}
    QSlider {{ border: 2px solid transparent; }}
    QSlider::handle:disabled {{ background: {p.sunken}; border-color: {p.text_faint}; }}
    QSlider::sub-page:disabled, QSlider::add-page:vertical:disabled {{ background: {p.text_faint}; }}
    """


def _views(p: Palette, px: Pixels) -> str:
    return f"""
    QAbstractItemView {{ background: {p.surface}; alternate-background-color: {p.raised}; color: {p.text};
        border: 1px solid {p.border}; border-radius: {px(6)}px; gridline-color: {p.border};
        selection-background-color: {p.accent_soft}; selection-color: {p.text}; }}
    QAbstractItemView[frameShape="0"] {{ border: none; border-radius: 0px; }}
    QAbstractItemView:focus {{ border-color: {p.accent}; }}
    QListView::item, QTreeView::item {{ padding: {px(5)}px {px(8)}px; }}
    QTableView::item {{ padding: {px(4)}px {px(8)}px; }}
    QAbstractItemView::item:hover {{ background: {p.raised}; }}
    QAbstractItemView::item:selected {{ background: {p.accent_soft}; color: {p.text}; }}
    QHeaderView {{ background: {p.surface}; border: none; }}
    QHeaderView::section {{ background: {p.surface}; color: {p.text_muted}; border: none;
        border-bottom: 1px solid {p.border_strong}; padding: {px(6)}px {px(8)}px; text-align: left; }}
    QHeaderView::section:hover {{ color: {p.text}; background: {p.raised}; }}
    QHeaderView::down-arrow {{ image: url("{icon(p, "down")}"); width: {px(12)}px; height: {px(12)}px; }}
    QHeaderView::up-arrow {{ image: url("{icon(p, "up")}"); width: {px(12)}px; height: {px(12)}px; }}
    QTableCornerButton::section {{ background: {p.surface}; border: none; }}
    QTextBrowser, QTextBrowser[readOnly="true"] {{ background: {p.surface}; color: {p.text}; border: none; padding: {px(8)}px; }}
    """


def _bars(p: Palette, px: Pixels) -> str:
    return f"""
    QScrollBar {{ background: transparent; border: none; margin: 0px; }}
    QScrollBar:vertical {{ width: {px(12)}px; }}
    QScrollBar:horizontal {{ height: {px(12)}px; }}
    QScrollBar::handle {{ background: {p.border_strong}; border-radius: {px(3)}px; margin: {px(3)}px; }}
    QScrollBar::handle:vertical {{ min-height: {px(28)}px; }}
    QScrollBar::handle:horizontal {{ min-width: {px(28)}px; }}
    QScrollBar::handle:hover, QScrollBar::handle:pressed {{ background: {p.text_faint}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0px; height: 0px; border: none; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    QAbstractScrollArea::corner {{ background: transparent; }}
    QProgressBar {{ background: {p.sunken}; border: none; border-radius: {px(3)}px; color: transparent;
        min-height: {px(6)}px; max-height: {px(6)}px; }}
    QProgressBar::chunk {{ background: {p.accent}; border-radius: {px(3)}px; }}
    QStatusBar {{ background: {p.window}; color: {p.text_muted}; border-top: 1px solid {p.border}; }}
    QStatusBar::item {{ border: none; }}
    QStatusBar QLabel {{ color: {p.text_muted}; padding: 0px {px(6)}px; }}
    """
