"""The fields of every answer, and the answers that are problems."""

import json

import pytest

from hub.errors import HubError, MethodNotAllowed, NotFound, TooManyRequests
from hub.web.answer_fields import AnswerFields, problem_body, problem_fields, security_fields
from tests.parties.clock import ManualClock

HSTS = ("Strict-Transport-Security", "max-age=31536000")


class TestSecurity:
    @pytest.mark.parametrize("hsts", [False, True])
    def test_https_only_where_it_is_https(self, hsts: bool) -> None:
        """RFC 6797 section 7.2: a hub that is reached over plain HTTP does not speak of https."""
        fields = security_fields(hsts=hsts)

        assert (HSTS in fields, dict(fields)["X-Content-Type-Options"]) == (hsts, "nosniff")
        assert len(dict(fields)) == len(fields)

    def test_each_answer_has_a_list_of_its_own(self, clock: ManualClock) -> None:
        """What one answer adds is not said by the next one."""
        fields = AnswerFields(clock, hsts=True)
        fields.common().append(("Set-Cookie", "secret"))

        assert fields.common() == security_fields(hsts=True)


class TestDate:
    async def test_in_the_form_of_http(self) -> None:
        """RFC 9110 section 5.6.7: the example of the specification."""
        assert AnswerFields(ManualClock(784_111_777.9), hsts=False).date() == ("Date", "Sun, 06 Nov 1994 08:49:37 GMT")

    async def test_goes_with_the_clock(self) -> None:
        """A second later it is another one, and within the second the same; a clock that was set back is followed."""
        clock = ManualClock(784_111_777.0)
        fields = AnswerFields(clock, hsts=False)
        dates = []
        for seconds in (0, 0.9, 0.1, -2):
            await clock.advance(seconds)
            dates.append(fields.date()[1][-6:-4])

        assert dates == ["37", "37", "38", "36"]


class TestProblems:
    @pytest.mark.parametrize(
        ("error", "fields"),
        [
            (NotFound(), {}),
            (HubError("x"), {}),
            (MethodNotAllowed(allow=["GET", "HEAD"]), {"Allow": "GET, HEAD"}),
            (MethodNotAllowed(), {"Allow": ""}),
        ],
        ids=repr,
    )
    def test_head(self, error: HubError, fields: dict[str, str]) -> None:
        """Nobody keeps a problem; 405 says what is allowed, even if that is nothing (RFC 9110 section 10.2.1)."""
        assert problem_fields(error) == [("Cache-Control", "no-store"), *fields.items()]

    @pytest.mark.parametrize(("seconds", "told"), [(0.0, "0"), (0.2, "1"), (5.0, "5"), (59.01, "60")])
    def test_when_to_come_again(self, seconds: float, told: str) -> None:
        """RFC 9110 section 10.2.3: whole seconds, and never too few of them."""
        error = TooManyRequests(retry_after_seconds=seconds)

        assert dict(problem_fields(error))["Retry-After"] == told

    def test_body(self) -> None:
        """The members of RFC 9457, with those of the error; what is not there is left out."""
        assert json.loads(problem_body(MethodNotAllowed(allow=["GET"]))) == {
            "type": "urn:hub:problem:method-not-allowed",
            "title": "The method is not allowed here",
            "status": 405,
            "allow": ["GET"],
        }
