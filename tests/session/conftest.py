"""A session store on a real Redis, with a clock that the test moves."""

import secrets
from collections.abc import AsyncIterator

import pytest

from hub.session.attempts import LoginAttempts
from hub.session.codec import RecordCodec
from hub.session.event_feed import EventFeed
from hub.session.keyring import Keyring
from hub.session.model import Lifetimes
from hub.session.redis_client import Redis, connect
from hub.session.revocations import RevocationQueue
from hub.session.sessions import Sessions
from hub.session.store import SessionStore
from hub.telemetry.metrics import Metrics
from tests.parties.clock import ManualClock

LIFETIMES = Lifetimes(idle_seconds=900, absolute_seconds=43200)


@pytest.fixture
async def redis_client(redis_url: str) -> AsyncIterator[Redis]:
    """A client of an empty Redis."""
    client = connect(redis_url, 2.0)
    yield client
    await client.aclose()


@pytest.fixture
def keyring() -> Keyring:
    """A ring with one random key."""
    return Keyring([secrets.token_bytes(32)])


@pytest.fixture
def store(redis_client: Redis, keyring: Keyring, clock: ManualClock) -> SessionStore:
    """A session store."""
    return SessionStore(redis_client, RecordCodec(keyring), LIFETIMES, clock)


@pytest.fixture
def attempts(redis_client: Redis, keyring: Keyring) -> LoginAttempts:
    """Login attempts."""
    return LoginAttempts(redis_client, RecordCodec(keyring))


@pytest.fixture
def feed(redis_client: Redis, keyring: Keyring, clock: ManualClock) -> EventFeed:
    """The feed of session events."""
    return EventFeed(redis_client, keyring, clock, Metrics())


@pytest.fixture
def revocations(redis_client: Redis, keyring: Keyring) -> RevocationQueue:
    """What has to be revoked."""
    return RevocationQueue(redis_client, RecordCodec(keyring))


@pytest.fixture
def sessions(store: SessionStore, feed: EventFeed, revocations: RevocationQueue, clock: ManualClock) -> Sessions:
    """The life of sessions."""
    return Sessions(store, feed, revocations, LIFETIMES, clock, Metrics())
