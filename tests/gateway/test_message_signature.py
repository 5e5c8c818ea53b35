"""The proof of each request, checked by the stand-in, which has its own writing of RFC 9421."""

import base64
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from hub.config.settings import RouteSettings, SettingsError
from hub.gateway.message_signature import SignatureKey, with_signature
from hub.gateway.message_signer import MessageSigner
from hub.gateway.routes import Route
from hub.iris.api import IRIS_API
from hub.primitives.http import Headers
from hub.session.keyring import make_key_file
from iris_standin.proof import Message, ProofRefused, Proofs
from tests.parties.clock import START, ManualClock

SECRET = secrets.token_bytes(32)
EC_KEY = generate_private_key(SECP256R1())
HMAC = SignatureKey("hmac-sha256", "hub", SECRET)
ECDSA = SignatureKey("ecdsa-p256-sha256", "hub", EC_KEY)
SHARED = base64.urlsafe_b64encode(SECRET).decode().rstrip("=")
PUBLIC = EC_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
URL = "https://iris.example/csp/clinic/patients?q=a%20b"
AUTHORIZED: Headers = [("Accept", "*/*"), ("Content-Type", "application/json"), ("Authorization", "Bearer token-1")]
VERSIONS = pytest.mark.parametrize("version", [1, 2])


def message(headers: Headers, *, method: str = "POST", url: str = URL, body: bytes = b"{}") -> Message:
    """Return the request as the resource server sees it."""
    fields = {name.lower(): value for name, value in headers}
    path, _, query = url.removeprefix("https://iris.example").partition("?")
    return Message(method, "iris.example", path, query, lambda name: fields.get(name.lower(), ""), body)


def signed(key: SignatureKey = HMAC, *, method: str = "POST", url: str = URL, body: bytes = b"{}", nonce: str = "n1") -> Headers:
    """Return the fields of a request with its proof."""
    return with_signature(AUTHORIZED, key, method=method, url=url, body=body, created=int(START), nonce=nonce)


@pytest.mark.parametrize(("key", "known"), [(HMAC, SHARED), (ECDSA, PUBLIC)], ids=["hmac", "ecdsa"])
@pytest.mark.parametrize(("method", "body"), [("GET", b""), ("POST", b"{}"), ("DELETE", b"")])
@VERSIONS
def test_accepted_once(key: SignatureKey, known: str, method: str, body: bytes, version: Literal[1, 2]) -> None:
    """RFC 9421 sections 3.1 and 3.2; the same request again is refused."""
    key = replace(key, version=version)
    proofs, request = Proofs(), message(signed(key, method=method, body=body), method=method, body=body)
    proofs.verify(request, key.algorithm, known, START, version)
    with pytest.raises(ProofRefused, match="seen before"):
        proofs.verify(request, key.algorithm, known, START, version)


CHANGES: dict[str, Callable[[Message], Message]] = {
    "method": lambda seen: replace(seen, method="PUT"),
    "path": lambda seen: replace(seen, path="/csp/clinic/patients/7"),
    "query": lambda seen: replace(seen, query="q=c"),
    "body": lambda seen: replace(seen, body=b"[]"),
    "token": lambda seen: replace(seen, header=lambda name: "Bearer stolen" if name == "authorization" else seen.header(name)),
}


@pytest.mark.parametrize("key", [HMAC, ECDSA], ids=["hmac", "ecdsa"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_bound_to_its_request(key: SignatureKey, change: Callable[[Message], Message]) -> None:
    """Nothing of it can be changed."""
    known = SHARED if key is HMAC else PUBLIC
    with pytest.raises(ProofRefused):
        Proofs().verify(change(message(signed(key))), key.algorithm, known, START)


def with_header(seen: Message, changed: str, value: str) -> Message:
    """Return a message of which one header was changed."""
    return replace(seen, header=lambda name: value if name.lower() == changed else seen.header(name))


NEW_CHANGES: dict[str, Callable[[Message], Message]] = {
    "another API": lambda seen: replace(seen, authority="lab.example"),
    "another port": lambda seen: replace(seen, authority="iris.example:8443"),
    "another type": lambda seen: with_header(seen, "content-type", "application/x-www-form-urlencoded"),
    "no type": lambda seen: with_header(seen, "content-type", ""),
}


@pytest.mark.parametrize("key", [HMAC, ECDSA], ids=["hmac", "ecdsa"])
@pytest.mark.parametrize("change", [*CHANGES.values(), *NEW_CHANGES.values()], ids=[*CHANGES, *NEW_CHANGES])
def test_version_2_is_bound_to_its_api_and_type(key: SignatureKey, change: Callable[[Message], Message]) -> None:
    """Two APIs that share a key cannot relay the requests of each other, nor may anybody let a body be read as another type."""
    known = SHARED if key is HMAC else PUBLIC
    with pytest.raises(ProofRefused):
        Proofs().verify(change(message(signed(replace(key, version=2)))), key.algorithm, known, START, 2)


def test_no_version_in_place_of_the_other() -> None:
    """A verifier of version 2 takes no signature that covers less."""
    with pytest.raises(ProofRefused, match="another form"):
        Proofs().verify(message(signed()), "hmac-sha256", SHARED, START, 2)


def test_a_type_that_is_added_later() -> None:
    """A request without a Content-Type cannot be given one on its way."""
    plain = [header for header in AUTHORIZED if header[0] != "Content-Type"]
    key = replace(HMAC, version=2)
    fields = with_signature(plain, key, method="POST", url=URL, body=b"{}", created=int(START), nonce="n1")
    Proofs().verify(message(fields), "hmac-sha256", SHARED, START, 2)
    with pytest.raises(ProofRefused):
        Proofs().verify(with_header(message(fields), "content-type", "text/html"), "hmac-sha256", SHARED, START, 2)


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("https://IRIS.example:443/x", "iris.example"),
        ("https://iris.example:8443/x", "iris.example:8443"),
        ("http://iris.example:80", "iris.example"),
        ("http://[::1]:52773/x", "[::1]:52773"),
    ],
)
def test_authority_is_normalized(url: str, authority: str) -> None:
    """RFC 9421 section 2.2.3: lower case, without the usual port; as the header `Host`."""
    key = replace(HMAC, version=2)
    fields = with_signature(AUTHORIZED, key, method="GET", url=url, body=b"", created=int(START), nonce="n1")
    seen = replace(message(fields, method="GET", body=b""), authority=authority, path=urlsplit(url).path or "/", query="")
    Proofs().verify(seen, "hmac-sha256", SHARED, START, 2)


def test_too_old_or_none_or_by_another_key() -> None:
    """A minute, and only with the key."""
    with pytest.raises(ProofRefused, match="too old"):
        Proofs().verify(message(signed()), "hmac-sha256", SHARED, START + 61)
    with pytest.raises(ProofRefused, match="no proof"):
        Proofs().verify(message(AUTHORIZED), "hmac-sha256", SHARED, START)
    with pytest.raises(ProofRefused, match="wrong signature"):
        Proofs().verify(message(signed()), "hmac-sha256", base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(), START)


def test_browser_cannot_write_the_fields() -> None:
    """What it sends of the proof's own fields is left out."""
    sent: Headers = [
        *AUTHORIZED,
        ("Content-Digest", "sha-256=:AAAA:"),
        ("signature", "hub=:AAAA:"),
        ("SIGNATURE-INPUT", "hub=()"),
    ]
    fields = with_signature(sent, HMAC, method="POST", url=URL, body=b"{}", created=int(START), nonce="n")
    names = [name.lower() for name, _ in fields]
    assert [names.count(name) for name in ("content-digest", "signature", "signature-input")] == [1, 1, 1]
    Proofs().verify(message(fields), "hmac-sha256", SHARED, START)


@given(
    st.sampled_from(["GET", "PUT", "PATCH"]),
    st.lists(st.sampled_from(["a", "%2F", "x.cls", "~", "%25abc"]), max_size=4).map("/".join),
    st.sampled_from(["", "?", "?a=1", "?a=%20&b=;c"]),
    st.binary(max_size=40),
)
def test_any_request(method: str, path: str, query: str, body: bytes) -> None:
    """Whatever path, query and body: what is signed is what arrives."""
    url = f"https://iris.example/csp/{path}{query}"
    Proofs().verify(
        message(signed(method=method, url=url, body=body), method=method, url=url, body=body), "hmac-sha256", SHARED, START
    )


class TestProver:
    def settings(self, proof: str, file: Path) -> RouteSettings:
        """Return a route."""
        return RouteSettings(prefix="/api", target="https://iris.example/csp/clinic", proof=proof, proof_key_file=str(file))  # type: ignore[arg-type]

    def test_every_proof_is_another(self, tmp_path: Path, clock: ManualClock) -> None:
        """Two requests that are alike carry different proofs; a route without the setting carries none."""
        make_key_file(tmp_path / "key")
        settings = self.settings("hmac-sha256", tmp_path / "key")
        signer, route = MessageSigner([settings], clock), Route.compile(settings, IRIS_API)
        first, second = (signer.sign(route, AUTHORIZED, method="GET", url=URL) for _ in range(2))
        assert dict(first)["Signature"] != dict(second)["Signature"]
        plain = Route.compile(RouteSettings(prefix="/x", target="https://iris.example"), IRIS_API)
        assert signer.sign(plain, AUTHORIZED, method="GET", url=URL) == AUTHORIZED

    @pytest.mark.parametrize("key", [EC_KEY, generate_private_key(SECP384R1()), None], ids=["p256", "p384", "text"])
    def test_key_files(self, tmp_path: Path, clock: ManualClock, key: EllipticCurvePrivateKey | None) -> None:
        """P-256 it must be; what is no key is a mistake in the settings, with its key."""
        file = tmp_path / "key.pem"
        file.write_bytes(b"x" if key is None else key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        if key is EC_KEY:
            MessageSigner([self.settings("ecdsa-p256-sha256", file)], clock)
            return
        with pytest.raises(SettingsError, match="proof_key_file"):
            MessageSigner([self.settings("ecdsa-p256-sha256", file)], clock)
        with pytest.raises(SettingsError, match="proof_key_file"):
            MessageSigner([self.settings("hmac-sha256", file)], clock)
