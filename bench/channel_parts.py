"""Cheap stand-ins for the neighbors of a channel whose own cost is measured."""

import asyncio
import json
from collections import deque
from collections.abc import Sequence
from typing import Any

from hub.channel.close_codes import CloseCode
from hub.channel.interfaces import ChannelServices
from hub.channel.outbox import Frame
from hub.config.settings import ChannelSettings, LimitSettings, RouteSettings, UpstreamSettings
from hub.dispatch import Dispatch
from hub.errors import NotFound
from hub.gateway.messages import ApiRequest, ApiResponse
from hub.gateway.rate_limits import RateLimits
from hub.gateway.routes import Place, RouteTable
from hub.iris.api import IRIS_API
from hub.primitives.clock import SystemClock
from hub.primitives.secret import Secret
from hub.session.cookie import xsrf_token, xsrf_token_matches
from hub.session.model import Lifetimes, Session, SessionId, TokenSet
from hub.session.session_lookup import SessionLookup
from hub.telemetry.metrics import Metrics
from hub.topics.topics import Subscriber, Subscription

ISSUER = "https://provider.example"
ITEMS = [{"id": number, "name": "Ada Lovelace", "born": "1815-12-10", "active": True} for number in range(15)]
BODY = json.dumps({"items": ITEMS}).encode()
HEADERS = [
    ("content-type", "application/json"),
    ("content-length", str(len(BODY))),
    ("date", "Thu, 01 Jan 2026 00:00:00 GMT"),
    ("cache-control", "no-store"),
]


class NullSocket:
    """Takes everything at once."""

    def __init__(self) -> None:
        self.pings = 0

    def write_frames(self, frames: Sequence[Frame], *, ping: bool = False) -> None:
        """Take them."""
        self.pings += ping

    def buffered_bytes(self) -> int:
        """Nothing waits."""
        return 0

    def charge(self, cost: float) -> None:
        """Take no note."""

    async def next_turn(self) -> bool:
        """Go on."""
        return True

    def close(self, code: CloseCode, reason: str) -> None:
        """Nothing of this is to be closed."""
        raise AssertionError(code, reason)


class Pipeline:
    """Answers from memory, each request when `answer` says so."""

    def __init__(self) -> None:
        self.waiting: deque[asyncio.Future[None]] = deque()

    async def handle(self, request: ApiRequest, place: Place, session: Session) -> ApiResponse:
        """Wait for the turn of this request, as for a socket."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        await turn
        return ApiResponse(status=200, headers=HEADERS, body=BODY, body_bytes=len(BODY))

    def answer(self, count: int) -> None:
        """Let the oldest requests go on."""
        for _ in range(count):
            self.waiting.popleft().set_result(None)


class Sessions:
    """Has the session in hand."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def cached(self, session_id: SessionId, *, passive: bool = False) -> Session:
        """Return it."""
        return self._session

    async def current(self, session_id: SessionId, *, passive: bool = False) -> Session:
        """Return it."""
        return self._session

    async def confirmed(self, session_id: SessionId, *, passive: bool = False) -> Session:
        """Return it."""
        return self._session


class NoTopics:
    """Knows of none."""

    async def subscribe(self, name: str, subscriber: Subscriber, after: str | None) -> Subscription:
        """Refuse."""
        raise NotFound("There is no such topic.")


class FastClock(SystemClock):
    """A clock whose seconds pass at once, for those who look after idle channels."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        """Return the time with what was slept."""
        return super().now() + self.seconds

    def monotonic(self) -> float:
        """Return the time with what was slept."""
        return super().monotonic() + self.seconds

    async def sleep(self, seconds: float) -> None:
        """Let the time pass, and wait for nothing."""
        self.seconds += seconds
        await asyncio.sleep(0)


def new_session(session_id: SessionId, now: float) -> Session:
    """Return a session that began just now."""
    return Session(
        key=session_id.key,
        version=1,
        issuer=ISSUER,
        subject="s1",
        name="Ada",
        claims={},
        tokens=TokenSet(access_token=Secret("not-sent"), obtained_at=now),
        created_at=now,
        touched_at=now,
    )


def routes() -> RouteTable:
    """Return the one route that the channels lead to."""
    return RouteTable([RouteSettings(prefix="/api", target="http://127.0.0.1:9")], IRIS_API, {"main": ISSUER})


def services_for(pipeline: Pipeline, session: Session, clock: SystemClock) -> ChannelServices:
    """Return what stands behind the channels."""
    metrics = Metrics()
    never_reached = LimitSettings(requests_per_session=1e9, upload_bytes_per_session=1e15)
    sessions: Any = Sessions(session)
    pipeline_: Any = pipeline
    topics: Any = NoTopics()
    executor: Any = None  # no request has an idempotency key
    lookup, rates = SessionLookup(sessions, clock), RateLimits(never_reached, clock, metrics)
    return ChannelServices(
        dispatch=Dispatch(routes(), lookup, rates, executor, pipeline_, metrics, clock),
        executor=executor,
        topics=topics,
        rates=rates,
        sessions=sessions,
        outage=lookup.outage,
        lifetimes=Lifetimes(86_400.0, 864_000.0, 60.0),
        csrf_matches=xsrf_token_matches,
        clock=clock,
        metrics=metrics,
        uploads=UpstreamSettings(),
        settings=ChannelSettings(),
    )


def hello_of(session_id: SessionId) -> str:
    """Return the first message of the hub's own client."""
    known = ["gzip", "resume", "windows", "priority", "progress", "timing", "topics", "drain"]
    return json.dumps({"type": "hello", "csrf": xsrf_token(session_id), "client": "bench/1.0", "capabilities": known})
