"""Calls without a pause, over HTTP and over the channel, for as long as it takes the provider to refresh often enough."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.parties.browser import Browser
from tests.parties.channel import Channel

LOOK_SECONDS = 0.1


@dataclass
class ConstantLoad:
    """What became of the calls.

    Attributes:
        statuses: How often each status came.
        seconds: How long the load went on.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0


async def call_until_refreshed(
    browser: Browser, path: str, refreshes: Callable[[], Awaitable[int]], *, times: int, callers: int
) -> ConstantLoad:
    """Call `path` until the provider has refreshed so many times.

    Parameters:
        refreshes: Asks the provider how often it has.
        callers: Each calls again as soon as it has a response; half of them over HTTP, half over channels.
    """
    load, enough = ConstantLoad(), asyncio.Event()
    began = time.monotonic()

    async def call_over_http() -> None:
        while not enough.is_set():
            load.statuses[(await browser.fetch(path)).status] += 1

    async def call_over_channel() -> None:
        channel = await Channel.open(browser)
        while not enough.is_set():
            load.statuses[(await channel.request("GET", path)).status] += 1
        await channel.close()

    async def watch() -> None:
        while await refreshes() < times:
            await asyncio.sleep(LOOK_SECONDS)  # the provider is a process of its own
        enough.set()

    half = callers // 2
    async with asyncio.TaskGroup() as group:
        for caller in [*[call_over_http] * half, *[call_over_channel] * half, watch]:
            group.create_task(caller())
    load.seconds = time.monotonic() - began
    return load
