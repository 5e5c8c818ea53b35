"""Sessions, token sets and login attempts: frozen values with pure transitions and expiry rules. No I/O, no clock."""

import secrets
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from hub.oidc.token_endpoint import TokenResponse
from hub.secret import Secret, digest

EndReason = Literal["logout", "idle", "absolute", "refused", "no_refresh_token", "identity", "replaced"]
"""Why a session ended: by the user; after silence; at its longest life; the provider refused the refresh token; the access token
expired and there is no refresh token; a refresh brought another user's tokens; a new login took its place."""

ID_BYTES = 32  # 256 bits: cannot be guessed, and its hash needs no salt
ID_LENGTH = 43  # characters of 32 bytes in base64url


class RandomId(Secret):
    """An opaque random id of 256 bits that only the browser holds. Redis knows it by its hash, `key`."""

    __slots__ = ()

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

    @property
    def key(self) -> str:
        """The SHA-256 under which this id is known in Redis, in events and, shortened, in the log."""
        return digest(self.reveal())


class SessionId(RandomId):
    """The value of the session cookie."""

    __slots__ = ()


class BrowserId(RandomId):
    """The value of the pre-login cookie: binds login attempts to the browser that began them."""

    __slots__ = ()


def session_ref(key: str) -> str:
    """Return the name of a session for the log: long enough to follow it, too short to be of use to a thief."""
    return key[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSet:
    """The tokens of one session, with absolute times.

    Attributes:
        obtained_at: When the hub asked for the access token; epoch seconds.
        expires_at: When it ends; None if the provider did not say (RFC 6749 section 5.1).
        due_at: When it should be refreshed; None if it never is, for want of an end or of a refresh token.
    """

    access_token: Secret
    obtained_at: float
    expires_at: float | None = None
    due_at: float | None = None
    refresh_token: Secret | None = None
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
            id_token=response.id_token,
            scope=response.scope or "",
        )

    def refreshed_by(self, response: TokenResponse, asked_at: float) -> Self:
        """Return the tokens after a refresh: what the response leaves out stays as it was (RFC 6749 section 6, C11)."""
        fresh = self.from_response(response, asked_at)
        return replace(
            fresh,
            refresh_token=fresh.refresh_token or self.refresh_token,
            id_token=fresh.id_token or self.id_token,
            scope=fresh.scope or self.scope,
        )

    def is_expired(self, now: float) -> bool:
        """Tell whether the resource server would refuse the access token at `now`."""
        return self.expires_at is not None and now >= self.expires_at

    def is_due(self, now: float) -> bool:
        """Tell whether the access token should be refreshed at `now`."""
        return self.due_at is not None and now >= self.due_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One logged-in browser.

    Attributes:
        key: Hash of the session id: its name in Redis and in events.
        version: Counts the writes; a writer that read an older version is refused.
        claims: The claims that the settings let the page see.
        provider_session_id: `sid` of the ID token, if there was one.
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
    provider_session_id: str | None = None

    @property
    def ref(self) -> str:
        """The session's name in the log."""
        return session_ref(self.key)

    def with_tokens(self, tokens: TokenSet) -> Self:
        """Return the session with other tokens."""
        return replace(self, tokens=tokens)


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long a session may live, in seconds."""

    idle_seconds: float
    absolute_seconds: float

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

    def end_reason(self, session: Session, now: float) -> EndReason | None:
        """Return why the session is over at `now`, or None if it lives."""
        if now >= self.absolute_end(session):
            return "absolute"
        if now >= self.idle_end(session):
            return "idle"
        return None


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is left of an ended session for a while: late writers cannot revive it, and its user is told the reason."""

    reason: EndReason
    ended_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginAttempt:
    """A login that was begun and has not come back yet (authorization code flow).

    Attributes:
        browser_key: Hash of the pre-login cookie of the browser that began it.
        issuer: The provider that it was begun at: a response from another one is refused (RFC 9700 section 2.1).
        return_to: Where the application wants to go on after the login.
    """

    browser_key: str
    issuer: str
    nonce: str
    code_verifier: Secret
    return_to: str
    created_at: float
    parameters: dict[str, str] = field(default_factory=dict)
