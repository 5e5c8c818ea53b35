"""Token refresh, for the background worker and for requests: take the lease, reload the session, refresh, store.

If the reloaded session has another access token than the one to be replaced, another worker has refreshed it already.
The grant runs in a task of its own, which no browser request can cancel: after the provider has rotated the refresh token, the
response must be stored. New tokens are stored before any step that can fail.
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
from hub.session.event_feed import EventFeed
from hub.session.events import SessionWasRefreshed
from hub.session.model import EndReason, ProviderMissing, Session, TokenSet
from hub.session.refresh_lock import Lease, RefreshLock
from hub.session.sessions import Sessions
from hub.session.store import SessionStore
from hub.telemetry import log
from hub.telemetry.metrics import Metrics
from hub.tokens.backoff import RefreshBackoff
from hub.tokens.schedule import scheduled

POLL_SECONDS = 0.05  # between two attempts to take a lease that another worker holds
LEASE_TIMEOUT_SECONDS = 20.0  # then the waiting request fails with Retry-After; the refresh of the other worker continues

T = TypeVar("T")

logger = log.get(__name__)


class _AlreadyRefreshed(Exception):
    """Another worker has used the refresh token and stored the new tokens; `session` has them."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session


class Refresher:
    """Refreshes the tokens of sessions. At most one refresh of a session runs at a time, over all workers."""

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
        """Start a refresh that replaces the access token `spent` of a session, or return the running task."""
        return self._running.start(key, lambda: self._replace(key, spent))

    async def refresh(self, key: str, spent: Secret) -> Session:
        """Return the session with an access token other than `spent`.

        Raises:
            SessionEnded, NotAuthenticated: The session has ended, perhaps because the provider refused the refresh token.
            ProviderUnavailable, ProviderMisbehaved: The refresh failed; the session continues.
            StoreUnavailable: Redis does not respond.
        """
        return await self._running.do(
            key,
            lambda: self._replace(key, spent),
            lambda session: session.tokens.access_token == spent,  # a running refresh had replaced an older token by `spent`
        )

    async def stored(self, key: str) -> Session:
        """Return the session as the store has it, without a refresh.

        Raises:
            SessionEnded, NotAuthenticated: The session has ended.
            StoreUnavailable: Redis does not respond.
        """
        return await self._sessions.by_key(key)

    def is_refreshing(self, key: str) -> bool:
        """Return whether this worker is refreshing the session."""
        return key in self._running

    def forget_old_failures(self) -> None:
        """Drop old failures, so that memory stays bounded."""
        self._backoff.forget_old()

    async def close(self) -> None:
        """Wait for running grants: their tokens must be stored."""
        await self._running.close()

    async def obtain(self, key: str, name: str, resource: str, spent: TokenSet | None) -> TokenSet:
        """Return an access token for another resource, obtained with the session's refresh token (RFC 8707 section 2.2).

        Must run in a task that no browser request can cancel: the provider may rotate the refresh token.

        Parameters:
            name: Name under which the session stores the token.
            spent: The token to replace; None if the session has none under this name.

        Raises:
            TokenRefused: The provider issues no token for this resource.
            SessionEnded, NotAuthenticated, ProviderUnavailable, ProviderMisbehaved, StoreUnavailable: As in `refresh`.
        """

        async def find_result(session: Session) -> TokenSet | None:
            stored = await self._store.load_token(session.key, name)
            return None if stored is None or (spent is not None and stored.access_token == spent.access_token) else stored

        async def work(session: Session, lease: Lease) -> TokenSet:
            try:
                provider, response, asked_at = await self._send_grant(session, resource)
            except _AlreadyRefreshed as error:
                raise ProviderUnavailable("Your login was being renewed. Try again.", retry_after_seconds=1.0) from error
            own = replace(session.tokens, refresh_token=response.refresh_token or session.tokens.refresh_token)
            await self._store_tokens(session.with_tokens(own), lease)
            obtained = TokenSet.from_response(response, asked_at)
            await self._store.put_token(session.key, name, replace(obtained, refresh_token=None, id_token=None))
            await self._validate_id_token(provider, session, response)
            return obtained

        return await self._with_lease(key, find_result, work)

    async def _replace(self, key: str, spent: Secret) -> Session:
        async def find_result(session: Session) -> Session | None:
            if session.tokens.access_token == spent:
                return None
            self._metrics.refreshes.labels("taken").inc()
            return session

        return await self._with_lease(key, find_result, self._grant)

    async def _with_lease(
        self, key: str, find_result: Callable[[Session], Awaitable[T | None]], work: Callable[[Session, Lease], Awaitable[T]]
    ) -> T:
        """Run `work` while holding the lease, unless `find_result` returns what another worker has done in the meantime."""
        self._backoff.raise_recent(key)
        give_up_at = self._clock.monotonic() + LEASE_TIMEOUT_SECONDS
        while True:
            async with self._lock.hold(key) as lease:
                session = await self._sessions.by_key(key)
                if (result := await find_result(session)) is not None:
                    return result
                if lease is not None and self._lock.is_held(lease):
                    return await work(session, lease)
            if lease is not None:
                continue  # the lease expired before `work` began: this process or its machine was suspended
            if self._clock.monotonic() >= give_up_at:
                raise ProviderUnavailable("Your login is being renewed. Try again.", retry_after_seconds=5.0)
            await self._clock.sleep(POLL_SECONDS)

    async def _grant(self, session: Session, lease: Lease) -> Session:
        began = self._clock.monotonic()
        try:
            provider, response, asked_at = await self._send_grant(session)
        except TokenRefused as error:
            problem = ProviderMisbehaved(f"The login service refuses to refresh tokens: {error.error}.")
            raise await self._record_failure(session, problem) from error
        except _AlreadyRefreshed as refreshed_elsewhere:
            return refreshed_elsewhere.session
        tokens = session.tokens.refreshed_by(response, asked_at)
        tokens = scheduled(tokens, self._jitter(), provider.clock_difference)
        refreshed = await self._store_tokens(session.with_tokens(tokens), lease)
        self._metrics.refreshes.labels("refreshed").inc()
        self._metrics.refresh_seconds.observe(self._clock.monotonic() - began)
        logger.info("session.refreshed", session_ref=session.ref, expires_in=response.expires_in)
        await self._publish(refreshed)
        await self._validate_id_token(provider, refreshed, response)
        return refreshed

    async def _send_grant(self, session: Session, resource: str = "") -> tuple[Provider, TokenResponse, float]:
        """Send the refresh grant; return the provider, its response, and the time of the request (epoch seconds).

        Raises:
            TokenRefused: The provider refused for a reason other than `invalid_grant`.
            _AlreadyRefreshed: Another worker has used the refresh token and stored the result.
            HubError: The session has ended, or the provider issues no tokens now.
        """
        if session.tokens.refresh_token is None:
            raise await self._end(session, "no_refresh_token")
        provider = self._provider_of(session)
        asked_at = self._clock.now()
        try:
            response = await provider.refresh(session.tokens.refresh_token, resource=resource)
        except TokenRefused as error:
            if error.error != "invalid_grant":
                raise
            raise await self._handle_invalid_grant(session) from error
        except (ProviderUnavailable, ProviderMisbehaved) as error:
            raise await self._record_failure(session, error) from error
        await self._require_same_user(session, response)
        return provider, response, asked_at

    def _provider_of(self, session: Session) -> Provider:
        """Return the provider of a session.

        Raises:
            ProviderMissing: This worker does not know it. The session stays due, for workers that do.
        """
        try:
            return self._providers.of(session.provider, session.issuer)
        except ProviderUnavailable as error:
            self._metrics.refreshes.labels("left").inc()
            self._sessions.known_providers.report(session)
            raise ProviderMissing from error

    async def _store_tokens(self, session: Session, lease: Lease) -> Session:
        self._backoff.succeeded(session.key)
        try:
            return await self._sessions.replace_if_unchanged(session, lease.fence)
        except Conflict:
            return await self._sessions.by_key(session.key)  # raises if the session has ended; else it has newer tokens

    async def _handle_invalid_grant(self, session: Session) -> Exception:
        """End the session, unless another worker has used the refresh token and stored the result; return what to raise."""
        current = await self._sessions.by_key(session.key)
        if current.version != session.version:
            return _AlreadyRefreshed(current)
        return await self._end(session, "refused")

    async def _record_failure(self, session: Session, error: HubError) -> HubError:
        """Keep the session and schedule the next refresh. Until then, `raise_recent` fails further calls. Return the error."""
        wait = self._backoff.failed(session.key, error)
        self._metrics.refreshes.labels("failed").inc()
        logger.warning("session.refresh_failed", session_ref=session.ref, problem=error.slug, detail=error.detail, retry_in=wait)
        try:
            await self._store.reschedule(session.key, self._clock.now() + wait)
        except StoreUnavailable:
            logger.warning("session.refresh_not_rescheduled", session_ref=session.ref)
        return error

    async def _end(self, session: Session, reason: EndReason) -> NotAuthenticated:
        self._metrics.refreshes.labels("ended").inc()
        await self._sessions.end(session.key, reason)
        return ended(reason)

    async def _publish(self, session: Session) -> None:
        try:
            await self._events.publish(SessionWasRefreshed(session.key, session.tokens.expires_at, session.version))
        except StoreUnavailable:
            logger.warning("session.refresh_not_published", session_ref=session.ref)

    async def _require_same_user(self, session: Session, response: TokenResponse) -> None:
        """End the session if the tokens belong to another user (OpenID Connect Core section 12.2). They are never stored."""
        try:
            if response.subject is not None and response.subject != session.subject:
                raise SubjectChanged("The refreshed tokens are another user's.")
            if response.id_token is not None:
                require_stated_identity(response.id_token, session)
        except ProviderMisbehaved as error:
            logger.error("session.refresh_identity_rejected", session_ref=session.ref, detail=error.detail)
            raise await self._end(session, "identity") from error

    async def _validate_id_token(self, provider: Provider, session: Session, response: TokenResponse) -> None:
        """Validate a refreshed ID token, after the new tokens have been stored. A failure is logged; the session continues.

        The usual causes, a key published too late or a wrong clock, are for the provider or the operator to fix. The tokens
        came over TLS from the provider, and `_require_same_user` has checked whose they are.
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
            logger.warning("session.refresh_id_token_invalid", session_ref=session.ref, detail=error.detail)
