"""The key is changed on two hubs with folders of their own, under load: no session is lost, and no request fails."""

import asyncio
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import redis.asyncio

from hub.session.key_folder import add_key, read_folder
from iris_standin import Client, Options, Standin
from tests.parties.browser import Browser
from tests.parties.hub import PROJECT, Hub, free_port, public_url, redirect_uri, settings
from tests.parties.redis_server import RedisServer
from tests.scenarios.conftest import SECRET, log_in, routes
from tests.waiting import until

BROWSERS = 6
TOKEN_SECONDS = 4
ACTIVATION_SECONDS = 4.0
LOOK_SECONDS = 0.05  # at what other processes do, which nothing announces


@dataclass
class Cluster:
    """Two hubs on one Redis, and browsers that never stop calling.

    Attributes:
        serving: The hubs that the load balancer sends requests to.
        outcomes: What the requests brought.
    """

    hubs: list[Hub]
    environment: dict[str, str]
    folders: dict[int, Path]
    redis: RedisServer
    http: aiohttp.ClientSession
    browsers: list[Browser] = field(default_factory=list)
    serving: list[Hub] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    under_way: Counter[int] = field(default_factory=Counter)

    def folder(self, hub: Hub) -> Path:
        """Return the folder of keys of one hub."""
        return self.folders[hub.port]

    async def call(self, browser: Browser, hub: Hub) -> str:
        """Make a call of a browser's script through one hub, on a connection of its own."""
        url = self.hubs[0].url + "/api/echo"
        headers, _ = browser.fetch_request(url, "GET", None, None, None, None)
        sent = {**headers, "Host": self.hubs[0].url.removeprefix("http://")}
        self.under_way[hub.port] += 1
        try:
            async with self.http.get(f"http://127.0.0.1:{hub.port}/api/echo", headers=sent) as answer:
                body = await answer.text()
                return "200" if answer.status == 200 else f"{answer.status} {body}"
        except aiohttp.ClientError as error:
            return repr(error)
        finally:
            self.under_way[hub.port] -= 1

    async def keep_calling(self, browser: Browser) -> None:
        """Call through all serving hubs in turn, until cancelled."""
        turn = 0
        while True:
            turn += 1
            self.outcomes[await self.call(browser, self.serving[turn % len(self.serving)])] += 1

    async def sealed_with(self) -> set[str]:
        """Return the ids of the keys that the sessions in Redis are sealed with."""
        client = redis.asyncio.Redis(unix_socket_path=str(self.redis.socket))
        records = [await client.hget(name, "data") async for name in client.scan_iter(match="hub:session:*")]
        await client.aclose()
        assert len([record for record in records if record]) == BROWSERS
        return {record[1:5].hex() for record in records if record}

    async def command(self, hub: Hub, *arguments: str) -> str:
        """Run `hub keys` on the machine of one hub; return what it says."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hub", "keys", *arguments, "--config", str(hub.folder / "hub.toml")),
            cwd=PROJECT,
            env={**self.environment, "HUB_SESSION_KEY_DIR": str(self.folder(hub))},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, said
        return said.decode()

    async def encrypt_with(self, key: str) -> None:
        """Wait until both hubs say that they encrypt with this key."""
        for hub in self.hubs:
            await until(
                lambda hub=hub: any(changed["encrypts"] == key for changed in hub.events("session_keys.changed")), LOOK_SECONDS
            )  # type: ignore[misc]

    async def restart(self, hub: Hub) -> None:
        """Restart one hub as behind a load balancer: the other one serves meanwhile."""
        self.serving = [other for other in self.hubs if other is not hub]
        await until(lambda: self.under_way[hub.port] == 0, LOOK_SECONDS)
        assert await hub.stop() == 0
        await hub.run()
        await hub.ready()
        self.serving = list(self.hubs)


@asynccontextmanager
async def cluster() -> AsyncIterator[Cluster]:
    """Start two hubs with the same first key, each in a folder of its own, and log everybody in."""
    port = free_port()
    client = Client("hub", SECRET, [redirect_uri(port)], [f"{public_url(port)}/"])
    standin = Standin(Options(access_token_seconds=TOKEN_SECONDS), [client], expose_secrets=True)
    async with AsyncExitStack() as closing:
        server = closing.enter_context(RedisServer.start())
        folders = [Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="hub-keys-"))) for _ in range(2)]
        await standin.start()
        closing.push_async_callback(standin.stop)
        first = add_key(folders[0], time.time() - 3600)
        shutil.copy2(first.file, folders[1])
        environment = settings(
            standin.issuer,
            "hub",
            SECRET,
            routes(standin.clinic_url),
            HUB_REDIS_URL=server.url,
            HUB_SESSION_KEY_ACTIVATION_SECONDS=str(ACTIVATION_SECONDS),
        )
        hubs = [
            await closing.enter_async_context(
                Hub.start(
                    {**environment, "HUB_SESSION_KEY_DIR": str(folder), "HUB_SERVER_PUBLIC_URL": public_url(port)}, port=hub_port
                )
            )
            for folder, hub_port in zip(folders, (port, free_port()), strict=True)
        ]
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        http = await closing.enter_async_context(aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()))
        running = Cluster(hubs, environment, dict(zip((hub.port for hub in hubs), folders, strict=True)), server, http)
        running.serving = list(hubs)
        for number in range(BROWSERS):
            browser = await closing.enter_async_context(Browser(hubs[0].url))
            await log_in(browser, ("alice", "bob")[number % 2])
            running.browsers.append(browser)
        yield running


async def test_rotation_under_load() -> None:
    """A new key comes to one hub and then the other, encrypts, and the old one goes: nobody notices."""
    async with cluster() as running:
        first, second = running.hubs
        load = [asyncio.create_task(running.keep_calling(browser)) for browser in running.browsers]
        (old,) = read_folder(running.folder(first))
        assert await running.sealed_with() == {old.id}

        await running.command(first, "rotate")
        new = read_folder(running.folder(first))[0]
        shutil.copy2(new.file, running.folder(second))
        for hub in running.hubs:
            assert hub.process is not None
            hub.process.send_signal(signal.SIGHUP)
        await running.encrypt_with(new.id)
        await running.restart(second)
        while await running.sealed_with() != {new.id}:  # the refreshes of the short tokens seal anew
            await asyncio.sleep(0.1)
        for hub in running.hubs:
            assert f"{old.file.name}: removed." in await running.command(hub, "prune", "--after", "0")
            await until(lambda hub=hub: hub.events("session_keys.changed")[-1]["decrypt"] == [], LOOK_SECONDS)  # type: ignore[misc]
        await running.restart(first)
        calls = sum(running.outcomes.values())
        await until(lambda: sum(running.outcomes.values()) > calls + 10 * BROWSERS, LOOK_SECONDS)
        for task in load:
            task.cancel()
        await asyncio.gather(*load, return_exceptions=True)

        assert set(running.outcomes) == {"200"}
        last = [await running.call(browser, hub) for browser in running.browsers for hub in running.hubs]
        assert set(last) == {"200"}
        for hub in running.hubs:
            assert hub.events("session_keys.load_failed") == []
            assert "Traceback" not in hub.log()
