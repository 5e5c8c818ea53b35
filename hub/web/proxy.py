"""The HTTP door to the pipeline: a browser's request in, the resource server's answer out, both as they arrive.

Small bodies are read whole, so that the request can be repeated after a 401. Larger ones flow: the browser is read only as
fast as the resource server reads, and the other way round.
"""

import asyncio
import sys
from collections import deque
from collections.abc import AsyncIterator

from hub.dispatch import Caller, Dispatch
from hub.errors import BodyTooLarge, HubError, UploadStalled
from hub.gateway.messages import REPEATABLE_BODY_BYTES, ApiRequest, ApiResponse
from hub.gateway.routes import Route
from hub.idempotency.outcome import HUB_KEY_HEADER, idempotency_key
from hub.listener.exchange import Exchange
from hub.listener.head import Fields
from hub.primitives.http import read_body
from hub.session.model import SessionId
from hub.web import csrf
from hub.web.failures import note_crash, note_failure
from hub.web.hub_headers import IDENTITY_HEADER, PASSIVE_HEADER, REPLAYED_HEADER
from hub.web.response_headers import problem_body, problem_fields
from hub.web.site import Site

WHOLE_ANSWER_BYTES = 64 * 1024  # an announced answer up to this size leaves in one write, head and body together
STALL_SECONDS = 60.0  # without a byte of an upload; then its connection to the API is freed
CLIENT_CLOSED_REQUEST = 499  # nginx's number for it


class ApiDoor:
    """Relays requests to the resource servers of their routes."""

    def __init__(self, site: Site, dispatch: Dispatch) -> None:
        self.site = site
        self.dispatch = dispatch

    def open(self, exchange: Exchange) -> "ApiCall":
        """Take a request whose head has come; a large body begins to flow at once."""
        return ApiCall(self, exchange)


class ApiCall:
    """One request and its answer."""

    __slots__ = ("_address", "_collected", "_door", "_exchange", "_pipe", "_started", "_status", "_task")

    def __init__(self, door: ApiDoor, exchange: Exchange) -> None:
        self._door = door
        self._exchange = exchange
        self._address = door.site.client_address(exchange)
        self._started = door.site.clock.monotonic()
        self._collected: list[bytes] | None = None
        self._pipe: UploadPipe | None = None
        self._task: asyncio.Task[None] | None = None
        self._status = 0
        length = exchange.head.body_bytes
        if length is None or length > REPEATABLE_BODY_BYTES or exchange.wants_continue:
            self._pipe = UploadPipe(exchange)
            self._begin(self._pipe, length)
        elif length:
            self._collected = []

    # -- from the connection ------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Take a piece of the body."""
        if self._pipe is not None:
            self._pipe.push(data)
        elif self._collected is not None:
            self._collected.append(data)

    def finish(self) -> None:
        """Send the request, now that its body is there, or know that the upload is whole."""
        if self._pipe is not None:
            self._pipe.end()
        else:
            body = b"".join(self._collected) if self._collected else b""
            self._begin(body, len(body))

    def on_connection_close(self) -> None:
        """Abort the request at the resource server: nobody waits for its answer any more."""
        if self._task is not None:
            self._task.cancel()

    def _begin(self, body: bytes | AsyncIterator[bytes], length: int | None) -> None:
        self._task = asyncio.create_task(self._serve(body, length))
        self._door.site.exchanges.add(self._task)  # what the hub waits for when it is stopped

    # -- the answer ---------------------------------------------------------------------------------------------------

    async def _serve(self, body: bytes | AsyncIterator[bytes], length: int | None) -> None:
        """Bring the request to its end. An outer loop of the hub: nothing that goes wrong in here leaves it."""
        try:
            await self._relay(body, length)
        except HubError as error:
            self._note(error)
            self._fail(error)
        except asyncio.CancelledError:
            self._status = CLIENT_CLOSED_REQUEST  # for the log: there is nobody to tell
        except Exception:
            note_crash(self._exchange.head.path, sys.exc_info())
            self._fail(HubError())
        finally:
            if self._pipe is not None:
                self._pipe.abandon()
            self._end()

    async def _relay(self, body: bytes | AsyncIterator[bytes], length: int | None) -> None:
        door, head = self._door, self._exchange.head
        place = door.dispatch.locate(head.path, transport="http")
        route, session_id = place.route, door.site.session_id(head)
        self._require_csrf_token(route, session_id)
        caller = Caller(
            transport="http",
            session_id=session_id,
            address=self._address,
            identity=head.fields.get(IDENTITY_HEADER),
            passive=head.fields.get(PASSIVE_HEADER) == "1",
        )
        session = await door.dispatch.admit(caller, route)
        if length is not None and length > route.max_body_bytes:
            raise BodyTooLarge(f"At most {route.max_body_bytes} bytes are taken here.", max_body_bytes=route.max_body_bytes)
        if self._pipe is not None:
            self._exchange.send_continue()
            if length is not None and length <= REPEATABLE_BODY_BYTES:
                body = await read_body(body)
        request = ApiRequest(
            method=head.method,
            path=head.path,
            query=head.query,
            headers=head.headers,
            body=body,
            body_bytes=length,
            client_address=self._address,
        )
        may_have_key = HUB_KEY_HEADER in head.fields or route.idempotency_header == "hub"
        key = idempotency_key(route, head.fields) if may_have_key else None
        await self._write(await door.dispatch.respond(request, place, session, transport="http", key=key))

    def _require_csrf_token(self, route: Route, session_id: SessionId | None) -> None:
        head, origin = self._exchange.head, self._door.site.origin
        if route.csrf == "fetch_metadata":
            csrf.require_csrf_token_or_own_link(head.fields, origin, head.method, session_id)
        else:
            csrf.require_csrf_token(head.fields, origin, session_id)

    async def _write(self, response: ApiResponse) -> None:
        self._status = response.status
        fields = self._fields(response)
        if isinstance(response.body, bytes):
            self._exchange.send(response.status, response.reason, fields, response.body)
            return
        try:
            if response.body_bytes is not None and response.body_bytes <= WHOLE_ANSWER_BYTES:
                self._exchange.send(response.status, response.reason, fields, await read_body(response.body))
            else:
                await self._stream(response, response.body, fields)
        finally:
            await response.close()

    async def _stream(self, response: ApiResponse, body: AsyncIterator[bytes], fields: Fields) -> None:
        exchange = self._exchange
        exchange.begin(response.status, response.reason, fields, response.body_bytes)
        async for piece in body:
            exchange.write(piece)
            await exchange.drain()
        exchange.end()

    def _fields(self, response: ApiResponse) -> Fields:
        """Return the head of the answer. Its length is told by whoever sends the body, and for want of one by the API."""
        fields = self._door.site.fields.common()
        if response.replayed:
            fields.append((REPLAYED_HEADER, "1"))
        own = "" if self._exchange.head.method == "HEAD" or response.status == 304 else "content-length"
        has_date = False
        for field in response.headers:
            name = field[0].lower()
            if name != own:
                fields.append(field)
                has_date = has_date or name == "date"
        if not has_date:
            fields.append(self._door.site.fields.date())
        return fields

    # -- the end ------------------------------------------------------------------------------------------------------

    def _fail(self, error: HubError) -> None:
        """Answer with a problem; an answer that has begun can only be broken off."""
        if self._exchange.is_begun:
            self._exchange.abort()
            return
        self._status = error.problem().status
        site = self._door.site.fields
        fields = [*site.common(), ("Content-Type", "application/problem+json"), *problem_fields(error), site.date()]
        self._exchange.send(self._status, "", fields, problem_body(error))

    def _note(self, error: HubError) -> None:
        head = self._exchange.head
        session_id = self._door.site.session_id(head)
        note_failure(error, method=head.method, path=head.path, address=self._address, session_id=session_id)

    def _end(self) -> None:
        head, site = self._exchange.head, self._door.site
        site.access_log.request(head.method, head.path, self._status, site.clock.monotonic() - self._started)
        if self._task is not None:
            site.exchanges.discard(self._task)


class UploadPipe:
    """The body of one request: the connection pushes, the API pulls. It holds one read of the socket at most."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._chunks: deque[bytes] = deque()
        self._is_whole = False
        self._is_abandoned = False
        self._arrived: asyncio.Future[None] | None = None

    def push(self, chunk: bytes) -> None:
        """Take a chunk; the connection is read again when it was pulled."""
        if not self._is_abandoned:
            self._chunks.append(chunk)
            self._exchange.hold()
            self._tell()

    def end(self) -> None:
        """Take note that the body is complete."""
        self._is_whole = True
        self._tell()

    def abandon(self) -> None:
        """Drop the rest of the body as it arrives: nobody reads it."""
        self._is_abandoned = True
        self._chunks.clear()
        self._exchange.release()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if not self._chunks:
            self._exchange.release()
            if self._is_whole:
                raise StopAsyncIteration
            await self._next()
        return self._chunks.popleft() if self._chunks else await self.__anext__()

    async def _next(self) -> None:
        """Wait for the next chunk.

        Raises:
            UploadStalled: None came for `STALL_SECONDS`.
        """
        self._arrived = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(STALL_SECONDS):
                await self._arrived
        except TimeoutError as error:
            raise UploadStalled(f"Nothing was received for {STALL_SECONDS:.0f} seconds.") from error
        finally:
            self._arrived = None

    def _tell(self) -> None:
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)
