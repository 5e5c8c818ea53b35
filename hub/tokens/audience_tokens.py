"""Audience-restricted tokens: exchanged for another audience (RFC 8693), or issued for another resource (RFC 8707).

They are stored in the record of their session and found by session and demand only, so that a session never gets the token of
another one. If such a token is lost, the hub requests it again; the session continues.
"""

import random
from collections.abc import Callable
from dataclasses import replace

from hub.errors import TokenNotIssued
from hub.oidc.providers import Providers
from hub.oidc.token_endpoint import TokenRefused, TokenResponse
from hub.primitives.clock import Clock
from hub.primitives.secret import Secret
from hub.primitives.single_flight import SingleFlight, accept_all
from hub.session.model import Session, TokenSet
from hub.session.sessions import Sessions
from hub.session.store import SessionStore
from hub.tokens.access import MIN_REMAINING_SECONDS, TokenAccess
from hub.tokens.backoff import RenewalBackoff
from hub.tokens.demand import TokenDemand
from hub.tokens.refresher import Refresher

SUBJECT_TOKEN_INVALID = frozenset({"invalid_grant", "invalid_request", "invalid_token"})
"""Error codes with which providers reject the token to be exchanged because it is no longer valid (RFC 8693 section 2.2.2)."""


class AudienceTokens:
    """Loads audience-restricted tokens from the store, and requests them from the provider when they are missing or expired."""

    def __init__(
        self,
        store: SessionStore,
        sessions: Sessions,
        refresher: Refresher,
        access: TokenAccess,
        providers: Providers,
        clock: Clock,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._refresher = refresher
        self._access = access
        self._providers = providers
        self._clock = clock
        self._running = SingleFlight[tuple[str, str], TokenSet]("further token")
        self._renewals = RenewalBackoff(clock, jitter)

    async def get(self, session: Session, demand: TokenDemand) -> Secret:
        """Return a valid token of the session for this demand.

        Raises:
            SessionEnded, NotAuthenticated: The session has ended.
            TokenNotIssued: The provider refuses the token for this user.
            ProviderUnavailable, ProviderMisbehaved, StoreUnavailable: The token cannot be obtained now.
        """
        tokens = await self._store.load_token(session.key, demand.name)
        if tokens is None or tokens.is_expired(self._clock.now() + MIN_REMAINING_SECONDS):
            tokens = await self._obtain_once(session, demand, tokens)
        return tokens.access_token

    async def renew(self, session: Session, demand: TokenDemand, rejected: Secret) -> Secret:
        """Return a token other than `rejected`, to which the API responded with 401. Raises as `get`."""
        tokens = await self._store.load_token(session.key, demand.name)
        if tokens is None or tokens.access_token == rejected:
            tokens = await self._obtain_once(session, demand, tokens, lambda obtained: obtained.access_token == rejected)
        return tokens.access_token

    async def newer(self, session: Session, demand: TokenDemand, rejected: Secret) -> Secret | None:
        """Return the token that has replaced `rejected` already; None if none has. Never asks the provider."""
        tokens = await self._store.load_token(session.key, demand.name)
        return None if tokens is None or tokens.access_token == rejected else tokens.access_token

    async def close(self) -> None:
        """Wait for running requests: a rotated refresh token must be stored."""
        await self._running.close()

    async def _obtain_once(
        self,
        session: Session,
        demand: TokenDemand,
        spent: TokenSet | None,
        rejects: Callable[[TokenSet], bool] = accept_all,
    ) -> TokenSet:
        key = session.key, demand.name
        return await self._running.do(key, lambda: self._obtain(session, demand, spent), rejects)

    async def _obtain(self, session: Session, demand: TokenDemand, spent: TokenSet | None) -> TokenSet:
        try:
            if demand.kind == "user":
                return await self._refresher.obtain(session.key, demand.name, demand.target.resource, spent)
            return await self._stored_since(session, demand, spent) or await self._exchange(session, demand)
        except TokenRefused as error:
            raise TokenNotIssued(f"The login service refused the token ({error.error}).", error=error.error) from error

    async def _stored_since(self, session: Session, demand: TokenDemand, spent: TokenSet | None) -> TokenSet | None:
        """Return the token that was obtained after this caller had looked and found `spent`; None if there is none."""
        stored = await self._store.load_token(session.key, demand.name)
        return None if stored is None or (spent is not None and stored.access_token == spent.access_token) else stored

    async def _exchange(self, session: Session, demand: TokenDemand) -> TokenSet:
        asked_at = self._clock.now()
        response = await self._exchanged(session, demand)
        tokens = replace(TokenSet.from_response(response, asked_at), refresh_token=None)  # the session's refresh token is enough
        if not await self._store.put_token(session.key, demand.name, tokens):
            await self._sessions.by_key(session.key)  # raises: the session has ended
        return tokens

    async def _exchanged(self, session: Session, demand: TokenDemand) -> TokenResponse:
        """Exchange the access token of the session. If the provider says that it is invalid, refresh it and try once more."""
        provider = self._providers.openid_of(session.provider, session.issuer)
        token, key = await self._access.get(session), (session.key, demand.name)
        try:
            return await provider.exchange(token, demand.target)
        except TokenRefused as error:
            if error.error not in SUBJECT_TOKEN_INVALID or self._renewals.is_paused(key):
                raise
        with self._renewals.renewing(key):
            renewed = await self._access.renew(session, token)
        try:
            response = await provider.exchange(renewed, demand.target)
        except TokenRefused:
            self._renewals.judge(key, helped=False)
            raise
        self._renewals.judge(key, helped=True)
        return response
