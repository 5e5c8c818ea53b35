"""How tests wait: for an event or a condition, with a bound that only a hang reaches.

A test never decides by how fast something was: machines are busy. Durations are measured in `bench/`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

Result = TypeVar("Result")

HANG_SECONDS = 120.0
"""After this long, whatever a test waits for will not happen any more."""
TEST_SECONDS = 600.0
"""After this long a test hangs."""
SETTLED_LOOKS = 20
SETTLED_PAUSE_SECONDS = 0.005


def hang_timeout() -> asyncio.Timeout:
    """Return a timeout for a block that waits for something."""
    return asyncio.timeout(HANG_SECONDS)


async def soon(awaitable: Awaitable[Result]) -> Result:
    """Return the result of `awaitable`.

    Raises:
        TimeoutError: It hangs.
    """
    return await asyncio.wait_for(awaitable, HANG_SECONDS)


async def until(condition: Callable[[], object], pause_seconds: float = 0.0) -> None:
    """Return when `condition` holds, for what nothing announces.

    Parameters:
        pause_seconds: Time between two looks. 0: one turn of the loop, for what happens in this process.

    Raises:
        TimeoutError: It does not come to hold.
    """
    async with hang_timeout():
        while not condition():
            await asyncio.sleep(pause_seconds)


async def settled(value: Callable[[], Result]) -> Result:
    """Return a value once it has stopped to change, where both ends of a connection are in this process.

    Each look lets the loop poll its sockets once more, so that it does not matter how little of the machine the process gets.
    """
    last, unchanged = value(), 0
    while unchanged < SETTLED_LOOKS:
        await asyncio.sleep(SETTLED_PAUSE_SECONDS)
        last, unchanged = (now, unchanged + 1) if (now := value()) == last else (now, 0)
    return last
