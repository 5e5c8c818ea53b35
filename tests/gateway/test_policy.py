"""Who may use a route, and how."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.config.settings import RouteSettings
from hub.errors import MethodNotAllowed, NotAuthenticated, ProviderNotAllowed, StepUpRequired
from hub.gateway.policy import authorise
from hub.gateway.routes import Route
from hub.iris.api import IRIS_API
from tests.parties.clock import START
from tests.session.samples import ISSUERS, make_session

SESSION = make_session()


PARTNERS = {"partners": "https://login.partner.example"}


def route(**settings: Any) -> Route:
    """Return a route that reads and writes, for users of both providers."""
    settings.setdefault("allowed_providers", ["*"])
    return Route.compile(
        RouteSettings(prefix="/api", target="https://h", methods=["GET", "POST"], **settings), IRIS_API, {**ISSUERS, **PARTNERS}
    )


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
        authorise(route(), "GET", SESSION, START + 1_000_000)  # a route that asks for nothing

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
                authorise(strong, "GET", replace(SESSION, acr=acr, provider="partners", issuer=PARTNERS["partners"]), START)
            problem = caught.value.problem().as_json()
            assert problem["acr_values"] == "phrh mfa"
            assert problem["login_url"] == "/hub/login?provider=partners&acr_values=phrh+mfa"


@pytest.mark.parametrize("method", ["DELETE", "get", "TRACE", "CONNECT", ""])
def test_names_the_methods_that_are_allowed(method: str) -> None:
    """Another method is refused before the login is asked for, and the answer lists what is taken."""
    with pytest.raises(MethodNotAllowed) as caught:
        authorise(route(), method, None, START)

    assert caught.value.problem().as_json()["allow"] == ["GET", "POST"]


ISSUER_OF = {**ISSUERS, **PARTNERS, "twin": PARTNERS["partners"]}
ACR_VALUES = ["urn:mfa", "gold"]


class TestProvider:
    """A right holds for the users of the provider that it was given to."""

    def test_token_of_another_provider(self) -> None:
        """A session of a provider that is not allowed is refused before its age counts, with the login to use."""
        for session in (SESSION, replace(SESSION, provider="partners"), replace(SESSION, issuer=PARTNERS["partners"])):
            with pytest.raises(ProviderNotAllowed) as caught:
                authorise(route(allowed_providers=["partners"], max_age_seconds=1), "GET", session, START + 100)
            assert caught.value.extensions == {"login_url": "/hub/login?provider=partners"}

    def test_class_of_another_provider(self) -> None:
        """What one provider calls strong is not strong at the other; each user is sent to the own provider, in its words."""
        strong = route(acr_values={"main": ["urn:mfa"], "partners": ["gold"]})
        partner = replace(SESSION, provider="partners", issuer=PARTNERS["partners"])
        authorise(strong, "GET", replace(SESSION, acr="urn:mfa"), START)
        authorise(strong, "GET", replace(partner, acr="gold"), START)

        for session, url in (
            (SESSION, "/hub/login?acr_values=urn%3Amfa"),
            (partner, "/hub/login?provider=partners&acr_values=gold"),
        ):
            for acr in {None, *ACR_VALUES} - {"urn:mfa" if session is SESSION else "gold"}:
                with pytest.raises(StepUpRequired) as caught:
                    authorise(strong, "GET", replace(session, acr=acr), START)
                assert caught.value.extensions["login_url"] == url

    def test_token_of_each_provider(self) -> None:
        """A token is asked for at the provider of the session, with the scopes that are meant there."""
        settings = {"token": "exchange", "audience": "lab", "scopes": {"main": ["lab.read"], "partners": ["results"]}}
        partner = replace(SESSION, provider="partners", issuer=PARTNERS["partners"])
        found = [authorise(route(**settings), "GET", session, START) for session in (SESSION, partner)]

        demands = [terms.demand for terms in found if terms is not None]
        assert [(demand.provider, demand.target.scopes) for demand in demands] == [
            ("main", ("lab.read",)),
            ("partners", ("results",)),
        ]
        assert demands[0].name != demands[1].name

    @pytest.mark.parametrize(("provider", "issued_by"), [("", "main"), ("partners", "partners")])
    def test_token_of_the_hub(self, provider: str, issued_by: str) -> None:
        """The token of the hub itself comes from the provider of the route, whoever the user is."""
        terms = authorise(route(token="client", provider=provider), "GET", SESSION, START)

        assert terms is not None
        assert terms.demand.provider == issued_by

    def test_login_of_a_route(self) -> None:
        """Without a session, the login is at a provider whose users may use the route."""
        with pytest.raises(NotAuthenticated) as caught:
            authorise(route(allowed_providers=["partners"]), "GET", None, START)

        assert caught.value.extensions["login_url"] == "/hub/login?provider=partners"


@given(
    allowed=st.lists(st.sampled_from([*ISSUER_OF, "gone"]), unique=True),
    acr_values=st.fixed_dictionaries({name: st.lists(st.sampled_from(ACR_VALUES)) for name in [*ISSUER_OF, "gone"]}),
    provider=st.sampled_from(list(ISSUER_OF)),
    issuer=st.sampled_from([*ISSUER_OF.values(), "https://former.example"]),
    acr=st.sampled_from([None, *ACR_VALUES]),
    token=st.sampled_from(["user", "exchange", "client"]),
)
def test_any_combination(
    allowed: list[str], acr_values: dict[str, list[str]], provider: str, issuer: str, acr: str | None, token: str
) -> None:
    """A session passes exactly if its own provider is allowed and calls its login strong enough, with a token from there."""
    settings = RouteSettings(prefix="/api", target="https://h", token=token, allowed_providers=allowed, acr_values=acr_values)  # type: ignore[arg-type]
    compiled = Route.compile(settings, IRIS_API, ISSUER_OF)
    session = replace(SESSION, provider=provider, issuer=issuer, acr=acr)
    is_allowed = provider in allowed and ISSUER_OF[provider] == issuer
    is_strong = not acr_values[provider] or acr in acr_values[provider]
    try:
        terms = authorise(compiled, "GET", session, START)
    except ProviderNotAllowed:
        assert not is_allowed
    except StepUpRequired:
        assert is_allowed
        assert not is_strong
    else:
        assert is_allowed
        assert is_strong
        assert terms is not None
        assert terms.demand.provider == ("main" if token == "client" else provider)
