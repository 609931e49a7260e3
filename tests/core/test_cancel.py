"""A cancel token is set by one thread and asked by another."""

from __future__ import annotations

import threading

import pytest

from core.cancel import CancelToken
from core.errors import Cancelled, SurgeryError


def test_that_a_fresh_token_lets_the_work_go_on() -> None:
    token = CancelToken()
    token.check()
    assert not token.cancelled


def test_that_a_cancelled_token_stops_the_work_wherever_it_asks() -> None:
    token = CancelToken()
    token.cancel()
    token.cancel()
    assert token.cancelled
    for _ in range(2):
        with pytest.raises(Cancelled):
            token.check()


def test_that_another_thread_can_cancel() -> None:
    token = CancelToken()
    thread = threading.Thread(target=token.cancel)
    thread.start()
    thread.join()
    assert token.cancelled


def test_that_being_cancelled_is_not_a_failure_for_the_user() -> None:
    assert not issubclass(Cancelled, SurgeryError)


@pytest.mark.parametrize(("hint", "whole"), [("Do that.", "This broke. Do that."), ("", "This broke.")])
def test_that_a_failure_reads_as_its_message_and_its_hint(hint: str, whole: str) -> None:
    error = SurgeryError("This broke.", hint)
    assert str(error) == whole
    assert (error.message, error.hint) == ("This broke.", hint)
