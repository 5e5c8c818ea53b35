"""hub.oidc.id_token: OpenID Connect Core 1.0 sections 3.1.3.7 and 12.2."""

import base64
import dataclasses
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import ProviderMisbehaved
from hub.oidc.id_token import (
    Expectations,
    IdTokenClaims,
    SubjectChanged,
    validate_id_token,
    validate_refreshed_id_token,
)
from hub.oidc.jwks import KeySet, process_jwks
from hub.oidc.signed_jwt import UnknownKey
from hub.primitives.secret import Secret
from tests.oidc.samples import ISSUER
from tests.parties.signing import SigningKey, break_signature, sign

NOW = 1_800_000_000.0
KEY = SigningKey.rsa("a")
OTHER = SigningKey.rsa("b")
ACCESS_TOKEN = Secret("the-access-token")
EXPECTED = Expectations(issuer=ISSUER, client_id="hub", algorithms=["RS256", "RS512", "ES256", "EdDSA"], leeway_seconds=60.0)
CLAIMS = {"iss": ISSUER, "sub": "alice", "aud": "hub", "exp": NOW + 300, "iat": NOW, "nonce": "n", "sid": "s"}


def key_set(*keys: SigningKey) -> KeySet:
    """Return the key set that publishes these keys."""
    return process_jwks(200, {}, json.dumps({"keys": [key.public for key in keys]}).encode())


def make(key: SigningKey | None = KEY, header: dict[str, Any] | None = None, **changes: Any) -> Secret:
    """Return an ID token; claims set to None are left out."""
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    return Secret(sign(claims, key, header))


def validate(token: Secret, keys: KeySet | None = None, expected: Expectations = EXPECTED) -> IdTokenClaims:
    """Validate a login's ID token at `NOW`."""
    return validate_id_token(token, keys or key_set(KEY), expected, now=NOW, nonce="n", access_token=ACCESS_TOKEN)


def hash_of(access_token: str, algorithm: str) -> str:
    """Return the `at_hash` of an access token."""
    digest = hashlib.new(algorithm, access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


class TestSignature:
    """Rules 6 to 8 (C3)."""

    @pytest.mark.parametrize("key", [KEY, SigningKey.rsa("a", "RS512"), SigningKey.ec("e"), SigningKey.ed25519("d")])
    def test_valid(self, key: SigningKey) -> None:
        """A token with a right signature says who logged in, and in which session of the provider."""
        claims = validate(make(key, auth_time=NOW - 5), key_set(key))

        assert (claims.issuer, claims.subject, claims.session_id, claims.auth_time) == (ISSUER, "alice", "s", NOW - 5)

    def test_invalid_sig(self) -> None:
        """invalid-sig-rs256: a broken signature is refused."""
        with pytest.raises(ProviderMisbehaved, match="signature is wrong"):
            validate(Secret(break_signature(make().reveal())))

    def test_changed_payload(self) -> None:
        """Claims that were changed after signing are refused."""
        header, _, signature = make().reveal().split(".")
        _, payload, _ = make(sub="mallory").reveal().split(".")
        with pytest.raises(ProviderMisbehaved, match="signature is wrong"):
            validate(Secret(f"{header}.{payload}.{signature}"))

    def test_other_key_under_known_kid(self) -> None:
        """A key of somebody else under a known `kid` is refused."""
        with pytest.raises(ProviderMisbehaved, match="signature is wrong"):
            validate(make(OTHER, {"kid": "a"}))

    @pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", None, 7, ["RS256"]])
    def test_sig_none(self, algorithm: Any) -> None:
        """sig-none: an unsigned token is refused however it spells it, whatever the metadata offers."""
        with pytest.raises(ProviderMisbehaved, match="not signed with an algorithm"):
            validate(make(None, {"alg": algorithm}))

    def test_symmetric(self) -> None:
        """A token that takes the public key for an HMAC secret is refused."""
        with pytest.raises(ProviderMisbehaved, match="not signed with an algorithm"):
            validate(make(KEY, {"alg": "HS256"}))

    def test_unlisted_algorithm(self) -> None:
        """An algorithm that the operator does not list is refused although the key is right."""
        with pytest.raises(ProviderMisbehaved, match="not signed with an algorithm"):
            validate(make(SigningKey.rsa("a", "RS384")), key_set(SigningKey.rsa("a", "RS384")))

    def test_kid_absent_single(self) -> None:
        """kid-absent-single-jwks: without `kid`, the only key that fits is used."""
        assert validate(make(KEY, {"kid": None}), key_set(KEY, SigningKey.ec("e"))).subject == "alice"

    def test_kid_absent_multiple(self) -> None:
        """kid-absent-multiple-jwks: without `kid`, several keys that fit are ambiguous, and the token is refused."""
        with pytest.raises(ProviderMisbehaved, match="has no kid"):
            validate(make(KEY, {"kid": None}), key_set(KEY, OTHER))

    def test_two_keys_of_one_kid(self) -> None:
        """Two keys that share a `kid` are both tried."""
        assert validate(make(KEY), key_set(SigningKey("a", "RS256", OTHER.private), KEY)).subject == "alice"

    def test_unknown_kid(self) -> None:
        """signing-key-rotation: an unpublished key asks for a fresh key set."""
        with pytest.raises(UnknownKey):
            validate(make(OTHER))

    @pytest.mark.parametrize(
        "header",
        [
            {"jwk": OTHER.public, "kid": "a"},
            {"jku": "https://evil.example/jwks", "kid": "a"},
            {"x5u": "https://evil.example/x5u", "kid": "a"},
        ],
    )
    def test_keys_of_the_header(self, header: dict[str, Any]) -> None:
        """A key that the token brings or points to is not believed (RFC 8725 section 3.10)."""
        with pytest.raises(ProviderMisbehaved, match="signature is wrong"):
            validate(make(OTHER, header))

    def test_critical_extension(self) -> None:
        """A token with an extension that must be understood, and is not, is refused (RFC 7515 section 4.1.11)."""
        with pytest.raises(ProviderMisbehaved, match="crit"):
            validate(make(KEY, {"crit": ["exotic"], "exotic": True}))

    @pytest.mark.parametrize("kind", ["at+jwt", "application/at+jwt", "logout+jwt", "LOGOUT+JWT"])
    def test_other_kind(self, kind: str) -> None:
        """L12: an access or logout token does not pass for an ID token."""
        with pytest.raises(ProviderMisbehaved, match="another kind"):
            validate(make(KEY, {"typ": kind}))

    @pytest.mark.parametrize("text", ["", "a", "a.b", "a.b.c", "..", "e30..", "a.b.c.d.e", "\xff.\xff.\xff", "W10.W10.AA"])
    def test_no_jwt(self, text: str) -> None:
        """What is no signed JWT is refused."""
        with pytest.raises(ProviderMisbehaved):
            validate(Secret(text))

    @given(st.text())
    def test_any_text(self, text: str) -> None:
        """No text whatever raises anything but an error of the hub, which does not repeat it."""
        with pytest.raises(ProviderMisbehaved) as caught:
            validate(Secret(text))

        assert len(text) < 8 or text not in caught.value.detail


class TestClaims:
    """Rules 2 to 5 and 9 to 13."""

    @pytest.mark.parametrize("issuer", [None, "https://evil.example", f"{ISSUER}/", 7])
    def test_issuer(self, issuer: Any) -> None:
        """missing-iss, invalid-iss (C1): the issuer is compared letter by letter."""
        with pytest.raises(ProviderMisbehaved, match="iss"):
            validate(make(iss=issuer))

    @pytest.mark.parametrize("subject", [None, "", 7, ["alice"]])
    def test_subject(self, subject: Any) -> None:
        """missing-sub: a token without a subject is refused."""
        with pytest.raises(ProviderMisbehaved, match="sub"):
            validate(make(sub=subject))

    @pytest.mark.parametrize("audience", [None, "other", [], ["other"], "hub2", {"hub": 1}])
    def test_audience(self, audience: Any) -> None:
        """missing-aud, invalid-aud (C2): a token for others is refused."""
        with pytest.raises(ProviderMisbehaved, match="aud"):
            validate(make(aud=audience))

    def test_audience_list(self) -> None:
        """A list with the client alone is as good as the client."""
        assert validate(make(aud=["hub"])).subject == "alice"

    def test_audience_of_iris(self) -> None:
        """C2: further audiences are accepted if `azp` says that the token was issued to us, as IRIS does."""
        assert validate(make(aud=["https://api", "hub"], azp="hub")).subject == "alice"

    @pytest.mark.parametrize("changes", [{"aud": ["https://api", "hub"]}, {"azp": "other"}, {"azp": ["hub"]}])
    def test_authorized_party(self, changes: dict[str, Any]) -> None:
        """C2: further audiences without `azp`, or an `azp` that is not us, are refused."""
        with pytest.raises(ProviderMisbehaved, match="azp"):
            validate(make(**changes))

    @pytest.mark.parametrize(
        "changes",
        [
            {"exp": NOW - 61},
            {"exp": None},
            {"exp": str(NOW + 300)},
            {"exp": True},
            {"iat": None},
            {"iat": NOW + 61},
            {"iat": "now"},
            {"nbf": NOW + 61},
            {"nbf": "now"},
        ],
    )
    def test_times(self, changes: dict[str, Any]) -> None:
        """missing-iat, invalid exp (C4): a token that expired, is not valid yet or does not say so is refused."""
        with pytest.raises(ProviderMisbehaved):
            validate(make(**changes))

    @pytest.mark.parametrize("changes", [{"exp": NOW - 59}, {"iat": NOW + 59}, {"nbf": NOW + 59}, {"iat": NOW - 0.25}])
    def test_leeway(self, changes: dict[str, Any]) -> None:
        """C4: clocks may differ by the leeway of the settings, and instants may be fractional."""
        assert validate(make(**changes)).subject == "alice"

    @pytest.mark.parametrize("nonce", [None, "", "m", 7, ["n"], "ñ"])
    def test_nonce(self, nonce: Any) -> None:
        """nonce-invalid, missing-nonce (C5, S6): only the nonce of this login is accepted."""
        with pytest.raises(ProviderMisbehaved, match="nonce"):
            validate(make(nonce=nonce))

    @pytest.mark.parametrize(
        ("key", "algorithm"),
        [
            (KEY, "sha256"),
            (SigningKey.rsa("a", "RS512"), "sha512"),
            (SigningKey.ed25519("d"), "sha512"),
        ],
    )
    def test_at_hash(self, key: SigningKey, algorithm: str) -> None:
        """C8: `at_hash` is made with the hash of the signature's algorithm."""
        token = make(key, at_hash=hash_of(ACCESS_TOKEN.reveal(), algorithm))

        assert validate(token, key_set(key)).subject == "alice"

    @pytest.mark.parametrize("at_hash", ["", "wrong", 7, hash_of("another-token", "sha256")])
    def test_invalid_at_hash(self, at_hash: Any) -> None:
        """invalid-at-hash (C8): an access token that was swapped is noticed."""
        with pytest.raises(ProviderMisbehaved, match="at_hash"):
            validate(make(at_hash=at_hash))

    @pytest.mark.parametrize("auth_time", [None, NOW - 200, "now"])
    def test_max_age(self, auth_time: Any) -> None:
        """C6: with `max_age`, a login that is too old or not dated is refused."""
        with pytest.raises(ProviderMisbehaved):
            validate(make(auth_time=auth_time), expected=dataclasses.replace(EXPECTED, max_age_seconds=100.0))

    @pytest.mark.parametrize("acr", [None, "password", ["mfa"]])
    def test_acr(self, acr: Any) -> None:
        """C7: a way of logging in that was not asked for is refused."""
        with pytest.raises(ProviderMisbehaved, match="acr_values"):
            validate(make(acr=acr), expected=dataclasses.replace(EXPECTED, acr_values=["mfa"]))

    def test_asked_and_given(self) -> None:
        """C6, C7: a fresh login in the way that was asked for is accepted."""
        expected = dataclasses.replace(EXPECTED, acr_values=["mfa"], max_age_seconds=100.0)

        assert validate(make(acr="mfa", auth_time=NOW - 50), expected=expected).subject == "alice"

    @pytest.mark.parametrize("session_id", [None, "", 7])
    def test_no_session_id(self, session_id: Any) -> None:
        """A `sid` that is absent or no text is none."""
        assert validate(make(sid=session_id)).session_id is None


class TestRefreshed:
    """Section 12.2 (C10)."""

    ORIGINAL = IdTokenClaims(issuer=ISSUER, subject="alice")

    def validate(self, token: Secret) -> IdTokenClaims:
        """Validate a refreshed ID token against a login with nonce and auth_time."""
        return validate_refreshed_id_token(
            token,
            key_set(KEY),
            EXPECTED,
            now=NOW,
            original=self.ORIGINAL,
            access_token=ACCESS_TOKEN,
            nonce="n",
            auth_time=NOW - 900,
        )

    @pytest.mark.parametrize("changes", [{}, {"nonce": None}, {"auth_time": NOW - 900}, {"iat": NOW + 0.5}, {"sid": None}])
    def test_accepted(self, changes: dict[str, Any]) -> None:
        """The nonce may be missing or the same, `auth_time` too, and `iat` may be fractional."""
        assert self.validate(make(**changes)).subject == "alice"

    @pytest.mark.parametrize("changes", [{"sub": "bob"}, {"sub": None}, {"iss": "https://evil.example"}])
    def test_other_person(self, changes: dict[str, Any]) -> None:
        """Another subject or issuer is told apart from all other mistakes: the session must end."""
        with pytest.raises(SubjectChanged):
            self.validate(make(**changes))

    @pytest.mark.parametrize(
        "changes",
        [{"nonce": "m"}, {"auth_time": NOW}, {"aud": "other"}, {"azp": "other"}, {"exp": NOW - 61}, {"at_hash": "x"}],
    )
    def test_refused(self, changes: dict[str, Any]) -> None:
        """Another nonce, login time, audience or party is refused, and so is what a login would refuse."""
        with pytest.raises(ProviderMisbehaved):
            self.validate(make(**changes))

    def test_signature_first(self) -> None:
        """What an unverified token says is not looked at."""
        with pytest.raises(ProviderMisbehaved, match="signature is wrong"):
            self.validate(Secret(break_signature(make(sub="bob").reveal())))
