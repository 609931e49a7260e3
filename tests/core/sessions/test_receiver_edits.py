"""Where an incision's change is carried to."""

from __future__ import annotations

import pytest

from core.errors import SurgeryError
from core.interventions.notation import parse_cut
from core.interventions.plan import Plan
from core.sessions.receiver_edits import why_no_receiver, with_receiver
from core.sessions.session import Session
from core.sites.site import parse_site

SESSION = Session(model="m", prompt="p", plan=Plan((parse_cut("L1H2.z@4=silence"), parse_cut("embed@4=silence"))))


@pytest.mark.parametrize(
    ("sender", "receiver"),
    [
        ("L1H2.z", "L2H0.q"),
        ("L1H2.z", "logits"),
        ("L1.mlp_out", "L2H0.k"),
        ("embed", "L0H0.v"),
        ("L1.resid_pre", "L2H0.q"),
        ("L1H2.pattern", "L4.v"),
    ],
)
def test_that_a_later_head_and_the_logits_receive(sender: str, receiver: str) -> None:
    assert why_no_receiver(parse_site(sender), parse_site(receiver)) is None


@pytest.mark.parametrize(
    ("sender", "receiver", "reason"),
    [
        ("L1H2.z", "L1H0.q", "after layer 1"),
        ("L1H2.q", "L1H0.k", "after layer 1"),
        ("L3.resid_post", "L2H0.v", "after layer 3"),
        ("L1H2.z", "L2H0.z", "query, key or value"),
        ("L1H2.z", "L2.mlp_out", "query, key or value"),
        ("logits", "L2H0.q", "Nothing comes after"),
    ],
)
def test_that_what_does_not_read_the_change_says_why(sender: str, receiver: str, reason: str) -> None:
    assert reason in str(why_no_receiver(parse_site(sender), parse_site(receiver)))


def test_that_one_incision_gets_a_receiver_and_loses_it_again() -> None:
    head = parse_site("L2H0.q")
    carried = with_receiver(SESSION, 0, head)
    assert [each.receiver for each in carried.plan] == [head, None]
    assert with_receiver(carried, 0, None) == SESSION


def test_that_a_receiver_without_a_path_is_refused() -> None:
    with pytest.raises(SurgeryError, match="after layer 1"):
        with_receiver(SESSION, 0, parse_site("L0H0.q"))
