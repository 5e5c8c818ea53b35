"""Who may use a route, and how."""

from dataclasses import replace
from typing import Any

import pytest

from hub.config.settings import RouteSettings
from hub.errors import MethodNotAllowed, NotAuthenticated, StepUpRequired
from hub.gateway.policy import authorise
from hub.gateway.routes import Route
from hub.iris.api import IRIS_API
from tests.parties.clock import START
from tests.session.samples import make_session

SESSION = make_session()


def route(**settings: Any) -> Route:
    """Return a route that reads and writes."""
    return Route.compile(RouteSettings(prefix="/api", target="https://h", methods=["GET", "POST"], **settings), IRIS_API)


def test_lets_a_user_pass() -> None:
    """A session may use what the route allows."""
    authorise(route(), "POST", SESSION, START)


def test_lets_anybody_pass_where_no_token_is_needed() -> None:
    """A route without tokens needs no login, and takes no offence at one."""
    authorise(route(token="none"), "GET", None, START)
    authorise(route(token="none"), "GET", SESSION, START)


@pytest.mark.parametrize("token", ["user", "exchange", "client"])
def test_asks_for_a_login(token: str) -> None:
    """Without a session a route with tokens is closed, also where the token is the hub's own."""
    with pytest.raises(NotAuthenticated):
        authorise(route(token=token), "GET", None, START)


class TestStepUp:
    """ASVS 7.5.3: a route may want a fresher or a stronger login (RFC 9470)."""

    def test_fresh_enough(self) -> None:
        """What counts is when the user proved who they are; where the provider does not say, when the session began."""
        proved = replace(SESSION, auth_time=START - 100)
        authorise(route(max_age_seconds=100), "GET", proved, START)
        authorise(route(max_age_seconds=100), "GET", SESSION, START + 100)

        for session, now in ((proved, START + 2), (SESSION, START + 102)):
            with pytest.raises(StepUpRequired) as caught:
                authorise(route(max_age_seconds=100), "GET", session, now)
            assert caught.value.problem().as_json()["login_url"] == "/hub/login?max_age=100"

    @pytest.mark.parametrize("difference", [-300.0, 300.0])
    def test_clock_of_the_provider(self, difference: float) -> None:
        """`auth_time` is by the provider's clock: wrong by five minutes, it makes a login neither older nor younger."""
        now = START + difference - 100  # by the provider's clock
        proved = replace(SESSION, auth_time=now, clock_difference=difference)

        authorise(route(max_age_seconds=100), "GET", proved, START)
        with pytest.raises(StepUpRequired):
            authorise(route(max_age_seconds=100), "GET", proved, START + 2)

    def test_strong_enough(self) -> None:
        """The login must have been made in one of the ways of the route."""
        strong = route(acr_values=["phrh", "mfa"])
        authorise(strong, "GET", replace(SESSION, acr="mfa"), START)

        for acr in (None, "pwd"):
            with pytest.raises(StepUpRequired) as caught:
                authorise(strong, "GET", replace(SESSION, acr=acr, provider="partners"), START)
            problem = caught.value.problem().as_json()
            assert problem["acr_values"] == "phrh mfa"
            assert problem["login_url"] == "/hub/login?provider=partners&acr_values=phrh+mfa"


@pytest.mark.parametrize("method", ["DELETE", "get", "TRACE", "CONNECT", ""])
def test_names_the_methods_that_are_allowed(method: str) -> None:
    """Another method is refused before the login is asked for, and the answer lists what is taken."""
    with pytest.raises(MethodNotAllowed) as caught:
        authorise(route(), method, None, START)

    assert caught.value.problem().as_json()["allow"] == ["GET", "POST"]
