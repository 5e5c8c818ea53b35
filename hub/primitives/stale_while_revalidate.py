"""A cached value that is refreshed in the background: stale-while-revalidate, with single-flight fetches."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from hub.primitives.clock import Clock
from hub.primitives.failure import ExpectedFailure
from hub.primitives.single_flight import SingleFlight

T = TypeVar("T")


class StaleWhileRevalidate(Generic[T]):
    """Caches the result of `fetch`.

    A value older than `fresh_seconds` is still returned while a new one is fetched in the background, and also if that fails.
    So an outage of the provider is not an outage of the hub.
    """

    def __init__(self, fetch: Callable[[], Awaitable[T]], clock: Clock, *, fresh_seconds: float, retry_seconds: float) -> None:
        """Parameters:
        fresh_seconds: Age from which on a value is stale.
        retry_seconds: Shortest time between two fetches because of `renew` or of a stale value.
        """
        self._fetch = fetch
        self._clock = clock
        self._fresh_seconds = fresh_seconds
        self._retry_seconds = retry_seconds
        self._value: T | None = None
        self._fetched_at = 0.0
        self._retry_at = 0.0
        self._failure: ExpectedFailure | None = None
        self._fetching: SingleFlight[None, T] = SingleFlight("renewal")

    @property
    def has_value(self) -> bool:
        """Whether a value is cached."""
        return self._value is not None

    async def get(self) -> T:
        """Return the cached value; fetch it first if there is none.

        Raises:
            ExpectedFailure: `fetch` failed, and no value is cached.
        """
        if self._value is None:
            return await self._shared_fetch()
        if self._clock.monotonic() >= self._fetched_at + self._fresh_seconds:
            self._fetch_unless_throttled()
        return self._value

    async def renew(self) -> T:
        """Return the value after a new fetch; the cached value if the last fetch was less than `retry_seconds` ago.

        Raises:
            ExpectedFailure: This fetch failed, or the last one did less than `retry_seconds` ago.
        """
        if self._value is None or self._fetch_unless_throttled() is not None:
            return await self._shared_fetch()
        if self._failure is not None:
            raise self._failure
        return self._value

    async def close(self) -> None:
        """Cancel a running fetch; return when it has ended."""
        await self._fetching.cancel()

    def _fetch_unless_throttled(self) -> asyncio.Task[T] | None:
        """Start a fetch or return the running one; None if the last one was less than `retry_seconds` ago."""
        if None not in self._fetching:
            now = self._clock.monotonic()
            if now < self._retry_at:
                return None
            self._retry_at = now + self._retry_seconds
        return self._fetching.start(None, self._fetch_and_cache)

    async def _shared_fetch(self) -> T:
        return await self._fetching.do(None, self._fetch_and_cache)

    async def _fetch_and_cache(self) -> T:
        try:
            value = await self._fetch()
        except ExpectedFailure as error:
            self._failure = error
            raise
        self._value, self._fetched_at, self._failure = value, self._clock.monotonic(), None
        return value
