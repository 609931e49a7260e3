"""Sites are read and written as in ``L5H9.z``."""

from __future__ import annotations

import pytest

from core.errors import SurgeryError
from core.sites.hook_point import HOOK_POINTS, hook_point
from core.sites.site import Site, parse_site

WRITTEN = {
    "L3H5.z": Site("z", 3, 5),
    "L0H0.z": Site("z", 0, 0),
    "L10.resid_post": Site("resid_post", 10),
    "L5.block": Site("block", 5),
    "L2.attn_out": Site("attn_out", 2),
    "L2.mlp_out": Site("mlp_out", 2),
    "embed": Site("embed"),
    "L3.z": Site("z", 3),
    "L3H5.q": Site("q", 3, 5),
    "L3H1.k": Site("k", 3, 1),
    "L3H1.pattern": Site("pattern", 3, 1),
    "L4N120.mlp_post": Site("mlp_post", 4, neuron=120),
    "L4N0.mlp_pre": Site("mlp_pre", 4, neuron=0),
    "L4.mlp_post": Site("mlp_post", 4),
    "L4.resid_pre": Site("resid_pre", 4),
    "logits": Site("logits"),
}


@pytest.mark.parametrize("text", WRITTEN)
def test_that_a_site_is_read_and_written_in_the_notation(text: str) -> None:
    assert parse_site(text) == WRITTEN[text]
    assert str(WRITTEN[text]) == text


def test_that_blanks_round_a_site_do_not_matter() -> None:
    assert parse_site("  L3H5.z ") == Site("z", 3, 5)


@pytest.mark.parametrize(
    "text", ["", "L3H5", "L-1.resid_post", "L3.H5.z", "H5.z", "L3H.z", "L3 H5.z", "LxHy.z", "l3h5.z"]
)
def test_that_what_is_no_site_is_refused_with_the_way_to_write_one(text: str) -> None:
    with pytest.raises(SurgeryError) as caught:
        parse_site(text)
    assert caught.value.message == f"{text!r} is not a site."
    assert caught.value.hint == "Write it like L3H5.z, L10.resid_post or embed."


def test_that_a_number_beyond_all_models_is_no_site() -> None:
    with pytest.raises(SurgeryError, match="is not a site"):
        parse_site(f"L{'9' * 5000}.resid_post")


def test_that_an_unknown_hook_point_names_the_known_ones() -> None:
    with pytest.raises(SurgeryError) as caught:
        parse_site("L3.resid_pots")
    assert caught.value.message == "There is no hook point 'resid_pots'."
    assert caught.value.hint == f"Choose one of {', '.join(HOOK_POINTS)}."


@pytest.mark.parametrize(
    ("text", "message", "right"),
    [
        ("z", "The hook point z needs a layer.", "L3H5.z"),
        ("L3H5.mlp_out", "The hook point mlp_out has no head.", "L3.mlp_out"),
        ("resid_post", "The hook point resid_post needs a layer.", "L3.resid_post"),
        ("L0.embed", "The hook point embed has no layer.", "embed"),
        ("L0H1.embed", "The hook point embed has no layer.", "embed"),
        ("L3.logits", "The hook point logits has no layer.", "logits"),
        ("L3N5.z", "The hook point z has no neuron.", "L3H5.z"),
        ("L3H5.mlp_post", "The hook point mlp_post has no head.", "L3N120.mlp_post"),
        ("L3N5.resid_mid", "The hook point resid_mid has no neuron.", "L3.resid_mid"),
    ],
)
def test_that_a_missing_or_needless_layer_or_head_is_said(text: str, message: str, right: str) -> None:
    with pytest.raises(SurgeryError) as caught:
        parse_site(text)
    assert caught.value.message == message
    assert caught.value.hint == f"Write it as {right}."


def test_that_sites_are_ordered_as_the_model_computes() -> None:
    wanted = [
        "embed", "L0.resid_pre", "L0H1.q", "L0H1.k", "L0H1.v", "L0H1.attn_scores", "L0H1.pattern", "L0H3.z",
        "L0.attn_out", "L0.resid_mid", "L0.mlp_pre", "L0N7.mlp_post", "L0.mlp_out", "L0.block", "L0.resid_post",
        "L1H0.z", "logits",
    ]  # fmt: skip
    assert [str(site) for site in sorted(map(parse_site, reversed(wanted)), key=lambda site: site.depth)] == wanted


def test_that_each_hook_point_is_found_by_its_name() -> None:
    assert [hook_point(name) for name in HOOK_POINTS] == list(HOOK_POINTS.values())
