"""The access token of a session, usable now. A session whose token cannot be had fails the request: never another token."""

from hub.errors import ProviderMisbehaved, ProviderUnavailable, StoreUnavailable
from hub.oidc.providers import Providers
from hub.primitives.clock import Clock
from hub.primitives.secret import Secret
from hub.session.model import Session
from hub.tokens.refresher import Refresher

TRAVEL_SECONDS = 0.5  # a token that ends sooner would be dead when the resource server reads it


class TokenAccess:
    """Hands out access tokens and sees to it that they are fresh."""

    def __init__(self, refresher: Refresher, providers: Providers, clock: Clock) -> None:
        self._refresher = refresher
        self._providers = providers
        self._clock = clock

    def at_hand(self, session: Session) -> Secret | None:
        """Return the access token if it lives and no refresh is about to kill it; None if a request has to wait.

        A token that is merely due is refreshed behind the request's back, unless its provider kills it in doing so. A refresh on
        another node counts as well: a token is due on all nodes at the same instant, and the lease is one.
        """
        tokens, now = session.tokens, self._clock.now()
        if tokens.is_expired(now + TRAVEL_SECONDS):
            return None
        if self._providers.kills_old_access_token(session.provider):
            may_die = tokens.is_due(now) or self._refresher.is_refreshing(session.key)
            return None if may_die else tokens.access_token
        if tokens.is_due(now):
            self._refresher.start(session.key, tokens.access_token)
        return tokens.access_token

    async def for_session(self, session: Session) -> Secret:
        """Return an access token that lives: the one at hand, or a new one. If there is none, the old one is used while it lives.

        Raises:
            SessionEnded, NotAuthenticated: The session is over.
            ProviderUnavailable, ProviderMisbehaved: The token has ended and there is no new one now.
            StoreUnavailable: The token has ended and Redis does not answer.
        """
        token = self.at_hand(session)
        if token is not None:
            return token
        try:
            return await self._replaced(session)
        except (ProviderUnavailable, ProviderMisbehaved, StoreUnavailable):  # without the store nobody can refresh
            if session.tokens.is_expired(self._clock.now() + TRAVEL_SECONDS):
                raise
            return session.tokens.access_token

    async def renew(self, session: Session, rejected: Secret) -> Secret:
        """Return another access token than `rejected`, which the resource server answered with 401; like `for_session`."""
        return (await self._refresher.refresh(session.key, rejected)).tokens.access_token

    async def _replaced(self, session: Session) -> Secret:
        return (await self._refresher.refresh(session.key, session.tokens.access_token)).tokens.access_token
