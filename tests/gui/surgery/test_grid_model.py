"""The cells of the grid, and what is marked on them."""

from __future__ import annotations

import pytest

from core.sites.site import Site, parse_site
from gui.surgery.grid_model import (
    GridIncision,
    GridModel,
    beside,
    cell_marks,
    coverage,
    line,
    occupied,
    paths,
    toggle_of,
)
from gui.surgery.grid_points import GridPoints
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


GROUPED = GridModel(n_layers=3, n_heads=8, n_key_value_heads=2, has_logits=True)


def sites_of(model: GridModel, *cells: tuple[int, int]) -> list[str]:
    """Return the sites of cells in the notation."""
    return [str(model.site(cell)) for cell in cells]


def test_that_cells_stand_for_the_chosen_hook_points() -> None:
    model = MODEL.with_points(GridPoints("q", "mlp_post", "resid_mid", neuron=120))
    assert sites_of(model, (1, 0), (3, 8), (3, 9), (3, 10), (3, 11)) == [
        "L0H0.q", "L2.attn_out", "L2N120.mlp_post", "L2.block", "L2.resid_mid",
    ]  # fmt: skip
    assert [model.cell(model.site(cell)) for cell in model.cells] == list(model.cells)
    assert model.cell(parse_site("L0H0.z")) is None
    assert MODEL.with_points(GridPoints(neuron=120)).site((3, 9)) == parse_site("L2.mlp_out")


def test_that_the_logits_have_a_cell_below_the_last_layer_where_there_are_any() -> None:
    assert GROUPED.rows == 5
    assert sites_of(GROUPED, (4, 11)) == ["logits"]
    assert GROUPED.cell(parse_site("logits")) == (4, 11)
    assert GROUPED.row_label(4) == "logits"
    assert [column for column in range(12) if GROUPED.has((4, column))] == [11]
    assert MODEL.cell(parse_site("logits")) is None


def test_that_keys_and_values_have_fewer_columns_where_heads_share_them() -> None:
    keys = GROUPED.with_points(GridPoints("k"))
    assert (GROUPED.head_columns, keys.head_columns, keys.columns) == (8, 2, 6)
    assert sites_of(keys, (1, 1), (1, 2)) == ["L0H1.k", "L0.attn_out"]
    assert [keys.shared_label(column) for column in (0, 1, 2)] == ["for heads 0–3", "for heads 4–7", ""]
    assert GROUPED.shared_label(0) == ""


@pytest.mark.parametrize(
    ("head", "site", "columns"),
    [
        ("z", "L0H1.k", [4, 5, 6, 7]),
        ("z", "L0H5.q", [5]),
        ("k", "L0H5.z", [1]),
        ("k", "L0H1.v", [1]),
        ("z", "L0.z", list(range(8))),
        ("z", "L0H2.k", []),
        ("z", "L0N3.mlp_post", [9]),
        ("z", "L0.resid_pre", [11]),
        ("z", "L9.resid_pre", []),
    ],
)
def test_that_a_site_belongs_to_the_cells_of_its_heads_and_columns(head: str, site: str, columns: list[int]) -> None:
    model = GROUPED.with_points(GridPoints(head))
    assert model.cells_of(parse_site(site)) == tuple((1, column) for column in columns)


def test_that_incisions_at_other_hook_points_are_marked_by_their_letters() -> None:
    incisions = [cut("L0H0.q", 4), cut("L0H0.attn_scores", 5), cut("L0.mlp_pre", 4), cut("L0N7.mlp_post", 4)]
    marks = cell_marks(MODEL, incisions, (4,))
    assert (marks[1, 0].signs, marks[1, 0].own, marks[1, 0].count) == (("q", "s"), False, 2)
    assert marks[1, 9].signs == ("pre", "N7")
    assert occupied(marks, "silence") == frozenset()
    assert [str(each.site) for each in beside(MODEL, incisions, (1, 0))] == ["L0H0.q", "L0H0.attn_scores"]


def test_that_an_incision_of_the_cell_itself_is_drawn_before_others() -> None:
    incisions = [cut("L0H0.z", 5), cut("L0H0.q", 4, operation="noise")]
    mark = cell_marks(MODEL, incisions, (4,))[1, 0]
    assert (mark.own, mark.incision.operation, mark.signs, mark.count) == (True, "silence", ("q",), 2)


def test_that_what_is_carried_to_one_receiver_has_a_path_from_cell_to_cell() -> None:
    carried = GridIncision(parse_site("L0H3.z"), (4,), "silence", receiver=parse_site("L2H1.k"))
    to_logits = GridIncision(parse_site("embed"), (4,), "noise", receiver=parse_site("logits"))
    off = GridIncision(parse_site("L0H3.z"), (4,), "silence", (), False, receiver=parse_site("L2H1.k"))
    assert paths(GROUPED, [carried, to_logits, off, cut("L0H0.z", 4)]) == (
        ((1, 3), (3, 4), "silence"),
        ((0, 11), (4, 11), "noise"),
    )


def test_that_steps_reach_the_logits_from_their_column() -> None:
    assert GROUPED.stepped((3, 11), 1, 0) == (4, 11)
    assert GROUPED.stepped((4, 11), 0, -1) == (4, 11)
    assert GROUPED.stepped((2, 3), 99, 0) == (3, 3)


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
