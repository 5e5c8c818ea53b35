"""The race for one refresh token, on separate processes, at a provider that revokes the whole grant if a token is spent twice."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from hub.session.keyring import make_key_file
from tests.parties.api import Api
from tests.parties.browser import Browser
from tests.parties.gate import Gate
from tests.parties.hub import Hub, free_port, public_url, redirect_uri, settings
from tests.parties.openid_provider import Event, OidcProvider
from tests.parties.redis_server import RedisServer

TOKEN_SECONDS = 5  # long enough for 200 calls on a quiet machine: a second refresh would be right by then
CALLS = 200


@dataclass
class Race:
    """Two hubs on one Redis, their provider behind a gate, and a browser that is logged in at both."""

    first: Hub
    second: Hub
    provider: OidcProvider
    gate: Gate
    api: Api
    browser: Browser
    http: aiohttp.ClientSession

    async def expire(self) -> None:
        """Hold the refresh grant back until the access token has expired: the calls then come at the worst moment."""
        self.gate.passing.clear()
        while (await self.state(self.first))["token_expires_in"] > 0:
            await asyncio.sleep(0.05)  # real processes, real time

    async def state(self, hub: Hub) -> dict[str, float]:
        """Return what a hub says of the session."""
        _, headers = self._script("/hub/session")
        async with self.http.get(f"http://127.0.0.1:{hub.port}/hub/session?passive=1", headers=headers) as answer:
            found: dict[str, float] = await answer.json()
            return found

    async def call(self, hub: Hub) -> int | str:
        """Call the API through one hub, on a connection of its own; return the status, or the name of the problem."""
        _, headers = self._script("/api/who")
        async with self.http.get(f"http://127.0.0.1:{hub.port}/api/who", headers=headers) as answer:
            if answer.content_type == "application/problem+json":
                return str((await answer.json())["type"]).removeprefix("urn:hub:problem:")
            return answer.status

    async def calls(self, *hubs: Hub) -> Counter[int | str]:
        """Make all calls at once, spread over the hubs."""
        return Counter(await asyncio.gather(*(self.call(hubs[number % len(hubs)]) for number in range(CALLS))))

    async def grants(self) -> list[Event]:
        """Return the refresh grants that the provider has seen."""
        return await self.provider.events(grant_type="refresh_token")

    def _script(self, path: str) -> tuple[str, dict[str, str]]:
        url = self.first.url + path
        headers, _ = self.browser.fetch_request(url, "GET", None, None, None, None)
        return url, {**headers, "Host": self.first.url.removeprefix("http://")}


@asynccontextmanager
async def race(tmp_path: Path, processes: int = 1) -> AsyncIterator[Race]:
    """Start all parties and log in."""
    port, gate_port, provider_port = free_port(), free_port(), free_port()
    key_file = tmp_path / "session.key"
    make_key_file(key_file)
    with RedisServer.start() as redis:
        async with (
            Gate.start(gate_port, provider_port) as gate,
            OidcProvider.start(
                redirect_uri(port),
                post_logout_redirect_uri=f"{public_url(port)}/",
                access_token_seconds=TOKEN_SECONDS,
                access_token_format="jwt",
                rotate_refresh_token=True,
                port=provider_port,
                issuer=gate.url,
            ) as provider,
            Api.start(provider.issuer, provider.resource) as api,
        ):
            environment = settings(
                provider.issuer,
                provider.client_id,
                provider.client_secret,
                [{"prefix": "/api", "target": api.url}],
                HUB_PROVIDER_SCOPES="openid,offline_access,api",
                HUB_PROVIDER_AUTHORIZATION_PARAMETERS='{"prompt": "consent"}',
                HUB_REDIS_URL=redis.url,
                HUB_SESSION_KEY_FILES=str(key_file),
                HUB_SERVER_PROCESSES=str(processes),
            )
            async with (
                Hub.start(environment, port=port) as first,
                Hub.start({**environment, "HUB_SERVER_PUBLIC_URL": first.url}) as second,
                Browser(first.url) as browser,
                aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(limit=0, force_close=True), cookie_jar=aiohttp.DummyCookieJar()
                ) as http,
            ):
                page = await browser.open("/hub/login")
                page = await browser.submit(page, {"login": "alice", "password": provider.users["alice"]})
                await browser.submit(page, {}, button="consent")
                yield Race(first, second, provider, gate, api, browser, http)


async def test_two_hundred_calls_at_expiry(tmp_path: Path) -> None:
    """200 calls over two hubs of two workers each at the moment of expiry: one token request, no failed call."""
    async with race(tmp_path, processes=2) as running:
        await running.expire()
        calls = asyncio.create_task(running.calls(running.first, running.second))
        await running.gate.refreshed(1)
        passed_at = time.monotonic()
        running.gate.passing.set()

        assert await calls == {200: CALLS}
        lifetimes = (time.monotonic() - passed_at) / (TOKEN_SECONDS / 2)  # a busy machine: the new token may end meanwhile
        outcomes = [grant.outcome for grant in await running.grants()]
        assert set(outcomes) == {"success"}
        assert len(outcomes) <= 1 + lifetimes


async def test_slow_provider(tmp_path: Path) -> None:
    """The provider takes 7 s, longer than a lease: it is renewed, the calls wait, nobody asks twice."""
    async with race(tmp_path) as running:
        await running.expire()
        running.gate.delay_seconds = 7.0
        running.gate.passing.set()

        assert await running.calls(running.first, running.second) == {200: CALLS}
        assert [grant.outcome for grant in await running.grants()] == ["success"]


async def test_lease_holder_is_killed(tmp_path: Path) -> None:
    """The process that refreshes is killed (SIGKILL) while the provider is slow: the other takes over, no call of it fails."""
    async with race(tmp_path) as running:
        running.gate.passing.clear()
        await running.second.stop()  # so that it is the first that refreshes
        await running.gate.refreshed(1)
        await running.second.run()
        await running.second.ready()
        await running.expire()
        calls = asyncio.create_task(running.calls(running.second))
        assert running.first.process is not None
        os.kill(running.first.process.pid, signal.SIGKILL)
        await running.gate.refreshed(2)  # when the lease of the dead has run out
        running.gate.passing.set()

        assert await calls == {200: CALLS}
        assert "success" in [grant.outcome for grant in await running.grants()]


async def test_lost_answer(tmp_path: Path) -> None:
    """The answer is lost after the provider has rotated: nothing hangs, the user is told to log in, and then can."""
    async with race(tmp_path) as running:
        await running.expire()
        running.gate.lose_answers = 1
        running.gate.passing.set()
        first = await running.calls(running.first, running.second)
        assert set(first) <= {"provider-unavailable", "session-ended"}

        while "authenticated" in (state := await running.state(running.first)) and state["authenticated"]:
            await asyncio.sleep(0.1)  # until the back-off is over and the provider has refused the spent token
        assert state["reason"] == "refused"
        assert set(await running.calls(running.first, running.second)) <= {"session-ended"}
        assert [grant.outcome for grant in await running.grants()] == ["success", "invalid_grant"]

        page = await running.browser.open("/hub/login")
        if "password" in page.text:
            page = await running.browser.submit(page, {"login": "alice", "password": running.provider.users["alice"]})
        await running.browser.submit(page, {}, button="consent")
        assert await running.call(running.second) == 200


async def test_browser_is_gone(tmp_path: Path) -> None:
    """The tab is closed in mid-refresh: the rotated token is stored all the same, and the next call needs no other."""
    async with race(tmp_path) as running:
        await running.expire()
        call = asyncio.create_task(running.call(running.first))
        await running.gate.refreshed(1)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        running.gate.passing.set()

        assert await running.calls(running.first, running.second) == {200: CALLS}
        assert {grant.outcome for grant in await running.grants()} == {"success"}  # a lost token would have been refused
