"""The doors to Redis on a Redis of several servers: behind sentinels, and as a cluster. Every script touches one key."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from hub.errors import HubError, StoreUnavailable
from hub.primitives.clock import SystemClock
from hub.primitives.tasks import end_tasks
from hub.session.attempts import LoginAttempts
from hub.session.codec import RecordCodec
from hub.session.event_feed import EventFeed
from hub.session.events import SessionEvent, SessionHasEnded, SessionWasRefreshed
from hub.session.failure_limit import FailureLimit, FailureLimiter
from hub.session.keyring import Keyring
from hub.session.last_channel import LastChannelStore
from hub.session.logout_tokens import LogoutTokenStore
from hub.session.model import Lifetimes, Session, SessionId, Tombstone
from hub.session.redis_client import Redis, connect
from hub.session.refresh_lock import RefreshLock
from hub.session.revocations import RevocationQueue
from hub.session.sessions import Sessions
from hub.session.store import SessionStore
from hub.telemetry.metrics import Metrics
from tests.parties.redis_group import RedisCluster, RedisGroup, RedisSentinels
from tests.session.samples import make_session
from tests.waiting import HANG_SECONDS, hang_timeout

pytestmark = pytest.mark.timing_sensitive

MANY = 40  # so that some of them are on every node


@dataclass
class Hub:
    """What one worker has at this Redis."""

    group: RedisGroup
    redis: Redis
    keyring: Keyring
    codec: RecordCodec
    store: SessionStore
    feed: EventFeed
    sessions: Sessions
    clock: SystemClock

    async def log_in(self) -> Session:
        """Start a session."""
        session = make_session(SessionId.generate(), now=self.clock.now())
        await self.sessions.start(session)
        return session


@pytest.fixture(params=[RedisSentinels, RedisCluster], ids=["sentinel", "cluster"])
async def hub(request: pytest.FixtureRequest) -> AsyncIterator[Hub]:
    """A worker's doors to a Redis of several servers."""
    with request.param.start() as group:
        redis, clock = connect(group.url, 1.0), SystemClock()
        keyring = Keyring([secrets.token_bytes(32)])
        codec = RecordCodec(keyring)
        lifetimes = Lifetimes(900, 43200)
        store, feed = SessionStore(redis, codec, lifetimes, clock), EventFeed(redis, keyring, clock, Metrics())
        sessions = Sessions(store, feed, RevocationQueue(redis, codec), lifetimes, clock, Metrics())
        yield Hub(group, redis, keyring, codec, store, feed, sessions, clock)
        await redis.aclose()


async def test_all_doors(hub: Hub) -> None:
    """Whatever the hub does with Redis, it does here as well."""
    await hub.store.ping()
    sessions = [await hub.log_in() for _ in range(MANY)]
    first, second, third, *_ = sessions

    assert {session.key for session in await hub.sessions.of_user(first.issuer, first.subject)} == {it.key for it in sessions}
    assert {session.key async for session in hub.sessions.all()} == {session.key for session in sessions}
    assert len(await hub.store.claim_due(hub.clock.now() + 3600, 100)) == MANY
    written = await hub.store.replace_if_unchanged(first)
    assert (await hub.sessions.by_key(first.key)).version == written.version == 2
    assert await hub.store.touch(first, hub.clock.now() + 1)
    assert await hub.store.put_token(first.key, "lab", first.tokens)
    assert await hub.store.load_token(first.key, "lab") == first.tokens
    assert await hub.store.move(second.key, third.key, 10) is not None
    assert (await hub.sessions.by_key(second.key)).key == third.key
    assert await hub.sessions.end(first.key, "logout") is not None
    assert isinstance(await hub.store.load(first.key), Tombstone)

    lock = RefreshLock(hub.redis, hub.clock)
    async with lock.hold(third.key) as lease, lock.hold(third.key) as other:
        assert (lease is not None and lock.is_held(lease), other) == (True, None)

    attempts = LoginAttempts(hub.redis, hub.codec)
    assert [await attempts.use(state, 60) for state in ("a", "b", "a")] == [True, True, False]

    seen = LogoutTokenStore(hub.redis)
    assert [await seen.is_new("issuer", "token", 60) for _ in range(2)] == [True, False]
    channels = LastChannelStore(hub.redis)
    await channels.push([session.key for session in sessions], hub.clock.now() - 1)
    assert len(await channels.claim(hub.clock.now(), 100)) == MANY
    limiter, limit = FailureLimiter(hub.redis, hub.clock), FailureLimit("user", 1, 60.0, 60.0, 60.0)
    await limiter.take(limit, "alice")
    with pytest.raises(HubError):
        await limiter.take(limit, "alice")
    revocations = RevocationQueue(hub.redis, hub.codec)
    assert [item.key for item in await revocations.claim(hub.clock.now() + 3600, 10)] == [first.key]
    await revocations.forget(first.key)


async def test_events(hub: Hub) -> None:
    """What one worker tells reaches all, whichever server each has subscribed at."""
    heard: asyncio.Queue[SessionEvent] = asyncio.Queue()
    tasks, clients = list[asyncio.Task[None]](), [connect(hub.group.url, 1.0) for _ in range(3)]
    for client in clients:
        listening = asyncio.Event()

        async def on_gap(listening: asyncio.Event = listening) -> None:
            listening.set()

        feed = EventFeed(client, hub.keyring, hub.clock, Metrics())
        tasks.append(asyncio.create_task(feed.run(heard.put, on_gap)))
        await listening.wait()
    session = await hub.log_in()
    await hub.sessions.end(session.key, "logout")
    events = [await heard.get() for _ in range(3)]
    await end_tasks(tasks)
    for client in clients:
        await client.aclose()

    assert [(type(event), event.key) for event in events] == [(SessionHasEnded, session.key)] * 3


@pytest.mark.expects_log
async def test_fail_over(hub: Hub) -> None:
    """A server that dies is replaced by its replica: calls fail typed meanwhile, then everything is there, and events come."""
    sessions = [await hub.log_in() for _ in range(MANY)]
    gaps, heard = asyncio.Queue[None](), asyncio.Queue[SessionEvent]()
    task = asyncio.create_task(hub.feed.run(heard.put, lambda: gaps.put(None)))
    await gaps.get()
    while not _are_copied(hub.group):
        await asyncio.sleep(0)
    died_at = time.monotonic()
    hub.group.nodes[0].kill()

    failures = 0
    for session in sessions:
        while True:
            assert time.monotonic() < died_at + HANG_SECONDS
            try:
                assert (await hub.sessions.by_key(session.key)).subject == session.subject
                break
            except StoreUnavailable:
                failures += 1
                await asyncio.sleep(0.02)  # other processes agree on who comes next, and do not tell us
    seconds = time.monotonic() - died_at
    async with hang_timeout():
        while not await _is_heard(hub.feed, sessions[1].key, heard):  # what is told while nobody listens is not heard
            pass
        ended = await hub.sessions.end(sessions[0].key, "logout")
        while (await heard.get()).key != sessions[0].key:
            pass
    await end_tasks([task])

    print(f"{type(hub.group).__name__}: back after {seconds:.1f} s, {failures} calls failed meanwhile")  # noqa: T201
    assert ended is not None
    assert failures  # the test is one: there was an outage


async def _is_heard(feed: EventFeed, key: str, heard: asyncio.Queue[SessionEvent]) -> bool:
    """Tell whether the feed listens: whether it hears what is told now."""
    try:
        await feed.publish(SessionWasRefreshed(key, None))
        async with asyncio.timeout(0.2):
            return (await heard.get()).key == key
    except (TimeoutError, StoreUnavailable):
        return False


def _are_copied(group: RedisGroup) -> bool:
    """Tell whether the replica has all that its primary has."""
    facts = group.nodes[0].client.info("replication")
    return bool(facts["slave0"]["offset"] >= facts["master_repl_offset"])
