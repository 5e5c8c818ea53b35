"""Who is calling the token, introspection or revocation endpoint (RFC 6749 section 2.3). Pure."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from iris_standin.errors import OAuthError
from iris_standin.model import Client

BASIC_CHALLENGE = 'Basic realm="oauth2"'


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request shows of its client; empty strings where it shows nothing."""

    client_id: str = ""
    client_secret: str = field(default="", repr=False)


def authenticate(clients: Mapping[str, Client], authorization: str, form: Mapping[str, str]) -> Client:
    """Return the client of a request, from the Basic header, the form, or both together as IRIS's own client sends them.

    Raises:
        OAuthError: `invalid_client`: unknown, wrong secret, or header and form name different clients.
    """
    basic = _basic(authorization)
    posted = Credentials(form.get("client_id", ""), form.get("client_secret", ""))
    if basic.client_id and posted.client_id and basic.client_id != posted.client_id:
        raise _rejected("two different clients")
    client = clients.get(basic.client_id or posted.client_id)
    if client is None:
        raise _rejected("unknown client")
    shown = [secret for secret in (basic.client_secret, posted.client_secret) if secret]
    if client.is_confidential and not shown:
        raise _rejected("no client secret")
    if not all(_fits(secret, client.client_secret) for secret in shown):
        raise _rejected("wrong client secret")
    return client


def authenticate_confidential(clients: Mapping[str, Client], authorization: str, form: Mapping[str, str]) -> Client:
    """Return the client of a request that public clients may not make.

    Raises:
        OAuthError: `invalid_client`.
    """
    client = authenticate(clients, authorization, form)
    if not client.is_confidential:
        raise _rejected("public client")
    return client


def _basic(authorization: str) -> Credentials:
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "basic":
        return Credentials()
    try:
        name, _, secret = base64.b64decode(text.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise _rejected("malformed Basic credentials") from error
    return Credentials(unquote_plus(name), secret)


def _fits(shown: str, expected: str) -> bool:
    # Clients differ in whether they form-encode the secret for Basic (RFC 6749 section 2.3.1): both are taken.
    forms = (shown, unquote_plus(shown))
    return bool(expected) and any(hmac.compare_digest(form.encode(), expected.encode()) for form in forms)


def _rejected(reason: str) -> OAuthError:
    return OAuthError("invalid_client", reason, status=401, challenge=BASIC_CHALLENGE)
