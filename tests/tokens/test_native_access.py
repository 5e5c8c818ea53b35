"""Access tokens of IRIS's native JWT mode, where a refresh kills the old one at once: calls wait for it, on every worker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from hub.config.settings import ProviderSettings
from hub.errors import ProviderUnavailable, SessionEnded
from hub.iris.native_jwt import NativeJwt
from hub.oidc.providers import Providers
from hub.primitives.secret import Secret
from hub.session.codec import RecordCodec
from hub.session.event_feed import EventFeed
from hub.session.keyring import Keyring
from hub.session.model import Session, SessionId, TokenSet
from hub.session.redis_client import connect
from hub.session.refresh_lock import RefreshLock
from hub.session.revocations import RevocationQueue
from hub.session.sessions import Sessions
from hub.session.store import SessionStore
from hub.telemetry.metrics import Metrics
from hub.tokens.access import TokenAccess
from hub.tokens.refresher import Refresher
from hub.tokens.schedule import scheduled
from iris_standin import Standin
from tests.parties.clock import ManualClock
from tests.session.samples import make_session
from tests.tokens.conftest import LIFETIMES, replace_issuer


@dataclass
class NativeWorker:
    """What one worker process has for refreshing."""

    sessions: Sessions
    provider: NativeJwt
    refresher: Refresher
    access: TokenAccess


@asynccontextmanager
async def native_worker(redis_url: str, issuer: str, keyring: Keyring, clock: ManualClock) -> AsyncIterator[NativeWorker]:
    """Build one worker's part."""
    client, metrics = connect(redis_url, 2.0), Metrics()
    store = SessionStore(client, RecordCodec(keyring), LIFETIMES, clock)
    events = EventFeed(client, keyring, clock, metrics)
    sessions = Sessions(store, events, RevocationQueue(client, RecordCodec(keyring)), LIFETIMES, clock, metrics)
    provider = NativeJwt(ProviderSettings(kind="iris_native", issuer=issuer), clock)
    providers = Providers([provider])
    await providers.start()
    while provider.status() is not None:  # its first question is under way, which is one to /refresh
        await clock.advance(0)
    lock = RefreshLock(client, clock)
    refresher = Refresher(store, sessions, lock, providers, events, clock, metrics, jitter=lambda: 0.0)
    try:
        yield NativeWorker(sessions, provider, refresher, TokenAccess(refresher, providers, clock))
    finally:
        await refresher.close()
        await providers.close()
        await client.aclose()


@pytest.fixture
async def standin(clock: ManualClock) -> AsyncIterator[Standin]:
    """IRIS, on the test's clock."""
    standin = Standin(now=clock.now)
    await standin.start()
    yield standin
    await standin.stop()


@pytest.fixture
async def one(redis_url: str, standin: Standin, keyring: Keyring, clock: ManualClock) -> AsyncIterator[NativeWorker]:
    """A worker."""
    async with native_worker(redis_url, standin.native_url, keyring, clock) as built:
        yield built


@pytest.fixture
async def other(redis_url: str, standin: Standin, keyring: Keyring, clock: ManualClock) -> AsyncIterator[NativeWorker]:
    """Another worker on the same Redis."""
    async with native_worker(redis_url, standin.native_url, keyring, clock) as built:
        yield built


@pytest.fixture
async def session(one: NativeWorker, standin: Standin, clock: ManualClock) -> Session:
    """A session of alice; its token lives for 60 s and is due after 48."""
    response = await one.provider.login("alice", Secret("alice-demo"))
    tokens = scheduled(TokenSet.from_response(response, clock.now()), 0.0)
    session = make_session(SessionId.generate(), now=clock.now(), tokens=tokens, subject="alice")
    session = replace_issuer(session, standin.native_url)
    await one.sessions.start(session)
    return session


def refreshes(standin: Standin) -> list[str]:
    """Return how the refreshes ended, without the workers' first questions, which are refused."""
    entries = [entry for entry in standin.journal.entries("native") if entry.grant_type == "refresh"]
    return [entry.outcome for entry in entries if entry.outcome != "refused"]


async def test_not_due(one: NativeWorker, standin: Standin, session: Session, clock: ManualClock) -> None:
    """A token that is not due is handed out as it is."""
    await clock.advance(47)

    assert await one.access.get(session) == session.tokens.access_token
    assert refreshes(standin) == []


async def test_valid_until_it_is_due(one: NativeWorker, standin: Standin, session: Session, clock: ManualClock) -> None:
    """A token that a refresh is about to invalidate is not returned; the request waits for the refresh."""
    await clock.advance(47)
    assert one.access.get_nowait(session) == session.tokens.access_token
    await clock.advance(2)

    assert one.access.get_nowait(session) is None
    assert refreshes(standin) == []


async def test_calls_wait_on_every_worker(
    one: NativeWorker, other: NativeWorker, standin: Standin, session: Session, clock: ManualClock
) -> None:
    """A due token is never handed out again: twenty calls on two workers get the next one, of one refresh."""
    await clock.advance(49)
    calls = [asyncio.create_task(worker.access.get(session)) for worker in (one, other) for _ in range(10)]
    everything = asyncio.ensure_future(asyncio.gather(*calls))
    await clock.advance_until(everything)
    tokens = set(everything.result())
    stored = (await one.sessions.by_key(session.key)).tokens

    assert tokens == {stored.access_token}
    assert stored.access_token != session.tokens.access_token
    assert refreshes(standin) == ["issued"]


async def test_waits_for_a_running_refresh(one: NativeWorker, standin: Standin, session: Session) -> None:
    """A refresh that began before its time, after a 401, is waited for too: the token in hand is dying."""
    renewal = asyncio.create_task(one.access.renew(session, session.tokens.access_token))
    await asyncio.sleep(0)  # the renewal has begun now
    token = await one.access.get(session)

    assert token == await renewal
    assert token != session.tokens.access_token
    assert refreshes(standin) == ["issued"]


@pytest.mark.expects_log
async def test_iris_fails(one: NativeWorker, standin: Standin, session: Session, clock: ManualClock) -> None:
    """Rule 3: while IRIS cannot refresh, the token serves for as long as it lives, then calls fail as temporary."""
    await clock.advance(49)
    standin.change(native_500_once=True)
    for _ in range(3):
        assert await one.access.get(session) == session.tokens.access_token
    assert refreshes(standin) == ["unavailable"]  # nobody asks again so soon
    await clock.advance(11)
    standin.change(native_500_once=True)
    with pytest.raises(ProviderUnavailable):
        await one.access.get(session)


async def test_refused(one: NativeWorker, standin: Standin, session: Session, clock: ManualClock) -> None:
    """When IRIS has ended the login, the session ends; a token that seems to live is no excuse."""
    standin.end_sessions("alice")
    await clock.advance(49)
    with pytest.raises(SessionEnded):
        await one.access.get(session)


@pytest.mark.expects_log
async def test_another_user(one: NativeWorker, standin: Standin, session: Session, clock: ManualClock) -> None:
    """Rule 6: a refresh that brings another user's tokens ends the session; they are neither stored nor handed out."""
    bobs = await one.provider.login("bob", Secret("bob-demo"))
    assert bobs.refresh_token is not None
    mixed = TokenSet(access_token=session.tokens.access_token, obtained_at=clock.now(), refresh_token=bobs.refresh_token)
    mixed_session = replace_issuer(make_session(SessionId.generate(), tokens=mixed, subject="alice"), standin.native_url)
    await one.sessions.start(mixed_session)
    with pytest.raises(SessionEnded) as caught:
        await one.access.renew(mixed_session, mixed.access_token)

    assert caught.value.extensions["reason"] == "identity"
