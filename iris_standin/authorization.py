"""The authorization endpoint without HTTP: validate a request, decide what the person has to do, build the response.

IRIS's mechanics: a request becomes a transaction named by its future code, and walks through the stages `login:n` and
`permission` before that code is sent to the client.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal
from urllib.parse import urlencode

from iris_standin import tokens
from iris_standin.authority import Authority
from iris_standin.errors import AuthorizationRefused, OAuthError, UnexpectedRequest
from iris_standin.grants import checked_scopes
from iris_standin.model import AuthorizationRequest, Stage, TokenRow, Transaction, UserSession

Parameters = Mapping[str, str]

SCOPE_MEANINGS = {
    "openid": "Know who you are",
    "profile": "See your name",
    "email": "See your e-mail address",
    "address": "See your postal address",
    "phone": "See your phone number",
    "offline_access": "Stay connected while you are away",
    "clinic": "Use the clinic's records in your name",
}


def return_target(authority: Authority, parameters: Parameters) -> AuthorizationRequest:
    """Return a bare request with what is needed to answer the client, errors included.

    Raises:
        UnexpectedRequest: Client or redirect URI are unknown, so there is nobody to answer.
    """
    client = authority.state.clients.get(parameters.get("client_id", ""))
    if client is None:
        raise UnexpectedRequest("client_id")
    redirect_uri = parameters.get("redirect_uri", "")
    if redirect_uri not in client.redirect_uris:
        raise UnexpectedRequest("redirect_uri")
    mode = parameters.get("response_mode", "query")
    return AuthorizationRequest(
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        state=parameters.get("state", ""),
        response_mode="fragment" if mode == "fragment" else "form_post" if mode == "form_post" else "query",
    )


def complete_request(authority: Authority, bare: AuthorizationRequest, parameters: Parameters) -> AuthorizationRequest:
    """Add everything else that `parameters` ask for to a bare request.

    Raises:
        AuthorizationRefused: The client asks for something that it cannot have.
    """
    if parameters.get("response_type") != "code":
        raise AuthorizationRefused("unsupported_response_type")
    try:
        scopes = checked_scopes(parameters.get("scope", ""), authority.options)
    except OAuthError as error:
        raise AuthorizationRefused(error.error, error.description) from error
    audience = tuple(parameters.get("aud", "").split())
    if authority.options.aud_required and not audience:
        raise AuthorizationRefused("invalid_request", "aud is missing")
    request = replace(
        bare,
        scopes=scopes,
        nonce=parameters.get("nonce", ""),
        audience=audience,
        prompt=frozenset(parameters.get("prompt", "").split()),
        max_age_seconds=_max_age(parameters),
        id_token_claims=_id_token_claims(parameters),
    )
    return _with_challenge(authority, request, parameters)


def begin(
    authority: Authority, request: AuthorizationRequest, session: UserSession | None, parameters: Parameters
) -> Transaction:
    """Start a transaction at the first stage that the person cannot skip.

    Raises:
        AuthorizationRefused: `prompt=none`, and a stage is needed (OpenID Connect Core section 3.1.2.6).
    """
    stage = first_stage(authority, request, session)
    if "none" in request.prompt and stage != "done":
        raise AuthorizationRefused("login_required" if stage == "login" else "consent_required")
    transaction = Transaction(
        code=tokens.new_code(),
        request=request,
        stage=stage,
        sid=session.sid if session and stage != "login" else "",
        parameters=dict(parameters),
    )
    authority.state.put_transaction(transaction)
    return transaction


def first_stage(authority: Authority, request: AuthorizationRequest, session: UserSession | None) -> Stage:
    """Decide from the single sign-on session what the person has to do."""
    if session is None or "login" in request.prompt:
        return "login"
    if request.max_age_seconds is not None and authority.now() - session.auth_time > request.max_age_seconds:
        return "login"
    return "permission" if needs_consent(authority, request, session) else "done"


def needs_consent(authority: Authority, request: AuthorizationRequest, session: UserSession) -> bool:
    """Tell whether the person has to be asked: for scopes that this session has not granted to the client yet."""
    if "consent" in request.prompt:
        return True
    granted = session.granted.get(request.client_id, frozenset())
    return authority.options.consent_page and not set(request.scopes) <= granted


def log_in(
    authority: Authority, transaction: Transaction, username: str, password: str, previous: UserSession | None
) -> Transaction:
    """Take a login form: on to the next stage, or to the next attempt if the password is wrong."""
    user = authority.authenticate_user(username, password)
    if user is None:
        transaction = replace(transaction, attempt=transaction.attempt + 1)
    else:
        session = authority.start_session(user.username, previous)
        stage: Stage = "permission" if needs_consent(authority, transaction.request, session) else "done"
        transaction = replace(transaction, stage=stage, sid=session.sid)
    authority.state.put_transaction(transaction)
    return transaction


def finish(authority: Authority, transaction: Transaction) -> dict[str, str]:
    """Make the code of a transaction valid and return the parameters of the response: `code` and `state`, no `iss`.

    Raises:
        AuthorizationRefused: The session has ended meanwhile.
    """
    authority.state.end_transaction(transaction.code)
    now = authority.now()
    session = authority.state.session(transaction.sid, now)
    if session is None:
        raise AuthorizationRefused("access_denied", "the session has ended")
    request = transaction.request
    authority.state.grant(session.sid, request.client_id, request.scopes)
    authority.state.put_row(
        TokenRow(
            code=transaction.code,
            client_id=request.client_id,
            username=session.username,
            sid=session.sid,
            request=request,
            auth_time=session.auth_time,
            code_expires_at=now + authority.options.authorization_code_seconds,
        )
    )
    authority.remember("code", transaction.code)
    return {"code": transaction.code, **state_of(request)}


def state_of(request: AuthorizationRequest) -> dict[str, str]:
    """Return the `state` member of every response; nothing if the client sent none."""
    return {"state": request.state} if request.state else {}


def response_url(request: AuthorizationRequest, parameters: Parameters) -> str:
    """Return the redirect URI with the response in its query or fragment, according to the response mode."""
    uri = request.redirect_uri
    if request.response_mode == "fragment":
        return f"{uri}#{urlencode(parameters)}"
    base, mark, fragment = uri.partition("#")
    separator = "&" if "?" in base else "?"
    return f"{base}{separator}{urlencode(parameters)}{mark}{fragment}"


def _with_challenge(authority: Authority, request: AuthorizationRequest, parameters: Parameters) -> AuthorizationRequest:
    challenge = parameters.get("code_challenge", "")
    if not challenge and authority.options.force_pkce:
        raise AuthorizationRefused("invalid_request", "code_challenge is missing")
    named = parameters.get("code_challenge_method", "plain")
    if named not in ("plain", "S256"):
        raise AuthorizationRefused("invalid_request", "code_challenge_method must be plain or S256")
    method: Literal["plain", "S256"] = "S256" if named == "S256" else "plain"
    return replace(request, code_challenge=challenge, code_challenge_method=method)


def _max_age(parameters: Parameters) -> float | None:
    text = parameters.get("max_age", "")
    if text and not text.isdecimal():
        raise AuthorizationRefused("invalid_request", "max_age must be a number of seconds")
    return float(text) if text else None


def _id_token_claims(parameters: Parameters) -> tuple[str, ...]:
    try:
        claims = json.loads(parameters.get("claims") or "{}")
        return tuple(claims.get("id_token", {}))
    except (ValueError, AttributeError, TypeError) as error:
        raise AuthorizationRefused("invalid_request", "claims is malformed") from error
