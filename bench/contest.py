"""Everybody at once: upstream, provider and all systems are started, users are logged in, and all of it stops at the end."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bench.environment import HUBS
from bench.machine import Cores
from bench.systems import nginx, provider, python_upstream
from bench.systems.apache import Apache, Mode
from bench.systems.base import Contestant, Site, System
from bench.systems.hub import HubSystem
from bench.systems.node import Express, Nes

PEERS = {
    "apache-memory": lambda: Apache(Mode.SHARED_MEMORY),
    "apache-cookie": lambda: Apache(Mode.COOKIE),
    "apache-redis": lambda: Apache(Mode.REDIS),
    "nes": Nes,
    "express": Express,
    "hub": HubSystem,
    "hub-compiled": lambda: HubSystem(is_compiled=True),
}  # besides the upstream itself


@asynccontextmanager
async def started(cores: Cores, names: Sequence[str]) -> AsyncIterator[list[Contestant]]:
    """Start the systems of these names (of `PEERS`), with the same upstream and the same provider.

    Raises:
        StartError: Something did not start.
    """
    systems: list[System] = [PEERS[name]() for name in names]
    async with site_for(cores, systems) as site, AsyncExitStack() as running:
        contestants = [nginx.direct(site.upstream)]
        for system in systems:
            contestants += await running.enter_async_context(system.running(site))
        yield contestants


@asynccontextmanager
async def site_for(cores: Cores, systems: Sequence[System]) -> AsyncIterator[Site]:
    """Start what is around the systems: nginx and oidc-provider, or for the hub alone what needs no installation."""
    is_alone = all(isinstance(system, HubSystem) for system in systems)
    uris = [uri for system in systems for uri in system.redirect_uris]
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as name:
        folder = Path(name)
        _open_to_all(folder)
        upstream_ = python_upstream.upstream() if is_alone else nginx.upstream(folder)
        provider_ = provider.standin(uris) if is_alone else provider.oidc_provider(uris or ["http://localhost:1/unused"])
        async with upstream_ as upstream, provider_ as known:
            yield Site(cores, upstream, known, folder)


def _open_to_all(folder: Path) -> None:
    """Let programs read the folder that give up their rights, as Apache does."""
    folder.chmod(0o755)


def missing(names: Sequence[str]) -> list[str]:
    """Return the Debian packages that these systems need and that are not installed."""
    systems: list[System] = [PEERS[name]() for name in names]
    needs = [system.missing() for system in systems]
    if not set(names) <= HUBS:
        needs.append(nginx.missing())
    return sorted({package for need in needs if need for package in need.split()})
