"""Redirects of an API that the hub's client asks to see: their status, where they lead, and that no cache keeps them."""

import pytest

from hub.config.settings import RouteSettings
from hub.gateway.messages import ApiResponse
from hub.web.shown_redirects import shown
from tests.parties.resource_server import RawResourceServer, answering
from tests.web.conftest import BuildHouse

MOVED = [("Location", "/patients/7"), ("Cache-Control", "max-age=600"), ("Expires", "Thu, 01 Jan 2037 00:00:00 GMT")]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_shown(status: int) -> None:
    """A redirect is 200 with its status in a header; its own caching headers are gone."""
    response = shown(ApiResponse(status=status, reason="Moved", headers=MOVED))
    assert response.status == 200
    assert response.headers == [("Location", "/patients/7"), ("X-Hub-Redirect", str(status)), ("Cache-Control", "no-store")]


@pytest.mark.parametrize(("status", "headers"), [(200, MOVED), (201, MOVED), (304, MOVED), (302, MOVED[1:])])
def test_all_else_stays(status: int, headers: list[tuple[str, str]]) -> None:
    """What no browser would follow stays as it is."""
    response = ApiResponse(status=status, headers=headers)
    assert shown(response) is response


async def test_only_for_those_who_ask(build_house: BuildHouse) -> None:
    """Through the door: a request without the header gets the redirect, one with it gets 200; the API does not see the header."""
    api = await RawResourceServer.start(answering(303, ("Location", "/patients/7")))
    async with build_house(routes=[RouteSettings(prefix="/open", target=api.url, token="none")]) as house:
        plain = await house.fetch("/open/x", X_Hub_CSRF="1")
        asked = await house.fetch("/open/x", X_Hub_CSRF="1", X_Hub_Redirect="manual")
    await api.stop()

    assert (plain.status, plain.header("X-Hub-Redirect")) == (303, None)
    assert (asked.status, asked.header("X-Hub-Redirect"), asked.header("Location")) == (200, "303", plain.header("Location"))
    assert asked.header("Cache-Control") == "no-store"
    assert [request.header("X-Hub-Redirect") for request in api.requests] == [None, None]
