"""The limit of failed attempts, on a real Redis with a clock that the test moves."""

import asyncio

import pytest

from hub.errors import StoreUnavailable, TooManyRequests
from hub.session.failure_limit import LONGEST_WAIT_SECONDS, FailureLimit, FailureLimiter, network_of
from hub.session.redis_client import Redis, connect
from tests.parties.clock import ManualClock

USER = FailureLimit.of_user(5)
ADDRESS = FailureLimit.of_address(20)


@pytest.fixture
def limiter(redis_client: Redis, clock: ManualClock) -> FailureLimiter:
    """A limiter on an empty Redis."""
    return FailureLimiter(redis_client, clock)


async def wait_of(limiter: FailureLimiter, limit: FailureLimit, who: str) -> float:
    """Make an attempt; return how long it has to wait, 0 if it may go on."""
    try:
        await limiter.take(limit, who)
    except TooManyRequests as error:
        assert error.retry_after_seconds is not None
        return error.retry_after_seconds
    return 0.0


async def attempts_let_through(limiter: FailureLimiter, limit: FailureLimit, who: str) -> int:
    """Attempt until refused; return how many were let through."""
    count = 0
    while not await wait_of(limiter, limit, who):
        count += 1
    return count


async def test_so_many_are_free(limiter: FailureLimiter) -> None:
    """A user name may fail five times, then it has to wait for a minute; another one is not concerned."""
    assert await attempts_let_through(limiter, USER, "alice") == 5
    assert await wait_of(limiter, USER, "alice") == 60.0
    assert await wait_of(limiter, USER, "bob") == 0.0


async def test_one_by_one(limiter: FailureLimiter, clock: ManualClock) -> None:
    """Five failures within a minute are five, not six, although a little is forgiven between them."""
    for _ in range(5):
        await limiter.take(USER, "alice")
        await clock.advance(10.0)

    assert await wait_of(limiter, USER, "alice") == 50.0


async def test_waits_double(limiter: FailureLimiter, clock: ManualClock) -> None:
    """Each failure after a wait doubles the next one, up to five minutes; what is refused meanwhile changes nothing."""
    await attempts_let_through(limiter, USER, "alice")
    waits = []
    for _ in range(5):
        waits.append(await wait_of(limiter, USER, "alice"))
        assert await wait_of(limiter, USER, "alice") == waits[-1]
        await clock.advance(waits[-1])
        assert await wait_of(limiter, USER, "alice") == 0.0

    assert waits == [60.0, 120.0, 240.0, 300.0, LONGEST_WAIT_SECONDS]


async def test_a_slow_guesser_is_slowed_down_too(limiter: FailureLimiter, clock: ManualClock) -> None:
    """Who stays below five a minute gets no more than a few hundred tries a day for one name."""
    let_through = 0
    for _ in range(24 * 60):
        let_through += await wait_of(limiter, USER, "alice") == 0.0
        await clock.advance(60.0)

    assert let_through < 24 * 60 * 60 / LONGEST_WAIT_SECONDS + 10


async def test_silence_forgives(limiter: FailureLimiter, clock: ManualClock) -> None:
    """After an hour and a little without failures a name is as good as new."""
    await attempts_let_through(limiter, USER, "alice")
    await clock.advance(3600 + LONGEST_WAIT_SECONDS)

    assert await attempts_let_through(limiter, USER, "alice") >= 4


@pytest.mark.parametrize("value", ["inf", "1e300", "9999999999999"])
async def test_wait_that_another_program_wrote(limiter: FailureLimiter, redis_client: Redis, value: str) -> None:
    """Nobody is told to wait for longer than the limit ever makes him wait."""
    await attempts_let_through(limiter, USER, "alice")
    [name] = await redis_client.keys("hub:limit:*")
    await redis_client.hset(name, "free_at", value)  # type: ignore[misc]

    assert await wait_of(limiter, USER, "alice") == LONGEST_WAIT_SECONDS


async def test_clock_that_is_set_back(limiter: FailureLimiter, clock: ManualClock) -> None:
    """It takes nothing away from what is free: time that runs backwards is no time."""
    for _ in range(2):
        await limiter.take(USER, "alice")
    clock.set_back(3600.0)

    assert await attempts_let_through(limiter, USER, "alice") == 3


async def test_success_forgives(limiter: FailureLimiter) -> None:
    """The right password forgets all wrong ones."""
    for _ in range(4):
        await limiter.take(USER, "alice")
    await limiter.forget(USER, "alice")

    assert await attempts_let_through(limiter, USER, "alice") == 5


async def test_many_people_at_one_address(limiter: FailureLimiter) -> None:
    """Logins that succeed count for nothing at their address: a hundred people behind one proxy get in."""
    for _ in range(100):
        await limiter.take(ADDRESS, "10.0.0.1")
        await limiter.give_back(ADDRESS, "10.0.0.1")


async def test_a_success_does_not_wash_an_address_clean(limiter: FailureLimiter) -> None:
    """A guesser who has an account of his own wins nothing by logging in between his guesses."""
    for _ in range(10):
        await limiter.take(ADDRESS, "10.0.0.1")
        await limiter.take(ADDRESS, "10.0.0.1")
        await limiter.give_back(ADDRESS, "10.0.0.1")

    assert await attempts_let_through(limiter, ADDRESS, "10.0.0.1") == 10


async def test_rate_of_an_address(limiter: FailureLimiter, clock: ManualClock) -> None:
    """An address may fail twenty times, then once in three seconds."""
    assert await attempts_let_through(limiter, ADDRESS, "10.0.0.1") == 20
    assert await wait_of(limiter, ADDRESS, "10.0.0.1") == 3.0
    await clock.advance(3.0)
    assert await attempts_let_through(limiter, ADDRESS, "10.0.0.1") == 1


async def test_all_at_once(redis_client: Redis, clock: ManualClock) -> None:
    """A hundred attempts at the same instant, over two workers: five are let through, as if they came one by one."""
    workers = [FailureLimiter(redis_client, clock), FailureLimiter(redis_client, clock)]
    waits = await asyncio.gather(*(wait_of(workers[number % 2], USER, "alice") for number in range(100)))

    assert waits.count(0.0) == 5


async def test_fails_closed(clock: ManualClock) -> None:
    """Without Redis nobody may try: the limit is no longer kept, so it counts as reached."""
    client = connect("unix:///nonexistent/redis.sock", 0.5)
    limiter = FailureLimiter(client, clock)
    with pytest.raises(StoreUnavailable):
        await limiter.take(USER, "alice")
    await client.aclose()


async def test_no_name_in_redis(redis_client: Redis, limiter: FailureLimiter) -> None:
    """Neither name nor address stands in Redis, and what stands there ends by itself."""
    await limiter.take(USER, "alice")
    (key,) = await redis_client.keys("*")

    assert b"alice" not in key
    assert 0 < await redis_client.ttl(key) <= 3600 + LONGEST_WAIT_SECONDS


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
    ],
)
def test_network(address: str, network: str) -> None:
    """An IPv6 host has a whole /64 to pick addresses from, so it is counted as one."""
    assert network_of(address) == network
