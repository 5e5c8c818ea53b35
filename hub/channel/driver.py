"""The driver of one channel: the asynchronous shell around `connection`, between socket, registry and running requests."""

import asyncio
import math
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import Literal

from hub.channel.channel_session import ChannelSession
from hub.channel.close_codes import ChannelClosed, CloseCode
from hub.channel.connection import ChannelConnection, State
from hub.channel.events import (
    BodyReceived,
    ByeReceived,
    CreditReceived,
    Event,
    HelloReceived,
    RequestAborted,
    SubscribeReceived,
    UnsubscribeReceived,
)
from hub.channel.interfaces import ChannelServices, ChannelSocket
from hub.channel.messages import HelloMessage, Rates, RequestMessage, Resume
from hub.channel.running import RunningRequests
from hub.channel.sending import Sender
from hub.channel.subscriptions import ChannelSubscriptions
from hub.errors import IdentityChanged
from hub.idempotency.outcome import Verdict
from hub.primitives.clock import Timer
from hub.primitives.tasks import end_tasks, start_task
from hub.session.ends import END_DETAILS
from hub.session.model import Session, SessionId
from hub.telemetry import audit, log

logger = log.get(__name__)

ROTATION_SECONDS = 60.0  # time for the client of an old channel to open another one
CHARGED_FROM = 32  # cost of messages that is charged at once
PORTION = 32  # messages of a batch between which the socket is asked whether the turn goes on
NO_HEADERS: Mapping[str, str] = {}
EVERY_SECOND = -math.inf  # `next_check_at` of a channel that must be checked at each tick of the registry


class Driver:
    """The channel behind one socket. Its owner calls `finish` when the socket has closed.

    Most channels are idle most of the time. An idle channel holds no task, and rarely needed parts are made on first use.

    Attributes:
        session_key: Key of the session with which the channel was opened; a later login may give the session a new one.
        is_one_way: Whether the client only listens, after its first messages: an event stream.
        close_code: Close code that the hub sent; None if it did not close the channel.
        browser_headers: Headers that the browser would add to each request, by name in lower case.
        next_check_at: When to call `tick` next, on the monotonic clock.
    """

    __slots__ = (
        "_channel_session",
        "_connection",
        "_is_draining",
        "_paused_until",
        "_resuming",
        "_retires_at",
        "_running",
        "_sender",
        "_services",
        "_socket",
        "_subscriptions",
        "_timer",
        "_timer_at",
        "browser_headers",
        "client_address",
        "close_code",
        "connection_id",
        "is_one_way",
        "next_check_at",
        "session_key",
    )

    def __init__(
        self,
        services: ChannelServices,
        socket: ChannelSocket,
        session_id: SessionId,
        session: Session,
        *,
        connection_id: str,
        client_address: str,
        browser_headers: Mapping[str, str] = NO_HEADERS,
        is_one_way: bool = False,
    ) -> None:
        now = services.clock.monotonic()
        settings = services.settings
        self.session_key = session.key
        self.connection_id = connection_id
        self.client_address = client_address
        self.browser_headers = browser_headers
        self.is_one_way = is_one_way
        self.close_code: CloseCode | None = None
        self.next_check_at = EVERY_SECOND
        self._retires_at = now + settings.max_age_seconds * (0.9 + 0.2 * services.jitter())  # spread over time
        self._is_draining = False
        self._paused_until = now
        self._services = services
        self._socket = socket
        self._channel_session = ChannelSession(services, session_id, session)
        self._connection = ChannelConnection(settings, now)
        self._sender = Sender(self._connection.outbox, socket, settings, self.check_every_second)
        self._running = RunningRequests(self, services, self._channel_session, self._connection, self._sender)
        self._subscriptions: ChannelSubscriptions | None = None
        self._resuming: asyncio.Task[None] | None = None
        self._timer: Timer | None = None
        self._timer_at = math.inf

    @property
    def session(self) -> Session:
        """The session as the store confirmed it to this channel last."""
        return self._channel_session.session

    @property
    def session_id(self) -> SessionId:
        """The session ID with which the channel was opened."""
        return self._channel_session.id

    # -- from the socket ----------------------------------------------------------------------------------------------

    def receive(self, message: str | bytes) -> Awaitable[None] | None:
        """Handle a WebSocket message, without waiting for the requests in it. A large batch takes several turns of the loop.

        Returns:
            What to await before reading the next message (back-pressure or a rate limit); None: read on.
        """
        self._receive(message)
        if self._connection.has_rest:
            return self._receive_rest(len(message))
        if self._connection.unpaid >= CHARGED_FROM:
            self._pay()
        return self._back_pressure(len(message))

    def _receive(self, message: str | bytes | None) -> None:
        """Handle a WebSocket message, or the first messages of a batch. None: the next ones of the batch."""
        now = self._services.clock.monotonic()
        try:
            if message is None:
                events = self._connection.receive_rest(now, PORTION)
            elif isinstance(message, str):
                events = self._connection.receive_text(message, now, PORTION)
            else:
                events = self._connection.receive_binary(message, now)
            self._handle(events)
            self.advance()
        except ChannelClosed as closed:
            self._audit_close(closed)
            self.close(closed.code, closed.reason)

    async def _receive_rest(self, size: int) -> None:
        """Handle the rest of a batch: in each turn of the loop as much as the connection may; nothing while the outbox is full.

        The socket reads nothing meanwhile, so the order is kept.
        """
        self._pay()
        if (wait := self._back_pressure(size)) is not None:
            await wait
        while self._connection.has_rest and await self._socket.next_turn():
            self._receive(None)
            self._pay()
            await self._sender.wait_writable()

    def _pay(self) -> None:
        """Charge the connection for the messages that it has sent."""
        self._socket.charge(self._connection.unpaid)
        self._connection.unpaid = 0

    def _back_pressure(self, size: int) -> Awaitable[None] | None:
        """Return what to await before reading on: the rate limit for received bytes, or a full outbox."""
        wait = self._services.rates.received(self.session_key, size)
        if wait > 0:
            self._paused_until = self._services.clock.monotonic() + wait
            return self._services.clock.sleep(wait)
        return self._sender.wait_writable() if self._sender.is_full else None

    def heard(self) -> None:
        """Record a WebSocket pong as a sign of life."""
        self._connection.heard(self._services.clock.monotonic())

    def drained(self) -> None:
        """Continue sending after the socket's buffer has become empty."""
        self._sender.drained()

    async def caught_up(self) -> None:
        """Return when each subscription was refused, or has received all that the history of its topic held."""
        if self._subscriptions:
            await self._subscriptions.caught_up()

    async def finish(self) -> None:
        """Stop all tasks of the channel, because its socket has closed or will; return when they have ended."""
        self._connection.close()
        self._stop()
        running = {*self._running.tasks, self._resuming} - {None, asyncio.current_task()}
        await end_tasks(task for task in running if task is not None)

    @property
    def is_closed(self) -> bool:
        """Whether the channel was closed. Its socket may still be sending the remaining messages."""
        return self._connection.state is State.CLOSED

    # -- from the registry --------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Check heartbeat, slow reader and age, and set `next_check_at`. `now` is seconds of the monotonic clock."""
        try:
            self._sender.check_progress(now)
            self._handle(self._connection.drop_stalled(now))
            if self._is_deaf(now):
                self._connection.heard(now)
            if self._connection.beat(now):
                self._sender.ping()
                if self.is_one_way:  # nothing comes back; a client that has gone takes no bytes, which `check_progress` notices
                    self._connection.heard(now)
            self._rotate(now)
            self._sender.schedule()
        except ChannelClosed as closed:
            self.close(closed.code, closed.reason)
        self.next_check_at = EVERY_SECOND if self._sender.has_unsent else min(self._connection.next_check_at, self._retires_at)

    def _is_deaf(self, now: float) -> bool:
        """Return whether the hub does not read, so that it cannot hear the client."""
        return self._sender.is_full or now < self._paused_until or self._connection.has_rest

    def check_every_second(self) -> None:
        """Request a call of `tick` at the next second, because something began that may stall."""
        self.next_check_at = EVERY_SECOND

    def accept(self, session: Session) -> None:
        """Replace the session by `session`, which the store has confirmed.

        Raises:
            SessionEnded: The session belongs to another user than at the handshake.
        """
        self._channel_session.accept(session)

    def notify(self, topic: Literal["session", "hub"], name: str, data: dict[str, object]) -> None:
        """Send the client an event about its session or about the hub."""
        self._connection.notify(topic, name, data)
        self._sender.schedule()

    def drain(self, within_seconds: float) -> None:
        """Ask the client to open another channel, on another node. RunningRequests requests continue.

        A client without the capability `drain` is disconnected as soon as it has no request; then it reconnects.
        """
        if not self._is_draining:
            was_asked = self._connection.going_away(within_seconds)
            self._is_draining = True
            self._retires_at = self._services.clock.monotonic() + (within_seconds if was_asked else 0.0)
            self._sender.schedule()
            self.check_every_second()

    def _rotate(self, now: float) -> None:
        """Drain a channel that is old, so that channels spread over the nodes again. Close it only when it has no request."""
        if now < self._retires_at:
            return
        if not self._is_draining:
            self.drain(ROTATION_SECONDS)
        elif self._connection.is_idle:
            raise ChannelClosed(CloseCode.UNAVAILABLE, "reconnect")

    def end_session(self, reason: str) -> None:
        """Send the reason for the end of the session, and close the channel."""
        self._connection.notify("session", "ended", {"reason": reason, "detail": END_DETAILS.get(reason, "")})
        self.close(CloseCode.LOG_IN, f"session ended: {reason}")

    def close(self, code: CloseCode, reason: str) -> None:
        """Abort all requests and close the socket after the waiting messages. A second call does nothing."""
        if self._connection.close():
            self.close_code = code
            self._stop()
            self._socket.close(code, reason)
            self._running.stop_all()

    def _stop(self) -> None:
        if self._subscriptions:
            self._subscriptions.end()
        if self._timer:
            self._timer.cancel()
        self._sender.stop()

    # -- what messages mean -------------------------------------------------------------------------------------------

    def _handle(self, events: Iterable[Event]) -> None:
        for event in events:
            match event:
                case HelloReceived(hello):
                    self._check_hello(hello)
                case BodyReceived(request_id, data, end):
                    self._running.feed(request_id, data, end=end)
                case RequestAborted(request_id, key):
                    if key:
                        self._services.executor.abort(self.session, key)
                    self._running.stop(request_id)
                case SubscribeReceived():
                    self._get_subscriptions().subscribe(event)
                case UnsubscribeReceived(topic):
                    self._get_subscriptions().unsubscribe(topic)
                case CreditReceived():
                    self._sender.credit_added()
                case ByeReceived():
                    raise ChannelClosed(CloseCode.NORMAL, "bye")

    def _get_subscriptions(self) -> ChannelSubscriptions:
        if self._subscriptions is None:
            topics, settings = self._services.topics, self._services.settings
            limit = settings.subscriptions * (settings.connections_per_session if self.is_one_way else 1)  # tabs share a stream
            self._subscriptions = ChannelSubscriptions(
                topics, self._connection, self._sender, self._channel_session, limit, self._audit_refused_topic
            )
        return self._subscriptions

    def _check_hello(self, hello: HelloMessage) -> None:
        if not self._services.csrf_matches(self._channel_session.id, hello.csrf):
            raise ChannelClosed(CloseCode.CSRF, "the csrf token does not belong to the session")
        if hello.identity not in ("", self.session.identity):
            raise ChannelClosed(CloseCode.OTHER_USER, "another user is logged in now")
        if isinstance(hello.resume, Resume):
            self._resuming = start_task(self._resume(hello, hello.resume), "channel resume")
        else:
            self._send_ready(hello, ())

    async def _resume(self, hello: HelloMessage, resume: Resume) -> None:
        """Load the verdicts on the requests for which the client still waits, and send `ready` with them."""
        verdicts = await self._channel_session.verdicts([key for _, key in resume.pending])
        if verdicts is None:
            self.close(CloseCode.UNAVAILABLE, "the session store does not respond")
        elif not self.is_closed:
            self._send_ready(hello, verdicts)
            self.advance()

    def _send_ready(self, hello: HelloMessage, verdicts: Sequence[Verdict]) -> None:
        limits = self._services.rates.settings
        rates = Rates(limits.requests_per_session, limits.upload_bytes_per_session)
        now = self._services.clock.monotonic()
        self._handle(self._connection.ready(self.connection_id, self._channel_session.facts(), verdicts, now, rates))
        logger.info(
            "channel.opened",
            connection=self.connection_id,
            session_ref=self.session.ref,
            client=hello.client,
            one_way=self.is_one_way,
        )

    def _audit_close(self, closed: ChannelClosed) -> None:
        if closed.code in (CloseCode.CSRF, CloseCode.OTHER_USER):
            self.audit_refusal("csrf" if closed.code is CloseCode.CSRF else IdentityChanged.slug)

    def _audit_refused_topic(self, reason: str, topic: str) -> None:
        self.audit_refusal(reason, topic=topic)

    def audit_refusal(self, reason: str, message: RequestMessage | None = None, *, topic: str = "") -> None:
        """Record in the audit log that the hub refused `message`, or a subscription to `topic`, or else `hello`."""
        audit.record(
            "audit.request_refused",
            outcome="failure",
            reason=reason,
            method=message and message.method,
            path=message and message.path.partition("?")[0],
            topic=topic,
            connection=self.connection_id,
            session_ref=self.session.ref,
            address=self.client_address,
        )

    def advance(self) -> None:
        """Start the requests that may run now, send the outbox, and set the timer for the next deadline."""
        if self._connection.has_waiting:
            for started in self._connection.start_requests(self._services.clock.monotonic()):
                self._running.start(started)
            self._set_timer()
        self._sender.schedule()

    # -- deadlines ----------------------------------------------------------------------------------------------------

    def _set_timer(self) -> None:
        """Set the timer for the next deadline. It stays when that request ends: a rare useless call is cheaper than a reset."""
        if self._connection.wake_at >= self._timer_at:
            return
        if self._timer:
            self._timer.cancel()
        self._timer_at = self._connection.wake_at
        self._timer = self._services.clock.call_later(self._timer_at - self._services.clock.monotonic(), self._on_timer)

    def _on_timer(self) -> None:
        set_for, self._timer, self._timer_at = self._timer_at, None, math.inf
        self._handle(self._connection.expire(max(self._services.clock.monotonic(), set_for)))
        self._set_timer()
        self.advance()
