"""What browsers have shown and sent (`tests/data/browser_requests.json`), through a hub: login, static files, API, channel."""

from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from hub.config.settings import RouteSettings
from tests.parties.channel import Channel
from tests.parties.recorded import ADDRESSES, REQUESTS
from tests.parties.resource_server import RawResourceServer, answering
from tests.web.conftest import BuildHouse, House

SHOWN = sorted({each.shown for each in ADDRESSES})
TARGETS = sorted({each.target for each in ADDRESSES} - {"/?"})  # an empty query means nothing, and does not pass
UNLOADS = [request for request in REQUESTS if request.name.startswith("unload/")]


@pytest.fixture
async def recorded(build_house: BuildHouse) -> AsyncIterator[tuple[House, RawResourceServer]]:
    """A hub with an API that takes any path and beacons."""
    api = await RawResourceServer.start(answering(200, ("Content-Type", "application/json"), body=b"{}"))
    routes = [RouteSettings(prefix="/api", target=api.url, path_characters="encoded", beacons=True)]
    async with build_house(routes=routes) as house:
        await house.services.providers.openid("main").metadata()
        yield house, api
    await api.stop()


async def test_login(recorded: tuple[House, RawResourceServer]) -> None:
    """A login that a page begins at any of these addresses comes back to it."""
    house, _ = recorded
    landed = {}
    async with house.browser(logged_in=False) as browser:
        for address in SHOWN:
            page = await browser.open(f"/hub/login?return_to={quote(address, safe='')}")
            landed[address] = page.url.removeprefix(house.url)

    assert landed == {address: address.partition("#")[0] for address in SHOWN}


async def test_static_files(recorded: tuple[House, RawResourceServer]) -> None:
    """A reload of any of these addresses shows the application."""
    house, _ = recorded
    statuses = {target: (await house.navigate(target)).status for target in TARGETS}

    assert statuses == dict.fromkeys(TARGETS, 200)


async def test_api_and_channel(recorded: tuple[House, RawResourceServer]) -> None:
    """An API gets the same target over HTTP and over the channel, or neither lets it pass."""
    house, api = recorded
    async with house.browser() as browser:
        channel = await Channel.open(browser)
        outcomes = []
        for target in TARGETS:
            before = len(api.requests)
            over_http = await browser.fetch(f"/api{target}")
            over_channel = await channel.request("GET", f"/api{target}")
            got = [request.target for request in api.requests[before:]]
            outcomes.append((target, over_http.status, over_channel.status, got))
        await channel.close()

    assert [outcome for outcome in outcomes if outcome[1] != outcome[2] or len(set(outcome[3])) > 1] == []
    assert [target for target, status, _, got in outcomes if status == 200 and got != [target, target]] == []
    assert [target for target, status, *_ in outcomes if status != 200] == ["/%zz", "/100%", "/a//b"]


async def test_unload(recorded: tuple[House, RawResourceServer]) -> None:
    """What a page of ours sends when it is left reaches the API; what other pages send does not."""
    house, api = recorded
    async with house.browser() as browser:
        cookie = browser.channel_headers()["Cookie"]
        for request in UNLOADS:
            headers = {name.title(): value for name, value in request.sent_to(house.url).items()}
            await house.ask(f"/api/{request.id}", method=request.method, **headers, Cookie=cookie)

    reached = {each.target.removeprefix("/") for each in api.requests}
    assert reached == {each.id for each in UNLOADS if "-site-" not in each.name}
