"""Stored outcomes, told once more."""

import pytest

from hub.errors import AnswerNotKept, DeadlineExceeded, OutcomeUnknown, ResourceServerBroken, ResourceServerTimeout, UploadStalled
from hub.idempotency.outcome import Answered, Failed, failure, replay


def test_response() -> None:
    """It is the stored one, and is marked."""
    response = replay(Answered(201, [("x", "1")], b"body"))

    assert (response.status, response.headers, response.body, response.body_bytes) == (201, [("x", "1")], b"body", 4)
    assert response.replayed


def test_response_that_was_not_kept() -> None:
    """The client learns how it ended, at least. An empty body is a body."""
    with pytest.raises(AnswerNotKept) as caught:
        replay(Answered(201, [], None))

    assert caught.value.extensions["answered_status"] == 201
    assert replay(Answered(204, [], b"")).status == 204


@pytest.mark.parametrize("kind", [ResourceServerBroken, ResourceServerTimeout, DeadlineExceeded, UploadStalled])
def test_failure(kind: type[ResourceServerBroken]) -> None:
    """An error stays what it was, with its text."""
    with pytest.raises(kind) as caught:
        replay(failure(kind("It broke.")))

    assert caught.value.detail == "It broke."


def test_failure_of_another_version() -> None:
    """What this version does not know is an unknown outcome, never a success."""
    with pytest.raises(OutcomeUnknown):
        replay(Failed("new-in-9.0", "?"))
