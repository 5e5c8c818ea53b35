"""What odd records, APIs and publishers do to a hub: harm to themselves at most, and to nobody else."""

import asyncio
import itertools
import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import redis.asyncio

from hub.session.keyring import make_key_file
from tests.parties.browser import Browser
from tests.parties.channel import Channel
from tests.parties.hostile_provider import CLIENT_ID, CLIENT_SECRET, HostileProvider
from tests.parties.hub import Hub, settings
from tests.parties.redis_server import RedisServer
from tests.parties.resource_server import Exchange, RawResourceServer
from tests.scenarios.test_topics_story import publish, subscribe
from tests.waiting import hang_timeout

OPERATOR = "a-secret-of-the-operators-0123456789"
PUBLISHER = "a-secret-of-the-ward-system-0123456789"
HEADER_LIMIT = 8192  # of the API, for one header
COOKIES = 17
COOKIE_BYTES = 4000
BURST = 1000  # events that a publisher may send at once, by default
AT_ONCE = 100
BATCHES = 40


@dataclass
class Site:
    """A hub before a provider and an API."""

    hub: Hub
    redis: "redis.asyncio.Redis[bytes]"
    api: RawResourceServer
    provider: HostileProvider

    @asynccontextmanager
    async def user(self) -> AsyncIterator[tuple[Browser, str]]:
        """Log in another user; give the browser and the handle of the session."""
        async with Browser(self.hub.url) as browser:
            await browser.open("/hub/login?return_to=/")
            handle = (await browser.fetch("/hub/sessions")).json()["sessions"][0]["handle"]
            yield browser, handle

    async def sessions(self) -> tuple[int, set[str]]:
        """List the sessions as an operator does; return status and handles."""
        headers = {"Authorization": f"Bearer {OPERATOR}"}
        async with aiohttp.ClientSession() as http, http.get(f"{self.hub.admin_url}/sessions", headers=headers) as answer:
            listed = await answer.json(content_type=None)
            return answer.status, {session["handle"] for session in listed.get("sessions", [])}


@asynccontextmanager
async def start(behaviour: Callable[[Exchange], Any], **route: Any) -> AsyncIterator[Site]:
    """Start all of them."""
    api = await RawResourceServer.start(behaviour)
    with RedisServer.start() as server:
        make_key_file(server.folder / "session.key")
        client = redis.asyncio.Redis(unix_socket_path=str(server.socket))
        try:
            async with HostileProvider.start() as provider:
                provider.users = (f"user-{number}" for number in itertools.count())
                environment = settings(
                    provider.issuer,
                    CLIENT_ID,
                    CLIENT_SECRET,
                    [{"prefix": "/api", "target": api.url, **route}],
                    HUB_REDIS_URL=server.url,
                    HUB_SESSION_KEY_FILES=str(server.folder / "session.key"),
                    HUB_ADMIN_TOKEN=OPERATOR,
                    HUB_TOPICS=json.dumps([{"name": "*"}]),
                    HUB_PUBLISHERS=json.dumps([{"name": "ward-system", "topics": ["*"], "token": PUBLISHER}]),
                )
                async with Hub.start(environment) as hub:
                    yield Site(hub, client, api, provider)
        finally:
            await client.aclose()
            await api.stop()


async def well(exchange: Exchange) -> None:
    """Answer whatever is asked."""
    await exchange.answer(body=b"{}")


ODD: dict[str, dict[str, bytes]] = {
    "garbage as time": {"touched_at": b"garbage"},
    "a time without an end": {"touched_at": b"nan"},
    "garbage as version": {"version": b"garbage"},
    "a tombstone without its fields": {"ended": b"logout"},
    "a move without its fields": {"moved_to": b"0" * 64},
}


@pytest.mark.parametrize("fields", ODD.values(), ids=ODD)
async def test_odd_record(fields: dict[str, bytes]) -> None:
    """It costs its own user a login at most. Others are served, and operators see and end the sessions of the others."""
    async with start(well) as site, site.user() as (owner, odd), site.user() as (other, sound):
        if "ended" in fields or "moved_to" in fields:
            await site.redis.delete(f"hub:session:{odd}")
        await site.redis.hset(f"hub:session:{odd}", mapping=fields)
        seen = await owner.fetch("/hub/session")
        refused = [(await owner.fetch(path)).status for path in ("/api/x", "/hub/sessions")]
        of_other = [(await other.fetch(path)).status for path in ("/hub/session", "/api/x", "/hub/sessions")]
        status, listed = await site.sessions()

        assert seen.status == 200
        assert (seen.json()["authenticated"], refused) == (False, [401, 401])
        assert of_other == [200, 200, 200]
        assert (status, sound in listed) == (200, True)
        assert site.hub.events("request.crashed") == []


async def test_odd_entry_of_a_topic() -> None:
    """An entry that no hub has written is left out. Pages get the events before and after it, also those that were away."""
    async with start(well) as site, site.user() as (browser, _):
        page = await Channel.open(browser)
        await subscribe(page, "news")
        await publish(site.hub, "news", {"name": "before"}, PUBLISHER)
        first = await page.events.get()
        await site.redis.xadd("hub:topic:news", {"x": "y"})
        status, _ = await publish(site.hub, "news", {"name": "after"}, PUBLISHER)
        async with hang_timeout():
            second = await page.events.get()
        later = await Channel.open(browser)
        await subscribe(later, "news", first["id"])
        async with hang_timeout():
            missed = await later.events.get()
        for channel in (page, later):
            await channel.close()

    assert (first["name"], status, second["name"], missed["name"]) == ("before", 201, "after", "after")


@pytest.mark.parametrize("to", [{"subject": ""}, {"scope": ""}, {"session": ""}, {}])
async def test_variable_that_was_not_set(to: dict[str, str]) -> None:
    """An empty recipient is a mistake of the back end, and no broadcast: nobody hears of the event."""
    async with start(well) as site, site.user() as (one, _), site.user() as (two, _):
        pages = [await Channel.open(browser) for browser in (one, two)]
        for page in pages:
            await subscribe(page, "letters")
        status, _ = await publish(site.hub, "letters", {"name": "for one", "to": to}, PUBLISHER)
        await publish(site.hub, "letters", {"name": "for all"}, PUBLISHER)
        heard = [(await page.events.get())["name"] for page in pages]
        for page in pages:
            await page.close()

    assert (status, heard) == (400, ["for all", "for all"])


async def setting_cookies(exchange: Exchange) -> None:
    """Set another large cookie with each response; refuse a larger header than most servers take."""
    number = len((exchange.request.header("Cookie") or "").split("; "))
    if len(exchange.request.header("Cookie") or "") > HEADER_LIMIT:
        await exchange.answer(431)
        return
    name = f"cookie-{secrets.token_hex(4)}-{number}"
    await exchange.answer(200, ("Set-Cookie", f"{name}={'x' * COOKIE_BYTES}; Path=/"), body=b"{}")


async def test_api_that_sets_large_cookies() -> None:
    """Its cookies have a total size, so that the API never refuses its own."""
    async with start(setting_cookies, upstream_session="per_session") as site, site.user() as (browser, _):
        statuses = Counter([(await browser.fetch("/api/x")).status for _ in range(COOKIES)])
        sent = [len(request.header("Cookie") or "") for request in site.api.requests]

    assert statuses == {200: COOKIES}
    assert COOKIE_BYTES < max(sent) <= HEADER_LIMIT


async def test_signature_names_api_and_type(tmp_path: Any) -> None:
    """The signature of a request covers the API for which it is, and the type of its body: no other API can be sent it."""
    make_key_file(tmp_path / "proof.key")
    proof = {"proof": "hmac-sha256", "proof_key_file": str(tmp_path / "proof.key"), "proof_version": 2, "max_body_bytes": 1000}
    async with start(well, **proof) as site, site.user() as (browser, _):
        assert (await browser.fetch("/api/x", method="POST", json_body={"a": 1})).status == 200
        signed = site.api.requests[-1].header("Signature-Input") or ""

    assert {'"@authority"', '"content-type"', '"authorization"'} <= set(signed.partition("(")[2].partition(")")[0].split())


async def test_publisher_that_floods() -> None:
    """A publisher with a defect is stopped, with the defaults, and told when to go on."""
    async with start(well) as site, aiohttp.ClientSession() as http:

        async def send(number: int) -> tuple[int, str]:
            url, headers = f"{site.hub.admin_url}/topics/ward-{number}", {"Authorization": f"Bearer {PUBLISHER}"}
            async with http.post(url, data=b'{"name":"x"}', headers=headers) as answer:
                return answer.status, answer.headers.get("Retry-After", "")

        answers: Counter[tuple[int, str]] = Counter()
        for batch in range(BATCHES):  # much faster than the rate at which events are allowed again
            answers.update(await asyncio.gather(*(send(batch * AT_ONCE + number) for number in range(AT_ONCE))))
            if {status for status, _ in answers} != {201}:
                break

    assert {status for status, _ in answers} == {201, 429}
    assert answers[201, ""] >= BURST
    assert all(wait for status, wait in answers if status == 429)
