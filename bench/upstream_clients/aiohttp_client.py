"""aiohttp behind the door to resource servers: what the hub used before it had a pool of its own."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any, NoReturn

import aiohttp
from aiohttp.connector import Connection
from yarl import URL

from bench.upstream_clients.transfer import PIECE_BYTES, Silence, Upload, open_upload, wire_text
from hub.errors import (
    DeadlineExceeded,
    HubError,
    Processed,
    ResourceServerBroken,
    ResourceServerTimeout,
    ResourceServerUnreachable,
    ShuttingDown,
)
from hub.gateway.messages import ApiResponse
from hub.gateway.routes import Route
from hub.gateway.tls import trust
from hub.primitives.http import SAFE_METHODS, BodyStream, Headers
from hub.telemetry import log

READ_AHEAD_BYTES = 4096  # then the socket is left alone until they are taken; one read of it brings up to 256 KiB
KEEP_ALIVE_SECONDS = 4.0  # Apache httpd and Node close idle connections after 5 s: no request may cross that
MAX_CONNECTIONS = 1000  # of one worker; whoever finds none free waits for the route's connect timeout
MAX_HEADER_FIELD_BYTES = 32 * 1024

_NO_BODY_STATUS = frozenset({204, 304})

_log = log.get(__name__)


class AiohttpClient:
    """Sends requests to the resource servers of all routes through one pool of keep-alive connections."""

    def __init__(self, ca_files: Iterable[str] = ()) -> None:
        self._tls = {ca_file: trust(ca_file) for ca_file in {"", *ca_files}}
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Open the pool. Needs the running loop; connects to nobody yet."""
        self._session = aiohttp.ClientSession(
            connector=_Pool(limit=MAX_CONNECTIONS, keepalive_timeout=KEEP_ALIVE_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            request_class=_Request,
            auto_decompress=False,
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            read_bufsize=READ_AHEAD_BYTES,
            max_field_size=MAX_HEADER_FIELD_BYTES,
        )

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
        """See `hub.gateway.resource_server.ResourceServer.send`."""
        if self._session is None:
            raise ShuttingDown()
        silence = Silence(route.settings.timeout_seconds)
        upload = open_upload(body, body_bytes, silence)
        attempt = _Attempt(silence, upload, is_repeatable=not body and method in SAFE_METHODS)
        fields = [(name, wire_text(name, value)) for name, value in headers]
        if upload is not None and upload.announced is not None:
            fields.append(("Content-Length", str(upload.announced)))
        try:
            async with asyncio.timeout(timeout_seconds) as deadline, silence:
                response = await self._session.request(
                    method,
                    URL(url, encoded=True),
                    headers=fields,
                    data=upload or body or None,
                    allow_redirects=False,
                    ssl=self._tls[route.settings.ca_file],
                    timeout=aiohttp.ClientTimeout(total=None, connect=route.settings.connect_timeout_seconds),
                    middlewares=(attempt,),
                )
        except asyncio.CancelledError:
            attempt.abort()
            raise
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            attempt.abort()
            attempt.fail(route, error, is_late=deadline.expired())
        return _response(response, method, _Answer(response, attempt, route))

    async def close(self) -> None:
        """Close all connections; requests in flight break off."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()


class _Attempt:
    """One request on its way: how far it came, how to break it off, and what its failure means.

    Handed to aiohttp as the request's middleware, which is where aiohttp lets us decide about sending again.
    """

    def __init__(self, silence: Silence, upload: Upload | None, *, is_repeatable: bool) -> None:
        self.silence = silence
        self.upload = upload
        self._is_repeatable = is_repeatable
        self._is_connecting = False
        self._was_connected = False
        self._transport: asyncio.Transport | None = None

    async def __call__(self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        if isinstance(request, _Request):
            request.attempt = self
        response = await self._hand_on(request, handler)
        if response.status < 200:
            response.close()
            raise aiohttp.ClientConnectionError(f"switched protocols unasked ({response.status})")
        if self.upload is not None:
            self.upload.on_error = response.close
        return response

    async def _hand_on(self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        try:
            return await handler(request)
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            if self._is_repeatable:
                self._is_repeatable = False
                return await self._hand_on(request, handler)
            # aiohttp would send PUT and DELETE again; of this class of error it keeps its hands off
            raise aiohttp.ClientConnectionError(str(error) or "disconnected without an answer") from error

    def on_connecting(self) -> None:
        """Note that a connection is looked for: until there is one, nothing can have been sent."""
        self._is_connecting = True

    def on_connected(self, transport: asyncio.Transport | None) -> None:
        """Note the connection. From here on the resource server may have seen the request."""
        self._is_connecting, self._was_connected = False, True
        self._transport = transport
        self.silence.restart()

    def abort(self) -> None:
        """Cut the connection at once: closing it politely would first wait until the peer has read what was written."""
        if self._transport is not None:
            self._transport.abort()

    def fail(self, route: Route, error: Exception, *, is_late: bool = False) -> NoReturn:
        """Raise what `error` means for the caller.

        Parameters:
            is_late: Whether the caller's own time limit has run out.
        """
        processed: Processed = "never" if self._is_connecting and not self._was_connected else "maybe"
        if self.upload is not None and self.upload.error is not None:
            if isinstance(self.upload.error, HubError):
                self.upload.error.processed = processed
            raise self.upload.error
        problem: HubError = ResourceServerBroken("The connection broke off, or the answer was no HTTP.")
        if is_late:
            problem = DeadlineExceeded()
        elif processed == "never":
            problem = ResourceServerUnreachable()
        elif isinstance(error, TimeoutError):
            problem = ResourceServerTimeout()
        problem.processed = processed
        if not is_late:
            _log.warning("upstream.request_failed", route=route.prefix, problem=problem.slug, reason=_reason(error))
        raise problem from error


class _Request(aiohttp.ClientRequest):
    """A request that knows the attempt it belongs to."""

    attempt: _Attempt | None = None


class _Pool(aiohttp.TCPConnector):
    """The pool, which tells each attempt when it is connected."""

    async def connect(self, req: aiohttp.ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout) -> Connection:
        """Return a connection from the pool, or a new one."""
        attempt = req.attempt if isinstance(req, _Request) else None
        if attempt is None:
            return await super().connect(req, traces, timeout)
        attempt.on_connecting()
        connection = await super().connect(req, traces, timeout)
        attempt.on_connected(connection.transport)
        return connection


class _Answer:
    """The answer's body as it arrives."""

    def __init__(self, response: aiohttp.ClientResponse, attempt: _Attempt, route: Route) -> None:
        self._response = response
        self._attempt = attempt
        self._route = route
        self._is_closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            async with self._attempt.silence:
                piece = await self._response.content.read(PIECE_BYTES)
        except asyncio.CancelledError:
            await self.close()
            raise
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            if self._is_closed:
                raise ResourceServerBroken("The answer was closed before its end.") from error
            await self.close()
            self._attempt.fail(self._route, error)
        if not piece:
            raise StopAsyncIteration
        return piece

    async def close(self) -> None:
        """Abort the connection, unless the answer has arrived whole and the connection belongs to the pool again."""
        self._is_closed = True
        if not self._response.closed:
            self._response.close()
            self._attempt.abort()


def _response(response: aiohttp.ClientResponse, method: str, answer: _Answer) -> ApiResponse:
    has_body = method != "HEAD" and response.status not in _NO_BODY_STATUS
    reason = response.reason or ""
    return ApiResponse(
        status=response.status,
        reason=reason if reason.isascii() and reason.isprintable() else "",
        headers=[(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.raw_headers],
        body=answer,
        body_bytes=response.content_length if has_body else 0,
        close=answer.close,
    )


def _reason(error: Exception) -> str:
    """Return what the operator needs to know. Whole errors of aiohttp show URLs and credentials, so they are not logged."""
    if isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ClientConnectorCertificateError)):
        return str(error)  # host, port and the system's or TLS's own words
    if isinstance(error, aiohttp.ClientResponseError):
        return error.message.partition("\n")[0]  # what follows are bytes of the answer
    return type(error).__name__
