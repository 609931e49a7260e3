"""A change is carried only to where the residual stream is read, and only forward."""

from __future__ import annotations

import pytest

from core.errors import SurgeryError
from core.interventions.receiver import check_receiver, why_no_receiver
from core.sites.site import parse_site


@pytest.mark.parametrize(
    ("sender", "receiver"),
    [
        ("L2H1.z", "L3H0.q"),
        ("L2H1.z", "L9H0.k"),
        ("L2.attn_out", "L3.v"),
        ("L2.resid_pre", "L2H0.q"),
        ("embed", "L0H0.q"),
        ("embed", "logits"),
        ("L2H1.z", "logits"),
        ("L2N7.mlp_post", "L3H1.v"),
    ],
)
def test_that_a_change_is_carried_forward(sender: str, receiver: str) -> None:
    assert why_no_receiver(parse_site(sender), parse_site(receiver)) is None
    check_receiver(parse_site(sender), parse_site(receiver))


@pytest.mark.parametrize(
    ("sender", "receiver", "reason"),
    [
        ("L2H1.z", "L2H0.q", "Only layers after layer 2 read what L2H1.z adds."),
        ("L2.resid_pre", "L1H0.q", "Only layers after layer 1 read what L2.resid_pre adds."),
        ("L2.resid_post", "L2.k", "Only layers after layer 2 read what L2.resid_post adds."),
        ("logits", "logits", "Nothing comes after the logits."),
        ("L2H1.z", "L3H0.z", "A change is carried to a head's query, key or value, or to the logits, not to z."),
        (
            "L2H1.z",
            "L3.resid_post",
            "A change is carried to a head's query, key or value, or to the logits, not to resid",
        ),
    ],
)
def test_that_a_change_is_not_carried_back_or_sideways(sender: str, receiver: str, reason: str) -> None:
    with pytest.raises(SurgeryError) as caught:
        check_receiver(parse_site(sender), parse_site(receiver))
    assert caught.value.message.startswith(reason)
    later = "Choose q, k or v of a later layer, or the logits."
    assert caught.value.hint == ("Leave the receiver out." if sender == "logits" else later)
