"""Outcomes and fingerprints of requests with an idempotency key. Pure."""

import hashlib
import re
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from hub.errors import (
    AnswerNotKept,
    BadRequest,
    DeadlineExceeded,
    HubError,
    OutcomeUnknown,
    ResourceServerBroken,
    ResourceServerTimeout,
    UploadStalled,
)
from hub.gateway.headers import IDEMPOTENCY_HEADER
from hub.gateway.messages import ApiRequest, ApiResponse
from hub.gateway.routes import Route
from hub.primitives.bounded_cache import BoundedCache
from hub.primitives.http import Headers
from hub.primitives.secret import digest
from hub.session.model import Session

KEY = re.compile(r"[A-Za-z0-9._~+/=-]{16,128}")
Key = Annotated[str, msgspec.Meta(pattern=rf"^{KEY.pattern}\Z")]
"""An idempotency key. It must not be guessable; a random UUID is a good choice."""

HUB_KEY_HEADER = "x-hub-key"
_IS_KEY_HEADER: BoundedCache[bool] = BoundedCache(lambda name: name.lower() in (HUB_KEY_HEADER, IDEMPOTENCY_HEADER))
RAISED = {kind.slug: kind for kind in (ResourceServerBroken, ResourceServerTimeout, DeadlineExceeded, UploadStalled)}
"""The errors that a replayed failure raises, by slug."""

QUOTED = re.compile(r'"([^"\\]*)"')

Verdict = Literal["joined", "done", "never", "unknown"]
"""The outcome of a request: it still runs, it has ended, it was not and will not be executed, or the outcome is unknown."""


class Answered(msgspec.Struct, frozen=True, tag="answered"):
    """The response of the API.

    Attributes:
        body: None if it was too large to store.
        method: Method of the request.
        path: Its raw path. A repetition that names the key alone is authorized by both.
    """

    status: int
    headers: Headers
    body: bytes | None
    method: str = ""
    path: str = ""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """There was no response, and the API may have executed the request."""

    slug: str
    detail: str


Outcome = Answered | Failed

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Outcome).decode


def encode(outcome: Outcome) -> bytes:
    """Return the bytes of an outcome."""
    return _encode(outcome)


def decode(data: bytes) -> Outcome:
    """Return the outcome encoded in `data`.

    Raises:
        msgspec.DecodeError: Another version of the hub wrote the data.
    """
    outcome: Outcome = _decode(data)
    return outcome


def failure(error: HubError) -> Failed:
    """Return the outcome of a request that may have been executed and ended with an error."""
    return Failed(error.slug, error.detail)


def record_name(session: Session, key: str) -> str:
    """Return the name of the record. It includes the user, so that no user can get the response of another one."""
    return digest("\0".join((session.issuer, session.subject, key)))


def check_key(key: str) -> str:
    """Return `key` if it is a valid idempotency key.

    Raises:
        BadRequest: It is not.
    """
    if not KEY.fullmatch(key):
        raise BadRequest("An idempotency key has 16 to 128 letters, digits or any of . _ ~ + / = - : a random UUID, for example.")
    return key


def key_headers(headers: Headers) -> dict[str, str]:
    """Return the headers that may carry an idempotency key, by name in lower case. Most requests have none."""
    return {name.lower(): value for name, value in headers if _IS_KEY_HEADER[name]}


def idempotency_key(route: Route, headers: Mapping[str, str]) -> str | None:
    """Return the idempotency key that an HTTP request carries; None if it carries none.

    It stands in `X-Hub-Key`. On routes with `idempotency_header = "hub"` it may also stand in `Idempotency-Key`, as a string
    with quotation marks (RFC 8941 section 3.3.3) or without.

    Parameters:
        headers: The request headers by name in lower case; the values of a repeated header are joined with commas.

    Raises:
        BadRequest: A value is not a valid idempotency key, or the two headers differ.
    """
    hub_key = headers.get(HUB_KEY_HEADER)
    standard = headers.get(IDEMPOTENCY_HEADER) if route.settings.idempotency_header == "hub" else None
    if standard is None:
        return None if hub_key is None else check_key(hub_key)
    quoted = QUOTED.fullmatch(standard)
    key = check_key(standard if quoted is None else quoted[1])
    if hub_key is not None and hub_key != key:
        raise BadRequest("X-Hub-Key and Idempotency-Key hold different keys. Send one of them.")
    return key


def fingerprint(request: ApiRequest) -> str:
    """Return a digest that repetitions of a request share: of method, path, query, and the body if it is in memory.

    The content of a streamed body is not included. It may be repeated over HTTP, in one segment, after the channel has failed.
    """
    target = hashlib.sha256("\0".join((request.method, request.path, request.query)).encode()).hexdigest()
    body = hashlib.sha256(request.body).hexdigest() if isinstance(request.body, bytes) else ""
    return f"{target}:{body}"


def is_same(one: str, other: str) -> bool:
    """Return whether two fingerprints may belong to the same request. Without a body digest, the rest is compared."""
    target, _, body = one.partition(":")
    other_target, _, other_body = other.partition(":")
    return target == other_target and (body == other_body or not body or not other_body)


def replay(outcome: Outcome) -> ApiResponse:
    """Return the stored response to a request that was executed before.

    Raises:
        AnswerNotKept: The response was too large to store.
        HubError: The request ended with this error.
    """
    match outcome:
        case Failed(slug, detail):
            raise RAISED.get(slug, OutcomeUnknown)(detail)
        case Answered(status=status, body=None):
            raise AnswerNotKept(answered_status=status)
        case Answered(status=status, headers=headers, body=bytes() as body):
            return ApiResponse(status=status, headers=headers, body=body, body_bytes=len(body), replayed=True)
    raise AssertionError(outcome)  # pragma: no cover - the cases are all there are
