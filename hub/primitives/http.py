"""HTTP types and constants that the listener, the pipeline and the upstream client share."""

from collections.abc import AsyncIterator

Headers = list[tuple[str, str]]
"""Headers in order, as received; names may repeat (RFC 9110 section 5.3)."""

BodyStream = AsyncIterator[bytes]
"""A body as a stream of segments, as they arrive."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods without side effects that the hub relays (RFC 9110 section 9.2.1)."""


def chunks(body: bytes | BodyStream) -> BodyStream:
    """Return a body as a stream: bytes from the beginning, a stream from where it stands."""
    return _one_chunk(body) if isinstance(body, bytes) else body


async def read_body(body: bytes | BodyStream) -> bytes:
    """Return all bytes of a body; of a stream, those that have not been read."""
    return body if isinstance(body, bytes) else b"".join([chunk async for chunk in body])


async def _one_chunk(body: bytes) -> BodyStream:
    if body:
        yield body
