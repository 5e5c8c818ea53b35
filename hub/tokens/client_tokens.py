"""Access tokens of the hub itself (client credentials, RFC 6749 section 4.4), kept in memory: any worker can get its own."""

from hub.errors import TokenNotIssued
from hub.oidc.providers import Providers
from hub.oidc.token_endpoint import TokenRefused
from hub.primitives.clock import Clock
from hub.primitives.secret import Secret
from hub.primitives.single_flight import SingleFlight
from hub.session.model import TokenSet
from hub.tokens.access import TRAVEL_SECONDS
from hub.tokens.demand import TokenDemand
from hub.tokens.schedule import margin_seconds


class ClientTokens:
    """One token a demand, and there are as many demands as routes. Fetched once at a time, and before the old one ends."""

    def __init__(self, providers: Providers, clock: Clock) -> None:
        self._providers = providers
        self._clock = clock
        self._kept: dict[str, TokenSet] = {}
        self._running = SingleFlight[str, TokenSet]("client token")

    async def get(self, demand: TokenDemand) -> Secret:
        """Return a token that lives.

        Raises:
            TokenNotIssued: The provider refuses it.
            ProviderUnavailable, ProviderMisbehaved: It cannot be had now.
        """
        tokens, now = self._kept.get(demand.name), self._clock.now()
        if tokens is None or tokens.is_expired(now + TRAVEL_SECONDS):
            tokens = await self._running.do(demand.name, lambda: self._fetch(demand))
        elif _is_due(tokens, now):
            self._running.start(demand.name, lambda: self._fetch(demand))
        return tokens.access_token

    async def renew(self, demand: TokenDemand, rejected: Secret) -> Secret:
        """Return another token than `rejected`; like `get`."""
        tokens = self._kept.get(demand.name)
        if tokens is None or tokens.access_token == rejected:
            tokens = await self._running.do(demand.name, lambda: self._fetch(demand))
        return tokens.access_token

    async def close(self) -> None:
        """Wait for the requests under way."""
        await self._running.close()

    async def _fetch(self, demand: TokenDemand) -> TokenSet:
        asked_at = self._clock.now()
        try:
            response = await self._providers.openid(demand.provider).client_token(demand.target)
        except TokenRefused as error:
            raise TokenNotIssued(f"It refused a token for the hub itself ({error.error}).", error=error.error) from error
        tokens = TokenSet.from_response(response, asked_at)
        self._kept[demand.name] = tokens
        return tokens


def _is_due(tokens: TokenSet, now: float) -> bool:
    return tokens.expires_at is not None and now >= tokens.expires_at - margin_seconds(tokens.expires_at - tokens.obtained_at)
