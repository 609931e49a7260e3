"""The whole application on a tiny model, as a person has it before them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

import pytest

from gui.app import start
from gui.assembly import assemble
from gui.options import first_session, parser
from gui.settings import Settings
from gui.theme.theme import Theme
from tests.gui.hands import Hands
from tests.gui.sweep_hands import Brake

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from tests.fixtures.tiny_models import TinyModel


class Opener(Protocol):
    """Opens the window with these options and waits for the first result."""

    def __call__(self, *options: str, wait: bool = True, settings: Settings | None = None) -> Hands:
        """Open it."""
        ...


@pytest.fixture
def open_window(qtbot: QtBot) -> Iterator[Opener]:
    """Return what opens the window as the command line does; every window is closed after the test."""
    opened: list[Hands] = []

    def open_one(*options: str, wait: bool = True, settings: Settings | None = None) -> Hands:
        chosen = parser().parse_args(["--device", "cpu", *options])
        theme = Theme(chosen.theme or "light")
        theme.apply()
        made = assemble(first_session(chosen), theme, settings or Settings(None))
        hands = Hands(qtbot, made)
        opened.append(hands)
        made.window.resize(*(chosen.size or (1440, 900)))
        made.window.show()
        made.window.arrange()
        start(made, chosen)
        if wait:
            hands.wait_until_quiet()
            assert hands.results, hands.notices
        return hands

    yield open_one
    for hands in opened:
        hands.close()


@pytest.fixture
def hands(open_window: Opener, tiny_gpt2: TinyModel) -> Hands:
    """Return the window on the tiny GPT-2 and its prompt, with the first result in."""
    return open_window("--model", str(tiny_gpt2.folder), "--prompt", tiny_gpt2.prompt)


@pytest.fixture
def bert(open_window: Opener, tiny_bert: TinyModel) -> Hands:
    """Return the window on the tiny masked model."""
    return open_window("--model", str(tiny_bert.folder), "--prompt", tiny_bert.prompt)


@pytest.fixture
def encoder(open_window: Opener, tiny_bert_encoder: TinyModel) -> Hands:
    """Return the window on the tiny encoder without a head."""
    return open_window("--model", str(tiny_bert_encoder.folder), "--prompt", tiny_bert_encoder.prompt)


@pytest.fixture
def brake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Brake]:
    """A sweep that stands after its first batch until it is let go on."""
    made = Brake(monkeypatch)
    yield made
    made.off.set()
