"""A proof in each request that only the hub and its resource server can make: HTTP message signatures (RFC 9421). Pure.

A token alone is good for whoever has stolen it, on its way or in a log of the resource server. The signature binds it to one
request: to method, path, query, body and token, to a moment, and to a number that is used once.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from hub.primitives.http import Headers

LABEL = "hub"
COORDINATE_BYTES = 32  # of a point on P-256
OWN_FIELDS = frozenset({"content-digest", "signature", "signature-input"})
"""Fields that the proof consists of: those of a browser never pass beside them."""

Algorithm = Literal["hmac-sha256", "ecdsa-p256-sha256"]


@dataclass(frozen=True, slots=True)
class ProofKey:
    """What a route signs with.

    Attributes:
        algorithm: By its name in the registry of HTTP signature algorithms (RFC 9421 section 6.2.2).
        key_id: How the resource server calls the key.
        key: A secret that both sides have, or a private key on P-256.
    """

    algorithm: Algorithm
    key_id: str
    key: bytes | EllipticCurvePrivateKey = field(repr=False)

    def sign(self, text: bytes) -> bytes:
        """Return the signature (RFC 9421 sections 3.3.3 and 3.3.4)."""
        if isinstance(self.key, bytes):
            return hmac.digest(self.key, text, "sha256")
        r, s = decode_dss_signature(self.key.sign(text, ECDSA(SHA256())))
        return r.to_bytes(COORDINATE_BYTES) + s.to_bytes(COORDINATE_BYTES)


def proven(headers: Headers, key: ProofKey, *, method: str, url: str, body: bytes, created: int, nonce: str) -> Headers:
    """Return the fields of a request with its proof.

    Parameters:
        url: Where the request goes; its path and query are signed as they are sent.
        created: Epoch seconds.
        nonce: Never used before; printable ASCII without quotes and backslashes.
    """
    kept = [(name, value) for name, value in headers if name.lower() not in OWN_FIELDS]
    target = urlsplit(url)
    components = {"@method": method, "@path": target.path or "/", "@query": f"?{target.query}"}
    if body:
        digest = f"sha-256=:{_base64(hashlib.sha256(body).digest())}:"
        components["content-digest"] = digest
        kept.append(("Content-Digest", digest))
    authorization = next((value for name, value in kept if name.lower() == "authorization"), None)
    if authorization is not None:
        components["authorization"] = authorization.strip()
    names = " ".join(f'"{name}"' for name in components)
    parameters = f';created={created};nonce="{nonce}";keyid="{key.key_id}";alg="{key.algorithm}";tag="{LABEL}"'
    declared = f"({names}){parameters}"
    base = "\n".join([*(f'"{name}": {value}' for name, value in components.items()), f'"@signature-params": {declared}'])
    signature = _base64(key.sign(base.encode()))
    return [*kept, ("Signature-Input", f"{LABEL}={declared}"), ("Signature", f"{LABEL}=:{signature}:")]


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
