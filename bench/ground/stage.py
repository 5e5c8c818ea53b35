"""The parties of a scenario, each a process of its own: a Redis, a provider, a resource server, hubs on that Redis."""

import json
import resource
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import redis.asyncio

from bench.ground.members import session_store
from bench.ground.provider import CLIENT_ID, CLIENT_SECRET
from bench.machine import Cores
from bench.systems.process import module
from hub.session.keyring import make_key_file
from hub.session.store import SessionStore
from tests.parties.hub import Hub, free_port, public_url, settings
from tests.parties.redis_server import RedisServer

PREFIX = "/api"
ROUTES = "routes"
UNLIMITED = {  # what would stop a load that comes from one address and a few sessions
    "HUB_LIMITS_REQUESTS_PER_SESSION": "0",
    "HUB_LIMITS_DIALS_PER_SESSION": "0",
    "HUB_LIMITS_DIALS_PER_ADDRESS": "0",
    "HUB_LIMITS_LOGINS_PER_ADDRESS": "0",
    "HUB_LIMITS_REFUSED_DIALS_PER_ADDRESS": "0",
    "HUB_CHANNEL_CONNECTIONS_PER_SESSION": "20000",
    "HUB_UPSTREAM_CONNECTIONS_PER_USER": "800",
    "HUB_LOG_LEVEL": "INFO",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """All that runs.

    Attributes:
        store: The sessions in the Redis of the scenario.
        store_pid: Process of that Redis; `commands` is a client of it.
        url: The public URL of all nodes.
        issuer: Of the provider.
    """

    store: SessionStore
    store_pid: int
    commands: redis.asyncio.Redis
    url: str
    issuer: str
    provider_pid: int
    upstream_port: int
    nodes: Sequence[Hub]

    @property
    def ports(self) -> list[int]:
        """Where the nodes listen."""
        return [node.port for node in self.nodes]

    @property
    def pids(self) -> list[int]:
        """The processes of the nodes."""
        return [pid_of(node) for node in self.nodes]


def pid_of(node: Hub) -> int:
    """Return the process of a hub that runs."""
    assert node.process is not None
    return node.process.pid


@asynccontextmanager
async def stage(
    *,
    nodes: Sequence[Mapping[str, str]] = ({},),
    users: int = 0,
    token_seconds: int = 3600,
    pinned: bool = True,
    **environment: str,
) -> AsyncIterator[Stage]:
    """Start everything; stop everything at the end.

    Parameters:
        nodes: Settings of each hub besides `environment`, which all have; `{ROUTES: "7"}` is how many routes it has.
        users: How many users the provider knows a refresh token of.
        pinned: Put hubs and Redis on one core and everything else on another, if there are two.

    Raises:
        StartError: A process did not start.
    """
    allow_open_files()
    async with AsyncExitStack() as parties:
        cores = parties.enter_context(Cores.claimed()) if pinned else Cores(None)
        folder = Path(parties.enter_context(TemporaryDirectory(prefix="hub-bench-")))
        make_key_file(folder / "session.key")
        server = parties.enter_context(RedisServer.start("--appendfsync", "everysec", "--maxclients", "2000"))
        commands = redis.asyncio.Redis(unix_socket_path=str(server.socket))
        parties.push_async_callback(commands.aclose)
        store_pid = int((await commands.info("server"))["process_id"])
        cores.put_under_test([store_pid])
        upstream_port = int((await parties.enter_async_context(module("bench.upstream")))[1])
        arguments = ["--users", str(users), "--token-seconds", str(token_seconds)]
        provider, issuer = await parties.enter_async_context(module("bench.ground.provider", *arguments))
        url = public_url(free_port())
        hub_settings = {
            **settings(issuer, CLIENT_ID, CLIENT_SECRET, make_routes(1, upstream_port)),
            **UNLIMITED,
            "HUB_REDIS_URL": server.url,
            "HUB_SESSION_KEY_FILES": str(folder / "session.key"),
            "HUB_SERVER_PUBLIC_URL": url,
            **environment,
        }
        environments = [_settings_of(node, hub_settings, upstream_port) for node in nodes]
        with cores.under_test():
            hubs = [await parties.enter_async_context(Hub.start(each)) for each in environments]
        store = await parties.enter_async_context(session_store(server.url, folder / "session.key"))
        yield Stage(store, store_pid, commands, url, issuer, provider.pid, upstream_port, hubs)


def _settings_of(node: Mapping[str, str], common: Mapping[str, str], upstream_port: int) -> dict[str, str]:
    own = {name: value for name, value in node.items() if name != ROUTES}
    if ROUTES in node:
        own["HUB_ROUTES"] = json.dumps(make_routes(int(node[ROUTES]), upstream_port))
    return {**common, **own}


def make_routes(count: int, upstream_port: int) -> list[dict[str, Any]]:
    """Return `count` routes to the resource server; the last one is called `PREFIX`."""
    target = f"http://127.0.0.1:{upstream_port}"
    others = [{"prefix": f"/service-{number:03}/api", "target": target} for number in range(count - 1)]
    return [*others, {"prefix": PREFIX, "target": target}]


def allow_open_files() -> None:
    """Let this process, and those that it starts, open as many files as the system lets it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def command_counts(commands: redis.asyncio.Redis) -> dict[str, int]:
    """Return how often Redis has carried out each command so far, those inside of scripts too (INFO commandstats)."""
    found = await commands.info("commandstats")
    return {name.removeprefix("cmdstat_"): int(values["calls"]) for name, values in found.items()}


def growth_of(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """Return what has been carried out between two looks, without the looking."""
    grown = {name: after[name] - before.get(name, 0) for name in sorted(after) if name not in ("info", "info|commandstats")}
    return {name: count for name, count in grown.items() if count}
