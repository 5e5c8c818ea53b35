"""Every toggle of the stand-in, as one frozen value. Pure: knows neither HTTP nor tokens."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Seconds = Annotated[int, Meta(ge=1)]
Pause = Annotated[float, Meta(ge=0)]
SigningAlgorithm = Literal["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "HS256", "HS384", "HS512"]


class OptionsError(Exception):
    """A toggle does not exist, or does not take this value; the text names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the stand-in behaves. Defaults are those of IRIS where they are known, else the harder case for a client.

    Attributes:
        profile: The IRIS version whose discovery document is served.
        access_token_seconds: Life of an access token and an ID token (AccessTokenInterval).
        authorization_code_seconds: Life of an authorization code (AuthorizationCodeInterval).
        refresh_token_seconds: Life of a refresh token, from its issue (RefreshTokenInterval).
        session_seconds: Life of the single sign-on session; 0 is until the browser closes (SessionInterval).
        refresh_policy: When a refresh token is given (ReturnRefreshToken), any of the letters: `a` always, `c` to
            confidential clients, `f` when `offline_access` was asked for. Empty: only as OpenID Connect requires, that is
            when `openid` and `offline_access` were both asked for.
        rotate_refresh: A refresh makes a new refresh token. Using the old one is `invalid_grant` and ends its family.
        refresh_returns_refresh_token: A refresh without rotation names the same refresh token again; False leaves it out.
        refresh_returns_id_token: A refresh brings a new ID token.
        id_token_nonce_on_refresh: `none` leaves the nonce out of that ID token, `original` repeats the one of the login.
        allow_public_client_refresh: A client without a secret may refresh (AllowPublicClientRefresh).
        opaque_access_token: Access tokens are random strings (%OAuth2.Server.Generate), not JWTs (%OAuth2.Server.JWT).
        signing_algorithm: For ID tokens and JWT access tokens. HS* signs with the client secret.
        aud_mode: `string`: the ID token's `aud` is the client id. `array`: the `aud` values of the authorization request,
            then the client id.
        aud_required: An authorization request without `aud` is refused (AudRequired).
        force_pkce: An authorization request without `code_challenge` is refused (ForcePKCEFor...Clients).
        supported_scopes: Scopes besides openid, profile, email, address, phone and offline_access.
        allow_unsupported_scope: Other scopes are granted too; else they are `invalid_scope` (AllowUnsupportedScope).
        scope_order: Order of `scope` in responses and access tokens: `sorted` as IRIS stores it, or as `requested`.
        consent_page: Ask for consent after the login; False grants what was asked for.
        support_session: Single sign-on with the cookie CSPOAuth2Session (SupportSession).
        same_site: SameSite of that cookie (UserCookieScope of the web application /oauth2).
        response_properties: Extra members of every token response (ResponseProperties), such as SMART's `patient`.
        token_latency: Seconds that the token endpoint waits before it does anything.
        token_500_once: The next token request is answered 500, without being looked at; then this is False again.
        drop_connection_after_rotation: The next refresh is carried out but its response is lost: the connection closes.
            Then this is False again.
        clock_skew_seconds: How far the clock of the stand-in goes ahead of the one it was given; may be negative.
        jwks_numeric_kid: Key ids are JSON numbers, as Caché 2017 emitted them.
        logout_bug_dp432190: /logout shows its page but the session and its tokens live on (fixed in 2024.1.2).
        resource_validation: How the REST application checks a JWT: `offline` by signature and expiry, so that a revoked
            one lives until it expires, or by `introspection`. Opaque tokens are always introspected.
        native_enabled: The REST application of the native JWT mode takes JWTs (JWTAuthEnabled); else it wants Basic.
        native_access_seconds: Life of its access tokens (JWTAccessTokenTimeout).
        native_refresh_seconds: Life of its refresh tokens (JWTRefreshTokenTimeout).
        native_refresh_latency: Seconds between the exchange of a refresh, which kills the old tokens, and its answer.
        native_500_once: The next request to /login, /refresh, /logout or /revoke is answered 500; then this is False again.
        resource_audience: The `aud` that the REST application demands; empty does not look at it, as IRIS by default.
        client_secret_seconds: Life of the secrets of all clients, from the start (ClientSecretInterval); 0: for ever.
        use_session: The REST applications keep a CSP session and name it in a cookie (UseSession=1); else each request has one of
            its own.
        csp_session_seconds: How long such a session may be idle (Timeout of the web application).
        stale_cookie_refused: A cookie of a session that is over is answered 401, before anybody looks at the token.
        licenses: Licence units that there are; 0: as many as are wanted. `/__sim/licenses` counts them.
        license_per: `session`: nobody is logged in to the CSP session (UnknownUser), each takes a unit. `user`: the unit belongs
            to the user by name.
        license_connections: Sessions of one user by name that one unit covers; beyond that each takes one (MaxConnections).
        license_request_seconds: How long the unit of a request without `use_session` is held.
        license_grace_seconds: How long the unit of a session that saw one request only is held after its end.
        upper_case_headers: Names of header fields go out in capitals.
        cors_origin: Origin that the REST applications allow (CorsAllowlist); empty: they send no CORS fields.
        proof: Each request must carry an HTTP message signature (RFC 9421) of this algorithm, which is good once.
        proof_key: For `hmac-sha256` the secret in base64url, for `ecdsa-p256-sha256` the public key as PEM.
        proof_version: What the signature must cover; 2: the authority and the content type, too.
    """

    profile: Literal["2023.1", "2026.1"] = "2026.1"
    access_token_seconds: Seconds = 3600
    authorization_code_seconds: Seconds = 60
    refresh_token_seconds: Seconds = 86400
    session_seconds: Annotated[int, Meta(ge=0)] = 86400
    refresh_policy: Annotated[str, Meta(pattern="^[acf]*$")] = ""
    rotate_refresh: bool = True
    refresh_returns_refresh_token: bool = True
    refresh_returns_id_token: bool = True
    id_token_nonce_on_refresh: Literal["none", "original"] = "none"
    allow_public_client_refresh: bool = False
    opaque_access_token: bool = False
    signing_algorithm: SigningAlgorithm = "RS256"
    aud_mode: Literal["string", "array"] = "string"
    aud_required: bool = False
    force_pkce: bool = False
    supported_scopes: tuple[str, ...] = ("clinic",)
    allow_unsupported_scope: bool = False
    scope_order: Literal["sorted", "requested"] = "sorted"
    consent_page: bool = True
    support_session: bool = True
    same_site: Literal["Strict", "Lax", "None"] = "Strict"
    response_properties: Mapping[str, str] = field(default_factory=dict)
    token_latency: Pause = 0.0
    token_500_once: bool = False
    drop_connection_after_rotation: bool = False
    clock_skew_seconds: float = 0.0
    jwks_numeric_kid: bool = False
    logout_bug_dp432190: bool = False
    resource_validation: Literal["offline", "introspection"] = "offline"
    resource_audience: str = ""
    client_secret_seconds: Annotated[int, Meta(ge=0)] = 0
    use_session: bool = False
    csp_session_seconds: Seconds = 900
    stale_cookie_refused: bool = False
    licenses: Annotated[int, Meta(ge=0)] = 0
    license_per: Literal["session", "user"] = "session"
    license_connections: Annotated[int, Meta(ge=1)] = 25
    license_request_seconds: Annotated[int, Meta(ge=0)] = 10
    license_grace_seconds: Annotated[int, Meta(ge=0)] = 600
    upper_case_headers: bool = False
    cors_origin: str = ""
    proof: Literal["none", "hmac-sha256", "ecdsa-p256-sha256"] = "none"
    proof_key: str = ""
    proof_version: Literal[1, 2] = 1
    native_enabled: bool = True
    native_access_seconds: Seconds = 60
    native_refresh_seconds: Seconds = 900
    native_refresh_latency: Pause = 0.0
    native_500_once: bool = False

    def changed(self, changes: Mapping[str, Any]) -> "Options":
        """Return these options with `changes` (name to value, as JSON types) applied, all of them or none.

        Raises:
            OptionsError: A name is unknown or a value does not fit.
        """
        return _converted(dataclasses.asdict(self) | _known(changes), strict=True)

    def changed_by_text(self, changes: Mapping[str, str]) -> "Options":
        """Return these options with `changes` from a command line applied; lists and tables are written as JSON.

        Raises:
            OptionsError: A name is unknown or a value does not fit.
        """
        values = {name: _value_of(text) for name, text in _known(changes).items()}
        return _converted(dataclasses.asdict(self) | values, strict=False)

    def as_json(self) -> dict[str, Any]:
        """Return all toggles by name."""
        return dataclasses.asdict(self)


def _known(changes: Mapping[str, Any]) -> dict[str, Any]:
    names = {item.name for item in dataclasses.fields(Options)}
    if unknown := sorted(set(changes) - names):
        raise OptionsError(f"{', '.join(unknown)}: there is no such option. Options are {', '.join(sorted(names))}.")
    return dict(changes)


def _converted(values: Mapping[str, Any], *, strict: bool) -> Options:
    try:
        return msgspec.convert(values, Options, strict=strict)
    except msgspec.ValidationError as error:
        raise OptionsError(str(error)) from error


def _value_of(text: str) -> Any:
    if not text.startswith(("[", "{")):
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise OptionsError(f"{text}: is not valid JSON: {error}") from error
