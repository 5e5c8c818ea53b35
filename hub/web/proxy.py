"""The HTTP door: parse a browser's request, call the dispatch, write the response of the API.

Small bodies are read into memory, so that the request can be repeated after a 401. Larger bodies stream, with back-pressure both
ways.
"""

import asyncio
import sys
from collections import deque
from collections.abc import AsyncIterator

from hub.config.settings import UpstreamSettings
from hub.dispatch import Caller, Dispatch
from hub.errors import BodyTooLarge, HubError, NotAuthenticated
from hub.gateway.content_isolation import isolated
from hub.gateway.messages import REPEATABLE_BODY_BYTES, ApiRequest, ApiResponse
from hub.gateway.routes import Route
from hub.gateway.upload_pace import UploadPace
from hub.idempotency.outcome import HUB_KEY_HEADER, idempotency_key
from hub.listener.exchange import Exchange
from hub.listener.head import Headers
from hub.primitives.http import read_body
from hub.primitives.tasks import task_starter
from hub.session.model import Session, SessionId
from hub.session.open_streams import OpenStreams
from hub.web import csrf
from hub.web.failures import note_crash
from hub.web.hub_headers import IDENTITY_HEADER, PASSIVE_HEADER, REDIRECT_HEADER, REPLAYED_HEADER
from hub.web.problem_responses import judge_failure, send_problem
from hub.web.shown_redirects import SHOW, shown
from hub.web.site import Site

ONE_WRITE_BYTES = 64 * 1024  # a response of this announced length at most leaves in one write, head and body together
CLIENT_CLOSED_REQUEST = 499  # nginx's number for it


class ApiDoor:
    """Relays requests to the APIs of their routes. Needs the running loop.

    Parameters:
        page_headers: Policies of pages of the application, for routes that render them, unless the renderer sends its own.
    """

    def __init__(
        self, site: Site, dispatch: Dispatch, streams: OpenStreams, page_headers: Headers, uploads: UpstreamSettings
    ) -> None:
        self.site = site
        self.dispatch = dispatch
        self.streams = streams
        self.uploads = uploads
        self.page_headers = page_headers
        self.start_task = task_starter()

    def open(self, exchange: Exchange) -> "ApiCall":
        """Take a request whose head is complete; a large body begins to stream at once."""
        return ApiCall(self, exchange)


class ApiCall:
    """One request and its response."""

    __slots__ = (
        "_address",
        "_collected",
        "_door",
        "_end_error",
        "_exchange",
        "_is_logged",
        "_pipe",
        "_session_key",
        "_started",
        "_status",
        "_task",
    )

    def __init__(self, door: ApiDoor, exchange: Exchange) -> None:
        self._door = door
        self._exchange = exchange
        self._address = door.site.client_address(exchange)
        self._started = door.site.clock.monotonic()
        self._collected: list[bytes] | None = None
        self._pipe: UploadPipe | None = None
        self._task: asyncio.Task[None] | None = None
        self._status = 0
        self._is_logged = True
        self._session_key = ""
        self._end_error: NotAuthenticated | None = None
        length = exchange.head.body_bytes
        if length is None or length > REPEATABLE_BODY_BYTES or exchange.wants_continue:
            self._pipe = UploadPipe(exchange, UploadPace(door.uploads, door.site.clock))
            self._begin(self._pipe, length)
        elif length:
            self._collected = []

    # -- from the connection ------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Take a chunk of the body."""
        if self._pipe is not None:
            self._pipe.push(data)
        elif self._collected is not None:
            self._collected.append(data)

    def finish(self) -> None:
        """Send the request, now that its body is complete, or end the upload."""
        if self._pipe is not None:
            self._pipe.end()
        else:
            body = b"".join(self._collected) if self._collected else b""
            self._begin(body, len(body))

    def on_connection_close(self) -> None:
        """Abort the request at the API: nobody waits for the response any more."""
        if self._task is not None:
            self._task.cancel()

    # -- from the session ---------------------------------------------------------------------------------------------

    def end_session(self, error: NotAuthenticated) -> None:
        """Break off, because the session has ended: with a problem, or with a reset if the response has begun."""
        self._end_error = error
        if self._task is not None:
            self._task.cancel()

    def _begin(self, body: bytes | AsyncIterator[bytes], length: int | None) -> None:
        self._task = self._door.start_task(self._serve(body, length))
        self._door.site.exchanges.add(self._task)  # what the hub waits for when it is stopped

    # -- the response -------------------------------------------------------------------------------------------------

    async def _serve(self, body: bytes | AsyncIterator[bytes], length: int | None) -> None:
        """Bring the request to its end. An outer loop of the hub: no exception leaves it."""
        try:
            await self._relay(body, length)
        except HubError as error:
            self._fail(self._note(error))
        except asyncio.CancelledError:
            if self._end_error is None:
                self._status = CLIENT_CLOSED_REQUEST  # for the log; the client has gone
            elif not self._exchange.is_ended:
                self._fail(self._end_error)
        except Exception:
            note_crash(self._exchange.head.path, sys.exc_info())
            self._fail(HubError())
        finally:
            if self._pipe is not None:
                self._pipe.abandon()
            self._end()

    async def _relay(self, body: bytes | AsyncIterator[bytes], length: int | None) -> None:
        dispatch, head = self._door.dispatch, self._exchange.head
        with dispatch.counting["http"]:
            place = dispatch.locate(head.path)
            session = await self._admit(place.route, length)
            if self._pipe is not None:
                self._exchange.send_continue()
                if length is not None and length <= REPEATABLE_BODY_BYTES:
                    body = await read_body(body)
            may_have_key = HUB_KEY_HEADER in head.headers_by_name or place.route.settings.idempotency_header == "hub"
            key = idempotency_key(place.route, head.headers_by_name) if may_have_key else None
        request = ApiRequest(
            method=head.method,
            path=head.path,
            query=head.query,
            headers=head.headers,
            body=body,
            body_bytes=length,
            client_address=self._address,
        )
        response = await dispatch.respond(request, place, session, transport="http", key=key)
        wants_redirect = head.headers_by_name.get(REDIRECT_HEADER.lower()) == SHOW
        await self._write(shown(response) if wants_redirect else response, place.route)

    async def _admit(self, route: Route, length: int | None) -> Session | None:
        """Return the session of a request that may go on, and close the request when it ends."""
        door, head = self._door, self._exchange.head
        session_id = door.site.session_id(head)
        is_beacon = route.settings.beacons and csrf.is_own_beacon(head.headers_by_name, door.site.origin, head.method)
        if not is_beacon:
            self._require_csrf_token(route, session_id)
        caller = Caller(
            transport="http",
            session_id=session_id,
            address=self._address,
            identity=head.headers_by_name.get(IDENTITY_HEADER),
            passive=is_beacon or head.headers_by_name.get(PASSIVE_HEADER) == "1",
        )
        session = await door.dispatch.admit(caller, route)
        if session is not None:
            door.streams.add(session, self)
            self._session_key = session.key
        if length is not None and length > route.settings.max_body_bytes:
            detail = f"The body may have at most {route.settings.max_body_bytes} bytes."
            raise BodyTooLarge(detail, max_body_bytes=route.settings.max_body_bytes)
        return session

    def _require_csrf_token(self, route: Route, session_id: SessionId | None) -> None:
        head, origin = self._exchange.head, self._door.site.origin
        if route.settings.rendered:
            csrf.require_page_load(head.headers_by_name, origin, head.method, session_id)
        elif route.settings.csrf == "fetch_metadata":
            csrf.require_csrf_token_or_own_link(head.headers_by_name, origin, head.method, session_id)
        else:
            csrf.require_csrf_token(head.headers_by_name, origin, session_id)

    async def _write(self, response: ApiResponse, route: Route) -> None:
        self._status = response.status
        headers = self._headers(response, route)
        if isinstance(response.body, bytes):
            self._exchange.send(response.status, response.reason, headers, response.body)
            return
        try:
            if response.body_bytes is not None and response.body_bytes <= ONE_WRITE_BYTES:
                self._exchange.send(response.status, response.reason, headers, await read_body(response.body))
            else:
                await self._stream(response, response.body, headers)
        finally:
            await response.close()

    async def _stream(self, response: ApiResponse, body: AsyncIterator[bytes], headers: Headers) -> None:
        exchange = self._exchange
        exchange.begin(response.status, response.reason, headers, response.body_bytes)
        async for chunk in body:
            exchange.write(chunk)
            await exchange.drain()
        exchange.end()

    def _headers(self, response: ApiResponse, route: Route) -> Headers:
        """Return the headers of the response. `Content-Length` of the API stays only where the response has no body."""
        if route.settings.rendered:
            passed = _with_missing(response.headers, self._door.page_headers if response.status != 304 else [])
        else:
            passed = isolated(response.headers, route, status=response.status)
        fields = self._door.site.response_headers.common()
        if response.replayed:
            fields.append((REPLAYED_HEADER, "1"))
        own = "" if self._exchange.head.method == "HEAD" or response.status == 304 else "content-length"
        has_date = False
        for field in passed:
            name = field[0].lower()
            if name != own:
                fields.append(field)
                has_date = has_date or name == "date"
        if not has_date:
            fields.append(self._door.site.response_headers.date())
        return fields

    # -- the end ------------------------------------------------------------------------------------------------------

    def _fail(self, error: HubError) -> None:
        """Respond with a problem; a response that has begun can only be aborted."""
        if self._exchange.is_begun:
            self._exchange.abort()
            return
        self._status = send_problem(self._exchange, self._door.site, error, processed=error.processed)

    def _note(self, error: HubError) -> HubError:
        """Log the failure, and charge the request if the hub refused it. Return the error to respond with."""
        error, self._is_logged = judge_failure(self._exchange, self._door.site, error, self._address)
        return error

    def _end(self) -> None:
        head, site = self._exchange.head, self._door.site
        if self._is_logged:
            site.access_log.request(head.method, head.path, self._status, site.clock.monotonic() - self._started)
        if self._session_key:
            self._door.streams.discard(self._session_key, self)
        if self._task is not None:
            site.exchanges.discard(self._task)


def _with_missing(headers: Headers, added: Headers) -> Headers:
    """Return `headers`, and those of `added` whose names do not occur in them."""
    names = {name.lower() for name, _ in headers}
    return [*headers, *(header for header in added if header[0].lower() not in names)]


class UploadPipe:
    """The body of one request: the connection pushes, the API pulls. It holds one read of the socket at most."""

    def __init__(self, exchange: Exchange, pace: UploadPace) -> None:
        self._exchange = exchange
        self._pace = pace
        self._chunks: deque[bytes] = deque()
        self._is_whole = False
        self._is_abandoned = False

    def push(self, chunk: bytes) -> None:
        """Take a chunk; the connection is read again when it was pulled."""
        if not self._is_abandoned:
            self._chunks.append(chunk)
            self._exchange.hold()
            self._pace.received(len(chunk))
            self._pace.wake()

    def end(self) -> None:
        """Take note that the body is complete."""
        self._is_whole = True
        self._pace.wake()

    def abandon(self) -> None:
        """Drop the rest of the body as it arrives: nobody reads it."""
        self._is_abandoned = True
        self._chunks.clear()
        self._exchange.release()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """Return the next chunk.

        Raises:
            UploadStalled: The client was too slow.
        """
        self._pace.check()
        if not self._chunks:
            self._exchange.release()
            if self._is_whole:
                raise StopAsyncIteration
            await self._pace.wait()
        return self._chunks.popleft() if self._chunks else await self.__anext__()
