"""The panel of continuations: readable text, what differs, what is pointed at, and settings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QSpinBox

from core.runs.generation import Generation
from core.runs.request import ResolvedIncision
from core.sites.site import parse_site
from gui.panels.generation import GenerationPanel, pieces
from gui.theme.theme import Theme
from gui.widgets.continuation_text import ContinuationText, readable
from tests.fixtures.made_results import model_info, result, tokens
from tests.gui.made_continuations import REQUEST, continued, masks_filled

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

PROMPT = "Peanut butter and pineapple taste great on"
CLEAN, OPERATED = (" a", " hot", " day", "."), (" a", " cold", " day", "\n")


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> Theme:
    return Theme(request.param)


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> GenerationPanel:
    made = GenerationPanel(theme)
    qtbot.addWidget(made)
    made.resize(700, 300)
    made.show()
    qtbot.waitExposed(made)
    made.show_result(result())
    return made


def look(text: ContinuationText, word: str) -> QTextCharFormat:
    """Return how a word is written."""
    place = text.toPlainText().index(word)
    cursor = QTextCursor(text.document())
    cursor.setPosition(place + 1)
    return cursor.charFormat()


def marked(text: ContinuationText) -> list[str]:
    """Return the words that are underlined."""
    return [piece.text for piece in text.pieces if look(text, readable(piece.text).strip()).fontUnderline()]


def place_of(text: ContinuationText, word: str) -> QPointF:
    """Return where a word stands in the viewport."""
    cursor = QTextCursor(text.document())
    cursor.setPosition(text.toPlainText().index(word) + 1)
    return QPointF(text.cursorRect(cursor).center())


def test_that_the_prompt_is_dimmed_and_what_was_made_follows(panel: GenerationPanel, theme: Theme) -> None:
    panel.show_continued(continued(CLEAN, OPERATED))
    assert panel.reason == ""
    assert panel.clean.text.toPlainText() == f"{PROMPT} a hot day."
    assert look(panel.clean.text, "butter").foreground().color() == QColor(theme.palette.text_muted)
    assert look(panel.clean.text, "hot").foreground().color() == QColor(theme.palette.text)


def test_that_of_a_long_prompt_only_the_end_is_shown() -> None:
    made = continued(CLEAN, OPERATED)
    long = replace(made, tokens=tokens(*([" word"] * 60), " end"))
    first = pieces(long, made.clean)[0].text
    assert first.startswith("\N{HORIZONTAL ELLIPSIS}word ")
    assert first.endswith(" word end")
    assert len(first) <= 91


def test_that_changed_tokens_are_marked_by_more_than_colour(panel: GenerationPanel, theme: Theme) -> None:
    panel.show_continued(continued(CLEAN, OPERATED))
    assert [piece.text for piece in panel.operated.text.pieces if piece.changed] == [" cold", "\n"]
    changed, same = look(panel.operated.text, "cold"), look(panel.operated.text, "day")
    assert changed.foreground().color() == QColor(theme.palette.operated)
    assert changed.underlineStyle() == QTextCharFormat.UnderlineStyle.SingleUnderline
    assert same.underlineStyle() == QTextCharFormat.UnderlineStyle.NoUnderline
    assert look(panel.clean.text, "hot").underlineStyle() == QTextCharFormat.UnderlineStyle.DotLine
    assert look(panel.clean.text, "day").underlineStyle() == QTextCharFormat.UnderlineStyle.NoUnderline
    assert panel.operated.words.text() == "4 tokens, 2 differ"


def test_that_what_only_one_side_has_is_marked(panel: GenerationPanel) -> None:
    panel.show_continued(continued((" a",), OPERATED, ended="the model ends here"))
    assert [piece.changed for piece in panel.operated.text.pieces] == [False, False, True, True, True]
    assert panel.clean.words.text() == "1 token, the model ends here"


def test_that_a_line_end_is_seen_and_other_signs_have_a_face() -> None:
    assert readable("\n") == "\N{RETURN SYMBOL}\N{LINE SEPARATOR}"
    assert readable(" a\tb") == " a\N{RIGHTWARDS ARROW TO BAR}b"
    assert readable("\u200b") == "<U+200B>"
    assert readable("") == "\N{EMPTY SET}"


def test_that_it_grows_token_by_token_without_being_written_anew(panel: GenerationPanel) -> None:
    cleared: list[int] = []
    panel.operated.text.textChanged.connect(lambda: cleared.append(len(panel.operated.text.toPlainText())))
    words = [f" word{n}" for n in range(80)]
    panel.set_running(True)
    for count in range(1, len(words) + 1):
        panel.show_continued(continued(words[:count], words[:count], done=count == len(words)))
        if count == 3:
            assert panel.operated.words.text() == "3 tokens, the same, \N{HORIZONTAL ELLIPSIS}"
    assert panel.operated.text.toPlainText() == PROMPT + "".join(words)
    assert cleared == sorted(cleared)
    assert panel.operated.text.verticalScrollBar().value() == panel.operated.text.verticalScrollBar().maximum() > 0


def test_that_a_shorter_text_takes_the_place_of_a_longer_one(panel: GenerationPanel) -> None:
    panel.show_continued(continued(CLEAN, OPERATED))
    panel.show_continued(continued((" an",), (" a",), done=False))
    assert panel.clean.text.toPlainText() == f"{PROMPT} an"
    assert panel.operated.text.toPlainText() == f"{PROMPT} a"


def test_that_pointing_at_a_token_tells_its_probability_on_both_sides(qtbot: QtBot, panel: GenerationPanel) -> None:
    panel.show_continued(continued(CLEAN, OPERATED))
    view = panel.operated.text
    qtbot.mouseMove(view.viewport(), place_of(view, "cold").toPoint())
    qtbot.waitUntil(lambda: panel.operated.words.text() == "·cold  25.0%, rank 2")
    assert panel.clean.words.text() == "·hot  25.0%, rank 2"
    assert view.viewport().toolTip() == "·cold  25.0%, rank 2"
    assert [mark.cursor.selectedText() for mark in panel.clean.text.extraSelections()] == ["hot"]
    qtbot.mouseMove(view.viewport(), place_of(view, "butter").toPoint())
    qtbot.waitUntil(lambda: panel.operated.words.text() == "4 tokens, 2 differ")
    assert panel.clean.text.extraSelections() == []


def test_that_the_arrow_keys_go_from_token_to_token(qtbot: QtBot, panel: GenerationPanel) -> None:
    panel.show_continued(continued(CLEAN, OPERATED))
    view, keys = panel.clean.text, Qt.Key
    view.setFocus()
    told = []
    for key in (
        keys.Key_Right,
        keys.Key_Right,
        keys.Key_End,
        keys.Key_Right,
        keys.Key_Left,
        keys.Key_Home,
        keys.Key_Left,
    ):
        qtbot.keyClick(view, key)
        told.append(panel.clean.words.text().split()[0])
    assert told == ["·a", "·hot", ".", ".", "·day", "·a", "·a"]
    assert view.accessibleDescription() == "·a  50.0%, rank 1"
    qtbot.keyClick(view, keys.Key_Tab)
    assert panel.clean.words.text() == "4 tokens"


def test_that_filled_masks_stand_out_in_the_prompt(panel: GenerationPanel, theme: Theme) -> None:
    panel.show_continued(masks_filled(["cat"], ["cat"]))
    assert panel.clean.text.toPlainText() == "The cat sat on the [MASK]."
    assert panel.clean.words.text() == "1 of 2 masks filled, stopped"
    panel.show_continued(masks_filled(["cat", "mat"], ["cat", "hat"]))
    assert panel.operated.text.toPlainText() == "The cat sat on the hat."
    assert panel.operated.words.text() == "2 of 2 masks filled, 1 differs"
    made, prompt = look(panel.operated.text, "cat"), look(panel.operated.text, "sat")
    assert made.fontWeight() > prompt.fontWeight()
    assert marked(panel.operated.text) == ["hat"]


def test_that_it_is_marked_outdated_while_plan_prompt_or_settings_are_others(panel: GenerationPanel) -> None:
    panel.show_continued(continued(CLEAN, OPERATED))
    veil = panel.veil
    assert veil.mark == ""
    cut = ResolvedIncision(0, parse_site("L1.mlp_out"), (2,), "silence", ())
    others = (replace(REQUEST, plan=(cut,)), replace(REQUEST, ids=(1, 2)))
    for other in others:
        panel.show_result(replace(result(), request=other))
        assert veil.mark == "answers an earlier question"
        panel.show_result(result())
        assert veil.mark == ""
    panel.show_result(replace(result(), request=replace(REQUEST, target=5, top_k=2, pairs=())))
    assert veil.mark == ""
    for settings, outdated in (
        (Generation(seed=4, top_k=3), False),
        (Generation(length=3), True),
        (Generation(temperature=0.5), True),
        (Generation(), False),
    ):
        panel.show_settings(settings)
        assert bool(veil.mark) == outdated
    panel.set_outdated(True)
    assert veil.mark
    panel.set_stale(True)
    panel.set_outdated(False)
    assert veil.mark


def test_that_another_model_takes_the_old_text_away(panel: GenerationPanel) -> None:
    panel.show_continued(continued(CLEAN, OPERATED))
    panel.show_result(replace(result(), request=replace(REQUEST, model="another")))
    assert panel.reason.startswith("Press Generate (Ctrl+G) to continue the prompt")


def test_that_what_cannot_hold_is_named(panel: GenerationPanel) -> None:
    cut = ResolvedIncision(3, parse_site("L1H2.z"), (2,), "patch", ())
    request = replace(REQUEST, plan=(cut,))
    panel.show_continued(continued(CLEAN, OPERATED, request=request, not_held=(3,)))
    assert panel.note.isVisible()
    assert panel.note.text().startswith("In the prompt only: patch L1H2.z.")
    panel.show_continued(continued(CLEAN, OPERATED))
    assert panel.note.isHidden()


def test_that_a_model_that_cannot_says_why(panel: GenerationPanel) -> None:
    assert panel.bar.button.isEnabled()
    panel.show_result(result(before={}, after={}, lenses=(), model=model_info(has_head=False)))
    assert "no language-model head" in panel.reason
    assert not panel.bar.button.isEnabled()
    masked = model_info(objective="masked", mask_token="[MASK]")
    panel.show_result(result(before={}, after={}, lenses=(), model=masked, read_position=None))
    assert panel.reason.startswith("Put [MASK] into the prompt")
    assert panel.bar.button.text() == "Fill the masks"
    with_mask = result(model=masked)
    panel.show_result(replace(with_mask, tokens=replace(with_mask.tokens, mask_positions=(2,))))
    assert panel.bar.button.isEnabled()
    assert panel.reason.startswith("Press Fill the masks (Ctrl+G) to fill the masks")
    assert panel.bar.fields["length"].isHidden()
    panel.show_reason("Opening the model.")
    assert (panel.reason, panel.bar.button.isEnabled()) == ("Opening the model.", False)


def test_that_the_button_starts_and_then_stops(qtbot: QtBot, panel: GenerationPanel) -> None:
    told: list[str] = []
    panel.startWanted.connect(lambda: told.append("start"))
    panel.stopWanted.connect(lambda: told.append("stop"))
    qtbot.mouseClick(panel.bar.button, Qt.MouseButton.LeftButton)
    panel.set_running(True)
    assert panel.bar.button.text() == "Stop"
    qtbot.mouseClick(panel.bar.button, Qt.MouseButton.LeftButton)
    panel.show_continued(continued(CLEAN[:2], OPERATED[:2], done=False))
    panel.set_running(False)
    assert panel.bar.button.text() == "Generate"
    assert told == ["start", "stop"]
    assert panel.clean.words.text() == "2 tokens, stopped"


def test_that_fields_show_settings_and_tell_what_is_wished(qtbot: QtBot, panel: GenerationPanel) -> None:
    told: list[tuple[str, object]] = []
    panel.settingChanged.connect(lambda name, value: told.append((name, value)))
    panel.show_settings(Generation(length=7, hold="new", temperature=0.75, top_k=40, top_p=0.9, seed=2**31 - 1))
    fields = panel.bar.fields
    assert told == []
    texts = [field.text() if isinstance(field, QSpinBox) else "" for field in fields.values()]
    assert texts == ["length 7", "", "", "top k 40", "", "seed 2147483647"]
    for name, keys in (("length", "12"), ("temperature", "0.5"), ("top_p", "0.25")):
        fields[name].setFocus()
        fields[name].selectAll()  # type: ignore[union-attr]
        qtbot.keyClicks(fields[name], keys)
        qtbot.keyClick(fields[name], Qt.Key.Key_Return)
    qtbot.keyClick(fields["hold"], Qt.Key.Key_Up)
    assert told == [("length", 12), ("temperature", 0.5), ("top_p", 0.25), ("hold", "prompt")]


def test_that_what_a_temperature_of_0_makes_idle_is_hidden(panel: GenerationPanel) -> None:
    for temperature, shown in ((0.0, False), (0.7, True), (0.0, False)):
        panel.show_settings(Generation(temperature=temperature))
        assert [panel.bar.fields[name].isVisible() for name in ("top_k", "top_p", "seed")] == [shown] * 3


@pytest.mark.parametrize("width", [360, 480, 640, 1000])
@pytest.mark.parametrize("scale", [0.8, 1.0, 2.0])
def test_that_fields_wrap_instead_of_being_cut_off(
    qtbot: QtBot, panel: GenerationPanel, theme: Theme, width: int, scale: float
) -> None:
    theme.use(scale=scale)
    panel.show_continued(continued(CLEAN, OPERATED))
    panel.show_settings(Generation(temperature=0.7))
    panel.resize(theme.pixels(width), theme.pixels(400))
    bar = panel.bar
    boxes = [each.geometry() for each in (bar.button, *bar.fields.values())]
    assert all(bar.rect().contains(box) for box in boxes)
    assert not any(one.intersects(other) for n, one in enumerate(boxes) for other in boxes[:n])
    qtbot.waitUntil(lambda: panel.clean.text.height() >= theme.pixels(44))


def test_that_narrow_texts_stand_below_each_other(qtbot: QtBot, panel: GenerationPanel) -> None:
    panel.show_continued(continued(CLEAN, OPERATED))
    panel.resize(700, 400)
    qtbot.waitUntil(lambda: panel.clean.geometry().right() < panel.operated.geometry().left())
    panel.resize(430, 400)
    qtbot.waitUntil(lambda: panel.clean.geometry().bottom() < panel.operated.geometry().top())


def test_that_a_change_of_theme_writes_everything_anew(panel: GenerationPanel, theme: Theme) -> None:
    panel.show_continued(continued(CLEAN, OPERATED))
    other = "dark" if theme.palette.name == "light" else "light"
    theme.use(name=other, scale=1.5)
    assert panel.operated.text.toPlainText().endswith(" a cold day\N{RETURN SYMBOL}\n")
    assert look(panel.operated.text, "cold").foreground().color() == QColor(theme.palette.operated)
    assert look(panel.operated.text, "cold").font().pixelSize() == theme.pixels(16)
    assert theme.palette.clean in panel.clean.heading.styleSheet()


def test_that_every_part_says_what_it_is(panel: GenerationPanel) -> None:
    assert panel.clean.text.accessibleName().startswith("clean continuation")
    names = [field.accessibleName() for field in panel.bar.fields.values()]
    assert names == ["length", "incisions hold for", "temperature", "top k", "top p", "seed"]
    assert all(field.toolTip() for field in (panel.bar.button, *panel.bar.fields.values()))
