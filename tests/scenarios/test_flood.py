"""One session asks for far too much; the others do not notice."""

import asyncio

import websockets

from hub.channel.close_codes import CloseCode
from tests.parties.channel import Channel, ChannelClosedError
from tests.scenarios.conftest import StartClinic


async def test_flood_of_requests(start_clinic: StartClinic) -> None:
    """Over the limit requests are refused as never executed, over HTTP and the channel alike; a bystander is served."""
    async with (
        start_clinic(HUB_LIMITS_REQUESTS_PER_SESSION="2") as clinic,
        clinic.browser("alice") as alice,
        clinic.browser("bob") as bob,
    ):
        channel, bystander = await Channel.open(alice), await Channel.open(bob)
        answers = await asyncio.gather(*(channel.request("GET", "/api/patients?size=1") for _ in range(60)))
        refused = [answer for answer in answers if answer.problem is not None]
        over_http = await alice.fetch("/api/patients?size=1")

        assert {(answer.status, answer.processed) for answer in refused} == {(429, "never")}
        assert 30 <= len(refused) <= 40
        assert (over_http.status, over_http.json()["type"]) == (429, "urn:hub:problem:too-many-requests")
        assert float(over_http.header("Retry-After") or 0) >= 1
        assert (await bystander.request("GET", "/api/patients?size=1")).status == 200
        assert await clinic.hub.metric("hub_limited_total", limit="requests") == len(refused) + 1


async def test_flood_of_dials(start_clinic: StartClinic) -> None:
    """A session that opens channels in a loop is told to pause; an address that does so is refused before the upgrade."""
    async with (
        start_clinic(HUB_LIMITS_DIALS_PER_SESSION="0.5", HUB_LIMITS_DIALS_PER_ADDRESS="1.2") as clinic,
        clinic.browser("alice") as browser,
    ):
        codes: list[int] = []
        for _ in range(12):
            try:
                await (await Channel.open(browser)).close()
                codes.append(1000)
            except ChannelClosedError as error:
                codes.append(error.code)

        assert codes[:5] == [1000] * 5
        assert CloseCode.TOO_OFTEN in codes
        try:
            await Channel.open(browser)
        except websockets.InvalidStatus as refused:
            assert refused.response.status_code == 429
            assert int(refused.response.headers["Retry-After"]) >= 1
        else:
            raise AssertionError("the address was not refused")


async def test_dials_without_login(start_clinic: StartClinic) -> None:
    """A page whose session is gone and that dials all the same is slowed down sooner than others."""
    async with start_clinic(HUB_LIMITS_REFUSED_DIALS_PER_ADDRESS="0.3") as clinic, clinic.browser() as browser:
        refusals = []
        for _ in range(6):
            try:
                await Channel.open(browser)
            except ChannelClosedError as error:
                refusals.append(error.code)
            except websockets.InvalidStatus as refused:
                refusals.append(refused.response.status_code)

        assert refusals[:3] == [4401] * 3
        assert refusals[-1] == 429
