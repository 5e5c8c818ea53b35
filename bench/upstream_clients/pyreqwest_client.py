"""pyreqwest (reqwest and hyper, in Rust) behind the door to resource servers.

What of the door's contract it cannot keep stands in `tests/gateway/test_resource_server.py`.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import ConnectError, ConnectTimeoutError, PoolTimeoutError, PyreqwestError
from pyreqwest.request import RequestBuilder, StreamRequest
from pyreqwest.response import Response

from bench.upstream_clients.transfer import Silence, Upload, open_upload, wire_text
from hub.errors import (
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
from hub.primitives.http import SAFE_METHODS, BodyStream, Headers
from hub.telemetry import log

KEEP_ALIVE_SECONDS = 4.0
MAX_CONNECTIONS = 1000
READ_AHEAD_BYTES = 0  # with more it holds the head back until so much of the body has come

_NO_BODY_STATUS = frozenset({204, 304})

_log = log.get(__name__)


class PyreqwestClient:
    """Sends requests through one client, with its own pool, for each authority and connect timeout of a route."""

    def __init__(self, ca_files: Iterable[str] = ()) -> None:
        for ca_file in {"", *ca_files}:
            trust(ca_file)  # complains about a file that holds no certificate
        self._clients: dict[tuple[str, float], Client] = {}
        self._is_open = False

    async def start(self) -> None:
        """Make ready."""
        self._is_open = True

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
        if not self._is_open:
            raise ShuttingDown
        silence = Silence(route.settings.timeout_seconds)
        upload = open_upload(body, body_bytes, silence)
        try:
            async with asyncio.timeout(timeout_seconds) as deadline, silence:
                request, response = await self._ask(route, url, method, headers, body, upload)
        except (TimeoutError, PyreqwestError) as error:
            _fail(route, error, upload, is_late=deadline.expired())
        except HubError as error:  # raised by the caller's stream
            error.processed = "maybe"
            raise
        answer = _Answer(request, response, silence, upload, route)
        if response.status < 200:
            await answer.close()
            raise ResourceServerBroken("The answer switches protocols unasked.")
        return _response(response, method, answer)

    async def close(self) -> None:
        """Close all connections."""
        self._is_open = False
        for client in self._clients.values():
            await client.close()

    async def _ask(
        self, route: Route, url: str, method: str, headers: Headers, body: bytes | BodyStream, upload: Upload | None
    ) -> tuple[StreamRequest, Response]:
        """Return the answer; a safe request without a body is asked again if its connection breaks."""
        request = _request(self._client(route).request(method, url), method, headers, body, upload)
        try:
            return request, await request.__aenter__()
        except ConnectError as error:
            if body or method not in SAFE_METHODS or _was_never_sent(error):
                raise
        request = _request(self._client(route).request(method, url), method, headers, body, upload)
        try:
            return request, await request.__aenter__()
        except ConnectError as error:
            raise ResourceServerBroken from error

    def _client(self, route: Route) -> Client:
        key = route.settings.ca_file, route.settings.connect_timeout_seconds
        if key not in self._clients:
            self._clients[key] = _client(*key)
        return self._clients[key]


class _Answer:
    """The answer's body as it arrives."""

    def __init__(self, request: StreamRequest, response: Response, silence: Silence, upload: Upload | None, route: Route) -> None:
        self._request = request
        self._reader = response.body_reader
        self._silence = silence
        self._upload = upload
        self._route = route
        self._is_closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._is_closed:
            raise ResourceServerBroken("The answer was closed before its end.")
        try:
            async with self._silence:
                piece = await self._reader.read_chunk()
        except asyncio.CancelledError:
            await self.close()
            raise
        except (TimeoutError, PyreqwestError) as error:
            await self.close()
            _fail(self._route, error, self._upload)
        if piece is None:
            raise StopAsyncIteration
        return bytes(piece)

    async def close(self) -> None:
        """Close the connection, unless the answer has come whole."""
        if not self._is_closed:
            self._is_closed = True
            await self._request.__aexit__(None, None, None)


def _client(ca_file: str, connect_timeout_seconds: float) -> Client:
    builder = (
        ClientBuilder()
        .follow_redirects(False)
        .no_proxy()
        .referer(False)
        .gzip(False)
        .brotli(False)
        .zstd(False)
        .deflate(False)
        .max_connections(MAX_CONNECTIONS)
        .connect_timeout(timedelta(seconds=connect_timeout_seconds))
        .pool_timeout(timedelta(seconds=connect_timeout_seconds))
        .pool_idle_timeout(timedelta(seconds=KEEP_ALIVE_SECONDS))
    )
    if ca_file:
        builder = builder.add_root_certificate_pem(Path(ca_file).read_bytes())
    return builder.build()


def _request(
    builder: RequestBuilder, method: str, headers: Headers, body: bytes | BodyStream, upload: Upload | None
) -> StreamRequest:
    for name, value in headers:
        builder = builder.header(name, wire_text(name, value))
    if upload is not None:
        if upload.announced is not None:
            builder = builder.header("Content-Length", str(upload.announced))
        builder = builder.body_stream(upload)
    elif isinstance(body, bytes) and body:
        builder = builder.body_bytes(body)
    elif method not in SAFE_METHODS:
        builder = builder.header("Content-Length", "0")
    return builder.streamed_read_buffer_limit(READ_AHEAD_BYTES).build_streamed()


def _response(response: Response, method: str, answer: _Answer) -> ApiResponse:
    has_body = method != "HEAD" and response.status not in _NO_BODY_STATUS
    length = response.get_header("content-length")
    return ApiResponse(
        status=response.status,
        headers=list(response.headers.items()),
        body=answer,
        body_bytes=(None if length is None else int(length)) if has_body else 0,
        close=answer.close,
    )


def _fail(route: Route, error: Exception, upload: Upload | None, *, is_late: bool = False) -> NoReturn:
    """Raise what `error` means for the caller, as far as it can be known."""
    was_never_sent = _was_never_sent(error)
    if upload is not None and upload.error is not None:
        raise upload.error
    problem: HubError = ResourceServerBroken("The connection broke off, or the answer was no HTTP.")
    if is_late:
        problem = DeadlineExceeded()
    elif was_never_sent:
        problem = ResourceServerUnreachable()
    elif isinstance(error, TimeoutError):
        problem = ResourceServerTimeout()
    problem.processed = "never" if was_never_sent else "maybe"
    if not is_late:
        reason = f"{route.target_origin}: {type(error).__name__}"  # texts and causes show the whole URL
        _log.warning("upstream.request_failed", route=route.prefix, problem=problem.slug, reason=reason)
    raise problem from error


def _was_never_sent(error: Exception) -> bool:
    """Tell whether there was no connection. A `ConnectError` is also one that broke; only the text of its causes tells."""
    if not isinstance(error, ConnectError):
        return isinstance(error, (ConnectTimeoutError, PoolTimeoutError))
    return any(cause["message"] == "client error (Connect)" for cause in error.details["causes"] or ())
