"""What the hub says to IRIS's JWT endpoints, and how it reads their answers."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.config.settings import ProviderSettings
from hub.errors import HubError, ProviderMisbehaved, ProviderRejectedClient, ProviderUnavailable
from hub.iris.native_messages import (
    build_login,
    build_logout,
    build_probe,
    build_refresh,
    build_revocation,
    process_end,
    process_login,
    process_refresh,
)
from hub.oidc.providers import CredentialsRefused
from hub.oidc.token_endpoint import TokenRefused
from hub.primitives.secret import Secret

SETTINGS = ProviderSettings(kind="iris_native", issuer="https://iris.example/csp/clinic/")
BASIC = {"WWW-AUTHENTICATE": "Basic"}


def tokens(**changes: Any) -> bytes:
    """Return an answer of IRIS with some members changed, or left out if None."""
    members = {"access_token": "at", "refresh_token": "rt", "sub": "_SYSTEM", "iat": 1788880315.79, "exp": 1788880375}
    return json.dumps({name: value for name, value in (members | changes).items() if value is not None}).encode()


class TestRequests:
    """What is sent."""

    def test_login(self) -> None:
        """The password goes as JSON under IRIS's own names, never as Basic, a form or a query."""
        request = build_login(SETTINGS, "alice", Secret('p"w\u00e9'))

        assert request.url == "https://iris.example/csp/clinic/login"
        assert request.headers["Content-Type"] == "application/json"
        assert "Authorization" not in request.headers
        assert json.loads(request.body) == {"user": "alice", "password": 'p"w\u00e9'}

    def test_refresh(self) -> None:
        """The refresh token goes in the body alone: as a Bearer token IRIS would refuse it, in a query it would be logged."""
        request = build_refresh(SETTINGS, Secret("r"))

        assert request.url == "https://iris.example/csp/clinic/refresh"
        assert json.loads(request.body) == {"refresh_token": "r"}
        assert "Authorization" not in request.headers

    def test_ends(self) -> None:
        """Logout and revocation show the access token as Bearer."""
        logout = build_logout(SETTINGS, Secret("a"))
        revocation = build_revocation(SETTINGS, Secret("a"), Secret("r"))

        assert (logout.headers["Authorization"], logout.body) == ("Bearer a", b"")
        assert (revocation.headers["Authorization"], json.loads(revocation.body)) == ("Bearer a", {"refresh_token": "r"})
        assert [logout.url, revocation.url] == [f"https://iris.example/csp/clinic/{name}" for name in ("logout", "revoke")]

    def test_probe(self) -> None:
        """The first question names nobody, so nobody's failed logins are counted."""
        assert build_probe(SETTINGS).body == b"{}"

    def test_names_of_endpoints(self) -> None:
        """The application may call its endpoints otherwise."""
        settings = ProviderSettings(issuer="https://iris.example/api", login_path="/auth/login", refresh_path="/auth/refresh")

        assert build_login(settings, "a", Secret("p")).url == "https://iris.example/api/auth/login"
        assert build_refresh(settings, Secret("r")).url == "https://iris.example/api/auth/refresh"

    def test_repr(self) -> None:
        """A request does not print what it carries."""
        assert repr(build_login(SETTINGS, "a", Secret("p"))) == "JsonRequest(url='https://iris.example/csp/clinic/login')"


class TestTokens:
    """Answers with tokens."""

    def test_all_members(self) -> None:
        """The life of the token is `exp` less the fractional `iat`, whatever our own clock says."""
        response = process_login(200, {}, tokens(unknown=1))

        assert (response.access_token.reveal(), response.subject) == ("at", "_SYSTEM")
        assert response.refresh_token is not None
        assert response.refresh_token.reveal() == "rt"
        assert response.expires_in == pytest.approx(59.21)
        assert response.id_token is None

    @pytest.mark.parametrize("missing", ["sub", "refresh_token"])
    def test_login_needs_all(self, missing: str) -> None:
        """A login without a user or without a refresh token is none."""
        with pytest.raises(ProviderMisbehaved):
            process_login(200, {}, tokens(**{missing: None}))

    @pytest.mark.parametrize("missing", ["sub", "refresh_token"])
    def test_refresh_may_leave_out(self, missing: str) -> None:
        """C11: what a refresh leaves out stays as it was."""
        assert process_refresh(200, {}, tokens(**{missing: None})).expires_in is not None

    @pytest.mark.parametrize(
        "changes",
        [
            {"access_token": ""},
            {"access_token": "a b"},
            {"access_token": "a\r\nX: y"},
            {"access_token": None},
            {"refresh_token": "r\x00"},
            {"exp": None},
            {"iat": None},
            {"exp": "soon"},
            {"exp": 1788880315},
            {"access_token": 7},
        ],
    )
    def test_unusable(self, changes: dict[str, Any]) -> None:
        """Tokens that cannot be sent on, or that have ended already, are not used."""
        with pytest.raises(ProviderMisbehaved) as caught:
            process_login(200, {}, tokens(**changes))
        assert "a b" not in caught.value.detail


class TestRefusals:
    """401 and what it means: they all look alike, but for what comes from elsewhere."""

    def test_login(self) -> None:
        """401 with nothing in it: user name or password are wrong, and IRIS does not say which."""
        with pytest.raises(CredentialsRefused):
            process_login(401, {"CONTENT-LENGTH": "0"}, b"")

    def test_refresh(self) -> None:
        """401 with nothing in it: the refresh token is dead, which ends the session."""
        with pytest.raises(TokenRefused) as caught:
            process_refresh(401, {}, b"")
        assert caught.value.error == "invalid_grant"

    @pytest.mark.parametrize("process", [process_login, process_refresh])
    def test_not_enabled(self, process: Any) -> None:
        """401 with a Basic challenge: JWT is switched off. That is the operator's fault and ends no session."""
        with pytest.raises(ProviderRejectedClient) as caught:
            process(401, BASIC, b"")
        assert "JWTAuthEnabled" in caught.value.detail

    @pytest.mark.parametrize("process", [process_login, process_refresh])
    @pytest.mark.parametrize(
        ("status", "headers", "body"),
        [
            (401, {}, b"<html>proxy</html>"),
            (401, {"WWW-Authenticate": "Bearer"}, b""),
            (404, {}, b""),
            (403, {}, b""),
            (302, {}, b""),
        ],
    )
    def test_somebody_else(self, process: Any, status: int, headers: dict[str, str], body: bytes) -> None:
        """Any other refusal does not come from IRIS's endpoint: no password is called wrong, and no session ends."""
        with pytest.raises(ProviderMisbehaved):
            process(status, headers, body)

    @pytest.mark.parametrize("process", [process_login, process_refresh])
    @pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
    def test_not_now(self, process: Any, status: int) -> None:
        """Trouble at IRIS, such as an exhausted licence, says nothing about password or token."""
        with pytest.raises(ProviderUnavailable) as caught:
            process(status, {"RETRY-AFTER": "7"}, b"")
        assert caught.value.retry_after_seconds == 7

    def test_end(self) -> None:
        """200 ends a login; the bare 401 says that it was over already; anything else leaves it open."""
        assert process_end(200, {}, b"", "logout endpoint")
        assert not process_end(401, {}, b"", "logout endpoint")
        with pytest.raises(ProviderMisbehaved):
            process_end(204, {}, b"", "logout endpoint")


@given(
    status=st.integers(100, 599),
    body=st.one_of(st.binary(max_size=60), st.just(tokens()), st.just(tokens(exp=1e308)), st.just(tokens(iat=-1e308, exp=1e308))),
    challenge=st.sampled_from([None, "Basic", "Bearer", ""]),
)
def test_any_answer(status: int, body: bytes, challenge: str | None) -> None:
    """Whatever IRIS answers, the outcome is tokens or one of the documented errors, and tokens only with status 200."""
    headers = {} if challenge is None else {"WWW-Authenticate": challenge}
    for process in (process_login, process_refresh):
        try:
            response = process(status, headers, body)
        except HubError as error:
            assert isinstance(error, CredentialsRefused | TokenRefused | ProviderUnavailable | ProviderMisbehaved)
        else:
            assert status == 200
            assert response.expires_in is not None
            assert 0 < response.expires_in < float("inf")
