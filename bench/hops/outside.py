"""Runs the provider and the browser in a thread of their own, so that a profile of the hub's thread leaves them out."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

T = TypeVar("T")


class Outside:
    """Runs coroutines in another thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    async def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return what `work` returns; it raises what `work` raises. Nothing of it is Python code in this thread."""
        here = asyncio.get_running_loop()
        result: asyncio.Future[T] = here.create_future()

        async def there() -> None:
            try:
                value = await work()
            except Exception as error:
                here.call_soon_threadsafe(result.set_exception, error)
            else:
                here.call_soon_threadsafe(result.set_result, value)

        tasks: list[asyncio.Task[None]] = []
        self._loop.call_soon_threadsafe(lambda: tasks.append(self._loop.create_task(there())))
        return await result


@asynccontextmanager
async def outside() -> AsyncIterator[Outside]:
    """Start the thread; end it at the end of the block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield Outside(loop)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        await asyncio.to_thread(thread.join)
        loop.close()
