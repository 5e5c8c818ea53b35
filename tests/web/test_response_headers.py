"""The header fields of all answers, and of problems."""

import json

import pytest

from hub.errors import BadRequest, HubError, MethodNotAllowed, NotFound, TooManyRequests
from hub.web.response_headers import (
    HSTS_HEADER,
    SECURITY_HEADERS,
    ResponseHeaders,
    problem_body,
    problem_headers,
    security_headers,
)
from tests.parties.clock import ManualClock


@pytest.mark.parametrize("hsts", [False, True])
def test_security(hsts: bool) -> None:
    """The same for everybody, and over https one more."""
    assert security_headers(hsts=hsts) == [*SECURITY_HEADERS, *([HSTS_HEADER] if hsts else [])]


def test_each_answer_has_a_list_of_its_own(clock: ManualClock) -> None:
    """What one answer adds no other one says."""
    fields = ResponseHeaders(clock, hsts=False)
    fields.common().append(("Set-Cookie", "secret"))

    assert fields.common() == list(SECURITY_HEADERS)


async def test_date(clock: ManualClock) -> None:
    """The time of the answer in seconds, in the form of RFC 9110 section 5.6.7."""
    fields = ResponseHeaders(clock, hsts=False)
    await clock.advance(1 - clock.now() % 1)
    first = fields.date()
    await clock.advance(0.9)
    same = fields.date()
    await clock.advance(0.2)
    later = fields.date()

    assert first == same != later
    assert first[0] == "Date"
    assert first[1].endswith(" GMT")


@pytest.mark.parametrize(
    ("error", "fields"),
    [
        (NotFound(), []),
        (TooManyRequests(retry_after_seconds=1.2), [("Retry-After", "2")]),
        (MethodNotAllowed(allow=["GET", "HEAD"]), [("Allow", "GET, HEAD")]),
    ],
)
def test_problem_fields(error: HubError, fields: list[tuple[str, str]]) -> None:
    """No cache keeps a problem; when to come back, and what is allowed, stands in the head."""
    assert problem_headers(error) == [("Cache-Control", "no-store"), *fields]


def test_problem_body() -> None:
    """RFC 9457."""
    body = json.loads(problem_body(BadRequest("a\nb")))

    assert (body["status"], body["detail"]) == (400, "a\nb")
