"""The composition root: started and closed at any moment, and honest about what is missing."""

import asyncio
import secrets

import pytest

from hub.clock import SystemClock
from hub.secret import Secret
from hub.services import Services
from hub.session.keyring import Keyring
from hub.settings import ProviderSettings, Settings
from tests.parties.hostile_provider import CLIENT_ID, CLIENT_SECRET, HostileProvider

NOWHERE = "http://127.0.0.1:9"


def build(redis_url: str, issuer: str = NOWHERE) -> Services:
    """Build the services of a hub."""
    provider = ProviderSettings(issuer=issuer, client_id=CLIENT_ID, client_secret=Secret(CLIENT_SECRET))
    return Services(Settings(provider=provider), Keyring([secrets.token_bytes(32)]), redis_url, SystemClock())


@pytest.mark.expects_log
async def test_closed_at_any_moment(redis_url: str) -> None:
    """However early the hub is stopped, its tasks end: a cancellation that a library loses is asked for again."""
    for turns in range(40):
        services = build(redis_url)
        await services.start()
        for _ in range(turns):
            await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await services.close()

    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_ready(redis_url: str) -> None:
    """With Redis and provider there, nothing is missing; while it is being stopped, it says so."""
    async with HostileProvider.start() as provider:
        services = build(redis_url, provider.issuer)
        await services.start()
        await provider.answered("/.well-known/openid-configuration", 1)
        await services.providers.openid("main").metadata()
        assert await services.readiness() == (True, {})
        services.draining = True
        assert await services.readiness() == (False, {"hub": "is being stopped"})
        await services.close()


@pytest.mark.expects_log
async def test_not_ready() -> None:
    """Neither Redis nor provider has to be up at the start; each is named until it is."""
    services = build("redis://127.0.0.1:9")
    await services.start()
    is_ready, troubles = await services.readiness()
    assert not is_ready
    await services.close()

    assert troubles["redis"] == "does not answer"
    assert set(troubles) == {"redis", "provider"}
