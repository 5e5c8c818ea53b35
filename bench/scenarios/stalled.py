"""B5: readers ask for 200 MB each, and then read nothing for half a minute."""

import asyncio

from bench.bodies import MB
from bench.scenarios.outcome import Outcome
from bench.scenarios.peak import peak_of
from bench.scenarios.setting import Setting
from bench.scenarios.sockets import Socket, sockets
from bench.systems.base import Target

READERS = 3
ANSWERS, LARGE = 10, 20 * MB


async def stalled_readers(setting: Setting) -> list[Outcome]:
    """Return what the process holds for each such reader at most."""
    patience = {"HUB_CHANNEL_SLOW_READER_TIMEOUT_SECONDS": "90", "HUB_CHANNEL_STALLED_ANSWER_TIMEOUT_SECONDS": "90"}
    async with sockets(setting, **patience) as ways:
        rows = [await _row(way, setting.stall_seconds) for way in ways]
    title = f"{READERS} readers stalled for {setting.stall_seconds:.0f} s, {ANSWERS} answers of {LARGE // MB} MB each"
    return [Outcome("b5", title, ("system", "MiB a reader", "MiB before", "MiB at most"), rows)]


async def _row(way: Socket, seconds: float) -> list[str]:
    await _warm(way)
    askers = [await way.open() for _ in range(READERS)]
    with peak_of(way.pid) as peak:
        answers = [asker.ask(Target(LARGE).path) for asker in askers for _ in range(ANSWERS)]
        for asker in askers:
            asker.stall()
        await asyncio.sleep(seconds)  # what is measured is what happens while nobody reads
    for asker in askers:
        asker.close()
    await asyncio.gather(*answers, return_exceptions=True)
    return [way.name, f"{peak.growth / READERS:.2f}", f"{peak.before:.0f}", f"{peak.most:.0f}"]


async def _warm(way: Socket) -> None:
    """Let the process load and allocate what it needs once."""
    asker = await way.open()
    await asker.ask(Target(LARGE).path)
    asker.close()
