"""The open channels of one worker: their limits, the ends of their sessions, one timer for all of them."""

import asyncio
import secrets
from collections.abc import Coroutine, Iterable
from typing import Any

from hub.channel.channel_session import UNKNOWN_REASON
from hub.channel.close_codes import ChannelClosed, CloseCode
from hub.channel.driver import Driver
from hub.channel.end_warnings import EndWarnings
from hub.channel.interfaces import ChannelServices, ChannelSocket
from hub.errors import NotAuthenticated, SessionEnded, StoreUnavailable
from hub.session.model import Session, SessionId
from hub.telemetry import log

logger = log.get(__name__)

TICK_SECONDS = 1.0  # a session's end is noticed, and a heartbeat sent, at most this late
REMEMBER_ENDED_SECONDS = 30.0  # longer than any look-up in the store: a handshake may not overtake the end of its session
AWAY_AT_ONCE = 200  # channels that are asked to leave before others have their turn
AWAY_PAUSE_SECONDS = 0.02
LOOKS_AT_ONCE = 200  # channels that are looked after before requests have their turn
RECHECKS_AT_ONCE = 16  # bounds what a whole worker's channels ask of the store at the same moment


class Registry:
    """All channels of this worker, by session."""

    def __init__(self, services: ChannelServices) -> None:
        self._services = services
        self._channels: dict[str, list[Driver]] = {}
        self._count = 0
        self._released = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._rechecking: set[str] = set()
        self._ended: dict[str, float] = {}
        self._leaving: dict[str, float] = {}
        self._warnings = EndWarnings(services.lifetimes)
        self._recheck_limit = asyncio.Semaphore(RECHECKS_AT_ONCE)
        services.outage.listen(self._tell_of_outage)

    def __len__(self) -> int:
        return self._count

    @property
    def session_keys(self) -> list[str]:
        """The sessions that have a channel here."""
        return list(self._channels)

    @property
    def has_room(self) -> bool:
        """Whether this worker can take one more channel."""
        return self._count < self._services.settings.connections

    def open(self, socket: ChannelSocket, session_id: SessionId, session: Session, client_address: str) -> Driver:
        """Return the driver of a new channel, which waits for `hello`. `release` it when its socket is gone.

        Raises:
            ChannelClosed: 4430; the session has as many channels as it may. 4503; the worker has. 4401; the session
                ended while it was being looked up.
        """
        if session.key in self._ended:
            raise ChannelClosed(CloseCode.LOG_IN, "the session has ended")
        if not self.has_room:
            raise ChannelClosed(CloseCode.UNAVAILABLE, "no room for another channel")
        if len(self._channels.get(session.key, ())) >= self._services.settings.connections_per_session:
            raise ChannelClosed(CloseCode.TOO_MANY_CHANNELS, "too many channels of this session")
        connection_id = secrets.token_hex(8)
        driver = Driver(self._services, socket, session_id, session, connection_id=connection_id, client_address=client_address)
        if session.key not in self._channels:
            self._services.note_presence(session.key)
        self._channels.setdefault(session.key, []).append(driver)
        self._count += 1
        self._services.metrics.channels.inc()
        return driver

    def release(self, driver: Driver, peer_code: int | None) -> None:
        """Forget a channel whose socket is gone, and stop its work. `peer_code` is the code with which the client closed."""
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
        self._services.metrics.channel_closes.labels(_counted(code)).inc()
        logger.info("channel.closed", connection=driver.connection_id, session_ref=driver.session.ref, close=int(code))
        self._own(driver.finish())

    async def end_session(self, session_key: str, reason: str, ended_at: float) -> None:
        """Close every channel of a session that ended at `ended_at` (epoch seconds); returns when their work has stopped."""
        self._ended[session_key] = self._services.clock.monotonic()
        drivers = [driver for driver in self._of(session_key) if not driver.is_closed]
        for driver in drivers:
            driver.end_session(reason)
            self._services.metrics.kill_seconds.observe(max(self._services.clock.now() - ended_at, 0.0))
        await asyncio.gather(self._services.once.end_session(session_key), *(driver.finish() for driver in drivers))

    def replace_session(self, session_key: str, until: float) -> None:
        """Tell the channels of a session that its user has logged in again; they are closed at `until` (epoch seconds).

        They close although the user is the same: only a channel that is opened with the new cookie belongs to the new login.
        """
        if session_key in self._channels:
            self._leaving[session_key] = until
            self.notify(session_key, "changed", {"reconnect_in_ms": max(round((until - self._services.clock.now()) * 1000), 0)})

    def notify(self, session_key: str, name: str, data: dict[str, object]) -> None:
        """Send an event of the topic `session` to every channel of a session."""
        for driver in self._of(session_key):
            driver.notify("session", name, data)

    def store_lost(self) -> None:
        """Take note that the store does not answer: the channels go on for a while without it, and are told so."""
        self._services.outage.began(self._services.clock.monotonic())

    async def watch(self) -> None:
        """Every second: heartbeats, slow readers, and sessions whose time is over. Runs until it is cancelled."""
        while True:
            await self._services.clock.sleep(TICK_SECONDS)
            self._look_at_ends()
            await self._look_at_channels()

    async def recheck_all(self) -> None:
        """Ask the store, which answers again, about every session: its end may have been missed."""
        self._services.outage.ended()
        await asyncio.gather(*(self._recheck(key) for key in list(self._channels)))

    async def send_away(self, within_seconds: float) -> None:
        """Ask all clients to open channels on nodes that stay; returns when all have been asked, or have gone."""
        drivers = [driver for drivers in self._channels.values() for driver in drivers]
        for start in range(0, len(drivers), AWAY_AT_ONCE):
            for driver in drivers[start : start + AWAY_AT_ONCE]:
                driver.send_away(within_seconds)
            await self._services.clock.sleep(AWAY_PAUSE_SECONDS)

    async def emptied(self) -> None:
        """Return when no channel is open any more."""
        while self._count:
            self._released.clear()
            await self._released.wait()

    async def close_all(self, code: CloseCode, reason: str) -> None:
        """Close every channel; returns when all their work has stopped."""
        drivers = [driver for drivers in self._channels.values() for driver in drivers]
        for driver in drivers:
            driver.close(code, reason)
        await asyncio.gather(*(driver.finish() for driver in drivers), *self._tasks)

    def _tell_of_outage(self, is_on: bool) -> None:
        for drivers in self._channels.values():
            for driver in drivers:
                driver.notify("hub", "degraded" if is_on else "restored", {})

    def _of(self, session_key: str) -> list[Driver]:
        return list(self._channels.get(session_key, ()))

    def _look_at_ends(self) -> None:
        now, monotonic = self._services.clock.now(), self._services.clock.monotonic()
        for key in [key for key, at in self._ended.items() if monotonic - at > REMEMBER_ENDED_SECONDS]:
            del self._ended[key]
        for key in [key for key, until in self._leaving.items() if until <= now]:
            self._own(self.end_session(key, "replaced", self._leaving.pop(key)))

    async def _look_at_channels(self) -> None:
        """Look after the channels that want it, and their sessions. Ten thousand idle ones are passed over in a millisecond."""
        now = self._services.clock.monotonic()
        due = [driver for drivers in self._channels.values() for driver in drivers if driver.look_at <= now]
        for start in range(0, len(due), LOOKS_AT_ONCE):
            batch = due[start : start + LOOKS_AT_ONCE]
            for driver in batch:
                driver.tick(now)
            for key in {driver.session_key for driver in batch}:
                self._look_at_session(key, now)
            await self._services.clock.sleep(0)

    def _look_at_session(self, key: str, monotonic: float) -> None:
        drivers = self._of(key)
        if not drivers:  # their sockets have gone meanwhile
            return
        session, now = self._freshest(drivers), self._services.clock.now()
        ends_at = self._services.lifetimes.end(session)
        look_at = monotonic
        if ends_at > now and not self._warnings.must_ask(key, session, now):
            news_at = self._services.lifetimes.warned_at(session) or ends_at  # activity only puts it off
            look_at += news_at - now - TICK_SECONDS
        elif key not in self._rechecking:
            self._own(self._recheck(key))
        for driver in drivers:
            driver.look_at = min(driver.look_at, look_at)

    def _freshest(self, drivers: Iterable[Driver]) -> Session:
        """Return the session as its channels know it: that which ends last, since each saw another moment."""
        return max((driver.session for driver in drivers), key=self._services.lifetimes.end)

    async def _recheck(self, session_key: str) -> None:
        """Ask the store how a session stands: close its channels if it has ended, warn them if it soon will.

        If the store cannot say, the next second asks again.
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
            if told := self._warnings.look(session_key, session, self._services.clock.now()):
                self.notify(session_key, told.name, told.data)
        except StoreUnavailable:
            return
        except NotAuthenticated as error:
            reason = error.extensions.get("reason", UNKNOWN_REASON) if isinstance(error, SessionEnded) else UNKNOWN_REASON
            now = self._services.clock.now()
            ended_at = self._services.lifetimes.end(self._freshest(drivers))
            await self.end_session(session_key, str(reason), min(ended_at, now))
        finally:
            self._rechecking.discard(session_key)

    def _own(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _counted(code: int) -> str:
    """Return the label of a close code; a client may send any number, and each label is a time series."""
    return str(int(code)) if code in {*CloseCode, 1001, 1006, 1009} else "other"
