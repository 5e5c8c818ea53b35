"""Two workers that execute requests with a key, on a real Redis, and a resource server that the test scripts."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from hub.gateway.messages import ApiRequest, ApiResponse
from hub.idempotency.executor import IdempotencyLimits, IdempotentExecutor
from hub.idempotency.ledger import Ledger
from hub.primitives.clock import SystemClock
from hub.primitives.http import read_body
from hub.session.keyring import Keyring
from hub.session.model import Session, SessionId
from hub.session.redis_client import Redis, connect
from hub.telemetry.metrics import Metrics
from tests.channel.parts import Answer, json_answer, new_session, stream_of

KEY = "a-key-that-nobody-guesses"
OTHER_KEY = "another-key-that-nobody-guesses"


def post(path: str = "/api/orders", body: bytes = b'{"n": 1}', **members: object) -> ApiRequest:
    """A request that must not be executed twice."""
    return ApiRequest(method="POST", path=path, body=body, body_bytes=len(body), **members)  # type: ignore[arg-type]


@dataclass
class Api:
    """The resource server behind all workers: counts what it executes; holds its answers while the test says so."""

    executed: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    answer: Answer | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    free: asyncio.Event = field(default_factory=asyncio.Event)

    async def execute(self, request: ApiRequest) -> ApiResponse:
        """Carry out a request."""
        self.executed.append(request.path)
        self.asked.set()
        try:
            await self.free.wait()
            return json_answer({"number": len(self.executed)}, 201) if self.answer is None else await self.answer(request)
        except asyncio.CancelledError:
            self.cancelled.append(request.path)
            raise


@dataclass
class Worker:
    """One worker process's part."""

    once: IdempotentExecutor
    ledger: Ledger
    metrics: Metrics
    redis: Redis
    api: Api

    def counted(self, verdict: str) -> float:
        """Return how often a request that came again stood so."""
        return float(self.metrics.replays.labels(verdict)._value.get())


@asynccontextmanager
async def worker(redis_url: str, keyring: Keyring, api: Api, **limits: float) -> AsyncIterator[Worker]:
    """A worker that says that it lives."""
    redis, clock, metrics = connect(redis_url, 2.0), SystemClock(), Metrics()
    ledger = Ledger(redis, keyring, secrets.token_hex(8), limits.get("keep_seconds", 120.0))
    settings = {"response_bytes": 100, "session_bytes": 250, "keep_seconds": 120.0, "running_per_session": 4, **limits}
    once = IdempotentExecutor(ledger, IdempotencyLimits(**settings), clock, metrics)  # type: ignore[arg-type]
    try:
        yield Worker(once, ledger, metrics, redis, api)
    finally:
        api.free.set()
        await once.close()
        await redis.aclose()


@pytest.fixture
def keyring() -> Keyring:
    """The key that all workers share."""
    return Keyring([secrets.token_bytes(32)])


@pytest.fixture
def api() -> Api:
    """A resource server that answers at once."""
    api = Api()
    api.free.set()
    return api


@pytest.fixture
def session() -> Session:
    """Somebody's session."""
    return new_session(SessionId.generate())


@pytest.fixture
async def one(redis_url: str, keyring: Keyring, api: Api) -> AsyncIterator[Worker]:
    """A worker."""
    async with worker(redis_url, keyring, api) as built:
        yield built


@pytest.fixture
async def other(redis_url: str, keyring: Keyring, api: Api) -> AsyncIterator[Worker]:
    """Another worker on the same Redis."""
    async with worker(redis_url, keyring, api) as built:
        yield built


async def read(response: ApiResponse) -> bytes:
    """Return the body of an answer."""
    body = await read_body(response.body)
    await response.close()
    return body


async def settled(worker: Worker) -> None:
    """Return when nothing is under way at this worker."""
    while tasks := worker.once.running_tasks:
        await asyncio.wait(tasks)


__all__ = ["KEY", "OTHER_KEY", "Api", "Worker", "post", "read", "settled", "stream_of", "worker"]
