"""A client whose requests survive the end of its WebSocket: it dials again, resumes, and moves on before a hub stops."""

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
from hub_client.call import Call, ChannelRefused, ClientResponse, Progress, RequestFailed, Upload, lost
from hub_client.link import Http, Link, LinkClosed, Login

FIRST_PAUSE_SECONDS = 0.5  # before a second dial; doubles, and each is drawn at random from zero up ("full jitter")
LONGEST_PAUSE_SECONDS = 30.0
GRACE_SECONDS = 1.0  # beyond the hub's own time limit, for its answer to arrive
DEAF_SECONDS = 5.0  # beyond the hub's heartbeat
SUBSCRIBE_SECONDS = 30.0
TERMINAL = range(4400, 4420)
NOT_HERE = range(4430, 4440)

logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


class ChannelClient:
    """Sends REST requests over a channel to the hub.

    Parameters:
        url: Where the hub is dialled; on each dial `urls` may name another of its nodes.
        login: Cookie and CSRF token, or a function that returns them as they are now.
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
        self._waiting: list[Call] = []  # not sent yet, or known not to be executed
        self._pending: dict[str, Call] | None = None  # sent on a link that is gone; None: there was none
        self._refused: ChannelRefused | None = None
        self._topics: dict[str, str | None] = {}  # and the position of the last event of each
        self._subscribing: dict[str, asyncio.Future[str]] = {}
        self.dials = 0

    async def __aenter__(self) -> Self:
        """Begin to dial. Requests may be sent at once: they wait."""
        self._http = Http()
        self._tasks.start(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Say bye."""
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
        """Return the answer as soon as it begins. Cancelling this call cancels the request upstream.

        Requests that change something get a key, so that they survive the end of a channel and are executed at most once. What is
        known not to have been executed is sent again until its time is over.

        Parameters:
            window: How many bytes of the answer may come before any are read; at least 1.
            json, text, upload: The body: a JSON value, a text, or bytes that stream; `length` is that of an iterator, if known.
            on_progress: Called with the bytes that the resource server has taken.

        Raises:
            RequestFailed: There is no answer; `processed` says whether the request may have been carried out.
            ChannelRefused: The hub wants something else first, such as a login.
        """
        if self._refused is not None:
            raise self._refused
        members: dict[str, Any] = {"headers": headers or {}, "priority": priority, "passive": passive}
        if json is not msgspec.UNSET:
            members["body"] = msgspec.Raw(msgspec.json.encode(json))
        elif text is not None:
            members["body"] = msgspec.Raw(msgspec.json.encode(text))
        elif upload is not None and not isinstance(upload, bytes):
            members["stream"] = length
        if window is not None:
            members["window"] = window
        if on_progress is not None:
            members["progress"] = True
        call = Call(method, path, members, self._clock.monotonic() + timeout_seconds, upload, on_progress=on_progress)
        call.key = key or (None if call.is_safe else str(uuid.uuid4()))
        return await self._answer(call)

    async def subscribe(self, topic: str, after: str | None = None) -> None:
        """Hear of the events of a topic, over whatever links there will be: `on_event` gets each once and in order.

        Parameters:
            after: `id` of an event; without it events follow from now on.

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
        """Hear no more of a topic."""
        if self._topics.pop(topic, None) is not None and self._link is not None:
            self._link.send(UnsubscribeMessage(topic))

    # -- inside -------------------------------------------------------------------------------------------------------

    async def _answer(self, call: Call) -> ClientResponse:
        while True:
            self._send(call)
            try:
                async with asyncio.timeout(call.deadline - self._clock.monotonic() + GRACE_SECONDS):
                    return await asyncio.shield(call.answer)
            except RequestFailed as error:
                left = call.deadline - self._clock.monotonic()
                if error.processed != "never" or error.retry_after_seconds is None or isinstance(error, ChannelRefused):
                    raise
                if not call.is_repeatable or left <= error.retry_after_seconds:
                    raise
                await self._clock.sleep(error.retry_after_seconds * (0.5 + self._jitter()))
                call.answer = asyncio.get_running_loop().create_future()
            except (TimeoutError, asyncio.CancelledError) as error:
                self._forget(call)
                if isinstance(error, TimeoutError):
                    raise RequestFailed({"title": "No answer in time", "status": 504}, "maybe") from error
                raise

    def _take_event(self, event: EventMessage) -> None:
        """Hand an event on, unless an older link has brought it already."""
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
        """Keep a link open until the hub refuses one for good."""
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
        """Open a link, resume what an earlier one has left, and send what waits.

        Raises:
            LinkClosed: The hub does not answer, or refuses.
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
        for call in [*since, *waiting]:  # by its key a request that came through on the old link is not executed again
            if not call.answer.done():
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
        """Return when the link is to be replaced: it is closed, deaf, or its node is going away."""
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
            await self._clock.sleep(self._pauses.seconds(1))  # the clients of a node that died do not all dial at once
        else:
            await self._move_on(link)

    async def _move_on(self, old: Link) -> None:
        """Open the next link before the old one goes: new requests use that, and the old one finishes what it has."""
        self._moved.clear()
        self._tasks.start(self._finish(old))
        await self._clock.sleep(self._jitter() * old.going_away.result() / 2)

    async def _finish(self, old: Link) -> None:
        """Let a link finish its calls once another one has taken over."""
        for stage in (self._moved, old.idle):
            await first_of(asyncio.shield(old.closed), stage.wait())
        if old.closed.done():
            self._take_over(old)
        else:
            await old.leave()

    def _take_over(self, link: Link) -> None:
        """Find out what becomes of the calls of a link that is gone."""
        if self._link is link:
            self._link = None
        self._pending = self._pending or {}
        calls, link.calls = [call for call in link.calls.values() if not call.answer.done()], {}
        for call in calls:
            if call.key is not None and self._link is not None and call.is_repeatable:
                self._link.start(call)  # by its key it is not executed again
            elif call.key is not None:
                self._pending[call.key] = call
            elif call.is_safe and call.is_repeatable:
                self._send(call)
            else:
                call.fail(lost("The channel broke"))

    def _crashed(self, error: BaseException) -> None:
        """Fail all requests, now and from now on: nothing keeps a link open any more."""
        logger.error("client.crashed", exc_info=error)
        reason = f"the client failed: {type(error).__name__}"
        self._refused = ChannelRefused(1011, reason)
        self._fail_all(1011, reason)

    def _note_refusal(self, closed: LinkClosed) -> None:
        """Give up, if the close code says that dialling again is of no use."""
        if closed.code in TERMINAL or closed.code in NOT_HERE:
            self._refused = ChannelRefused(closed.code, closed.reason)
            self._fail_all(closed.code, closed.reason)

    def _fail_all(self, code: int, reason: str) -> None:
        calls = [*self._waiting, *(self._pending or {}).values(), *(self._link.calls.values() if self._link else ())]
        self._waiting, self._pending = [], None
        for call in calls:
            call.fail(ChannelRefused(code, reason, "maybe" if call.was_sent else "never"))
