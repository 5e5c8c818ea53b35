"""Login attempts by the hash of their state."""

from hub.session.attempts import FinishedAttempt, LoginAttemptStore
from hub.session.model import LoginAttempt
from hub.session.redis_client import Redis
from tests.parties.clock import START
from tests.session.samples import make_attempt


async def test_taken_once(attempts: LoginAttemptStore) -> None:
    """S7: a state works once; afterwards it only tells where its login led."""
    attempt = make_attempt()
    await attempts.put("state", attempt, 600, 10)
    await attempts.finish("state", attempt.return_to, 600)

    assert await attempts.take("state") == attempt
    assert await attempts.take("state") == FinishedAttempt(attempt.return_to)
    assert await attempts.take("other") is None


async def test_oldest_gives_way(attempts: LoginAttemptStore) -> None:
    """One browser has at most so many attempts; another browser's are its own."""
    for number in range(12):
        await attempts.put(f"state-{number}", make_attempt(now=START + number), 600, 10)
    await attempts.put("elsewhere", make_attempt("other"), 600, 10)
    found = [isinstance(await attempts.take(f"state-{number}"), LoginAttempt) for number in range(12)]

    assert found == [False, False] + [True] * 10
    assert isinstance(await attempts.take("elsewhere"), LoginAttempt)


async def test_nothing_is_kept_for_good(attempts: LoginAttemptStore, redis_client: Redis) -> None:
    """Each key that a login leaves in Redis ends by itself; the list of a browser's attempts with the last of them."""
    await attempts.put("first", make_attempt(), 100, 10)
    await attempts.put("second", make_attempt(), 600, 10)
    await attempts.finish("second", "/", 300)
    await attempts.may_restart("browser", 60)
    left = {key.decode().rpartition(":")[0]: await redis_client.pttl(key) for key in await redis_client.keys("*second")}
    left |= {name: await redis_client.pttl(f"{name}:browser") for name in ("hub:browser", "hub:restart")}

    assert {name: round(milliseconds / 10_000) * 10 for name, milliseconds in left.items()} == {
        "hub:attempt": 600,
        "hub:attempt-done": 300,
        "hub:browser": 600,
        "hub:restart": 60,
    }


async def test_restart_once(attempts: LoginAttemptStore) -> None:
    """A failed login begins anew by itself once, per browser."""
    answers = [await attempts.may_restart("a", 60), await attempts.may_restart("a", 60), await attempts.may_restart("b", 60)]

    assert answers == [True, False, True]
