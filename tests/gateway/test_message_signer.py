"""Which requests are signed, and with which key. The signature itself stands in test_message_signature.py."""

import base64
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hub.config.settings import RouteSettings, SettingsError
from hub.gateway.message_signer import MessageSigner
from hub.gateway.routes import Route
from hub.iris.api import IRIS_API
from hub.primitives.http import Headers
from tests.oidc.samples import write_key
from tests.parties.clock import START, ManualClock

SENT: Headers = [("accept", "*/*")]


def route(prefix: str = "/api", **settings: str) -> RouteSettings:
    """Return the settings of a route."""
    return RouteSettings(prefix=prefix, target="https://iris.example", **settings)


def secret_file(folder: Path) -> str:
    """Write a shared secret."""
    file = folder / "secret"
    file.write_text(base64.b64encode(secrets.token_bytes(32)).decode())
    file.chmod(0o600)
    return str(file)


def signed(
    settings: list[RouteSettings], clock: ManualClock, prefix: str = "/api", body: bytes | AsyncIterator[bytes] = b""
) -> Headers:
    """Return the headers of a request after signing."""
    signer = MessageSigner(settings, clock)
    return signer.sign(Route.compile(route(prefix), IRIS_API), SENT, method="POST", url="https://iris.example/api/x", body=body)


def parameters(headers: Headers) -> str:
    """Return what the signature says about itself."""
    return dict(headers)["Signature-Input"]


def test_routes_without_signatures(clock: ManualClock, tmp_path: Path) -> None:
    """Their requests go as they are, whatever other routes do."""
    settings = [route(), route("/lab", proof="hmac-sha256", proof_key_file=secret_file(tmp_path), proof_key_id="k1")]

    assert signed(settings, clock) == SENT
    assert len(signed(settings, clock, "/lab")) > len(SENT)


def test_each_signature_is_fresh(clock: ManualClock, tmp_path: Path) -> None:
    """Time and nonce are new, so that no request can be sent again by somebody who has seen it."""
    settings = [route(proof="hmac-sha256", proof_key_file=secret_file(tmp_path), proof_key_id="k1")]
    first, second = (parameters(signed(settings, clock)) for _ in range(2))

    assert f"created={int(START)}" in first
    assert 'keyid="k1"' in first
    assert first != second


async def test_streams(clock: ManualClock, tmp_path: Path) -> None:
    """A body that is not known yet cannot be signed."""

    async def body() -> AsyncIterator[bytes]:
        yield b"x"

    settings = [route(proof="hmac-sha256", proof_key_file=secret_file(tmp_path), proof_key_id="k1")]

    assert signed(settings, clock, body=body()) == SENT


def test_elliptic_curve(clock: ManualClock, tmp_path: Path) -> None:
    """P-256 is the curve of the algorithm."""
    file = write_key(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    settings = [route(proof="ecdsa-p256-sha256", proof_key_file=file, proof_key_id="k2")]

    assert 'alg="ecdsa-p256-sha256"' in parameters(signed(settings, clock))


@pytest.mark.parametrize("kind", ["rsa", "other-curve", "missing", "no-secret"])
def test_keys_that_do_not_fit(clock: ManualClock, tmp_path: Path, kind: str) -> None:
    """They are named at the start, with their setting."""
    keys = {"rsa": rsa.generate_private_key(65537, 2048), "other-curve": ec.generate_private_key(ec.SECP384R1())}
    file = write_key(tmp_path, keys[kind]) if kind in keys else str(tmp_path / "missing")
    proof = "hmac-sha256" if kind == "no-secret" else "ecdsa-p256-sha256"
    with pytest.raises(SettingsError, match=r"routes\[/api\]\.proof_key_file"):
        MessageSigner([route(proof=proof, proof_key_file=file, proof_key_id="k")], clock)
