"""Upstream sessions: sessions that an API keeps for its clients by cookies, and that may each take a license unit.

All requests of one owner (a session of the hub, or a user) to an application share one upstream session. The first request opens
it while the others wait, on all nodes. A browser that leaves meanwhile does not lose the cookie of the response.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self

from msgspec.structs import replace

from hub.errors import HubError, LicensesExhausted, StoreUnavailable
from hub.gateway.messages import ApiResponse
from hub.gateway.routes import Route
from hub.primitives.clock import Clock
from hub.primitives.tasks import OwnedTasks
from hub.primitives.ttl_cache import BoundedTtlCache
from hub.session.jar import UpstreamCookieJar
from hub.session.model import Lifetimes, Session
from hub.session.upstream_jars import CookieJarStore
from hub.telemetry import log

OPEN_LOOK_SECONDS = 0.05  # how often a node looks whether another one has opened the session
TOUCH_PART = 0.1  # of the idle time: how old the note of the last use may be
REMEMBERED = 10_000  # owners, by one worker: their jars, for times when Redis does not answer; and those that have ended
DROP_SECONDS = 60.0  # a jar is given up after a 401 this often at most: an API may have other reasons to answer so
PAUSE_SECONDS = 10.0  # how long a licence unit of one request is held at least: before, asking again is in vain

Send = Callable[[str], Awaitable[ApiResponse]]
"""Sends the request with this value of `Cookie` (empty: without)."""

logger = log.get(__name__)


@dataclass(slots=True)
class _SessionSlot:
    """The state that the requests of one owner to one application share in this process.

    Opening is a lock and no `SingleFlight`: requests that wait share the cookie jar in Redis, not the response to the first one.
    """

    slots: asyncio.Semaphore
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class UpstreamSessions:
    """Sends requests in the upstream sessions of their owners."""

    def __init__(
        self, jars: CookieJarStore, lifetimes: Lifetimes, clock: Clock, end: Callable[[UpstreamCookieJar], None]
    ) -> None:
        """Parameters:
        end: Ends an upstream session that was opened in vain.
        """
        self._jars = jars
        self._lifetimes = lifetimes
        self._clock = clock
        self._end = end
        self._places: dict[tuple[str, str], _SessionSlot] = {}
        self._known: BoundedTtlCache[tuple[str, str], UpstreamCookieJar] = BoundedTtlCache(REMEMBERED)
        self._dropped: BoundedTtlCache[tuple[str, str], None] = BoundedTtlCache(REMEMBERED, clock=clock, ttl_seconds=DROP_SECONDS)
        self._ended: BoundedTtlCache[str, None] = BoundedTtlCache(REMEMBERED)
        self._paused: dict[str, float] = {}
        self._tasks = OwnedTasks("upstream session")

    async def send(self, route: Route, session: Session, send: Send) -> ApiResponse:
        """Send a request in the upstream session of its owner; at most `route.settings.upstream_concurrency` run concurrently.

        Raises:
            LicensesExhausted: The API refuses another session. For a while, no request asks again.
            StoreUnavailable: Redis does not respond, and this process has no copy of the cookie jar.
            HubError: What `send` raises.
        """
        owner = owner_of(route, session)
        slot = await self._slot(route, owner)
        with slot:
            jar = await self._jar(route, owner)
            if jar is not None:
                return await self._send_in(route, session, owner, jar, send, slot)
            opening = self._tasks.start(self._open(route, session, owner, send, slot.passed_on()))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            self._tasks.start(_close_answer(opening))
            raise

    def forget(self, owner: str) -> None:
        """Drop the cached cookie jars of an owner that has ended, and remember that it has ended."""
        self._ended.put(owner, None)
        for key in self._known:
            if key[0] == owner:
                self._known.discard(key)

    async def close(self) -> None:
        """Wait for the sessions that are being opened: else their cookies, and their license units, would be lost."""
        await self._tasks.finish()

    async def _slot(self, route: Route, owner: str) -> "_Slot":
        key = owner, route.target
        place = self._places.setdefault(key, _SessionSlot(asyncio.Semaphore(route.settings.upstream_concurrency)))
        place.users += 1
        slot = _Slot(place, lambda: self._leave(key, place))
        with slot:
            await place.slots.acquire()
            slot.is_taken = True
            return slot.passed_on()

    async def _open(self, route: Route, session: Session, owner: str, send: Send, slot: "_Slot") -> ApiResponse:
        """Open the upstream session with this request, or use the one that another request has opened meanwhile."""
        with slot:
            async with slot.place.opening:
                while (jar := await self._jar(route, owner)) is None:
                    async with self._jars.opening(owner, route.target) as is_ours:
                        if is_ours and (jar := await self._jar(route, owner)) is None:
                            return await self._send_first(route, session, owner, send, slot)
                    if jar is None:
                        await self._clock.sleep(OPEN_LOOK_SECONDS)
            return await self._send_in(route, session, owner, jar, send, slot)

    async def _send_first(self, route: Route, session: Session, owner: str, send: Send, slot: "_Slot") -> ApiResponse:
        now = self._clock.now()
        if (until := self._paused.get(route.target, now)) > now:
            raise _exhausted(until - now)
        response = await send("")
        if response.status == route.profile.exhausted_status:
            await response.close()
            wait = _retry_after(response) or PAUSE_SECONDS
            self._paused[route.target] = self._clock.now() + wait
            logger.warning("upstream_session.open_rejected", route=route.prefix, retry_after_seconds=wait)
            raise _exhausted(wait)
        empty = UpstreamCookieJar(target=route.target, cookies={}, used_at=now)
        jar = _after(empty, response, route, self._clock.now())
        if jar.cookies or response.status < 400:
            await self._put(route, session, owner, jar)
        return slot.until_end_of(response)

    async def _send_in(
        self, route: Route, session: Session, owner: str, jar: UpstreamCookieJar, send: Send, slot: "_Slot"
    ) -> ApiResponse:
        response = await send(jar.header)
        now = self._clock.now()
        after = _after(jar, response, route, now)
        if response.status == 401 and jar.cookies and self._may_drop((owner, route.target)):
            await self._drop(owner, jar)  # some gateways refuse a cookie before they look at the token
        elif after.cookies != jar.cookies:
            async with slot.place.opening:
                await self._replace(route, session, owner, jar, after)
        elif now - jar.used_at >= route.settings.upstream_idle_seconds * TOUCH_PART:
            await self._put(route, session, owner, after)
        return slot.until_end_of(response)

    async def _jar(self, route: Route, owner: str) -> UpstreamCookieJar | None:
        """Return the jar of a session that certainly lives; None if one has to be opened."""
        key = owner, route.target
        try:
            jar = await self._jars.load(owner, route.target)
        except StoreUnavailable:
            jar = self._known.get(key)
            if jar is None:
                raise
            return jar
        if jar is None or not jar.is_fresh(self._clock.now(), route.settings.upstream_idle_seconds):
            return None
        self._known.put(key, jar)
        return jar

    async def _put(self, route: Route, session: Session, owner: str, jar: UpstreamCookieJar) -> None:
        if owner in self._ended:  # while this request was under way
            self._end(jar)
            return
        self._known.put((owner, route.target), jar)
        try:
            await self._jars.put(owner, jar, self._lifetimes.end(session))
        except StoreUnavailable:
            logger.warning("upstream_session.not_stored", route=route.prefix)  # it ends by its idle time

    async def _replace(
        self, route: Route, session: Session, owner: str, sent: UpstreamCookieJar, after: UpstreamCookieJar
    ) -> None:
        """Keep the cookies that came in the place of those that were sent, unless another request was faster."""
        present = await self._jar(route, owner)
        if present is None or present.cookies == sent.cookies:
            await self._put(route, session, owner, after)
        elif present.cookies != after.cookies:
            self._end(after)

    async def _drop(self, owner: str, jar: UpstreamCookieJar) -> None:
        self._known.discard((owner, jar.target))
        try:
            await self._jars.remove(owner, jar.target)
        except StoreUnavailable:
            return
        self._end(jar)

    def _may_drop(self, key: tuple[str, str]) -> bool:
        if key in self._dropped:
            return False
        self._dropped.put(key, None)
        return True

    def _leave(self, key: tuple[str, str], place: _SessionSlot) -> None:
        place.users -= 1
        if not place.users:
            self._places.pop(key, None)


class _Slot:
    """One of the requests that may run at once in a session: given back at the end of a block, or of the answer if there is one.

    Attributes:
        is_taken: Whether there is something to give back.
    """

    def __init__(self, place: _SessionSlot, leave: Callable[[], None]) -> None:
        self.place = place
        self.is_taken = False
        self._leave = leave
        self._is_passed_on = False
        self._is_released = False

    def __enter__(self) -> Self:
        self._is_passed_on = False
        return self

    def __exit__(self, *_: object) -> None:
        if not self._is_passed_on:
            self.release()

    def passed_on(self) -> Self:
        """Let the block end without giving the slot back: the new holder does so."""
        self._is_passed_on = True
        return self

    def release(self) -> None:
        """Give the slot back. A second call does nothing."""
        if self._is_released:
            return
        self._is_released = True
        if self.is_taken:
            self.place.slots.release()
        self._leave()

    def until_end_of(self, response: ApiResponse) -> ApiResponse:
        """Return the response, whose end gives the slot back. A response in memory has ended."""
        stream = response.body
        if isinstance(stream, bytes):
            return response

        async def body() -> AsyncIterator[bytes]:
            async for chunk in stream:
                yield chunk
            self.release()

        async def close() -> None:
            self.release()
            await response.close()

        self._is_passed_on = True
        return replace(response, body=body(), close=close)


def owner_of(route: Route, session: Session) -> str:
    """Return the owner of the upstream session that a request uses."""
    return user_owner(session.identity) if route.settings.upstream_session == "per_user" else session.key


def user_owner(identity: str) -> str:
    """Return the owner that stands for a user in all browsers."""
    return f"user:{identity}"


def _after(jar: UpstreamCookieJar, response: ApiResponse, route: Route, now: float) -> UpstreamCookieJar:
    set_cookies = [value for name, value in response.headers if name.lower() == "set-cookie"]
    return jar.after(set_cookies, now, route.profile.ignored_cookies, route.is_session_cookie)


def _retry_after(response: ApiResponse) -> float:
    value = next((value for name, value in response.headers if name.lower() == "retry-after"), "")
    return float(value) if value.isascii() and value.isdigit() and len(value) < 5 else 0.0


def _exhausted(wait: float) -> LicensesExhausted:
    return LicensesExhausted("All licenses of the server are in use. Try again in a moment.", retry_after_seconds=wait)


async def _close_answer(opening: asyncio.Task[ApiResponse]) -> None:
    """Free the connection of a response that nobody waits for any more."""
    with contextlib.suppress(HubError):
        response = await opening
        await response.close()
