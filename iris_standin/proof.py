"""Checks the proof that each request carries: an HTTP message signature (RFC 9421) that only hub and resource server can make.

Written from the specification alone, so that the hub's own writing of it is checked by somebody else. Pure apart from the
nonces that were seen.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

MAX_AGE_SECONDS = 60.0
LABEL = "hub"

_INPUT = re.compile(rf'{LABEL}=(\(((?:"[@a-z-]+" ?)*)\)(.*))')
_SIGNATURE = re.compile(rf"{LABEL}=:([A-Za-z0-9+/=]+):")
_PARAMETER = re.compile(r';([a-z]+)=(?:"([^"]*)"|([0-9]+))')


class ProofRefused(Exception):
    """The proof is missing, wrong, too old, or was seen before; the text says which."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a signature may cover.

    Attributes:
        authority: Value of `Host`.
        path, query: As on the request line; `query` without the question mark.
        header: Returns the value of a field; empty if there is none.
        digest: SHA-256 of the body.
    """

    method: str
    authority: str
    path: str
    query: str
    header: Callable[[str], str]
    body: bytes


class Proofs:
    """Verifies signatures, each of them once."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}

    def verify(self, message: Message, algorithm: str, key: str, now: float, version: int = 1) -> None:
        """Return if the message was signed with `key` (HMAC: base64url; ECDSA: public key as PEM) a moment ago.

        Version 2 covers the authority and the content type, too.

        Raises:
            ProofRefused: It was not, or this very signature has come before.
        """
        declared = _INPUT.fullmatch(message.header("Signature-Input"))
        shown = _SIGNATURE.fullmatch(message.header("Signature"))
        if declared is None or shown is None:
            raise ProofRefused("no proof")
        components = declared[2].split()
        parameters = {name: text or number for name, text, number in _PARAMETER.findall(declared[3])}
        wanted = ['"@method"'] + ['"@authority"'] * (version == 2) + ['"@path"', '"@query"']
        wanted += ['"content-digest"'] * bool(message.body)
        wanted += ['"content-type"'] * bool(version == 2 and message.header("Content-Type"))
        wanted += ['"authorization"'] * bool(message.header("Authorization"))
        if components != wanted or parameters.get("alg") != algorithm or parameters.get("tag") != LABEL:
            raise ProofRefused("another form of proof")
        if message.body and message.header("Content-Digest") != f"sha-256=:{_base64(hashlib.sha256(message.body).digest())}:":
            raise ProofRefused("another body")
        base = "\n".join([*(f"{name}: {_value(name, message)}" for name in components), f'"@signature-params": {declared[1]}'])
        if not _fits(algorithm, key, base.encode(), base64.b64decode(shown[1])):
            raise ProofRefused("wrong signature")
        if abs(now - int(parameters.get("created", "0"))) > MAX_AGE_SECONDS:
            raise ProofRefused("too old")
        self._seen = {nonce: until for nonce, until in self._seen.items() if until > now}
        nonce = parameters.get("nonce", "")
        if not nonce or nonce in self._seen:
            raise ProofRefused("seen before")
        self._seen[nonce] = now + 2 * MAX_AGE_SECONDS


def _value(component: str, message: Message) -> str:
    match component:
        case '"@method"':
            return message.method
        case '"@authority"':
            return message.authority.lower().removesuffix(":80").removesuffix(":443")
        case '"@path"':
            return message.path
        case '"@query"':
            return f"?{message.query}"
        case _:
            return message.header(component.strip('"')).strip()


def _fits(algorithm: str, key: str, base: bytes, signature: bytes) -> bool:
    if algorithm == "hmac-sha256":
        secret = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))
        return hmac.compare_digest(hmac.digest(secret, base, "sha256"), signature)
    public = load_pem_public_key(key.encode())
    if not isinstance(public, EllipticCurvePublicKey) or len(signature) != 64:
        return False
    numbers = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    try:
        public.verify(encode_dss_signature(*numbers), base, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
