"""Who may use a route, and how."""

from typing import Any, Literal

import pytest

from hub.errors import MethodNotAllowed, NotAuthenticated
from hub.gateway.policy import authorise
from hub.gateway.routes import Route
from hub.settings import RouteSettings

SESSION: Any = object()  # policy only asks whether there is one


def route(token: Literal["user", "none"]) -> Route:
    """Return a route that reads and writes."""
    return Route.compile(RouteSettings(prefix="/api", target="https://h", methods=["GET", "POST"], token=token))


def test_lets_a_user_pass():
    """A session may use what the route allows."""
    authorise(route("user"), "POST", SESSION)


def test_lets_anybody_pass_where_no_token_is_needed():
    """A route without tokens needs no login, and takes no offence at one."""
    authorise(route("none"), "GET", None)
    authorise(route("none"), "GET", SESSION)


def test_asks_for_a_login():
    """Without a session a route for users is closed."""
    with pytest.raises(NotAuthenticated):
        authorise(route("user"), "GET", None)


@pytest.mark.parametrize("method", ["DELETE", "get", "TRACE", "CONNECT", ""])
def test_names_the_methods_that_are_allowed(method):
    """Another method is refused before the login is asked for, and the answer lists what is taken."""
    with pytest.raises(MethodNotAllowed) as caught:
        authorise(route("user"), method, None)

    assert caught.value.problem().as_json()["allow"] == ["GET", "POST"]
