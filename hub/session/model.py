"""Sessions, token sets and login attempts: immutable values with their transitions and expiry rules. Pure.

All instants are epoch seconds.
"""

import hashlib
import hmac
import math
import secrets
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

from hub.config.settings import MAIN_PROVIDER
from hub.errors import IdentityChanged, NotAuthenticated
from hub.oidc.token_endpoint import TokenResponse
from hub.primitives.secret import Secret, digest

# fmt: off
EndReason = Literal[
    "logout", "elsewhere", "operator", "provider",
    "idle", "absolute", "last_channel",
    "refused", "no_refresh_token", "identity",
    "replaced", "other_user",
]
# fmt: on
"""Why a session ended.

`logout`: by its user; `elsewhere`: by its user, from another session; `operator`: by an operator; `provider`: logout at the
provider; `idle`: idle timeout; `absolute`: absolute timeout; `last_channel`: its last channel was closed; `refused`: the
provider rejected the refresh token; `no_refresh_token`: the access token expired without a refresh token; `identity`: a refresh
returned tokens of another user; `replaced`: the same user logged in again in this browser; `other_user`: another user logged in.
"""

ID_BYTES = 32  # 256 bits: cannot be guessed, and its hash needs no salt
ID_LENGTH = 43  # characters of 32 bytes in base64url
AUTH_TIME_RESOLUTION_SECONDS = 1.0


class RandomId(Secret):
    """A random ID of 256 bits that only the browser has. Redis and logs contain only its hash, `key`."""

    @classmethod
    def generate(cls) -> Self:
        """Return a new ID from the system's random source."""
        return cls(secrets.token_urlsafe(ID_BYTES))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the ID in `text`, or None if `text` does not have the form of an ID."""
        if len(text) != ID_LENGTH or not text.isascii() or not text.replace("-", "a").replace("_", "a").isalnum():
            return None
        return cls(text)

    @cached_property
    def key(self) -> str:
        """SHA-256 of this ID: its name in Redis, in events and, shortened, in logs."""
        return digest(self.reveal())


class SessionId(RandomId):
    """The value of the session cookie."""

    @cached_property
    def xsrf_token(self) -> str:
        """The CSRF token of the session: an HMAC with the session ID as key, which does not disclose the ID."""
        return hmac.new(self.reveal().encode(), b"hub xsrf token", hashlib.sha256).hexdigest()


class BrowserId(RandomId):
    """The value of the pre-login cookie, which binds the hub's own login form to its browser."""


def session_ref(key: str) -> str:
    """Return the short name of a session for logs."""
    return key[:12]


def identity_of(issuer: str, subject: str) -> str:
    """Return the identity of a user over all providers: a hash, for names in Redis and for the page."""
    return digest(f"{issuer}|{subject}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSet:
    """The tokens of one session, with absolute times.

    Attributes:
        obtained_at: When the hub sent the token request.
        expires_at: Expiry of the access token; None if the provider gave none (RFC 6749 section 5.1).
        due_at: When to refresh the access token; None if it has no expiry or there is no refresh token.
        refresh_expires_at: Expiry of the refresh token; None if the provider gave none.
        scope: Granted scopes, separated by spaces.
    """

    access_token: Secret
    obtained_at: float
    expires_at: float | None = None
    due_at: float | None = None
    refresh_token: Secret | None = None
    refresh_expires_at: float | None = None
    id_token: Secret | None = None
    scope: str = ""

    @classmethod
    def from_response(cls, response: TokenResponse, asked_at: float) -> Self:
        """Return the tokens of a token response, without `due_at`, which the schedule sets.

        Parameters:
            asked_at: When the token request was sent. Lifetimes count from here: with a slow provider, the hub then refreshes too
                early, not too late.
        """
        return cls(
            access_token=response.access_token,
            obtained_at=asked_at,
            expires_at=None if response.expires_in is None else asked_at + response.expires_in,
            refresh_token=response.refresh_token,
            refresh_expires_at=None if response.refresh_expires_in is None else asked_at + response.refresh_expires_in,
            id_token=response.id_token,
            scope=response.scope or "",
        )

    def refreshed_by(self, response: TokenResponse, asked_at: float) -> Self:
        """Return the tokens after a refresh; members that the response omits keep their values (RFC 6749 section 6)."""
        fresh = self.from_response(response, asked_at)
        same_end = None if fresh.refresh_token else self.refresh_expires_at
        return replace(
            fresh,
            refresh_token=fresh.refresh_token or self.refresh_token,
            refresh_expires_at=fresh.refresh_expires_at or same_end,
            id_token=fresh.id_token or self.id_token,
            scope=fresh.scope or self.scope,
        )

    @property
    def lifetime_seconds(self) -> float:
        """The lifetime of the access token; infinite if the provider gave none."""
        return math.inf if self.expires_at is None else self.expires_at - self.obtained_at

    def is_expired(self, now: float) -> bool:
        """Return whether the access token has expired at `now`."""
        return self.expires_at is not None and now >= self.expires_at

    def is_due(self, now: float) -> bool:
        """Return whether the access token should be refreshed at `now`."""
        return self.due_at is not None and now >= self.due_at

    def is_spent(self, now: float) -> bool:
        """Return whether both the access token and the refresh token have expired at `now`."""
        return self.is_expired(now) and self.refresh_expires_at is not None and now >= self.refresh_expires_at


class _NotStored:
    """Slots for what is not part of a session: no dataclass fields, so not stored, compared or copied by `replace`."""

    __slots__ = ("_identity", "_sealed_with")
    _identity: str
    _sealed_with: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(_NotStored):
    """One logged-in browser.

    Attributes:
        key: Hash of the session ID: the name of the session in Redis, in events and in lists. It gives no access.
        version: Number of writes. A write that is based on an older version is rejected.
        claims: The claims that the page may see.
        provider: Name of the provider in the settings.
        provider_session_id: `sid` of the ID token, if there was one.
        nonce: Nonce of the login. A refreshed ID token may omit it, but must not contain another one.
        auth_time: When the provider authenticated the user, by the provider's clock.
        clock_difference: Seconds by which the provider's clock was ahead of the hub's at the login.
        acr: Authentication Context Class Reference of the login, from the provider.
        client: `User-Agent` of the browser at the login, shortened.
        address: IP address of the browser at the login.
        touched_at: Last activity of the user. Stored outside the encrypted record, so that activity is not a write.
        is_replaced: Whether an old session ID found it (`SessionInGrace`).
    """

    is_replaced: ClassVar[bool] = False

    key: str
    version: int
    issuer: str
    subject: str
    name: str | None
    claims: dict[str, Any]
    tokens: TokenSet
    created_at: float
    touched_at: float
    provider: str = MAIN_PROVIDER
    provider_session_id: str | None = None
    nonce: str | None = None
    auth_time: float | None = None
    clock_difference: float = 0.0
    acr: str | None = None
    client: str = ""
    address: str = ""

    @property
    def provider_key(self) -> tuple[str, str]:
        """Name and issuer of the provider of this session. What a provider says of a user holds for its own users only."""
        return self.provider, self.issuer

    @property
    def identity(self) -> str:
        """The identity of the user, which a page can send to verify that the user is still the same (ASVS 10.5.2)."""
        try:
            return self._identity
        except AttributeError:
            object.__setattr__(self, "_identity", identity_of(self.issuer, self.subject))
            return self._identity

    @property
    def sealed_with(self) -> bytes:
        """ID of the session key with which the record was encrypted from which the session was read; empty if not known."""
        return getattr(self, "_sealed_with", b"")

    def read_from(self, key_id: bytes) -> Self:
        """Return this session, which was read from a record that is encrypted with this session key."""
        object.__setattr__(self, "_sealed_with", key_id)
        return self

    def require_identity(self, claimed: str | None) -> None:
        """Check that the page speaks for the user of this session. A page that names nobody (None) is not checked.

        All tabs of a browser share one cookie. When another user logs in in one tab, the others still show the former user's
        data, and a click there must not run in the new user's name.

        Raises:
            IdentityChanged: The page was loaded for another user.
        """
        if claimed is not None and claimed != self.identity:
            raise IdentityChanged("Another user has logged in in this browser. Reload the page; nothing was done.")

    @property
    def authenticated_at(self) -> float:
        """When the user was authenticated, by the hub's clock; the time of the login if the provider did not say."""
        if self.auth_time is None:
            return self.created_at
        return min(self.auth_time - self.clock_difference, self.created_at)

    def is_login_older(self, seconds: float, now: float) -> bool:
        """Return whether the authentication of the user is certainly older than `seconds`.

        `auth_time` has whole seconds. The rounding counts in favor of the login: otherwise a provider could accept the same
        login for this `max_age`, and the user would be sent to the provider again and again.
        """
        return now - self.authenticated_at > seconds + AUTH_TIME_RESOLUTION_SECONDS

    @property
    def ref(self) -> str:
        """The short name of the session for logs."""
        return session_ref(self.key)

    def with_tokens(self, tokens: TokenSet) -> Self:
        """Return the session with new tokens."""
        return replace(self, tokens=tokens)


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """The lifetimes of sessions, in seconds.

    Attributes:
        idle_seconds: Idle timeout.
        absolute_seconds: Absolute timeout.
        warning_seconds: Time before the end at which the user is warned; 0: never. At most half of the idle timeout counts.
    """

    idle_seconds: float
    absolute_seconds: float
    warning_seconds: float = 0.0

    @property
    def touch_interval_seconds(self) -> float:
        """Shortest interval between two writes of activity; makes the idle timeout up to 3 % inexact."""
        return min(30.0, self.idle_seconds / 30)

    def idle_end(self, session: Session) -> float:
        """Return when the session reaches its idle timeout without further activity."""
        return session.touched_at + self.idle_seconds

    def absolute_end(self, session: Session) -> float:
        """Return when the session reaches its absolute timeout."""
        return session.created_at + self.absolute_seconds

    def end(self, session: Session) -> float:
        """Return when the session ends without further activity."""
        return min(self.idle_end(session), self.absolute_end(session))

    def warned_at(self, session: Session) -> float | None:
        """Return when to warn the user about the end of the session; None: never."""
        if not self.warning_seconds:
            return None
        return self.end(session) - min(self.warning_seconds, self.idle_seconds / 2)

    def end_reason(self, session: Session, now: float) -> EndReason | None:
        """Return why the session has ended at `now`, or None if it has not."""
        if now >= self.absolute_end(session):
            return "absolute"
        if now >= self.idle_end(session):
            return "idle"
        if session.tokens.is_spent(now):
            return "no_refresh_token"
        return None


@dataclass(frozen=True, slots=True)
class Tombstone:
    """The record that replaces an ended session for a while: late writes are rejected, and the user learns the reason."""

    reason: EndReason
    ended_at: float


@dataclass(frozen=True, slots=True)
class Moved:
    """The record that replaces a session after a new login of the same user.

    Attributes:
        successor: Key of the new session.
        until: Until then, the old session ID is accepted for the new session.
        authenticated_at: `Session.authenticated_at` of the replaced session.
        acr: Its Authentication Context Class Reference.
        scope: Scopes of its access token, separated by spaces.
        access_token: Its access token. Requests that still come with the old session ID are sent with it.
        expires_at: Expiry of the access token; None if it has none.
    """

    successor: str
    until: float
    authenticated_at: float = 0.0
    acr: str | None = None
    scope: str = ""
    access_token: Secret = field(default_factory=lambda: Secret(""))
    expires_at: float | None = 0.0

    @classmethod
    def from_session(cls, session: Session, successor: str, until: float) -> Self:
        """Return the record that replaces `session`."""
        tokens = session.tokens
        return cls(successor, until, session.authenticated_at, session.acr, tokens.scope, tokens.access_token, tokens.expires_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionInGrace(Session):
    """A session that was found by the ID of the session that it has replaced, shortly after the login.

    Requests that were under way may finish. They have the rights of the replaced session and no others: its authentication, and
    its access token, which is not renewed. Everything else needs the new session ID. Such a session is never stored or cached.

    Attributes:
        until: When the grace ends, and what these requests have open; epoch seconds.
    """

    until: float
    is_replaced: ClassVar[bool] = True

    @classmethod
    def of(cls, session: Session, moved: Moved) -> Self:
        """Return the session as its predecessor's ID finds it."""
        members = {each.name: getattr(session, each.name) for each in fields(Session)}
        limits = {
            "tokens": TokenSet(
                access_token=moved.access_token,
                obtained_at=session.tokens.obtained_at,
                expires_at=moved.expires_at,
                scope=moved.scope,
            ),
            "auth_time": min(moved.authenticated_at, session.authenticated_at),
            "clock_difference": 0.0,
            "acr": moved.acr,
        }
        return cls(**members | limits, until=moved.until)


@dataclass(frozen=True, slots=True)
class UnopenedRecord:
    """A record that this worker cannot open, because it lacks a session key. Another worker may have it.

    Attributes:
        key_id: ID of the key that is missing.
    """

    key_id: str


class SessionKeyMissing(NotAuthenticated):
    """This worker lacks the session key with which the session is encrypted. Other workers may have it, so the session goes on.

    Attributes:
        key_id: ID of the key, hexadecimal.
    """

    def __init__(self, key_id: str) -> None:
        super().__init__("Log in to use this application.")
        self.key_id = key_id


class ProviderMissing(NotAuthenticated):
    """The provider of the session is not in the settings of this node. Other nodes may have it, so the session goes on."""

    def __init__(self) -> None:
        super().__init__("The login service of your login is no longer in use here. Log in again.", reason="provider_removed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """The tokens of an ended session that have to be revoked at the provider (RFC 7009).

    Attributes:
        key: Key of the ended session.
        provider: Name of the provider in the settings.
        provider_session_id: `sid` of the session, if it had one.
        give_up_at: When the last of the tokens has expired, or the hub stops trying.
        failures: Number of failed tries.
    """

    key: str
    provider: str
    issuer: str
    provider_session_id: str | None
    give_up_at: float
    access_token: Secret
    refresh_token: Secret | None
    failures: int = 0

    @classmethod
    def of(cls, session: Session, give_up_at: float) -> Self:
        """Return the revocation of a session's tokens. Tries end at `give_up_at` or when the tokens expire."""
        tokens = session.tokens
        end = tokens.expires_at if tokens.refresh_token is None else tokens.refresh_expires_at
        return cls(
            key=session.key,
            provider=session.provider,
            issuer=session.issuer,
            provider_session_id=session.provider_session_id,
            give_up_at=give_up_at if end is None else min(end, give_up_at),
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
        )

    @property
    def ref(self) -> str:
        """The short name of the session for logs."""
        return session_ref(self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginAttempt:
    """A login that has begun and has not been completed (authorization code flow).

    Attributes:
        provider: Name of its provider in the settings. Only the callback of this provider completes the login.
        issuer: Issuer of this provider. A response from another issuer is rejected (RFC 9700 section 2.1).
        return_to: Path to which the login leads.
        parameters: `max_age` and `acr_values` of the request, which the ID token must satisfy.
        present: Key of the session that the browser had at the begin, or "". It is stored because browsers do not send the
            `SameSite=Strict` session cookie with the provider's redirect.
    """

    issuer: str
    nonce: str
    code_verifier: Secret
    return_to: str
    created_at: float
    provider: str = MAIN_PROVIDER
    parameters: dict[str, str] = field(default_factory=dict)
    present: str = ""
