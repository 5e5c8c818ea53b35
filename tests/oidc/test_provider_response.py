"""hub.oidc.provider_response: statuses, Retry-After and JSON objects."""

import pytest

from hub.errors import ProviderMisbehaved, ProviderUnavailable
from hub.oidc.provider_response import decode_object, parse_retry_after, refuse_unavailable

DATE = {"Date": "Wed, 21 Oct 2026 07:28:00 GMT"}


class TestRetryAfter:
    """RFC 9110 section 10.2.3."""

    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"Retry-After": "7"}, 7.0),
            ({"RETRY-AFTER": " 120 "}, 120.0),
            ({**DATE, "Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT"}, 30.0),
            ({**DATE, "Retry-After": "Wed, 21 Oct 2026 07:00:00 GMT"}, 0.0),
            ({"Retry-After": "99999999"}, 3600.0),
            ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT"}, None),
            ({"Retry-After": "soon"}, None),
            ({"Retry-After": "-1"}, None),
            ({}, None),
        ],
    )
    def test_seconds(self, headers: dict[str, str], seconds: float | None) -> None:
        """Seconds and dates are read, within an hour; what cannot be read counts as absent."""
        actual = parse_retry_after(headers)

        assert seconds == actual


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 599])
def test_not_now(status: int) -> None:
    """Statuses that promise a better time say nothing about the request, and carry the time along."""
    with pytest.raises(ProviderUnavailable) as caught:
        refuse_unavailable(status, {"Retry-After": "3"}, "token endpoint")

    assert caught.value.retry_after_seconds == 3.0


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"text"', b"null", b'{"a":', b'{"a":"\xff"}', b'{"a":' + b"[" * 30_000])
def test_decode_object(body: bytes) -> None:
    """Whatever is no JSON object is refused, without its content being repeated."""
    with pytest.raises(ProviderMisbehaved) as caught:
        decode_object(body, "key set")

    assert caught.value.detail == "The key set of the login service did not return a JSON object."
