"""What is held keeps its budget; the least recently used goes first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.models.shelf import Shelf


def shelf_of(*names: str, budget: int = 100, n_bytes: int = 10, pool: str = "cpu") -> tuple[Shelf[str], list[str]]:
    """Return a shelf with things of ten bytes each, and the list of what it lets go."""
    gone: list[str] = []
    shelf: Shelf[str] = Shelf(lambda _: budget, gone.append)
    for name in names:
        shelf.put(name, name.upper(), n_bytes, pool)
    return shelf, gone


def held(shelf: Shelf[str]) -> list[str]:
    return [key for key, _ in shelf]


def test_that_what_is_put_is_found_and_what_was_not_is_not() -> None:
    shelf, _ = shelf_of("a")
    assert shelf.find("a") == "A"
    assert shelf.find("b") is None


def test_that_the_least_recently_used_goes_first() -> None:
    shelf, gone = shelf_of("a", "b", "c", budget=30)
    shelf.find("a")
    shelf.put("d", "D", 10, "cpu")
    assert gone == ["b"]
    assert held(shelf) == ["d", "a", "c"]


def test_that_the_newest_stays_even_if_it_alone_exceeds_the_budget() -> None:
    shelf, gone = shelf_of("a", "b", budget=30)
    shelf.put("huge", "HUGE", 1000, "cpu")
    assert (gone, held(shelf)) == (["a", "b"], ["huge"])


def test_that_what_is_pinned_stays_until_it_is_no_longer() -> None:
    shelf, gone = shelf_of("a", "b", budget=20)
    with shelf.pinned("a"):
        shelf.put("c", "C", 10, "cpu")
        assert gone == ["b"]
        assert shelf.let_others_go()
    assert gone == ["b", "c"]
    assert shelf.let_others_go()
    assert not shelf.let_others_go()


def test_that_each_memory_has_a_budget_of_its_own() -> None:
    shelf, gone = shelf_of("a", "b", budget=20)
    shelf.put("c", "C", 20, "cuda:0")
    assert gone == []
    shelf.put("d", "D", 10, "cuda:0")
    assert gone == ["c"]
    assert shelf.held_bytes("cpu") == 20


def test_that_room_is_made_only_as_far_as_it_is_needed() -> None:
    shelf, gone = shelf_of("a", "b", "c")
    shelf.make_room(15, "cpu", lambda: 10 * len(gone))
    assert gone == ["a", "b"]


def test_that_nothing_goes_where_letting_all_go_would_not_be_enough() -> None:
    shelf, gone = shelf_of("a", "b")
    shelf.put("elsewhere", "", 90, "cuda:0")
    shelf.make_room(25, "cpu", lambda: 10 * len(gone))
    assert gone == []


def test_that_a_smaller_budget_is_kept_at_once() -> None:
    budget = 100
    gone: list[str] = []
    shelf: Shelf[str] = Shelf(lambda _: budget, gone.append)
    for name in "abc":
        shelf.put(name, name, 10, "cpu")
    budget = 10
    with shelf.pinned("a"):
        shelf.tidy()
    assert gone == ["b", "c"]


def test_that_it_has_forgotten_what_it_lets_go_by_the_time_it_says_so() -> None:
    seen: list[str | None] = []
    shelf: Shelf[str] = Shelf(lambda _: 100, lambda key: seen.append(shelf.find(key)))
    shelf.put("a", "A", 1, "cpu")
    shelf.let_go("a")
    shelf.let_go("a")
    assert seen == [None]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 40)), max_size=30), st.integers(1, 100))
def test_that_the_budget_holds_whatever_is_put(puts: list[tuple[str, int]], budget: int) -> None:
    shelf: Shelf[str] = Shelf(lambda _: budget)
    for name, n_bytes in puts:
        shelf.put(name, name, n_bytes, "cpu")
        assert held(shelf)[0] == name
        assert shelf.held_bytes("cpu") <= budget or len(shelf) == 1
