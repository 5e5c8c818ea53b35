"""hub.oidc.pushed_authorization: RFC 9126."""

import contextlib
import dataclasses
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import HubError, LoginFailed, ProviderMisbehaved, ProviderRejectedClient, ProviderUnavailable
from hub.oidc.pushed_authorization import Setting, build_push, build_pushed_url, contradicts, is_pushed, process_push
from tests.oidc.samples import ISSUER, METADATA

OFFERED = dataclasses.replace(METADATA, pushed_authorization_request_endpoint=f"{ISSUER}/par")
REQUIRED = dataclasses.replace(OFFERED, require_pushed_authorization_requests=True)
REQUIRED_NOWHERE = dataclasses.replace(METADATA, require_pushed_authorization_requests=True)


def answer(**changes: Any) -> bytes:
    """Return a response; members set to None are left out."""
    members = {"request_uri": "urn:ietf:params:oauth:request_uri:abc", "expires_in": 60, **changes}
    return json.dumps({name: value for name, value in members.items() if value is not None}).encode()


@pytest.mark.parametrize(
    ("metadata", "setting", "pushed"),
    [
        (METADATA, "auto", False),
        (METADATA, "never", False),
        (OFFERED, "auto", True),
        (OFFERED, "always", True),
        (OFFERED, "never", False),
        (REQUIRED, "auto", True),
        (REQUIRED, "always", True),
    ],
)
def test_when(metadata: Any, setting: Setting, pushed: bool) -> None:
    """Wherever it is offered, unless the operator does not want it."""
    assert contradicts(metadata, setting) is None
    assert is_pushed(metadata, setting) is pushed


@pytest.mark.parametrize(
    ("metadata", "setting"), [(METADATA, "always"), (REQUIRED, "never"), (REQUIRED_NOWHERE, "auto"), (REQUIRED_NOWHERE, "never")]
)
def test_contradiction(metadata: Any, setting: Setting) -> None:
    """Section 5: settings and provider that cannot both have their way are told, and nothing is sent in clear instead."""
    assert contradicts(metadata, setting)
    with pytest.raises(ProviderMisbehaved):
        is_pushed(metadata, setting)


def test_request() -> None:
    """Section 2.1: the parameters of the authorization request, in a form."""
    request = build_push(OFFERED, {"client_id": "hub", "state": "s"})

    assert (request.url, request.form) == (f"{ISSUER}/par", {"client_id": "hub", "state": "s"})


def test_url() -> None:
    """Section 4: the browser carries client id and reference, and nothing else that it could read or change."""
    url = build_pushed_url(OFFERED, "hub", "urn:x:1")

    assert url.startswith(f"{ISSUER}/authorize?")
    assert parse_qs(urlsplit(url).query) == {"client_id": ["hub"], "request_uri": ["urn:x:1"]}


@pytest.mark.parametrize("status", [200, 201])
def test_reference(status: int) -> None:
    """Section 2.2: the reference is taken as it comes."""
    assert process_push(status, {}, answer()) == "urn:ietf:params:oauth:request_uri:abc"


@pytest.mark.parametrize(
    "changes",
    [
        {"request_uri": None},
        {"request_uri": ""},
        {"request_uri": "a b"},
        {"expires_in": 0},
        {"expires_in": None},
        {"request_uri": 1},
    ],
)
def test_unusable(changes: dict[str, Any]) -> None:
    """A reference that is none, or over already, is not followed."""
    with pytest.raises(ProviderMisbehaved):
        process_push(201, {}, answer(**changes))


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, b'{"error": "invalid_scope"}', LoginFailed),
        (400, b'{"error": "invalid_request"}', LoginFailed),
        (401, b'{"error": "invalid_client"}', ProviderRejectedClient),
        (503, b"", ProviderUnavailable),
        (429, b"", ProviderUnavailable),
        (404, b"<html>", ProviderMisbehaved),
    ],
)
def test_errors(status: int, body: bytes, kind: type[HubError]) -> None:
    """Section 2.3: what the login asks for, what the operator did, and what the provider does are told apart."""
    with pytest.raises(kind):
        process_push(status, {}, body)


@given(st.integers(100, 599), st.binary(max_size=200))
def test_any_answer(status: int, body: bytes) -> None:
    """Whatever comes back, it is a reference or an error of the hub's own."""
    with contextlib.suppress(HubError):
        assert process_push(status, {}, body)
