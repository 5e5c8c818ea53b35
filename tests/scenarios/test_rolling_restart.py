"""Nodes are restarted one after the other, and nobody notices: rule 12 of the protocol, on whole nodes."""

import asyncio
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from hub_client import ChannelClient
from tests.parties.hub import Hub
from tests.scenarios.chaos import Cluster, cluster

CLIENTS = 20


class Traffic:
    """Requests that never stop: over channels, with and without a key, and over HTTP."""

    def __init__(self, running: Cluster) -> None:
        self.done = 0
        self.failures: list[str] = []
        self._cluster = running
        self._stop = asyncio.Event()
        self._one_more = asyncio.Event()

    async def over_channel(self, client: ChannelClient, method: str) -> None:
        """Send one request after the other."""
        while not self._stop.is_set():
            answer = await client.request(method, f"/api/work/{self.done}")
            self._note(answer.status, "channel")

    async def over_http(self, http: aiohttp.ClientSession) -> None:
        """The same over HTTP, on connections that are kept as long as the hub lets them."""
        login = self._cluster.logins[0]
        headers = {"Cookie": login.cookie, "X-XSRF-TOKEN": login.csrf, "X-Hub-CSRF": "1", "Origin": login.origin}
        while not self._stop.is_set():
            async with http.get(f"{self._cluster.url}/api/work/{self.done}", headers=headers) as answer:
                await answer.read()
                self._note(answer.status, "http")

    async def flowing(self, requests: int) -> None:
        """Return when so many more requests have been answered."""
        until = self.done + requests
        while self.done < until:
            self._one_more.clear()
            await self._one_more.wait()

    def stop(self) -> None:
        """Let each sender finish its request."""
        self._stop.set()

    def _note(self, status: int, way: str) -> None:
        self.done += 1
        self._one_more.set()
        if status != 201:
            self.failures.append(f"{way}: {status}")


async def restart(node: Hub) -> int:
    """Stop a node as an operator does, start it again, and return its exit code."""
    assert node.process is not None
    node.process.send_signal(signal.SIGTERM)
    code = await node.process.wait()
    await node.run()
    await node.ready()
    return code


@pytest.mark.each_listener
async def test_two_nodes_are_restarted_without_one_failed_request(tmp_path: Path) -> None:
    """Each request that any client sends meanwhile is answered; the clients move to the other node before theirs goes."""
    async with cluster(tmp_path) as running, AsyncExitStack() as parties:
        traffic = Traffic(running)
        clients = [
            await parties.enter_async_context(ChannelClient(running.url, running.logins[number % 5])) for number in range(CLIENTS)
        ]
        http = await parties.enter_async_context(aiohttp.ClientSession())
        work = [asyncio.create_task(traffic.over_channel(client, method)) for client in clients for method in ("GET", "POST")]
        work += [asyncio.create_task(traffic.over_http(http)) for _ in range(4)]
        codes = []
        for node in running.nodes:
            await traffic.flowing(500)
            codes.append(await restart(node))
        await traffic.flowing(500)
        traffic.stop()
        await asyncio.gather(*work)

        assert traffic.failures == []
        assert codes == [0, 0]
        assert not any(node.events("hub.drain_timed_out") for node in running.nodes)
        assert sum(client.dials for client in clients) > CLIENTS
