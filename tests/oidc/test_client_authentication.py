"""hub.oidc.client_authentication: the proof of who sends a request (RFC 6749 section 2.3.1, RFC 7523)."""

import base64
import dataclasses
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from hub.config.settings import SettingsError
from hub.oidc.client_authentication import ASSERTION_TYPE, authenticate, mismatch, read_credentials
from hub.oidc.metadata import ProviderMetadata
from hub.oidc.pushed_authorization import build_push
from hub.oidc.token_endpoint import FormRequest
from hub.primitives.secret import Secret
from tests.oidc.samples import ISSUER, METADATA, settings, write_key

NOW = 1_800_000_000.0
SECRET = "a-secret-of-sixty-four-bytes-which-is-what-hs512-wants-to-be-safe"
REQUEST = FormRequest(f"{ISSUER}/token", {"grant_type": "refresh_token", "refresh_token": "rt"})
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()


def proved(metadata: ProviderMetadata = METADATA, now: float = NOW, **changes: Any) -> FormRequest:
    """Return the request with the proof that these settings ask for."""
    return authenticate(REQUEST, read_credentials(settings(**changes)), metadata, now)


def assertion(request: FormRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of the request's assertion, unverified."""
    text = request.form["client_assertion"]
    return jwt.get_unverified_header(text), jwt.decode(text, options={"verify_signature": False})


@given(client_id=st.text(min_size=1, max_size=40), secret=st.text(min_size=1, max_size=40))
def test_basic(client_id: str, secret: str) -> None:
    """RFC 6749 section 2.3.1: id and secret are encoded as in a form, so that any character arrives."""
    request = proved(client_id=client_id, client_secret=Secret(secret))
    scheme, _, text = request.headers["Authorization"].partition(" ")
    sent = base64.b64decode(text).decode().split(":")

    assert (scheme, [unquote_plus(part) for part in sent]) == ("Basic", [client_id, secret])
    assert request.form == REQUEST.form


def test_post() -> None:
    """In the form, and then not in a header as well: two proofs in one request are an error (section 2.3)."""
    request = proved(client_authentication="client_secret_post")

    assert request.form == {**REQUEST.form, "client_id": "hub", "client_secret": "secret"}
    assert "Authorization" not in request.headers


@pytest.mark.parametrize("key", [RSA, EC, ED], ids=["rsa", "ec", "ed25519"])
def test_private_key(tmp_path: Path, key: Any) -> None:
    """B1, S11: the assertion is signed with the private key, which alone can do it; the secret is not sent."""
    path = write_key(tmp_path, key)
    request = proved(client_authentication="private_key_jwt", client_key_file=path, client_key_id="2026-11")
    header, _ = assertion(request)
    jwt.decode(
        request.form["client_assertion"],
        key.public_key(),
        algorithms=[header["alg"]],
        audience=ISSUER,
        options={"verify_exp": False, "verify_iat": False},
    )

    assert header["kid"] == "2026-11"
    assert request.form["client_assertion_type"] == ASSERTION_TYPE
    assert "client_secret" not in request.form
    assert "Authorization" not in request.headers


def test_secret_signs() -> None:
    """client_secret_jwt: the secret signs, and is not sent."""
    request = proved(client_authentication="client_secret_jwt", client_secret=Secret(SECRET))
    jwt.decode(
        request.form["client_assertion"],
        SECRET,
        algorithms=["HS256"],
        audience=ISSUER,
        options={"verify_exp": False, "verify_iat": False},
    )

    assert SECRET not in request.body


def test_claims() -> None:
    """Issuer and subject are the client, the audience is the provider, and it lives for a minute at most, which IRIS demands."""
    _, claims = assertion(proved(client_authentication="client_secret_jwt", client_secret=Secret(SECRET)))

    assert (claims["iss"], claims["sub"], claims["aud"]) == ("hub", "hub", ISSUER)
    assert claims["exp"] - claims["iat"] <= 60


def test_assertion_is_backdated() -> None:
    """A provider whose clock is some seconds behind does not take it for one out of the future."""
    _, claims = assertion(proved(client_authentication="client_secret_jwt", client_secret=Secret(SECRET)))

    assert (claims["iat"], claims["exp"]) == (NOW - 5, NOW + 45)


def test_audience() -> None:
    """Where the provider wants it so, the audience is its token endpoint."""
    request = proved(
        client_authentication="client_secret_jwt", client_secret=Secret(SECRET), client_assertion_audience="token_endpoint"
    )

    assert assertion(request)[1]["aud"] == f"{ISSUER}/token"


def test_fresh_each_time() -> None:
    """No two tries of a request have the same assertion: a provider takes each `jti` once (RFC 7523 section 3)."""
    credentials = read_credentials(settings(client_authentication="client_secret_jwt", client_secret=Secret(SECRET)))
    ids = {assertion(authenticate(REQUEST, credentials, METADATA, NOW))[1]["jti"] for _ in range(50)}

    assert len(ids) == 50
    assert min(map(len, ids)) >= 32


def test_pushed_request() -> None:
    """B1, ASVS 10.4.10: a pushed authorization request and a revocation are proved like a token request."""
    metadata = dataclasses.replace(METADATA, pushed_authorization_request_endpoint=f"{ISSUER}/par")
    push = build_push(metadata, {"client_id": "hub", "response_type": "code"})
    request = authenticate(push, read_credentials(settings(client_authentication="client_secret_post")), metadata, NOW)

    assert (request.url, request.form["client_secret"]) == (f"{ISSUER}/par", "secret")


class TestAlgorithm:
    """Which one signs."""

    def test_listed_by_the_provider(self, tmp_path: Path) -> None:
        """The first of the key's algorithms that the provider lists."""
        metadata = dataclasses.replace(METADATA, token_endpoint_auth_signing_alg_values_supported=("ES256", "PS384"))
        request = proved(metadata, client_authentication="private_key_jwt", client_key_file=write_key(tmp_path, RSA))

        assert assertion(request)[0]["alg"] == "PS384"

    def test_of_the_settings(self, tmp_path: Path) -> None:
        """The operator's word counts, whatever the provider lists."""
        metadata = dataclasses.replace(METADATA, token_endpoint_auth_signing_alg_values_supported=("RS256",))
        path = write_key(tmp_path, RSA)
        request = proved(
            metadata, client_authentication="private_key_jwt", client_key_file=path, client_assertion_algorithm="PS512"
        )

        assert assertion(request)[0]["alg"] == "PS512"

    @pytest.mark.parametrize(
        "changes", [{"client_assertion_algorithm": "ES256"}, {"client_assertion_algorithm": "HS256"}], ids=["other-key", "secret"]
    )
    def test_not_possible(self, tmp_path: Path, changes: dict[str, str]) -> None:
        """An algorithm that the key cannot do is a mistake in the settings, found at the start."""
        chosen = settings(client_authentication="private_key_jwt", client_key_file=write_key(tmp_path, RSA), **changes)
        with pytest.raises(SettingsError, match="client_assertion_algorithm"):
            read_credentials(chosen)

    def test_curve_without_algorithm(self, tmp_path: Path) -> None:
        """A curve that no JWT algorithm knows is told at the start."""
        path = write_key(tmp_path, ec.generate_private_key(ec.SECP224R1()))
        with pytest.raises(SettingsError, match="no algorithm that the hub supports"):
            read_credentials(settings(client_authentication="private_key_jwt", client_key_file=path))


class TestMismatch:
    """What the provider lists is compared, for a warning."""

    def test_method(self) -> None:
        """A method that is not listed."""
        metadata = dataclasses.replace(METADATA, token_endpoint_auth_methods_supported=("private_key_jwt",))

        assert "client_secret_basic" in (mismatch(read_credentials(settings()), metadata) or "")

    def test_nothing_to_say(self) -> None:
        """Without lists, or with fitting ones."""
        metadata = dataclasses.replace(METADATA, token_endpoint_auth_methods_supported=("client_secret_basic",))

        assert mismatch(read_credentials(settings()), METADATA) is None
        assert mismatch(read_credentials(settings()), metadata) is None


def test_nothing_is_printed(tmp_path: Path) -> None:
    """Neither secret nor key nor assertion show up in what is printed."""
    credentials = read_credentials(settings(client_authentication="client_secret_jwt", client_secret=Secret(SECRET)))
    request = authenticate(REQUEST, credentials, METADATA, NOW)

    assert SECRET not in repr(credentials)
    assert request.form["client_assertion"] not in repr(request)
