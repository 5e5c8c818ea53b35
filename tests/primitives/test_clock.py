"""The real clock."""

import asyncio
import time

from hub.primitives.clock import SystemClock


def test_times() -> None:
    """Epoch seconds, and seconds that never step back."""
    clock = SystemClock()

    assert abs(clock.now() - time.time()) < 60
    assert clock.monotonic() <= time.monotonic() <= clock.monotonic()


async def test_timers() -> None:
    """A sleeper wakes, a callback is called, and one that was cancelled is not."""
    clock, called, event = SystemClock(), list[str](), asyncio.Event()
    clock.call_later(0.0, lambda: called.append("cancelled")).cancel()
    clock.call_later(0.0, event.set)
    await clock.sleep(0.0)
    await event.wait()

    assert called == []
