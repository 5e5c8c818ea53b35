"""The HTTP door to the pipeline: a browser's request in, the resource server's answer out, both as they arrive.

Small bodies are read whole, so that the request can be repeated after a 401. Larger ones flow: the browser is read only as
fast as the resource server reads, and the other way round.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import tornado.iostream
import tornado.web

from hub.errors import BodyTooLarge, HubError, UploadStalled
from hub.gateway.messages import REPEATABLE_BODY_BYTES, ApiRequest, ApiResponse, pieces, whole
from hub.gateway.pipeline import Pipeline
from hub.gateway.routes import Route
from hub.limits import RateLimits
from hub.once.once import Once
from hub.once.outcome import check_key
from hub.session.model import Session
from hub.session.rate_limit import network_of
from hub.session.sessions import Sessions
from hub.web import csrf
from hub.web.base import BaseHandler
from hub.web.identity import require_identity

PASSIVE_HEADER = "X-Hub-Passive"
KEY_HEADER = "X-Hub-Key"
REPLAYED_HEADER = "X-Hub-Replayed"
WHOLE_ANSWER_BYTES = 64 * 1024  # an announced answer up to this size leaves in one write, head and body together
LIMIT_SLACK_BYTES = 1024 * 1024
CLIENT_CLOSED_REQUEST = 499  # nginx's number for it
STALL_SECONDS = 60.0  # a browser that sends nothing for so long is not coming back; its upstream connection is freed


class BodyPipe:
    """Carries an upload from Tornado, which pushes, to the pipeline, which pulls. At most one piece waits in it."""

    def __init__(self) -> None:
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=1)
        self._abandoned = asyncio.Event()

    async def push(self, piece: bytes | None) -> None:
        """Hand over a piece (None: the end); returns when there is room for the next, or when nobody reads any more."""
        if self._abandoned.is_set():
            return
        put = asyncio.create_task(self._pieces.put(piece))
        gone = asyncio.create_task(self._abandoned.wait())
        _, pending = await asyncio.wait({put, gone}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()

    def abandon(self) -> None:
        """Say that the rest will not be read, so that whoever pushes does not wait for ever."""
        self._abandoned.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await self._next()) is not None:
            yield piece

    async def _next(self) -> bytes | None:
        try:
            async with asyncio.timeout(STALL_SECONDS):
                return await self._pieces.get()
        except TimeoutError as error:
            raise UploadStalled(f"Nothing was received for {STALL_SECONDS:.0f} seconds.") from error


@tornado.web.stream_request_body
class ProxyHandler(BaseHandler):
    """Relays one request to the resource server of its route."""

    pipeline: Pipeline
    once: Once
    rates: RateLimits
    sessions: Sessions
    exchanges: set[asyncio.Task[Any]]

    def initialize(self, **services: Any) -> None:
        """Begin with nothing: Tornado may refuse the request before it comes to `prepare`."""
        super().initialize(**services)
        self._collected: list[bytes] = []
        self._pipe: BodyPipe | None = None
        self._exchange: asyncio.Task[None] | None = None
        self._refusal: HubError | None = None
        self._body_is_read = False

    async def prepare(self) -> None:
        try:
            await self._admit()
        except HubError as error:
            if not self._is_small(self._body_bytes()):
                raise
            self._refusal = error  # told after the body was read, so that the connection can go on

    async def _admit(self) -> None:
        """Let the request in; a large body begins to flow at once."""
        route = self.pipeline.route_for(self.request.path)
        self._require_proof(route)
        self._session = await self._find_session(route)
        length = self._body_bytes()
        self._refuse_oversize(route, length)
        if not self._is_small(length):
            self._pipe = BodyPipe()
            self._begin(self._pipe.__aiter__(), length)

    async def data_received(self, chunk: bytes) -> None:
        if self._pipe is None:
            self._collected.append(chunk)
        else:
            await self._pipe.push(chunk)

    async def _relay_request(self) -> None:
        """Run when the whole body was read."""
        self._body_is_read = True
        if self._refusal is not None:
            raise self._refusal
        if self._pipe is not None:
            await self._pipe.push(None)
        else:
            body = b"".join(self._collected)
            self._begin(body, len(body))
        if self._exchange is not None:
            await self._end_of(self._exchange)

    get = head = post = put = patch = delete = options = _relay_request

    def is_navigation(self) -> bool:
        """Never: under an API path an error is always a problem document, whoever asks."""
        return False

    def write_problem(self, error: HubError) -> None:
        """Write `error` as a problem."""
        super().write_problem(error)
        self._announce_close()

    def _announce_close(self) -> None:
        """Say that the connection ends with this answer: it does when the rest of an upload is not read."""
        if not self._body_is_read:
            self.set_header("Connection", "close")

    def on_connection_close(self) -> None:
        """Abort the request at the resource server: nobody waits for its answer any more."""
        super().on_connection_close()
        if self._exchange is not None:
            self._exchange.cancel()

    async def _end_of(self, exchange: asyncio.Task[None]) -> None:
        """Wait for the exchange; one that was aborted, because the browser has gone, is no failure."""
        await asyncio.wait([exchange])
        if exchange.cancelled():
            self.set_status(CLIENT_CLOSED_REQUEST, "Client Closed Request")  # for the log: there is nobody to tell
        else:
            exchange.result()

    def _require_proof(self, route: Route) -> None:
        headers, origin = self.request.headers, self.site.origin
        if route.csrf == "fetch_metadata":
            csrf.require_link(headers, origin, self.request.method or "", self.session_id)
        else:
            csrf.require_proof(headers, origin, self.session_id)

    async def _find_session(self, route: Route) -> Session | None:
        if route.demand is None:
            self.rates.anonymous_request(network_of(self.client_address))
            return None
        passive = self._is_passive()
        session = self.sessions.known(self.session_id, passive=passive)
        if session is None:
            session = await self.sessions.current(self.session_id, passive=passive)
        require_identity(self.request.headers, session)
        self.rates.request(session.key)
        return session

    def _is_passive(self) -> bool:
        return self.request.headers.get(PASSIVE_HEADER) == "1"

    def _body_bytes(self) -> int | None:
        """Return the announced length of the body; 0 if there is none, None if it is chunked."""
        if "Transfer-Encoding" in self.request.headers:
            return None
        return int(self.request.headers.get("Content-Length", "0"))

    @staticmethod
    def _is_small(length: int | None) -> bool:
        return length is not None and length <= REPEATABLE_BODY_BYTES

    def _refuse_oversize(self, route: Route, length: int | None) -> None:
        limit = route.max_body_bytes
        # Tornado's own limit breaks the connection without an answer; ours, checked as the body flows, comes first.
        self.request.connection.set_max_body_size(limit + LIMIT_SLACK_BYTES)  # type: ignore[union-attr]
        if length is not None and length > limit:
            raise BodyTooLarge(f"At most {limit} bytes are taken here.", max_body_bytes=limit)

    def _begin(self, body: bytes | AsyncIterator[bytes], length: int | None) -> None:
        request = ApiRequest(
            method=self.request.method or "",
            path=self.request.path,
            query=self.request.query,
            headers=list(self.request.headers.get_all()),
            body=body,
            body_bytes=length,
            passive=self._is_passive(),
            client_address=self.client_address,
        )
        self._exchange = asyncio.create_task(self._run(request))
        self.exchanges.add(self._exchange)  # what the hub waits for when it is stopped
        self._exchange.add_done_callback(self.exchanges.discard)

    async def _run(self, request: ApiRequest) -> None:
        """Send the request and write its answer, or why there is none."""
        try:
            response = await self._answer(request)
            try:
                await self._write_response(response)
            finally:
                await response.close()
        except HubError as error:
            self._write_failure(error)
        except tornado.iostream.StreamClosedError:
            return  # the browser has gone; there is nobody to tell
        finally:
            if self._pipe is not None:
                self._pipe.abandon()

    async def _answer(self, request: ApiRequest) -> ApiResponse:
        """Return the answer; to a request with a key, which may have come before, the one that it got then."""
        key = self.request.headers.get(KEY_HEADER)
        if key is None or self._session is None:
            return await self.pipeline.handle(request, self._session, transport="http")
        response = await self.once.handle(request, self._session, check_key(key), transport="http")
        if response.replayed:
            response.headers.append((REPLAYED_HEADER, "1"))
        return response

    async def _write_response(self, response: ApiResponse) -> None:
        self.clear()
        self.clear_header("Content-Type")
        self.set_status(response.status, response.reason or None)
        names = {name.lower() for name, _ in response.headers}
        if "date" in names:
            self.clear_header("Date")
        for name, value in response.headers:
            self.add_header(name, value)
        if "content-length" not in names and response.body_bytes:
            self.set_header("Content-Length", str(response.body_bytes))
        self._announce_close()
        if response.body_bytes is not None and response.body_bytes <= WHOLE_ANSWER_BYTES:
            await self.finish(await whole(response.body))
            return
        await self.flush()
        async for piece in pieces(response.body):
            self.write(piece)
            await self.flush()
        await self.finish()

    def _write_failure(self, error: HubError) -> None:
        self.log_exception(type(error), error, None)
        if not self._headers_written:
            self.clear()
            self.write_problem(error)
            self.finish()
            return
        # The status is on its way already: breaking the connection is the only way to say that the answer is not whole.
        self.request.connection.close()  # type: ignore[union-attr]
