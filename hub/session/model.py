"""Sessions, token sets and login attempts: frozen values with pure transitions and expiry rules. No I/O, no clock."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, Self

from hub.config.settings import MAIN_PROVIDER
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
provider. `idle`: after silence; `absolute`: at its longest life; `last_channel`: its last channel was closed. `refused`: the
provider refused the refresh token; `no_refresh_token`: the access token expired and nothing can renew it; `identity`: a refresh
brought another user's tokens. `replaced`: the same user logged in again in this browser; `other_user`: another one did.
"""

ID_BYTES = 32  # 256 bits: cannot be guessed, and its hash needs no salt
ID_LENGTH = 43  # characters of 32 bytes in base64url
AUTH_TIME_RESOLUTION_SECONDS = 1.0


class RandomId(Secret):
    """An opaque random id of 256 bits that only the browser holds. Redis knows it by its hash, `key`."""

    @classmethod
    def generate(cls) -> Self:
        """Return a new id from the system's random source."""
        return cls(secrets.token_urlsafe(ID_BYTES))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the id that `text` spells, or None if it cannot be one of ours."""
        if len(text) != ID_LENGTH or not text.isascii() or not text.replace("-", "a").replace("_", "a").isalnum():
            return None
        return cls(text)

    @cached_property
    def key(self) -> str:
        """The SHA-256 under which this id is known in Redis, in events and, shortened, in the log."""
        return digest(self.reveal())


class SessionId(RandomId):
    """The value of the session cookie."""

    @cached_property
    def xsrf_token(self) -> str:
        """The CSRF token of the session: an HMAC keyed with the id, so it proves the session and does not disclose it."""
        return hmac.new(self.reveal().encode(), b"hub xsrf token", hashlib.sha256).hexdigest()


class BrowserId(RandomId):
    """The value of the pre-login cookie: binds login attempts to the browser that began them."""


def session_ref(key: str) -> str:
    """Return the name of a session for the log: long enough to follow it, too short to be of use to a thief."""
    return key[:12]


def identity_of(issuer: str, subject: str) -> str:
    """Return the name of a user over all providers: a hash, so that it can stand in keys of Redis and before the page."""
    return digest(f"{issuer}|{subject}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSet:
    """The tokens of one session, with absolute times.

    Attributes:
        obtained_at: When the hub asked for the access token; epoch seconds.
        expires_at: When it ends; None if the provider did not say (RFC 6749 section 5.1).
        due_at: When it should be refreshed; None if it never is, for want of an end or of a refresh token.
        refresh_expires_at: When the refresh token ends; None if the provider did not say.
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
        """Return the tokens of a token response. `due_at` is the schedule's to set.

        Parameters:
            asked_at: When the token request was sent. Counted from here a slow provider makes the hub refresh too early,
                counted from the answer it would make it refresh too late.
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
        """Return the tokens after a refresh: what the response leaves out stays as it was (RFC 6749 section 6, C11)."""
        fresh = self.from_response(response, asked_at)
        same_end = None if fresh.refresh_token else self.refresh_expires_at
        return replace(
            fresh,
            refresh_token=fresh.refresh_token or self.refresh_token,
            refresh_expires_at=fresh.refresh_expires_at or same_end,
            id_token=fresh.id_token or self.id_token,
            scope=fresh.scope or self.scope,
        )

    def is_expired(self, now: float) -> bool:
        """Tell whether the resource server would refuse the access token at `now`."""
        return self.expires_at is not None and now >= self.expires_at

    def is_due(self, now: float) -> bool:
        """Tell whether the access token should be refreshed at `now`."""
        return self.due_at is not None and now >= self.due_at

    def is_spent(self, now: float) -> bool:
        """Tell whether nothing is left at `now`: the access token has expired, and so has what could renew it."""
        return self.is_expired(now) and self.refresh_expires_at is not None and now >= self.refresh_expires_at


class _Remembered:
    """A place for what a session works out once. It is no field: neither stored nor compared, nor taken over by `replace`."""

    __slots__ = ("_identity",)
    _identity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(_Remembered):
    """One logged-in browser.

    Attributes:
        key: Hash of the session id: its name in Redis, in events and in lists. It names the session and opens nothing.
        version: Counts the writes; a writer that read an older version is refused.
        claims: The claims that the settings let the page see.
        provider: Name of the provider in the settings.
        provider_session_id: `sid` of the ID token, if there was one.
        nonce: Nonce of the login: a refreshed ID token may leave it out, but must not hold another one.
        auth_time: When the user proved who they are, as the provider says; epoch seconds of its clock.
        clock_difference: Seconds that the provider's clock was ahead of ours at the login.
        acr: How they proved it (Authentication Context Class Reference), as the provider says.
        client: Short name of the browser, for lists of sessions.
        address: Where the browser was when it logged in.
        touched_at: Last activity of the user. Kept beside the encrypted part, so that a touch does not count as a write.
    """

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
    def identity(self) -> str:
        """Who is logged in, as the page may repeat it to be sure that it still speaks for the same user (ASVS 10.5.2)."""
        try:
            return self._identity
        except AttributeError:
            object.__setattr__(self, "_identity", identity_of(self.issuer, self.subject))
            return self._identity

    @property
    def authenticated_at(self) -> float:
        """When the user last proved who they are; epoch seconds. Where the provider did not say, when it sent them back."""
        if self.auth_time is None:
            return self.created_at
        return min(self.auth_time - self.clock_difference, self.created_at)

    def is_login_older(self, seconds: float, now: float) -> bool:
        """Tell whether the user proved who they are longer ago than that, beyond doubt.

        `auth_time` is in whole seconds. Without the one that may be missing, a provider asked for this `max_age` could hold the
        same login for young enough, and the user would be sent there again at once.
        """
        return now - self.authenticated_at > seconds + AUTH_TIME_RESOLUTION_SECONDS

    @property
    def ref(self) -> str:
        """The session's name in the log."""
        return session_ref(self.key)

    def with_tokens(self, tokens: TokenSet) -> Self:
        """Return the session with other tokens."""
        return replace(self, tokens=tokens)


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long a session may live, in seconds.

    Attributes:
        warning_seconds: How long before the end its user is warned; 0: never. At most half of the idle time.
    """

    idle_seconds: float
    absolute_seconds: float
    warning_seconds: float = 0.0

    @property
    def touch_interval_seconds(self) -> float:
        """How often activity is written down: seldom enough to cost nothing, often enough to err by 3 % at most."""
        return min(30.0, self.idle_seconds / 30)

    def idle_end(self, session: Session) -> float:
        """Return when the session ends if the user does nothing more."""
        return session.touched_at + self.idle_seconds

    def absolute_end(self, session: Session) -> float:
        """Return when the session ends whatever the user does."""
        return session.created_at + self.absolute_seconds

    def end(self, session: Session) -> float:
        """Return when the session ends as things stand."""
        return min(self.idle_end(session), self.absolute_end(session))

    def warned_at(self, session: Session) -> float | None:
        """Return when the user is warned that the session will end, as things stand; None: never."""
        if not self.warning_seconds:
            return None
        return self.end(session) - min(self.warning_seconds, self.idle_seconds / 2)

    def end_reason(self, session: Session, now: float) -> EndReason | None:
        """Return why the session is over at `now`, or None if it lives."""
        if now >= self.absolute_end(session):
            return "absolute"
        if now >= self.idle_end(session):
            return "idle"
        if session.tokens.is_spent(now):
            return "no_refresh_token"
        return None


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is left of an ended session for a while: late writers cannot revive it, and its user is told the reason."""

    reason: EndReason
    ended_at: float


@dataclass(frozen=True, slots=True)
class Moved:
    """The id was replaced by another one of the same user: until the grace is over it stands for its successor."""

    successor: str
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """What is left to be revoked at the provider after the end of a session (RFC 7009).

    Attributes:
        key: Key of the session that has ended.
        provider: Name of the provider in the settings.
        provider_session_id: `sid` of the session, if it had one.
        give_up_at: When the last of the tokens is worth nothing any more; epoch seconds.
        failures: How often the provider could not be had.
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
        """Return what has to be revoked of an ended session, at `give_up_at` or the end of its tokens at the latest."""
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
        """The session's name in the log."""
        return session_ref(self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginAttempt:
    """A login that was begun and has not come back yet (authorization code flow).

    Attributes:
        browser_key: Hash of the pre-login cookie of the browser that began it.
        provider: Name of the provider that it was begun at: only that one's callback completes it.
        issuer: The same provider's issuer: a response from another one is refused (RFC 9700 section 2.1).
        return_to: Where the application wants to go on after the login.
        parameters: What the ID token has to show: `max_age` and `acr_values`, as far as this login asked for them.
        present: Key of the session that the browser had when it began; empty if there was none. The Strict cookie that would tell
            does not come back with the provider's redirect, which is a cross-site navigation.
    """

    browser_key: str
    issuer: str
    nonce: str
    code_verifier: Secret
    return_to: str
    created_at: float
    provider: str = MAIN_PROVIDER
    parameters: dict[str, str] = field(default_factory=dict)
    present: str = ""
