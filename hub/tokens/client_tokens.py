"""Access tokens of the hub itself (client credentials, RFC 6749 section 4.4), cached in the memory of each worker."""

from hub.errors import TokenNotIssued
from hub.oidc.providers import Providers
from hub.oidc.token_endpoint import TokenRefused
from hub.primitives.clock import Clock
from hub.primitives.secret import Secret
from hub.primitives.single_flight import SingleFlight
from hub.session.model import TokenSet
from hub.tokens.access import MIN_REMAINING_SECONDS
from hub.tokens.demand import TokenDemand
from hub.tokens.schedule import margin_seconds


class ClientTokens:
    """Caches one token for each demand; routes define the demands, so the cache is bounded. Fetches are single-flight."""

    def __init__(self, providers: Providers, clock: Clock) -> None:
        self._providers = providers
        self._clock = clock
        self._cache: dict[str, TokenSet] = {}
        self._running = SingleFlight[str, TokenSet]("client token")

    async def get(self, demand: TokenDemand) -> Secret:
        """Return a valid token. One that will expire soon is also renewed in the background.

        Raises:
            TokenNotIssued: The provider refuses the token.
            ProviderUnavailable, ProviderMisbehaved: The token cannot be obtained now.
        """
        tokens, now = self._cache.get(demand.name), self._clock.now()
        if tokens is None or tokens.is_expired(now + MIN_REMAINING_SECONDS):
            tokens = await self._running.do(demand.name, lambda: self._fetch(demand))
        elif _is_due(tokens, now):
            self._running.start(demand.name, lambda: self._fetch(demand))
        return tokens.access_token

    async def renew(self, demand: TokenDemand, rejected: Secret) -> Secret:
        """Return a token other than `rejected`, to which the API responded with 401. Raises as `get`."""
        tokens = self._cache.get(demand.name)
        if tokens is None or tokens.access_token == rejected:
            tokens = await self._running.do(
                demand.name, lambda: self._fetch(demand), lambda fetched: fetched.access_token == rejected
            )
        return tokens.access_token

    def newer(self, demand: TokenDemand, rejected: Secret) -> Secret | None:
        """Return the token that has replaced `rejected` already; None if none has."""
        tokens = self._cache.get(demand.name)
        return None if tokens is None or tokens.access_token == rejected else tokens.access_token

    async def close(self) -> None:
        """Wait for running requests."""
        await self._running.close()

    async def _fetch(self, demand: TokenDemand) -> TokenSet:
        asked_at = self._clock.now()
        try:
            response = await self._providers.openid(demand.provider).client_token(demand.target)
        except TokenRefused as error:
            raise TokenNotIssued(
                f"The login service refused a token for the hub itself ({error.error}).", error=error.error
            ) from error
        tokens = TokenSet.from_response(response, asked_at)
        self._cache[demand.name] = tokens
        return tokens


def _is_due(tokens: TokenSet, now: float) -> bool:
    return tokens.expires_at is not None and now >= tokens.expires_at - margin_seconds(tokens.expires_at - tokens.obtained_at)
