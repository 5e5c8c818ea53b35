"""How a scenario is run: where, how long, and beside whom."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from bench import contest
from bench.machine import Cores
from bench.systems import nginx, python_upstream
from bench.systems.base import Contestant, Site, System
from bench.systems.hub import HubSystem
from bench.systems.node import Nes


@dataclass(frozen=True, slots=True)
class Setting:
    """The settings that all scenarios share.

    Attributes:
        seconds: How long a load lasts.
        stall_seconds: How long a reader reads nothing.
        idle_seconds: How long idle connections are watched; longer than the hub's heartbeat interval of 25 s.
        connections: How many idle connections are looked at, in steps.
        with_peers: nes and Apache take part; otherwise nothing has to be installed.
    """

    cores: Cores
    seconds: float
    stall_seconds: float
    idle_seconds: float
    connections: Sequence[int]
    with_peers: bool


@asynccontextmanager
async def site(setting: Setting, systems: Sequence[System]) -> AsyncIterator[Site]:
    """Start what is around the systems; an upstream that can wait and take uploads has the place of nginx without TLS."""
    async with contest.site_for(setting.cores, systems) as around, python_upstream.upstream() as patient:
        urls = {"plain_url": patient.plain_url, "bearer_url": patient.bearer_url, "pids": patient.pids}
        yield replace(around, upstream=replace(around.upstream, **urls))


@asynccontextmanager
async def contestants(setting: Setting, systems: Sequence[System]) -> AsyncIterator[list[Contestant]]:
    """Start the systems with the usual upstream; give them and the upstream itself, each a contestant."""
    async with contest.site_for(setting.cores, systems) as around, AsyncExitStack() as running:
        found = [nginx.direct(around.upstream)]
        for system in systems:
            found += await running.enter_async_context(system.running(around))
        yield found


def socket_systems(setting: Setting, **environment: str) -> list[System]:
    """Return who speaks over WebSockets: the hub, with these settings, and nes."""
    return [*([Nes()] if setting.with_peers else []), HubSystem(**environment)]
