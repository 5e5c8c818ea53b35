"""hub.oidc.logout_token: OpenID Connect Back-Channel Logout 1.0 sections 2.4 to 2.6."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import ProviderMisbehaved
from hub.oidc.id_token import Expectations, validate_id_token, validate_refreshed_id_token
from hub.oidc.jwks import process_jwks
from hub.oidc.logout_token import EVENT, LogoutClaims, validate_logout_token
from hub.oidc.signed_jwt import UnknownKey
from hub.primitives.secret import Secret
from tests.oidc.samples import ISSUER
from tests.parties.signing import SigningKey, break_signature, sign

NOW = 1_800_000_000.0
KEY = SigningKey.rsa("a")
OTHER = SigningKey.rsa("b")
KEYS = process_jwks(200, {}, json.dumps({"keys": [KEY.public]}).encode())
EXPECTED = Expectations(issuer=ISSUER, client_id="hub", algorithms=["RS256"], leeway_seconds=60.0)
CLAIMS = {"iss": ISSUER, "aud": "hub", "iat": NOW, "exp": NOW + 120, "jti": "1", "events": {EVENT: {}}, "sub": "alice"}
ID_TOKEN = {"iss": ISSUER, "sub": "alice", "aud": "hub", "exp": NOW + 300, "iat": NOW, "nonce": "n", "sid": "s"}


def make(key: SigningKey | None = KEY, header: dict[str, Any] | None = None, **changes: Any) -> Secret:
    """Return a logout token; header members and claims set to None are left out."""
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    return Secret(sign(claims, key, {"typ": "logout+jwt", **(header or {})}))


def validate(token: Secret, now: float = NOW) -> LogoutClaims:
    """Validate a logout token."""
    return validate_logout_token(token, KEYS, EXPECTED, now=now)


class TestAccepted:
    """What ends a session."""

    @pytest.mark.parametrize(
        ("names", "subject", "session_id"),
        [({}, "alice", None), ({"sid": "s"}, "alice", "s"), ({"sid": "s", "sub": None}, None, "s")],
    )
    def test_names(self, names: dict[str, Any], subject: str | None, session_id: str | None) -> None:
        """L4: a user, a session at the provider, or both are named."""
        claims = validate(make(**names))

        assert (claims.issuer, claims.subject, claims.session_id, claims.token_id) == (ISSUER, subject, session_id, "1")

    @pytest.mark.parametrize("kind", ["logout+jwt", "application/logout+jwt", "LOGOUT+JWT", "JWT", None])
    def test_kind(self, kind: str | None) -> None:
        """L7: typed as a logout token, or not typed at all, which section 2.4 allows."""
        assert validate(make(header={"typ": kind})).subject == "alice"

    @pytest.mark.parametrize("audience", ["hub", ["hub"], ["other", "hub"]])
    def test_audience(self, audience: Any) -> None:
        """L3: the hub is the audience or among it."""
        assert validate(make(aud=audience)).subject == "alice"

    def test_more_claims(self) -> None:
        """Section 2.4: other claims, other events, and members of the event are ignored."""
        token = make(events={EVENT: {"reason": "x"}, "https://example.org/other": 7}, trace="t")

        assert validate(token).subject == "alice"

    @pytest.mark.parametrize(
        ("times", "expires_at"),
        [({"exp": NOW + 120}, NOW + 180), ({"exp": NOW + 86400}, NOW + 360), ({"iat": NOW - 200}, NOW + 160)],
    )
    def test_expiry(self, times: dict[str, Any], expires_at: float) -> None:
        """L8: says for how long its `jti` has to be remembered: until its age alone would have it refused."""
        claims = validate(make(**times))
        with pytest.raises(ProviderMisbehaved, match="too old"):
            validate(make(**times), expires_at)

        assert (claims.expires_at, validate(make(**times), expires_at - 0.1).token_id) == (expires_at, "1")


class TestRefused:
    """What ends nothing."""

    @pytest.mark.parametrize(
        ("token", "reason"),
        [
            (make(None), "not signed with an algorithm"),
            (make(KEY, {"alg": "HS256"}), "not signed with an algorithm"),
            (make(SigningKey.rsa("a", "RS512")), "not signed with an algorithm"),
            (Secret(break_signature(make().reveal())), "signature is wrong"),
        ],
    )
    def test_signature(self, token: Secret, reason: str) -> None:
        """L2: unsigned, symmetric, other algorithms and broken signatures."""
        with pytest.raises(ProviderMisbehaved, match=reason):
            validate(token)

    def test_unknown_key(self) -> None:
        """A key that is not published asks for a fresh key set."""
        with pytest.raises(UnknownKey):
            validate(make(OTHER))

    @pytest.mark.parametrize(
        "changes",
        [
            *({"iss": issuer} for issuer in (None, f"{ISSUER}/", 7)),
            *({"aud": audience} for audience in (None, "other", [], ["other"], 7)),
            *({"iat": value} for value in (None, NOW + 61, NOW - 361, "now", True)),
            *({"exp": value} for value in (None, NOW - 60, "later", True)),
            {"nbf": NOW + 61},
        ],
    )
    def test_issuer_audience_and_times(self, changes: dict[str, Any]) -> None:
        """L3: another issuer, another audience, too old, not valid yet, or without a time."""
        with pytest.raises(ProviderMisbehaved):
            validate(make(**changes))

    @pytest.mark.parametrize(
        "changes",
        [
            {"sub": None},
            {"sub": ""},
            {"sub": 7},
            {"sid": ""},
            {"sid": ["s"]},
            {"sid": "s" * 513},
            {"jti": None},
            {"jti": ""},
            {"jti": 7},
        ],
    )
    def test_names(self, changes: dict[str, Any]) -> None:
        """L4, L8: nobody is named, or the token itself is not; names that are none are not passed over."""
        with pytest.raises(ProviderMisbehaved):
            validate(make(**changes))

    @pytest.mark.parametrize(
        "events",
        [
            None,
            EVENT,
            [EVENT],
            {},
            {EVENT: None},
            {EVENT: True},
            {EVENT: []},
            {EVENT: "{}"},
            {EVENT.upper(): {}},
            {f"{EVENT}/": {}},
        ],
    )
    def test_events(self, events: Any) -> None:
        """L5: the exact member has to be there, and to be an object."""
        with pytest.raises(ProviderMisbehaved, match="events"):
            validate(make(events=events))

    @pytest.mark.parametrize("nonce", ["n", "", 0])
    def test_nonce(self, nonce: Any) -> None:
        """L6: a token with a nonce was made for a login."""
        with pytest.raises(ProviderMisbehaved, match="nonce"):
            validate(make(nonce=nonce))

    @pytest.mark.parametrize("kind", ["at+jwt", "secevent+jwt", "id+jwt", "dpop+jwt", "oauth-authz-req+jwt", 7])
    def test_kind(self, kind: Any) -> None:
        """L7: a token that says it is of another kind is one, whatever else it says."""
        with pytest.raises(ProviderMisbehaved, match="another kind"):
            validate(make(header={"typ": kind}))

    def test_id_token(self) -> None:
        """L12: an ID token ends nothing, with or without a nonce."""
        for changes in ({}, {"nonce": None}):
            claims = {name: value for name, value in {**ID_TOKEN, **changes}.items() if value is not None}
            with pytest.raises(ProviderMisbehaved, match="events"):
                validate(Secret(sign(claims, KEY, {"typ": "JWT"})))

    @given(st.text())
    def test_any_text(self, text: str) -> None:
        """Whatever is posted, nothing but an error of the hub comes of it, which does not repeat it."""
        with pytest.raises(ProviderMisbehaved) as caught:
            validate(Secret(text))

        assert len(text) < 8 or text not in caught.value.detail

    @given(
        st.dictionaries(st.sampled_from([*CLAIMS, "sid", "nbf", "nonce"]), st.none() | st.booleans() | st.text() | st.integers())
    )
    def test_any_claims(self, changes: dict[str, Any]) -> None:
        """Whatever a signed token claims, it is accepted or refused with an error of the hub."""
        try:
            claims = validate(make(**changes))
        except ProviderMisbehaved:
            return
        assert claims.expires_at > NOW and (claims.subject or claims.session_id)


class TestTheOtherWayRound:
    """L12: a logout token is no ID token."""

    @pytest.mark.parametrize("kind", ["logout+jwt", "JWT", None])
    def test_login(self, kind: str | None) -> None:
        """It logs nobody in, and renews no login."""
        token = make(header={"typ": kind})
        with pytest.raises(ProviderMisbehaved):
            validate_id_token(token, KEYS, EXPECTED, now=NOW, nonce="n", access_token=None)
        with pytest.raises(ProviderMisbehaved):
            validate_refreshed_id_token(token, KEYS, EXPECTED, now=NOW, original=validate(make()), access_token=None)
