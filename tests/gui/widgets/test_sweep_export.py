"""A sweep's map as a file: numbers in full, what is drawn, and what both are of."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtSvg import QSvgRenderer

from core.runs.sweep_request import SweepRequest
from gui.theme.theme import Theme
from gui.widgets.sweep_export import FINENESS, exported, provenance
from gui.widgets.sweep_picture import Picture, picture
from tests.fixtures.made_sweeps import finished, half, screened, sweep_request

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication


def shown(request: SweepRequest | None = None) -> Picture:
    found = picture(finished(request), "d_log_prob", 5)
    assert found is not None
    return found


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def test_that_the_table_has_every_number_in_full_below_what_it_is_of(qapp: QApplication) -> None:
    made = shown()
    text = exported(made, "csv", Theme("light")).decode()
    said = dict(line[2:].split(": ", 1) for line in text.splitlines() if line.startswith("#"))
    assert said["model"].startswith("specimen-gpt2 (5 layers")
    assert said["prompt"] == made.result.tokens.prompt
    assert said["plan"].startswith("each cell alone, such as silence L0H0.z at 7")
    assert "nats" in said["units"]
    assert said["target"] == made.result.target_text
    found = rows_of(text)
    assert made.result.d_log_prob is not None
    assert [float(row["d_log_prob"]) for row in found] == made.result.d_log_prob.tolist()
    assert [(row["layer"], row["head"]) for row in found] == [(str(x), str(y)) for x in range(5) for y in range(4)]


def test_that_what_is_not_run_is_empty_in_the_table_even_where_it_is_estimated(qapp: QApplication) -> None:
    made = half()
    some = picture(made, "d_log_prob", 5, screened(made))
    assert some is not None
    assert some.estimated.any()
    found = rows_of(exported(some, "csv", Theme("light")).decode())
    assert [row["d_log_prob"] == "" for row in found] == (~made.done).tolist()


@pytest.mark.parametrize("name", ["light", "dark"])
def test_that_a_picture_has_the_colours_of_the_map_and_says_what_it_is_of(qapp: QApplication, name: str) -> None:
    theme, made = Theme(name), shown()
    drawn = QImage.fromData(exported(made, "png", theme))
    colors = {QColor(*color).name() for color in made.heat().colors(theme).reshape(-1, 3).tolist()}
    seen = {drawn.pixelColor(x, y).name() for x in range(0, drawn.width(), 5) for y in range(0, drawn.height(), 5)}
    assert len(colors) > 10
    assert colors <= seen
    assert drawn.devicePixelRatio() == 1.0
    assert drawn.width() % FINENESS == 0
    assert {key: drawn.text(key) for key in drawn.textKeys()}.items() >= provenance(made.result).items()


def test_that_an_svg_holds_every_cell_as_a_shape_and_every_number_as_text(qapp: QApplication) -> None:
    made = shown()
    text = exported(made, "svg", Theme("light")).decode()
    assert QSvgRenderer(text.encode()).isValid()
    assert made.title in text
    assert made.result.tokens.prompt in text
    colors = {QColor(*color).name() for color in made.heat().colors(Theme("light")).reshape(-1, 3).tolist()}
    assert all(color in text for color in colors)
    heat = made.heat()
    assert all(f">{label}<" in text for label in (*heat.rows, *heat.columns))


def test_that_a_map_of_thousands_of_cells_stays_a_picture_that_can_be_opened(qapp: QApplication) -> None:
    many = sweep_request(90, 64)
    made = shown(many)
    drawn = QImage.fromData(exported(made, "png", Theme("light")))
    assert max(drawn.width(), drawn.height()) < 15_000
    assert not np.isnan(made.values).any()


def test_that_a_name_with_another_line_stays_within_its_line(qapp: QApplication) -> None:
    made = shown()
    result = replace(made.result, remarks=("One line,\nand # another.",))
    text = exported(replace(made, result=result), "csv", Theme("light")).decode()
    assert len(rows_of(text)) == len(result.done)
    assert "# remarks: One line, and # another." in text
