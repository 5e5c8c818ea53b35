"""The one refresh path, for background and requests: take the lease -> reload -> still the spent token? -> refresh -> store.

The grant runs in a task of its own, which no browser request can cancel: once the provider has rotated the refresh token, the
answer must be stored. New tokens are stored before anything else can fail.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from hub.errors import Conflict, HubError, NotAuthenticated, ProviderMisbehaved, ProviderUnavailable, StoreUnavailable
from hub.oidc.id_token import SubjectChanged, require_stated_identity
from hub.oidc.providers import Provider, Providers
from hub.oidc.token_endpoint import TokenRefused, TokenResponse
from hub.primitives.clock import Clock
from hub.primitives.secret import Secret
from hub.primitives.single_flight import SingleFlight
from hub.session.ends import ended
from hub.session.events import EventFeed, SessionWasRefreshed
from hub.session.model import EndReason, Session, TokenSet
from hub.session.refresh_lock import Lease, RefreshLock
from hub.session.sessions import Sessions
from hub.session.store import SessionStore
from hub.telemetry import log
from hub.telemetry.metrics import Metrics
from hub.tokens.backoff import RefreshBackoff
from hub.tokens.schedule import scheduled

WAIT_SECONDS = 0.05  # between two looks at what another worker is refreshing
PATIENCE_SECONDS = 20.0  # then the waiting request is told to come back; the refresh itself goes on

T = TypeVar("T")

logger = log.get(__name__)


class _TakenMeanwhile(Exception):
    """The refresh token was spent already; `session` is the result."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session


class Refresher:
    """Refreshes the tokens of sessions, each at most once at a time over all workers."""

    def __init__(
        self,
        store: SessionStore,
        sessions: Sessions,
        lock: RefreshLock,
        providers: Providers,
        events: EventFeed,
        clock: Clock,
        metrics: Metrics,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._lock = lock
        self._providers = providers
        self._events = events
        self._clock = clock
        self._metrics = metrics
        self._jitter = jitter
        self._running = SingleFlight[str, Session]("refresh")
        self._backoff = RefreshBackoff(clock, jitter)

    def start(self, key: str, spent: Secret) -> asyncio.Task[Session]:
        """Begin to replace the access token `spent` of a session, or join the task that does so already."""
        return self._running.start(key, lambda: self._replace(key, spent))

    async def refresh(self, key: str, spent: Secret) -> Session:
        """Return the session with another access token than `spent`.

        Raises:
            SessionEnded, NotAuthenticated: The session is over, perhaps just now: the provider refused the refresh token.
            ProviderUnavailable, ProviderMisbehaved: There are no new tokens now; the session lives on.
            StoreUnavailable: Redis does not answer.
        """
        joined = self.is_refreshing(key)
        session = await asyncio.shield(self.start(key, spent))
        if joined and session.tokens.access_token == spent:  # that refresh was begun for an older token, and brought this one
            session = await asyncio.shield(self.start(key, spent))
        return session

    def is_refreshing(self, key: str) -> bool:
        """Tell whether a refresh of this session runs here."""
        return key in self._running

    def forget_old_failures(self) -> None:
        """Drop the failures that are long over, so that what is remembered stays bounded."""
        self._backoff.forget_old()

    async def close(self) -> None:
        """Wait for the grants under way: their tokens must be stored."""
        await self._running.close()

    async def obtain(self, key: str, name: str, resource: str, spent: TokenSet | None) -> TokenSet:
        """Return an access token for another resource, got with the session's refresh token (RFC 8707 section 2.2).

        Must run in a task that no browser can cancel: the provider may rotate the refresh token.

        Parameters:
            name: Under which the token is kept with the session.
            spent: The token that it has under this name so far, which is of no use any more.

        Raises:
            TokenRefused: The provider gives none for this resource.
            SessionEnded, NotAuthenticated, ProviderUnavailable, ProviderMisbehaved, StoreUnavailable: As in `refresh`.
        """

        async def taken(session: Session) -> TokenSet | None:
            kept = await self._store.load_token(session.key, name)
            return None if kept is None or (spent is not None and kept.access_token == spent.access_token) else kept

        async def work(session: Session, lease: Lease) -> TokenSet:
            try:
                provider, response, asked_at = await self._spend(session, resource)
            except _TakenMeanwhile as error:
                raise ProviderUnavailable("Your login was being renewed. Try again.", retry_after_seconds=1.0) from error
            own = replace(session.tokens, refresh_token=response.refresh_token or session.tokens.refresh_token)
            await self._store_tokens(session.with_tokens(own), lease)
            further = TokenSet.from_response(response, asked_at)
            await self._store.put_token(session.key, name, replace(further, refresh_token=None, id_token=None))
            await self._validate_id_token(provider, session, response)
            return further

        return await self._under_lease(key, taken, work)

    async def _replace(self, key: str, spent: Secret) -> Session:
        async def taken(session: Session) -> Session | None:
            if session.tokens.access_token == spent:
                return None
            self._metrics.refreshes.labels("taken").inc()
            return session

        return await self._under_lease(key, taken, self._grant)

    async def _under_lease(
        self, key: str, taken: Callable[[Session], Awaitable[T | None]], work: Callable[[Session, Lease], Awaitable[T]]
    ) -> T:
        """Do `work` as the only one, or take what somebody else has done meanwhile (`taken` returns it)."""
        self._backoff.raise_recent(key)
        give_up_at = self._clock.monotonic() + PATIENCE_SECONDS
        while True:
            async with self._lock.hold(key) as lease:
                session = await self._sessions.by_key(key)
                if (result := await taken(session)) is not None:
                    return result
                if lease is not None and self._lock.is_held(lease):
                    return await work(session, lease)
            if lease is not None:
                continue  # it ran out before anything was done: this process, or its machine, was asleep
            if self._clock.monotonic() >= give_up_at:
                raise ProviderUnavailable("Your login is being renewed. Try again.", retry_after_seconds=5.0)
            await self._clock.sleep(WAIT_SECONDS)

    async def _grant(self, session: Session, lease: Lease) -> Session:
        began = self._clock.monotonic()
        try:
            provider, response, asked_at = await self._spend(session)
        except TokenRefused as error:
            raise await self._failed(session, ProviderMisbehaved(f"It refuses to refresh tokens: {error.error}.")) from error
        except _TakenMeanwhile as taken:
            return taken.session
        tokens = session.tokens.refreshed_by(response, asked_at)
        tokens = scheduled(tokens, self._jitter(), provider.clock_difference)
        refreshed = await self._store_tokens(session.with_tokens(tokens), lease)
        self._metrics.refreshes.labels("refreshed").inc()
        self._metrics.refresh_seconds.observe(self._clock.monotonic() - began)
        logger.info("tokens.refreshed", session_ref=session.ref, expires_in=response.expires_in)
        await self._publish(refreshed)
        await self._validate_id_token(provider, refreshed, response)
        return refreshed

    async def _spend(self, session: Session, resource: str = "") -> tuple[Provider, TokenResponse, float]:
        """Send the refresh grant; return the provider, its response and when it was asked.

        Raises:
            TokenRefused: For another reason than `invalid_grant`.
            _TakenMeanwhile: The refresh token was spent already, by somebody whose result is there.
            HubError: The session has ended, or there are no tokens now.
        """
        if session.tokens.refresh_token is None:
            raise await self._end(session, "no_refresh_token")
        asked_at = self._clock.now()
        try:
            provider = self._providers.of(session.provider, session.issuer)
            response = await provider.refresh(session.tokens.refresh_token, resource=resource)
        except TokenRefused as error:
            if error.error != "invalid_grant":
                raise
            raise await self._refused(session) from error
        except (ProviderUnavailable, ProviderMisbehaved) as error:
            raise await self._failed(session, error) from error
        await self._require_same_user(session, response)
        return provider, response, asked_at

    async def _store_tokens(self, session: Session, lease: Lease) -> Session:
        self._backoff.succeeded(session.key)
        try:
            return await self._sessions.replace_if_unchanged(session, lease.fence)
        except Conflict:
            return await self._sessions.by_key(session.key)  # ended meanwhile, which this raises; or a newer set is there

    async def _refused(self, session: Session) -> Exception:
        """Handle a refused refresh token: dead, unless somebody else has refreshed with it and stored the result."""
        current = await self._sessions.by_key(session.key)
        if current.version != session.version:
            return _TakenMeanwhile(current)
        return await self._end(session, "refused")

    async def _failed(self, session: Session, error: HubError) -> HubError:
        """Keep the session, look at it again later, and let nobody ask the provider before."""
        wait = self._backoff.failed(session.key, error)
        self._metrics.refreshes.labels("failed").inc()
        logger.warning("refresh.failed", session_ref=session.ref, problem=error.slug, detail=error.detail, retry_in=wait)
        try:
            await self._store.reschedule(session.key, self._clock.now() + wait)
        except StoreUnavailable:
            logger.warning("refresh.not_rescheduled", session_ref=session.ref)
        return error

    async def _end(self, session: Session, reason: EndReason) -> NotAuthenticated:
        self._metrics.refreshes.labels("ended").inc()
        await self._sessions.end(session.key, reason)
        return ended(reason)

    async def _publish(self, session: Session) -> None:
        try:
            await self._events.publish(SessionWasRefreshed(session.key, session.tokens.expires_at, session.version))
        except StoreUnavailable:
            logger.warning("refresh.not_published", session_ref=session.ref)

    async def _require_same_user(self, session: Session, response: TokenResponse) -> None:
        """End the session if the tokens are somebody else's (OpenID Connect Core section 12.2): they are never stored."""
        try:
            if response.subject is not None and response.subject != session.subject:
                raise SubjectChanged("The refreshed tokens are another user's.")
            if response.id_token is not None:
                require_stated_identity(response.id_token, session)
        except ProviderMisbehaved as error:
            logger.error("refresh.identity_refused", session_ref=session.ref, detail=error.detail)
            raise await self._end(session, "identity") from error

    async def _validate_id_token(self, provider: Provider, session: Session, response: TokenResponse) -> None:
        """Check the rest of a refreshed ID token, once the tokens are safe.

        What fails here, be it a key that is published too late or a clock that is wrong, is the provider's or the operator's
        to mend and costs no session: the tokens came over TLS, from the provider itself, for this user.
        """
        if response.id_token is None:
            return
        try:
            await provider.validate_refreshed_id_token(
                response.id_token,
                original=session,
                access_token=response.access_token,
                nonce=session.nonce,
                auth_time=session.auth_time,
            )
        except (ProviderMisbehaved, ProviderUnavailable) as error:
            logger.warning("refresh.id_token_not_validated", session_ref=session.ref, detail=error.detail)
