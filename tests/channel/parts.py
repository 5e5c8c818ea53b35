"""What stands round a channel in its tests: a socket that can stall, a scripted pipeline, sessions that can end."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hub.channel.codec import BodyFrame
from hub.channel.interfaces import ChannelServices
from hub.channel.outbox import Frame
from hub.config.settings import ChannelSettings, LimitSettings, RouteSettings, UpstreamSettings
from hub.dispatch import Dispatch
from hub.errors import HubError, NotFound
from hub.gateway.messages import ApiRequest, ApiResponse
from hub.gateway.rate_limits import RateLimits
from hub.gateway.routes import Place, Route
from hub.idempotency.executor import Execute
from hub.idempotency.outcome import Verdict
from hub.iris.api import IRIS_API
from hub.primitives.http import Headers
from hub.primitives.secret import Secret
from hub.session.cookie import xsrf_token, xsrf_token_matches
from hub.session.model import Lifetimes, Session, SessionId, TokenSet
from hub.session.session_lookup import SessionLookup
from hub.telemetry.metrics import Metrics
from hub.topics.topics import Subscriber, Subscription
from tests.channel.dialogue import sent_by
from tests.parties.clock import START, ManualClock

LIFETIMES = Lifetimes(900.0, 43_200.0, 0.0)
ISSUERS = {"main": "https://provider.example"}
ROUTE = Route.compile(RouteSettings(prefix="/api", target="https://api.example"), IRIS_API, ISSUERS)
JSON: Headers = [("content-type", "application/json")]
Answer = Callable[[ApiRequest], Awaitable[ApiResponse]]


async def stream_of(*parts: bytes) -> AsyncIterator[bytes]:
    """A body that arrives in these parts."""
    for part in parts:
        yield part


def json_answer(value: Any, status: int = 200) -> ApiResponse:
    """An answer with a JSON body that comes after its head."""
    data = json.dumps(value).encode()
    return ApiResponse(status=status, headers=JSON, body=stream_of(data), body_bytes=len(data))


def whole_answer(data: bytes, content_type: str = "application/json", **members: Any) -> ApiResponse:
    """An answer whose body came together with its head."""
    return ApiResponse(status=200, headers=[("content-type", content_type)], body=data, body_bytes=len(data), **members)


def new_session(session_id: SessionId, subject: str = "s1", now: float = START) -> Session:
    """A session that began just now."""
    return Session(
        key=session_id.key,
        version=1,
        issuer=ISSUERS["main"],
        subject=subject,
        name="Ada",
        claims={},
        tokens=TokenSet(access_token=Secret("not-sent"), obtained_at=now),
        created_at=now,
        touched_at=now,
    )


@dataclass
class Pipeline:
    """Answers each path as the test says, and keeps what it was asked."""

    answers: dict[str, Answer] = field(default_factory=dict)
    requests: list[ApiRequest] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)

    def authorize(self, method: str, place: Place, session: Session) -> None:
        """Let everything pass."""

    async def handle(self, request: ApiRequest, place: Place, session: Session) -> ApiResponse:
        self.requests.append(request)
        try:
            return await self.answers[request.path](request)
        except asyncio.CancelledError:
            self.cancelled.append(request.path)
            raise


class NoTopics:
    """Knows of none."""

    async def subscribe(self, name: str, subscriber: Subscriber, after: str | None) -> Subscription:
        raise NotFound("There is no such topic.")


class OnceOnly:
    """Forwards requests with a key like others, and notes what it is asked."""

    def __init__(self) -> None:
        self.standing: dict[str, Verdict] = {}
        self.joined: dict[str, ApiResponse] = {}
        self.aborted: list[str] = []
        self.ended: list[str] = []

    async def handle(self, request: ApiRequest, session: Session, key: str, execute: Execute) -> ApiResponse:
        return await execute()

    async def join(self, session: Session, key: str, timeout_seconds: float, authorize: object) -> ApiResponse:
        return self.joined[key]

    async def verdicts(self, session: Session, keys: Sequence[str]) -> list[Verdict]:
        return [self.standing[key] for key in keys]

    def abort(self, session: Session, key: str) -> None:
        self.aborted.append(key)

    async def end_session(self, session_key: str) -> None:
        self.ended.append(session_key)


@dataclass
class Sessions:
    """One session, which the test may change, end, or hide behind a store that is down.

    Attributes:
        remembered: What is known of it without asking the store.
    """

    session: Session
    clock: ManualClock
    error: HubError | None = None
    remembered: Session | None = None
    asked: list[bool] = field(default_factory=list)
    confirmed_at: float = 0.0

    def __post_init__(self) -> None:
        self.confirmed_at = self.clock.monotonic()

    def last_confirmed(self, session_id: SessionId, *, within_seconds: float) -> Session | None:
        is_recent = self.clock.monotonic() - self.confirmed_at <= within_seconds
        return self.session if is_recent and not LIFETIMES.end_reason(self.session, self.clock.now()) else None

    def cached(self, session_id: SessionId | None, *, passive: bool = False) -> Session | None:
        return self.remembered

    async def current(self, session_id: SessionId | None, *, passive: bool = False) -> Session:
        return await self.confirmed(session_id, passive=passive)

    async def confirmed(self, session_id: SessionId | None, *, passive: bool = False) -> Session:
        self.asked.append(passive)
        if self.error:
            raise self.error
        self.confirmed_at = self.clock.monotonic()
        return self.session


class OneRoute:
    """Routes every path to one API, which asks for the token of the user."""

    def locate(self, path: str) -> Place:
        return Place(ROUTE, path)


class Socket:
    """Keeps what is written; while it is stalled, bytes stay in its buffer."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.closed: tuple[int, str] | None = None
        self.pings = 0
        self.writes = 0
        self.stalled = False
        self.charged = 0.0
        self.turns: list[float] = []  # what had been charged when the driver asked for more of a turn
        self.on_drained: Callable[[], None] = lambda: None
        self._buffered = 0

    def write_frames(self, frames: Any, *, ping: bool = False) -> None:
        self.frames += frames
        self.writes += 1
        self.pings += ping
        if self.stalled:
            self._buffered += sum(len(frame) + 4 for frame in frames)  # and their headers on the wire

    def buffered_bytes(self) -> int:
        return self._buffered

    def charge(self, cost: float) -> None:
        self.charged += cost

    async def next_turn(self) -> bool:
        """Let every turn go on in the next one."""
        self.turns.append(self.charged)
        await asyncio.sleep(0)
        return self.closed is None

    def close(self, code: int, reason: str) -> None:
        self.closed = (int(code), reason)

    def drain(self, size: int | None = None) -> None:
        """The client takes `size` bytes, or all that wait and all that follow."""
        self._buffered -= self._buffered if size is None else size
        if size is None:
            self.stalled = False
            self.on_drained()

    def take(self) -> list[Any]:
        """Return what was written since the last look: messages and body frames."""
        frames, self.frames = self.frames, []
        return sent_by(frames)


@dataclass
class World:
    """A channel's surroundings in one piece."""

    clock: ManualClock
    settings: ChannelSettings
    session_id: SessionId
    sessions: Sessions
    pipeline: Pipeline
    metrics: Metrics
    services: ChannelServices

    @classmethod
    def build(cls, clock: ManualClock, *, warning_seconds: float = 0.0, **limits: Any) -> "World":
        """Return a world in which nothing has happened."""
        rates = LimitSettings(**{name: limits.pop(name) for name in LimitSettings.__dataclass_fields__ if name in limits})
        settings = replace(ChannelSettings(), **limits)
        session_id = SessionId.generate()
        sessions, pipeline, metrics = Sessions(new_session(session_id), clock), Pipeline(), Metrics()
        lookup, executor, limits_ = SessionLookup(sessions, clock), OnceOnly(), RateLimits(rates, clock, metrics)  # type: ignore[arg-type]
        services = ChannelServices(
            dispatch=Dispatch(OneRoute(), lookup, limits_, executor, pipeline, metrics, clock),  # type: ignore[arg-type]
            executor=executor,  # type: ignore[arg-type]
            topics=NoTopics(),
            rates=limits_,
            outage=lookup.outage,
            sessions=sessions,
            lifetimes=Lifetimes(900.0, 43_200.0, warning_seconds),
            csrf_matches=xsrf_token_matches,
            clock=clock,
            metrics=metrics,
            settings=settings,
            uploads=UpstreamSettings(),
        )
        return cls(clock, settings, session_id, sessions, pipeline, metrics, services)

    @property
    def hello(self) -> str:
        """A `hello` that will be accepted."""
        return json.dumps({"type": "hello", "csrf": xsrf_token(self.session_id)})


def request(request_id: int, path: str = "/api/a", **members: Any) -> str:
    """The text of a request."""
    return json.dumps({"type": "request", "id": request_id, "method": "GET", "path": path, **members})


def body(request_id: int, data: bytes, *, end: bool = False) -> bytes:
    """A body frame as it is on the wire."""
    return b"".join(BodyFrame(request_id, data, end).parts())


async def settle() -> None:
    """Let everything run that needs no I/O and no time."""
    for _ in range(20):
        await asyncio.sleep(0)
