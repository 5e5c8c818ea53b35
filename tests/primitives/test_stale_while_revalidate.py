"""hub.primitives.stale_while_revalidate: fetched once for all, kept, renewed behind the scenes."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hub.errors import ProviderUnavailable
from hub.primitives.stale_while_revalidate import StaleWhileRevalidate
from tests.parties.clock import ManualClock


class Source:
    """Answers with the number of the fetch, or fails; can be held."""

    def __init__(self) -> None:
        self.fetches = 0
        self.failing = False
        self.open = asyncio.Event()
        self.open.set()

    async def fetch(self) -> int:
        self.fetches += 1
        number = self.fetches
        await self.open.wait()
        if self.failing:
            raise ProviderUnavailable(f"fetch {number}")
        return number


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
async def kept(source: Source, clock: ManualClock) -> AsyncIterator[StaleWhileRevalidate[int]]:
    value = StaleWhileRevalidate(source.fetch, clock, fresh_seconds=100.0, retry_seconds=30.0)
    yield value
    await value.close()


class TestGet:
    """The value for everyday use."""

    async def test_single_flight(self, kept: StaleWhileRevalidate[int], source: Source) -> None:
        """All who ask at once share one fetch, and those who ask later the value."""
        values = await asyncio.gather(*(kept.get() for _ in range(10)))

        assert (values, await kept.get(), source.fetches) == ([1] * 10, 1, 1)

    async def test_first_failure(self, kept: StaleWhileRevalidate[int], source: Source) -> None:
        """Without a value the failure is everybody's, and the next one who asks tries again."""
        source.failing = True
        results = await asyncio.gather(kept.get(), kept.get(), return_exceptions=True)
        source.failing = False

        assert [type(result) for result in results] == [ProviderUnavailable] * 2
        assert (kept.has_value, await kept.get(), kept.has_value) == (False, 2, True)

    async def test_impatient(self, kept: StaleWhileRevalidate[int], source: Source) -> None:
        """One who gives up waiting does not end the fetch for the others."""
        source.open.clear()
        impatient, patient = asyncio.create_task(kept.get()), asyncio.create_task(kept.get())
        await asyncio.sleep(0)
        impatient.cancel()
        await asyncio.wait([impatient])
        source.open.set()

        assert (await patient, source.fetches) == (1, 1)

    async def test_stale_while_fetching(self, kept: StaleWhileRevalidate[int], source: Source, clock: ManualClock) -> None:
        """A stale value is served at once; the new one is fetched behind it."""
        await kept.get()
        await clock.advance(100)
        stale = await kept.get()
        await clock.advance(0)

        assert (stale, await kept.get(), source.fetches) == (1, 2, 2)

    async def test_stale_while_failing(self, kept: StaleWhileRevalidate[int], source: Source, clock: ManualClock) -> None:
        """While fetches fail the stale value is served, and asked for anew only every retry time."""
        await kept.get()
        source.failing = True
        await clock.advance(100)
        for _ in range(11):
            await kept.get()
            await clock.advance(5)

        assert (await kept.get(), source.fetches) == (1, 3)  # the first fetch, then one after 100 and 130 s


class TestRenew:
    """The value that somebody needs anew."""

    async def test_throttled(self, kept: StaleWhileRevalidate[int], source: Source, clock: ManualClock) -> None:
        """A renewal so soon after another returns what that one brought."""
        await kept.get()
        values = [await kept.renew(), await kept.renew()]
        await clock.advance(30)

        assert ([*values, await kept.renew()], source.fetches) == ([2, 2, 3], 3)

    async def test_single_flight(self, kept: StaleWhileRevalidate[int], source: Source) -> None:
        """Renewals at once share one fetch."""
        await kept.get()
        values = await asyncio.gather(*(kept.renew() for _ in range(10)))

        assert (values, source.fetches) == ([2] * 10, 2)

    async def test_failure(self, kept: StaleWhileRevalidate[int], source: Source, clock: ManualClock) -> None:
        """A failed renewal is told as such, also to those who come too soon for another; the value is still there."""
        await kept.get()
        source.failing = True
        for _ in range(2):
            with pytest.raises(ProviderUnavailable, match="fetch 2"):
                await kept.renew()
        source.failing = False
        await clock.advance(30)

        assert (await kept.get(), await kept.renew()) == (1, 3)

    async def test_without_value(self, kept: StaleWhileRevalidate[int]) -> None:
        """A renewal of nothing is a first fetch."""
        assert await kept.renew() == 1


async def test_close(source: Source, clock: ManualClock) -> None:
    """Closing ends a fetch that is under way."""
    kept = StaleWhileRevalidate(source.fetch, clock, fresh_seconds=100.0, retry_seconds=30.0)
    source.open.clear()
    waiter = asyncio.create_task(kept.get())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await kept.close()
    await asyncio.wait([waiter])

    assert waiter.cancelled()
