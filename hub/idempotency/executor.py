"""Executes requests with a key at most once: a repetition joins what runs, on whichever node, or gets the answer that was kept.

A request is executed by a task of its own, a *flight*. It goes on when the socket that asked for it drops; it ends early when its
session ends, or when everybody who waits for it cancels.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from hub.errors import DeadlineExceeded, HubError, KeyReused, KeyWithdrawn, OutcomeUnknown, StoreUnavailable, TooManyRequests
from hub.gateway.messages import ApiRequest, ApiResponse
from hub.idempotency.budget import Budget
from hub.idempotency.ledger import ALIVE_SECONDS, Entry, Ledger
from hub.idempotency.outcome import Answered, Outcome, Verdict, failure, fingerprint, is_same, record_name
from hub.idempotency.replay import replay
from hub.primitives.backoff import ExponentialBackoff
from hub.primitives.clock import Clock
from hub.primitives.http import chunks, collect, prepend
from hub.primitives.tasks import OwnedTasks, end_tasks, report_crash, start_task
from hub.session.model import Session
from hub.telemetry import log
from hub.telemetry.metrics import Metrics

BEAT_SECONDS = ALIVE_SECONDS / 4
LOOK_PAUSES = ExponentialBackoff(0.05, 1.0)  # between two looks at a request that runs on another worker
STORE_AGAIN_SECONDS = 0.5

logger = log.get(__name__)


Execute = Callable[[], Awaitable[ApiResponse]]
"""Executes the request; returns the response of the API, or raises a `HubError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyLimits:
    """What may be kept.

    Attributes:
        answer_bytes: Largest body that is kept.
        session_bytes: Bodies of one session on one worker.
        keep_seconds: How long answers are kept.
        flights_per_session: Requests with a key that one session may have under way on one worker.
    """

    answer_bytes: int
    session_bytes: int
    keep_seconds: float
    flights_per_session: int


@dataclass(eq=False, slots=True)
class _Flight:
    """A request under way in this process.

    Attributes:
        answer: Its answer for whoever has started it, which may still be streaming.
        outcome: How it ended, for all others.
        waiting: How many callers wait for it.
    """

    name: str
    session_key: str
    fingerprint: str
    answer: asyncio.Future[ApiResponse]
    outcome: asyncio.Future[Outcome]
    waiting: int = 0
    task: asyncio.Task[None] | None = field(default=None)


class IdempotentExecutor:
    """The requests with a key of one worker."""

    def __init__(self, ledger: Ledger, limits: IdempotencyLimits, clock: Clock, metrics: Metrics) -> None:
        self._ledger = ledger
        self._limits = limits
        self._clock = clock
        self._metrics = metrics
        self._budget = Budget(limits.session_bytes, limits.keep_seconds)
        self._flights: dict[str, _Flight] = {}
        self._tasks = OwnedTasks("idempotency")
        self._said_alive_at = float("-inf")

    # -- for the front doors ------------------------------------------------------------------------------------------

    async def handle(self, request: ApiRequest, session: Session, key: str, execute: Execute) -> ApiResponse:
        """Return the answer to a request that is executed at most once. Cancelling this call leaves the request alone.

        Parameters:
            key: As `outcome.check_key` wants it.
            execute: Executes the request, if it was not executed before.

        Raises:
            KeyReused: The key belongs to another request.
            KeyWithdrawn: The client was told that this request was never executed.
            OutcomeUnknown: It ran on a node that died.
            AnswerNotKept: It was executed; the answer was too large to be kept.
            TooManyRequests: The session has too many of them under way.
            HubError: As `Pipeline.handle`.
        """
        name, print_ = record_name(session, key), fingerprint(request)
        flight = self._flights.get(name)
        if flight is None:
            return await self._wait(self._launch(name, print_, request, session, execute), is_first=True)
        _require_same(flight.fingerprint, print_)
        self._metrics.replays.labels("joined").inc()
        return await self._wait(flight, is_first=False)

    async def join(self, session: Session, key: str, timeout_seconds: float) -> ApiResponse:
        """Return the answer to a request that has begun before, here or elsewhere.

        Raises:
            OutcomeUnknown, AnswerNotKept, DeadlineExceeded: There is none.
            HubError: The error with which it ended.
        """
        name = record_name(session, key)
        if flight := self._flights.get(name):
            return await self._wait(flight, is_first=False)
        entry = await self._ledger.look(name)
        if entry is None:
            raise OutcomeUnknown
        outcome = await self._outcome_elsewhere(name, entry, timeout_seconds)
        if outcome is None:
            raise KeyWithdrawn
        return replay(outcome)

    async def verdicts(self, session: Session, keys: Iterable[str]) -> list[Verdict]:
        """Say how requests stand. One that has not begun is given up: with this key it will never be executed."""
        verdicts = list(await asyncio.gather(*(self._verdict(record_name(session, key)) for key in keys)))
        for verdict in verdicts:
            self._metrics.replays.labels(verdict).inc()
        return verdicts

    def abort(self, session: Session, key: str) -> None:
        """Stop a request that nobody else waits for: its client has cancelled it, or its time is over."""
        flight = self._flights.get(record_name(session, key))
        if flight is not None and flight.waiting <= 1 and flight.task is not None:
            flight.task.cancel()

    async def end_session(self, session_key: str) -> None:
        """Stop all requests of a session; returns when nothing of it runs any more."""
        flights = [flight.task for flight in self._flights.values() if flight.session_key == session_key]
        await end_tasks(task for task in flights if task is not None)

    # -- for the process ----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Say that this worker lives, until cancelled."""
        while True:
            with contextlib.suppress(StoreUnavailable):  # the background refresh says so louder
                await self._say_alive()
            self._budget.forget_old(self._clock.monotonic())
            await self._clock.sleep(BEAT_SECONDS)

    @property
    def under_way(self) -> set[asyncio.Task[None]]:
        """The requests under way, and the outcomes that are being stored: what a hub that stops waits for."""
        return {flight.task for flight in self._flights.values() if flight.task is not None} | set(self._tasks)

    async def close(self) -> None:
        """Stop what still runs, and keep how it ended."""
        await end_tasks(flight.task for flight in list(self._flights.values()) if flight.task is not None)
        await self._tasks.finish()
        with contextlib.suppress(StoreUnavailable):
            await self._ledger.say_gone()

    # -- inside -------------------------------------------------------------------------------------------------------

    async def _wait(self, flight: _Flight, *, is_first: bool) -> ApiResponse:
        flight.waiting += 1
        try:
            if is_first:
                return await asyncio.shield(flight.answer)
            return replay(await asyncio.shield(flight.outcome))
        except asyncio.CancelledError:
            if is_first:
                self._tasks.start(_close_unwanted(flight.answer))
            raise
        finally:
            flight.waiting -= 1

    def _launch(self, name: str, print_: str, request: ApiRequest, session: Session, execute: Execute) -> _Flight:
        of_session = sum(1 for flight in self._flights.values() if flight.session_key == session.key)
        if of_session >= self._limits.flights_per_session:
            raise TooManyRequests("This session has too many requests with a key under way.", retry_after_seconds=1.0)
        loop = asyncio.get_running_loop()
        flight = _Flight(name, session.key, print_, loop.create_future(), loop.create_future())
        self._flights[name] = flight
        work = self._fly(flight, request.timeout_seconds, execute)
        flight.task = start_task(work, "idempotent request", lambda task: self._landed(flight, task))
        return flight

    def _landed(self, flight: _Flight, task: asyncio.Task[None]) -> None:
        """Tidy up after a flight that was cancelled before it began, and report one that crashed."""
        if task.cancelled():
            _reject(flight, KeyWithdrawn())
            self._flights.pop(flight.name, None)
        report_crash(task)

    async def _fly(self, flight: _Flight, timeout_seconds: float | None, execute: Execute) -> None:
        """Bring a request to its end, and tell everybody. What is stored: its outcome, or that it was never executed (None)."""
        outcome: Outcome | None = None
        is_mine = True  # a claim whose answer got lost may be ours as well
        try:
            elsewhere = await self._claim_or_wait(flight, timeout_seconds)
            is_mine = elsewhere is None
            outcome = elsewhere or failure(OutcomeUnknown())  # the truth, should anything below go wrong
            if elsewhere is None:
                outcome = await self._execute(flight, execute)
            else:
                _resolve(flight.answer, replay(elsewhere))
        except HubError as error:
            if is_mine and outcome is not None:
                outcome = failure(error) if error.processed == "maybe" else None
            _reject(flight, error)
        except asyncio.CancelledError:
            _reject(flight, OutcomeUnknown("It was cancelled."))
        finally:
            if outcome is not None:
                _resolve(flight.outcome, outcome)
            _reject(flight, OutcomeUnknown())
            self._tasks.start(self._settle(flight, is_mine, outcome))

    async def _claim_or_wait(self, flight: _Flight, timeout_seconds: float | None) -> Outcome | None:
        """Return None if the request is ours to execute, else how it ended elsewhere."""
        while True:
            entry = await self._claim(flight)
            if entry.state == "mine":
                return None
            outcome = await self._outcome_elsewhere(flight.name, entry, timeout_seconds)
            if outcome is not None:
                return outcome

    async def _claim(self, flight: _Flight) -> Entry:
        if self._clock.monotonic() - self._said_alive_at > ALIVE_SECONDS / 2:
            await self._say_alive()
        entry = await self._ledger.claim(flight.name, flight.fingerprint)
        if entry.state == "withdrawn":
            raise KeyWithdrawn
        _require_same(entry.fingerprint, flight.fingerprint)
        return entry

    async def _execute(self, flight: _Flight, execute: Execute) -> Outcome:
        response = await execute()
        body, is_complete = await self._collect(response)
        if is_complete:
            await response.close()
            outcome = Answered(response.status, response.headers, body)
            _resolve(flight.answer, replace(replay(outcome), reason=response.reason, replayed=False))
            return outcome
        whole = replace(response, body=prepend(body, chunks(response.body)))
        if flight.waiting and not flight.answer.done():
            flight.answer.set_result(whole)
        else:
            await response.close()
        return Answered(response.status, response.headers, None)

    async def _collect(self, response: ApiResponse) -> tuple[bytes, bool]:
        """Read a body that may be kept; return what was read, and whether that is all."""
        if (response.body_bytes or 0) > self._limits.answer_bytes or _is_endless(response):
            return b"", False
        if isinstance(response.body, bytes):
            return (response.body, True) if len(response.body) <= self._limits.answer_bytes else (b"", False)
        async with contextlib.AsyncExitStack() as broken:
            broken.push_async_callback(response.close)
            collected = await collect(response.body, self._limits.answer_bytes)
            broken.pop_all()
        return collected

    async def _outcome_elsewhere(self, name: str, entry: Entry | None, timeout_seconds: float | None) -> Outcome | None:
        """Wait for a request that another worker executes; None: it was certainly not executed there.

        Raises:
            OutcomeUnknown: The worker died with it.
            DeadlineExceeded: It takes too long.
        """
        give_up_at = self._clock.monotonic() + (timeout_seconds or float("inf"))
        looks = 0
        while entry is not None and entry.state == "running":
            if self._clock.monotonic() >= give_up_at:
                raise DeadlineExceeded
            looks += 1
            await self._clock.sleep(LOOK_PAUSES.seconds(looks))
            entry = await self._ledger.look(name)
        if entry is None:
            return None
        if entry.outcome is None:
            raise OutcomeUnknown
        self._metrics.replays.labels("done").inc()
        return entry.outcome

    async def _verdict(self, name: str) -> Verdict:
        if name in self._flights:
            return "joined"
        entry = await self._ledger.withdraw(name)
        if entry.state == "running":
            return "unknown" if entry.owner == self._ledger.owner else "joined"
        return {"done": "done", "withdrawn": "never"}.get(entry.state, "unknown")  # type: ignore[return-value]

    async def _settle(self, flight: _Flight, is_mine: bool, outcome: Outcome | None) -> None:
        """Store how a request ended. Until that has succeeded, or is of no use any more, it is known in this process."""
        give_up_at = self._clock.monotonic() + self._limits.keep_seconds
        while is_mine:
            try:
                await self._store(flight, outcome)
                break
            except StoreUnavailable:
                if self._clock.monotonic() >= give_up_at:
                    logger.warning("idempotency.outcome_not_stored")
                    break
                await self._clock.sleep(STORE_AGAIN_SECONDS)
        del self._flights[flight.name]

    async def _store(self, flight: _Flight, outcome: Outcome | None) -> None:
        if outcome is None:
            await self._ledger.release(flight.name)
            return
        await self._ledger.finish(flight.name, outcome)
        size = len(outcome.body or b"") if isinstance(outcome, Answered) else 0
        if size:
            for name in self._budget.keep(flight.session_key, flight.name, size, self._clock.monotonic()):
                await self._drop_body(name)

    async def _drop_body(self, name: str) -> None:
        entry = await self._ledger.look(name)
        if entry is not None and isinstance(entry.outcome, Answered):
            await self._ledger.replace(name, Answered(entry.outcome.status, [], None))

    async def _say_alive(self) -> None:
        now = self._clock.monotonic()
        await self._ledger.say_alive()
        self._said_alive_at = now


def _require_same(known: str, print_: str) -> None:
    if not is_same(known, print_):
        raise KeyReused


def _is_endless(response: ApiResponse) -> bool:
    return any(name.lower() == "content-type" and "event-stream" in value for name, value in response.headers)


def _resolve(future: asyncio.Future[Any], result: object) -> None:
    if not future.done():
        future.set_result(result)


def _reject(flight: _Flight, error: HubError) -> None:
    """Tell those who still wait; that nobody may do so is no fault."""
    for future in (flight.answer, flight.outcome):
        if not future.done():
            future.set_exception(error)
            future.exception()


async def _close_unwanted(answer: asyncio.Future[ApiResponse]) -> None:
    """Free what an answer holds once it is there, since whoever asked for it has gone."""
    with contextlib.suppress(HubError):
        await (await answer).close()
