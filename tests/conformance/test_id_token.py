"""ID tokens of logins, good and bad (OpenID Connect Core 1.0 sections 2, 3.1.3.7 and 10.1)."""

import base64
import json
from typing import Any

import pytest

from tests.conformance.visitor import require_login, require_refusal
from tests.parties.clock import START
from tests.parties.hostile_provider import CLIENT_ID, CLIENT_SECRET
from tests.parties.signing import SigningKey, break_signature
from tests.web.conftest import House

WEEK_SECONDS = 7 * 86400


def with_null_algorithm(token: str) -> str:
    """Return the token with a header whose `alg` is null."""
    header = base64.urlsafe_b64encode(json.dumps({"alg": None, "kid": "first"}).encode()).rstrip(b"=").decode()
    return f"{header}.{token.partition('.')[2]}"


async def test_oidcc_client_test(house: House) -> None:
    """A correct ID token logs in, and its subject is the user."""
    outcome = await require_login(house)

    assert outcome.session["subject"] == "alice"


@pytest.mark.expects_log
@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"iss": "https://evil.example"}, id="oidcc-client-test-invalid-iss"),
        pytest.param({"iss": None}, id="oidcc-client-test-missing-iss"),
        pytest.param({"sub": None}, id="oidcc-client-test-missing-sub"),
        pytest.param({"aud": "somebody-else"}, id="oidcc-client-test-invalid-aud"),
        pytest.param({"aud": None}, id="oidcc-client-test-missing-aud"),
        pytest.param({"iat": None}, id="oidcc-client-test-missing-iat"),
        pytest.param({"nonce": "not-that-of-this-login"}, id="oidcc-client-test-nonce-invalid"),
        pytest.param({"nonce": None}, id="oidcc-client-test-missing-nonce"),
        pytest.param({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, id="oidcc-client-test-invalid-at-hash"),
        pytest.param({"exp": None}, id="missing-exp"),
        pytest.param({"exp": int(START) - 3600}, id="expired-exp"),
        pytest.param({"aud": [CLIENT_ID, "secondary"]}, id="secondary-aud-without-azp"),
        pytest.param({"aud": [CLIENT_ID, "secondary"], "azp": "secondary"}, id="secondary-aud-other-azp"),
        pytest.param({"azp": "somebody-else"}, id="invalid-azp"),
    ],
)
async def test_refused_claims(house: House, claims: dict[str, Any]) -> None:
    """C1, C2, C4, C5, C8: an ID token with these claims logs nobody in, and nothing is sent to the API for it."""
    house.provider.claims = claims

    await require_refusal(house)


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"aud": [CLIENT_ID]}, id="aud-as-array"),
        pytest.param({"aud": ["secondary", CLIENT_ID], "azp": CLIENT_ID}, id="secondary-aud"),
        pytest.param({"iat": int(START) - WEEK_SECONDS}, id="iat-a-week-old"),
        pytest.param({"at_hash": None}, id="oidcc-client-test-missing-at-hash"),
        pytest.param({"unheard_of": {"any": ["thing"]}}, id="unknown-claim"),
    ],
)
async def test_accepted_claims(house: House, claims: dict[str, Any]) -> None:
    """What the specification allows logs in: lists of audiences with `azp`, old `iat`, no `at_hash`, unknown claims."""
    house.provider.claims = claims

    await require_login(house)


@pytest.mark.expects_log
async def test_oidcc_client_test_idtoken_sig_none(house: House) -> None:
    """C3: an unsigned ID token logs nobody in, although the metadata lists `none`."""
    house.provider.signing_key = None

    await require_refusal(house)


@pytest.mark.expects_log
async def test_null_alg(house: House) -> None:
    """C3: an ID token whose `alg` is null, or which has none, logs nobody in."""
    house.provider.forge = with_null_algorithm
    await require_refusal(house)
    house.provider.forge, house.provider.header = lambda token: token, {"alg": None}

    await require_refusal(house)


@pytest.mark.expects_log
async def test_oidcc_client_test_invalid_sig_rs256(house: House) -> None:
    """C3: an ID token whose RSA signature is broken logs nobody in."""
    house.provider.forge = break_signature

    await require_refusal(house)


async def test_oidcc_client_test_idtoken_sig_es256(house: House) -> None:
    """C3: an ID token that is signed with an elliptic curve logs in."""
    house.provider.signing_key = SigningKey.ec("curve")
    house.provider.published_keys = [house.provider.signing_key.public]

    await require_login(house)


@pytest.mark.expects_log
async def test_oidcc_client_test_invalid_sig_es256(house: House) -> None:
    """C3: an ID token whose signature by an elliptic curve is broken logs nobody in."""
    house.provider.signing_key = SigningKey.ec("curve")
    house.provider.published_keys = [house.provider.signing_key.public]
    house.provider.forge = break_signature

    await require_refusal(house)


@pytest.mark.expects_log
async def test_oidcc_client_test_invalid_sig_hs256(house: House) -> None:
    """C3: an ID token that is signed with the client secret logs nobody in: the hub takes public keys alone."""
    house.provider.signing_key = SigningKey(None, "HS256", CLIENT_SECRET.encode())
    await require_refusal(house)
    house.provider.forge = break_signature

    await require_refusal(house)


async def test_oidcc_client_test_kid_absent_single_jwks(house: House) -> None:
    """An ID token without `kid` logs in where one key fits."""
    house.provider.header = {"kid": None}

    await require_login(house)


@pytest.mark.expects_log
async def test_oidcc_client_test_kid_absent_multiple_jwks(house: House) -> None:
    """Core section 10.1: with several keys that fit, a token has to say which; without `kid` it logs nobody in."""
    house.provider.published_keys.append(SigningKey.rsa("second").public)
    house.provider.header = {"kid": None}

    await require_refusal(house)
