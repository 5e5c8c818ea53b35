"""Userinfo, introspection, revocation and logout without HTTP. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from iris_standin import tokens
from iris_standin.authority import Authority
from iris_standin.errors import OAuthError
from iris_standin.model import Client, TokenRow

Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LogoutPage:
    """What the logout page does.

    Attributes:
        frames: URLs of the clients' front-channel logout, loaded in hidden frames.
        next_url: Where the browser goes when they have loaded; empty to stay.
    """

    frames: tuple[str, ...]
    next_url: str


def userinfo(authority: Authority, access_token: str) -> dict[str, Any]:
    """Return the claims of the person behind an access token (OpenID Connect Core section 5.3).

    Raises:
        OAuthError: `invalid_token`; also for a JWT that is still valid by signature but was replaced or revoked.
    """
    row = authority.access_row(access_token)
    if row is None:
        raise OAuthError("invalid_token", status=401, challenge='Bearer error="invalid_token"')
    return authority.claims_of(row.subject, row.scopes)


def introspect(authority: Authority, form: Form) -> dict[str, Any]:
    """Tell whether a token is in force, and what it stands for (RFC 7662 section 2.2)."""
    token = form.get("token", "")
    if (row := authority.access_row(token)) is not None:
        return tokens.introspection_response(row, authority.issuer, authority.options)
    row = authority.state.row_by_refresh_token(token)
    if row is None or authority.now() >= row.refresh_expires_at:
        return {"active": False}
    members = tokens.introspection_response(row, authority.issuer, authority.options)
    return members | {"token_type": "refresh_token", "exp": int(row.refresh_expires_at)}


def revoke(authority: Authority, client: Client, form: Form) -> None:
    """Delete the row of an access or refresh token; unknown tokens are nothing to complain about (RFC 7009 section 2.2).

    Raises:
        OAuthError: `unauthorized_client`: the token is another client's.
    """
    token = form.get("token", "")
    row = authority.state.row_by_access_token(token) or authority.state.row_by_refresh_token(token)
    if row is None:
        return
    if row.client_id != client.client_id:
        raise OAuthError("unauthorized_client", "the token was issued to another client")
    authority.state.remove_row(row)


def log_out(authority: Authority, form: Form) -> LogoutPage:
    """End the session that an ID token belongs to, with all its tokens at all clients.

    Raises:
        OAuthError: `invalid_request`: the ID token is not, character by character, the latest one of a living row, or the
            post-logout redirect URI is not registered. Nothing has ended then.
    """
    row = authority.state.row_by_id_token(form.get("id_token_hint", ""))
    if row is None:
        raise OAuthError("invalid_request", "ID Token not found")
    page = LogoutPage(_frames(authority, row), _next_url(authority.state.clients[row.client_id], form))
    if not authority.options.logout_bug_dp432190:
        authority.state.end_group(row.sid)
    return page


def _frames(authority: Authority, row: TokenRow) -> tuple[str, ...]:
    client_ids = dict.fromkeys(member.client_id for member in authority.state.group(row.sid))
    uris = [authority.state.clients[client_id].frontchannel_logout_uri for client_id in client_ids]
    query = urlencode({"iss": authority.issuer, "sid": row.sid, "IRISLogout": "end"})
    return tuple(f"{uri}{'&' if '?' in uri else '?'}{query}" for uri in uris if uri)


def _next_url(client: Client, form: Form) -> str:
    uri = form.get("post_logout_redirect_uri", "")
    if not uri:
        return ""
    if uri not in client.post_logout_redirect_uris:
        raise OAuthError("invalid_request", "post_logout_redirect_uri is not registered")
    state = form.get("state", "")
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode({'state': state})}" if state else uri
