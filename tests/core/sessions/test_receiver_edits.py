"""Where an incision's change is carried to."""

from __future__ import annotations

import pytest

from core.errors import SurgeryError
from core.interventions.notation import parse_cut
from core.interventions.plan import Plan
from core.sessions.receiver_edits import with_receiver
from core.sessions.session import Session
from core.sites.site import parse_site

SESSION = Session(model="m", prompt="p", plan=Plan((parse_cut("L1H2.z@4=silence"), parse_cut("embed@4=silence"))))


def test_that_one_incision_gets_a_receiver_and_loses_it_again() -> None:
    head = parse_site("L2H0.q")
    carried = with_receiver(SESSION, 0, head)
    assert [each.receiver for each in carried.plan] == [head, None]
    assert with_receiver(carried, 0, None) == SESSION


def test_that_a_receiver_without_a_path_is_refused() -> None:
    with pytest.raises(SurgeryError, match="after layer 1"):
        with_receiver(SESSION, 0, parse_site("L0H0.q"))
