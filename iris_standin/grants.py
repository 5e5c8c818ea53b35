"""The grants of the token endpoint: a form of parameters in, the members of a token response out. No I/O."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from iris_standin import pkce, tokens
from iris_standin.authority import Authority
from iris_standin.errors import OAuthError
from iris_standin.metadata import OFFLINE_ACCESS, STANDARD_SCOPES
from iris_standin.model import AuthorizationRequest, Client, TokenRow
from iris_standin.options import Options

Form = Mapping[str, str]


def answer(authority: Authority, client: Client, form: Form) -> dict[str, Any]:
    """Carry out the grant of a token request (RFC 6749 sections 4.1.3, 4.3.2, 4.4.2 and 6).

    Raises:
        OAuthError: RFC 6749 section 5.2.
    """
    match form.get("grant_type", ""):
        case "authorization_code":
            return exchange_code(authority, client, form)
        case "refresh_token":
            return refresh(authority, client, form)
        case "password":
            return password(authority, client, form)
        case "client_credentials":
            return client_credentials(authority, client, form)
        case "":
            raise OAuthError("invalid_request", "grant_type is missing")
        case _:
            raise OAuthError("unsupported_grant_type")


def exchange_code(authority: Authority, client: Client, form: Form) -> dict[str, Any]:
    """Exchange an authorization code, once and in its time.

    Raises:
        OAuthError: `invalid_grant`. A code that comes a second time also ends the tokens it gave (section 4.1.2).
    """
    row = authority.state.row_by_code(form.get("code", ""))
    if row is None or row.client_id != client.client_id:
        raise OAuthError("invalid_grant", "code is unknown")
    if row.redeemed:
        authority.state.remove_row(row)
        raise OAuthError("invalid_grant", "code was used before")
    if authority.now() >= row.code_expires_at:
        raise OAuthError("invalid_grant", "code has expired")
    if form.get("redirect_uri", "") != row.request.redirect_uri:
        raise OAuthError("invalid_grant", "redirect_uri is another one than at the authorization endpoint")
    pkce.verify(row.request, form.get("code_verifier", ""))
    return _first_tokens(authority, client, row, nonce=row.request.nonce)


def refresh(authority: Authority, client: Client, form: Form) -> dict[str, Any]:
    """Replace the access token of a row, and by toggle its refresh and ID token.

    Raises:
        OAuthError: `invalid_grant` for a token that is unknown, replaced, revoked, expired or another client's;
            `invalid_client` for a public client if those may not refresh; `invalid_scope` for more than was granted.
    """
    options = authority.options
    if not client.is_confidential and not options.allow_public_client_refresh:
        raise OAuthError("invalid_client", "a public client may not refresh", status=401)
    row = _refreshable_row(authority, client, form.get("refresh_token", ""))
    if not set(form.get("scope", "").split()) <= set(row.scopes):
        raise OAuthError("invalid_scope", "more than was granted")
    kept = row.refresh_token if options.refresh_returns_refresh_token else ""
    refresh_token = tokens.new_token() if options.rotate_refresh else row.refresh_token
    with_id_token = "openid" in row.scopes and options.refresh_returns_id_token
    nonce = row.request.nonce if options.id_token_nonce_on_refresh == "original" else ""
    row = authority.issue(row, refresh_token=refresh_token, id_token=with_id_token, nonce=nonce)
    return tokens.token_response(
        row,
        options,
        refresh_token=refresh_token if options.rotate_refresh else kept,
        id_token=row.id_token if with_id_token else "",
    )


def password(authority: Authority, client: Client, form: Form) -> dict[str, Any]:
    """Give tokens for a user name and password.

    Raises:
        OAuthError: `invalid_grant` if they do not fit, `invalid_scope`.
    """
    user = authority.authenticate_user(form.get("username", ""), form.get("password", ""))
    if user is None:
        raise OAuthError("invalid_grant", "user name or password is wrong")
    row = _direct_row(authority, client, form, user.username)
    return _first_tokens(authority, client, row, nonce="")


def client_credentials(authority: Authority, client: Client, form: Form) -> dict[str, Any]:
    """Give an access token to a client that acts for itself; neither refresh nor ID token (section 4.4.3).

    Raises:
        OAuthError: `unauthorized_client` for a public client, `invalid_scope`.
    """
    if not client.is_confidential:
        raise OAuthError("unauthorized_client", "a public client has no credentials")
    row = authority.issue(_direct_row(authority, client, form, ""), refresh_token="", id_token=False)
    return tokens.token_response(row, authority.options, refresh_token="", id_token="")


def checked_scopes(text: str, options: Options) -> tuple[str, ...]:
    """Return the scopes of a `scope` parameter, each once and in order.

    Raises:
        OAuthError: `invalid_scope`: at least one is not supported, and unsupported ones are not allowed.
    """
    scopes = tuple(dict.fromkeys(text.split()))
    supported = {*STANDARD_SCOPES, OFFLINE_ACCESS, *options.supported_scopes}
    unsupported = [scope for scope in scopes if scope not in supported]
    if unsupported and not options.allow_unsupported_scope:
        raise OAuthError("invalid_scope", f"unsupported: {' '.join(unsupported)}")
    return scopes


def _first_tokens(authority: Authority, client: Client, row: TokenRow, *, nonce: str) -> dict[str, Any]:
    wanted = tokens.wants_refresh_token(row.request, client, authority.options)
    row = authority.issue(row, refresh_token=tokens.new_token() if wanted else "", id_token="openid" in row.scopes, nonce=nonce)
    return tokens.token_response(row, authority.options, refresh_token=row.refresh_token, id_token=row.id_token)


def _refreshable_row(authority: Authority, client: Client, token: str) -> TokenRow:
    if not token:
        raise OAuthError("invalid_request", "refresh_token is missing")
    if (family := authority.state.row_by_spent_refresh_token(token)) is not None:
        authority.state.remove_row(family)
        raise OAuthError("invalid_grant", "refresh_token was used before: all tokens of its family are revoked")
    row = authority.state.row_by_refresh_token(token)
    if row is None or row.client_id != client.client_id:
        raise OAuthError("invalid_grant", "refresh_token is unknown")
    if authority.now() >= row.refresh_expires_at:
        raise OAuthError("invalid_grant", "refresh_token has expired")
    return row


def _direct_row(authority: Authority, client: Client, form: Form, username: str) -> TokenRow:
    scopes = checked_scopes(form.get("scope", ""), authority.options)
    row = TokenRow(
        code=secrets.token_urlsafe(32),
        client_id=client.client_id,
        username=username,
        sid=tokens.new_token(),
        request=AuthorizationRequest(client_id=client.client_id, redirect_uri="", scopes=scopes),
        auth_time=authority.now(),
    )
    return replace(row, redeemed=True)
