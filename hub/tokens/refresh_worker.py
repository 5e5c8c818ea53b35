"""The background refresh: looks for due sessions and gives those in use to the refresher, so that requests need not wait."""

import asyncio

from hub import log
from hub.clock import Clock
from hub.errors import HubError, StoreUnavailable
from hub.session.model import Lifetimes, Session
from hub.session.sessions import Sessions
from hub.session.store import SessionStore
from hub.tokens.refresher import Refresher

PERIOD_SECONDS = 0.5
BATCH = 100
CONCURRENT_GRANTS = 16  # enough for 10,000 sessions a minute at a provider that answers in 100 ms

logger = log.get(__name__)


class RefreshWorker:
    """One task a process; the lease keeps the workers out of each other's way."""

    def __init__(self, store: SessionStore, sessions: Sessions, refresher: Refresher, clock: Clock) -> None:
        self._store = store
        self._sessions = sessions
        self._refresher = refresher
        self._clock = clock
        self._slots = asyncio.Semaphore(CONCURRENT_GRANTS)

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            try:
                await self.work_once()
            except StoreUnavailable:
                logger.warning("refresh.store_unavailable")
            except Exception:
                logger.exception("refresh.worker_failed")  # outer loop: one bad record must not end the background refresh
            await self._clock.sleep(PERIOD_SECONDS)

    async def work_once(self) -> None:
        """Refresh what is due now.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        self._refresher.forget_old_failures()
        keys = await self._store.due_for_refresh(self._clock.now(), BATCH)
        await asyncio.gather(*(self._refresh(key) for key in keys))

    async def _refresh(self, key: str) -> None:
        async with self._slots:
            try:
                session = await self._sessions.by_key(key)
                if not session.tokens.is_due(self._clock.now()):
                    await self._store.reschedule(key, session.tokens.due_at)
                elif not is_in_use(session, self._sessions.lifetimes):
                    await self._store.reschedule(key, None)
                else:
                    await self._refresher.refresh(key, session.tokens.access_token)
            except StoreUnavailable:
                raise
            except HubError:
                return  # the refresher has logged it, and either ended or rescheduled the session


def is_in_use(session: Session, lifetimes: Lifetimes) -> bool:
    """Tell whether the user did anything since the tokens were obtained. Else the next request refreshes on demand.

    Activity is written down every `touch_interval_seconds` only, so what was written may be that much too old.
    """
    return session.touched_at + lifetimes.touch_interval_seconds >= session.tokens.obtained_at
