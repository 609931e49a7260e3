"""Memory that one layer lets go is there for the next, and given back at the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock, call

import pytest
import torch

from core.models import allocator
from core.models.allocator import ARENA_MAX, USUAL, WHILE_KEPT, freed_memory_kept, use_one_arena

LARGE = 40 * 2**20  # more than glibc keeps by itself


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mock]:
    """A stand-in for the C library."""
    made = Mock()
    monkeypatch.setattr(allocator, "_library", lambda: made)
    return made


def asked(switches: dict[int, int]) -> list[Any]:
    return [call.mallopt(switch, value) for switch, value in switches.items()]


def test_that_freed_memory_is_kept_only_for_the_time_of_the_block(library: Mock) -> None:
    with pytest.raises(ZeroDivisionError), freed_memory_kept():
        assert library.mock_calls == asked(WHILE_KEPT)
        raise ZeroDivisionError
    assert library.mock_calls == [*asked(WHILE_KEPT), *asked(USUAL), call.malloc_trim(0)]


def test_that_threads_share_one_place(library: Mock) -> None:
    use_one_arena()
    assert library.mock_calls == [call.mallopt(ARENA_MAX, 1)]


def test_that_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.models.allocator.sys.platform", "win32")
    assert allocator._library.__wrapped__() is None
    monkeypatch.setattr(allocator, "_library", lambda: None)
    use_one_arena()
    with freed_memory_kept():
        pass


@pytest.mark.skipif(allocator._library() is None, reason="the C library is not glibc")
def test_that_what_was_let_go_is_not_asked_of_the_system_again() -> None:
    import resource  # is not there on Windows

    def new_pages() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(5):
            torch.zeros(LARGE // 4)
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    usual = new_pages()
    with freed_memory_kept():
        new_pages()
        kept = new_pages()
    assert kept < usual / 2
