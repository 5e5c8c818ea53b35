"""CSP sessions, licence units and the reserved query parameters."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from iris_standin import Standin
from iris_standin.csp import Reserved
from tests.iris_standin.browser import Browser
from tests.parties.clock import ManualClock


class Gateway:
    """Calls the clinic with a token, and with the cookies that a test keeps."""

    def __init__(self, browser: Browser, token: str) -> None:
        self.standin = browser.standin
        self._token = token
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())

    async def call(self, path: str = "/echo", *, cookie: str = "", token: str | None = None) -> aiohttp.ClientResponse:
        """Return an answer, read to its end."""
        headers = {"Authorization": f"Bearer {self._token if token is None else token}"}
        if cookie:
            headers["Cookie"] = cookie
        if token == "":
            del headers["Authorization"]
        async with self.http.get(self.standin.clinic_url + path, headers=headers) as response:
            await response.read()
            return response


def cookies(response: aiohttp.ClientResponse) -> str:
    """Return the cookies that an answer sets, as a request sends them."""
    return "; ".join(field.partition(";")[0] for field in response.headers.getall("Set-Cookie", []))


@pytest.fixture
async def gateway(browser: Browser) -> AsyncIterator[Gateway]:
    """The application as alice's client sees it."""
    gateway = Gateway(browser, (await browser.tokens())["access_token"])
    yield gateway
    await gateway.http.close()


async def test_without_use_session_each_request_holds_a_unit_for_ten_seconds(
    gateway: Gateway, standin: Standin, clock: ManualClock
) -> None:
    """UseSession=0: no cookie, a session a request, and its unit for a while."""
    answers = await asyncio.gather(*(gateway.call() for _ in range(5)))
    assert [answer.headers.getall("Set-Cookie", []) for answer in answers] == [[]] * 5
    assert (standin.licenses.units(), len(standin.licenses.sessions)) == (5, 0)
    await clock.advance(10)
    assert standin.licenses.units() == 0


async def test_with_use_session_the_cookie_carries_one_session(gateway: Gateway, standin: Standin, clock: ManualClock) -> None:
    """UseSession=1: whoever sends the cookie stays in one session until it is idle for too long."""
    standin.change(use_session=True)
    first = await gateway.call()
    cookie = cookies(first)
    assert "CSPSESSIONID-SP-" in cookie
    assert "-UP-csp-clinic-=" in cookie
    assert "CSPWSERVERID=" in cookie
    assert cookies(await gateway.call(cookie=cookie)) == ""
    assert standin.licenses.units() == 1
    await gateway.call()
    assert standin.licenses.units() == 2
    await clock.advance(900)
    assert len(standin.licenses.sessions) == 0
    assert standin.licenses.units() == 1  # that of the session which saw one request
    await clock.advance(600)
    assert standin.licenses.units() == 0


async def test_no_unit_left(gateway: Gateway, standin: Standin) -> None:
    """503, for those who have no session yet only."""
    standin.change(use_session=True, licenses=1)
    cookie = cookies(await gateway.call())
    assert (await gateway.call()).status == 503
    assert (await gateway.call(cookie=cookie)).status == 200
    async with gateway.http.get(f"{standin.url}/__sim/licenses") as answer:
        assert await answer.json() == {"used": 1, "sessions": 1, "most": 1, "opened": 1, "refused": 1}
    async with gateway.http.delete(f"{standin.url}/__sim/licenses") as answer:
        assert answer.status == 204
    assert standin.licenses.units() == 0


async def test_units_of_a_user_by_name(gateway: Gateway, standin: Standin) -> None:
    """One unit for up to 25 sessions; beyond that every one of them takes one."""
    standin.change(use_session=True, license_per="user")
    for _ in range(25):
        await gateway.call()
    assert standin.licenses.units() == 1
    await gateway.call()
    assert standin.licenses.units() == 26


async def test_requests_of_one_session_run_one_by_one(gateway: Gateway, standin: Standin) -> None:
    """The second waits for the first; one of another session does not."""
    standin.change(use_session=True)
    cookie = cookies(await gateway.call())
    slow = asyncio.create_task(gateway.call("/slow?seconds=60", cookie=cookie))
    session = standin.licenses.sessions[0]
    while not session.turn.locked():
        await asyncio.sleep(0)
    second = asyncio.create_task(gateway.call(cookie=cookie))
    assert (await gateway.call()).status == 200
    assert not second.done()
    slow.cancel()  # the client leaves, so the turn is free
    assert (await second).status == 200


async def test_logout_by_query_ends_the_session(gateway: Gateway, standin: Standin) -> None:
    """`IRISLogout=end` needs no token, and frees the unit of a session that was used."""
    standin.change(use_session=True)
    cookie = cookies(await gateway.call())
    await gateway.call(cookie=cookie)
    assert (await gateway.call("/?irislogout=end", cookie=cookie, token="")).status == 200
    assert standin.licenses.units() == 0


async def test_reserved_parameters_act(gateway: Gateway, standin: Standin) -> None:
    """Whoever can write the query becomes another user, or takes over a session: what a proxy must prevent."""
    standin.change(use_session=True)
    as_bob = await gateway.call("/echo?IRISUsername=bob&irispassword=bob-demo")
    assert (await as_bob.json())["subject"] == "bob"
    assert (await (await gateway.call(cookie=cookies(as_bob))).json())["subject"] == "bob"
    adopted = await gateway.call(f"/echo?CSPCHD={standin.licenses.sessions[0].id}")
    assert (await adopted.json())["subject"] == "bob"
    assert (await gateway.call("/echo?CacheUserName=bob&CachePassword=wrong")).status == 401


def test_reserved_without_any() -> None:
    """An ordinary query asks nothing of the gateway."""
    assert Reserved.of("q=IRISUsername&size=5") == Reserved()


async def test_stale_cookie(gateway: Gateway, standin: Standin) -> None:
    """Some gateways refuse a cookie of a session that is over, good token or not."""
    standin.change(use_session=True, stale_cookie_refused=True)
    cookie = cookies(await gateway.call())
    standin.licenses.forget()
    assert (await gateway.call(cookie=cookie)).status == 401
    assert (await gateway.call()).status == 200


async def test_header_names_in_capitals_and_cors(gateway: Gateway, standin: Standin) -> None:
    """Both are toggles."""
    standin.change(upper_case_headers=True, cors_origin="https://app.example")
    answer = await gateway.call()
    names = [name.decode() for name, _ in answer.raw_headers]
    assert "CONTENT-TYPE" in names
    assert "ACCESS-CONTROL-ALLOW-ORIGIN" in names
    missing = await gateway.call("/nowhere")
    assert "CONTENT-TYPE" in [name.decode() for name, _ in missing.raw_headers]
