"""Memory that one layer lets go is there for the next, and given back at the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock, call

import pytest
import torch

from core.models import allocator
from core.models.allocator import ARENA_MAX, USUAL, WHILE_KEPT, freed_memory_kept, use_one_arena
from core.runs.sweep_result import SweepPart
from tests.fixtures.swept import events_of, spec
from tests.fixtures.tiny_models import TinyModel

LARGE = 28 * 2**20


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mock]:
    """A stand-in for the C library."""
    made = Mock()
    monkeypatch.setattr(allocator, "_library", lambda: made)
    return made


def asked(switches: tuple[tuple[int, int], ...]) -> list[Any]:
    return [call.mallopt(switch, value) for switch, value in switches]


def test_that_freed_memory_is_kept_only_for_the_time_of_the_block(library: Mock) -> None:
    with pytest.raises(ZeroDivisionError), freed_memory_kept():
        assert library.mock_calls == asked(WHILE_KEPT)
        raise ZeroDivisionError
    assert library.mock_calls == [*asked(WHILE_KEPT), *asked(USUAL), call.malloc_trim(0)]


def test_that_only_the_outermost_block_gives_it_back(library: Mock) -> None:
    with freed_memory_kept():
        with freed_memory_kept():
            pass
        assert library.mock_calls == asked(WHILE_KEPT)
    assert library.mock_calls[-1] == call.malloc_trim(0)


def test_that_a_sweep_in_several_batches_gives_it_back_once(
    library: Mock, tiny_gpt2: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.runs.sweep_cost.FEWEST_CELLS", 1)
    monkeypatch.setattr("core.runs.batch_sizes.ROWS_AT_ONCE", 1)
    parts = [event for event in events_of(tiny_gpt2, spec("heads", "silence")) if isinstance(event, SweepPart)]
    assert len(parts) > 1
    assert library.mock_calls == [*asked(WHILE_KEPT), *asked(USUAL), call.malloc_trim(0)]


def test_that_what_the_user_chose_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALLOC_ARENA_MAX", "4")
    assert allocator._library.__wrapped__() is None


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
            together = [torch.ones(LARGE // 4) for _ in range(4)]  # more than is kept otherwise
            del together
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    usual = new_pages()
    with freed_memory_kept():
        new_pages()
        kept = new_pages()
    assert kept < usual / 2
