"""What the line under the grid says."""

from __future__ import annotations

import pytest

from core.interventions.ops import OPERATIONS
from core.sites.site import parse_site
from gui.surgery.grid_geometry import Hit
from gui.surgery.grid_model import GridIncision, GridModel
from gui.surgery.grid_points import GridPoints
from gui.surgery.grid_words import GridScene, cell_name, reading
from gui.surgery.incision_words import operation_words, site_words
from gui.widgets.token_words import positions_words
from tests.gui.surgery.prompts import PIECES, prompt

TOKENS = prompt(*PIECES)
SIGMA = (("seed", 0), ("sigma", 2.0), ("std", "layer"))


def scene(*incisions: GridIncision) -> GridScene:
    """Return a grid of five layers with some incisions."""
    return GridScene(None, GridModel(5, 8), incisions, TOKENS, (4,), "silence", ())


def test_that_a_free_cell_says_what_a_click_would_do() -> None:
    said = reading(scene(), Hit(4, 5))
    assert (said.title, said.code) == ("Layer 3, head 5", "L3H5.z")
    assert said.line == "Click: silence at 4 ·pine"
    assert said.more.startswith("One head's output")


def test_that_a_cut_cell_says_what_is_done_there_and_what_it_did() -> None:
    site = parse_site("L3H5.z")
    told = scene(GridIncision(site, (4,), "noise", SIGMA), GridIncision(site, (5, 6), "silence", (), False))
    told.effects = {(site, (4,)): "log p −0.42"}
    said = reading(told, Hit(4, 5))
    assert said.line == "noise σ=2 seed=0 at 4 ·pine; silence at 5 apple, 6 ·taste (off)"
    assert said.more == "log p −0.42"


@pytest.mark.parametrize(
    ("in_hand", "chosen", "said"),
    [
        ("silence", (4,), "Click: takes it off"),
        ("noise", (4,), "Click: puts noise in place of silence"),
        ("silence", (5,), "Click: silence at 5 apple"),
    ],
)
def test_that_a_cut_cell_says_what_a_click_does(in_hand: str, chosen: tuple[int, ...], said: str) -> None:
    told = scene(GridIncision(parse_site("L3H5.z"), (4,), "silence"))
    told.operation, told.chosen = in_hand, chosen
    assert reading(told, Hit(4, 5)).click == said


def test_that_a_cut_that_is_not_applied_says_why() -> None:
    told = scene(GridIncision(parse_site("embed"), (), "silence", (), True, "There is no token 12."))
    said = reading(told, Hit(0, 11))
    assert (said.title, said.line, said.more) == ("Embedding", "silence (not applied)", "There is no token 12.")


def test_that_labels_say_what_they_take_together() -> None:
    assert reading(scene(), Hit(row=3)).line == "Click: silence for all 8 heads at 4 ·pine"
    assert reading(scene(), Hit(column=9)).title == "MLP of every layer"
    assert reading(scene(), Hit(column=2)).title == "Head 2 of every layer"


def test_that_without_chosen_tokens_it_asks_for_them() -> None:
    told = scene()
    told.chosen = ()
    assert "choose tokens first" in reading(told, Hit()).line


def test_that_the_overview_counts_what_is_here_and_elsewhere() -> None:
    told = scene(
        GridIncision(parse_site("L0H0.z"), (4,), "silence"),
        GridIncision(parse_site("L0H1.z"), (5,), "silence", (), False),
    )
    said = reading(told, Hit())
    assert said.title == "2 incisions, 1 off"
    assert said.more == "1 at the chosen tokens, 1 at others (marked in a corner)"


def test_that_nothing_is_said_without_a_model() -> None:
    assert reading(GridScene(), Hit()).title == ""


def test_that_screen_readers_hear_cell_and_incisions() -> None:
    told = scene(GridIncision(parse_site("L0H0.z"), (4, 5), "silence"))
    assert cell_name(told, (1, 0)) == "layer 0 head 0, silence at tokens 4, 5"
    assert cell_name(told, (0, 11)) == "embedding"


def test_that_incisions_at_another_hook_point_are_told_with_their_site() -> None:
    told = scene(GridIncision(parse_site("L3H5.q"), (4,), "silence"), GridIncision(parse_site("L3.v"), (5,), "silence"))
    told.effects = {(parse_site("L3H5.q"), (4,)): "log p −0.42"}
    said = reading(told, Hit(4, 5))
    assert said.line == "L3H5.q: silence at 4 ·pine; L3.v: silence at 5 apple"
    assert said.click == "Click: silence at 4 ·pine"
    assert said.more == "log p −0.42"
    assert cell_name(told, (4, 5)) == "layer 3 head 5, L3H5.q silence at tokens 4, L3.v silence at tokens 5"
    assert cell_name(told, (4, 4)) == "layer 3 head 4, L3.v silence at tokens 5"


def test_that_a_cell_where_the_operation_makes_no_sense_says_why() -> None:
    told = scene()
    told.operation = "skip"
    said = reading(told, Hit(4, 5))
    assert said.line.startswith("Skip makes no sense at z. Only what is added")
    assert reading(told, Hit(row=3)).line == said.line
    assert cell_name(told, (4, 5)) == "layer 3 head 5, cannot be chosen"
    assert reading(told, Hit(4, 8)).line == "Click: skip at 4 ·pine"


def test_that_while_a_receiver_is_looked_for_cells_say_whether_they_are_one() -> None:
    told = scene()
    told.model = GridModel(5, 8, points=GridPoints(head="k"))
    told.sender = parse_site("L1H2.z")
    assert reading(told, Hit()).title == "Where to carry L1H2.z"
    assert reading(told, Hit(4, 5)).line == "Click: carry L1H2.z to L3H5.k alone"
    assert "after layer 1" in reading(told, Hit(2, 5)).line


def test_that_an_incision_with_one_receiver_says_so() -> None:
    told = scene(GridIncision(parse_site("L0H0.z"), (4,), "silence", receiver=parse_site("L2H1.q")))
    assert reading(told, Hit(1, 0)).line == "silence at 4 ·pine to L2H1.q alone"


@pytest.mark.parametrize(
    ("site", "words"),
    [
        ("L3H5.q", "Layer 3, query of head 5"),
        ("L3H1.k", "Layer 3, key of key-value head 1"),
        ("L3.z", "Layer 3, head"),
        ("L4N120.mlp_post", "Layer 4, MLP neurons, neuron 120"),
        ("logits", "Logits"),
    ],
)
def test_that_sites_have_plain_words(site: str, words: str) -> None:
    assert site_words(parse_site(site)) == words


def test_that_an_operation_whose_name_says_what_decides_its_figures_is_not_told_twice() -> None:
    assert operation_words("mean", {"over": "references"}) == OPERATIONS["mean"].name_with({"over": "references"})
    assert operation_words("transplant", (("layer", 3), ("map", "auto"))) == "transplant of the donor's layer 3"


def test_that_parameters_have_their_letters_and_defaults_of_choices_are_left_out() -> None:
    assert operation_words("noise", SIGMA) == "noise σ=2 seed=0"
    assert operation_words("noise", {"std": "token"}) == "noise σ=1 seed=0 std=token"
    assert operation_words("scale", (("k", 0.5),)) == "scale k=0.5"


def test_that_keys_that_are_knocked_out_have_their_texts() -> None:
    assert operation_words("knockout", {"keys": "0, 4"}, TOKENS) == "knockout of keys 0 Pe, 4 ·pine"
    assert operation_words("knockout", {"keys": "0, 99"}, TOKENS) == "knockout of keys 0, 99"
    assert operation_words("knockout", {"keys": "0, 4"}) == "knockout of keys 0, 4"


def test_that_over_several_seeds_all_of_them_are_named() -> None:
    assert operation_words("noise", SIGMA, TOKENS, 10) == "noise σ=2 seeds 0–9"
    assert operation_words("silence", (), TOKENS, 10) == "silence"
    words = "without a random direction, seed 7 and the 9 after it"
    assert operation_words("project_out", {"v": "random7"}, TOKENS, 10) == words
    assert operation_words("project_out", {"v": "pca1"}, TOKENS, 10) == "without principal component 1"


def test_that_many_positions_are_shortened() -> None:
    assert positions_words(TOKENS, (0, 1, 2, 3, 4)) == "0 Pe, 1 anut, 2 ·butter and 2 more"
    assert positions_words(TOKENS, tuple(range(10))) == "all 10 tokens"
    assert positions_words(None, (3,)) == "3"
