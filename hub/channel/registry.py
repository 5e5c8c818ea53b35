"""The open channels of one worker: limits, ends of sessions, and one timer for all of them."""

import asyncio
import secrets
from collections.abc import Iterable, Mapping

from hub.channel.channel_session import UNKNOWN_REASON
from hub.channel.close_codes import ChannelClosed, CloseCode
from hub.channel.driver import NO_HEADERS, Driver
from hub.channel.end_warnings import EndWarnings
from hub.channel.interfaces import ChannelServices, ChannelSocket
from hub.errors import NotAuthenticated, SessionEnded, StoreUnavailable
from hub.primitives.tasks import OwnedTasks
from hub.session.model import Session, SessionId
from hub.telemetry import log

logger = log.get(__name__)

TICK_SECONDS = 1.0  # largest delay of a heartbeat, and of the reaction to a session timeout
ENDED_TTL_SECONDS = 30.0  # longer than any call of the store: a handshake that loaded the session before its end is rejected
DRAIN_BATCH = 200  # channels that are asked to reconnect between two pauses
DRAIN_PAUSE_SECONDS = 0.02
CHECK_BATCH = 200  # channels that are checked in one loop turn
CONCURRENT_RECHECKS = 16  # largest number of concurrent calls of the store by this worker's channels


class Registry:
    """All channels of this worker, by session."""

    def __init__(self, services: ChannelServices) -> None:
        self._services = services
        self._channels: dict[str, list[Driver]] = {}
        self._count = 0
        self._is_draining = False
        self._released = asyncio.Event()
        self._tasks = OwnedTasks("channel registry")
        self._rechecking: set[str] = set()
        self._ended: dict[str, float] = {}
        self._replaced_until: dict[str, float] = {}
        self._warnings = EndWarnings(services.lifetimes)
        self._recheck_limit = asyncio.Semaphore(CONCURRENT_RECHECKS)
        services.outage.listen(self._notify_of_outage)

    def __len__(self) -> int:
        return self._count

    def __contains__(self, session_key: str) -> bool:
        """Return whether a session has channels on this worker."""
        return session_key in self._channels

    @property
    def session_keys(self) -> list[str]:
        """The keys of the sessions that have a channel on this worker."""
        return list(self._channels)

    @property
    def has_capacity(self) -> bool:
        """Whether this worker accepts another channel."""
        return not self._is_draining and self._count < self._services.settings.connections

    def open(
        self,
        socket: ChannelSocket,
        session_id: SessionId,
        session: Session,
        client_address: str,
        browser_headers: Mapping[str, str] = NO_HEADERS,
        *,
        is_one_way: bool = False,
    ) -> Driver:
        """Return the driver of a new channel, which waits for `hello`. Call `release` when its socket has closed.

        Parameters:
            browser_headers: Headers that the browser would add to each request, by name in lower case.
            is_one_way: It is an event stream. If the session has its largest number of those, the oldest is closed: it may be
                left over from a client that has gone, which nothing tells.

        Raises:
            ChannelClosed: 4430; the session has its largest number of channels. 4503; the worker has, or is draining. 4401; the
                session ended during the handshake.
        """
        if session.key in self._ended:
            raise ChannelClosed(CloseCode.LOG_IN, "the session has ended")
        if not self.has_capacity:
            reason = "draining" if self._is_draining else "too many channels on this worker"
            raise ChannelClosed(CloseCode.UNAVAILABLE, reason)
        self._make_room(session.key, is_one_way=is_one_way)
        driver = Driver(
            self._services,
            socket,
            session_id,
            session,
            connection_id=secrets.token_hex(8),
            client_address=client_address,
            browser_headers=browser_headers,
            is_one_way=is_one_way,
        )
        if session.key not in self._channels:
            self._services.note_presence(session.key)
        self._channels.setdefault(session.key, []).append(driver)
        self._count += 1
        self._services.metrics.channels.inc()
        return driver

    def _make_room(self, session_key: str, *, is_one_way: bool) -> None:
        """Close the oldest event streams of a session that has too many; reject one more channel of one that has too many."""
        settings, same = self._services.settings, [each for each in self._of(session_key) if each.is_one_way is is_one_way]
        if not is_one_way and len(same) >= settings.connections_per_session:
            raise ChannelClosed(CloseCode.TOO_MANY_CHANNELS, "too many channels of this session")
        if is_one_way:
            for oldest in same[: max(len(same) + 1 - settings.streams_per_session, 0)]:
                oldest.close(CloseCode.TOO_MANY_CHANNELS, "too many event streams of this session")

    def release(self, driver: Driver, peer_code: int | None) -> None:
        """Remove a channel whose socket has closed, and stop its tasks. `peer_code`: the client's close code, if it sent one."""
        drivers = self._channels.get(driver.session_key, [])
        if driver not in drivers:
            return
        drivers.remove(driver)
        if not drivers:
            del self._channels[driver.session_key]
            self._warnings.forget(driver.session_key)
            self._services.note_presence(driver.session_key)
        self._count -= 1
        self._released.set()
        code = driver.close_code or peer_code or 1006
        self._services.metrics.channels.dec()
        self._services.metrics.channel_closes.labels(_code_label(code)).inc()
        logger.info("channel.closed", connection=driver.connection_id, session_ref=driver.session.ref, close=int(code))
        self._tasks.start(driver.finish())

    async def end_session(self, session_key: str, reason: str, ended_at: float) -> None:
        """Close all channels of a session that ended at `ended_at` (epoch seconds); return when their tasks have ended."""
        self._ended[session_key] = self._services.clock.monotonic()
        drivers = [driver for driver in self._of(session_key) if not driver.is_closed]
        for driver in drivers:
            driver.end_session(reason)
            self._services.metrics.kill_seconds.observe(max(self._services.clock.now() - ended_at, 0.0))
        await asyncio.gather(self._services.executor.end_session(session_key), *(driver.finish() for driver in drivers))

    def replace_session(self, session_key: str, until: float) -> None:
        """Tell the channels of a session that its user has logged in again, and close them at `until` (epoch seconds).

        They are closed although the user is the same, because only a channel with the new cookie belongs to the new session.
        """
        if session_key in self._channels:
            self._replaced_until[session_key] = until
            self.notify(session_key, "changed", {"reconnect_in_ms": max(round((until - self._services.clock.now()) * 1000), 0)})

    def notify(self, session_key: str, name: str, data: dict[str, object]) -> None:
        """Send an event of topic `session` to all channels of a session."""
        for driver in self._of(session_key):
            driver.notify("session", name, data)

    def store_lost(self) -> None:
        """Tell clients that the event feed has broken, so that the store may be down."""
        self._services.outage.suspected()

    async def watch(self) -> None:
        """Check heartbeats, slow readers and session timeouts every second until cancelled."""
        while True:
            await self._services.clock.sleep(TICK_SECONDS)
            self._check_ended_sessions()
            await self._check_channels()

    async def recheck_all(self) -> None:
        """Load all sessions from the store after an outage, because their end may have been missed."""
        self._services.outage.ended()
        await asyncio.gather(*(self.recheck(key) for key in list(self._channels)))

    async def recheck(self, session_key: str) -> None:
        """Load a session from the store; close its channels if it has ended, and warn them if it ends soon.

        If the store does not respond, the next tick tries again.
        """
        drivers = self._of(session_key)
        if not drivers or session_key in self._rechecking:
            return
        self._rechecking.add(session_key)
        try:
            async with self._recheck_limit:
                session = await self._services.sessions.confirmed(drivers[0].session_id, passive=True)
            for driver in drivers:
                driver.accept(session)
            if notice := self._warnings.update(session_key, session, self._services.clock.now()):
                self.notify(session_key, notice.name, notice.data)
        except StoreUnavailable:
            return
        except NotAuthenticated as error:
            reason = error.extensions.get("reason", UNKNOWN_REASON) if isinstance(error, SessionEnded) else UNKNOWN_REASON
            now = self._services.clock.now()
            ended_at = self._services.lifetimes.end(self._freshest(drivers))
            await self.end_session(session_key, str(reason), min(ended_at, now))
        finally:
            self._rechecking.discard(session_key)

    async def drain(self, within_seconds: float) -> None:
        """Accept no more channels, and ask all clients to open theirs on other nodes; return when all have been asked."""
        self._is_draining = True
        drivers = [driver for drivers in self._channels.values() for driver in drivers]
        for start in range(0, len(drivers), DRAIN_BATCH):
            for driver in drivers[start : start + DRAIN_BATCH]:
                driver.drain(within_seconds)
            await self._services.clock.sleep(DRAIN_PAUSE_SECONDS)

    async def wait_empty(self) -> None:
        """Return when no channel is open."""
        while self._count:
            self._released.clear()
            await self._released.wait()

    async def close_all(self, code: CloseCode, reason: str) -> None:
        """Close all channels; return when their tasks have ended."""
        drivers = [driver for drivers in self._channels.values() for driver in drivers]
        for driver in drivers:
            driver.close(code, reason)
        await asyncio.gather(*(driver.finish() for driver in drivers), self._tasks.finish())

    def _notify_of_outage(self, is_on: bool) -> None:
        for drivers in self._channels.values():
            for driver in drivers:
                driver.notify("hub", "degraded" if is_on else "restored", {})

    def _of(self, session_key: str) -> list[Driver]:
        return list(self._channels.get(session_key, ()))

    def _check_ended_sessions(self) -> None:
        now, monotonic = self._services.clock.now(), self._services.clock.monotonic()
        for key in [key for key, at in self._ended.items() if monotonic - at > ENDED_TTL_SECONDS]:
            del self._ended[key]
        for key in [key for key, until in self._replaced_until.items() if until <= now]:
            self._tasks.start(self.end_session(key, "replaced", self._replaced_until.pop(key)))

    async def _check_channels(self) -> None:
        """Check the channels that are due, and their sessions. Skipping ten thousand idle channels takes a millisecond."""
        now = self._services.clock.monotonic()
        due = [driver for drivers in self._channels.values() for driver in drivers if driver.next_check_at <= now]
        for start in range(0, len(due), CHECK_BATCH):
            batch = due[start : start + CHECK_BATCH]
            for driver in batch:
                driver.tick(now)
            for key in {driver.session_key for driver in batch}:
                self._check_session(key, now)
            await self._services.clock.sleep(0)

    def _check_session(self, key: str, monotonic: float) -> None:
        drivers = self._of(key)
        if not drivers:  # their sockets have closed in the meantime
            return
        session, now = self._freshest(drivers), self._services.clock.now()
        ends_at = self._services.lifetimes.end(session)
        next_check_at = monotonic
        if ends_at > now and not self._warnings.needs_check(key, session, now):
            change_at = self._services.lifetimes.warned_at(session) or ends_at  # activity can only postpone it
            next_check_at += change_at - now - TICK_SECONDS
        elif key not in self._rechecking:
            self._tasks.start(self.recheck(key))
        for driver in drivers:
            driver.next_check_at = min(driver.next_check_at, next_check_at)

    def _freshest(self, drivers: Iterable[Driver]) -> Session:
        """Return the most recent copy of the session among its channels: the one that ends last."""
        return max((driver.session for driver in drivers), key=self._services.lifetimes.end)


def _code_label(code: int) -> str:
    """Return the metric label of a close code. Unknown codes share one, since a client may send any number."""
    return str(int(code)) if code in {*CloseCode, 1001, 1006, 1009} else "other"
