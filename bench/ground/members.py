"""Sessions by the thousand, put straight into Redis by the hub's own store: as a login would leave them, without the login."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.systems.base import BROWSER_HEADERS
from hub.config.settings import SessionSettings
from hub.primitives.clock import Clock, SystemClock
from hub.primitives.secret import Secret
from hub.session.codec import RecordCodec
from hub.session.cookie import XSRF_COOKIE, Cookies, xsrf_token
from hub.session.keyring import Keyring
from hub.session.model import Lifetimes, Session, SessionId, TokenSet
from hub.session.redis_client import connect
from hub.session.store import SessionStore

AT_ONCE = 64
ACCESS_TOKEN_BYTES = 520  # with signature (RS256) and base64url: 700 characters, as the stand-in's JWTs have
ID_TOKEN_BYTES = 600
PAGE_HEADERS = {  # what Chromium sends with a call of a page, besides host and cookies
    "Connection": "keep-alive",
    **BROWSER_HEADERS,
    "Sec-Ch-Ua": '"Chromium";v="140", "Not=A?Brand";v="24"',
    "Sec-Ch-Ua-Mobile": "?0",
    "Sec-Ch-Ua-Platform": '"Linux"',
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "same-origin",
}

Tokens = Callable[[int, float], TokenSet]


@dataclass(frozen=True, slots=True)
class Member:
    """One user who is logged in, and what the browser has of it."""

    session_id: SessionId
    cookie: str
    csrf: str

    @property
    def key(self) -> str:
        """Under which the session is stored."""
        return self.session_id.key

    def http_headers(self, url: str) -> dict[str, str]:
        """Return the fields of a call by a page at `url`."""
        return {
            "Host": url.partition("//")[2],
            **PAGE_HEADERS,
            "Cookie": self.cookie,
            "X-XSRF-TOKEN": self.csrf,
            "Referer": f"{url}/",
        }

    def channel_headers(self, url: str) -> dict[str, str]:
        """Return the fields of the handshake of a channel."""
        agent = PAGE_HEADERS["User-Agent"]
        return {"Host": url.partition("//")[2], "User-Agent": agent, "Origin": url, "Cookie": self.cookie}


def subject(number: int) -> str:
    """Return the name of a user at the provider."""
    return f"user-{number:06}"


def provider_session(number: int) -> str:
    """Return the `sid` of that user's session at the provider."""
    return f"sid-{number:039}"


def refresh_token(number: int) -> str:
    """Return the refresh token of that user, which a provider of the benchmark knows: 43 characters, as the stand-in's have."""
    return f"refresh-{number:035}"


def lasting_tokens(number: int, now: float) -> TokenSet:
    """Return tokens that live longer than any run."""
    return expiring_tokens(number, now, now + 86400.0, now + 86000.0)


def expiring_tokens(number: int, obtained_at: float, expires_at: float, due_at: float) -> TokenSet:
    """Return tokens of the size that the stand-in's have."""
    return TokenSet(
        access_token=Secret(_random_text(ACCESS_TOKEN_BYTES)),
        obtained_at=obtained_at,
        expires_at=expires_at,
        due_at=due_at,
        refresh_token=Secret(refresh_token(number)),
        id_token=Secret(_random_text(ID_TOKEN_BYTES)),
        scope="openid profile offline_access",
    )


@asynccontextmanager
async def session_store(redis_url: str, key_file: Path, clock: Clock | None = None) -> AsyncIterator[SessionStore]:
    """Open the hub's own store of sessions, with the default lifetimes."""
    settings = SessionSettings()
    lifetimes = Lifetimes(settings.idle_timeout_seconds, settings.absolute_timeout_seconds, settings.warning_seconds)
    async with connect(redis_url, 10.0) as redis:
        yield SessionStore(redis, RecordCodec(Keyring.read([key_file])), lifetimes, clock or SystemClock())


async def enrol(
    store: SessionStore,
    issuer: str,
    numbers: Iterable[int],
    now: float,
    tokens: Tokens = lasting_tokens,
    touched_at: float | None = None,
) -> list[Member]:
    """Store a session for each number; return who they belong to, in order.

    Parameters:
        touched_at: When the users were last active; `now` unless told. Later than that keeps the hub from writing their activity.
    """
    made = [_session(number, issuer, now, tokens(number, now), touched_at or now) for number in numbers]
    slots = asyncio.Semaphore(AT_ONCE)

    async def put(session: Session) -> None:
        async with slots:
            await store.create(session)

    await asyncio.gather(*(put(session) for _, session in made))
    return [_member(session_id) for session_id, _ in made]


async def found_sessions(store: SessionStore, members: Sequence[Member]) -> list[Session | None]:
    """Return the sessions as they are stored now; None for one that has ended."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def look(member: Member) -> Session | None:
        async with slots:
            found = await store.load(member.key)
        return found if isinstance(found, Session) else None

    return list(await asyncio.gather(*(look(member) for member in members)))


def _session(number: int, issuer: str, now: float, tokens: TokenSet, touched_at: float) -> tuple[SessionId, Session]:
    session_id, name = SessionId.generate(), subject(number)
    session = Session(
        key=session_id.key,
        version=1,
        issuer=issuer,
        subject=name,
        name=f"{name} of the clinic",
        claims={"preferred_username": name, "email": f"{name}@clinic.example"},
        tokens=tokens,
        created_at=now,
        touched_at=touched_at,
        provider_session_id=provider_session(number),
        nonce=secrets.token_urlsafe(32),
        client="Chrome on Linux",
        address="127.0.0.1",
    )
    return session_id, session


def _member(session_id: SessionId) -> Member:
    csrf = xsrf_token(session_id)
    cookie = f"{Cookies.for_transport(secure=False).session}={session_id.reveal()}; {XSRF_COOKIE}={csrf}"
    return Member(session_id, cookie, csrf)


def _random_text(size: int) -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(size)).decode()
