"""Ends upstream sessions with the sessions of the hub: at once after a logout, else at the timeout of the session.

Any worker may find that an owner has ended; the worker that claims the owner ends its upstream sessions. A session that cannot be
ended reaches its idle timeout at the API.
"""

import asyncio

from hub.errors import HubError, NotAuthenticated, StoreUnavailable
from hub.gateway.resource_server import ResourceServer
from hub.gateway.routes import RouteTable
from hub.gateway.upstream_sessions import user_owner
from hub.primitives.clock import Clock
from hub.primitives.tasks import OwnedTasks, first_of
from hub.session.jar import UpstreamCookieJar
from hub.session.model import SessionKeyMissing
from hub.session.sessions import Sessions
from hub.session.upstream_jars import CookieJarStore
from hub.telemetry import log
from hub.telemetry.metrics import Metrics

LOOK_SECONDS = 5.0
BATCH = 100
END_SECONDS = 10.0

logger = log.get(__name__)


class UpstreamEnds:
    """Ends upstream sessions in one worker."""

    def __init__(
        self, jars: CookieJarStore, sessions: Sessions, routes: RouteTable, door: ResourceServer, clock: Clock, metrics: Metrics
    ) -> None:
        self._jars = jars
        self._sessions = sessions
        self._routes = routes
        self._door = door
        self._clock = clock
        self._metrics = metrics
        self._called = asyncio.Event()
        self._tasks = OwnedTasks("end of upstream session")

    async def run(self) -> None:
        """End what is due, every `LOOK_SECONDS` and after each call of `session_ended`. Runs until cancelled."""
        if not self._routes.keeps_sessions:
            await asyncio.Event().wait()
        while True:
            try:
                await self.look()
            except StoreUnavailable:
                logger.debug("upstream_session.store_unavailable")  # the background refresh says so louder
            await self._called_or_later()

    async def look(self) -> None:
        """End the upstream sessions that are due.

        Raises:
            StoreUnavailable: Redis does not respond; the next call continues.
        """
        while owners := await self._jars.claim(self._clock.now(), BATCH):
            await asyncio.gather(*(self._settle(owner) for owner in owners))
        self._metrics.upstream_sessions.set(await self._jars.count())

    async def session_ended(self, key: str, identity: str) -> None:
        """Make the upstream sessions of an ended session, and of its user, due."""
        if not self._routes.keeps_sessions:
            return
        try:
            await self._jars.call_due([key, user_owner(identity)], self._clock.now())
        except StoreUnavailable:
            return  # they become due at the timeout of the session
        self._called.set()

    def end(self, jar: UpstreamCookieJar) -> None:
        """End one upstream session in the background."""
        self._tasks.start(self._end(jar))

    async def close(self) -> None:
        """Wait for the running requests."""
        await self._tasks.finish()

    async def _called_or_later(self) -> None:
        await first_of(self._called.wait(), self._clock.sleep(LOOK_SECONDS))
        self._called.clear()

    async def _settle(self, owner: str) -> None:
        try:
            lives_until = await self._lives_until(owner)
        except SessionKeyMissing:
            return  # the claim expires, and then another worker looks, which may have the key
        if lives_until is not None:
            await self._jars.keep(owner, lives_until)
            return
        taken = await self._jars.take(owner, lambda target: self._routes.to_target(target) is not None)
        await asyncio.gather(*(self._end(jar) for jar in taken.jars))
        if taken.is_complete:
            await self._jars.forget([owner])

    async def _lives_until(self, owner: str) -> float | None:
        """Return when an owner must be checked again (epoch seconds); None if it has ended.

        Raises:
            SessionKeyMissing: This worker cannot tell.
        """
        kind, _, identity = owner.partition(":")
        if kind == "user" and identity:
            sessions = await self._sessions.of_identity(identity)
        else:
            try:
                sessions = [await self._sessions.by_key(owner)]
            except SessionKeyMissing:
                raise
            except NotAuthenticated:
                return None
        ends = [
            self._sessions.lifetimes.end(session) for session in sessions if owner in (session.key, user_owner(session.identity))
        ]
        return max(ends, default=None)

    async def _end(self, jar: UpstreamCookieJar) -> None:
        route = self._routes.to_target(jar.target)
        if route is None or not route.settings.upstream_logout or not jar.cookies:
            return
        headers = [("Cookie", jar.header), ("Via", "1.1 hub")]
        try:
            response = await self._door.send(
                route, route.target + route.settings.upstream_logout, method="GET", headers=headers, timeout_seconds=END_SECONDS
            )
            await response.close()
        except HubError as error:
            logger.warning("upstream_session.not_ended", route=route.prefix, problem=error.slug)
            return
        if response.status >= 500:  # what IRIS says otherwise is about the page, not about the session
            logger.warning("upstream_session.not_ended", route=route.prefix, status=response.status)
