"""hub.oidc.signed_jwt: what all tokens of the provider have in common. Signatures are tested in test_id_token."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import ProviderMisbehaved
from hub.oidc.jwks import process_jwks
from hub.oidc.signed_jwt import instant, stated_claims, verify
from hub.primitives.secret import Secret
from tests.parties.signing import SigningKey, sign

KEY = SigningKey.rsa("a")
KEYS = process_jwks(200, {}, json.dumps({"keys": [KEY.public]}).encode())


@pytest.mark.parametrize(
    ("sent", "kind"), [(None, ""), ("JWT", "jwt"), ("application/at+jwt", "at+jwt"), ("Logout+JWT", "logout+jwt")]
)
def test_kind(sent: str | None, kind: str) -> None:
    """RFC 7515 section 4.1.9: the media type is told without `application/` and regardless of case."""
    token = Secret(sign({"sub": "alice"}, KEY, {"typ": sent}))
    signed = verify(token, KEYS, ["RS256"], what="token")

    assert (signed.kind, signed.algorithm, signed.claims) == (kind, "RS256", {"sub": "alice"})


def test_claims_are_not_printed() -> None:
    """What a token says about a person does not get into logs by printing it."""
    signed = verify(Secret(sign({"sub": "alice"}, KEY)), KEYS, ["RS256"], what="token")

    assert "alice" not in repr(signed)


def test_stated_claims() -> None:
    """Claims can be read before any key is known."""
    assert stated_claims(Secret(sign({"sub": "alice"}, SigningKey.rsa("b"))), what="token") == {"sub": "alice"}


@given(st.text())
def test_any_text(text: str) -> None:
    """No text whatever raises anything but an error of the hub."""
    with pytest.raises(ProviderMisbehaved):
        stated_claims(Secret(text), what="token")


@pytest.mark.parametrize("crit", [["exp"], ["b64"], ["unknown"], [], "exp", None, 7])
def test_critical_header(crit: Any) -> None:
    """RFC 7515 section 4.1.11: the hub understands no extension, so it rejects whatever requires one. PyJWT is not asked."""
    header = {"alg": "RS256", "kid": "a", "crit": crit, "exp": 9_999_999_999}
    token = Secret(f"{segment(header)}.{segment({'sub': 'alice'})}.{'A' * 342}")

    with pytest.raises(ProviderMisbehaved, match="crit"):
        verify(token, KEYS, ["RS256"], what="token")
    with pytest.raises(ProviderMisbehaved, match="crit"):
        stated_claims(token, what="token")


@pytest.mark.parametrize("part", [0, 1])
def test_nested_part(part: int) -> None:
    """A header or claims that would exhaust the stack make the token malformed."""
    parts = sign({"sub": "alice"}, KEY).split(".")
    parts[part] = base64.urlsafe_b64encode(b'{"a":' + b"[" * 30_000).rstrip(b"=").decode()

    with pytest.raises(ProviderMisbehaved):
        stated_claims(Secret(".".join(parts)), what="token")
    with pytest.raises(ProviderMisbehaved):
        verify(Secret(".".join(parts)), KEYS, ["RS256"], what="token")


def segment(value: Any) -> str:
    """Return a value as a segment of a JWT."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(("sent", "seconds"), [(None, None), (7, 7.0), (7.5, 7.5), (-1, -1.0)])
def test_instant(sent: Any, seconds: float | None) -> None:
    """RFC 7519 section 2: a NumericDate may have a fraction; an absent one is None."""
    assert instant({"exp": sent}, "exp", what="token") == seconds


@pytest.mark.parametrize("sent", ["7", True, [7], {}, 10**400])
def test_no_instant(sent: Any) -> None:
    """Text, truth values and numbers that no time can have are refused."""
    with pytest.raises(ProviderMisbehaved, match="exp"):
        instant({"exp": sent}, "exp", what="token")
