"""The card says what is known of the open model, and nothing that is not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from core.runs.events import CheckLine, CheckReport, Precision
from gui.panels.model_card import ModelCard, number
from gui.theme.theme import Theme
from tests.fixtures.made_results import model_info, result
from tests.gui.dialogs.made_models import held

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

CHECK = CheckReport(
    (
        CheckLine("empty plan", True, "A run without incisions changes nothing.", 2e-7, 1e-4),
        CheckLine("logit lens", False, "The curve ends elsewhere.", 0.5, 1e-4),
        CheckLine("attention rows", None, "This family does not show its pattern."),
    ),
    0.1,
)


@pytest.fixture
def card(qtbot: QtBot) -> ModelCard:
    made = ModelCard(Theme())
    qtbot.addWidget(made)
    return made


def text(card: ModelCard) -> str:
    return re.sub("[\xa0\N{NARROW NO-BREAK SPACE}]", " ", card.page.toPlainText())


def test_that_it_says_what_the_model_is(card: ModelCard) -> None:
    card.show_model(model_info(n_heads=4, n_key_value_heads=2, d_mlp=None, vocab_size=50257), CHECK)
    shown = text(card)
    for fact in ("specimen-gpt2", "GPT-2 (gpt2)", "4 for queries, 2 for keys and values", "64, 16", "the next token",
                 "no single set of neurons", "50 257 tokens", "float32 on cpu"):  # fmt: skip
        assert fact in shown
    assert "found by its structure" not in shown
    card.show_model(model_info(has_head=False, family="unheard-of", detected=True, d_mlp=128), CHECK)
    assert "unheard-of, found by its structure" in text(card)
    assert "no language-model head" in text(card)


def test_that_every_line_of_the_self_check_is_there_with_its_numbers(card: ModelCard) -> None:
    card.show_model(model_info(), CHECK)
    shown = text(card)
    assert "Self-check failed" in shown
    assert "A run without incisions changes nothing. (2.0×10−7, allowed 1.0×10−4)" in shown
    assert "\N{BALLOT X} logit lens" in shown
    assert "\N{EN DASH} attention rows" in shown


def test_that_notes_and_what_is_not_offered_are_there_with_the_reason(card: ModelCard) -> None:
    card.show_model(model_info(notes=("Layers share <weights>.",), unreachable=(("q", "It is hidden."),)), CHECK)
    assert "Layers share <weights>." in text(card)
    assert "It is hidden." in text(card)
    card.show_model(model_info(), CHECK)
    assert "Not offered" not in text(card)


@pytest.mark.parametrize(
    ("precision", "lines"),
    [
        (None, []),
        (
            Precision(dtype="bfloat16", log_prob=0.0271, residual=0.0031, kl=1.2e-5),
            ["bfloat16 against float32", "0.027 nats", "3.1×10−3 of the vector's length", "1.2×10−5 nats"],
        ),
        (Precision(dtype="float16", residual=0.01), ["float16 against float32", "no language-model head"]),
        (Precision(dtype="float16", why_not="It needs 9 GB."), ["Not compared. It needs 9 GB."]),
    ],
)
def test_that_half_precision_is_set_against_float32(
    card: ModelCard, precision: Precision | None, lines: list[str]
) -> None:
    card.show_model(model_info(), CheckReport(CHECK.lines, 0.1, precision))
    for line in lines:
        assert line in text(card)
    assert ("against float32" in text(card)) is bool(precision)


def test_that_models_in_memory_are_counted(card: ModelCard) -> None:
    card.show_model(model_info(), CHECK)
    assert "In memory" not in text(card)
    card.show_held(held(("specimen-gpt2", True), ("owner/small", False)))
    assert "2.0 GB of a budget of 8.0 GB" in text(card)
    assert "owner/small" in text(card)


def test_that_a_reason_or_a_result_never_takes_the_card_away(card: ModelCard) -> None:
    card.show_held(held())
    card.show_reason("Waiting for the model.")
    assert card.reason == "Waiting for the model."
    card.show_model(model_info(), CHECK)
    card.show_reason("The prompt is empty.")
    card.show_result(result())
    card.set_stale(True)
    card.set_outdated(True)
    assert card.reason == ""
    assert card.veil.mark == ""


def test_that_a_wide_card_has_two_columns_and_colours_follow_the_theme(qtbot: QtBot) -> None:
    theme = Theme()
    card = ModelCard(theme)
    qtbot.addWidget(card)
    card.show()
    card.show_model(model_info(), CHECK)
    card.resize(400, 600)
    tall = card.page.document().size().height()
    card.resize(1200, 600)
    assert card.page.document().size().height() < tall
    theme.use(name="dark")
    assert theme.palette.text in card.page.toHtml()


@pytest.mark.parametrize(
    ("value", "written"), [(None, "\N{EN DASH}"), (0.0, "0"), (0.027, "0.027"), (1.5, "1.5"),
                           (2.4e-7, "2.4×10<sup>\N{MINUS SIGN}7</sup>"), (float("inf"), "inf")],
)  # fmt: skip
def test_that_deviations_are_written_with_two_figures(value: float | None, written: str) -> None:
    assert number(value) == written
