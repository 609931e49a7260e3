"""The brush bar: operations, and fields built from their declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget

from core.interventions.ops import OPERATIONS
from core.interventions.plan import ParamValue
from gui.surgery.brush_bar import BrushBar
from gui.surgery.parameter_field import ChoiceField, NumberField, WholeField

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from gui.theme.theme import Theme

LEFT = Qt.MouseButton.LeftButton
NOISE: dict[str, ParamValue] = {"sigma": 2.0, "seed": 17, "std": "layer"}
Change = tuple[str, object, bool]


@pytest.fixture
def bar(qtbot: QtBot, theme: Theme) -> BrushBar:
    made = BrushBar(theme)
    qtbot.addWidget(made)
    made.resize(1000, 90)
    made.set_brush("noise", NOISE)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def changes(bar: BrushBar) -> list[Change]:
    told: list[Change] = []
    bar.paramChanged.connect(lambda name, value, dragging: told.append((name, value, dragging)))
    return told


def sigma(bar: BrushBar) -> NumberField:
    field = bar.fields["sigma"]
    assert isinstance(field, NumberField)
    return field


def seed(bar: BrushBar) -> WholeField:
    field = bar.fields["seed"]
    assert isinstance(field, WholeField)
    return field


def test_that_there_is_a_button_for_every_operation_in_order(bar: BrushBar) -> None:
    assert list(bar.buttons) == [each.key for each in sorted(OPERATIONS, key=lambda each: each.order)]
    assert bar.buttons["noise"].isChecked()
    assert "(Ctrl+1)" in bar.buttons["silence"].toolTip()


def test_that_a_click_wishes_for_an_operation_and_waits(qtbot: QtBot, bar: BrushBar) -> None:
    with qtbot.waitSignal(bar.operationChosen) as told:
        qtbot.mouseClick(bar.buttons["scale"], LEFT)
    assert told.args == ["scale"]
    assert bar.buttons["noise"].isChecked()
    assert set(bar.fields) == {"sigma", "seed", "std"}


@pytest.mark.parametrize("key", OPERATIONS.keys())
def test_that_every_operation_gets_a_field_per_parameter(bar: BrushBar, key: str) -> None:
    bar.set_brush(key, OPERATIONS[key].checked({}))
    assert list(bar.fields) == [parameter.name for parameter in OPERATIONS[key].parameters]
    assert bar.help.isHidden() == any(each.kind != "float" for each in OPERATIONS[key].parameters)


def test_that_values_are_shown_without_being_wished_for(bar: BrushBar, changes: list[Change]) -> None:
    bar.set_brush("noise", (("sigma", 3.25), ("seed", 4), ("std", "token")))
    assert (sigma(bar).box.value(), sigma(bar).slider.dose, seed(bar).box.value()) == (3.25, 3.25, 4)
    assert isinstance(bar.fields["std"], ChoiceField)
    assert bar.fields["std"].combo.currentText() == "token"
    assert changes == []


def test_that_dragging_the_slider_says_so_until_it_is_let_go(
    qtbot: QtBot, bar: BrushBar, changes: list[Change]
) -> None:
    slider = sigma(bar).slider
    y = slider.height() // 2
    qtbot.mousePress(slider, LEFT, pos=QPoint(30, y))
    qtbot.mouseMove(slider, QPoint(slider.width() // 2 + 17, y))
    qtbot.mouseMove(slider, QPoint(slider.width() * 3, y))
    qtbot.mouseRelease(slider, LEFT, pos=QPoint(slider.width() * 3, y))
    assert [dragging for _, _, dragging in changes] == [True, True, True, False]
    assert {name for name, _, _ in changes} == {"sigma"}
    assert changes[-1] == ("sigma", 4.0, False)
    assert sigma(bar).box.value() == 4.0


def test_that_an_echo_does_not_tear_the_knob_from_the_hand(qtbot: QtBot, bar: BrushBar) -> None:
    slider = sigma(bar).slider

    def echo(name: str, value: float, _dragging: bool) -> None:
        told: dict[str, ParamValue] = {**NOISE, name: value}
        bar.set_brush("noise", told)

    bar.paramChanged.connect(echo)
    qtbot.mousePress(slider, LEFT, pos=QPoint(40, 16))
    qtbot.mouseMove(slider, QPoint(90, 16))
    assert slider.isSliderDown()
    assert sigma(bar).slider is slider
    qtbot.mouseRelease(slider, LEFT, pos=QPoint(90, 16))
    assert slider.dose == sigma(bar).box.value()


def test_that_the_keys_move_the_dose(qtbot: QtBot, bar: BrushBar, changes: list[Change]) -> None:
    slider = sigma(bar).slider
    for key in (Qt.Key.Key_Right, Qt.Key.Key_PageUp, Qt.Key.Key_Home):
        qtbot.keyClick(slider, key)
    assert changes == [("sigma", 2.04, False), ("sigma", 2.44, False), ("sigma", 0.0, False)]


def test_that_a_dose_beyond_the_slider_can_be_typed(qtbot: QtBot, bar: BrushBar, changes: list[Change]) -> None:
    box = sigma(bar).box
    box.selectAll()
    qtbot.keyClicks(box, "12.5")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert changes == [("sigma", 12.5, False)]
    bar.set_brush("noise", {**NOISE, "sigma": 12.5})
    assert sigma(bar).slider.value() == sigma(bar).slider.maximum()
    assert sigma(bar).slider.dose == 12.5


def test_that_a_dose_below_the_minimum_cannot_be_typed(bar: BrushBar) -> None:
    assert sigma(bar).box.minimum() == 0


def test_that_the_die_draws_another_seed(qtbot: QtBot, bar: BrushBar, changes: list[Change]) -> None:
    dice = seed(bar).dice
    assert dice is not None
    qtbot.mouseClick(dice, LEFT)
    name, value, dragging = changes[0]
    assert (name, dragging) == ("seed", False)
    assert isinstance(value, int)
    assert value != 17
    assert seed(bar).box.value() == 17


def test_that_a_choice_is_wished_for_by_its_word(qtbot: QtBot, bar: BrushBar, changes: list[Change]) -> None:
    field = bar.fields["std"]
    assert isinstance(field, ChoiceField)
    field.combo.setFocus()
    qtbot.keyClick(field.combo, Qt.Key.Key_Down)
    assert changes == [("std", "token", False)]


def test_that_the_caption_says_what_is_edited(bar: BrushBar) -> None:
    assert bar.caption.text() == "for the next cut"
    bar.set_editing("L3H5.z @ 4")
    assert bar.caption.text() == "edits L3H5.z @ 4"


def test_that_numbers_are_written_without_superfluous_zeros(bar: BrushBar) -> None:
    assert sigma(bar).box.text() == "2"
    bar.set_brush("noise", {**NOISE, "sigma": 0.25})
    assert sigma(bar).box.text() == "0.25"


def test_that_a_narrow_bar_puts_the_dose_into_a_row_of_its_own(qtbot: QtBot, bar: BrushBar) -> None:
    def top(widget: QWidget) -> int:
        return widget.mapTo(bar, QPoint(0, 0)).y()

    assert top(bar.fields["sigma"]) < top(bar.buttons["noise"]) + bar.buttons["noise"].height()
    bar.resize(480, 140)
    qtbot.waitUntil(lambda: top(bar.fields["sigma"]) >= top(bar.buttons["noise"]) + bar.buttons["noise"].height())


def test_that_fields_of_another_operation_are_let_go(qtbot: QtBot, bar: BrushBar, theme: Theme) -> None:
    for key in ("silence", "scale", "noise", "silence"):
        bar.set_brush(key, ())
    theme.use(scale=1.3)
    assert bar.fields == {}


@pytest.mark.parametrize("scale", [0.8, 1.0, 1.3])
def test_that_at_its_least_width_nothing_of_noise_is_cut(qtbot: QtBot, theme: Theme, scale: float) -> None:
    theme.use(scale=scale)
    inside = QWidget()
    qtbot.addWidget(inside)
    bar = BrushBar(theme, inside)
    bar.set_brush("noise", NOISE)
    bar.set_editing("3 cuts just made")
    bar.resize(bar.minimumSizeHint())
    inside.show()
    qtbot.waitUntil(bar.fields["std"].isVisible)
    for label in [bar.caption, *(field.label for field in bar.fields.values())]:
        assert label.width() >= label.fontMetrics().horizontalAdvance(label.text())
    assert bar.fields["std"].geometry().right() < bar.width()


def test_that_the_least_width_does_not_jump_between_operations(bar: BrushBar) -> None:
    before = bar.minimumSizeHint().width()
    bar.set_brush("silence", ())
    assert bar.minimumSizeHint().width() == before
