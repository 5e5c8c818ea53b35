"""`python -m bench.bounds`: what the channel holds, whatever its clients do: memory, descriptors, latency, cancellation, logout.

Real hubs in processes of their own; clients, API and provider share one process, so that figures of time are upper bounds.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp

from bench.measure import percentile, resident_mib
from hub_client import ChannelClient, Login
from tests.parties.counting_api import CountingApi
from tests.parties.hub import Hub
from tests.scenarios.chaos import Cluster, cluster

MIB = 1 << 20
READERS = 5
STALL_SECONDS = 30.0
SMALL_EVERY_SECONDS = 0.05
SMALLS = 200
CANCELS = 1000
CHURN_PER_SECOND = 50

Row = tuple[str, str]


@asynccontextmanager
async def running(**environment: str) -> AsyncIterator[Cluster]:
    """Two nodes, of which the balancer knows the first alone."""
    with tempfile.TemporaryDirectory() as folder:
        async with cluster(Path(folder), HUB_CHANNEL_CONNECTIONS_PER_SESSION="5000", **environment) as cluster_:
            cluster_.balancer.ports = cluster_.balancer.ports[:1]
            yield cluster_


async def stalled_readers(capabilities: Sequence[str], answers: int) -> list[Row]:
    """200 MB of answers to each of some readers that read nothing for 30 s."""
    async with running(HUB_CHANNEL_SLOW_READER_TIMEOUT_SECONDS="90") as cluster_, aiohttp.ClientSession() as http:
        node = cluster_.nodes[0]
        await _warm(cluster_)
        before = resident_mib(_pid(node))
        sockets = [await _raw(http, cluster_, capabilities) for _ in range(READERS)]
        idle = resident_mib(_pid(node))
        for socket in sockets:
            for number in range(1, answers + 1):
                await socket.send_str(json.dumps(_request(number, f"/api/bytes/{200 // answers * MIB}")))
            _stall(socket)
        peak = await _peak(node, STALL_SECONDS)
        for socket in sockets:
            await socket.close()
        way = "by its windows" if capabilities else "by its socket"
        return [
            (
                f"reader stalled {way} for {STALL_SECONDS:.0f} s, {answers} answers of {200 // answers} MB",
                f"{(peak - idle) / READERS:.2f} MiB a connection",
            ),
            ("... an idle connection before that", f"{(idle - before) * 1024 / READERS:.0f} KiB"),
        ]


async def large_bodies() -> list[Row]:
    """100 MB down, then 100 MB up."""
    async with running() as cluster_, ChannelClient(cluster_.url, cluster_.logins[0]) as client:
        node = cluster_.nodes[0]
        for size in (4 * MIB, 100 * MIB):
            before = resident_mib(_pid(node))
            watch = asyncio.create_task(_peak(node, 3600.0))
            began = time.monotonic()
            answer = await client.request("GET", f"/api/bytes/{size}")
            async for _ in answer.body:
                pass
            down = time.monotonic() - began
            began = time.monotonic()
            await (await client.request("POST", "/api/sink", upload=_parts(size), length=size, timeout_seconds=300.0)).read()
            up = time.monotonic() - began
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
        peak = resident_mib(_pid(node))
        return [("100 MB down and up: growth of resident memory", f"{peak - before:.1f} MiB"),
                ("... rates", f"{100 / down:.0f} MB/s down, {100 / up:.0f} MB/s up")]  # fmt: skip


async def small_beside_large() -> list[Row]:
    """A small request every 50 ms, alone and while 20 MB answers come over the same socket."""
    async with running() as cluster_, ChannelClient(cluster_.url, cluster_.logins[0]) as client:
        cluster_.api.slowest_seconds = 0.0
        alone = await _small(client)
        stop = asyncio.Event()

        async def download() -> int:
            count = 0
            while not stop.is_set():
                answer = await client.request("GET", f"/api/bytes/{20 * MIB}", priority=3)
                async for _ in answer.body:
                    pass
                count += 1
            return count

        downloads = asyncio.create_task(download())
        beside = await _small(client)
        stop.set()
        count = await downloads
        return [("small request every 50 ms: p50, p99", _times(alone)),
                (f"... during {count} downloads of 20 MB on its socket", _times(beside))]  # fmt: skip


async def cancels() -> list[Row]:
    """A thousand requests that take for ever are cancelled; how soon is each free upstream?"""
    async with running(HUB_CHANNEL_IN_FLIGHT="1000") as cluster_, ChannelClient(cluster_.url, cluster_.logins[0]) as client:
        rows = []
        for at_once in (100, CANCELS):
            freed: list[float] = []
            for _ in range(CANCELS // at_once):
                freed += await _cancel_all(cluster_.api, client, at_once)
            rows.append((f"{CANCELS} cancels, {at_once} at once, until the API is free: p50, p99", _times(freed)))
        return rows


async def _cancel_all(api: CountingApi, client: ChannelClient, count: int) -> list[float]:
    requests = [asyncio.create_task(client.request("GET", "/api/wait")) for _ in range(count)]
    await api.until(lambda: api.under_way == count)
    began, freed = time.monotonic(), []
    for request in requests:
        request.cancel()
    for left in range(count - 1, -1, -1):
        await api.until(lambda left=left: api.under_way <= left)  # type: ignore[misc]
        freed.append(time.monotonic() - began)
    return freed


async def logout() -> list[Row]:
    """A logout on one node closes the sockets on the other, and nothing is executed afterwards."""
    async with running() as cluster_:
        cluster_.balancer.ports = [node.port for node in cluster_.nodes]
        times = []
        for login in cluster_.logins:
            async with ChannelClient(f"http://localhost:{cluster_.nodes[1].port}", login) as client:
                assert (await client.request("GET", "/api/work/0")).status == 201
                waiting = asyncio.create_task(client.request("POST", "/api/wait"))
                await cluster_.api.until(lambda: cluster_.api.under_way == 1)
                began = time.monotonic()
                await _log_out(cluster_.nodes[0], login)
                await asyncio.wait([waiting])
                await cluster_.api.until(lambda: cluster_.api.under_way == 0)
                times.append(time.monotonic() - began)
                assert waiting.exception() is not None
        return [("logout on node A: socket on B closed, its request aborted: slowest of 5", f"{max(times) * 1000:.0f} ms")]


async def churn(minutes: float) -> list[Row]:
    """Fifty connections a second come, ask once, and go."""
    async with running() as cluster_:
        node, login = cluster_.nodes[0], cluster_.logins[0]
        cluster_.api.slowest_seconds = 0.0

        async def come_and_go() -> None:
            async with ChannelClient(cluster_.url, login) as client:
                await client.request("POST", "/api/work/1")

        rows: list[Row] = []
        for part in range(4):
            began, count, guests = time.monotonic(), 0, set[asyncio.Task[None]]()
            while time.monotonic() - began < minutes * 15:
                guest = asyncio.create_task(come_and_go())
                guests.add(guest)
                guest.add_done_callback(guests.discard)
                count += 1
                await asyncio.sleep(max(began + count / CHURN_PER_SECOND - time.monotonic(), 0))
            await asyncio.gather(*guests)
            held = f"{resident_mib(_pid(node)):.1f} MiB, {_descriptors(node)} descriptors"
            rows.append((f"churn, {count} more ({part + 1}/4)", f"{held}, {await node.metric('hub_channels'):.0f} channels"))
        return rows


async def _small(client: ChannelClient) -> list[float]:
    times = []
    for _ in range(SMALLS):
        began = time.monotonic()
        await (await client.request("GET", "/api/work/1", priority=0)).read()
        times.append(time.monotonic() - began)
        await asyncio.sleep(max(SMALL_EVERY_SECONDS - times[-1], 0))
    return times


async def _warm(cluster_: Cluster) -> None:
    """Let the process load and allocate what it needs once."""
    async with ChannelClient(cluster_.url, cluster_.logins[0]) as client:
        for _ in range(10):
            await (await client.request("GET", f"/api/bytes/{4 * MIB}")).read()


async def _raw(http: aiohttp.ClientSession, cluster_: Cluster, capabilities: Sequence[str]) -> aiohttp.ClientWebSocketResponse:
    login = cluster_.logins[0]
    headers = {"Cookie": login.cookie, "Origin": login.origin}
    socket = await http.ws_connect(f"{cluster_.url}/hub/channel", protocols=["hub.v1"], headers=headers, max_msg_size=0)
    await socket.send_str(json.dumps({"type": "hello", "csrf": login.csrf, "capabilities": list(capabilities)}))
    assert json.loads((await socket.receive()).data)["type"] == "ready"
    return socket


def _request(number: int, path: str) -> dict[str, object]:
    return {"type": "request", "id": number, "method": "GET", "path": path}


def _stall(socket: aiohttp.ClientWebSocketResponse) -> None:
    connection = socket._response.connection
    assert connection is not None and connection.transport is not None
    connection.transport.pause_reading()  # type: ignore[attr-defined]


async def _peak(node: Hub, seconds: float) -> float:
    until, peak = time.monotonic() + seconds, 0.0
    while time.monotonic() < until:
        peak = max(peak, resident_mib(_pid(node)))
        await asyncio.sleep(0.1)
    return peak


async def _log_out(node: Hub, login: Login) -> None:
    headers = {"Cookie": login.cookie, "X-XSRF-TOKEN": login.csrf, "X-Hub-CSRF": "1", "Origin": login.origin}
    async with aiohttp.ClientSession() as http, http.post(f"http://localhost:{node.port}/hub/logout", headers=headers) as answer:
        assert answer.status < 400, await answer.text()


async def _parts(size: int) -> AsyncIterator[bytes]:
    part = bytes(MIB)
    for _ in range(size // MIB):
        yield part


def _pid(node: Hub) -> int:
    assert node.process is not None
    return node.process.pid


def _descriptors(node: Hub) -> int:
    return len(list(Path(f"/proc/{_pid(node)}/fd").iterdir()))


def _times(seconds: Sequence[float]) -> str:
    return f"{percentile(seconds, 0.5) * 1000:.1f} ms, {percentile(seconds, 0.99) * 1000:.1f} ms"


def main() -> None:
    """Run the parts that were asked for, and print what was seen."""
    parts: dict[str, Callable[[], Awaitable[list[Row]]]] = {
        "stalled": lambda: stalled_readers([], 4),
        "stalled-many": lambda: stalled_readers([], 10),
        "windows": lambda: stalled_readers(["windows"], 4),
        "large": large_bodies,
        "latency": small_beside_large,
        "cancels": cancels,
        "logout": logout,
        "churn": lambda: churn(options.minutes),
    }
    parser = argparse.ArgumentParser(prog="python -m bench.bounds", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*parts, []], help="which parts; all if none is named")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long the churn goes on (default: %(default)s)")
    options = parser.parse_args()
    for name in options.parts or parts:
        for what, figure in asyncio.run(parts[name]()):  # type: ignore[arg-type]
            print(f"| {what} | {figure} |", flush=True)


if __name__ == "__main__":
    main()
