"""The old session cookie, in the seconds after its user has logged in again: what it may still do, and what it may not."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import pytest
import websockets
from websockets.asyncio.client import connect

from hub.config.settings import RouteSettings
from tests.parties.browser import Browser
from tests.parties.channel import Channel, ChannelClosedError
from tests.parties.two_way_api import TwoWayApi
from tests.web.conftest import BuildHouse, House

ENDED = "urn:hub:problem:session-ended"


@dataclass
class Story:
    """A browser whose user has logged in again, with `gold`, and another client that still sends the old cookie.

    Attributes:
        token: `Authorization` of requests before the second login.
    """

    house: House
    api: TwoWayApi
    new: Browser
    old: Browser
    token: str

    def tokens(self) -> list[str]:
        """Return the tokens with which the API was asked, and forget them."""
        seen = self.api.credentials
        self.api.seen.clear()
        return seen


Tell = Callable[[], AbstractAsyncContextManager[Story]]


@pytest.fixture
def story(build_house: BuildHouse) -> Tell:
    """Tell it up to the second login."""

    @asynccontextmanager
    async def tell() -> AsyncIterator[Story]:
        async with TwoWayApi.start() as api:
            routes = [
                RouteSettings(prefix="/api", target=api.url),
                RouteSettings(prefix="/gold", target=api.url, acr_values=["gold"]),
                RouteSettings(prefix="/fresh", target=api.url, max_age_seconds=60),
                RouteSettings(prefix="/lab", target=api.url, token="exchange", audience="lab"),
                RouteSettings(prefix="/reports", target=api.url, token="client", audience="reports"),
                RouteSettings(prefix="/live", target=api.url, websocket=True),
            ]
            async with build_house(routes=routes) as house, house.browser() as new, Browser(house.url) as old:
                old.cookies.update({host: dict(jar) for host, jar in new.cookies.items()})
                assert (await old.fetch("/api/x")).status == 200
                [token] = api.credentials
                api.seen.clear()
                await house.clock.advance(65)
                house.provider.claims = {"acr": "gold"}
                await new.open("/hub/login")
                assert old.session_cookie() != new.session_cookie()
                yield Story(house, api, new, old, token)

    return tell


async def test_old_cookie(story: Tell) -> None:
    """It may finish what it could do before, with the token that it had: nothing else, and nothing that lasts."""
    async with story() as told:
        old, new = told.old, told.new
        assert [(await old.fetch(path)).status for path in ("/api/x", "/reports/x")] == [200, 200]
        ordinary, _ = told.tokens()
        assert ordinary == told.token  # of the first login, not of the second

        assert (await new.fetch("/gold/x")).status == (await new.fetch("/fresh/x")).status == 200
        assert told.tokens()[0] != ordinary
        for path in ("/gold/x", "/fresh/x"):
            refused = await old.fetch(path)
            assert (refused.status, refused.json()["type"]) == (401, "urn:hub:problem:step-up-required")
        exchanged = await old.fetch("/lab/x")
        assert (exchanged.status, exchanged.json()["type"], exchanged.json()["reason"]) == (401, ENDED, "replaced")
        assert told.tokens() == []

        with pytest.raises(ChannelClosedError) as closed:
            await Channel.open(old)
        assert closed.value.code == 4401
        headers = old.channel_headers()
        origin = websockets.Origin(headers.pop("Origin"))
        url = told.house.url.replace("http", "ws", 1) + "/live/x"
        async with connect(url, origin=origin, additional_headers=headers, compression=None, proxy=None) as socket:
            with pytest.raises(websockets.ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 4401
        assert told.tokens() == []


async def test_old_cookie_ends_nothing(story: Tell) -> None:
    """Neither the new session nor any other one; it does not even see them, nor touches the cookies of the new one."""
    async with story() as told:
        old, new = told.old, told.new
        handles = [session["handle"] for session in (await new.fetch("/hub/sessions")).json()["sessions"]]
        page = await old.fetch("/hub/session")
        refused = [
            await old.fetch("/hub/logout", method="POST"),
            await old.fetch("/hub/logout?everywhere=1", method="POST"),
            await old.fetch("/hub/sessions"),
            *[await old.fetch(f"/hub/sessions/{handle}", method="DELETE") for handle in handles],
        ]

        assert (page.status, page.json()["authenticated"], page.all("Set-Cookie")) == (200, True, [])
        problems = {(answer.status, answer.json()["type"], answer.json()["reason"]) for answer in refused}
        assert problems == {(401, ENDED, "replaced")}
        assert not any(answer.all("Set-Cookie") for answer in refused)
        assert (await new.fetch("/gold/x")).status == 200


async def test_refused_token_of_the_old_cookie(story: Tell) -> None:
    """An API that has stopped taking the old token gets no other one for the old cookie, and no refresh is spent."""
    async with story() as told:
        grants = told.house.provider.calls("/token")
        told.api.refuse(401)
        refused = await told.old.fetch("/api/x")

        assert (refused.status, refused.json()["type"], refused.json()["reason"]) == (401, ENDED, "replaced")
        assert (told.tokens(), told.house.provider.calls("/token")) == ([told.token], grants)


async def test_login_of_another_user_with_the_old_cookie(story: Tell) -> None:
    """Whoever has the old cookie, and an account, cannot end the new session by logging in."""
    async with story() as told:
        told.house.provider.claims["sub"] = told.house.provider.userinfo["sub"] = "mallory"
        await told.old.open("/hub/login")

        assert (await told.old.fetch("/hub/session")).json()["subject"] == "mallory"
        assert (await told.new.fetch("/gold/x")).status == 200
