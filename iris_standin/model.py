"""What the authorization server keeps: clients, users, sessions, requests under way, and token rows. Frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client (OAuth2.Server.Client).

    Attributes:
        client_secret: Empty for a public client.
        redirect_uris: Compared as strings, without any normalisation.
        frontchannel_logout_uri: Loaded in a hidden frame when the session ends; empty for none.
    """

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uris: tuple[str, ...] | list[str] = ()
    post_logout_redirect_uris: tuple[str, ...] | list[str] = ()
    frontchannel_logout_uri: str = ""

    @property
    def is_confidential(self) -> bool:
        """Tell whether the client has a secret to authenticate with (RFC 6749 section 2.1)."""
        return bool(self.client_secret)


@dataclass(frozen=True, slots=True)
class User:
    """A person who can log in; `claims` are those of OpenID Connect Core section 5.1, and may be empty."""

    username: str
    password: str = field(repr=False)
    claims: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSession:
    """A single sign-on session of one browser (OAuth2_Server.Session).

    Attributes:
        sid: Value of the cookie CSPOAuth2Session, of the ID token's `sid` and of the rows' group id.
        auth_time: When the person logged in; epoch seconds.
        expires_at: Epoch seconds; None is until the browser closes.
        granted: Scopes that the person consented to, by client id.
    """

    sid: str
    username: str
    auth_time: float
    expires_at: float | None = None
    granted: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def is_valid(self, now: float) -> bool:
        """Tell whether the session still logs its person in."""
        return self.expires_at is None or now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """A valid authorization request (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1).

    Attributes:
        scopes: In the order in which they were asked for.
        code_challenge_method: `plain` or `S256`; `plain` also if none was named (RFC 7636 section 4.3).
        audience: Values of IRIS's own parameter `aud`.
        id_token_claims: Claims that the parameter `claims` asks for in the ID token.
    """

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...] = ()
    state: str = ""
    nonce: str = ""
    code_challenge: str = ""
    code_challenge_method: Literal["plain", "S256"] = "plain"
    audience: tuple[str, ...] = ()
    prompt: frozenset[str] = frozenset()
    max_age_seconds: float | None = None
    response_mode: Literal["query", "fragment", "form_post"] = "query"
    id_token_claims: tuple[str, ...] = ()


Stage = Literal["login", "permission", "done"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """An authorization request under way in a browser, named by the code that it will yield.

    Attributes:
        attempt: Number of the login form, beginning with 1; a wrong password leads to the next one.
        sid: Session that the person is logged in with; empty before the login.
        parameters: The request as received, carried along in the forms.
    """

    code: str
    request: AuthorizationRequest
    stage: Stage
    attempt: int = 1
    sid: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def stage_name(self) -> str:
        """The stage as IRIS writes it into the URL: `login:1`, `permission`."""
        return f"login:{self.attempt}" if self.stage == "login" else self.stage


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """One authorization and the one set of tokens that it has now; a refresh overwrites the tokens.

    Attributes:
        code: The authorization code, which is the key of the row; a random key for grants without a code.
        username: Empty for client_credentials.
        sid: Group id: the session in which the authorization was given.
        request: What was asked for.
        code_expires_at: Until then the code can be exchanged; epoch seconds.
        redeemed: Whether the code was used.
        access_token, refresh_token, id_token: The latest ones; empty if there is none.
    """

    code: str
    client_id: str
    username: str
    sid: str
    request: AuthorizationRequest
    auth_time: float
    code_expires_at: float = 0.0
    redeemed: bool = False
    access_token: str = ""
    access_token_id: str = ""
    issued_at: float = 0.0
    access_expires_at: float = 0.0
    refresh_token: str = ""
    refresh_expires_at: float = 0.0
    id_token: str = ""

    @property
    def scopes(self) -> tuple[str, ...]:
        """The granted scopes, in the order in which they were asked for."""
        return self.request.scopes

    @property
    def subject(self) -> str:
        """The `sub`: the user, or the client that acts for itself."""
        return self.username or self.client_id

    @property
    def audience(self) -> tuple[str, ...]:
        """The `aud` of the access token: what was asked for, else the client id."""
        return self.request.audience or (self.client_id,)
