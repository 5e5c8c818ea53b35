"""A REST request and its answer as values. They know no transport: HTTP proxy and channel build and read the same.

They are structs of msgspec: each call makes some, and a frozen dataclass takes ten times as long to make, or to copy changed.
"""

from collections.abc import Awaitable, Callable

import msgspec

from hub.gateway.routes import Place
from hub.primitives.http import BodyStream, Headers

REPEATABLE_BODY_BYTES = 64 * 1024
"""Bodies up to this size are read whole before they are sent, so that a request can be repeated after a 401."""


async def _nothing() -> None:
    """Close an answer that holds no connection."""


class ApiRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser asks of the resource server, before any policy was applied.

    Attributes:
        method: Upper-case HTTP method.
        path: Raw path as received, percent-encoding untouched, without query, for example `/api/patients`.
        query: Raw query without `?`; empty if there is none.
        headers: Header fields as the browser sent them; `hub.gateway.headers` decides what passes.
        body: The whole body, or a stream that can be read once.
        body_bytes: Length of the body; None when a stream's length is unknown (chunked).
        timeout_seconds: Time that the caller gives to the request; None for the route's own.
        passive: True for traffic that no user caused (polling): it does not slide the session's idle timer.
        client_address: IP address of the browser, already resolved through trusted proxies.
        place: Where the path leads, if the door had to know; None: the pipeline finds out.
    """

    method: str
    path: str
    query: str = ""
    headers: Headers = msgspec.field(default_factory=list)
    body: bytes | BodyStream = b""
    body_bytes: int | None = 0
    timeout_seconds: float | None = None
    passive: bool = False
    client_address: str = ""
    place: Place | None = None

    @property
    def is_repeatable(self) -> bool:
        """Tell whether the request can be sent a second time: its body is still in hand."""
        return isinstance(self.body, bytes)


class ApiResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What the resource server answered. Whoever receives it must read `body` to its end or call `close`.

    A body that came together with its head is there as bytes, and nothing is left to close.

    Attributes:
        status: HTTP status code; relayed whatever it is.
        reason: Reason phrase, possibly empty.
        headers: Header fields; after `HeaderRules.inbound` only those which may reach the browser.
        body: The whole body, or a stream of it as it arrives. Reading slowly slows the resource server down: nothing is
            buffered beyond one read of the socket.
        body_bytes: Length of the body; None if it is neither announced nor in hand.
        replayed: True if the request was not executed for this answer: it had been before (`hub.idempotency`).
        close: Frees the upstream connection; aborts it if the body was not read to its end. May be called twice.
    """

    status: int
    reason: str = ""
    headers: Headers = msgspec.field(default_factory=list)
    body: bytes | BodyStream
    body_bytes: int | None = None
    replayed: bool = False
    close: Callable[[], Awaitable[None]] = _nothing
