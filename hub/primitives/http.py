"""HTTP types and constants that the listener, the pipeline and the upstream client share."""

from collections.abc import AsyncIterator

Headers = list[tuple[str, str]]
"""Headers in order, as received; names may repeat (RFC 9110 section 5.3)."""

BodyStream = AsyncIterator[bytes]
"""A body as a stream of segments, as they arrive."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods without side effects that the hub relays (RFC 9110 section 9.2.1)."""


HEADER_ONLY_STATUSES = frozenset({204, 304})
"""Statuses besides 1xx whose responses end with their headers, whatever these announce (RFC 9112 section 6.3, rule 1).

A 205 is not among them: its headers say that its content is empty, and a reader must look (RFC 9110 section 15.3.6).
"""

CONTENTLESS_STATUSES = HEADER_ONLY_STATUSES | {205}
"""Statuses with which no content is sent: those above, and 205, after which the client resets its form."""


def chunks(body: bytes | BodyStream) -> BodyStream:
    """Return a body as a stream: bytes from the beginning, a stream from where it stands."""
    return _one_chunk(body) if isinstance(body, bytes) else body


async def read_body(body: bytes | BodyStream) -> bytes:
    """Return all bytes of a body; of a stream, those that have not been read."""
    return body if isinstance(body, bytes) else b"".join([chunk async for chunk in body])


async def collect(stream: BodyStream, limit: int) -> tuple[bytes, bool]:
    """Read a stream to its end, or until it exceeds `limit` bytes; return what was read, and whether that is all of it."""
    read, size = [], 0
    async for chunk in stream:
        read.append(chunk)
        size += len(chunk)
        if size > limit:
            return b"".join(read), False
    return b"".join(read), True


async def prepend(start: bytes, rest: BodyStream) -> BodyStream:
    """Yield `start`, then the rest of the body."""
    if start:
        yield start
    async for chunk in rest:
        yield chunk


async def _one_chunk(body: bytes) -> BodyStream:
    if body:
        yield body
