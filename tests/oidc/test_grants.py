"""hub.oidc.grants: tokens for other parties, and for the hub itself."""

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import HubError, ProviderMisbehaved, ProviderRejectedClient, ProviderUnavailable
from hub.iris.dialect import IRIS_DIALECT
from hub.oidc.dialect import STANDARD
from hub.oidc.grants import (
    TokenTarget,
    build_client_credentials,
    build_exchange,
    process_client_credentials,
    process_exchange,
)
from hub.oidc.token_endpoint import TargetRefused, TokenRefused
from hub.primitives.secret import Secret
from tests.oidc.samples import ISSUER, METADATA

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
TARGET = TokenTarget(audience="lab", resource="https://lab.example/api", scopes=("read", "write"))
AS_FORM = {"audience": "lab", "resource": "https://lab.example/api", "scope": "read write"}


def answer(**changes: Any) -> bytes:
    """Return a token exchange response; members set to None are left out."""
    members = {"access_token": "at", "issued_token_type": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 300, **changes}
    return json.dumps({name: value for name, value in members.items() if value is not None}).encode()


class TestClientCredentials:
    """RFC 6749 section 4.4."""

    def test_request(self) -> None:
        """The target stands in the form."""
        request = build_client_credentials(METADATA, TARGET, STANDARD)

        assert request.url == f"{ISSUER}/token"
        assert dict(parse_qsl(request.body)) == {"grant_type": "client_credentials", **AS_FORM}

    def test_no_target(self) -> None:
        """What the settings leave out is left to the provider."""
        request = build_client_credentials(METADATA, TokenTarget(), STANDARD)

        assert parse_qsl(request.body) == [("grant_type", "client_credentials")]

    def test_iris(self) -> None:
        """IRIS calls the audience `aud`."""
        request = build_client_credentials(METADATA, TokenTarget(audience="https://iris.example/csp/clinic"), IRIS_DIALECT)

        assert dict(parse_qsl(request.body))["aud"] == "https://iris.example/csp/clinic"
        assert "audience" not in request.body

    def test_response(self) -> None:
        """The access token is taken; a refresh token and an ID token, which it must not bring, are not kept."""
        response = process_client_credentials(200, {}, answer(refresh_token="rt", refresh_expires_in=9, id_token="it"))

        assert (response.access_token.reveal(), response.expires_in) == ("at", 300.0)
        assert (response.refresh_token, response.refresh_expires_in, response.id_token) == (None, None, None)


class TestExchange:
    """RFC 8693."""

    def test_request(self) -> None:
        """Section 2.1: the user's token is the subject, and an access token is asked for."""
        request = build_exchange(METADATA, Secret("the-users"), TARGET, STANDARD)

        assert dict(parse_qsl(request.body)) == {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": "the-users",
            "subject_token_type": ACCESS_TOKEN,
            "requested_token_type": ACCESS_TOKEN,
            **AS_FORM,
        }

    def test_repr(self) -> None:
        """Neither the user's token nor the client's secret is printed."""
        printed = repr(build_exchange(METADATA, Secret("the-users"), TARGET, STANDARD))

        assert "the-users" not in printed and "Basic" not in printed

    @pytest.mark.parametrize("kind", [ACCESS_TOKEN, "urn:ietf:params:oauth:token-type:jwt"])
    def test_response(self, kind: str) -> None:
        """Section 2.2.1: an access token, or a JWT that is used as one."""
        response = process_exchange(200, {}, answer(issued_token_type=kind, refresh_token="rt"))

        assert (response.access_token.reveal(), response.refresh_token) == ("at", None)

    @pytest.mark.parametrize(
        "changes",
        [
            {"issued_token_type": None},
            {"issued_token_type": "urn:ietf:params:oauth:token-type:refresh_token"},
            {"issued_token_type": "urn:ietf:params:oauth:token-type:id_token"},
            {"issued_token_type": [ACCESS_TOKEN]},
            {"token_type": "N_A"},
            {"token_type": "pop"},
            {"access_token": None},
            {"access_token": "a b"},
        ],
    )
    def test_unusable(self, changes: dict[str, Any]) -> None:
        """Sections 2.2.1 and 7.1: what is no access token, or not said to be one, is not sent to anybody."""
        with pytest.raises(ProviderMisbehaved):
            process_exchange(200, {}, answer(**changes))

    @pytest.mark.parametrize(
        ("status", "code", "error"),
        [
            (400, "invalid_grant", TokenRefused),
            (400, "invalid_request", TokenRefused),
            (400, "unsupported_grant_type", TokenRefused),
            (400, "invalid_target", TargetRefused),
            (401, "invalid_client", ProviderRejectedClient),
            (503, "invalid_grant", ProviderUnavailable),
        ],
    )
    def test_errors(self, status: int, code: str, error: type[HubError]) -> None:
        """Section 2.2.2: errors are those of every grant."""
        with pytest.raises(error):
            process_exchange(status, {}, json.dumps({"error": code}).encode())

    @given(st.integers(100, 599), st.binary() | st.builds(lambda kind: answer(issued_token_type=kind), st.text() | st.integers()))
    def test_any_answer(self, status: int, body: bytes) -> None:
        """Whatever comes back, it is a token of a known type or an error of the hub."""
        try:
            process_exchange(status, {}, body)
        except HubError as error:
            assert error.detail
        else:
            assert json.loads(body)["issued_token_type"] in {ACCESS_TOKEN, "urn:ietf:params:oauth:token-type:jwt"}
