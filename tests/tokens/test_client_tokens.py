"""Tokens of the hub itself (client credentials), with a real provider behind HTTP."""

import asyncio

import pytest

from hub.errors import ProviderUnavailable, TokenNotIssued
from hub.oidc.grants import TokenTarget
from hub.tokens.demand import TokenDemand
from tests.parties.clock import ManualClock
from tests.parties.hostile_provider import CannedAnswer, HostileProvider
from tests.tokens.conftest import TOKEN_PATH, Worker

REPORTS = TokenDemand(kind="client", target=TokenTarget(audience="reports", scopes=("read",)))
LABELS = TokenDemand(kind="client", target=TokenTarget(audience="labels"))


async def test_kept(one: Worker, party: HostileProvider) -> None:
    """However many requests, the provider is asked once, for what the route demands."""
    tokens = await asyncio.gather(*(one.client.get(REPORTS) for _ in range(20)))
    later = await one.client.get(REPORTS)

    assert set(tokens) == {later}
    assert party.calls(TOKEN_PATH) == 1
    asked = next(request for request in party.requests if request.path == TOKEN_PATH).arguments
    assert asked == {"grant_type": "client_credentials", "audience": "reports", "scope": "read"}


async def test_one_for_each_demand(one: Worker, party: HostileProvider) -> None:
    """A token for one audience never goes to another."""
    assert await one.client.get(REPORTS) != await one.client.get(LABELS)
    assert party.calls(TOKEN_PATH) == 2


async def test_due(one: Worker, party: HostileProvider, clock: ManualClock) -> None:
    """One that is about to end is still used, and replaced behind the request's back."""
    first = await one.client.get(REPORTS)
    await clock.advance(285)
    assert await one.client.get(REPORTS) == first
    await one.client.close()

    assert await one.client.get(REPORTS) != first
    assert party.calls(TOKEN_PATH) == 2


async def test_expired(one: Worker, party: HostileProvider, clock: ManualClock) -> None:
    """One that is dead on arrival is never used."""
    first = await one.client.get(REPORTS)
    await clock.advance(299.6)

    assert await one.client.get(REPORTS) != first


async def test_without_end(one: Worker, party: HostileProvider, clock: ManualClock) -> None:
    """A token whose end is not told is kept until a resource server refuses it."""
    party.token_members = {"expires_in": None}
    first = await one.client.get(REPORTS)
    await clock.advance(86400)
    assert await one.client.get(REPORTS) == first

    assert await one.client.renew(REPORTS, first) != first


async def test_rejected(one: Worker, party: HostileProvider) -> None:
    """Many requests whose token was rejected have it replaced once, also if they come later with the old one."""
    first = await one.client.get(REPORTS)
    renewed = await asyncio.gather(*(one.client.renew(REPORTS, first) for _ in range(10)))
    late = await one.client.renew(REPORTS, first)

    assert set(renewed) == {late}
    assert late != first
    assert party.calls(TOKEN_PATH) == 2


@pytest.mark.parametrize("code", ["invalid_scope", "invalid_target"])
async def test_refused(one: Worker, party: HostileProvider, code: str) -> None:
    """What the provider does not grant is named to whoever asks; no other token takes its place."""
    party.answers[TOKEN_PATH] = CannedAnswer(400, f'{{"error": "{code}"}}'.encode(), {"Content-Type": "application/json"})
    with pytest.raises(TokenNotIssued, match=code):
        await one.client.get(REPORTS)


async def test_provider_down(one: Worker, party: HostileProvider, clock: ManualClock) -> None:
    """While the provider is down, a token that lives serves; without one the request fails, typed."""
    first = await one.client.get(REPORTS)
    party.answers[TOKEN_PATH] = CannedAnswer(503)
    await clock.advance(285)
    assert await one.client.get(REPORTS) == first
    await one.client.close()
    await clock.advance(15)
    with pytest.raises(ProviderUnavailable):
        await one.client.get(REPORTS)
