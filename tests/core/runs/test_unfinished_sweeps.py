"""Sweeps that are left off are kept, found again, and gone once they are done."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from core.errors import Cancelled
from core.runs.sweep_result import Cost, SweepFinished, SweepStarted
from core.runs.unfinished_sweeps import EVERY_S, MOST, STALE_S, UnfinishedSweeps
from tests.fixtures.made_sweeps import empty_sweep, finished, part, sweep_request

if TYPE_CHECKING:
    from pathlib import Path

    from core.runs.sweep_request import SweepRequest

DONE = range(10, 20)


def leave_off(kept: UnfinishedSweeps, request: SweepRequest) -> None:
    """Begin a sweep, do half of its cells and cancel it."""
    empty = empty_sweep(request)
    with pytest.raises(Cancelled), kept.following() as see:
        see(SweepStarted(empty, Cost(20, None)))
        see(replace(part(empty, range(15, 20)), counted=5, row_layers=70))
        see(part(empty, range(10, 15)))
        raise Cancelled


def files(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_that_what_is_done_is_found_again_by_an_equal_request_only(tmp_path: Path) -> None:
    leave_off(UnfinishedSweeps(tmp_path / "new" / "folder"), sweep_request())
    kept = UnfinishedSweeps(tmp_path / "new" / "folder")
    found = kept.find(sweep_request())
    assert found is not None
    np.testing.assert_array_equal(np.flatnonzero(found.done), DONE)
    assert (found.counted, found.row_layers) == (5, 70)
    assert kept.find(sweep_request(operation="skip")) is None


def test_that_a_sweep_that_ends_leaves_nothing_behind(tmp_path: Path) -> None:
    kept, whole = UnfinishedSweeps(tmp_path), finished()
    leave_off(kept, whole.request)
    assert len(files(tmp_path)) == 1
    with kept.following() as see:
        see(SweepStarted(empty_sweep(whole.request), Cost(20, None)))
        see(part(whole, range(20)))
        see(SweepFinished(whole))
    assert files(tmp_path) == []


def test_that_what_is_done_is_written_on_the_way_for_the_case_of_a_kill(tmp_path: Path) -> None:
    now = [0.0]
    kept, whole = UnfinishedSweeps(tmp_path, lambda: now[0]), finished()
    with kept.following() as see:
        see(SweepStarted(empty_sweep(whole.request), Cost(20, None)))
        see(part(whole, range(15, 20)))
        assert kept.find(whole.request) is None
        for now[0], cells in ((EVERY_S, range(10, 15)), (EVERY_S + 1, range(5, 10))):
            see(part(whole, cells))
            found = UnfinishedSweeps(tmp_path).find(whole.request)
            assert found is not None
            np.testing.assert_array_equal(np.flatnonzero(found.done), DONE)
        see(SweepFinished(whole))
    assert files(tmp_path) == []


def test_that_what_a_kill_left_half_written_is_cleared_away_in_time(tmp_path: Path) -> None:
    old, fresh = (tmp_path / f"{name}.cells.new" for name in ("old", "fresh"))
    for half, age in ((old, STALE_S + 60), (fresh, 0.0)):
        half.write_bytes(b"half")
        os.utime(half, (time.time() - age,) * 2)
    leave_off(UnfinishedSweeps(tmp_path), sweep_request())
    assert not old.exists()
    assert fresh.exists()


def test_that_only_a_few_are_kept_and_the_oldest_go(tmp_path: Path) -> None:
    kept = UnfinishedSweeps(tmp_path)
    requests = [sweep_request(n_layers) for n_layers in range(5, 5 + MOST + 2)]
    for number, request in enumerate(requests):
        leave_off(kept, request)
        newest = max(tmp_path.iterdir(), key=lambda each: each.stat().st_mtime_ns)
        os.utime(newest, (number, number))
    assert [kept.find(request) is not None for request in requests] == [False] * 2 + [True] * MOST


@pytest.mark.parametrize("broken", ["not a file of cells", "cut off", "other cells", "names missing"])
def test_that_a_broken_file_is_taken_away_without_a_word(tmp_path: Path, broken: str) -> None:
    kept, request = UnfinishedSweeps(tmp_path), sweep_request()
    leave_off(kept, request)
    (path,) = tmp_path.iterdir()
    if broken == "not a file of cells":
        path.write_text("nothing")
    elif broken == "cut off":
        path.write_bytes(path.read_bytes()[:-200])
    else:
        with np.load(path) as stored:
            values = dict(stored)
        if broken == "other cells":
            values["done"] = values["done"][:-1]
        else:
            del values["seconds"]
        with path.open("wb") as stream:
            np.savez(stream, **values)
    assert kept.find(request) is None
    assert files(tmp_path) == []


@pytest.mark.parametrize("reason", ["an estimate", "nothing was done", "a file decides the numbers"])
def test_that_what_could_not_be_gone_on_from_is_not_kept(tmp_path: Path, reason: str) -> None:
    kept, request = UnfinishedSweeps(tmp_path), sweep_request()
    if reason == "nothing was done":
        with pytest.raises(Cancelled), kept.following() as see:
            see(SweepStarted(empty_sweep(request), Cost(20, None)))
            raise Cancelled
    elif reason == "an estimate":
        leave_off(kept, replace(request, method="screen"))
    else:
        cells = tuple(replace(each, operation="project_out", params=(("v", "file:v.npy"),)) for each in request.cells)
        leave_off(kept, replace(request, cells=cells))
    assert files(tmp_path) == []


def test_that_without_a_folder_that_can_be_written_nothing_is_kept_and_nothing_breaks(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for folder in (None, tmp_path / "file"):
        kept = UnfinishedSweeps(folder)
        leave_off(kept, sweep_request())
        assert kept.find(sweep_request()) is None
