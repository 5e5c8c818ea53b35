"""The channel client: reconnects, resumes requests, and moves to another node before a hub stops."""

import asyncio
import random
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, Self

import msgspec
import structlog

from hub.channel.messages import EventMessage, UnsubscribeMessage
from hub.primitives.backoff import ExponentialBackoff
from hub.primitives.clock import Clock, SystemClock
from hub.primitives.tasks import OwnedTasks, first_of
from hub.topics.model import order
from hub_client.call import Call, ChannelRefused, ClientResponse, Progress, RequestFailed, Upload, lost, with_type
from hub_client.link import Http, Link, LinkClosed, Login

FIRST_PAUSE_SECONDS = 0.5  # exponential backoff with full jitter
LONGEST_PAUSE_SECONDS = 30.0
GRACE_SECONDS = 1.0  # added to the timeout of a request, for the hub's response to arrive
DEAF_SECONDS = 5.0  # added to the hub's heartbeat interval
SUBSCRIBE_SECONDS = 30.0
TERMINAL = range(4400, 4420)
NOT_HERE = range(4430, 4440)

logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


class ChannelClient:
    """Sends REST requests over a channel to the hub.

    Parameters:
        url: URL of the hub, or a function that returns the URL of a node for each attempt.
        login: Cookie and CSRF token, or a function that returns the present ones.
        name: Name and version of the client, for the hub's log.
    """

    def __init__(
        self,
        url: str | Callable[[], str],
        login: Login | Callable[[], Awaitable[Login]],
        *,
        name: str = "hub.client",
        clock: Clock | None = None,
        jitter: Callable[[], float] = random.random,
        on_event: Callable[[EventMessage], None] = lambda _: None,
    ) -> None:
        self._url = url if callable(url) else lambda: url
        self._login = login
        self._name = name
        self._clock = clock or SystemClock()
        self._jitter = jitter
        self._pauses = ExponentialBackoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, (0.0, 1.0), jitter)
        self._on_event = on_event
        self._http: Http | None = None
        self._link: Link | None = None
        self._moved = asyncio.Event()
        self._tasks = OwnedTasks("channel client", self._crashed)
        self._waiting: list[Call] = []  # not sent, or certainly not executed
        self._pending: dict[str, Call] | None = None  # sent on a closed link; None: there was no link yet
        self._refused: ChannelRefused | None = None
        self._topics: dict[str, str | None] = {}  # with the position of the last event of each
        self._subscribing: dict[str, asyncio.Future[str]] = {}
        self.dials = 0

    async def __aenter__(self) -> Self:
        """Start connecting. Requests may be made at once; they wait for the channel."""
        self._http = Http()
        self._tasks.start(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the channel."""
        await self._tasks.close()
        if self._link is not None:
            await self._link.leave()
        self._fail_all(1000, "the client has left")
        if self._http is not None:
            await self._http.close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, Any] | None = None,
        json: Any = msgspec.UNSET,
        text: str | None = None,
        upload: bytes | Upload | None = None,
        length: int = -1,
        key: str | None = None,
        timeout_seconds: float = 30.0,
        priority: int = 1,
        window: int | None = None,
        passive: bool = False,
        on_progress: Progress | None = None,
    ) -> ClientResponse:
        """Send a request, and return the response as soon as it begins. Cancellation cancels the request at the API.

        Requests with unsafe methods get an idempotency key, so they survive a reconnect and run at most once. A request that was
        certainly not executed is sent again until its timeout.

        Parameters:
            window: Flow-control window of the response in bytes, at least 1.
            json, text, upload: The body: a JSON value, a text, or bytes. The API gets a text byte for byte, whatever its type.
            length: Length of an iterator in bytes; -1 if it is unknown.
            on_progress: Called with the number of bytes that the API has accepted.

        Raises:
            RequestFailed: There is no response. `processed` says whether the request may have been executed.
            ChannelRefused: The hub rejects the channel, for example without a login.
        """
        if self._refused is not None:
            raise self._refused
        text_type = None
        if json is not msgspec.UNSET:
            upload, text_type = msgspec.json.encode(json), "application/json"
        elif text is not None:
            upload, text_type = text.encode(), "text/plain;charset=utf-8"
        members: dict[str, Any] = {"headers": with_type(headers or {}, text_type), "priority": priority, "passive": passive}
        if upload is not None and not isinstance(upload, bytes):
            members["stream"] = length
        if window is not None:
            members["window"] = window
        if on_progress is not None:
            members["progress"] = True
        deadline = self._clock.monotonic() + timeout_seconds
        call = Call(method, path, members, deadline, upload, on_progress=on_progress, is_text=text_type is not None)
        call.key = key or (None if call.is_safe else str(uuid.uuid4()))
        return await self._response_of(call)

    async def subscribe(self, topic: str, after: str | None = None) -> None:
        """Subscribe to a topic, across reconnects. `on_event` gets each event once, in order.

        Parameters:
            after: `id` of the last known event; None: only new events.

        Raises:
            RequestFailed: There is no such topic, or the session lacks the scope for it.
        """
        self._topics[topic] = after
        confirmed = self._subscribing[topic] = asyncio.get_running_loop().create_future()
        if self._link is not None:
            self._link.subscribe(topic, after, confirmed)
        try:
            async with asyncio.timeout(SUBSCRIBE_SECONDS):
                position = await confirmed
        except (RequestFailed, TimeoutError):
            self._topics.pop(topic, None)
            raise
        finally:
            self._subscribing.pop(topic, None)
        self._topics[topic] = self._topics.get(topic) or position

    def unsubscribe(self, topic: str) -> None:
        """Unsubscribe from a topic."""
        if self._topics.pop(topic, None) is not None and self._link is not None:
            self._link.send(UnsubscribeMessage(topic))

    # -- inside -------------------------------------------------------------------------------------------------------

    async def _response_of(self, call: Call) -> ClientResponse:
        while True:
            self._send(call)
            try:
                async with asyncio.timeout(call.deadline - self._clock.monotonic() + GRACE_SECONDS):
                    return await asyncio.shield(call.response)
            except RequestFailed as error:
                left = call.deadline - self._clock.monotonic()
                if error.processed != "never" or error.retry_after_seconds is None or isinstance(error, ChannelRefused):
                    raise
                if not call.is_repeatable or left <= error.retry_after_seconds:
                    raise
                await self._clock.sleep(error.retry_after_seconds * (0.5 + self._jitter()))
                call.response = asyncio.get_running_loop().create_future()
            except (TimeoutError, asyncio.CancelledError) as error:
                self._forget(call)
                if isinstance(error, TimeoutError):
                    raise RequestFailed({"title": "No response in time", "status": 504}, "maybe") from error
                raise

    def _take_event(self, event: EventMessage) -> None:
        """Pass an event on, unless an older link has already delivered it."""
        if isinstance(event.id, str):
            known = self._topics.get(event.topic)
            if event.topic not in self._topics or (known is not None and order(event.id) <= order(known)):
                return
            self._topics[event.topic] = event.id
        self._on_event(event)

    def _send(self, call: Call) -> None:
        if self._link is not None:
            self._link.start(call)
        else:
            self._waiting.append(call)

    def _forget(self, call: Call) -> None:
        if call in self._waiting:
            self._waiting.remove(call)
        if call.key is not None and self._pending is not None:
            self._pending.pop(call.key, None)
        if self._link is not None:
            self._link.cancel(call)

    async def _run(self) -> None:
        """Keep a link open, with reconnects, until the hub rejects the channel permanently."""
        failures = 0
        while self._refused is None:
            try:
                link = await self._dial()
            except LinkClosed as closed:
                self._note_refusal(closed)
                failures += 1
                await self._clock.sleep(self._pauses.seconds(failures))
                continue
            failures = 0
            await self._stay(link)

    async def _dial(self) -> Link:
        """Open a link, resume the calls of an earlier one, and send waiting calls.

        Raises:
            LinkClosed: The hub does not respond, or rejects the channel.
        """
        if self._http is None:
            raise LinkClosed(1006, "the client is not open")
        self.dials += 1
        login = self._login if isinstance(self._login, Login) else await self._login()
        link = await Link.dial(self._http, self._url(), login, self._clock, self._take_event)
        pending = None if self._pending is None else dict(self._pending)
        try:
            again = await link.greet(login, self._name, pending)
        except (LinkClosed, asyncio.CancelledError):
            await link.abort()
            raise
        self._link = link
        self._moved.set()
        for topic, after in self._topics.items():
            link.subscribe(topic, after, self._subscribing.get(topic))
        since = [call for key, call in (self._pending or {}).items() if key not in (pending or {})]
        self._pending = None if self._pending is None else {}
        for call in again:
            self._resend(call)
        waiting, self._waiting = self._waiting, []
        for call in [*since, *waiting]:  # the idempotency key prevents a second execution
            if not call.response.done():
                link.start(call)
        return link

    def _resend(self, call: Call) -> None:
        """Send a pending call again, unless it may have been executed."""
        if call.was_sent and not call.is_safe:
            call.fail(lost("The node died that had the request"))
        elif not call.is_repeatable:
            call.fail(RequestFailed({"title": "The upload cannot be repeated", "status": 502}, "never"))
        else:
            call.with_new_key()
            self._waiting.append(call)

    async def _stay(self, link: Link) -> None:
        """Wait until the link must be replaced: it is closed or silent, or its node is shutting down."""
        heartbeat = link.ready.result().heartbeat
        patience = (heartbeat.interval_ms + heartbeat.timeout_ms) / 1000 + DEAF_SECONDS
        ends: set[asyncio.Future[Any]] = {link.closed, link.going_away}
        while not link.closed.done() and not link.going_away.done():
            left = link.heard_at + patience - self._clock.monotonic()
            if left <= 0:
                await link.abort()
                break
            await asyncio.wait(ends, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        if link.closed.done():
            self._take_over(link)
            await link.abort()
            self._note_refusal(link.closed.result())
            await self._clock.sleep(self._pauses.seconds(1))  # spreads the reconnects after the death of a node
        else:
            await self._move_on(link)

    async def _move_on(self, old: Link) -> None:
        """Open the next link before the old one closes. New requests use it; the old one finishes its calls."""
        self._moved.clear()
        self._tasks.start(self._finish(old))
        await self._clock.sleep(self._jitter() * old.going_away.result() / 2)

    async def _finish(self, old: Link) -> None:
        """Let a replaced link finish its calls, then close it."""
        for stage in (self._moved, old.idle):
            await first_of(asyncio.shield(old.closed), stage.wait())
        if old.closed.done():
            self._take_over(old)
        else:
            await old.leave()

    def _take_over(self, link: Link) -> None:
        """Decide for each call of a closed link: send again, resume, or fail."""
        if self._link is link:
            self._link = None
        self._pending = self._pending or {}
        calls, link.calls = [call for call in link.calls.values() if not call.response.done()], {}
        for call in calls:
            if call.key is not None and self._link is not None and call.is_repeatable:
                self._link.start(call)  # the idempotency key prevents a second execution
            elif call.key is not None:
                self._pending[call.key] = call
            elif call.is_safe and call.is_repeatable:
                self._send(call)
            else:
                call.fail(lost("The channel broke"))

    def _crashed(self, error: BaseException) -> None:
        """Fail all present and future requests, after an unexpected error of the client."""
        logger.error("client.crashed", exc_info=error)
        reason = f"the client failed: {type(error).__name__}"
        self._refused = ChannelRefused(1011, reason)
        self._fail_all(1011, reason)

    def _note_refusal(self, closed: LinkClosed) -> None:
        """Stop reconnecting if the close code says that it would not help."""
        if closed.code in TERMINAL or closed.code in NOT_HERE:
            self._refused = ChannelRefused(closed.code, closed.reason)
            self._fail_all(closed.code, closed.reason)

    def _fail_all(self, code: int, reason: str) -> None:
        calls = [*self._waiting, *(self._pending or {}).values(), *(self._link.calls.values() if self._link else ())]
        self._waiting, self._pending = [], None
        for call in calls:
            call.fail(ChannelRefused(code, reason, "maybe" if call.was_sent else "never"))
