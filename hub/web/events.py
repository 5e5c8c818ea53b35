"""`POST /hub/events`: what a channel tells a page, for pages without WebSocket, as an event stream or as one document.

The body of the request holds what a client says first on a channel: `hello`, and a `subscribe` for each topic. The same driver
handles it, so an event stream is authorized, limited and ended as a channel is. docs/channel-protocol.md has the whole rule.
"""

import asyncio
import secrets
import sys
from collections.abc import Mapping

import msgspec

from hub.channel.close_codes import ChannelClosed, CloseCode
from hub.channel.driver import Driver
from hub.channel.interfaces import ChannelServices
from hub.channel.messages import HelloMessage, SubscribeMessage, message_bytes
from hub.channel.registry import Registry
from hub.errors import (
    BadRequest,
    BodyTooLarge,
    HubError,
    IdentityChanged,
    MethodNotAllowed,
    NotAuthenticated,
    RequestRefused,
    ShuttingDown,
    TooManyRequests,
)
from hub.listener.exchange import Exchange
from hub.listener.head import Headers
from hub.primitives.json_decoder import JsonDecoder, UnreadableJson
from hub.primitives.tasks import OwnedTasks, first_of
from hub.session.ends import require_own_id
from hub.session.failure_limit import network_of
from hub.session.model import Session, SessionId
from hub.session.open_streams import OpenStreams
from hub.web import csrf
from hub.web.event_sockets import EventStreamSocket, PollSocket
from hub.web.failures import note_crash
from hub.web.problem_responses import judge_failure, send_problem
from hub.web.response_headers import NO_STORE
from hub.web.site import Site

EVENT_STREAM = "text/event-stream"
POLL_SECONDS = 5.0  # longest time of a poll while Redis is slow; the response has what came until then
RETRY_AFTER_SECONDS = 5.0
CLIENT_CLOSED_REQUEST = 499  # nginx's number for it

_PROBLEMS: Mapping[CloseCode, HubError] = {
    CloseCode.LOG_IN: NotAuthenticated(),
    CloseCode.CSRF: RequestRefused("`csrf` of `hello` does not belong to the session. Reload the page."),
    CloseCode.OTHER_USER: IdentityChanged("Another user has logged in in this browser. Reload the page; nothing was done."),
    CloseCode.UNAVAILABLE: ShuttingDown(
        "This worker accepts no more event streams. Try again in a moment.", retry_after_seconds=RETRY_AFTER_SECONDS
    ),
    CloseCode.TOO_MANY_CHANNELS: TooManyRequests(
        "Event streams of this session replace each other. Try again in a moment.", retry_after_seconds=RETRY_AFTER_SECONDS
    ),
}
"""The problems for channels that are refused before their first message. A client knows the rest of them as close codes."""

_decode = JsonDecoder[list[HelloMessage | SubscribeMessage]](list[HelloMessage | SubscribeMessage]).decode


class EventsDoor:
    """`POST /hub/events`."""

    def __init__(self, site: Site, registry: Registry, channels: ChannelServices, streams: OpenStreams) -> None:
        self.site = site
        self.registry = registry
        self.channels = channels
        self.streams = streams
        self.max_body_bytes = message_bytes(channels.settings)
        self.tasks = OwnedTasks("events")

    def open(self, exchange: Exchange) -> "EventsRequest":
        """Take a request whose head is complete."""
        exchange.send_continue()
        return EventsRequest(self, exchange)


class EventsRequest:
    """One request, and its event stream or its document."""

    def __init__(self, door: EventsDoor, exchange: Exchange) -> None:
        self._door = door
        self._exchange = exchange
        self._address = door.site.client_address(exchange)
        self._started = door.site.clock.monotonic()
        self._body = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._driver: Driver | None = None  # of the event stream that is open
        self._end_error: NotAuthenticated | None = None
        self._status = 0
        self._is_logged = True

    # -- from the connection ------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Take a chunk of the body; of one that is too large, only as much as shows it."""
        if len(self._body) <= self._door.max_body_bytes:
            self._body += data

    def finish(self) -> None:
        """Serve the request, now that its body is complete."""
        self._task = self._door.tasks.start(self._serve())
        self._door.site.exchanges.add(self._task)  # what the hub waits for when it is stopped
        self._task.add_done_callback(self._door.site.exchanges.discard)

    def on_connection_close(self) -> None:
        """Release the event stream: the client has gone."""
        if self._task is not None:
            self._task.cancel()
        self._release()

    # -- from the session ---------------------------------------------------------------------------------------------

    def end_session(self, error: NotAuthenticated) -> None:
        """Break off a poll, because the session has ended. The registry ends event streams."""
        self._end_error = error
        if self._task is not None:
            self._task.cancel()

    # -- the request --------------------------------------------------------------------------------------------------

    async def _serve(self) -> None:
        """Open the stream, or send the document. An outer loop of the hub: no exception leaves it."""
        try:
            await self._respond()
        except ChannelClosed as closed:
            self._refuse(closed)
        except HubError as error:
            self._fail(error)
        except asyncio.CancelledError:
            self._status = CLIENT_CLOSED_REQUEST
            if self._end_error is not None:
                self._fail(self._end_error)
        except Exception:
            note_crash(self._exchange.head.path, sys.exc_info())
            self._fail(HubError())
        finally:
            if self._driver is None:
                self._log()

    async def _respond(self) -> None:
        head, channels = self._exchange.head, self._door.channels
        if head.method != "POST":
            raise MethodNotAllowed(allow=["POST"])
        self._require_own_page()
        is_stream = EVENT_STREAM in head.headers_by_name.get("accept", "")
        if is_stream:
            channels.rates.dial(network_of(self._address))
        session_id = self._door.site.session_id(head)
        if session_id is None:
            raise NotAuthenticated
        session = await channels.sessions.current(session_id, passive=True)
        require_own_id(session)
        text = self._opening_messages()
        if is_stream:
            channels.rates.session_dial(session.key)
            await self._stream(session_id, session, text)
        else:
            channels.rates.request(session.key)
            await self._poll(session_id, session, text)

    def _require_own_page(self) -> None:
        """Check the origin as the handshake of a channel does. `csrf` of `hello` is checked by the driver.

        Raises:
            RequestRefused: The request does not come from a page of the hub's origin.
        """
        headers, origin = self._exchange.head.headers_by_name, self._door.site.origin
        csrf.require_own_origin(headers, origin)
        if headers.get("origin") is None:
            raise RequestRefused("The header Origin is missing.")

    def _opening_messages(self) -> str:
        """Return the messages of the body.

        Raises:
            BodyTooLarge, BadRequest: The body is not a list of `hello` and any number of `subscribe`.
        """
        if len(self._body) > self._door.max_body_bytes:
            raise BodyTooLarge(f"The body may have at most {self._door.max_body_bytes} bytes.")
        try:
            messages = _decode(bytes(self._body))
        except UnreadableJson as error:
            raise BadRequest(f"The body is not a list of the messages hello and subscribe: {error}.") from error
        if [at for at, message in enumerate(messages) if isinstance(message, HelloMessage)] != [0]:
            raise BadRequest("The body is a list of messages: hello first, then subscribe for each topic.")
        if any(isinstance(message, HelloMessage) and message.resume is not msgspec.UNSET for message in messages):
            raise BadRequest("Nothing can be resumed here: hello has no member resume.")
        return self._body.decode()

    async def _stream(self, session_id: SessionId, session: Session, text: str) -> None:
        fields = [*self._fields(EVENT_STREAM), ("X-Accel-Buffering", "no")]
        socket = EventStreamSocket(self._exchange, fields, self._door.tasks, self._refuse, self._release)
        driver = self._door.registry.open(socket, session_id, session, self._address, is_one_way=True)
        socket.driver = self._driver = driver
        self._status = 200
        if (rest := driver.receive(text)) is not None:
            await rest

    async def _poll(self, session_id: SessionId, session: Session, text: str) -> None:
        channels = self._door.channels
        socket = PollSocket(channels.settings.outbox)
        connection_id = secrets.token_hex(8)
        driver = Driver(
            channels,
            socket,
            session_id,
            session,
            connection_id=connection_id,
            client_address=self._address,
            is_one_way=True,
        )
        self._door.streams.add(session, self)
        try:
            if (rest := driver.receive(text)) is not None:
                await rest
            await first_of(driver.caught_up(), socket.full.wait(), channels.clock.sleep(POLL_SECONDS))
            driver.close(CloseCode.NORMAL, "polled")
        finally:
            self._door.streams.discard(session.key, self)
            await driver.finish()
        if socket.refusal is not None:
            self._refuse(socket.refusal)
            return
        self._status = 200
        self._exchange.send(200, "", self._fields("application/json"), socket.document())

    def _fields(self, content_type: str) -> Headers:
        headers = self._door.site.response_headers
        return [*headers.isolated(), ("Content-Type", content_type), NO_STORE, headers.date()]

    # -- the end ------------------------------------------------------------------------------------------------------

    def _refuse(self, closed: ChannelClosed) -> None:
        """Respond why there is no channel. The driver has noted what is worth it, and a full worker is no news."""
        self._fail(_problem_of(closed), noted=True)

    def _fail(self, error: HubError, *, noted: bool = False) -> None:
        if self._exchange.is_begun or self._exchange.is_ended:
            return
        error, self._is_logged = judge_failure(self._exchange, self._door.site, error, self._address, noted=noted)
        self._status = send_problem(self._exchange, self._door.site, error)

    def _release(self) -> None:
        """Give back the place of the event stream."""
        driver, self._driver = self._driver, None
        if driver is not None:
            self._door.registry.release(driver, None)
            self._log()

    def _log(self) -> None:
        head, site = self._exchange.head, self._door.site
        is_logged, self._is_logged = self._is_logged, False  # once
        if is_logged:
            site.access_log.request(head.method, head.path, self._status, site.clock.monotonic() - self._started)


def _problem_of(closed: ChannelClosed) -> HubError:
    """Return the problem that says the same as a close code."""
    return _PROBLEMS.get(closed.code, BadRequest(f"The messages are not valid: {closed.reason}."))
