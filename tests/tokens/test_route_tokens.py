"""Which token a route gets: the session's own, another one of the user, or the hub's. Never one in place of another."""

import pytest

from hub.errors import TokenNotIssued
from hub.oidc.grants import TokenTarget
from hub.session.model import Session
from hub.tokens.demand import TokenDemand
from hub.tokens.route_tokens import RouteTokens
from tests.parties.clock import ManualClock
from tests.parties.hostile_provider import CannedAnswer, HostileProvider
from tests.tokens.conftest import TOKEN_PATH, Worker

EXCHANGE = TokenDemand(kind="exchange", target=TokenTarget(audience="lab"))
RESOURCE = TokenDemand(kind="user", target=TokenTarget(resource="https://lab.example/api"))
CLIENT = TokenDemand(kind="client", target=TokenTarget(audience="lab"))
DEMANDS = pytest.mark.parametrize(
    ("demand", "grant"),
    [
        (EXCHANGE, "urn:ietf:params:oauth:grant-type:token-exchange"),
        (RESOURCE, "refresh_token"),
        (CLIENT, "client_credentials"),
    ],
    ids=["exchange", "resource", "client"],
)


@pytest.fixture
def tokens(one: Worker) -> RouteTokens:
    """What hands out tokens for routes."""
    return RouteTokens(one.access, one.further, one.client)


def grants(party: HostileProvider) -> list[str]:
    """Return the grants that the provider was asked for."""
    return [request.arguments["grant_type"] for request in party.requests if request.path == TOKEN_PATH]


class TestAtHand:
    """What nobody has to wait for."""

    async def test_own_token(self, tokens: RouteTokens, session: Session) -> None:
        """The session's access token, as long as it lives."""
        assert tokens.get_nowait(session, TokenDemand()) == session.tokens.access_token

    async def test_own_token_that_has_ended(self, tokens: RouteTokens, session: Session, clock: ManualClock) -> None:
        """One that is dead on arrival is none."""
        await clock.advance(300)

        assert tokens.get_nowait(session, TokenDemand()) is None

    @pytest.mark.parametrize("demand", [EXCHANGE, RESOURCE, CLIENT])
    async def test_other_tokens(self, tokens: RouteTokens, session: Session, demand: TokenDemand) -> None:
        """The session's token never stands in for another one that was demanded."""
        assert tokens.get_nowait(session, demand) is None


class TestGet:
    """What may have to be asked for."""

    async def test_own_token(self, tokens: RouteTokens, party: HostileProvider, session: Session) -> None:
        """It is the session's, and the provider is not asked."""
        assert await tokens.get(session, TokenDemand()) == session.tokens.access_token
        assert grants(party) == []

    @DEMANDS
    async def test_each_demand_by_its_grant(
        self, tokens: RouteTokens, party: HostileProvider, session: Session, demand: TokenDemand, grant: str
    ) -> None:
        """Another token than the session's, by the grant that fits; a second request finds the same."""
        token = await tokens.get(session, demand)

        assert token != session.tokens.access_token
        assert await tokens.get(session, demand) == token
        assert grants(party) == [grant]

    async def test_each_demand_has_its_own(self, tokens: RouteTokens, session: Session) -> None:
        """No demand is answered with the token of another."""
        assert len({await tokens.get(session, demand) for demand in (TokenDemand(), EXCHANGE, RESOURCE, CLIENT)}) == 4

    @DEMANDS
    async def test_refused(
        self, tokens: RouteTokens, party: HostileProvider, session: Session, demand: TokenDemand, grant: str
    ) -> None:
        """A token that cannot be had fails the request: there is no second choice."""
        party.answers[TOKEN_PATH] = CannedAnswer(400, b'{"error": "invalid_target"}', {"Content-Type": "application/json"})
        with pytest.raises(TokenNotIssued, match="invalid_target"):
            await tokens.get(session, demand)

        assert set(grants(party)) == {grant}


class TestRenew:
    """What replaces a token that an API has rejected."""

    async def test_own_token(self, tokens: RouteTokens, party: HostileProvider, session: Session) -> None:
        """The session is refreshed."""
        renewed = await tokens.renew(session, TokenDemand(), session.tokens.access_token)

        assert renewed != session.tokens.access_token
        assert (await tokens.renew(session, TokenDemand(), session.tokens.access_token)) == renewed
        assert grants(party) == ["refresh_token"]

    @DEMANDS
    async def test_each_demand_by_its_grant(
        self, tokens: RouteTokens, party: HostileProvider, session: Session, demand: TokenDemand, grant: str
    ) -> None:
        """Only what was rejected is replaced, once, however many requests it was rejected for."""
        rejected = await tokens.get(session, demand)
        renewed = await tokens.renew(session, demand, rejected)

        assert renewed not in (rejected, session.tokens.access_token)
        assert await tokens.renew(session, demand, rejected) == renewed
        assert grants(party) == [grant, grant]


class TestNewer:
    """What has been renewed already."""

    @pytest.mark.parametrize(
        "demand", [TokenDemand(), EXCHANGE, RESOURCE, CLIENT], ids=["user", "exchange", "resource", "client"]
    )
    async def test_never_asks_the_provider(
        self, tokens: RouteTokens, party: HostileProvider, session: Session, demand: TokenDemand
    ) -> None:
        """The token that another request has got, or none."""
        rejected = await tokens.get(session, demand)
        assert await tokens.newer(session, demand, rejected) is None
        renewed = await tokens.renew(session, demand, rejected)
        asked = len(grants(party))

        assert await tokens.newer(session, demand, rejected) == renewed
        assert len(grants(party)) == asked
