"""hub.oidc.authorization: the request for a code and the response with it."""

import base64
import dataclasses
import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import BadRequest, LoginFailed
from hub.oidc.authorization import build_authorization_request, process_authorization_response
from tests.oidc.samples import ISSUER, METADATA, REDIRECT_URI, settings


class TestRequest:
    """OpenID Connect Core 1.0 section 3.1.2.1, RFC 7636 section 4.3."""

    def test_parameters(self) -> None:
        """S5, B2: a code is asked for with S256, and nothing of the code verifier is in the URL."""
        request = build_authorization_request(METADATA, settings(), REDIRECT_URI)

        challenge = hashlib.sha256(request.code_verifier.reveal().encode()).digest()
        assert {
            "response_type": ["code"],
            "client_id": ["hub"],
            "redirect_uri": [REDIRECT_URI],
            "scope": ["openid profile offline_access"],
            "state": [request.state],
            "nonce": [request.nonce],
            "code_challenge": [base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()],
            "code_challenge_method": ["S256"],
        } == parse_qs(urlsplit(request.url).query)

    def test_freshness(self) -> None:
        """S4: state, nonce and code verifier have 256 bits each and never come twice."""
        requests = [build_authorization_request(METADATA, settings(), REDIRECT_URI) for _ in range(20)]
        values = {value for r in requests for value in (r.state, r.nonce, r.code_verifier.reveal())}

        assert (60, {43}) == (len(values), {len(value) for value in values})

    def test_further_parameters(self) -> None:
        """Parameters of settings and caller are added, the caller's win, and none replaces one of the hub's own."""
        chosen = settings(authorization_parameters={"aud": "https://api", "login_hint": "bob", "state": "mine"})
        request = build_authorization_request(
            METADATA, chosen, REDIRECT_URI, extra={"login_hint": "alice", "code_challenge_method": "plain"}
        )

        query = parse_qs(urlsplit(request.url).query)
        assert (["https://api"], ["alice"], ["S256"], [request.state]) == (
            query["aud"],
            query["login_hint"],
            query["code_challenge_method"],
            query["state"],
        )

    @pytest.mark.parametrize(
        ("demanded", "extra", "sent"),
        [
            ({}, {"max_age": "900"}, {"max_age": "900"}),
            ({"max_age": "300"}, {}, {"max_age": "300"}),
            ({"max_age": "300"}, {"max_age": "900"}, {"max_age": "300"}),
            ({"max_age": "1000"}, {"max_age": "900"}, {"max_age": "900"}),
            ({"max_age": "300"}, {"max_age": "0"}, {"max_age": "0"}),
            ({"acr_values": "gold silver"}, {"acr_values": "bronze silver"}, {"acr_values": "silver"}),
            ({}, {"prompt": "login"}, {"prompt": "login"}),
            ({"prompt": "login"}, {}, {"prompt": "login"}),
            ({"prompt": "login"}, {"prompt": "consent"}, {"prompt": "login consent"}),
            ({"prompt": "none"}, {"prompt": "login"}, {"prompt": "login"}),
        ],
    )
    def test_no_weaker_login(self, demanded: dict[str, str], extra: dict[str, str], sent: dict[str, str]) -> None:
        """C6, C7: what the operator demands of a login holds, whatever its address says; a login may demand more."""
        chosen = settings(authorization_parameters=demanded)
        request = build_authorization_request(METADATA, chosen, REDIRECT_URI, extra=extra)

        query = parse_qs(urlsplit(request.url).query)
        assert {name: query[name] for name in sent} == {name: [value] for name, value in sent.items()}
        assert request.demands == {name: value for name, value in sent.items() if name != "prompt"}

    def test_other_ways_of_authentication(self) -> None:
        """C7: a login cannot ask for ways of authentication which the operator does not accept."""
        chosen = settings(authorization_parameters={"acr_values": "gold silver"})
        with pytest.raises(BadRequest, match=r"^acr_values: "):
            build_authorization_request(METADATA, chosen, REDIRECT_URI, extra={"acr_values": "bronze"})

    def test_endpoint_with_query(self) -> None:
        """A query of the authorization endpoint stays (RFC 6749 section 3.1)."""
        endpoint = f"{ISSUER}/authorize?tenant=a"
        metadata = dataclasses.replace(METADATA, authorization_endpoint=endpoint)
        request = build_authorization_request(metadata, settings(), REDIRECT_URI)

        assert request.url.startswith(f"{endpoint}&")

    def test_repr(self) -> None:
        """Nothing that is secret until the response is printed with the request."""
        request = build_authorization_request(METADATA, settings(), REDIRECT_URI)

        assert repr(request) == "AuthorizationRequest(code_verifier=Secret(***))"


class TestResponse:
    """RFC 6749 section 4.1.2, RFC 9207."""

    def test_code(self) -> None:
        """A response with a code and the right issuer gives the code."""
        code = process_authorization_response(
            {"code": ["abc"], "state": ["s"], "iss": [ISSUER]}, expected_issuer=ISSUER, iss_required=True
        )

        assert code.reveal() == "abc"

    @pytest.mark.parametrize("issuer", ["https://evil.example", f"{ISSUER}/", ""])
    @pytest.mark.parametrize("outcome", [{"code": ["abc"]}, {"error": ["access_denied"]}])
    @pytest.mark.parametrize("required", [True, False])
    def test_other_issuer(self, issuer: str, outcome: dict[str, list[str]], required: bool) -> None:
        """I1, I3: `iss` of another provider is refused on codes and errors alike, whether announced or not."""
        with pytest.raises(LoginFailed) as caught:
            process_authorization_response({**outcome, "iss": [issuer]}, expected_issuer=ISSUER, iss_required=required)

        assert caught.value.extensions == {}

    def test_missing_issuer(self) -> None:
        """I2: `iss` that was announced must not be missing."""
        with pytest.raises(LoginFailed):
            process_authorization_response({"code": ["abc"]}, expected_issuer=ISSUER, iss_required=True)

    def test_no_issuer_announced(self) -> None:
        """A provider that does not know RFC 9207, as IRIS, need not send `iss`."""
        code = process_authorization_response({"code": ["abc"]}, expected_issuer=ISSUER, iss_required=False)

        assert code.reveal() == "abc"

    @pytest.mark.parametrize(
        "parameters",
        [
            {"code": ["abc", "def"]},
            {"code": ["abc"], "iss": [ISSUER, "https://evil.example"]},
            {"code": ["abc"], "state": ["s", "s"]},
            {"error": ["access_denied", "x"]},
            {"code": []},
            {"code": [""]},
            {},
        ],
    )
    def test_ambiguous_or_empty(self, parameters: dict[str, list[str]]) -> None:
        """RFC 6749 section 3.1: a parameter that comes twice is refused, and so is a response without a code."""
        with pytest.raises(LoginFailed):
            process_authorization_response(parameters, expected_issuer=ISSUER, iss_required=False)

    @pytest.mark.parametrize(
        ("error", "words"),
        [
            ("access_denied", "cancelled"),
            ("login_required", "log in again"),
            ("consent_required", "consent"),
            ("interaction_required", "log in again"),
            ("temporarily_unavailable", "in a moment"),
            ("something_new", "rejected the login"),
        ],
    )
    def test_error(self, error: str, words: str) -> None:
        """C14: an error is explained to the person and named to the program."""
        with pytest.raises(LoginFailed, match=words) as caught:
            process_authorization_response(
                {"error": [error], "error_description": ["<b>x</b>"]}, expected_issuer=ISSUER, iss_required=False
            )

        assert {"error": error} == caught.value.extensions

    @given(st.text(), st.text())
    def test_nothing_foreign_is_repeated(self, error: str, description: str) -> None:
        """Whatever an attacker writes into an error response, only a harmless error code is ever repeated."""
        with pytest.raises(LoginFailed) as caught:
            process_authorization_response(
                {"error": [error], "error_description": [description]}, expected_issuer=ISSUER, iss_required=False
            )

        shown = caught.value.extensions.get("error", "")
        assert "<" not in caught.value.detail
        assert shown == "" or (shown == error and f"{shown}a".replace("_", "").isalnum() and shown.isascii())
