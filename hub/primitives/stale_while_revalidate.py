"""A value of the provider that is fetched once for all who ask, kept, and renewed without making anybody wait."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from hub.primitives.clock import Clock
from hub.primitives.failure import ExpectedFailure
from hub.primitives.single_flight import SingleFlight

T = TypeVar("T")


class StaleWhileRevalidate(Generic[T]):
    """Keeps what `fetch` returns.

    A value older than `fresh_seconds` is still served while a new one is fetched behind it, and goes on being served
    when that fails: an outage of the provider does not become one of the hub.
    """

    def __init__(self, fetch: Callable[[], Awaitable[T]], clock: Clock, *, fresh_seconds: float, retry_seconds: float) -> None:
        """Parameters:
        retry_seconds: Least time between two fetches that were asked for by `renew`, or that followed a stale value.
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
    def is_known(self) -> bool:
        """Whether there is a value to serve."""
        return self._value is not None

    async def get(self) -> T:
        """Return the value; wait only if there is none yet.

        Raises:
            ExpectedFailure: What `fetch` raised, if there is no value to serve instead.
        """
        if self._value is None:
            return await self._shared_fetch()
        if self._clock.monotonic() >= self._fetched_at + self._fresh_seconds:
            self._fetch_unless_throttled()
        return self._value

    async def renew(self) -> T:
        """Return the value after a new fetch, or the kept one if the last renewal succeeded only just now.

        Raises:
            ExpectedFailure: What `fetch` raised, in this renewal or in one that failed only just now.
        """
        if self._value is None or self._fetch_unless_throttled() is not None:
            return await self._shared_fetch()
        if self._failure is not None:
            raise self._failure
        return self._value

    async def close(self) -> None:
        """Stop a fetch that is under way, and wait for its end."""
        await self._fetching.cancel()

    def _fetch_unless_throttled(self) -> asyncio.Task[T] | None:
        """Start or join a fetch; None if it is too early for one."""
        if None not in self._fetching:
            now = self._clock.monotonic()
            if now < self._retry_at:
                return None
            self._retry_at = now + self._retry_seconds
        return self._fetching.start(None, self._fetch_and_keep)

    async def _shared_fetch(self) -> T:
        return await self._fetching.do(None, self._fetch_and_keep)

    async def _fetch_and_keep(self) -> T:
        try:
            value = await self._fetch()
        except ExpectedFailure as error:
            self._failure = error
            raise
        self._value, self._fetched_at, self._failure = value, self._clock.monotonic(), None
        return value
