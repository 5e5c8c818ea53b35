"""Two thousand channels lose their node, and all their clients dial the other one.

The node is killed, or drained as by a rolling restart; the clients wait for a random moment, as they should, or do not.
"""

import asyncio
import signal
import time
from dataclasses import asdict, dataclass, replace

from bench.ground.crowd import open_crowd
from bench.ground.members import enrol
from bench.ground.processes import watched
from bench.ground.stage import PREFIX, Stage, command_counts, growth_of, stage
from bench.load_http import HttpLoad
from bench.measure import percentile
from bench.rounds import PacedRound
from bench.storm.dialler import Client, Tally, all_at_once, dial_all, until_ready, with_jitter

CASES = ("killed, with jitter", "killed, all at once", "drained")
WAIT_SECONDS = 60.0
PATH = f"{PREFIX}/wait/5/1024.json?page=1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconnect:
    """The result of one case.

    Attributes:
        ready: Channels that were ready again in the end.
        p50_seconds, p99_seconds, all_seconds: From the end of the node, or from the signal, until so many were ready.
        dials: How often a client dialled; `refused` of these came to nothing, as `refusals` says.
        dial_us: CPU time of the other node for each dial, what requests used taken off; `store_us` that of Redis.
        busiest: Largest share of a core that the other node used for half a second.
        commands: Commands of Redis for each dial, those inside of scripts counted.
        quiet_p99_ms, storm_p99_ms: Latency of requests over HTTP to the other node, before and meanwhile.
        mib: Memory of the other node before, and afterwards.
    """

    case: str
    channels: int
    ready: int
    p50_seconds: float
    p99_seconds: float
    all_seconds: float
    dials: int
    refused: int
    refusals: dict[str, int]
    dial_us: float
    store_us: float
    busiest: float
    store_busiest: float
    commands: dict[str, float]
    storm_p99_ms: float
    storm_max_ms: float
    mib: tuple[float, float]
    rate: int = 0
    quiet_p99_ms: float = 0.0


async def storm(case: str, channels: int, rate: int, quiet_seconds: float = 5.0, seconds: float = 8.0) -> Reconnect:
    """Let one node of two go, with so many channels, while the other has `rate` requests a second.

    Parameters:
        quiet_seconds: How long these go on before that; `seconds` afterwards, three times as long while a node is drained.
    """
    async with stage(nodes=[{}, {}]) as here:
        members = await enrol(here.store, here.issuer, range(channels), time.time())
        crowd = await open_crowd(here.ports[1:], here.url, PATH, members[:100], 20)
        jitter = all_at_once if case == "killed, all at once" else with_jitter
        ports, first = list(here.ports), Tally()
        clients = [Client(member, here.url, lambda: ports[0], first, jitter) for member in members]
        await dial_all(clients, first)
        quiet, used = await _load(here, crowd, rate, quiet_seconds)
        before = percentile(quiet.latencies, 0.99) * 1e3
        tally = Tally()
        for client in clients:
            client.tally = tally
        ports.reverse()  # a load balancer that notices at once
        current = PacedRound(rate, seconds * 3 if case == "drained" else seconds)
        found = await _meanwhile(here, crowd, case, tally, channels, current, used)
        found = replace(found, rate=rate, quiet_p99_ms=before)
        for client in clients:
            client.close()
        crowd.close()
        return found


async def _load(here: Stage, crowd: HttpLoad, rate: int, seconds: float) -> tuple[PacedRound, list[float]]:
    async with watched([here.pids[1], here.store_pid]) as watches:
        current = PacedRound(rate, seconds)
        await crowd.run(current)
    return current, [watch.cpu_seconds / current.seconds for watch in watches]


async def _meanwhile(
    here: Stage, crowd: HttpLoad, case: str, tally: Tally, channels: int, current: PacedRound, used: list[float]
) -> Reconnect:
    commands = await command_counts(here.commands)
    async with watched([here.pids[1], here.store_pid]) as (node, store):
        working = asyncio.create_task(crowd.run(current))
        began = time.monotonic()
        leaving = here.nodes[0].process
        assert leaving is not None
        leaving.send_signal(signal.SIGTERM if case == "drained" else signal.SIGKILL)
        await until_ready(tally, channels, WAIT_SECONDS)
        grown = growth_of(commands, await command_counts(here.commands))
        seconds = time.monotonic() - began
        of_dials = [one.cpu_seconds - usual * seconds for one, usual in zip((node, store), used, strict=True)]
        await working
    after = sorted(at - began for at in tally.ready_at) or [float("inf")]
    return Reconnect(
        case=case,
        channels=channels,
        ready=len(tally.ready_at),
        p50_seconds=percentile(after, 0.5),
        p99_seconds=percentile(after, 0.99),
        all_seconds=after[-1],
        dials=tally.dials,
        refused=tally.refused,
        refusals=tally.refusals,
        dial_us=of_dials[0] / max(tally.dials, 1) * 1e6,
        store_us=of_dials[1] / max(tally.dials, 1) * 1e6,
        busiest=node.busiest(0.5),
        store_busiest=store.busiest(0.5),
        commands={name: round(count / max(tally.dials, 1), 2) for name, count in grown.items() if count > channels / 20},
        storm_p99_ms=percentile(current.latencies, 0.99) * 1e3,
        storm_max_ms=max(current.latencies) * 1e3,
        mib=(node.resident_mib[0], node.resident_mib[-1]),
    )


def rows(found: list[Reconnect]) -> list[tuple[str, ...]]:
    """Return what was seen as lines of a table, with a column for each case."""
    lines = {
        "ready again, of channels": lambda one: f"{one.ready} of {one.channels}",
        "seconds until half, 99 %, all are ready": lambda one: (
            f"{one.p50_seconds:.2f}, {one.p99_seconds:.2f}, {one.all_seconds:.2f}"
        ),
        "dials, refused": lambda one: f"{one.dials}, {one.refused}",
        "CPU a dial: hub, Redis": lambda one: f"{one.dial_us:.0f}, {one.store_us:.0f} us",
        "busiest half second: hub, Redis": lambda one: f"{one.busiest:.0%}, {one.store_busiest:.0%}",
        "commands of Redis a dial": lambda one: ", ".join(f"{name} {each:g}" for name, each in one.commands.items()),
        "requests at the other node: p99 before, meanwhile": lambda one: f"{one.quiet_p99_ms:.1f}, {one.storm_p99_ms:.1f} ms",
        "... the longest": lambda one: f"{one.storm_max_ms:.0f} ms",
        "memory of the other node: before, after": lambda one: f"{one.mib[0]:.0f}, {one.mib[1]:.0f} MiB",
    }
    return [(name, *(line(one) for one in found)) for name, line in lines.items()]


def as_json(found: list[Reconnect]) -> dict[str, object]:
    """Return everything as JSON values."""
    return {"cases": [asdict(one) for one in found]}
