"""HTTP message signatures on requests to an API (RFC 9421). Pure.

A thief can use a stolen access token from anywhere. On a route with the setting `proof` the API accepts it only in a request that
the hub has signed. The signature covers method, path, query, body, token, time, and a nonce that is used once. Version 2 covers
authority and content type, too: APIs with the same key cannot relay the requests of each other, and a body is not read as another
type.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from hub.primitives.http import Headers

LABEL = "hub"
COORDINATE_BYTES = 32  # of a point on P-256
SIGNATURE_HEADERS = frozenset({"content-digest", "signature", "signature-input"})
"""Headers that the signature consists of. The hub sets them itself and drops those of the client."""

Algorithm = Literal["hmac-sha256", "ecdsa-p256-sha256"]


@dataclass(frozen=True, slots=True)
class SignatureKey:
    """The key with which the hub signs the requests of a route.

    Attributes:
        algorithm: Name in the registry of HTTP signature algorithms (RFC 9421 section 6.2.2).
        key_id: `keyid` of the signatures: the name under which the API knows the key.
        key: A secret shared with the API, or a private key on P-256.
        version: Which components the signatures cover.
    """

    algorithm: Algorithm
    key_id: str
    key: bytes | EllipticCurvePrivateKey = field(repr=False)
    version: Literal[1, 2] = 1

    def sign(self, text: bytes) -> bytes:
        """Return the signature of `text` (RFC 9421 sections 3.3.3 and 3.3.4)."""
        if isinstance(self.key, bytes):
            return hmac.digest(self.key, text, "sha256")
        r, s = decode_dss_signature(self.key.sign(text, ECDSA(SHA256())))
        return r.to_bytes(COORDINATE_BYTES) + s.to_bytes(COORDINATE_BYTES)


def with_signature(
    headers: Headers, key: SignatureKey, *, method: str, url: str, body: bytes, created: int, nonce: str
) -> Headers:
    """Return the request headers with `Content-Digest`, `Signature-Input` and `Signature`.

    Parameters:
        url: Target of the request. Its path and query are signed exactly as they are sent.
        created: Time of the signature in epoch seconds.
        nonce: A value that was never used before; printable ASCII without quotes and backslashes.
    """
    signed = [(name, value) for name, value in headers if name.lower() not in SIGNATURE_HEADERS]
    target = urlsplit(url)
    components = {"@method": method}
    if key.version == 2:
        components["@authority"] = _authority(target)
    components |= {"@path": target.path or "/", "@query": f"?{target.query}"}
    if body:
        digest = f"sha-256=:{_base64(hashlib.sha256(body).digest())}:"
        components["content-digest"] = digest
        signed.append(("Content-Digest", digest))
    for name in ("content-type", "authorization") if key.version == 2 else ("authorization",):
        values = [value.strip() for written, value in signed if written.lower() == name]
        if values:
            components[name] = ", ".join(values)
    names = " ".join(f'"{name}"' for name in components)
    parameters = f';created={created};nonce="{nonce}";keyid="{key.key_id}";alg="{key.algorithm}";tag="{LABEL}"'
    declared = f"({names}){parameters}"
    base = "\n".join([*(f'"{name}": {value}' for name, value in components.items()), f'"@signature-params": {declared}'])
    signature = _base64(key.sign(base.encode()))
    return [*signed, ("Signature-Input", f"{LABEL}={declared}"), ("Signature", f"{LABEL}=:{signature}:")]


def _authority(target: SplitResult) -> str:
    """Return the authority of a URL, normalized (RFC 9421 section 2.2.3): in lower case, without the usual port."""
    usual = ":443" if target.scheme in ("https", "wss") else ":80"
    return target.netloc.lower().removesuffix(usual)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
