"""Background refresh: finds sessions whose tokens are due and refreshes those in use, so that requests need not wait."""

import asyncio

from hub.errors import HubError, NotAuthenticated, StoreUnavailable
from hub.primitives.clock import Clock
from hub.session.model import Lifetimes, ProviderMissing, Session, SessionKeyMissing
from hub.session.sessions import Sessions
from hub.session.store import SessionStore
from hub.telemetry import log
from hub.tokens.refresher import Refresher

PERIOD_SECONDS = 0.5
CONCURRENT_GRANTS = 16  # of one worker; with a provider that responds in 100 ms: nearly 10,000 refreshes a minute

logger = log.get(__name__)


class RefreshWorker:
    """The refresh task of one worker process. It claims due sessions in the store, so that one worker refreshes each of them.

    A worker claims at most `CONCURRENT_GRANTS` sessions at a time, so that many due sessions spread over all workers. It claims
    the next ones without a pause as long as there are more.
    """

    def __init__(self, store: SessionStore, sessions: Sessions, refresher: Refresher, clock: Clock) -> None:
        self._store = store
        self._sessions = sessions
        self._refresher = refresher
        self._clock = clock

    async def run(self) -> None:
        """Refresh due sessions until cancelled."""
        while True:
            try:
                while await self.work_once() == CONCURRENT_GRANTS:
                    continue
            except StoreUnavailable:
                logger.warning("refresh_worker.store_unavailable")
            except Exception:
                logger.exception("refresh_worker.crashed")  # outer loop: one bad record must not end the background refresh
            await self._clock.sleep(PERIOD_SECONDS)

    async def work_once(self) -> int:
        """Claim and refresh up to `CONCURRENT_GRANTS` due sessions; return the number of claimed sessions.

        Raises:
            StoreUnavailable: Redis does not respond.
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
        except (SessionKeyMissing, ProviderMissing):
            await self._store.leave_due(key, self._clock.now())
        except NotAuthenticated:
            await self._store.reschedule(key, None)  # the session has ended: remove it from the queue
        except HubError:
            return  # the refresher has logged the error and rescheduled the session


def is_in_use(session: Session, lifetimes: Lifetimes) -> bool:
    """Return whether the user was active since the tokens were obtained. If not, the next request refreshes on demand.

    The store records activity only every `touch_interval_seconds`, so the recorded time may lag by that much.
    """
    return session.touched_at + lifetimes.touch_interval_seconds >= session.tokens.obtained_at
