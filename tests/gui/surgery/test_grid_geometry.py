"""Where the grid's cells stand."""

from __future__ import annotations

import pytest

from gui.surgery.grid_geometry import FLATTEST, LARGEST, SMALLEST, GridGeometry, Hit, fitted, label_step
from gui.surgery.grid_model import GridModel
from gui.surgery.grid_points import GridPoints


def fit(n_layers: int, n_heads: int, width: int, height: int, scale: float = 1.0) -> GridGeometry:
    """Return the geometry of a grid in a viewport."""
    return fitted(
        GridModel(n_layers, n_heads), width, height, scale=scale, label_width=60, header_height=26, wide_label=46
    )


@pytest.mark.parametrize(
    ("n_layers", "n_heads", "width", "height"),
    [(5, 8, 560, 350), (12, 12, 700, 530), (48, 25, 1400, 930), (80, 64, 700, 600), (1, 1, 1400, 1000)],
)
def test_that_cells_keep_between_their_smallest_and_largest_size(
    n_layers: int, n_heads: int, width: int, height: int
) -> None:
    g = fit(n_layers, n_heads, width, height)
    assert SMALLEST <= g.cell_width <= LARGEST
    assert FLATTEST <= g.cell_height <= LARGEST
    assert g.cell_width <= 1.7 * g.cell_height
    assert g.cell_height <= 1.4 * g.cell_width


def test_that_a_small_model_needs_no_scrolling() -> None:
    g = fit(5, 8, 560, 350)
    assert g.left + g.label_width + g.body_width <= 560
    assert g.header_height + g.body_height <= 350


def test_that_a_large_model_scrolls_rather_than_shrinks() -> None:
    g = fit(80, 64, 700, 600)
    assert g.body_width > 700
    assert g.body_height > 600


@pytest.mark.parametrize(("n_layers", "n_heads"), [(5, 8), (48, 25)])
def test_that_every_cell_is_found_at_its_middle(n_layers: int, n_heads: int) -> None:
    g = fit(n_layers, n_heads, 700, 600)
    for cell in g.model.cells:
        x, y, width, height = g.rect(cell)
        assert g.cell_at(x + width / 2, y + height / 2) == cell


@pytest.mark.parametrize("head", ["z", "k"])
def test_that_key_value_heads_span_their_query_heads_and_logits_stand_apart(head: str) -> None:
    model = GridModel(5, 8, 2, has_logits=True, points=GridPoints(head))
    g = fitted(model, 700, 500, scale=1, label_width=60, header_height=26, wide_label=46)
    queries = fitted(
        model.with_points(GridPoints()), 700, 500, scale=1, label_width=60, header_height=26, wide_label=46
    )
    assert g.body_width == queries.body_width
    for cell in model.cells:
        x, y, width, height = g.rect(cell)
        assert g.cell_at(x + width / 2, y + height / 2) == cell
    assert g.cell_at(g.column_x(model.columns - 1) + 5, g.row_y(6) - 4) is None
    assert g.body_height == g.row_y(6) + g.cell_height


def test_that_nothing_is_found_between_the_groups_and_beside_them() -> None:
    g = fit(5, 8, 560, 350)
    assert g.cell_at(g.column_x(8) - 2, g.row_y(1) + 2) is None
    assert g.cell_at(2, 2) is None
    assert g.cell_at(g.body_width + 1, g.row_y(1) + 2) is None


def test_that_a_place_beyond_the_edge_means_the_cell_at_the_edge() -> None:
    g = fit(5, 8, 560, 350)
    assert g.nearest(-50, g.row_y(2) + 3) == (2, 0)
    assert g.nearest(9999, 9999) == (5, 11)


def test_that_labels_are_hit_beside_the_cells_and_follow_the_scrolling() -> None:
    g = fit(48, 25, 700, 600)
    x, y = g.left + 5, g.header_height + g.row_y(3) + 2
    assert g.hit(x, y, 0, 0) == Hit(row=3)
    assert g.hit(x, y, 0, g.cell_height * 10) == Hit(row=13)
    assert g.hit(g.left + g.label_width + g.column_x(4) + 2, 5, 0, 0) == Hit(column=4)
    assert g.hit(g.left + 2, 2, 0, 0) == Hit()


def test_that_what_is_seen_of_rows_and_columns_is_found_without_the_rest() -> None:
    g = fit(48, 25, 700, 600)
    assert list(g.rows_in(g.row_y(10) + 1, 2 * g.cell_height)) == [10, 11, 12]
    assert list(g.columns_in(0, 1)) == [0]
    assert list(g.rows_in(99999, 10)) == []


def test_that_crowded_labels_are_thinned_in_round_steps() -> None:
    assert label_step(40, 20) == 1
    assert label_step(14, 20) == 2
    assert label_step(3, 20) == 10


def test_that_cells_grow_with_the_text() -> None:
    assert fit(48, 25, 700, 600, scale=1.5).cell_width == 21
