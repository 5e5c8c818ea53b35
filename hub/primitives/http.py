"""The words of HTTP that the listener, the pipeline, and the upstream client share."""

from collections.abc import AsyncIterator

Headers = list[tuple[str, str]]
"""Header fields in order, as received: names may repeat (RFC 9110 section 5.3)."""

BodyStream = AsyncIterator[bytes]
"""A body in the chunks in which it arrives."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods without side effects that the hub relays (RFC 9110 section 9.2.1)."""


def chunks(body: bytes | BodyStream) -> BodyStream:
    """Return a body as a stream. Of a stream this is what is still to come; bytes start over with each call."""
    return _one_chunk(body) if isinstance(body, bytes) else body


async def read_body(body: bytes | BodyStream) -> bytes:
    """Return all of a body, or all that is still to come of a stream."""
    return body if isinstance(body, bytes) else b"".join([chunk async for chunk in body])


async def _one_chunk(body: bytes) -> BodyStream:
    if body:
        yield body
