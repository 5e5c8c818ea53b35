"""B6: thousands of connections on which nothing happens; up to 10,000 on one process, and 20,000 on two."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from bench.contest import site_for
from bench.ground.members import Member, enrol
from bench.ground.stage import allow_open_files, stage
from bench.load_channel import CHANNEL_PATH, SUBPROTOCOL
from bench.measure import cpu_seconds, resident_mib
from bench.rounds import WrongAnswer
from bench.scenarios.outcome import Outcome
from bench.scenarios.setting import Setting
from bench.systems.node import Nes
from bench.websocket import build_handshake, frame
from tests.parties.hub import PROJECT

FIRST = 100  # connections that are open before the counting: what is allocated once is not theirs
HEADINGS = (
    "system",
    "processes",
    "connections",
    "KiB a connection",
    "MiB a process",
    "CPU us/s a connection",
    "connects a second",
)
OPEN_SECONDS = 300.0

Greet = Callable[[int, int], list[str]]  # what the clients of these numbers say first


@dataclass(frozen=True, slots=True)
class Server:
    """A process that holds connections: where it listens, and what its clients say and hear first."""

    port: int
    pid: int
    greet: Greet
    ready: str


class Holder:
    """The process of the clients of one server."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    @asynccontextmanager
    async def start(cls) -> AsyncIterator["Holder"]:
        """Run one until the end of the block, which ends its connections."""
        pipe = asyncio.subprocess.PIPE
        command = [sys.executable, "-m", "bench.scenarios.holder"]
        process = await asyncio.create_subprocess_exec(*command, cwd=PROJECT, stdin=pipe, stdout=pipe)
        assert process.stdin is not None
        try:
            yield cls(process)
        finally:
            process.stdin.close()
            await process.wait()

    async def open(self, server: Server, first: int, end: int) -> float:
        """Open the connections with these numbers; return the seconds that took."""
        return float(await self._say({"port": server.port, "greetings": server.greet(first, end), "ready": server.ready}))

    async def count(self) -> int:
        """Return how many connections are open."""
        return int(await self._say({}))

    async def _say(self, step: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(step).encode() + b"\n")
        async with asyncio.timeout(OPEN_SECONDS):
            line = await self._process.stdout.readline()
        if not line:
            raise WrongAnswer("connections could not be opened; the reason stands above")
        return json.loads(line)


async def idle_connections(setting: Setting) -> list[Outcome]:
    """Return what idle connections cost: memory, CPU time, and the opening."""
    allow_open_files()
    most, rows = setting.connections[-1], []
    if setting.with_peers:
        async with _nes(setting) as server:
            rows += await _measure("nes + h2o2, no login", [server], setting.connections, setting.idle_seconds)
    for processes, counts in ((1, setting.connections), (2, (most,))):
        async with _hubs(processes, most) as servers:
            rows += await _measure("hub, a session each", servers, counts, setting.idle_seconds)
    return [Outcome("b6", "connections on which nothing happens", HEADINGS, rows)]


async def _measure(name: str, servers: Sequence[Server], counts: Sequence[int], idle_seconds: float) -> list[list[str]]:
    """Open so many connections to each server, step by step; the last ones are watched while nothing happens."""
    rows, done, open_seconds = [], FIRST, 0.0
    async with AsyncExitStack() as running:
        holders = [await running.enter_async_context(Holder.start()) for _ in servers]
        await _open_all(servers, holders, 0, FIRST)
        before = _memory(servers)
        for count in counts:
            open_seconds += await _open_all(servers, holders, done, count)
            done = count
            cpu = await _watch(servers, idle_seconds) / (count * len(servers)) if count == counts[-1] else None
            memory, opened = _memory(servers), (count - FIRST) * len(servers)
            rows.append(
                [
                    name,
                    str(len(servers)),
                    str(count * len(servers)),
                    f"{(memory - before) * 1024 / opened:.1f}",
                    f"{memory / len(servers):.0f}",
                    "-" if cpu is None else f"{cpu * 1e6:.1f}",
                    f"{opened / open_seconds:.0f}",
                ]
            )
        if sum([await holder.count() for holder in holders]) != done * len(servers):
            raise WrongAnswer("connections were lost while nothing happened")
    return rows


async def _open_all(servers: Sequence[Server], holders: Sequence[Holder], first: int, end: int) -> float:
    """Open connections to all servers at the same time; return the seconds of the slowest."""
    return max(await asyncio.gather(*(holder.open(server, first, end) for server, holder in zip(servers, holders, strict=True))))


async def _watch(servers: Sequence[Server], seconds: float) -> float:
    """Return the CPU seconds that the servers use in a second in which nothing happens."""
    before = sum(cpu_seconds(server.pid) for server in servers)
    await asyncio.sleep(seconds)  # what is used now is used for connections that are open
    return (sum(cpu_seconds(server.pid) for server in servers) - before) / seconds


def _memory(servers: Sequence[Server]) -> float:
    return sum(resident_mib(server.pid) for server in servers)


@asynccontextmanager
async def _hubs(count: int, connections: int) -> AsyncIterator[list[Server]]:
    """Run hubs on one Redis, with a session for each connection."""
    async with stage(nodes=[{}] * count) as here:
        members = await enrol(here.store, here.issuer, range(connections * count), time.time())
        shares = [members[number::count] for number in range(count)]
        yield [
            Server(port, pid, _hub_greetings(share, here.url), '"type":"ready"')
            for port, pid, share in zip(here.ports, here.pids, shares, strict=True)
        ]


def _hub_greetings(members: Sequence[Member], url: str) -> Greet:
    def greet(first: int, end: int) -> list[str]:
        return [_hub_greeting(member, url).decode("latin-1") for member in members[first:end]]

    return greet


def _hub_greeting(member: Member, url: str) -> bytes:
    hello = frame(msgspec.json.encode({"type": "hello", "csrf": member.csrf, "capabilities": ["windows", "drain"]}))
    return build_handshake(CHANNEL_PATH, member.channel_headers(url), SUBPROTOCOL) + hello


@asynccontextmanager
async def _nes(setting: Setting) -> AsyncIterator[Server]:
    nes = Nes()
    hello = frame(b'{"type":"hello","id":1,"version":"2"}')
    greeting = (build_handshake("/", {"Host": f"localhost:{nes.port}"}) + hello).decode("latin-1")
    async with site_for(setting.cores, [nes]) as site, nes.running(site) as [contestant]:
        yield Server(nes.port, contestant.pids()[0], lambda first, end: [greeting] * (end - first), '"type":"hello"')
