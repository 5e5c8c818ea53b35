"""The lease: one holder over all processes, renewed while held, free when its holder is gone, each with a larger number."""

import pytest

from hub.errors import Conflict
from hub.session.model import Session
from hub.session.redis_client import Redis
from hub.session.refresh_lock import LEASE_SECONDS, RefreshLock
from hub.session.store import SessionStore, session_name
from tests.parties.clock import ManualClock
from tests.session.samples import make_session
from tests.waiting import hang_timeout


@pytest.fixture
async def session(store: SessionStore) -> Session:
    """A stored session."""
    session = make_session()
    await store.create(session)
    return session


async def run_out(redis: Redis, key: str) -> None:
    """Let the lease run out, as it does when its holder is frozen or dead."""
    await redis.hset(session_name(key), "lease_until", "0")  # type: ignore[misc]


async def test_one_holder(redis_client: Redis, store: SessionStore, session: Session, clock: ManualClock) -> None:
    """While one holds the lease, nobody else gets it; afterwards it is free. Other sessions are not concerned."""
    lock, other, neighbour = RefreshLock(redis_client, clock), RefreshLock(redis_client, clock), make_session()
    await store.create(neighbour)
    async with lock.hold(session.key) as first, other.hold(session.key) as second, other.hold(neighbour.key) as elsewhere:
        assert (first is None, second is None, elsewhere is None) == (False, True, False)
    async with other.hold(session.key) as third:
        assert third is not None


async def test_renewed_while_held(redis_client: Redis, session: Session, clock: ManualClock) -> None:
    """A slow provider does not cost the lease: it is renewed every third of its time."""
    lock, name = RefreshLock(redis_client, clock), session_name(session.key)
    async with lock.hold(session.key) as lease:
        assert lease is not None
        await run_out(redis_client, session.key)
        began = clock.monotonic()
        await clock.advance(LEASE_SECONDS / 3)
        async with hang_timeout():
            while await redis_client.hget(name, "lease_until") == b"0":  # type: ignore[misc]
                await clock.advance(0)
        while lease.until <= began + LEASE_SECONDS:
            await clock.advance(0)

        assert lock.is_held(lease)


async def test_frozen_holder_knows(redis_client: Redis, session: Session, clock: ManualClock) -> None:
    """A holder that wakes up after longer than a lease does not rely on it."""
    lock = RefreshLock(redis_client, clock)
    async with lock.hold(session.key) as lease:
        assert lease is not None
        lease.until = clock.monotonic()

        assert not lock.is_held(lease)


async def test_released_lease_of_another_stays(redis_client: Redis, session: Session, clock: ManualClock) -> None:
    """A holder whose lease ran out does not release that of its successor."""
    lock, other = RefreshLock(redis_client, clock), RefreshLock(redis_client, clock)
    async with lock.hold(session.key):
        await run_out(redis_client, session.key)
        successor = other.hold(session.key)
        assert await successor.__aenter__() is not None

    async with lock.hold(session.key) as third:
        assert third is None
    await successor.__aexit__(None, None, None)


async def test_fence(redis_client: Redis, store: SessionStore, session: Session, clock: ManualClock) -> None:
    """Each lease has a larger number, and a holder of an earlier one can no longer write."""
    lock, other = RefreshLock(redis_client, clock), RefreshLock(redis_client, clock)
    async with lock.hold(session.key) as first:
        await run_out(redis_client, session.key)
        async with other.hold(session.key) as second:
            assert first is not None
            assert second is not None
            assert second.fence > first.fence
            with pytest.raises(Conflict):
                await store.replace_if_unchanged(session, first.fence)

            assert (await store.replace_if_unchanged(session, second.fence)).version == 2


async def test_lease_of_an_ended_session(redis_client: Redis, store: SessionStore, session: Session, clock: ManualClock) -> None:
    """Nothing can be written with the lease of a session that has ended, and none is left behind."""
    await store.end(session.key, "logout")
    async with RefreshLock(redis_client, clock).hold(session.key) as lease:
        assert lease is not None
        with pytest.raises(Conflict):
            await store.replace_if_unchanged(session, lease.fence)

    assert not await redis_client.hexists(session_name(session.key), "lease_owner")  # type: ignore[misc]


@pytest.mark.parametrize("field", ["lease_until", "fence"])
@pytest.mark.parametrize("value", ["garbage", "", "inf", "nan", "-1", "1e300", "9223372036854775807"])
async def test_fields_that_no_hub_writes(
    redis_client: Redis, store: SessionStore, session: Session, clock: ManualClock, field: str, value: str
) -> None:
    """Whatever another program writes there, the next refresh takes the lease and can store its tokens."""
    await redis_client.hset(session_name(session.key), field, value)  # type: ignore[misc]
    async with RefreshLock(redis_client, clock).hold(session.key) as lease:
        assert lease is not None

        assert (await store.replace_if_unchanged(session, lease.fence)).version == 2


async def test_value_of_another_type(redis_client: Redis, session: Session, clock: ManualClock) -> None:
    """A record that another program has replaced is that of no session, and no outage of Redis."""
    await redis_client.set(session_name(session.key), "x")
    async with RefreshLock(redis_client, clock).hold(session.key) as lease:
        assert lease is not None
        assert lease.fence == 0
