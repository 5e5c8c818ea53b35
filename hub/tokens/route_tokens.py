"""The token for a request, as its route demands: of the user, exchanged, or of the hub itself. Without it, the request fails."""

from hub.primitives.secret import Secret
from hub.session.ends import require_own_id
from hub.session.model import Session
from hub.tokens.access import TokenAccess
from hub.tokens.audience_tokens import AudienceTokens
from hub.tokens.client_tokens import ClientTokens
from hub.tokens.demand import TokenDemand


class RouteTokens:
    """Returns the token that a route demands, and never another one."""

    def __init__(self, access: TokenAccess, audience: AudienceTokens, client: ClientTokens) -> None:
        self._access = access
        self._audience = audience
        self._client = client

    def get_nowait(self, session: Session, demand: TokenDemand) -> Secret | None:
        """Return a valid token if one is available without waiting; None if the request must wait for `get`."""
        return self._access.get_nowait(session) if demand.is_plain else None

    async def get(self, session: Session, demand: TokenDemand) -> Secret:
        """Return a valid token.

        Raises:
            SessionEnded, NotAuthenticated: The session has ended, or an old session ID found it (`SessionInGrace`).
            TokenNotIssued: The provider refuses this token.
            ProviderUnavailable, ProviderMisbehaved, StoreUnavailable: The token cannot be obtained now.
        """
        _require_own_id(session, demand)
        if demand.is_plain:
            return await self._access.get(session)
        if demand.kind == "client":
            return await self._client.get(demand)
        return await self._audience.get(session, demand)

    async def renew(self, session: Session, demand: TokenDemand, rejected: Secret) -> Secret:
        """Return a token other than `rejected`, to which the API responded with 401. Raises as `get`."""
        _require_own_id(session, demand)
        if demand.is_plain:
            return await self._access.renew(session, rejected)
        if demand.kind == "client":
            return await self._client.renew(demand, rejected)
        return await self._audience.renew(session, demand, rejected)

    async def newer(self, session: Session, demand: TokenDemand, rejected: Secret) -> Secret | None:
        """Return the token that has replaced `rejected` already, here or on another worker; None if none has.

        Never asks the provider.

        Raises:
            SessionEnded, NotAuthenticated: The session has ended.
            StoreUnavailable: Redis does not respond.
        """
        _require_own_id(session, demand)
        if demand.is_plain:
            return await self._access.newer(session, rejected)
        if demand.kind == "client":
            return self._client.newer(demand, rejected)
        return await self._audience.newer(session, demand, rejected)


def _require_own_id(session: Session, demand: TokenDemand) -> None:
    """Check that a token which is not at hand may be obtained for the user: an old session ID gets no new token."""
    if demand.kind != "client":
        require_own_id(session)
