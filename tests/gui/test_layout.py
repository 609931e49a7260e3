"""Nothing of the window is cut off or overlaps, in any size, theme and text size; switching leaks nothing."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from gui.notifications import Notice
from gui.theme.theme import SCALES
from gui.wiring.text_fit import TextFit, share
from tests.fixtures.leaks import settle
from tests.fixtures.tiny_models import TinyModel
from tests.gui.conftest import Opener
from tests.gui.hands import Hands
from tests.gui.misplaced import misplaced

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

NEARLY = 30
SIZES = ((960, 600), (1280, 720), (1600, 1000), (2560, 1440))
NOTICES = (
    Notice(
        "failure",
        "danger",
        "The prompt is 200 tokens long, but the model with quite a long name takes at most 64 of them at once.",
        "Shorten it by 136 tokens, or choose a model that takes more.",
        "A report.",
    ),
    Notice("self-check", "danger", "The model failed its self-check.", "Choose another model.", lasting=True),
)


@pytest.fixture
def full(open_window: Opener, tiny_gpt2: TinyModel) -> Hands:
    """The window with pairs, a cut and a scale to set."""
    hands = open_window(
        "--model", str(tiny_gpt2.folder), "--prompt", tiny_gpt2.prompt, "--pair", "butter|pizza", "--pair", "great|on",
        "--cut", "L1H2.z@1=noise(sigma=2,seed=1)",
    )  # fmt: skip
    hands.choose("scale")
    return hands


@pytest.fixture
def supplied(open_window: Opener, tiny_gpt2: TinyModel) -> Hands:
    """The window with everything that a plan can take from, and tokens without counterpart."""
    name = str(tiny_gpt2.folder)
    return open_window(
        "--model", name, "--prompt", tiny_gpt2.prompt, "--donor-prompt", "Peanut butter and old bread taste on pizza",
        "--cut", "L1H2.z@1=patch", "--cut", "L0H1.z@1=mean(over=references)", "--references", "everyday",
        "--cut", "L0.resid_post@2=transplant(layer=1)", "--donor-model", name,
        "--cut", "L2H1.z@1=noise(sigma=2)", "--seeds", "3", "--pair", "1|3",
    )  # fmt: skip


def calm(hands: Hands) -> None:
    """Let layouts, the text size and what waits to be deleted come to rest."""
    fit = next(wiring for wiring in hands.made.wirings if isinstance(wiring, TextFit))
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    settle(application)
    hands.qtbot.waitUntil(lambda: not fit.settling)
    settle(application)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_that_nothing_is_cut_off_or_overlaps(full: Hands, name: str) -> None:
    for size, scale in product(SIZES, (0.8, 1.0, 2.0)):
        full.made.theme.use(name=name, scale=scale)
        full.window.resize(*size)
        full.window.arrange()
        calm(full)
        assert (size, scale, misplaced(full.window)) == (size, scale, [])
        assert (full.window.width(), full.window.height()) == size


@pytest.mark.parametrize("size", SIZES)
def test_that_all_that_a_plan_takes_from_has_room(supplied: Hands, size: tuple[int, int]) -> None:
    for scale in (0.8, 1.0, 1.5):
        supplied.made.theme.use(scale=scale)
        supplied.window.resize(*size)
        supplied.window.arrange()
        calm(supplied)
        assert (scale, misplaced(supplied.window)) == (scale, [])
        assert (supplied.window.width(), supplied.window.height()) == size


@pytest.mark.parametrize("size", SIZES)
def test_that_notices_are_whole_and_push_nothing_out(full: Hands, size: tuple[int, int]) -> None:
    full.made.theme.use(name="light", scale=1.0)
    full.window.resize(*size)
    full.window.arrange()
    calm(full)
    before = full.made.theme.scale
    for notice in NOTICES:
        full.made.notifications.show(notice)
    calm(full)
    assert misplaced(full.window) == []
    for notice in NOTICES:
        full.made.notifications.withdraw(notice.key)
    calm(full)
    assert misplaced(full.window) == []
    # Panels may have gone behind one another meanwhile, which leaves room for larger text.
    assert full.made.theme.scale >= before


def test_that_a_long_prompt_and_every_operation_have_room(full: Hands) -> None:
    full.made.theme.use(scale=1.0)
    full.window.resize(1280, 800)
    full.window.arrange()
    full.retype(full.window.header.prompt, "the cat sat on the mat " * 6)
    full.wait_until_quiet()
    for operation in full.window.brush.buttons:
        full.choose(operation)
        calm(full)
        assert misplaced(full.window) == []


@pytest.mark.parametrize("size", SIZES)
def test_that_the_field_for_a_neuron_and_the_search_for_a_receiver_have_room(
    full: Hands, size: tuple[int, int]
) -> None:
    full.made.theme.use(scale=1.0)
    full.window.resize(*size)
    full.window.arrange()
    full.choose_point("mlp_post")
    calm(full)
    assert full.window.grid.picker.neuron.isVisible()
    assert misplaced(full.window) == []
    full.window.plan.carryWished.emit(0)
    calm(full)
    assert misplaced(full.window) == []


def test_that_text_gives_way_in_a_small_window_and_comes_back_in_a_large_one(full: Hands) -> None:
    theme = full.made.theme
    full.window.resize(2560, 1440)
    theme.use(scale=1.5)
    calm(full)
    assert theme.scale == 1.5
    full.window.resize(1280, 720)
    full.window.arrange()
    calm(full)
    assert theme.scale < theme.wanted == 1.5
    assert "has room" in full.action("Larger text").text()
    full.window.resize(2560, 1440)
    full.window.arrange()
    calm(full)
    assert theme.scale == theme.wanted == 1.5
    assert full.action("Larger text").text() == "Larger text"


def test_that_text_that_has_no_room_is_not_asked_for_any_longer(full: Hands) -> None:
    theme, status = full.made.theme, full.window.status
    theme.use(scale=1.0)
    full.window.resize(1280, 720)
    full.window.arrange()
    calm(full)
    for _ in range(4):
        full.action("Larger text").trigger()
    calm(full)
    largest = theme.scale
    assert theme.wanted == largest < 1.5
    assert status.currentMessage() == "Text is as large as this window allows."
    full.action("Smaller text").trigger()
    assert theme.scale == max(step for step in SCALES if step < largest)
    assert status.currentMessage() == ""


def test_that_text_that_had_no_room_leaves_the_window_divided_as_it_was(full: Hands) -> None:
    full.made.theme.use(scale=1.0)
    full.window.resize(1280, 720)
    full.window.arrange()
    calm(full)
    before = full.window.centralWidget().width()
    for _ in range(4):
        full.action("Larger text").trigger()
    calm(full)
    assert abs(full.window.centralWidget().width() - before) < NEARLY
    view = full.window.grid.view
    assert not (view.horizontalScrollBar().maximum() and view.verticalScrollBar().maximum())
    assert misplaced(full.window) == []


def test_that_closing_a_panel_does_not_change_the_text(full: Hands) -> None:
    theme = full.made.theme
    full.window.resize(2560, 1440)
    theme.use(scale=1.75)
    calm(full)
    full.window.resize(1280, 720)
    full.window.arrange()
    calm(full)
    before = theme.scale
    assert before < theme.wanted
    for dock in full.window.docks.values():
        dock.close()
    calm(full)
    assert theme.scale == before


@pytest.mark.parametrize(
    ("room", "needed", "factor"), [((100, 100), (50, 80), 1.25), ((100, 100), (200, 10), 0.5), ((9, 9), (0, 0), 9)]
)
def test_that_the_shorter_side_decides_what_fits(room: tuple[int, int], needed: tuple[int, int], factor: float) -> None:
    assert share(QSize(*room), QSize(*needed)) == factor


def test_that_switching_theme_and_text_size_leaves_no_object_behind(full: Hands) -> None:
    def count() -> int:
        calm(full)
        return len(full.window.findChildren(QObject))

    def switch() -> None:
        for name, scale in (("dark", 1.3), ("light", 0.8), ("dark", 1.0), ("light", 1.0)):
            full.made.theme.use(name=name, scale=scale)

    switch()
    before = count()
    for _ in range(2):
        switch()
    assert count() == before


def test_that_the_titles_of_panels_grow_with_the_text(full: Hands) -> None:
    full.window.resize(2560, 1440)
    full.window.arrange()
    dock = full.window.docks["log_prob_curve"]

    def written(scale: float) -> int:
        """Return where the title ends."""
        full.made.theme.use(name="light", scale=scale)
        calm(full)
        assert full.made.theme.scale == scale
        title = dock.grab().toImage().copy(0, 0, dock.width() // 2, full.made.theme.pixels(28))
        inked = (
            x for x in range(title.width()) for y in range(title.height()) if title.pixelColor(x, y).lightness() < 128
        )
        return max(inked)

    small, large = written(0.8), written(1.5)
    assert large > 1.6 * small


def test_that_what_is_misplaced_is_found(qtbot: QtBot) -> None:
    """The check itself: one widget cut off, two that overlap, words without room."""
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(300, 100)
    outside, label, over = QPushButton("outside", window), QLabel("many words in little room", window), QLabel(window)
    outside.setGeometry(250, 10, 100, 40)
    label.setGeometry(0, 0, 40, 20)
    over.setGeometry(10, 5, 40, 20)
    window.show()
    found = "\n".join(misplaced(window))
    for word in ("is cut off by", "overlap in", "has only 40 of"):
        assert word in found
    over.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    assert "overlap" not in "\n".join(misplaced(window))
