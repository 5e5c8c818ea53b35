"""Revokes the tokens of ended sessions at their providers (RFC 7009), with retries for up to a day."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from hub.errors import HubError, ProviderUnavailable, StoreUnavailable
from hub.oidc.providers import Provider, Providers
from hub.primitives.backoff import ExponentialBackoff
from hub.primitives.clock import Clock
from hub.primitives.tasks import OwnedTasks
from hub.primitives.ttl_cache import BoundedTtlCache
from hub.session.model import Revocation
from hub.session.revocations import RevocationQueue
from hub.session.sessions import Sessions
from hub.telemetry import log
from hub.telemetry.metrics import Metrics

PERIOD_SECONDS = 1.0
BATCH = 50  # as many go to the provider at the same time
FIRST_WAIT_SECONDS = 5.0  # when the provider did not name a time; doubled by each further failure
LONGEST_WAIT_SECONDS = 3600.0
SHARED_WAIT_SECONDS = 600.0
MAX_UNKNOWN = 100  # providers

logger = log.get(__name__)


class RevocationWorker:
    """The revocation task of one worker process. Workers claim entries of the queue, so that one of them handles each entry.

    Parameters:
        jitter: Returns a number from 0 to 1, by which waits are lengthened so that not all come back at once.
    """

    def __init__(
        self,
        revocations: RevocationQueue,
        sessions: Sessions,
        providers: Providers,
        clock: Clock,
        metrics: Metrics,
        jitter: Callable[[], float],
    ) -> None:
        self._revocations = revocations
        self._sessions = sessions
        self._providers = providers
        self._clock = clock
        self._metrics = metrics
        self._waits = ExponentialBackoff(FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, (1.0, 2.0), jitter)
        self._under_way = OwnedTasks("revocation")
        self._unknown: BoundedTtlCache[str, None] = BoundedTtlCache(MAX_UNKNOWN)

    async def run(self) -> None:
        """Handle due entries until cancelled. Revocations that have begun continue; `close` waits for them."""
        while True:
            await self.work_once()
            await self._clock.sleep(PERIOD_SECONDS)

    async def work_once(self) -> None:
        """Claim the entries that are due now, and handle them."""
        try:
            due = await self._revocations.claim(self._clock.now(), BATCH)
        except StoreUnavailable:
            logger.warning("revocation.store_unavailable")
            return
        tasks = [self._under_way.start(self._settle(revocation)) for revocation in due]
        if tasks:
            await asyncio.wait(tasks)

    async def close(self) -> None:
        """Wait for running revocations, then handle the due entries once. The others stay in the queue for other workers."""
        await self._under_way.finish()
        await self.work_once()

    async def _settle(self, revocation: Revocation) -> None:
        try:
            outcome = await self._try(revocation)
        except StoreUnavailable:  # the claim expires, and then another worker tries again
            logger.warning("revocation.store_unavailable")
            return
        self._metrics.revocations.labels(outcome).inc()

    async def _try(self, revocation: Revocation) -> str:
        """Try the revocation once; return the outcome for the metric."""
        if self._clock.now() >= revocation.give_up_at:
            return await self._give_up(revocation)
        try:
            provider = self._providers.of(revocation.provider, revocation.issuer)
        except ProviderUnavailable:  # the settings of the workers differ during a change of them: another one may know it
            self._log_unknown(revocation)
            await self._revocations.leave(revocation.key, self._clock.now())
            return "left"
        if await self._is_shared(revocation):
            now = self._clock.now()
            await self._revocations.put(revocation, now, now + SHARED_WAIT_SECONDS)
            return "postponed"
        try:
            complete = await _revoke(provider, revocation)
        except HubError as error:
            return await self._try_again(revocation, error)
        await self._revocations.forget(revocation.key)
        return "revoked" if complete else "unsupported"

    def _log_unknown(self, revocation: Revocation) -> None:
        """Tell operators, once, that the tokens of a provider have to be revoked by other workers."""
        if revocation.provider not in self._unknown:
            self._unknown.put(revocation.provider, None)
            logger.warning("revocation.provider_unknown", provider=revocation.provider, issuer=revocation.issuer)

    async def _is_shared(self, revocation: Revocation) -> bool:
        """Return whether to postpone the revocation because an active session shares the session at the provider.

        After a second login in the same session at the provider, the new tokens may belong to the same grant. A provider may
        revoke all tokens of a grant when one of them is revoked (RFC 7009 section 2.1).
        """
        if revocation.provider_session_id is None:
            return False
        return bool(await self._sessions.of_provider_session(revocation.issuer, revocation.provider_session_id))

    async def _try_again(self, revocation: Revocation, error: HubError) -> str:
        now, wait = self._clock.now(), error.retry_after_seconds or self._waits.seconds(revocation.failures + 1)
        due_at = min(now + wait, revocation.give_up_at)  # due once more at `give_up_at`, where `_try` gives it up
        seconds = round(due_at - now, 1)
        logger.info("revocation.failed", session_ref=revocation.ref, problem=error.slug, detail=error.detail, again_in=seconds)
        await self._revocations.put(replace(revocation, failures=revocation.failures + 1), now, due_at)
        return "failed"

    async def _give_up(self, revocation: Revocation) -> str:
        if revocation.failures:
            logger.warning("revocation.given_up", session_ref=revocation.ref, provider=revocation.provider)
        await self._revocations.forget(revocation.key)
        return "given_up"


async def _revoke(provider: Provider, revocation: Revocation) -> bool:
    """Revoke both tokens; return whether the provider supports that. The refresh token goes first: it can issue new tokens."""
    complete = True
    if revocation.refresh_token is not None:
        complete = await provider.revoke(revocation.refresh_token, "refresh_token")
    return await provider.revoke(revocation.access_token, "access_token") and complete
