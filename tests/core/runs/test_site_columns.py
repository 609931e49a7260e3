"""Which columns of an activation, all heads side by side, a site means."""

from __future__ import annotations

from core.runs.compile import site_columns
from core.sites.site import parse_site
from tests.fixtures.made_results import model_info

INFO = model_info(n_heads=4, n_key_value_heads=2, d_head=8)


def test_that_a_head_is_as_wide_as_its_activation_says() -> None:
    assert site_columns(parse_site("L0H1.z"), INFO, 4 * 8) == [slice(8, 16)]
    # As in families with latent attention, whose queries and keys are wider than their values.
    assert site_columns(parse_site("L0H1.q"), INFO, 4 * 12) == [slice(12, 24)]
    assert site_columns(parse_site("L0H1.k"), INFO, 2 * 12) == [slice(12, 24)]


def test_that_rows_of_attention_leave_padding_out() -> None:
    assert site_columns(parse_site("L0H2.pattern"), INFO, 4 * 5, slice(1, 5)) == [slice(11, 15)]
    assert site_columns(parse_site("L0.pattern"), INFO, 4 * 2) == [slice(n, n + 2) for n in (0, 2, 4, 6)]


def test_that_a_neuron_is_one_column_and_no_head_means_all() -> None:
    assert site_columns(parse_site("L0N3.mlp_post"), INFO, 48) == [slice(3, 4)]
    assert site_columns(parse_site("L0.q"), INFO, 48) == [slice(48)]
