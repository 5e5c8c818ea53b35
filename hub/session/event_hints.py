"""Events that nobody vouches for: each is a reason to look something up in Redis, at a bounded rate, and nothing more.

They come from former releases, which send no tag, and from anybody else who can write to Redis.
"""

import asyncio
from collections.abc import Awaitable, Callable

from hub.errors import StoreUnavailable
from hub.primitives.clock import Clock
from hub.primitives.tasks import OwnedTasks
from hub.primitives.token_bucket import TokenBuckets
from hub.session.events import SessionEvent, TopicHasNews
from hub.telemetry.metrics import Metrics

MAX_HINTS = 2000  # that wait; each is about one session or topic
PER_SECOND = 500.0
AT_ONCE = 1000.0
RETRY_SECONDS = 1.0

LookUp = Callable[[SessionEvent], Awaitable[None]]
Subject = tuple[type[SessionEvent], str]


class EventHints:
    """The hints of one worker that wait to be looked up."""

    def __init__(self, clock: Clock, metrics: Metrics) -> None:
        self._clock = clock
        self._metrics = metrics
        self._waiting: dict[Subject, SessionEvent] = {}
        self._has_come = asyncio.Event()
        self._tasks = OwnedTasks("event hint")
        self._rate = TokenBuckets(PER_SECOND, AT_ONCE)

    def __len__(self) -> int:
        return len(self._waiting)

    def note(self, hint: SessionEvent) -> None:
        """Look up later what an event is about. Beyond `MAX_HINTS` the event is dropped, and what it says is found out later."""
        subject = _subject(hint)
        if subject not in self._waiting and len(self._waiting) >= MAX_HINTS:
            self._metrics.events.labels("hint_dropped").inc()
            return
        self._waiting.setdefault(subject, hint)
        self._has_come.set()

    async def run(self, look_up: LookUp) -> None:
        """Look up the hints in their order, one after the other, until cancelled. While Redis does not respond, they wait.

        A look-up that fails otherwise, because of an odd record, does not end this.

        Parameters:
            look_up: Looks up what the event is about. It must not believe the event. It may raise `StoreUnavailable`.
        """
        try:
            while True:
                await self._has_come.wait()
                self._has_come.clear()
                while self._waiting:
                    await self._next(look_up)
        finally:
            await self._tasks.close()

    async def _next(self, look_up: LookUp) -> None:
        if wait := self._rate.take("", self._clock.monotonic()):
            await self._clock.sleep(max(wait, 1 / PER_SECOND))
            return
        hint = self._waiting.pop(next(iter(self._waiting)))
        await asyncio.wait([self._tasks.start(self._look_up(hint, look_up))])

    async def _look_up(self, hint: SessionEvent, look_up: LookUp) -> None:
        try:
            await look_up(hint)
        except StoreUnavailable:
            self.note(hint)
            await self._clock.sleep(RETRY_SECONDS)


def _subject(event: SessionEvent) -> Subject:
    return type(event), event.name if isinstance(event, TopicHasNews) else event.key
