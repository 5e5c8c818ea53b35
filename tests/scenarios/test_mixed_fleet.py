"""Two hubs of different settings on one Redis, as during a rolling change: neither destroys what only the other can handle."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from hub.session.keyring import key_id, make_key_file, read_key
from tests.parties.browser import Browser
from tests.parties.hostile_provider import CLIENT_ID, CLIENT_SECRET, HostileProvider
from tests.parties.hub import Hub, settings
from tests.parties.redis_server import RedisServer
from tests.waiting import hang_timeout

OPERATOR = "a-secret-of-the-operators-0123456789"
LOGINS = 8
TOKENS = 2  # of a session: access token and refresh token


@dataclass
class Fleet:
    """A hub that has both providers and the new key, and one that has neither the second provider nor the new key."""

    new: Hub
    old: Hub
    lab: HostileProvider
    new_key_id: str


@asynccontextmanager
async def start(folder: Path) -> AsyncIterator[Fleet]:
    """Start both on one Redis."""
    former, latest = folder / "former.key", folder / "latest.key"
    for file in (former, latest):
        make_key_file(file)
    async with HostileProvider.start() as main, HostileProvider.start() as lab:
        further = [{"name": "lab", "issuer": lab.issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}]
        with RedisServer.start() as redis:
            shared = settings(main.issuer, CLIENT_ID, CLIENT_SECRET, [], HUB_REDIS_URL=redis.url, HUB_ADMIN_TOKEN=OPERATOR)
            changed = {"HUB_PROVIDERS": json.dumps(further), "HUB_SESSION_KEY_FILES": f"{latest},{former}"}
            async with (
                Hub.start({**shared, **changed}) as new,
                Hub.start({**shared, "HUB_SESSION_KEY_FILES": str(former)}) as old,
            ):
                yield Fleet(new, old, lab, key_id(read_key(latest)).hex())


async def handle_of(browser: Browser) -> str:
    """Return the handle of a browser's session."""
    handle: str = (await browser.fetch("/hub/sessions")).json()["sessions"][0]["handle"]
    return handle


async def end(hub: Hub, handle: str) -> tuple[int, str]:
    """End a session as an operator does; return status and body."""
    url, headers = f"{hub.admin_url}/sessions/{handle}", {"Authorization": f"Bearer {OPERATOR}"}
    async with aiohttp.ClientSession() as http, http.delete(url, headers=headers) as answer:
        return answer.status, await answer.text()


async def test_neither_takes_the_others_work(tmp_path: Path) -> None:
    """Each session of the second provider is revoked there, although the other hub looks for work every second, too."""
    async with start(tmp_path) as fleet:
        fleet.lab.claims["sid"] = None  # with one `sid`, a revocation would wait for the end of the other sessions
        handles = []
        for _ in range(LOGINS):
            async with Browser(fleet.new.url) as browser:
                await browser.open("/hub/login?provider=lab&return_to=/")
                handles.append(await handle_of(browser))
        for handle in handles:
            assert (await end(fleet.new, handle))[0] == 204

        async with hang_timeout():
            await fleet.lab.answered("/revoke", TOKENS * LOGINS)


async def test_operator_at_a_hub_without_the_key(tmp_path: Path) -> None:
    """The hub says which key it lacks, and changes nothing: the session goes on, and can be ended at the other hub."""
    async with start(tmp_path) as fleet, Browser(fleet.new.url) as browser:
        await browser.open("/hub/login?return_to=/")
        handle = await handle_of(browser)

        status, text = await end(fleet.old, handle)

        assert (status, fleet.new_key_id in json.loads(text)["detail"]) == (404, True)
        assert (await browser.fetch("/hub/session")).status == 200
        assert (await end(fleet.new, handle))[0] == 204
