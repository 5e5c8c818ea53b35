"""One channel at work: the asynchronous shell round `connection`, between its socket, its registry and its running requests."""

import asyncio
import math
from collections.abc import Awaitable, Iterable, Sequence
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
from hub.channel.running import Running
from hub.channel.sending import Sender
from hub.channel.subscriptions import ChannelSubscriptions
from hub.errors import IdentityChanged
from hub.idempotency.outcome import Verdict
from hub.primitives.clock import Timer
from hub.primitives.tasks import end_tasks
from hub.session.ends import END_DETAILS
from hub.session.model import Session, SessionId
from hub.telemetry import audit, log

logger = log.get(__name__)

ROTATION_SECONDS = 60.0  # in which the client of an old channel is to open another one
AT_ONCE = -math.inf  # when a channel is to be looked after that has something to be looked after every second


class Driver:
    """The channel behind one socket. Whoever opened it calls `finish` once the socket is gone.

    Most channels are idle most of the time: they hold no task, and what only some of them need is made when they need it.

    Attributes:
        session_key: Key of the session that the channel was opened with; the session may move on to another.
        close_code: Why the channel was closed by the hub; None: it was not.
        takes_gzip: Whether the client opens compressed answers itself.
        look_at: When to call `tick` next, on the monotonic clock.
    """

    __slots__ = (
        *("client_address", "close_code", "connection_id", "look_at", "session_key", "takes_gzip"),
        *("_alarm", "_alarm_at", "_connection", "_deaf_until", "_hand", "_leaves_at", "_leaving", "_listener", "_resuming"),
        *("_running", "_sender", "_services", "_socket"),
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
    ) -> None:
        now = services.clock.monotonic()
        settings = services.settings
        self.session_key = session.key
        self.connection_id = connection_id
        self.client_address = client_address
        self.close_code: CloseCode | None = None
        self.takes_gzip = False
        self.look_at = AT_ONCE
        self._leaves_at = now + settings.max_age_seconds * (0.9 + 0.2 * services.jitter())  # not all of a busy morning at once
        self._leaving = False
        self._deaf_until = now
        self._services = services
        self._socket = socket
        self._hand = ChannelSession(services, session_id, session)
        self._connection = ChannelConnection(settings, now)
        self._sender = Sender(self._connection.outbox, socket, settings, self.watch)
        self._running = Running(self, services, self._hand, self._connection, self._sender)
        self._listener: ChannelSubscriptions | None = None
        self._resuming: asyncio.Task[None] | None = None
        self._alarm: Timer | None = None
        self._alarm_at = math.inf

    @property
    def session(self) -> Session:
        """The session as this channel knows it."""
        return self._hand.session

    @property
    def session_id(self) -> SessionId:
        """The id that the channel was opened with."""
        return self._hand.id

    # -- from the socket ----------------------------------------------------------------------------------------------

    def receive(self, message: str | bytes) -> Awaitable[None] | None:
        """Take a WebSocket message. Never waits for the work behind it.

        Returns:
            What has to be awaited before the next message is read, because the client takes nothing; None: read on.
        """
        now = self._services.clock.monotonic()
        try:
            if isinstance(message, str):
                events = self._connection.receive_text(message, now)
            else:
                events = self._connection.receive_binary(message, now)
            self._handle(events)
            self.go_on()
        except ChannelClosed as closed:
            self._audit_close(closed)
            self.close(closed.code, closed.reason)
        return self._breathe(len(message))

    def _breathe(self, size: int) -> Awaitable[None] | None:
        """Return what is to be awaited before more is read: the client takes nothing, or sends too much."""
        wait = self._services.rates.received(self.session_key, size)
        if wait > 0:
            self._deaf_until = self._services.clock.monotonic() + wait
            return self._services.clock.sleep(wait)
        return self._sender.room() if self._sender.is_full else None

    def heard(self) -> None:
        """Note a sign of life that is no message: a WebSocket pong."""
        self._connection.heard(self._services.clock.monotonic())

    def drained(self) -> None:
        """Take note that the client has taken all that waited in the socket's buffer."""
        self._sender.drained()

    async def finish(self) -> None:
        """Stop all work; the socket is gone, or will be. Returns when every task has ended."""
        self._connection.close()
        self._stop()
        running = {*self._running.tasks, self._resuming} - {None, asyncio.current_task()}
        await end_tasks(task for task in running if task is not None)

    @property
    def is_closed(self) -> bool:
        """Whether the channel was closed; its socket may still be sending the last words."""
        return self._connection.state is State.CLOSED

    # -- from the registry --------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Look after liveness and slow readers, and set `look_at`; called every second or so. `now` is monotonic."""
        try:
            self._sender.check_progress(now)
            self._handle(self._connection.drop_stalled(now))
            if self._sender.is_full or now < self._deaf_until:  # we do not read, so silence says nothing
                self._connection.heard(now)
            if self._connection.beat(now):
                self._sender.ping()
            self._rotate(now)
            self._sender.schedule()
        except ChannelClosed as closed:
            self.close(closed.code, closed.reason)
        self.look_at = AT_ONCE if self._sender.has_rest else min(self._connection.look_at, self._leaves_at)

    def watch(self) -> None:
        """See to it that `tick` is called with the next second: something has begun that may stall."""
        self.look_at = AT_ONCE

    def accept(self, session: Session) -> None:
        """Take over the session as the store has it now.

        Raises:
            SessionEnded: It belongs to somebody else than at the handshake.
        """
        self._hand.accept(session)

    def notify(self, topic: Literal["session", "hub"], name: str, data: dict[str, object]) -> None:
        """Tell the client something about its session, or about the hub."""
        self._connection.notify(topic, name, data)
        self._sender.schedule()

    def send_away(self, within_seconds: float) -> None:
        """Ask the client to open another channel, on a node that stays; meanwhile requests go on.

        A client that does not understand that is closed as soon as it has nothing to do: it dials again then.
        """
        if not self._leaving:
            is_told = self._connection.going_away(within_seconds)
            self._leaving = True
            self._leaves_at = self._services.clock.monotonic() + (within_seconds if is_told else 0.0)
            self._sender.schedule()
            self.watch()

    def _rotate(self, now: float) -> None:
        """End a channel that is old, so that connections spread over the nodes again; never one that has something to do."""
        if now < self._leaves_at:
            return
        if not self._leaving:
            self.send_away(ROTATION_SECONDS)
        elif self._connection.is_idle:
            raise ChannelClosed(CloseCode.UNAVAILABLE, "dial again")

    def end_session(self, reason: str) -> None:
        """Close because the session has ended, and say why."""
        self._connection.notify("session", "ended", {"reason": reason, "detail": END_DETAILS.get(reason, "")})
        self.close(CloseCode.LOG_IN, f"session ended: {reason}")

    def close(self, code: CloseCode, reason: str) -> None:
        """Close the socket, after the messages that wait; requests in flight are aborted. A second call does nothing."""
        if self._connection.close():
            self.close_code = code
            self._stop()
            self._socket.close(code, reason)
            self._running.stop_all()

    def _stop(self) -> None:
        if self._listener:
            self._listener.end()
        if self._alarm:
            self._alarm.cancel()
        self._sender.stop()

    # -- what messages mean -------------------------------------------------------------------------------------------

    def _handle(self, events: Iterable[Event]) -> None:
        for event in events:
            match event:
                case HelloReceived(hello):
                    self._greet(hello)
                case BodyReceived(request_id, data, end):
                    self._running.feed(request_id, data, end=end)
                case RequestAborted(request_id, key):
                    if key:
                        self._services.once.abort(self.session, key)
                    self._running.stop(request_id)
                case SubscribeReceived():
                    self._topics().subscribe(event)
                case UnsubscribeReceived(topic):
                    self._topics().unsubscribe(topic)
                case CreditReceived():
                    self._sender.credit_has_come()
                case ByeReceived():
                    raise ChannelClosed(CloseCode.NORMAL, "bye")

    def _topics(self) -> ChannelSubscriptions:
        if self._listener is None:
            limit = self._services.settings.subscriptions
            self._listener = ChannelSubscriptions(self._services.topics, self._connection, self._sender, self._hand, limit)
        return self._listener

    def _greet(self, hello: HelloMessage) -> None:
        if not self._services.csrf_matches(self._hand.id, hello.csrf):
            raise ChannelClosed(CloseCode.CSRF, "the csrf token does not belong to the session")
        if hello.identity not in ("", self.session.identity):
            raise ChannelClosed(CloseCode.OTHER_USER, "another user is logged in now")
        self.takes_gzip = "gzip" in hello.capabilities
        if isinstance(hello.resume, Resume):
            self._resuming = asyncio.create_task(self._resume(hello, hello.resume))
        else:
            self._welcome(hello, ())

    async def _resume(self, hello: HelloMessage, resume: Resume) -> None:
        """Find out how the requests stand that the client still waits for."""
        verdicts = await self._hand.verdicts([key for _, key in resume.pending])
        if verdicts is None:
            self.close(CloseCode.UNAVAILABLE, "the session store does not answer")
        elif not self.is_closed:
            self._welcome(hello, verdicts)
            self.go_on()

    def _welcome(self, hello: HelloMessage, verdicts: Sequence[Verdict]) -> None:
        limits = self._services.rates.settings
        rates = Rates(limits.requests_per_session, limits.upload_bytes_per_session)
        now = self._services.clock.monotonic()
        self._handle(self._connection.ready(self.connection_id, self._hand.facts(), verdicts, now, rates))
        logger.info("channel.ready", connection=self.connection_id, session_ref=self.session.ref, client=hello.client)

    def _audit_close(self, closed: ChannelClosed) -> None:
        if closed.code in (CloseCode.CSRF, CloseCode.OTHER_USER):
            self.audit_refusal("csrf" if closed.code is CloseCode.CSRF else IdentityChanged.slug)

    def audit_refusal(self, reason: str, message: RequestMessage | None = None) -> None:
        """Note that somebody asked for what they may not have, with `message` or with `hello`."""
        audit.record(
            "audit.request_refused",
            outcome="failure",
            reason=reason,
            method=message and message.method,
            path=message and message.path.partition("?")[0],
            connection=self.connection_id,
            session_ref=self.session.ref,
            address=self.client_address,
        )

    def go_on(self) -> None:
        """Run what may run now, send what is to be sent, and wake up for the next deadline."""
        if self._connection.has_waiting:
            for started in self._connection.start_requests(self._services.clock.monotonic()):
                self._running.start(started)
            self._set_alarm()
        self._sender.schedule()

    # -- deadlines ----------------------------------------------------------------------------------------------------

    def _set_alarm(self) -> None:
        """Wake up for the next deadline. An alarm is left as it is when its request ends: it rings for nothing, but seldom."""
        if self._connection.wake_at >= self._alarm_at:
            return
        if self._alarm:
            self._alarm.cancel()
        self._alarm_at = self._connection.wake_at
        self._alarm = self._services.clock.call_later(self._alarm_at - self._services.clock.monotonic(), self._ring)

    def _ring(self) -> None:
        rung_at, self._alarm, self._alarm_at = self._alarm_at, None, math.inf
        self._handle(self._connection.expire(max(self._services.clock.monotonic(), rung_at)))
        self._set_alarm()
        self.go_on()
