"""A sweep that was left off is offered again: after the program was closed, and after another sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from gui.settings import Settings
from tests.gui.hands import PATIENCE_MS, Hands
from tests.gui.sweep_hands import Brake, begin, panel, result, sweep, sweeping, wait_until_done

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.tiny_models import TinyModel
    from tests.gui.conftest import Opener


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return where sweeps that are left off are kept."""
    return tmp_path / "sweeps"


@pytest.fixture
def open_again(open_window: Opener, tiny_gpt2: TinyModel, folder: Path) -> Opener:
    """Return what opens the window as the same person does."""

    def open_one(*options: str, wait: bool = True, settings: Settings | None = None) -> Hands:
        asked = "--model", str(tiny_gpt2.folder), "--prompt", tiny_gpt2.prompt, *options
        return open_window(*asked, wait=wait, settings=Settings(None, folder))

    return open_one


def wait_for_the_cost(hands: Hands) -> None:
    """Bring the panel to the front and wait until it is known what the sweep is going to take."""
    hands.window.docks["sweep_map"].raise_()
    hands.qtbot.waitUntil(lambda: sweeping(hands).cost is not None, timeout=PATIENCE_MS)
    hands.wait_until_quiet()


def test_that_a_sweep_is_taken_up_after_the_window_was_closed_in_the_middle_of_it(
    open_again: Opener, brake: Brake, folder: Path
) -> None:
    before = open_again()
    begin(before, brake)
    first = result(before)
    before.close()
    assert len(list(folder.iterdir())) == 1
    after, done = open_again(), first.done
    wait_for_the_cost(after)
    button = panel(after).bar.button
    assert button.text() == "Resume"
    assert panel(after).words.text() == f"{done.sum()} of {len(done)} cells done"
    assert sweeping(after).result is None  # nothing is drawn that was not asked for
    brake.off.set()
    after.click(button)
    wait_until_done(after)
    assert result(after).is_complete
    assert first.d_log_prob is not None
    np.testing.assert_array_equal(result(after).d_log_prob[done], first.d_log_prob[done])  # type: ignore[index]
    assert result(after).counted == len(done)
    assert button.text() == "Sweep"
    assert list(folder.iterdir()) == []


def test_that_a_sweep_is_taken_up_after_another_one(open_again: Opener, brake: Brake) -> None:
    hands = open_again()
    begin(hands, brake)
    first = result(hands)
    hands.click(panel(hands).bar.button)
    brake.off.set()
    assert sweep(hands, "layer token").is_complete
    panel(hands).kindChosen.emit("layer head")
    hands.qtbot.waitUntil(lambda: panel(hands).bar.button.text() == "Resume", timeout=PATIENCE_MS)
    assert panel(hands).words.text() == f"{first.done.sum()} of {len(first.done)} cells done"
    hands.click(panel(hands).bar.button)
    wait_until_done(hands)
    assert result(hands).is_complete
    assert [axis.name for axis in result(hands).request.axes][:2] == ["layer", "head"]


def test_that_another_sweep_is_not_offered_what_was_left_off(open_again: Opener, brake: Brake) -> None:
    before = open_again()
    begin(before, brake)
    before.close()
    after = open_again("--versus", " the")
    wait_for_the_cost(after)
    assert panel(after).bar.button.text() == "Sweep"


def test_that_a_broken_file_is_not_offered_and_not_told_of(open_again: Opener, brake: Brake, folder: Path) -> None:
    before = open_again()
    begin(before, brake)
    before.close()
    (kept,) = folder.iterdir()
    kept.write_text("broken")
    after = open_again()
    wait_for_the_cost(after)
    assert panel(after).bar.button.text() == "Sweep"
    assert after.notices == {}
    assert list(folder.iterdir()) == []
