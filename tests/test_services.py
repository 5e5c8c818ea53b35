"""The composition root: started and closed at any moment, and honest about what is missing."""

import asyncio
import secrets
from dataclasses import replace

import pytest

from hub.config.settings import ProviderSettings, Settings
from hub.primitives.clock import Clock, SystemClock
from hub.primitives.secret import Secret
from hub.primitives.task_supervisor import FIRST_WAIT_SECONDS, STEADY_SECONDS
from hub.services import Services
from hub.session.keyring import Keyring
from hub.session.model import SessionId
from hub.tokens.revocation_worker import RevocationWorker
from tests.parties.clock import ManualClock
from tests.parties.hostile_provider import CLIENT_ID, CLIENT_SECRET, HostileProvider
from tests.session.samples import make_session
from tests.waiting import soon

NOWHERE = "http://127.0.0.1:9"


def build(redis_url: str, issuer: str = NOWHERE, clock: Clock | None = None) -> Services:
    """Build the services of a hub."""
    provider = ProviderSettings(issuer=issuer, client_id=CLIENT_ID, client_secret=Secret(CLIENT_SECRET))
    return Services(Settings(provider=provider), Keyring([secrets.token_bytes(32)]), redis_url, clock or SystemClock())


@pytest.mark.expects_log
async def test_closed_at_any_moment(redis_url: str) -> None:
    """However early the hub is stopped, its tasks end: a cancellation that a library loses is asked for again."""
    for turns in range(40):
        services = build(redis_url)
        await services.start()
        for _ in range(turns):
            await asyncio.sleep(0)
        await soon(services.close())

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

    assert troubles["redis"] == "does not respond"
    assert set(troubles) == {"redis", "provider"}


@pytest.mark.expects_log
async def test_a_failed_task_is_named_until_it_runs_again(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub is not ready while a task is being restarted, and counts the restart; it is ready again without anybody's help."""
    clock, failures, work = ManualClock(), [KeyError("a bad record")], RevocationWorker.run

    async def fails_once(worker: RevocationWorker) -> None:
        if failures:
            raise failures.pop()
        await work(worker)

    monkeypatch.setattr(RevocationWorker, "run", fails_once)
    async with HostileProvider.start() as provider:
        services = build(redis_url, provider.issuer, clock)
        await services.start()
        await services.providers.openid("main").metadata()
        await asyncio.sleep(0)
        failing = await services.readiness()
        await clock.advance(FIRST_WAIT_SECONDS * 1.5)
        await clock.advance(STEADY_SECONDS)
        ready = await services.readiness()
        figures = services.metrics.exposition().decode()
        await services.close()

    assert failing == (False, {"hub": "is restarting a background task that failed: revocation"})
    assert ready == (True, {})
    assert 'hub_task_restarts_total{task="revocation"} 1.0' in figures


async def test_sessions_from_cache(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a gap in the feed nothing is answered from memory before everything that may have been missed was looked at."""
    services, session_id, clock = build(redis_url), SessionId.generate(), SystemClock()
    await services.sessions.start(replace(make_session(session_id, now=clock.now()), issuer=NOWHERE))
    known = []

    async def look() -> None:
        await services.sessions.current(session_id)
        known.append(services.sessions.cached(session_id))

    await services.reactions.on_gap()
    await look()
    monkeypatch.setattr(services.registry, "recheck_all", look)
    await services.reactions.on_gap()
    await look()
    services.reactions.on_lost()
    await look()
    await services.redis.aclose()

    assert [session is not None for session in known] == [True, False, True, False]
