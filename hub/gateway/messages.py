"""A request to an API and its response as values. They know no transport: every door builds and reads the same.

They are msgspec structs: every call makes some, and a frozen dataclass takes ten times as long to make or to copy with changes.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec

from hub.primitives.http import BodyStream, Headers

REPEATABLE_BODY_BYTES = 64 * 1024
"""Bodies up to this size are read whole before they are sent, so that a request can be repeated after a 401."""


SWITCHING_PROTOCOLS = 101


async def _nothing() -> None:
    """Close a response that holds no connection."""


class UpstreamWebSocket(Protocol):
    """A WebSocket at an API (`hub.gateway.websocket_door.UpstreamSocket`, a door that values must not import).

    Attributes:
        protocol: The subprotocol that the API chose; None if none.
        close_code: The close code to relay, once `receive` has returned None.
    """

    protocol: str | None

    @property
    def close_code(self) -> int:
        """Return the close code, as it may be relayed."""

    async def receive(self) -> str | bytes | None:
        """Return the next message; None when the WebSocket is closed."""

    async def send(self, message: str | bytes) -> None:
        """Send a message; return when the API takes more."""

    async def close(self, code: int, reason: str) -> None:
        """Close it with this code."""


class ApiRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The request of a browser for an API, before any policy was applied.

    Attributes:
        method: Upper-case HTTP method.
        path: Raw path as received, percent-encoding untouched, without query, for example `/api/patients`.
        query: Raw query without `?`; empty if there is none.
        headers: Header fields as the browser sent them; `hub.gateway.headers` decides what passes.
        body: The whole body, or a stream that can be read once.
        body_bytes: Length of the body; None when a stream's length is unknown (chunked).
        timeout_seconds: Time that the caller gives to the request; None for the route's own.
        client_address: IP address of the browser, already resolved through trusted proxies.
        subprotocols: The subprotocols that a page offers for a WebSocket; None if this is no upgrade (RFC 6455 section 4.1).
    """

    method: str
    path: str
    query: str = ""
    headers: Headers = msgspec.field(default_factory=list)
    body: bytes | BodyStream = b""
    body_bytes: int | None = 0
    timeout_seconds: float | None = None
    client_address: str = ""
    subprotocols: Sequence[str] | None = None

    @property
    def is_repeatable(self) -> bool:
        """Tell whether the request can be sent a second time: its body is still in hand."""
        return isinstance(self.body, bytes)


class ApiResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The response of an API. Its receiver reads `body` to its end, or calls `close`.

    A body that came together with its head is there as bytes, and nothing is left to close.

    Attributes:
        status: HTTP status code; relayed whatever it is.
        reason: Reason phrase, possibly empty.
        headers: Header fields; after `HeaderRules.inbound` only those which may reach the browser.
        body: The whole body, or a stream of it as it arrives. Reading slowly slows the resource server down: nothing is
            buffered beyond one read of the socket.
        body_bytes: Length of the body; None if it is neither announced nor in hand.
        replayed: True if the request was not executed for this response: it had been before (`hub.idempotency`).
        websocket: The WebSocket at the API, with status 101; None with every other status.
        close: Frees the upstream connection; aborts it if the body was not read to its end. May be called twice.
    """

    status: int
    reason: str = ""
    headers: Headers = msgspec.field(default_factory=list)
    body: bytes | BodyStream = b""
    body_bytes: int | None = None
    replayed: bool = False
    websocket: UpstreamWebSocket | None = None
    close: Callable[[], Awaitable[None]] = _nothing
