"""One WebSocket of somebody who asks, at each system that speaks over WebSockets."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bench.contest import site_for
from bench.scenarios.askers import Asker, ChannelAsker, NesAsker
from bench.scenarios.setting import Setting
from bench.systems.base import Site
from bench.systems.hub import HubSystem, channel_headers
from bench.systems.node import Nes


@dataclass(frozen=True, slots=True)
class Socket:
    """One way to be asked over a WebSocket.

    Attributes:
        pid: The process under test.
        gives_credit: The client takes part in flow control as far as the protocol knows it, as clients should.
        open: Opens another connection.
    """

    name: str
    pid: int
    open: Callable[[], Awaitable[Asker]]
    gives_credit: bool = True


@asynccontextmanager
async def sockets(setting: Setting, **environment: str) -> AsyncIterator[list[Socket]]:
    """Run the hub, with these settings, and nes until the end of the block; give the ways to each."""
    hub, nes = HubSystem(**environment), Nes()
    async with site_for(setting.cores, [hub, *([nes] if setting.with_peers else [])]) as site, AsyncExitStack() as running:
        ways = [await running.enter_async_context(_nes(nes, site))] if setting.with_peers else []
        yield [*ways, *(await running.enter_async_context(_hub(hub, site)))]


@asynccontextmanager
async def _nes(system: Nes, site: Site) -> AsyncIterator[Socket]:
    async def open_asker() -> Asker:
        asker = await NesAsker.open(("127.0.0.1", system.port))
        await asker.greet({"Host": f"localhost:{system.port}"})
        return asker

    async with system.running(site) as [contestant]:
        yield Socket(contestant.name, contestant.pids()[0], open_asker)


@asynccontextmanager
async def _hub(system: HubSystem, site: Site) -> AsyncIterator[list[Socket]]:
    async with system.visited(site) as (hub, browser):
        assert hub.process is not None

        async def open_asker(*, windows: bool) -> Asker:
            asker = await ChannelAsker.open(("127.0.0.1", hub.port))
            await asker.greet(channel_headers(browser), browser.cookie("XSRF-TOKEN") or "", windows=windows)
            return asker

        ways = {"hub, channel": True, "hub, channel without windows": False}
        yield [
            Socket(name, hub.process.pid, lambda windows=windows: open_asker(windows=windows), windows)
            for name, windows in ways.items()
        ]
