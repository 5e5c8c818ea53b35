"""Login attempts by the hash of their state."""

from hub.session.attempts import FinishedAttempt, LoginAttempts
from hub.session.model import LoginAttempt
from tests.parties.clock import START
from tests.session.samples import make_attempt


async def test_taken_once(attempts: LoginAttempts) -> None:
    """S7: a state works once; afterwards it only tells where its login led."""
    attempt = make_attempt()
    await attempts.put("state", attempt, 600, 10)
    await attempts.finish("state", attempt.return_to, 600)

    assert await attempts.take("state") == attempt
    assert await attempts.take("state") == FinishedAttempt(attempt.return_to)
    assert await attempts.take("other") is None


async def test_oldest_gives_way(attempts: LoginAttempts) -> None:
    """One browser has at most so many attempts; another browser's are its own."""
    for number in range(12):
        await attempts.put(f"state-{number}", make_attempt(now=START + number), 600, 10)
    await attempts.put("elsewhere", make_attempt("other"), 600, 10)
    found = [isinstance(await attempts.take(f"state-{number}"), LoginAttempt) for number in range(12)]

    assert found == [False, False] + [True] * 10
    assert isinstance(await attempts.take("elsewhere"), LoginAttempt)


async def test_restart_once(attempts: LoginAttempts) -> None:
    """A failed login begins anew by itself once, per browser."""
    answers = [await attempts.may_restart("a", 60), await attempts.may_restart("a", 60), await attempts.may_restart("b", 60)]

    assert answers == [True, False, True]
