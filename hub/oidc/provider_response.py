"""What an HTTP answer of the provider says by its status and form alone. Pure."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from hub.errors import ProviderMisbehaved, ProviderUnavailable

MAX_RETRY_AFTER_SECONDS = 3600.0  # a provider that asks for a day must not lock everybody out for a day
NOT_NOW = frozenset({408, 425, 429})


def refuse_unavailable(status: int, headers: Mapping[str, str], what: str) -> None:
    """Sort out the statuses that say "not now", which tell nothing about the request itself.

    Parameters:
        what: The endpoint in words, for the operator.

    Raises:
        ProviderUnavailable: 408, 425, 429 or 5xx; with `retry_after_seconds` if the provider named it.
    """
    error = unavailable(status, headers, what)
    if error is not None:
        raise error


def unavailable(status: int, headers: Mapping[str, str], what: str) -> ProviderUnavailable | None:
    """Return what `refuse_unavailable` raises for this answer; None if it tells something about the request itself."""
    if status not in NOT_NOW and status < 500:
        return None
    return ProviderUnavailable(
        f"The {what} of the login service answered with status {status}.",
        retry_after_seconds=parse_retry_after(headers),
    )


def parse_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return `Retry-After` (RFC 9110 section 10.2.3) in seconds; None if it is absent or unreadable.

    A date is taken relative to the `Date` of the same answer, so that no clock of ours is compared with the provider's.
    """
    fields = {name.lower(): value.strip() for name, value in headers.items()}
    text = fields.get("retry-after", "")
    if text.isascii() and text.isdigit():
        return min(float(text), MAX_RETRY_AFTER_SECONDS)
    try:
        wait = (parsedate_to_datetime(text) - parsedate_to_datetime(fields.get("date", ""))).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(wait, 0.0), MAX_RETRY_AFTER_SECONDS)


def decode_object(body: bytes, what: str) -> dict[str, Any]:
    """Decode a JSON object.

    Raises:
        ProviderMisbehaved: The body is no JSON, or JSON of another kind.
    """
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProviderMisbehaved(f"The {what} of the login service did not answer with a JSON object.") from error
