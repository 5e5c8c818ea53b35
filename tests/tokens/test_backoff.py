"""Waiting after failed refreshes."""

import pytest

from hub.errors import HubError, ProviderUnavailable
from hub.tokens.backoff import AT_MOST_SECONDS, RefreshBackoff, RenewalBackoff
from tests.parties.clock import ManualClock


def fail(backoff: RefreshBackoff, retry_after_seconds: float | None = None) -> float:
    """Fail once; return how long to wait."""
    return backoff.failed("key", ProviderUnavailable("down", retry_after_seconds=retry_after_seconds))


async def test_doubles_up_to_a_minute(clock: ManualClock) -> None:
    """Each further failure doubles the wait."""
    backoff = RefreshBackoff(clock, lambda: 0.0)

    assert [fail(backoff) for _ in range(6)] == [5, 10, 20, 40, 60, 60]


@pytest.mark.parametrize(("jitter", "wait"), [(0.0, 5.0), (0.5, 7.5), (1.0, 10.0)])
async def test_jitter(clock: ManualClock, jitter: float, wait: float) -> None:
    """Chance lengthens the wait, up to twice."""
    assert fail(RefreshBackoff(clock, lambda: jitter)) == wait


async def test_many_failures_stay_at_the_cap(clock: ManualClock) -> None:
    """An outage of hours neither overflows the wait nor makes it longer than a minute, before jitter."""
    backoff = RefreshBackoff(clock, lambda: 1.0)

    assert [fail(backoff) for _ in range(2000)][-1] == 120.0


async def test_retry_after(clock: ManualClock) -> None:
    """A time that the provider names is taken as it is (RFC 9110 section 10.2.3)."""
    assert fail(RefreshBackoff(clock, lambda: 1.0), 17.0) == 17.0


async def test_raises_until_it_is_over(clock: ManualClock) -> None:
    """Who asks before the time gets the same error with the seconds that are left; then one may try again."""
    backoff = RefreshBackoff(clock, lambda: 0.0)
    fail(backoff)
    await clock.advance(3)
    with pytest.raises(ProviderUnavailable) as caught:
        backoff.raise_recent("key")
    await clock.advance(2)
    backoff.raise_recent("key")
    backoff.raise_recent("another")

    assert caught.value.retry_after_seconds == pytest.approx(2)


async def test_success_starts_anew(clock: ManualClock) -> None:
    """After a success the first failure counts as the first."""
    backoff = RefreshBackoff(clock, lambda: 0.0)
    fail(backoff)
    fail(backoff)
    backoff.succeeded("key")

    assert fail(backoff) == 5


async def test_old_failures_are_forgotten(clock: ManualClock) -> None:
    """A failure that is over for a minute is dropped, and a younger one is not."""
    backoff = RefreshBackoff(clock, lambda: 0.0)
    fail(backoff)
    await clock.advance(50)
    backoff.forget_old()
    assert fail(backoff) == 10
    await clock.advance(71)
    backoff.forget_old()

    assert fail(backoff) == 5
    with pytest.raises(HubError):
        backoff.raise_recent("key")


def renew(backoff: RenewalBackoff, *, helped: bool, key: str = "key") -> None:
    """Renew a token, which is accepted or refused again."""
    with backoff.renewing(key):
        pass
    backoff.judge(key, helped=helped)


async def test_pause_after_renewals_in_vain(clock: ManualClock) -> None:
    """It doubles up to a minute, for this key alone, and one that helps begins anew."""
    backoff, pauses = RenewalBackoff(clock, lambda: 0.0), []
    for helped in (False, False, False, False, False, True, False):
        renew(backoff, helped=helped)
        assert (backoff.is_paused("key"), backoff.is_in_vain("key"), backoff.is_paused("other")) == (True, not helped, False)
        began = clock.monotonic()
        while backoff.is_paused("key"):
            await clock.advance(1)
        pauses.append(clock.monotonic() - began)

    assert pauses == [5, 10, 20, 40, 60, 60, 5]
    assert not backoff.is_in_vain("key")


async def test_callers_of_one_renewal_count_once(clock: ManualClock) -> None:
    """While a renewal runs, others join it; what they say of its token is one judgement."""
    backoff = RenewalBackoff(clock, lambda: 0.0)
    with backoff.renewing("key"):
        assert not backoff.is_paused("key")
        with backoff.renewing("key"):
            pass
        assert not backoff.is_paused("key")
    for _ in range(10):
        backoff.judge("key", helped=False)
    await clock.advance(5)

    assert not backoff.is_paused("key")


async def test_tokens_of_a_short_life(clock: ManualClock) -> None:
    """A token of two seconds may be refused after one: the pause is over by then, however often that happens."""
    backoff = RenewalBackoff(clock, lambda: 0.0)
    for helped in (True, False, False, False):
        with backoff.renewing("key", 2.0):
            pass
        backoff.judge("key", helped=helped)
        assert backoff.is_paused("key")
        await clock.advance(1.0)
        assert not backoff.is_paused("key")


async def test_a_renewal_that_fails_pauses_too(clock: ManualClock) -> None:
    """Whatever became of it, the next one waits."""
    backoff = RenewalBackoff(clock, lambda: 0.0)
    with pytest.raises(HubError), backoff.renewing("key"):
        raise ProviderUnavailable

    assert (backoff.is_paused("key"), backoff.is_in_vain("key")) == (True, False)
    with pytest.raises(HubError), backoff.renewing("other", pauses_on_failure=False):
        raise ProviderUnavailable
    assert not backoff.is_paused("other")


async def test_renewals_are_forgotten(clock: ManualClock) -> None:
    """The keys of sessions that are gone take no memory."""
    backoff = RenewalBackoff(clock, lambda: 0.0)
    for _ in range(3):
        renew(backoff, helped=False)
        await clock.advance(60)
    await clock.advance(AT_MOST_SECONDS * 2)
    renew(backoff, helped=False, key="other")
    renew(backoff, helped=False)
    await clock.advance(5)

    assert not backoff.is_paused("key")
