"""The brush bar: operations, and fields built from their declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget

from core.interventions.ops import OPERATIONS
from core.interventions.plan import ParamValue
from gui.surgery.brush_bar import BrushBar
from gui.surgery.brush_operations import operation_key, rows_of
from gui.surgery.parameter_field import ChoiceField, NumberField, WholeField
from gui.surgery.text_field import TextField, TokensField
from tests.fixtures.made_results import model_info

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
    assert not any(field.isHidden() for field in bar.fields.values())
    assert bar.help.isHidden() == any(each.kind == "float" for each in OPERATIONS[key].parameters)
    assert bar.seeds.isHidden() != ("seed" in bar.fields)


def test_that_a_random_direction_has_a_number_of_seeds_and_another_has_none(bar: BrushBar) -> None:
    for direction, is_random in (("pca1", False), ("random7", True), ("donor", False)):
        bar.set_brush("project_out", {"v": direction})
        assert bar.seeds.isHidden() != is_random


def test_that_the_bar_is_as_high_for_every_operation(qtbot: QtBot, bar: BrushBar) -> None:
    heights = set()
    for key in OPERATIONS.keys():  # noqa: SIM118 - it is no mapping
        bar.set_brush(key, OPERATIONS[key].checked({}))
        qtbot.wait(1)
        heights.add(bar.sizeHint().height())
    assert len(heights) == 1


def test_that_values_are_shown_without_being_wished_for(bar: BrushBar, changes: list[Change]) -> None:
    bar.set_brush("noise", (("sigma", 3.25), ("seed", 4), ("std", "token")))
    assert (sigma(bar).box.value(), sigma(bar).slider.dose, seed(bar).box.value()) == (3.25, 3.25, 4)
    assert isinstance(bar.fields["std"], ChoiceField)
    assert bar.fields["std"].combo.currentText() == "σ per token"
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


@pytest.mark.parametrize("key", OPERATIONS.keys())
def test_that_every_choice_has_a_name_of_its_own_and_is_shown_by_it(bar: BrushBar, key: str) -> None:
    bar.set_brush(key, OPERATIONS[key].checked({}))
    for field in bar.fields.values():
        if isinstance(field, ChoiceField):
            shown = set()
            for choice in field.parameter.choices:
                field.set_value(choice)
                assert field.combo.currentData() == choice
                shown.add(field.combo.currentText())
            assert len(shown) == len(field.parameter.choices)


@pytest.mark.parametrize("width", [560, 1000])
def test_that_seed_and_seeds_are_whole_and_named_at_any_width(qtbot: QtBot, bar: BrushBar, width: int) -> None:
    bar.resize(width, 90)
    bar.set_brush("noise", {**NOISE, "seed": 9999})
    bar.set_seeds(bar.seeds.box.maximum())
    qtbot.wait(1)
    assert not seed(bar).label.isHidden() or seed(bar).box.text() == "seed 9999"
    for box in (seed(bar).box, bar.seeds.box):
        line = box.lineEdit()
        # Two pixels on either side are the line's own margin.
        assert line.fontMetrics().horizontalAdvance(line.text()) + 4 <= line.width()


def test_that_numbers_are_written_without_superfluous_zeros(bar: BrushBar) -> None:
    assert sigma(bar).box.text() == "2"
    bar.set_brush("noise", {**NOISE, "sigma": 0.25})
    assert sigma(bar).box.text() == "0.25"


def test_that_labels_give_way_to_their_fields_where_room_is_scarce(qtbot: QtBot, bar: BrushBar) -> None:
    assert bar.fields["std"].label.isVisible()
    bar.resize(bar.minimumSizeHint().width(), 90)
    qtbot.waitUntil(lambda: not bar.fields["std"].label.isVisible())
    assert sigma(bar).sign.isVisible()
    assert sigma(bar).sign.text() == "σ"
    assert sigma(bar).slider.width() >= 80


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
    bar.resize(bar.minimumSizeHint())
    inside.show()
    qtbot.waitUntil(bar.fields["std"].isVisible)
    assert sigma(bar).sign.width() >= sigma(bar).sign.fontMetrics().horizontalAdvance("σ")
    assert bar.fields["std"].mapTo(bar, bar.fields["std"].rect().topRight()).x() < bar.width()
    assert sigma(bar).slider.width() >= theme.pixels(80)


def test_that_the_least_width_does_not_jump_between_operations(bar: BrushBar) -> None:
    before = bar.minimumSizeHint().width()
    bar.set_brush("silence", ())
    assert bar.minimumSizeHint().width() == before


def test_that_a_number_of_seeds_is_wished_for(qtbot: QtBot, bar: BrushBar) -> None:
    bar.set_seeds(3)
    assert bar.seeds.box.text() == "3 seeds"
    bar.seeds.box.selectAll()
    with qtbot.waitSignal(bar.seedsChanged) as told:
        qtbot.keyClicks(bar.seeds.box, "12")
        qtbot.keyClick(bar.seeds.box, Qt.Key.Key_Return)
    assert told.args == [12]
    assert (bar.seeds.box.minimum(), bar.seeds.box.maximum()) == (1, 100)


def text_field(bar: BrushBar, operation: str) -> TextField:
    bar.set_brush(operation, OPERATIONS[operation].checked({}))
    (field,) = bar.fields.values()
    assert isinstance(field, TextField)
    return field


def retype(qtbot: QtBot, field: TextField, text: str) -> None:
    field.edit.setFocus()
    field.edit.selectAll()
    qtbot.keyClicks(field.edit, text)
    qtbot.keyClick(field.edit, Qt.Key.Key_Return)


def test_that_a_text_is_wished_for_once_it_is_entered(qtbot: QtBot, bar: BrushBar, changes: list[Change]) -> None:
    field = text_field(bar, "project_out")
    retype(qtbot, field, "random7")
    assert changes == [("v", "random7", False)]
    assert "pca1" in bar.help.text
    assert not bar.help.alarming


def test_that_a_text_that_does_not_fit_is_refused_beside_its_field(
    qtbot: QtBot, bar: BrushBar, changes: list[Change]
) -> None:
    field = text_field(bar, "project_out")
    retype(qtbot, field, "he")
    assert changes == []
    assert "is not a direction" in bar.help.text
    assert bar.help.alarming
    assert field.edit.property("invalid")
    bar.set_brush("project_out", {"v": "pca1"})
    assert field.edit.text() == "he"
    retype(qtbot, field, "pca2")
    assert not bar.help.alarming
    assert changes == [("v", "pca2", False)]


def test_that_tokens_are_typed_or_taken_from_the_strip(qtbot: QtBot, bar: BrushBar, changes: list[Change]) -> None:
    field = text_field(bar, "knockout")
    assert isinstance(field, TokensField)
    bar.set_chosen("2-4")
    qtbot.mouseClick(field.take, LEFT)
    retype(qtbot, field, "0, 3")
    retype(qtbot, field, "four")
    assert changes == [("keys", "2-4", False), ("keys", "0,3", False)]
    assert "does not name token positions" in bar.help.text


def test_that_what_is_being_typed_stays_while_a_result_comes(qtbot: QtBot, bar: BrushBar) -> None:
    field = text_field(bar, "knockout")
    field.edit.setFocus()
    field.edit.selectAll()
    qtbot.keyClicks(field.edit, "0,")
    bar.set_brush("knockout", {"keys": "0"})
    assert field.edit.text() == "0,"


def test_that_an_operation_without_a_place_in_the_model_says_why(bar: BrushBar) -> None:
    bar.set_info(model_info(unreachable=(("pattern", "MPT hides its pattern."),)))
    assert not bar.buttons["knockout"].isEnabled()
    assert bar.buttons["knockout"].toolTip() == "MPT hides its pattern."
    assert bar.buttons["silence"].isEnabled()
    bar.set_info(model_info())
    assert bar.buttons["knockout"].isEnabled()


def shown(bar: BrushBar) -> list[str]:
    return [key for key, button in bar.buttons.items() if button.isVisible()]


def test_that_operations_without_room_stand_in_a_menu(qtbot: QtBot, bar: BrushBar) -> None:
    bar.resize(600, 90)
    qtbot.waitUntil(bar.strip.more.isVisible)
    assert shown(bar) == list(bar.buttons)[: len(shown(bar))]
    assert 4 <= len(shown(bar)) < len(bar.buttons)
    entries = [action for action in bar.strip.menu.actions() if action.text().split("\t")[0].endswith("Knockout")]
    with qtbot.waitSignal(bar.operationChosen) as told:
        entries[0].trigger()
    assert told.args == ["knockout"]
    bar.set_brush("knockout", {"keys": "0"})
    assert bar.strip.more.text() == "/ Knockout"
    assert bar.strip.more.isChecked()
    assert bar.strip.more.geometry().right() <= bar.strip.width()


def test_that_where_there_is_height_operations_stand_in_two_rows(qtbot: QtBot, bar: BrushBar) -> None:
    bar.resize(780, 1000)
    qtbot.waitUntil(lambda: len(shown(bar)) == len(bar.buttons))
    assert len({button.y() for button in bar.buttons.values()}) == 2
    assert bar.strip.more.isHidden()


def test_that_rows_hold_as_many_as_fit() -> None:
    assert rows_of([50, 50, 50], 160, 5) == [3]
    assert rows_of([50, 50, 50], 159, 5) == [2, 1]
    assert rows_of([50, 50], 10, 5) == [1, 1]


@pytest.mark.parametrize(("number", "keys"), [(1, "Ctrl+1"), (9, "Ctrl+9"), (10, "Ctrl+Alt+1")])
def test_that_every_operation_has_a_key(number: int, keys: str) -> None:
    assert operation_key(number) == keys
