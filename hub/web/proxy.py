"""The HTTP door to the pipeline: a browser's request in, the resource server's answer out, both as they arrive.

Small bodies are read whole, so that the request can be repeated after a 401. Larger ones flow: the browser is read only as
fast as the resource server reads, and the other way round.
"""

import asyncio
import sys
from collections.abc import AsyncIterator

from hub.errors import BodyTooLarge, HubError
from hub.gateway.messages import REPEATABLE_BODY_BYTES, ApiRequest, ApiResponse
from hub.gateway.pipeline import Pipeline
from hub.gateway.rate_limits import RateLimits
from hub.gateway.routes import Route
from hub.idempotency.executor import IdempotentExecutor
from hub.idempotency.outcome import check_key
from hub.listener.exchange import Exchange
from hub.listener.head import Fields
from hub.primitives.http import read_body
from hub.session.failure_limit import network_of
from hub.session.model import Session, SessionId
from hub.session.sessions import Sessions
from hub.web import csrf
from hub.web.body_pipe import BodyPipe
from hub.web.failures import note_crash, note_failure
from hub.web.identity import require_identity
from hub.web.response_headers import problem_body, problem_fields
from hub.web.site import Site

PASSIVE_HEADER = "x-hub-passive"
KEY_HEADER = "x-hub-key"
REPLAYED_HEADER = "X-Hub-Replayed"
WHOLE_ANSWER_BYTES = 64 * 1024  # an announced answer up to this size leaves in one write, head and body together
CLIENT_CLOSED_REQUEST = 499  # nginx's number for it


class ApiDoor:
    """Relays requests to the resource servers of their routes."""

    def __init__(self, site: Site, pipeline: Pipeline, once: IdempotentExecutor, rates: RateLimits, sessions: Sessions) -> None:
        self.site = site
        self.pipeline = pipeline
        self.once = once
        self.rates = rates
        self.sessions = sessions

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
        self._pipe: BodyPipe | None = None
        self._task: asyncio.Task[None] | None = None
        self._status = 0
        length = exchange.head.body_bytes
        if length is None or length > REPEATABLE_BODY_BYTES or exchange.wants_continue:
            self._pipe = BodyPipe(exchange)
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
        place = door.pipeline.place_of(head.path)
        route, session_id = place.route, door.site.session_id(head)
        self._require_proof(route, session_id)
        session = await self._find_session(route, session_id)
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
            passive=self._is_passive,
            client_address=self._address,
            place=place,
        )
        await self._write(await self._answer(request, session))

    def _require_proof(self, route: Route, session_id: SessionId | None) -> None:
        head, origin = self._exchange.head, self._door.site.origin
        if route.csrf == "fetch_metadata":
            csrf.require_csrf_token_or_own_link(head.fields, origin, head.method, session_id)
        else:
            csrf.require_csrf_token(head.fields, origin, session_id)

    async def _find_session(self, route: Route, session_id: SessionId | None) -> Session | None:
        door = self._door
        if route.demand is None:
            door.rates.anonymous_request(network_of(self._address))
            return None
        session = door.sessions.cached(session_id, passive=self._is_passive)
        if session is None:
            session = await door.sessions.current(session_id, passive=self._is_passive)
        require_identity(self._exchange.head.fields, session)
        door.rates.request(session.key)
        return session

    @property
    def _is_passive(self) -> bool:
        return self._exchange.head.fields.get(PASSIVE_HEADER) == "1"

    async def _answer(self, request: ApiRequest, session: Session | None) -> ApiResponse:
        """Return the answer; to a request with a key, which may have come before, the one that it got then."""
        key = self._exchange.head.fields.get(KEY_HEADER)
        if key is None or session is None:
            return await self._door.pipeline.handle(request, session, transport="http")
        response = await self._door.once.handle(request, session, check_key(key), transport="http")
        if response.replayed:
            response.headers.append((REPLAYED_HEADER, "1"))
        return response

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
