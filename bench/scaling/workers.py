"""Worker processes of a hub without their front doors, many in one process: all that they ask of Redis is the real thing."""

import asyncio
import json
import random
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import redis.asyncio

from bench.ground.members import Member, enrol, expiring_tokens, session_store
from bench.ground.provider import CLIENT_ID, CLIENT_SECRET
from bench.ground.stage import command_counts, growth_of, make_routes
from bench.measure import cpu_seconds
from bench.scaling.formulas import Cost
from bench.systems.process import module
from hub.config.reader import load
from hub.primitives.clock import SystemClock
from hub.services import Services
from hub.session.keyring import Keyring, make_key_file
from hub.session.model import TokenSet
from hub.session.store import SessionStore
from hub.telemetry import log
from hub.tokens.schedule import JITTER_SHARE, margin_seconds, scheduled
from tests.parties.hub import settings
from tests.parties.redis_server import RedisServer

TOPIC = "news"
PROVIDER_SECONDS = 0.1  # that the token endpoint takes


@dataclass(frozen=True, slots=True)
class Fleet:
    """Workers on one Redis.

    Attributes:
        store: The sessions, to be filled.
        commands: A client of that Redis, `store_pid` its process.
    """

    workers: Sequence[Services]
    store: SessionStore
    issuer: str
    commands: redis.asyncio.Redis
    store_pid: int

    async def enrol(self, users: int, token_seconds: float) -> list[Member]:
        """Log users in who have been here for a while: their tokens and their activity are of any age."""
        now = time.time()
        margin = margin_seconds(token_seconds) * (1 + JITTER_SHARE / 2)

        def tokens(number: int, _: float) -> TokenSet:
            expires_at = now + margin + random.random() * (token_seconds - margin)
            return scheduled(expiring_tokens(number, expires_at - token_seconds, expires_at, expires_at), random.random())

        return await enrol(self.store, self.issuer, range(users), now, tokens, touched_at=now - 15.0)


@dataclass(frozen=True, slots=True)
class Asked:
    """The work of Redis during some time.

    Attributes:
        cost: Round trips and commands of all that time; `by_command` says which.
        cpu_seconds: Of Redis.
    """

    seconds: float
    cost: Cost
    by_command: dict[str, int]
    cpu_seconds: float

    @property
    def per_second(self) -> Cost:
        """The same for one second."""
        return self.cost.times(1 / self.seconds)


@asynccontextmanager
async def fleet(count: int, users: int, token_seconds: float) -> AsyncIterator[Fleet]:
    """Start a Redis, a provider that knows the users, and so many workers."""
    async with AsyncExitStack() as parties:
        folder = Path(parties.enter_context(TemporaryDirectory(prefix="hub-fleet-")))
        log.configure("ERROR", "console", audit_file=str(folder / "audit"))
        make_key_file(folder / "session.key")
        server = parties.enter_context(RedisServer.start("--appendfsync", "everysec", "--maxclients", "5000"))
        commands = redis.asyncio.Redis(unix_socket_path=str(server.socket))
        parties.push_async_callback(commands.aclose)
        upstream_port = int((await parties.enter_async_context(module("bench.upstream")))[1])
        arguments = ["--users", str(users), "--token-seconds", str(int(token_seconds)), "--latency", str(PROVIDER_SECONDS)]
        _, issuer = await parties.enter_async_context(module("bench.ground.provider", *arguments))
        environment = {
            **settings(issuer, CLIENT_ID, CLIENT_SECRET, make_routes(1, upstream_port)),
            "HUB_REDIS_URL": server.url,
            "HUB_SESSION_KEY_FILES": str(folder / "session.key"),
            "HUB_TOPICS": json.dumps([{"name": TOPIC}]),
        }
        loaded, keyring = load(None, environment), Keyring.read([folder / "session.key"])
        workers = [Services(loaded, keyring, server.url, SystemClock()) for _ in range(count)]
        for worker in workers:
            await worker.start()
            parties.push_async_callback(worker.close)
            await asyncio.sleep(secrets.randbelow(100) / 1000)  # workers of several nodes do not keep step
        store_pid = int((await commands.info("server"))["process_id"])
        store = await parties.enter_async_context(session_store(server.url, folder / "session.key"))
        yield Fleet(workers, store, issuer, commands, store_pid)


class Counting:
    """Counts what Redis is asked for in a block (INFO), `asked` says it afterwards."""

    asked: Asked

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    async def __aenter__(self) -> "Counting":
        self._commands, self._reads = await command_counts(self._fleet.commands), await self._read()
        self._began, self._cpu = time.monotonic(), cpu_seconds(self._fleet.store_pid)
        return self

    async def __aexit__(self, *_: object) -> None:
        seconds, cpu = time.monotonic() - self._began, cpu_seconds(self._fleet.store_pid) - self._cpu
        reads = await self._read() - self._reads - 2  # its own questions
        grown = growth_of(self._commands, await command_counts(self._fleet.commands))
        self.asked = Asked(seconds, Cost(reads, sum(grown.values())), grown, cpu)

    async def _read(self) -> int:
        """Return how often Redis has read from a socket: once for each round trip."""
        return int((await self._fleet.commands.info("stats"))["total_reads_processed"])
