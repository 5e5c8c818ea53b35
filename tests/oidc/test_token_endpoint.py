"""hub.oidc.token_endpoint: grants, client authentication, responses."""

import dataclasses
import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import HubError, LoginFailed, ProviderMisbehaved, ProviderRejectedClient, ProviderUnavailable
from hub.oidc.token_endpoint import (
    TargetRefused,
    TokenRefused,
    build_code_exchange,
    build_refresh,
    build_revocation,
    process_token_response,
)
from hub.primitives.secret import Secret
from tests.oidc.samples import ISSUER, METADATA, REDIRECT_URI

MEMBERS = ["access_token", "token_type", "expires_in", "refresh_token", "refresh_expires_in", "id_token", "scope", "error"]
CODES = st.sampled_from(["invalid_grant", "invalid_client", "invalid_target", "temporarily_unavailable", "Bearer", "1e999"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | CODES, st.lists, max_leaves=3
)


def tokens(**changes: Any) -> bytes:
    """Return a token response; members set to None are left out."""
    members = {"access_token": "at", "token_type": "Bearer", "expires_in": 300, "refresh_token": "rt", **changes}
    return json.dumps({name: value for name, value in members.items() if value is not None}).encode()


class TestRequests:
    """RFC 6749 sections 4.1.3 and 6, RFC 7009 section 2.1."""

    def test_code_exchange(self) -> None:
        """The code goes with its verifier and the redirect URI that it was sent to."""
        request = build_code_exchange(METADATA, code=Secret("c"), code_verifier=Secret("v"), redirect_uri=REDIRECT_URI)

        assert f"{ISSUER}/token" == request.url
        assert parse_qsl(request.body) == [
            ("grant_type", "authorization_code"),
            ("code", "c"),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", "v"),
        ]

    def test_refresh(self) -> None:
        """A refresh asks for what was granted before: it names no scope."""
        request = build_refresh(METADATA, Secret("r"))

        assert parse_qsl(request.body) == [("grant_type", "refresh_token"), ("refresh_token", "r")]

    def test_revocation(self) -> None:
        """R1: a token is revoked with its hint."""
        request = build_revocation(METADATA, Secret("r"), "refresh_token")

        assert request is not None
        assert parse_qsl(request.body) == [("token", "r"), ("token_type_hint", "refresh_token")]
        assert request.url == f"{ISSUER}/revoke"

    def test_no_revocation_endpoint(self) -> None:
        """A provider that cannot revoke gets no request."""
        metadata = dataclasses.replace(METADATA, revocation_endpoint=None)

        assert build_revocation(metadata, Secret("r"), "refresh_token") is None

    def test_repr(self) -> None:
        """A request does not print what it carries."""
        request = build_refresh(METADATA, Secret("r"))

        assert f"FormRequest(url='{ISSUER}/token')" == repr(request)


class TestResponse:
    """RFC 6749 section 5.1."""

    def test_all_members(self) -> None:
        """Members are taken over, unknown ones are ignored (C12)."""
        response = process_token_response(200, {}, tokens(id_token="it", scope="openid", patient="1"))

        assert (
            response.access_token.reveal(),
            response.refresh_token and response.refresh_token.reveal(),
            response.id_token and response.id_token.reveal(),
            response.scope,
            response.expires_in,
        ) == ("at", "rt", "it", "openid", 300.0)

    def test_least(self) -> None:
        """C11: expires_in, refresh_token, id_token and scope may be missing."""
        response = process_token_response(200, {}, tokens(expires_in=None, refresh_token=None))

        assert (
            response.expires_in,
            response.refresh_token,
            response.id_token,
            response.scope,
        ) == (None, None, None, None)

    @pytest.mark.parametrize("token_type", ["bearer", "Bearer", "BEARER"])
    def test_token_type(self, token_type: str) -> None:
        """The token type is compared without case: IRIS writes it small."""
        response = process_token_response(200, {"CONTENT-TYPE": "application/json"}, tokens(token_type=token_type))

        assert response.token_type == "Bearer"

    @pytest.mark.parametrize(("sent", "seconds"), [(0, 0.0), ("300", 300.0), (59.5, 59.5), ("", None)])
    def test_expires_in(self, sent: Any, seconds: float | None) -> None:
        """`expires_in` is read as number or text."""
        response = process_token_response(200, {}, tokens(expires_in=sent))

        assert seconds == response.expires_in

    @pytest.mark.parametrize(
        "changes",
        [
            {"token_type": "pop"},
            {"token_type": "mac"},
            {"token_type": None},
            {"access_token": None},
            {"access_token": ""},
            {"access_token": 7},
            {"access_token": "a b"},
            {"access_token": "a\r\nX-Injected: 1"},
            {"refresh_token": "a\nb"},
            {"expires_in": "soon"},
            {"expires_in": -1},
            {"expires_in": "nan"},
            {"expires_in": "inf"},
            {"expires_in": []},
        ],
    )
    def test_unusable(self, changes: dict[str, Any]) -> None:
        """C12: tokens of unknown type, and what cannot be a token or a time to live, are refused."""
        with pytest.raises(ProviderMisbehaved) as caught:
            process_token_response(200, {}, tokens(**changes))

        assert "X-Injected" not in caught.value.detail


class TestErrors:
    """RFC 6749 section 5.2."""

    @pytest.mark.parametrize(("status", "error"), [(400, "invalid_grant"), (401, "invalid_grant"), (400, "invalid_scope")])
    def test_refused(self, status: int, error: str) -> None:
        """A refused grant says which error code the provider gave, and fails a login if nobody handles it."""
        with pytest.raises(TokenRefused) as caught:
            process_token_response(status, {}, json.dumps({"error": error}).encode())

        assert (error, True) == (caught.value.error, isinstance(caught.value, LoginFailed))

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (401, b'{"error":"invalid_client"}'),
            (400, b'{"error":"invalid_client"}'),
            (400, b'{"error":"unauthorized_client"}'),
            (401, b""),
        ],
    )
    def test_client(self, status: int, body: bytes) -> None:
        """Wrong client credentials are the operator's to mend, and the detail names the settings."""
        with pytest.raises(ProviderRejectedClient, match=r"provider\.client_secret"):
            process_token_response(status, {}, body)

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (429, b""),
            (503, b"<html>"),
            (500, b'{"error":"invalid_grant"}'),
            (400, b'{"error":"temporarily_unavailable"}'),
            (400, b'{"error":"server_error"}'),
        ],
    )
    def test_unavailable(self, status: int, body: bytes) -> None:
        """A provider in trouble refuses nothing, whatever it writes; its Retry-After is kept."""
        with pytest.raises(ProviderUnavailable) as caught:
            process_token_response(status, {"retry-after": "9"}, body)

        assert (caught.value.retry_after_seconds, caught.value.temporary) == (9.0, True)

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (200, b"<html>"),
            (200, b"[]"),
            (204, b""),
            (302, b""),
            (400, b"<html>"),
            (403, b""),
            (404, b"{}"),
            (400, b'{"error":7}'),
            (400, b'{"error":"<script>"}'),
        ],
    )
    def test_neither(self, status: int, body: bytes) -> None:
        """An answer that is neither tokens nor an OAuth error is the provider's mistake."""
        with pytest.raises(ProviderMisbehaved):
            process_token_response(status, {}, body)

    @given(st.integers(100, 599), st.binary())
    def test_any_answer(self, status: int, body: bytes) -> None:
        """No answer whatever raises anything but an error of the hub."""
        try:
            process_token_response(status, {}, body)
        except HubError as error:
            assert error.detail

    @given(
        st.integers(100, 599),
        st.dictionaries(st.sampled_from(["Retry-After", "Date", "retry-after"]), st.text(max_size=30) | st.just("7")),
        st.dictionaries(st.sampled_from(MEMBERS), VALUES),
    )
    def test_any_members(self, status: int, headers: dict[str, str], members: dict[str, Any]) -> None:
        """Whatever the members are, tokens come out of a 200 alone, and all else is one of the documented errors."""
        try:
            response = process_token_response(status, headers, json.dumps(members).encode())
        except (TokenRefused, ProviderUnavailable, ProviderMisbehaved) as error:
            assert error.detail and (status != 200 or isinstance(error, ProviderMisbehaved))
            assert isinstance(error, ProviderUnavailable) or status < 500
        else:
            assert (status, response.access_token.reveal()) == (200, members["access_token"])

    def test_invalid_target(self) -> None:
        """RFC 8707 section 2: a resource that the provider does not know is told from a grant that has ended."""
        with pytest.raises(TargetRefused) as caught:
            process_token_response(400, {}, b'{"error":"invalid_target"}')

        assert caught.value.error == "invalid_target"
