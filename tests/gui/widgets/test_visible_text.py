"""Every token has a face."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.widgets.visible_text import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [(" pizza", "·pizza"), ("\n\n", "⏎⏎"), ("\ta", "⇥a"), ("", "∅"), ("\u200b", "<U+200B>"), ("naïve", "naïve")],
)
def test_that_whitespace_and_the_unprintable_are_made_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_that_what_is_shown_is_never_empty_and_always_printable(text: str) -> None:
    assert visible(text)
    assert visible(text).isprintable()
