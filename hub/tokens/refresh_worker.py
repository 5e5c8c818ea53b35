"""The background refresh: looks for due sessions and gives those in use to the refresher, so that requests need not wait."""

import asyncio

from hub.errors import HubError, NotAuthenticated, StoreUnavailable
from hub.primitives.clock import Clock
from hub.session.model import Lifetimes, Session
from hub.session.sessions import Sessions
from hub.session.store import SessionStore
from hub.telemetry import log
from hub.tokens.refresher import Refresher

PERIOD_SECONDS = 0.5
CONCURRENT_GRANTS = 16  # of one worker: at a provider that answers in 100 ms nearly 10,000 in a minute

logger = log.get(__name__)


class RefreshWorker:
    """One task a process. What is due is claimed, so that each session is tried by one worker, however many there are.

    A worker claims no more than it can work on, so that all of them share a storm; as long as there is more, it goes on at once.
    """

    def __init__(self, store: SessionStore, sessions: Sessions, refresher: Refresher, clock: Clock) -> None:
        self._store = store
        self._sessions = sessions
        self._refresher = refresher
        self._clock = clock

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            try:
                while await self.work_once() == CONCURRENT_GRANTS:
                    continue
            except StoreUnavailable:
                logger.warning("refresh.store_unavailable")
            except Exception:
                logger.exception("refresh.worker_failed")  # outer loop: one bad record must not end the background refresh
            await self._clock.sleep(PERIOD_SECONDS)

    async def work_once(self) -> int:
        """Refresh what is due now, as much as one worker can at the same time; return how many sessions that were.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        self._refresher.forget_old_failures()
        keys = await self._store.claim_due(self._clock.now(), CONCURRENT_GRANTS)
        await asyncio.gather(*(self._refresh(key) for key in keys))
        return len(keys)

    async def _refresh(self, key: str) -> None:
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
        except NotAuthenticated:
            await self._store.reschedule(key, None)  # it is over, and nobody has to look at it again
        except HubError:
            return  # the refresher has logged it and rescheduled the session


def is_in_use(session: Session, lifetimes: Lifetimes) -> bool:
    """Tell whether the user did anything since the tokens were obtained. Else the next request refreshes on demand.

    Activity is written down every `touch_interval_seconds` only, so what was written may be that much too old.
    """
    return session.touched_at + lifetimes.touch_interval_seconds >= session.tokens.obtained_at
