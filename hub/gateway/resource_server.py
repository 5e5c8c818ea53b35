"""The door to the resource server: sends a request and hands out its answer, streaming both ways at the pace of the slower.

It decides nothing: no header passes or is dropped here, no redirect is followed, no cookie is kept, no status is judged.
How that looks on the wire is in `hub.upstream`.
"""

from collections.abc import AsyncIterator, Iterable
from typing import NoReturn

from hub.errors import (
    BadRequest,
    DeadlineExceeded,
    HubError,
    ResourceServerBroken,
    ResourceServerTimeout,
    ResourceServerUnreachable,
    ShuttingDown,
)
from hub.gateway.messages import ApiResponse
from hub.gateway.routes import Route
from hub.gateway.tls import trust
from hub.primitives.http import BodyStream, Headers
from hub.telemetry import log
from hub.upstream.exchange import UpstreamExchange
from hub.upstream.failure import (
    ConnectionBroken,
    Disconnected,
    Failure,
    HeadLate,
    InvalidRequest,
    PoolClosed,
    ResponseClosed,
    ServerStalled,
    ServerUnreachable,
    UploadFailed,
)
from hub.upstream.pool import Origin, Pool
from hub.upstream.request import Request, make_request

_log = log.get(__name__)


class ResourceServer:
    """Sends requests to the resource servers of all routes through one pool of keep-alive connections."""

    def __init__(self, ca_files: Iterable[str] = ()) -> None:
        self._tls = {ca_file: trust(ca_file) for ca_file in {"", *ca_files}}
        self._origins: dict[tuple[str, str], Origin] = {}
        self._pool: Pool | None = None

    async def start(self) -> None:
        """Open the pool. Needs the running loop; connects to nobody yet."""
        self._pool = Pool()

    async def send(
        self,
        route: Route,
        url: str,
        *,
        method: str,
        headers: Headers,
        body: bytes | BodyStream = b"",
        body_bytes: int | None = 0,
        timeout_seconds: float | None = None,
    ) -> ApiResponse:
        """Send one request and return its answer as soon as the head is there; the body follows as it arrives.

        The names of the answer's fields are in lower case. A body that has come whole by then is handed out as bytes.

        Cancelling this call, or closing the answer before its end, aborts the connection to the resource server. An
        answer that comes before the request's body has been sent is returned at once; the rest of the upload goes on
        until the answer is complete. What the body stream raises comes through as it is.

        A safe request without a body is sent a second time when its connection breaks without an answer, since the
        server may have closed it while it was idle (RFC 9112 section 9.3.1). No other request is ever sent twice.

        Parameters:
            body_bytes: Length that is announced to the resource server; None sends chunks.
            timeout_seconds: Time until the answer's head must be there; None leaves it to the route, whose
                `timeout_seconds` bounds the silence of the resource server and not a transfer that keeps flowing.

        Raises:
            ResourceServerUnreachable: No connection in time, name not found, or certificate not trusted.
            ResourceServerTimeout: The route's time passed without a byte in either direction.
            ResourceServerBroken: The connection broke off, or the answer is no HTTP/1.1.
            DeadlineExceeded: `timeout_seconds` ran out.
            BadRequest: The body is shorter or longer than announced, or a field value is in no known encoding.
            ShuttingDown: The door is closed.
        """
        if (pool := self._pool) is None:
            raise ShuttingDown
        origin, target = self._locate(url, route.ca_file)
        try:
            request = make_request(method, target, origin.authority, headers, body, body_bytes)
        except InvalidRequest as error:
            raise BadRequest(str(error)) from error
        head_by = None if timeout_seconds is None else pool.now() + timeout_seconds
        try:
            connection = pool.take(origin) or await pool.open(origin, route.connect_timeout_seconds, head_by)
            exchange = connection.begin(request, route.timeout_seconds, head_by)
            try:
                await exchange.head()
            except Disconnected:
                if not request.is_repeatable:
                    raise
                exchange = await _again(pool, origin, route, request, head_by)
        except Failure as failure:
            _raise(failure, route)
        return _response(exchange, route)

    async def close(self) -> None:
        """Close all connections; requests in flight break off."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            pool.close()

    def _locate(self, url: str, ca_file: str) -> tuple[Origin, str]:
        """Return where a URL leads, and what stands for it in the request line."""
        end = url.find("/", len("https://"))
        base, target = (url, "/") if end < 0 else (url[:end], url[end:])
        origin = self._origins.get((base, ca_file))
        if origin is None:
            origin = self._origins[base, ca_file] = Origin.of(base, self._tls[ca_file])
        return origin, target


async def _again(pool: Pool, origin: Origin, route: Route, request: Request, head_by: float | None) -> UpstreamExchange:
    """Send a request a second time, over a connection that cannot be stale, and wait for its answer."""
    try:
        connection = await pool.open(origin, route.connect_timeout_seconds, head_by)
    except ServerUnreachable as failure:
        raise ConnectionBroken(failure.reason) from failure  # it was reached once
    except Failure as failure:
        failure.was_sent = True  # the first time
        raise
    exchange = connection.begin(request, route.timeout_seconds, head_by)
    await exchange.head()
    return exchange


class _Body:
    """The answer's body as it arrives."""

    def __init__(self, exchange: UpstreamExchange, route: Route) -> None:
        self._exchange = exchange
        self._route = route

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            piece = await self._exchange.read()
        except Failure as failure:
            _raise(failure, self._route)
        if not piece:
            raise StopAsyncIteration
        return piece

    async def close(self) -> None:
        """Abort the connection, unless the answer has arrived whole and the connection belongs to the pool again."""
        self._exchange.close()


def _response(exchange: UpstreamExchange, route: Route) -> ApiResponse:
    answer = exchange.answer
    status, reason, headers = answer.status, answer.reason, answer.headers
    if answer.is_complete and not answer.lasts_until_close:
        whole = answer.take()
        return ApiResponse(status=status, reason=reason, headers=headers, body=whole, body_bytes=len(whole))
    body, length = _Body(exchange, route), answer.body_bytes
    return ApiResponse(status=status, reason=reason, headers=headers, body=body, body_bytes=length, close=body.close)


def _raise(failure: Failure, route: Route) -> NoReturn:
    """Raise what the caller is told, and log what an operator could mend."""
    error = _error_of(failure)
    if isinstance(error, HubError):
        error.processed = "maybe" if failure.was_sent else "never"
        if failure.reason:
            _log.warning("resource_server.failed", route=route.prefix, problem=error.slug, reason=failure.reason)
    raise error from failure


def _error_of(failure: Failure) -> Exception:
    """Return the hub's error for a failure of the upstream client; what the caller's own stream raised stays as it is."""
    match failure:
        case UploadFailed(error=InvalidRequest() as error):
            return BadRequest(str(error))
        case UploadFailed():
            return failure.error
        case ServerUnreachable():
            return ResourceServerUnreachable()
        case ServerStalled():
            return ResourceServerTimeout()
        case HeadLate():
            return DeadlineExceeded()
        case PoolClosed():
            return ShuttingDown()
        case ResponseClosed():
            return ResourceServerBroken("The answer was closed before its end.")
        case _:
            return ResourceServerBroken("The connection broke off, or the answer was no HTTP.")
