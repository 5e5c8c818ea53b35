"""DOOR to APIs: sends a request and returns the response, with back-pressure in both directions.

It decides nothing: it drops no header, follows no redirect, stores no cookie and judges no status. `hub.upstream` speaks HTTP.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import NoReturn

from hub.errors import (
    BadRequest,
    DeadlineExceeded,
    HubError,
    ResourceServerBroken,
    ResourceServerBusy,
    ResourceServerTimeout,
    ResourceServerUnreachable,
    ShuttingDown,
    TooManyRequests,
)
from hub.gateway.messages import ApiResponse
from hub.gateway.routes import Route
from hub.gateway.tls import trust
from hub.primitives.http import BodyStream, Headers
from hub.telemetry import log
from hub.upstream.bulkheads import PoolLimits
from hub.upstream.connection import UpstreamConnection
from hub.upstream.descriptors import DescriptorReserve
from hub.upstream.exchange import UpstreamExchange
from hub.upstream.failure import (
    ClientAtLimit,
    ConnectionBroken,
    Disconnected,
    Failure,
    HeadLate,
    InvalidRequest,
    PoolClosed,
    PoolFull,
    ResponseClosed,
    ServerStalled,
    ServerUnreachable,
    UploadFailed,
)
from hub.upstream.pool import Origin, Pool
from hub.upstream.request import make_request

RETRY_AFTER_SECONDS = 2.0  # by then, other requests have usually ended

_log = log.get(__name__)


class ResourceServer:
    """Sends requests to the APIs of all routes through one pool of keep-alive connections."""

    def __init__(
        self,
        ca_files: Iterable[str] = (),
        limits: PoolLimits | None = None,
        count_refusal: Callable[[str], object] = lambda limit: None,
        descriptors: DescriptorReserve | None = None,
    ) -> None:
        """Parameters:
        count_refusal: Called with the name of a limit when a request was rejected by it.
        descriptors: The file descriptors that are left to others.
        """
        self._limits = limits or PoolLimits()
        self._count_refusal = count_refusal
        self._descriptors = descriptors
        self._tls = {ca_file: trust(ca_file) for ca_file in {"", *ca_files}}
        self._origins: dict[tuple[str, str], Origin] = {}
        self._pool: Pool | None = None

    async def start(self) -> None:
        """Open the pool. Needs the running loop; opens no connection."""
        self._pool = Pool(self._limits, self._descriptors)

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
        user: str = "",
        network: str = "",
    ) -> ApiResponse:
        """Send one request and return the response as soon as its head is there; the body streams.

        Response header names are in lower case. A body that is complete by then is returned as bytes.

        Cancelling this call, or closing the response before its end, aborts the connection to the API. A response that arrives
        before the request body was sent is returned at once; the upload continues until the response is complete. An exception
        of the body stream is raised as it is.

        A safe request without a body is sent a second time if its connection breaks without a response, because the API may
        have closed the idle connection (RFC 9112 section 9.3.1). No other request is ever sent twice.

        Parameters:
            body_bytes: Announced length of the body; None sends chunks.
            timeout_seconds: Time until the head of the response must be there; None: only the route's `timeout_seconds` applies,
                which bounds the time without a byte and not the whole transfer.
            user: Identity of the user whose share of the connections this is, in all sessions together.
            network: Without a login: the network of the client. If both are empty, it is the hub's own request.

        Raises:
            ResourceServerBusy: Others used all connections to the API for too long, or the file descriptors are used up.
            TooManyRequests: The user, or the network, used all of its own connections for too long.
            ResourceServerUnreachable: No connection in time, name not found, or certificate not trusted.
            ResourceServerTimeout: The route's time passed without a byte in either direction.
            ResourceServerBroken: The connection broke, or the response is not HTTP/1.1.
            DeadlineExceeded: `timeout_seconds` ran out.
            BadRequest: The body is shorter or longer than announced, or a header value has no known encoding.
            ShuttingDown: The client is closed.
        """
        if (pool := self._pool) is None:
            raise ShuttingDown
        origin, target = self._locate(url, route.settings.ca_file)
        try:
            request = make_request(method, target, origin.authority, headers, body, body_bytes)
        except InvalidRequest as error:
            raise BadRequest(str(error)) from error
        head_by = None if timeout_seconds is None else pool.now() + timeout_seconds
        client, limit, kind = self._share(user, network)
        try:
            connection = pool.take(origin, client, limit) or await pool.open(
                origin, route.settings.connect_timeout_seconds, head_by, client, limit
            )
            exchange = connection.begin(request, route.settings.timeout_seconds, head_by)
            try:
                await exchange.head()
            except Disconnected:
                if not request.is_repeatable:
                    raise
                connection = await _again(pool, origin, route, head_by, client, limit)
                exchange = connection.begin(request, route.settings.timeout_seconds, head_by)
                await exchange.head()
        except (ClientAtLimit, PoolFull) as failure:
            self._count_refusal("connections" if isinstance(failure, PoolFull) else f"connections_of_{kind}")
            _raise(failure, route)
        except Failure as failure:
            _raise(failure, route)
        return _response(exchange, route)

    async def close(self) -> None:
        """Close all connections; requests in flight are aborted."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            pool.close()

    def _share(self, user: str, network: str) -> tuple[str, int, str]:
        """Return the client, by its key, the number of connections that it may use, and its kind."""
        if user:
            return user, self._limits.per_user, "user"
        if network:
            return network, self._limits.per_address, "address"
        return "", 0, "hub"

    def _locate(self, url: str, ca_file: str) -> tuple[Origin, str]:
        """Return the origin of a URL, and the request target."""
        end = url.find("/", len("https://"))
        base, target = (url, "/") if end < 0 else (url[:end], url[end:])
        origin = self._origins.get((base, ca_file))
        if origin is None:
            origin = self._origins[base, ca_file] = Origin.of(base, self._tls[ca_file])
        return origin, target


async def _again(pool: Pool, origin: Origin, route: Route, head_by: float | None, client: str, limit: int) -> UpstreamConnection:
    """Return a new connection, over which to send a request a second time."""
    try:
        return await pool.open(origin, route.settings.connect_timeout_seconds, head_by, client, limit)
    except ServerUnreachable as failure:
        raise ConnectionBroken(failure.reason) from failure  # it was reached once
    except Failure as failure:
        failure.was_sent = True  # the first time
        raise


class _Body:
    """The body of a response as it arrives."""

    def __init__(self, exchange: UpstreamExchange, route: Route) -> None:
        self._exchange = exchange
        self._route = route

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            chunk = await self._exchange.read()
        except Failure as failure:
            _raise(failure, self._route)
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def close(self) -> None:
        """Abort the connection, unless the response is complete and the pool has the connection back."""
        self._exchange.close()


def _response(exchange: UpstreamExchange, route: Route) -> ApiResponse:
    response = exchange.response
    status, reason, headers = response.status, response.reason, response.headers
    if response.is_complete and not response.lasts_until_close:
        whole = response.take()
        return ApiResponse(status=status, reason=reason, headers=headers, body=whole, body_bytes=len(whole))
    body, length = _Body(exchange, route), response.body_bytes
    return ApiResponse(status=status, reason=reason, headers=headers, body=body, body_bytes=length, close=body.close)


def _raise(failure: Failure, route: Route) -> NoReturn:
    """Raise the error for the caller, and log what an operator could repair."""
    error = _error_of(failure)
    if isinstance(error, HubError):
        error.processed = "maybe" if failure.was_sent else "never"
        if failure.reason:
            _log.warning("upstream.request_failed", route=route.prefix, problem=error.slug, reason=failure.reason)
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
        case PoolFull():
            detail = "All connections to the API are in use. Repeat the request later."
            return ResourceServerBusy(detail, retry_after_seconds=RETRY_AFTER_SECONDS)
        case ClientAtLimit():
            detail = "Too many of your requests to the API run at once. Wait until some have ended."
            return TooManyRequests(detail, retry_after_seconds=RETRY_AFTER_SECONDS)
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
