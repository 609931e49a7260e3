"""Sweeps in the whole window: chosen, run between other runs, stopped, resumed, drawn and picked from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel

from core.errors import SurgeryError
from core.runs import sweep_run
from core.sessions import edits
from core.sessions.session import TokenPair
from core.sites.selection import at, text_selection
from core.sites.site import parse_site
from gui.status_bar import swept_words
from tests.gui.hands import PATIENCE_MS, Hands
from tests.gui.misplaced import misplaced
from tests.gui.sweep_hands import Brake, begin, panel, result, sweep, sweeping, sweeps, wait_until_done

if TYPE_CHECKING:
    from tests.fixtures.tiny_models import TinyModel
    from tests.gui.conftest import Opener


def compare(hands: Hands) -> None:
    """Compare two tokens, and wait for the curves."""
    hands.store.edit(edits.with_pair(hands.session, TokenPair(at(1), at(2))), "Compare")
    hands.wait_until_quiet()


def seen(hands: Hands) -> list[str]:
    """Return what is written in the status line."""
    return [label.text() for label in hands.window.status.findChildren(QLabel) if label.isVisible()]


def test_that_every_cell_is_what_a_click_on_it_gives(hands: Hands) -> None:
    swept = sweep(hands)
    assert swept.is_complete
    assert len(hands.results) == 1
    number = next(n for n, cell in enumerate(swept.request.cells) if str(cell.site) == "L1H1.z")
    hands.click_cell("L1H1.z")
    effect = hands.wait_for_result().effect
    assert swept.d_log_prob is not None
    assert swept.kl is not None
    assert swept.d_log_prob[number] == pytest.approx(effect.log_prob, abs=1e-4)
    assert swept.kl[number] == pytest.approx(effect.kl, abs=1e-4)


@pytest.mark.parametrize(
    "kind", ["layer head", "layer query", "layer key", "layer token", "head token", "part layer", "neuron"]
)
def test_that_every_kind_fills_its_map(hands: Hands, kind: str) -> None:
    swept = sweep(hands, kind)
    assert hands.notices == {}
    assert swept.is_complete
    shown = panel(hands).map.heat
    assert shown is not None
    np.testing.assert_array_equal(np.isnan(shown.values), ~shown.there)
    assert panel(hands).reason == ""


def test_that_doses_are_swept_for_an_operation_that_has_one(hands: Hands) -> None:
    panel(hands).kindChosen.emit("layer dose")
    assert not panel(hands).bar.button.isEnabled()
    assert panel(hands).words.text() == "Silence has no dose to sweep."
    hands.choose("scale")
    assert sweep(hands, "layer dose").is_complete


def test_that_a_run_put_during_a_sweep_is_answered_before_the_sweep_ends(hands: Hands, brake: Brake) -> None:
    begin(hands, brake)
    done = result(hands).done.sum()
    for site in ("L0H1.z", "L2H0.z"):
        hands.click_cell(site)
        hands.wait_until_quiet()
    assert [len(each.request.plan) for each in hands.results] == [0, 1, 2]
    assert len(hands.result.request.plan) == 2
    assert sweeping(hands).running
    assert result(hands).done.sum() == done
    brake.off.set()
    wait_until_done(hands)
    assert result(hands).is_complete


def test_that_runs_in_the_middle_of_a_sweep_change_no_number_of_either(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = sweep(hands)
    hands.click_cell("L1H1.z")
    effect = hands.wait_for_result().effect
    hands.action("Undo").trigger()
    hands.wait_until_quiet()
    brake = Brake(monkeypatch)
    sweeping(hands).result = None
    begin(hands, brake)
    hands.click_cell("L1H1.z")
    assert hands.wait_for_result().effect == effect
    brake.off.set()
    wait_until_done(hands)
    assert alone.d_log_prob is not None
    np.testing.assert_allclose(result(hands).d_log_prob, alone.d_log_prob, atol=1e-4)  # type: ignore[arg-type]


def test_that_it_stops_at_once_and_is_taken_up_where_it_was_left(hands: Hands, brake: Brake) -> None:
    begin(hands, brake)
    button = panel(hands).bar.button
    assert button.text() == "Cancel"
    hands.click(button)
    assert button.text() == "Resume"
    assert not sweeping(hands).running
    first = result(hands)
    assert 0 < first.done.sum() < len(first.done)
    assert panel(hands).words.text() == f"{first.done.sum()} of {len(first.done)} cells done"
    brake.off.set()
    hands.click(button)
    wait_until_done(hands)
    assert result(hands).is_complete
    assert first.d_log_prob is not None
    np.testing.assert_array_equal(result(hands).d_log_prob[first.done], first.d_log_prob[first.done])  # type: ignore[index]
    assert button.text() == "Sweep"


def test_that_the_status_line_says_how_far_it_is_and_cancels_it(hands: Hands, brake: Brake) -> None:
    status = hands.window.status
    begin(hands, brake)
    hands.qtbot.waitUntil(lambda: panel(hands).words.text().endswith("left"), timeout=PATIENCE_MS)
    assert status.doing == f"Sweep: {panel(hands).words.text()}"
    assert swept_words(result(hands)) in seen(hands)
    hands.click(status.cancel)
    assert not sweeping(hands).running
    assert status.doing == ""


def test_that_the_share_of_a_sweep_under_way_can_be_read_in_a_small_window(hands: Hands, brake: Brake) -> None:
    hands.window.resize(1280, 720)
    begin(hands, brake)
    hands.qtbot.waitUntil(lambda: panel(hands).words.text().endswith("left"), timeout=PATIENCE_MS)
    labels = hands.window.status.findChildren(QLabel)
    swept = next(label for label in labels if label.text() == swept_words(result(hands)))
    first = swept.text().partition(",")[0]
    assert first.endswith(" % of full passes")
    assert swept.fontMetrics().horizontalAdvance(f"{first} …") <= swept.contentsRect().width()


def test_that_the_status_line_says_what_a_sweep_took_from_the_clean_run_beside_what_a_run_did(hands: Hands) -> None:
    words = swept_words(sweep(hands))
    assert words.startswith("sweep: ") and words.endswith(" % of full passes, from each cell's layer and token")
    hands.click_cell("L1H1.z")
    hands.wait_until_quiet()
    assert words in seen(hands)
    assert any(text.startswith("restarted at layer 1") for text in seen(hands))


def test_that_the_cancel_key_stops_it(hands: Hands, brake: Brake) -> None:
    begin(hands, brake)
    cancel = hands.action("Cancel")
    assert cancel.isEnabled()
    assert hands.action("Sweep all places").text() == "Stop the sweep"
    cancel.trigger()
    assert not sweeping(hands).running
    assert not cancel.isEnabled()
    assert "cancelled" not in hands.notices


def test_that_opening_another_model_ends_it(hands: Hands, brake: Brake, tiny_llama: TinyModel) -> None:
    begin(hands, brake)
    hands.controller.open_model(str(tiny_llama.folder))
    hands.wait_until_quiet()
    assert hands.result.model.family == "llama"
    assert not sweeping(hands).running
    assert panel(hands).note.text().startswith("Of another prompt on ")
    assert hands.window.grid.view.look.swept == {}


def test_that_another_prompt_does_not_stop_it_and_the_map_says_whose_it_is(hands: Hands, brake: Brake) -> None:
    begin(hands, brake)
    before = hands.session.prompt
    hands.type_prompt(f"{before} again")
    assert sweeping(hands).running
    assert panel(hands).note.text() == f"Of another prompt: {before}"
    assert hands.window.grid.view.look.swept == {}
    brake.off.set()
    wait_until_done(hands)
    assert result(hands).is_complete
    assert result(hands).tokens.prompt == before
    panel(hands).cellPicked.emit(0)
    assert "another prompt" in hands.notices["sweep map"]
    assert hands.cuts == []
    hands.type_prompt(before)
    assert panel(hands).note.text() == ""
    assert hands.window.grid.view.look.swept
    assert "sweep map" not in hands.notices


def test_that_its_cost_is_stated_before_it_starts(hands: Hands) -> None:
    hands.window.docks["sweep_map"].raise_()
    hands.qtbot.waitUntil(lambda: sweeping(hands).cost is not None, timeout=PATIENCE_MS)
    hands.qtbot.waitUntil(lambda: "," in panel(hands).words.text())
    cost, info = sweeping(hands).cost, hands.controller.info
    assert cost is not None
    assert info is not None
    assert cost.cells == info.n_layers * info.n_heads
    assert panel(hands).words.text() == f"{cost.cells} cells, under 1 s"
    assert sweeping(hands).result is None
    assert len(hands.results) == 1


def test_that_flipping_the_readout_needs_no_new_run(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    compare(hands)
    swept = sweep(hands)
    put: list[object] = []
    monkeypatch.setattr(hands.made.thread, "put", lambda *args, **named: put.append(args))
    for key in ("kl", "cosine 0", "d_log_prob"):
        panel(hands).readoutChosen.emit(key)
        shown = panel(hands).picture
        assert shown is not None
        assert shown.readout.key == key
    panel(hands).readoutChosen.emit("cosine 0")
    panel(hands).depthChosen.emit(1)
    shown = panel(hands).picture
    assert shown is not None
    np.testing.assert_array_equal(shown.values, swept.cosine[:, 0, 1] - swept.clean_cosine[0, 1])
    assert put == []


def test_that_the_grid_is_coloured_and_says_the_number(hands: Hands) -> None:
    swept = sweep(hands)
    grid = hands.window.grid
    assert len(grid.view.look.swept) == len(swept.request.cells)
    assert grid.swept.isVisible()
    assert "Silence: Δ log p of" in grid.swept.legend.words
    told = hands.point_at("L1H1.z")
    assert "silence L1H1.z" in told
    assert "Δ log p" in told
    hands.click(grid.swept.off)
    assert grid.view.look.swept == {}
    assert not grid.swept.isVisible()
    assert panel(hands).picture is not None


def test_that_the_grid_shows_the_chosen_token_where_each_was_swept(hands: Hands) -> None:
    swept = sweep(hands, "layer token")
    site = parse_site("L1.resid_post")
    for token in (0, 2):
        hands.click_token(token)
        number = next(
            n for n, cell in enumerate(swept.request.cells) if cell.site == site and cell.positions == (token,)
        )
        shown = panel(hands).picture
        assert shown is not None
        cell = hands.window.grid.view.scene.swept[site]
        assert cell.share == pytest.approx(shown.values[number] / shown.limit)


def test_that_a_click_in_the_map_puts_the_incision_into_the_plan_and_off_again(hands: Hands) -> None:
    swept = sweep(hands)
    view = panel(hands).map
    number = next(n for n, cell in enumerate(swept.request.cells) if str(cell.site) == "L2H1.z")
    row, column = divmod(number, swept.model.n_heads)
    hands.click(view, view.rect_of((row, column)).center().toPoint())
    assert hands.cuts == ["L2H1.z@-1=silence"]
    assert view.marked == {(row, column)}
    assert len(hands.wait_for_result().request.plan) == 1
    hands.click(view, view.rect_of((row, column)).center().toPoint())
    assert hands.cuts == []
    assert view.marked == frozenset()
    hands.action("Undo").trigger()
    assert hands.cuts == ["L2H1.z@-1=silence"]


def test_that_estimates_come_first_and_are_compared_with_the_exact_numbers(hands: Hands, brake: Brake) -> None:
    begin(hands, brake)
    hands.qtbot.waitUntil(lambda: panel(hands).picture is not None)
    shown = panel(hands).picture
    assert shown is not None
    np.testing.assert_array_equal(shown.estimated, ~shown.result.done)
    hands.qtbot.waitUntil(lambda: any(cell.estimated for cell in hands.window.grid.view.look.swept.values()))
    brake.off.set()
    wait_until_done(hands)
    shown = panel(hands).picture
    assert shown is not None
    assert not shown.estimated.any()
    hands.click(panel(hands).scatter_button)
    assert panel(hands).scatter.isVisible()
    assert panel(hands).scatter.words.text().startswith("rank correlation ")


def test_that_without_a_chosen_token_there_is_nothing_to_sweep(hands: Hands) -> None:
    hands.store.edit(replace(hands.session, chosen=text_selection("nowhere")), "Choose")
    assert not panel(hands).bar.button.isEnabled()
    assert "No token is chosen" in panel(hands).words.text()


def test_that_a_failure_is_told_with_what_to_do(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **named: Any) -> Iterator[object]:
        raise SurgeryError("It cannot be swept.", "Do something else.")
        yield

    monkeypatch.setattr(sweep_run, "sweep", refuse)
    sweeps(hands).start()
    wait_until_done(hands)
    assert hands.notices == {"sweep": "It cannot be swept. Do something else."}
    monkeypatch.undo()
    assert sweep(hands).is_complete
    assert hands.notices == {}


def test_that_an_encoder_is_swept_for_its_similarities(encoder: Hands) -> None:
    sweep(encoder)
    assert panel(encoder).reason.startswith("There is nothing to show")
    compare(encoder)
    assert sweep(encoder).is_complete
    assert panel(encoder).reason == ""
    assert [encoder.window.panels["sweep_map"].bar.readout.itemData(0)] == ["cosine 0"]  # type: ignore[attr-defined]


def test_that_closing_the_window_in_the_middle_of_a_sweep_ends_the_thread(hands: Hands, brake: Brake) -> None:
    begin(hands, brake)
    hands.close()
    assert not hands.made.thread.running


@pytest.mark.parametrize("size", [(1280, 720), (1440, 900), (2560, 1440)])
def test_that_nothing_of_it_is_cut_off_or_overlaps(
    open_window: Opener, tiny_gpt2: TinyModel, size: tuple[int, int]
) -> None:
    width, height = size
    hands = open_window(
        "--model", str(tiny_gpt2.folder), "--prompt", tiny_gpt2.prompt, "--size", f"{width}x{height}"
    )  # fmt: skip
    sweep(hands)
    assert misplaced(hands.window) == []
