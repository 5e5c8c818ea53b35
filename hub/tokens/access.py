"""Access tokens of sessions. If a session has no valid token, the request fails; the hub never uses another token instead."""

from hub.errors import ProviderMisbehaved, ProviderUnavailable, StoreUnavailable
from hub.oidc.providers import Providers
from hub.primitives.clock import Clock
from hub.primitives.secret import Secret
from hub.session.model import Session
from hub.tokens.refresher import Refresher

MIN_REMAINING_SECONDS = 0.5  # a token with less left could expire before the API reads it


class TokenAccess:
    """Returns the access token of a session and refreshes it in time."""

    def __init__(self, refresher: Refresher, providers: Providers, clock: Clock) -> None:
        self._refresher = refresher
        self._providers = providers
        self._clock = clock

    def get_nowait(self, session: Session) -> Secret | None:
        """Return the access token if it is valid without waiting; None if the request must wait for `get`.

        A token that is due but valid is returned, and its refresh starts in the background. Some providers invalidate the old
        access token at a refresh: then a due token is never returned, because any node may be refreshing it.
        """
        tokens, now = session.tokens, self._clock.now()
        if tokens.is_expired(now + MIN_REMAINING_SECONDS):
            return None
        if session.provider in self._providers.invalidating:
            may_be_invalid = tokens.is_due(now) or self._refresher.is_refreshing(session.key)
            return None if may_be_invalid else tokens.access_token
        if tokens.is_due(now):
            self._refresher.start(session.key, tokens.access_token)
        return tokens.access_token

    async def get(self, session: Session) -> Secret:
        """Return a valid access token, after a refresh if necessary. If the refresh fails, return the old token until it expires.

        Raises:
            SessionEnded, NotAuthenticated: The session has ended.
            ProviderUnavailable, ProviderMisbehaved: The token has expired, and the refresh failed.
            StoreUnavailable: The token has expired, and Redis does not respond.
        """
        token = self.get_nowait(session)
        if token is not None:
            return token
        try:
            return await self.renew(session, session.tokens.access_token)
        except (ProviderUnavailable, ProviderMisbehaved, StoreUnavailable):  # without the store, no worker can refresh
            if session.tokens.is_expired(self._clock.now() + MIN_REMAINING_SECONDS):
                raise
            return session.tokens.access_token

    async def renew(self, session: Session, rejected: Secret) -> Secret:
        """Return an access token other than `rejected`, to which the API responded with 401. Raises as `get`."""
        return (await self._refresher.refresh(session.key, rejected)).tokens.access_token

    async def newer(self, session: Session, rejected: Secret) -> Secret | None:
        """Return the access token that has replaced `rejected` already; None if none has. Never asks the provider."""
        token = (await self._refresher.stored(session.key)).tokens.access_token
        return None if token == rejected else token
