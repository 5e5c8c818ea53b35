"""The token for a request: of the user, exchanged, or of the hub itself. One that cannot be had fails the request."""

from hub.primitives.secret import Secret
from hub.session.model import Session
from hub.tokens.access import TokenAccess
from hub.tokens.audience_tokens import AudienceTokens
from hub.tokens.client_tokens import ClientTokens
from hub.tokens.demand import TokenDemand


class RouteTokens:
    """Hands out what a route demands, and nothing in its place."""

    def __init__(self, access: TokenAccess, further: AudienceTokens, client: ClientTokens) -> None:
        self._access = access
        self._further = further
        self._client = client

    def at_hand(self, session: Session, demand: TokenDemand) -> Secret | None:
        """Return a token that is usable now if nobody has to be waited for, as it is most of the time; None otherwise."""
        return self._access.at_hand(session) if demand.is_plain else None

    async def get(self, session: Session, demand: TokenDemand) -> Secret:
        """Return a token that is usable now.

        Raises:
            SessionEnded, NotAuthenticated: The session is over.
            TokenNotIssued: The provider refuses this token.
            ProviderUnavailable, ProviderMisbehaved, StoreUnavailable: It cannot be had now.
        """
        if demand.is_plain:
            return await self._access.for_session(session)
        if demand.kind == "client":
            return await self._client.get(demand)
        return await self._further.get(session, demand)

    async def renew(self, session: Session, demand: TokenDemand, rejected: Secret) -> Secret:
        """Return another token than `rejected`, which the resource server answered with 401; like `get`."""
        if demand.is_plain:
            return await self._access.renew(session, rejected)
        if demand.kind == "client":
            return await self._client.renew(demand, rejected)
        return await self._further.renew(session, demand, rejected)
