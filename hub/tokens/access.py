"""The access token of a session, usable now. A session whose token cannot be had fails the request: never another token."""

from hub.clock import Clock
from hub.secret import Secret
from hub.session.model import Session
from hub.tokens.refresher import Refresher

TRAVEL_SECONDS = 0.5  # a token that ends sooner would be dead when the resource server reads it


class TokenAccess:
    """Hands out access tokens and sees to it that they are fresh."""

    def __init__(self, refresher: Refresher, clock: Clock) -> None:
        self._refresher = refresher
        self._clock = clock

    async def for_session(self, session: Session) -> Secret:
        """Return an access token that lives. One that is merely due is refreshed behind the request's back.

        Raises:
            SessionEnded, NotAuthenticated: The session is over.
            ProviderUnavailable, ProviderMisbehaved: The token has ended and there is no new one now.
            StoreUnavailable: The token has ended and Redis does not answer.
        """
        tokens, now = session.tokens, self._clock.now()
        if tokens.is_expired(now + TRAVEL_SECONDS):
            return await self._replaced(session)
        if tokens.is_due(now):
            self._refresher.start(session.key, tokens.access_token)
        return tokens.access_token

    async def renew(self, session: Session, rejected: Secret) -> Secret:
        """Return another access token than `rejected`, which the resource server answered with 401; like `for_session`."""
        return (await self._refresher.refresh(session.key, rejected)).tokens.access_token

    async def _replaced(self, session: Session) -> Secret:
        return (await self._refresher.refresh(session.key, session.tokens.access_token)).tokens.access_token
