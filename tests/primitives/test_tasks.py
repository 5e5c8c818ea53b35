"""Ending tasks for certain."""

import asyncio

from hub.primitives.tasks import end_tasks


async def test_tasks_end() -> None:
    """Tasks that run, have ended, or fail on the way out are all ended afterwards."""

    async def fails_at_the_end() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError

    tasks = [asyncio.create_task(asyncio.Event().wait()), asyncio.create_task(fails_at_the_end())]
    done = asyncio.create_task(asyncio.sleep(0))
    await done
    await end_tasks([*tasks, done])

    assert [task.done() for task in tasks] == [True, True]
    assert isinstance(tasks[1].exception(), OSError)


async def test_lost_cancellation() -> None:
    """A loop that takes the first cancellation for an outage is asked again."""
    losses = 0

    async def survives_once() -> None:
        nonlocal losses
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if losses:
                    raise
                losses += 1

    task = asyncio.create_task(survives_once())
    await asyncio.sleep(0)
    await end_tasks([task])

    assert task.cancelled()
    assert losses == 1
