"""B3: a page asks for a hundred things at once, of an API that takes 50 ms for each."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from statistics import median

from bench.bodies import KB
from bench.rounds import Round
from bench.scenarios.outcome import Outcome, milliseconds
from bench.scenarios.setting import Setting, site
from bench.systems.apache import Apache, Mode
from bench.systems.base import Contestant, Site, System, Target
from bench.systems.hub import HubSystem
from bench.systems.node import Nes

CALLS, WAIT_MS, BROWSER_CONNECTIONS = 100, 50, 6
REPEATS = 5


async def burst(setting: Setting) -> list[Outcome]:
    """Return how long it takes until the page has everything: over one WebSocket, and over six connections of HTTP/1.1."""
    peers: list[System] = [Apache(Mode.SHARED_MEMORY), Nes()] if setting.with_peers else []
    plain, wide = HubSystem(), HubSystem(HUB_CHANNEL_IN_FLIGHT=str(CALLS))
    rows = []
    async with _running(setting, [*peers, plain, wide]) as by_system:
        for system, contestants in by_system.items():
            for contestant in contestants:
                rows += await _rows(contestant, is_wide=system is wide)
    title = f"{CALLS} requests at once, of an API that takes {WAIT_MS} ms: until the last answer"
    return [Outcome("b3", title, ("system", "connections", "at once on each", "ms", "of the rounds"), rows)]


async def _rows(contestant: Contestant, *, is_wide: bool) -> list[list[str]]:
    is_socket = "HTTP" not in contestant.name and "openidc" not in contestant.name
    if is_wide and not is_socket:
        return []  # over HTTP that setting changes nothing
    callers, in_flight = (CALLS, CALLS) if is_socket else (BROWSER_CONNECTIONS, 1)
    seconds = [await _once(contestant, callers, in_flight) for _ in range(REPEATS)]
    name = contestant.name + (f", in_flight = {CALLS}" if is_wide else "")
    extremes = f"{milliseconds(min(seconds))} - {milliseconds(max(seconds))}"
    return [[name, str(callers // in_flight), str(in_flight), milliseconds(median(seconds)), extremes]]


async def _once(contestant: Contestant, callers: int, in_flight: int) -> float:
    """Return the seconds of one page, whose connections are open and were used before."""
    load = await contestant.open(Target(KB), callers, in_flight)
    try:
        await load.run(Round(requests=CALLS))
        page = Round(requests=CALLS)
        await load.run(page)
        return page.seconds
    finally:
        load.close()


@asynccontextmanager
async def _running(setting: Setting, systems: list[System]) -> AsyncIterator[dict[System, list[Contestant]]]:
    async with site(setting, systems) as around, AsyncExitStack() as running:
        yield {system: list(await running.enter_async_context(system.running(_patient(around)))) for system in systems}


def _patient(around: Site) -> Site:
    """Return the same, with an upstream that takes its time for each answer."""
    root = f"{around.upstream.plain_url}/wait/{WAIT_MS}"
    return replace(around, upstream=replace(around.upstream, plain_url=root, bearer_url=root))
