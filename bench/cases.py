"""The cases that are measured, and how: warm up, then one round between two looks at the processes' CPU time."""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bench import measure
from bench.load_channel import ChannelLoad
from bench.load_http import HttpLoad
from bench.measure import Figures
from bench.parties import BROWSER_HEADERS, PREFIX, Parties
from bench.rounds import Load
from bench.upstream import BODY

WARM_UP_SHARE = 5  # one request before each five that count
DIRECT_FACTOR = 10  # a direct call costs so little that the clock ticks of 10 ms need more of them
PATH = "/patients?page=1"


class Way(StrEnum):
    """How the upstream is reached."""

    DIRECT = "direct"
    HTTP = "HTTP proxy"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class Case:
    """One way to call, and by how many at once: `connections` with `in_flight` requests on each."""

    way: Way
    connections: int
    in_flight: int = 1

    @property
    def callers(self) -> int:
        """Requests under way at any moment."""
        return self.connections * self.in_flight


CASES = (
    Case(Way.DIRECT, 1),
    Case(Way.HTTP, 1),
    Case(Way.CHANNEL, 1),
    Case(Way.DIRECT, 50),
    Case(Way.HTTP, 50),
    Case(Way.CHANNEL, 10, 5),
)


async def measure_all(parties: Parties, requests: int, repeats: int, tell: Callable[[str], None]) -> dict[Case, list[Figures]]:
    """Measure every case `repeats` times; a repetition goes through all cases, so that a noisy moment hits one of each.

    Parameters:
        requests: Requests of a round; direct calls get `DIRECT_FACTOR` times as many.
        tell: Takes a line about the progress.

    Raises:
        WrongAnswer: Some answer was not the upstream's.
    """
    found: dict[Case, list[Figures]] = {case: [] for case in CASES}
    for repetition in range(repeats):
        for case in CASES:
            tell(f"{repetition + 1}/{repeats}: {case.way}, {case.callers} at once")
            factor = DIRECT_FACTOR if case.way is Way.DIRECT else 1
            found[case].append(await _measure(parties, case, requests * factor))
    return found


async def _measure(parties: Parties, case: Case, requests: int) -> Figures:
    if case.way is not Way.DIRECT:
        return await _rounds(parties, case, requests, parties.hub_pid)
    parties.cores.put_under_test(parties.upstream_pid)
    try:
        return await _rounds(parties, case, requests, parties.upstream_pid)
    finally:
        parties.cores.put_aside(parties.upstream_pid)


async def _rounds(parties: Parties, case: Case, requests: int, pid: int) -> Figures:
    load = await _open(parties, case)
    try:
        await load.run(max(case.callers, requests // WARM_UP_SHARE))
        gc.collect()
        cpu, store_cpu = measure.cpu_seconds(pid), measure.cpu_seconds(parties.store_pid)
        done = await load.run(requests)
        cpu, store_cpu = measure.cpu_seconds(pid) - cpu, measure.cpu_seconds(parties.store_pid) - store_cpu
        return measure.figures(done.latencies, done.seconds, cpu, store_cpu, measure.resident_mib(pid))
    finally:
        load.close()


async def _open(parties: Parties, case: Case) -> Load:
    match case.way:
        case Way.DIRECT:
            headers = {"Host": "127.0.0.1", **BROWSER_HEADERS}
            return await HttpLoad.open(parties.upstream_port, PATH, headers, BODY, case.connections)
        case Way.HTTP:
            return await HttpLoad.open(parties.hub_port, PREFIX + PATH, parties.http_headers, BODY, case.connections)
        case Way.CHANNEL:
            return await ChannelLoad.open(
                parties.hub_port,
                PREFIX + PATH,
                parties.channel_headers,
                parties.csrf,
                BODY,
                case.connections,
                case.in_flight,
            )
