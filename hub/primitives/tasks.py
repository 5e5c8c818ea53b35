"""Ending background tasks for certain."""

import asyncio
from collections.abc import Iterable
from typing import Any

ASK_AGAIN_SECONDS = 0.1


async def end_tasks(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel `tasks` and return when all have ended; what they raise is theirs.

    They are asked until they obey: in Python 3.11 a cancellation that meets the end of an `asyncio.wait_for`, as redis-py uses
    it, gets lost (cpython issue 81839), and so does one in whose place a library raises an error of its own.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=ASK_AGAIN_SECONDS)
