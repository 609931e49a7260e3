"""The cells of the grid, and what is marked on them."""

from __future__ import annotations

import pytest

from core.sites.site import Site, parse_site
from gui.surgery.grid_model import GridIncision, GridModel, cell_marks, coverage, line, occupied, toggle_of
from gui.surgery.grid_stroke import Stroke

MODEL = GridModel(n_layers=5, n_heads=8)


def cut(site: str, *positions: int, operation: str = "silence", enabled: bool = True) -> GridIncision:
    """Return an incision for the grid."""
    return GridIncision(parse_site(site), positions, operation, (), enabled)


def test_that_every_cell_has_one_site_and_every_site_its_cell() -> None:
    sites = [MODEL.site(cell) for cell in MODEL.cells]
    assert len(set(sites)) == len(MODEL.cells) == 1 + 5 * 12
    assert [MODEL.cell(site) for site in sites] == list(MODEL.cells)


@pytest.mark.parametrize(
    ("cell", "site"),
    [((0, 11), "embed"), ((1, 0), "L0H0.z"), ((5, 7), "L4H7.z"), ((3, 8), "L2.attn_out"), ((3, 11), "L2.resid_post")],
)
def test_that_heads_come_first_and_the_wide_columns_last(cell: tuple[int, int], site: str) -> None:
    assert str(MODEL.site(cell)) == site


def test_that_a_site_of_a_larger_model_has_no_cell() -> None:
    assert MODEL.cell(Site("z", 5, 0)) is None
    assert MODEL.cell(Site("z", 0, 8)) is None


def test_that_the_embedding_has_only_one_cell() -> None:
    assert [column for column in range(12) if MODEL.has((0, column))] == [11]
    assert MODEL.row_cells(0) == ((0, 11),)


def test_that_labels_mean_the_heads_of_a_layer_and_a_column_of_layers() -> None:
    assert MODEL.row_cells(2) == tuple((2, head) for head in range(8))
    assert MODEL.column_cells(9) == tuple((row, 9) for row in range(1, 6))


def test_that_steps_stop_at_the_edge_and_reach_the_embedding_from_its_column() -> None:
    assert MODEL.stepped((1, 0), -1, 0) == (1, 0)
    assert MODEL.stepped((1, 11), -1, 0) == (0, 11)
    assert MODEL.stepped((0, 11), 1, 0) == (1, 11)
    assert MODEL.stepped((0, 11), 0, -1) == (0, 11)
    assert MODEL.stepped((5, 3), 99, 99) == (5, 11)


def test_that_a_line_skips_no_cell() -> None:
    assert line((1, 1), (1, 4)) == ((1, 1), (1, 2), (1, 3), (1, 4))
    assert line((4, 2), (2, 2)) == ((4, 2), (3, 2), (2, 2))
    assert line((2, 2), (2, 2)) == ((2, 2),)


@pytest.mark.parametrize(
    ("positions", "chosen", "expected"),
    [((4,), (4,), "exact"), ((4, 5), (4,), "overlap"), ((5,), (4,), "elsewhere"), ((), (), "elsewhere")],
)
def test_that_coverage_compares_tokens(positions: tuple[int, ...], chosen: tuple[int, ...], expected: str) -> None:
    assert coverage(positions, chosen) == expected


def test_that_of_several_incisions_the_one_at_the_chosen_tokens_is_drawn() -> None:
    marks = cell_marks(MODEL, [cut("L0H0.z", 4), cut("L0H0.z", 5, operation="scale")], (4,))
    assert marks[1, 0].incision.operation == "silence"
    assert (marks[1, 0].coverage, marks[1, 0].count) == ("exact", 2)


def test_that_an_enabled_incision_is_drawn_before_a_disabled_one_and_a_later_before_an_earlier() -> None:
    both = [cut("L0H0.z", 4, operation="scale"), cut("L0H0.z", 4, operation="noise", enabled=False)]
    assert cell_marks(MODEL, both, (4,))[1, 0].incision.operation == "scale"
    two = [cut("L0H0.z", 4, operation="scale"), cut("L0H0.z", 4, operation="noise")]
    assert cell_marks(MODEL, two, (4,))[1, 0].incision.operation == "noise"


def test_that_only_incisions_at_just_the_chosen_tokens_make_a_click_take_off() -> None:
    marks = cell_marks(MODEL, [cut("L0H0.z", 4), cut("L0H1.z", 4, 5), cut("L9H1.z", 4)], (4,))
    assert occupied(marks, "silence") == {(1, 0)}
    assert len(marks) == 2


def test_that_where_another_operation_is_in_hand_a_click_does_not_take_off() -> None:
    marks = cell_marks(MODEL, [cut("L0H0.z", 4), cut("L0H1.z", 4, operation="noise")], (4,))
    assert occupied(marks, "noise") == {(1, 1)}


def test_that_a_group_is_filled_first_and_emptied_when_full() -> None:
    group = ((1, 0), (1, 1))
    assert toggle_of(group, frozenset({(1, 0)})) == (((1, 1),), True)
    assert toggle_of(group, frozenset(group)) == (group, False)


def test_that_a_stroke_adds_what_is_free_each_once() -> None:
    stroke = Stroke(MODEL, (1, 0), frozenset({(1, 2)}))
    stroke.extend((1, 3))
    stroke.extend((1, 0))
    assert stroke.add
    assert stroke.cells == ((1, 0), (1, 1), (1, 3))


def test_that_a_stroke_from_a_taken_cell_takes_off() -> None:
    stroke = Stroke(MODEL, (1, 2), frozenset({(1, 2), (1, 4)}))
    stroke.extend((1, 5))
    assert not stroke.add
    assert stroke.cells == ((1, 2), (1, 4))


def test_that_a_stroke_leaves_out_what_is_no_cell() -> None:
    stroke = Stroke(MODEL, (1, 10), frozenset())
    stroke.extend((0, 10))
    stroke.extend((0, 11))
    assert stroke.cells == ((1, 10), (0, 11))
