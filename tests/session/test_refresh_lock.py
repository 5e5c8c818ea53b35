"""The lease: one holder over all processes, renewed while held, free when its holder is gone."""

from hub.session.redis_client import Redis
from hub.session.refresh_lock import LEASE_SECONDS, RefreshLock
from tests.parties.clock import ManualClock


async def test_one_holder(redis_client: Redis, clock: ManualClock) -> None:
    """While one holds the lease, nobody else gets it; afterwards it is free. Other sessions are not concerned."""
    lock, other = RefreshLock(redis_client, clock), RefreshLock(redis_client, clock)
    async with lock.hold("a") as first, other.hold("a") as second, other.hold("b") as elsewhere:
        assert (first, second, elsewhere) == (True, False, True)
    async with other.hold("a") as third:
        assert third


async def test_renewed_while_held(redis_client: Redis, clock: ManualClock) -> None:
    """A slow provider does not cost the lease: it is renewed every third of its time."""
    async with RefreshLock(redis_client, clock).hold("a"):
        await redis_client.pexpire("hub:lock:a", 1000)
        await clock.advance(LEASE_SECONDS / 3)
        while (await redis_client.pttl("hub:lock:a")) <= 1000:
            await clock.advance(0)

        assert await redis_client.pttl("hub:lock:a") > 1000


async def test_released_lease_of_another_stays(redis_client: Redis, clock: ManualClock) -> None:
    """A holder whose lease ran out does not release that of its successor."""
    async with RefreshLock(redis_client, clock).hold("a"):
        await redis_client.set("hub:lock:a", "successor")

    assert await redis_client.get("hub:lock:a") == b"successor"
