"""Continuations in the whole window: started, stopped, overtaken, and their settings undone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.runs import generate as generate_module
from core.runs.generation import Continued, Generation
from core.sessions import edits
from gui.panels.generation import GenerationPanel
from gui.wiring.generation_wiring import GenerationWiring
from gui.wiring.text_fit import TextFit
from tests.core.runs.continuations import continued
from tests.fixtures.opened_models import opened
from tests.gui.hands import Hands
from tests.gui.misplaced import misplaced
from tests.gui.worker.gate import Gate

if TYPE_CHECKING:
    from gui.continuation import Continuation
    from tests.fixtures.tiny_models import TinyModel
    from tests.gui.conftest import Opener

CUT = "L1.mlp_out=scale(k=-3)"


def panel(hands: Hands) -> GenerationPanel:
    return hands.window.panel(GenerationPanel)


def continuation(hands: Hands) -> Continuation:
    return next(each for each in hands.made.wirings if isinstance(each, GenerationWiring)).continuation


def told(hands: Hands) -> list[Continued]:
    """Return the list that every step is put into from now on."""
    steps: list[Continued] = []
    continuation(hands).advanced.connect(steps.append)
    return steps


def generate(hands: Hands) -> list[Continued]:
    """Make a continuation and wait for its end."""
    steps = told(hands)
    hands.action("Continue the prompt").trigger()
    hands.qtbot.waitUntil(lambda: not continuation(hands).running, timeout=20_000)
    return steps


@pytest.fixture
def cut(open_window: Opener, tiny_gpt2: TinyModel) -> Hands:
    """The window with an incision in force."""
    return open_window("--model", str(tiny_gpt2.folder), "--prompt", tiny_gpt2.prompt, "--cut", CUT)


@pytest.fixture
def gate(cut: Hands) -> Iterator[Gate]:
    """A gate in the tiny model, still shut."""
    made = Gate(cut)
    yield made
    made.remove()


def test_that_it_shows_what_the_engine_makes_and_comes_to_the_front(cut: Hands, tiny_gpt2: TinyModel) -> None:
    shown = panel(cut)
    assert shown.visibleRegion().isEmpty()
    steps = generate(cut)
    assert not shown.visibleRegion().isEmpty()
    wanted = continued(opened(tiny_gpt2), tiny_gpt2.prompt, CUT)
    assert [len(step.clean.tokens) for step in steps] == list(range(1, 21))
    assert (steps[-1].clean, steps[-1].operated) == (wanted.clean, wanted.operated)
    assert [piece.text for piece in shown.operated.text.pieces[1:]] == [token.text for token in wanted.operated.tokens]
    assert shown.veil.mark == ""
    assert len(cut.results) == 1


def test_that_settings_are_steps_of_the_session_and_ask_for_no_run(cut: Hands) -> None:
    shown = panel(cut)
    shown.settingChanged.emit("length", 3)
    shown.settingChanged.emit("length", 4)
    shown.settingChanged.emit("hold", "new")
    assert cut.session.generation == Generation(length=4, hold="new")
    assert cut.made.store.history.undoText() == "Change incisions hold for"
    assert len(generate(cut)) == 4
    cut.action("Undo").trigger()
    assert cut.session.generation == Generation(length=4)
    assert shown.veil.mark == "answers an earlier question"
    cut.action("Undo").trigger()
    assert cut.session.generation == Generation()
    assert shown.bar.fields["length"].text() == "length 20"  # type: ignore[union-attr]
    assert len(cut.results) == 1


def test_that_it_is_marked_when_the_plan_is_another_and_not_any_more_after_undo(cut: Hands) -> None:
    generate(cut)
    veil = panel(cut).veil
    cut.click_cell("L2H1.z")
    cut.wait_until_quiet()
    assert veil.mark == "answers an earlier question"
    cut.action("Undo").trigger()
    cut.wait_until_quiet()
    assert veil.mark == ""
    cut.action("Run again").trigger()
    cut.wait_until_quiet()
    assert veil.mark == ""


def test_that_it_stops_inside_a_pass_and_keeps_what_was_made(cut: Hands, gate: Gate) -> None:
    steps = told(cut)
    action = cut.action("Continue the prompt")
    action.trigger()
    gate.wait_for_a_pass()
    assert action.text() == "Stop continuing"
    assert cut.action("Cancel").isEnabled()
    action.trigger()
    assert action.text() == "Continue the prompt"
    gate.open()
    # The thread is idle a moment before it has told so.
    cut.qtbot.waitUntil(lambda: not cut.action("Cancel").isEnabled())
    assert not cut.controller.busy
    assert (gate.passes, steps) == (0, [])
    assert "cancelled" not in cut.notices


def test_that_the_cancel_key_stops_it_without_a_word_about_runs(cut: Hands, gate: Gate) -> None:
    cut.action("Continue the prompt").trigger()
    gate.wait_for_a_pass()
    cut.action("Cancel").trigger()
    assert not continuation(cut).running
    gate.open()
    cut.qtbot.waitUntil(lambda: not cut.controller.busy)
    assert "cancelled" not in cut.notices
    assert panel(cut).veil.mark == ""


def test_that_a_newer_run_stops_it(cut: Hands, gate: Gate) -> None:
    steps = told(cut)
    cut.action("Continue the prompt").trigger()
    gate.wait_for_a_pass()
    cut.results.clear()
    cut.click_cell("L2H1.z")
    gate.open()
    cut.wait_until_quiet()
    cut.qtbot.waitUntil(lambda: not continuation(cut).running)
    assert steps == []
    assert len(cut.results) == 1
    assert panel(cut).bar.button.text() == "Generate"


def test_that_opening_a_model_stops_it(cut: Hands, gate: Gate, tiny_llama: TinyModel) -> None:
    steps = told(cut)
    cut.action("Continue the prompt").trigger()
    gate.wait_for_a_pass()
    cut.controller.open_model(str(tiny_llama.folder))
    assert not continuation(cut).running
    gate.open()
    cut.wait_until_quiet()
    assert steps == []
    assert cut.result.model.family == "llama"
    assert panel(cut).reason.startswith("Press Generate")
    assert len(generate(cut)) > 0


def test_that_a_second_one_replaces_the_first(cut: Hands, gate: Gate) -> None:
    steps = told(cut)
    continuation(cut).start()
    gate.wait_for_a_pass()
    cut.store.edit(edits.with_generation(cut.session, length=2), "Change length")
    continuation(cut).start()
    gate.open()
    cut.qtbot.waitUntil(lambda: not continuation(cut).running)
    assert [step.settings.length for step in steps] == [2, 2]


def test_that_what_cannot_be_continued_says_why_in_the_panel(cut: Hands) -> None:
    cut.store.edit(replace(cut.session, prompt=" "), "Type")
    cut.wait_until_quiet()
    generate(cut)
    assert panel(cut).reason == "The prompt is empty. Type a sentence."
    assert "continuation" not in cut.notices


def test_that_an_unexpected_exception_is_told_with_a_report(cut: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: object) -> int:
        raise RuntimeError("the roof came down")

    with monkeypatch.context() as patched:
        patched.setattr(generate_module, "choose", break_down)
        generate(cut)
    assert "RuntimeError: the roof came down" in cut.notices["continuation"]
    assert "the roof came down" in panel(cut).reason
    generate(cut)
    assert "continuation" not in cut.notices
    assert panel(cut).reason == ""


def test_that_masks_are_filled(open_window: Opener, tiny_bert: TinyModel) -> None:
    hands = open_window("--model", str(tiny_bert.folder), "--prompt", "The [MASK] sat on the [MASK].", "--cut", CUT)
    shown = panel(hands)
    assert shown.reason.startswith("Press Fill the masks")
    steps = generate(hands)
    assert [len(step.operated.tokens) for step in steps] == [1, 2]
    assert shown.clean.words.text() == "2 of 2 masks filled"
    assert "[MASK]" not in shown.operated.text.toPlainText()


def test_that_an_encoder_says_why_there_is_nothing(encoder: Hands) -> None:
    assert "no language-model head" in panel(encoder).reason
    assert not panel(encoder).bar.button.isEnabled()
    generate(encoder)
    assert "no language-model head" in panel(encoder).reason


def test_that_closing_the_window_while_it_runs_ends_the_thread(cut: Hands) -> None:
    gate = Gate(cut)
    cut.action("Continue the prompt").trigger()
    gate.wait_for_a_pass()
    cut.window.close()
    gate.remove()
    cut.close()
    assert not cut.made.thread.running


@pytest.mark.parametrize("size", [(960, 600), (1280, 720), (2560, 1440)])
def test_that_nothing_of_it_is_cut_off_or_overlaps(cut: Hands, size: tuple[int, int]) -> None:
    cut.store.edit(edits.with_generation(cut.session, temperature=0.7), "Change temperature")
    fit = next(wiring for wiring in cut.made.wirings if isinstance(wiring, TextFit))
    for name, scale in (("light", 0.8), ("dark", 1.0), ("light", 2.0)):
        cut.made.theme.use(name=name, scale=scale)
        cut.window.resize(*size)
        cut.window.arrange()
        generate(cut)
        cut.qtbot.waitUntil(lambda: not fit.settling)
        cut.qtbot.wait(300)
        assert (size, scale, misplaced(cut.window)) == (size, scale, [])
        assert (cut.window.width(), cut.window.height()) == size
