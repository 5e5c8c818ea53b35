"""One channel at work: the asynchronous shell round `connection`. Owns a task for each running request and one for deadlines."""

import asyncio
import functools
import math
from collections.abc import Awaitable, Iterable, Sequence
from typing import Literal

import msgspec

from hub import audit, log
from hub.channel.close_codes import ChannelClosed, CloseCode
from hub.channel.connection import Connection, State
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
from hub.channel.exchange import Relay, api_request
from hub.channel.interfaces import ChannelServices, Socket
from hub.channel.listener import Listener
from hub.channel.messages import AnswerFacts, HelloMessage, Rates, RequestMessage, Resume, SessionFacts, Timing
from hub.channel.outage import PROBE_SECONDS, TRUSTED_SECONDS
from hub.channel.requests import Started
from hub.channel.sending import Sender
from hub.channel.upload_body import UploadBody
from hub.errors import HubError, IdentityChanged, NotAuthenticated, SessionEnded, StoreUnavailable
from hub.gateway.messages import ApiResponse
from hub.once.outcome import Verdict
from hub.session.ends import END_DETAILS
from hub.session.known_sessions import TRUSTED_SECONDS as KNOWN_SECONDS
from hub.session.model import Session, SessionId
from hub.tasks import end_tasks

logger = log.get(__name__)

ROTATION_SECONDS = 60.0  # in which the client of an old channel is to open another one
UNKNOWN_REASON = "unknown"  # the store no longer knows the session, so nobody knows why it ended


class Driver:
    """The channel behind one socket. Whoever opened it calls `finish` once the socket is gone."""

    def __init__(
        self,
        services: ChannelServices,
        socket: Socket,
        session_id: SessionId,
        session: Session,
        *,
        connection_id: str,
        client_address: str,
    ) -> None:
        now = services.clock.monotonic()
        settings = services.settings
        self.session_id = session_id
        self.session_key = session.key  # of the id that the channel was opened with; the session may move on to another
        self.session = session
        self.connection_id = connection_id
        self.close_code: CloseCode | None = None
        self._leaves_at = now + settings.max_age_seconds * (0.9 + 0.2 * services.jitter())  # not all of a busy morning at once
        self._leaving = False
        self._deaf_until = now
        self._confirmed_at = now
        self._services = services
        self._socket = socket
        self._client_address = client_address
        self._gzip = False
        self._connection = Connection(settings, now)
        self._sender = Sender(self._connection.outbox, socket, settings, now)
        self._relay = Relay(self._connection, self._sender, inline=settings.inline)
        self._listener = Listener(services.topics, self._connection, self._sender, lambda: self.session, settings.subscriptions)
        self._uploads: dict[int, UploadBody] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._resuming: asyncio.Task[None] | None = None
        self._timer: asyncio.Task[None] | None = None
        self._timer_at = math.inf

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
            self._go_on()
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

    async def finish(self) -> None:
        """Stop all work; the socket is gone, or will be. Returns when every task has ended."""
        self._connection.close()
        self._listener.end()
        self._sender.stop()
        running = {*self._tasks.values(), self._resuming, self._timer} - {None, asyncio.current_task()}
        await end_tasks(task for task in running if task is not None)

    @property
    def is_closed(self) -> bool:
        """Whether the channel was closed; its socket may still be sending the last words."""
        return self._connection.state is State.CLOSED

    # -- from the registry --------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Look after liveness and slow readers; called every second or so. `now` is monotonic."""
        try:
            self._sender.check_progress(now)
            self._handle(self._connection.drop_stalled(now))
            if self._sender.is_full or now < self._deaf_until:  # we do not read, so silence says nothing
                self._connection.heard(now)
            if self._connection.beat(now):
                self._socket.ping()
            self._rotate(now)
            self._sender.schedule()
        except ChannelClosed as closed:
            self.close(closed.code, closed.reason)

    def accept(self, session: Session, *, age_seconds: float = 0.0) -> None:
        """Take over the session as the store has it now.

        Parameters:
            age_seconds: How long ago, at most, the store has said so.

        Raises:
            SessionEnded: It belongs to somebody else than at the handshake.
        """
        if (session.issuer, session.subject) != (self.session.issuer, self.session.subject):
            raise SessionEnded(reason="identity")
        self.session = session
        self._confirmed_at = max(self._confirmed_at, self._services.clock.monotonic() - age_seconds)

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
            self._listener.end()
            self._sender.stop()
            self._socket.close(code, reason)
            for task in self._tasks.values():
                task.cancel()

    # -- what messages mean -------------------------------------------------------------------------------------------

    def _handle(self, events: Iterable[Event]) -> None:
        for event in events:
            match event:
                case HelloReceived(hello):
                    self._greet(hello)
                case BodyReceived(request_id, data, end):
                    self._uploads[request_id].feed(data, end=end)
                case RequestAborted(request_id, key):
                    if key:
                        self._services.once.abort(self.session, key)
                    if task := self._tasks.get(request_id):
                        task.cancel()
                case SubscribeReceived():
                    self._listener.subscribe(event)
                case UnsubscribeReceived(topic):
                    self._listener.unsubscribe(topic)
                case CreditReceived():
                    self._sender.credit_has_come()
                case ByeReceived():
                    raise ChannelClosed(CloseCode.NORMAL, "bye")

    def _greet(self, hello: HelloMessage) -> None:
        if not self._services.csrf_matches(self.session_id, hello.csrf):
            raise ChannelClosed(CloseCode.CSRF, "the csrf token does not belong to the session")
        if hello.identity not in ("", self.session.identity):
            raise ChannelClosed(CloseCode.OTHER_USER, "another user is logged in now")
        self._gzip = "gzip" in hello.capabilities
        if isinstance(hello.resume, Resume):
            self._resuming = asyncio.create_task(self._resume(hello, hello.resume))
        else:
            self._welcome(hello, ())

    async def _resume(self, hello: HelloMessage, resume: Resume) -> None:
        """Find out how the requests stand that the client still waits for."""
        try:
            verdicts = await self._services.once.verdicts(self.session, [key for _, key in resume.pending])
        except StoreUnavailable:
            self.close(CloseCode.UNAVAILABLE, "the session store does not answer")
            return
        if not self.is_closed:
            self._welcome(hello, verdicts)
            self._go_on()

    def _welcome(self, hello: HelloMessage, verdicts: Sequence[Verdict]) -> None:
        limits = self._services.rates.settings
        rates = Rates(limits.requests_per_session, limits.upload_bytes_per_session)
        now = self._services.clock.monotonic()
        self._handle(self._connection.ready(self.connection_id, self._session_facts(), verdicts, now, rates))
        logger.info("channel.ready", connection=self.connection_id, session_ref=self.session.ref, client=hello.client)

    def _audit_close(self, closed: ChannelClosed) -> None:
        if closed.code in (CloseCode.CSRF, CloseCode.OTHER_USER):
            self._audit_refusal("csrf" if closed.code is CloseCode.CSRF else IdentityChanged.slug)

    def _audit_refusal(self, reason: str, message: RequestMessage | None = None) -> None:
        audit.record(
            "audit.request_refused",
            outcome="failure",
            reason=reason,
            method=message and message.method,
            path=message and message.path.partition("?")[0],
            connection=self.connection_id,
            session_ref=self.session.ref,
            address=self._client_address,
        )

    def _session_facts(self) -> SessionFacts:
        lifetimes, now = self._services.lifetimes, self._services.clock.now()
        return SessionFacts(
            self.session.subject,
            idle_ms=max(round((lifetimes.idle_end(self.session) - now) * 1000), 0),
            absolute_ms=max(round((lifetimes.absolute_end(self.session) - now) * 1000), 0),
            name=self.session.name,
            identity=self.session.identity,
        )

    def _go_on(self) -> None:
        """Run what may run now, send what is to be sent, and wake up for the next deadline."""
        for started in self._connection.start_requests(self._services.clock.monotonic()):
            message = started.message
            if isinstance(message.stream, int):
                self._uploads[message.id] = UploadBody(functools.partial(self._on_taken, message.id))
            self._tasks[message.id] = asyncio.create_task(self._serve(started))
        self._sender.schedule()
        self._set_timer()

    def _on_taken(self, request_id: int, size: int) -> None:
        self._connection.body_taken(request_id, size)
        self._sender.schedule()

    # -- one request --------------------------------------------------------------------------------------------------

    async def _serve(self, started: Started) -> None:
        """Bring one request to its end. The outer loop of the channel: nothing that goes wrong in here leaves it."""
        message = started.message
        try:
            await self._answer(started)
        except SessionEnded as ended:
            self.end_session(str(ended.extensions.get("reason", UNKNOWN_REASON)))
        except HubError as error:
            if audit.is_refusal(error):
                self._audit_refusal(error.slug, message)
            self._connection.fail(message.id, error)
        except Exception as error:
            logger.exception("channel.request_failed", connection=self.connection_id, path=message.path.split("?")[0])
            failure = HubError()
            failure.processed = "maybe"
            failure.__cause__ = error
            self._connection.fail(message.id, failure)
        finally:
            self._tasks.pop(message.id, None)
            if upload := self._uploads.pop(message.id, None):
                upload.abandon()
            self._go_on()

    async def _answer(self, started: Started) -> None:
        message, began = started.message, self._services.clock.monotonic()
        session = await self._current_session(message)
        response = await self._response(started, session, max(started.deadline - began, 0.001))
        timing = Timing(_ms(started.queued_seconds), _ms(self._services.clock.monotonic() - began))
        try:
            await self._relay.send(message, response, AnswerFacts(timing, response.replayed or msgspec.UNSET))
        finally:
            await response.close()

    async def _response(self, started: Started, session: Session, timeout_seconds: float) -> ApiResponse:
        """Return the answer of the resource server, to this request or to the earlier one with its key."""
        message, once = started.message, self._services.once
        self._services.rates.request(session.key)
        if started.joins and isinstance(message.key, str):
            return await once.join(session, message.key, timeout_seconds)
        request = api_request(
            message,
            self._uploads.get(message.id),
            gzip=self._gzip,
            timeout_seconds=timeout_seconds,
            client_address=self._client_address,
        )
        if isinstance(message.key, str):
            return await once.handle(request, session, message.key, transport="channel")
        return await self._services.pipeline.handle(request, session, transport="channel")

    async def _current_session(self, message: RequestMessage) -> Session:
        """Return the session as it stands; while the store does not answer, as it stood a short while ago.

        Raises:
            SessionEnded: It has ended, or belongs to somebody else than at the handshake.
            StoreUnavailable: Nothing is known, or not any more.
        """
        if known := self._services.sessions.known(self.session_id, passive=message.passive):
            self.accept(known, age_seconds=KNOWN_SECONDS)
            return known
        outage = self._services.outage
        if not outage.may_ask(self._services.clock.monotonic()):
            return self._session_in_hand()
        try:
            session = await self._services.sessions.current(self.session_id, passive=message.passive)
        except StoreUnavailable:
            outage.began(self._services.clock.monotonic())
            return self._session_in_hand()
        except NotAuthenticated as error:
            outage.ended()
            raise error if isinstance(error, SessionEnded) else SessionEnded(reason=UNKNOWN_REASON) from error
        outage.ended()
        self.accept(session)
        return session

    def _session_in_hand(self) -> Session:
        """Return the session as this channel knows it, as long as that may be trusted.

        Raises:
            StoreUnavailable: The store has confirmed it too long ago, or its time is over by what is known.
        """
        clock = self._services.clock
        is_confirmed = clock.monotonic() - self._confirmed_at <= TRUSTED_SECONDS
        if not is_confirmed or self._services.lifetimes.end_reason(self.session, clock.now()):
            raise StoreUnavailable("Try again in a moment. You are still logged in.", retry_after_seconds=PROBE_SECONDS)
        return self.session

    # -- deadlines ----------------------------------------------------------------------------------------------------

    def _set_timer(self) -> None:
        """See to it that the timer wakes for the next deadline. One that wakes too early just looks again."""
        deadline = self._connection.next_deadline()
        if deadline is not None and deadline < self._timer_at:
            if self._timer:
                self._timer.cancel()
            self._timer_at = deadline
            self._timer = asyncio.create_task(self._wake_at(deadline))

    async def _wake_at(self, deadline: float) -> None:
        clock = self._services.clock
        await clock.sleep(deadline - clock.monotonic())
        self._timer, self._timer_at = None, math.inf
        self._handle(self._connection.expire(max(clock.monotonic(), deadline)))
        self._go_on()


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
