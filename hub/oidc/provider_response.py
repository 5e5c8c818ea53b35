"""Checks of a provider's HTTP response that depend only on its status and format. Pure."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from hub.errors import ProviderMisbehaved, ProviderUnavailable
from hub.primitives.json_decoder import UnreadableJson, decode_json_object

MAX_RETRY_AFTER_SECONDS = 3600.0  # limits a `Retry-After` that would lock all users out for hours
NOT_NOW = frozenset({408, 425, 429})


def refuse_unavailable(status: int, headers: Mapping[str, str], what: str) -> None:
    """Raise an error, which names the endpoint (`what`), for statuses that ask to try again later.

    Raises:
        ProviderUnavailable: The status is 408, 425, 429 or 5xx. `retry_after_seconds` is that of the provider, if it sent one.
    """
    error = unavailable(status, headers, what)
    if error is not None:
        raise error


def unavailable(status: int, headers: Mapping[str, str], what: str) -> ProviderUnavailable | None:
    """Return the error that `refuse_unavailable` raises for this response; None if it raises none."""
    if status not in NOT_NOW and status < 500:
        return None
    return ProviderUnavailable(
        f"The {what} of the login service responded with status {status}.",
        retry_after_seconds=parse_retry_after(headers),
    )


def parse_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return `Retry-After` (RFC 9110 section 10.2.3) in seconds; None if it is absent or unreadable.

    A date is compared with the `Date` of the same response, so the difference between the clocks does not matter.
    """
    by_name = {name.lower(): value.strip() for name, value in headers.items()}
    text = by_name.get("retry-after", "")
    if text.isascii() and text.isdigit():
        return min(float(text), MAX_RETRY_AFTER_SECONDS)
    try:
        wait = (parsedate_to_datetime(text) - parsedate_to_datetime(by_name.get("date", ""))).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(wait, 0.0), MAX_RETRY_AFTER_SECONDS)


def decode_object(body: bytes, what: str) -> dict[str, Any]:
    """Decode a JSON object.

    Raises:
        ProviderMisbehaved: The body is not a JSON object.
    """
    try:
        return decode_json_object(body)
    except UnreadableJson as error:
        raise ProviderMisbehaved(f"The {what} of the login service did not return a JSON object.") from error
