"""Refreshers of two workers in front of one Redis and one provider that misbehaves on command."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from hub.config.settings import ProviderSettings
from hub.oidc.provider import OpenIDProvider
from hub.oidc.providers import Providers
from hub.primitives.clock import Clock
from hub.primitives.secret import Secret
from hub.session.codec import RecordCodec
from hub.session.event_feed import EventFeed
from hub.session.keyring import Keyring
from hub.session.model import Lifetimes, Session, SessionId, TokenSet
from hub.session.redis_client import connect
from hub.session.refresh_lock import RefreshLock
from hub.session.revocations import RevocationQueue
from hub.session.sessions import Sessions
from hub.session.store import SessionStore
from hub.telemetry.metrics import Metrics
from hub.tokens.access import TokenAccess
from hub.tokens.audience_tokens import AudienceTokens
from hub.tokens.client_tokens import ClientTokens
from hub.tokens.refresh_worker import RefreshWorker
from hub.tokens.refresher import Refresher
from hub.tokens.revocation_worker import RevocationWorker
from hub.tokens.schedule import scheduled
from tests.parties.clock import ManualClock
from tests.parties.hostile_provider import CLIENT_ID, CLIENT_SECRET, SUBJECT, HostileProvider
from tests.session.samples import make_session
from tests.waiting import HANG_SECONDS

LIFETIMES = Lifetimes(idle_seconds=900, absolute_seconds=43200)
TOKEN_PATH = "/token"


@dataclass
class Worker:
    """What one worker process has for refreshing."""

    clock: Clock
    store: SessionStore
    sessions: Sessions
    provider: OpenIDProvider
    refresher: Refresher
    access: TokenAccess
    further: AudienceTokens
    client: ClientTokens
    background: RefreshWorker
    revocations: RevocationQueue
    revoking: RevocationWorker
    metrics: Metrics

    def outcomes(self, outcome: str) -> float:
        """Return how often refreshing ended so."""
        value = self.metrics.refreshes.labels(outcome)._value.get()
        return float(value)

    def revoked(self, outcome: str) -> float:
        """Return how often revoking ended so."""
        return float(self.metrics.revocations.labels(outcome)._value.get())


@asynccontextmanager
async def worker(redis_url: str, issuer: str, keyring: Keyring, clock: Clock) -> AsyncIterator[Worker]:
    """Build one worker's part."""
    client = connect(redis_url, HANG_SECONDS)
    metrics = Metrics()
    codec = RecordCodec(keyring)
    store = SessionStore(client, codec, LIFETIMES, clock)
    events = EventFeed(client, keyring, clock, metrics)
    revocations = RevocationQueue(client, codec)
    sessions = Sessions(store, events, revocations, LIFETIMES, clock, metrics)
    settings = ProviderSettings(
        issuer=issuer, client_id=CLIENT_ID, client_secret=Secret(CLIENT_SECRET), timeout_seconds=HANG_SECONDS
    )
    provider = OpenIDProvider(settings, clock)
    await provider.start()
    lock = RefreshLock(client, clock)
    providers = Providers([provider])
    refresher = Refresher(store, sessions, lock, providers, events, clock, metrics, jitter=lambda: 0.0)
    background = RefreshWorker(store, sessions, refresher, clock)
    access = TokenAccess(refresher, providers, clock)
    further = AudienceTokens(store, sessions, refresher, access, providers, clock)
    client_tokens = ClientTokens(providers, clock)
    revoking = RevocationWorker(revocations, sessions, providers, clock, metrics, jitter=lambda: 0.0)
    try:
        yield Worker(
            clock=clock,
            store=store,
            sessions=sessions,
            provider=provider,
            refresher=refresher,
            access=access,
            further=further,
            client=client_tokens,
            background=background,
            revocations=revocations,
            revoking=revoking,
            metrics=metrics,
        )
    finally:
        await client_tokens.close()
        await further.close()
        await refresher.close()
        await provider.close()
        await client.aclose()


@pytest.fixture
def keyring() -> Keyring:
    """The key that all workers share."""
    return Keyring([secrets.token_bytes(32)])


@pytest.fixture
async def party(clock: ManualClock) -> AsyncIterator[HostileProvider]:
    """The provider."""
    async with HostileProvider.start() as party:
        party.now = clock.now
        yield party


@pytest.fixture
async def one(redis_url: str, party: HostileProvider, keyring: Keyring, clock: ManualClock) -> AsyncIterator[Worker]:
    """A worker."""
    async with worker(redis_url, party.issuer, keyring, clock) as built:
        yield built


@pytest.fixture
async def other(redis_url: str, party: HostileProvider, keyring: Keyring, clock: ManualClock) -> AsyncIterator[Worker]:
    """Another worker on the same Redis."""
    async with worker(redis_url, party.issuer, keyring, clock) as built:
        yield built


@pytest.fixture
async def session(one: Worker, party: HostileProvider, clock: ManualClock) -> Session:
    """A session with tokens of the provider that live for 300 s; its refresh is due after 270 s."""
    response, now = party.grant(), clock.now()
    tokens = TokenSet(
        access_token=Secret(response["access_token"]),
        obtained_at=now,
        expires_at=now + 300,
        refresh_token=Secret(response["refresh_token"]),
        id_token=Secret(response["id_token"]),
    )
    session = make_session(SessionId.generate(), now=now, tokens=scheduled(tokens, 0.0), subject=SUBJECT)
    session = replace_issuer(session, party.issuer)
    await one.sessions.start(session)
    return session


def replace_issuer(session: Session, issuer: str) -> Session:
    """Return the session as one of another provider."""
    return replace(session, issuer=issuer)
