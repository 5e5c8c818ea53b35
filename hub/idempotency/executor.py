"""Executes requests with an idempotency key at most once. A repetition waits for the running request, on any node, or gets the
stored response.

Each request runs in a task of its own. It continues when the socket of its client closes. It ends early when its session ends,
or when all callers that wait for it cancel.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from hub.errors import (
    AnswerNotKept,
    DeadlineExceeded,
    HubError,
    KeyReused,
    KeyWithdrawn,
    OutcomeUnknown,
    StoreUnavailable,
    TooManyRequests,
)
from hub.gateway.messages import ApiRequest, ApiResponse
from hub.idempotency.budget import Budget
from hub.idempotency.ledger import ALIVE_SECONDS, Entry, Ledger
from hub.idempotency.outcome import Answered, Outcome, Verdict, failure, fingerprint, is_same, record_name, replay
from hub.primitives.backoff import ExponentialBackoff
from hub.primitives.clock import Clock
from hub.primitives.http import chunks, collect, prepend
from hub.primitives.tasks import OwnedTasks, end_tasks, report_crash, start_task
from hub.session.model import Session
from hub.telemetry import log
from hub.telemetry.metrics import Metrics

BEAT_SECONDS = ALIVE_SECONDS / 4
POLL_PAUSES = ExponentialBackoff(0.05, 1.0)  # between two reads of the record of a request that runs on another worker
STORE_RETRY_SECONDS = 0.5

logger = log.get(__name__)


Execute = Callable[[], Awaitable[ApiResponse]]
"""Executes the request; returns the response of the API, or raises a `HubError`."""

Authorize = Callable[[str, str], None]
"""Raises the `HubError` with which a new request of this method and raw path would be rejected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyLimits:
    """Limits for requests with an idempotency key.

    Attributes:
        response_bytes: Largest response body that is stored.
        session_bytes: Total size of the stored bodies of one session on one worker.
        keep_seconds: How long responses are stored.
        running_per_session: Largest number of running requests of one session on one worker.
    """

    response_bytes: int
    session_bytes: int
    keep_seconds: float
    running_per_session: int


@dataclass(eq=False, slots=True)
class _RunningRequest:
    """A request that runs in this process.

    It is no `SingleFlight`: the first caller gets a response that may stream, the others its outcome, and callers are counted.

    Attributes:
        response: The response for the first caller; its body may still be streaming.
        outcome: The outcome for all other callers.
        waiting: Number of callers that wait.
    """

    name: str
    session_key: str
    method: str
    path: str
    fingerprint: str
    response: asyncio.Future[ApiResponse]
    outcome: asyncio.Future[Outcome]
    waiting: int = 0
    task: asyncio.Task[None] | None = field(default=None)


class IdempotentExecutor:
    """Executes the requests with an idempotency key of one worker."""

    def __init__(self, ledger: Ledger, limits: IdempotencyLimits, clock: Clock, metrics: Metrics) -> None:
        self._ledger = ledger
        self._limits = limits
        self._clock = clock
        self._metrics = metrics
        self._budget = Budget(limits.session_bytes, limits.keep_seconds)
        self._running: dict[str, _RunningRequest] = {}
        self._tasks = OwnedTasks("idempotency")
        self._renewed_at = float("-inf")

    # -- for the dispatch ---------------------------------------------------------------------------------------------

    async def handle(self, request: ApiRequest, session: Session, key: str, execute: Execute) -> ApiResponse:
        """Execute a request unless it was executed before; return its response. Cancelling this call does not stop the request.

        Parameters:
            key: A valid idempotency key (`outcome.check_key`).
            execute: Executes the request; called at most once.

        Raises:
            KeyReused: The idempotency key belongs to another request.
            KeyWithdrawn: The client was told that this request was never executed.
            OutcomeUnknown: The request ran on a node that crashed.
            AnswerNotKept: The request was executed; its response was too large to store.
            TooManyRequests: The session has too many running requests.
            HubError: The error of `execute`.
        """
        name, fingerprint_ = record_name(session, key), fingerprint(request)
        running = self._running.get(name)
        if running is None:
            return await self._wait(self._launch(name, fingerprint_, request, session, execute), is_first=True)
        _require_same(running.fingerprint, fingerprint_)
        self._metrics.replays.labels("joined").inc()
        return await self._wait(running, is_first=False)

    async def join(self, session: Session, key: str, timeout_seconds: float, authorize: Authorize) -> ApiResponse:
        """Return the response to a request that began before, on this worker or another one.

        Parameters:
            authorize: Called with the method and path of that request before its response is returned.

        Raises:
            OutcomeUnknown, AnswerNotKept, DeadlineExceeded: There is no response.
            HubError: The error with which the request ended.
        """
        name = record_name(session, key)
        if running := self._running.get(name):
            authorize(running.method, running.path)
            return await self._wait(running, is_first=False)
        entry = await self._ledger.get(name)
        if entry is None:
            raise OutcomeUnknown
        outcome = await self._outcome_elsewhere(name, entry, timeout_seconds)
        if outcome is None:
            raise KeyWithdrawn
        if isinstance(outcome, Answered):
            if not outcome.path:  # a release that did not store it wrote this
                raise AnswerNotKept(answered_status=outcome.status)
            authorize(outcome.method, outcome.path)
        return replay(outcome)

    async def verdicts(self, session: Session, keys: Iterable[str]) -> list[Verdict]:
        """Return the verdicts on requests, in order. A request that has not begun is withdrawn and will never be executed."""
        verdicts = list(await asyncio.gather(*(self._verdict(record_name(session, key)) for key in keys)))
        for verdict in verdicts:
            self._metrics.replays.labels(verdict).inc()
        return verdicts

    def abort(self, session: Session, key: str) -> None:
        """Stop a request that its client cancelled or that timed out, unless other callers wait for it."""
        running = self._running.get(record_name(session, key))
        if running is not None and running.waiting <= 1 and running.task is not None:
            running.task.cancel()

    async def end_session(self, session_key: str) -> None:
        """Stop all requests of a session; return when their tasks have ended."""
        tasks = [running.task for running in self._running.values() if running.session_key == session_key]
        await end_tasks(task for task in tasks if task is not None)

    # -- for the process ----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Renew the liveness key of this worker until cancelled."""
        while True:
            with contextlib.suppress(StoreUnavailable):  # the background refresh logs the outage
                await self._renew_liveness()
            self._budget.forget_old(self._clock.monotonic())
            await self._clock.sleep(BEAT_SECONDS)

    @property
    def running_tasks(self) -> set[asyncio.Task[None]]:
        """The tasks of running requests and of outcomes being stored. A graceful shutdown waits for them."""
        return {running.task for running in self._running.values() if running.task is not None} | set(self._tasks)

    async def close(self) -> None:
        """Stop the running requests and store their outcomes."""
        await end_tasks(running.task for running in list(self._running.values()) if running.task is not None)
        await self._tasks.finish()
        with contextlib.suppress(StoreUnavailable):
            await self._ledger.remove_liveness()

    # -- inside -------------------------------------------------------------------------------------------------------

    async def _wait(self, running: _RunningRequest, *, is_first: bool) -> ApiResponse:
        running.waiting += 1
        try:
            if is_first:
                return await asyncio.shield(running.response)
            return replay(await asyncio.shield(running.outcome))
        except asyncio.CancelledError:
            if is_first:
                self._tasks.start(_close_unwanted(running.response))
            raise
        finally:
            running.waiting -= 1

    def _launch(self, name: str, fingerprint_: str, request: ApiRequest, session: Session, execute: Execute) -> _RunningRequest:
        of_session = sum(1 for running in self._running.values() if running.session_key == session.key)
        if of_session >= self._limits.running_per_session:
            raise TooManyRequests("This session has too many running requests with an idempotency key.", retry_after_seconds=1.0)
        loop = asyncio.get_running_loop()
        running = _RunningRequest(
            name, session.key, request.method, request.path, fingerprint_, loop.create_future(), loop.create_future()
        )
        self._running[name] = running
        work = self._run(running, request.timeout_seconds, execute)
        running.task = start_task(work, "idempotent request", lambda task: self._finished(running, task))
        return running

    def _finished(self, running: _RunningRequest, task: asyncio.Task[None]) -> None:
        """Clean up after a task that was cancelled before it began, and log a crash."""
        if task.cancelled():
            _reject(running, KeyWithdrawn())
            self._running.pop(running.name, None)
        report_crash(task)

    async def _run(self, running: _RunningRequest, timeout_seconds: float | None, execute: Execute) -> None:
        """Execute a request or wait for its outcome, and tell all callers. Store the outcome; None: it was never executed."""
        outcome: Outcome | None = None
        is_mine = True  # also if the response to the claim was lost: Redis may have recorded it
        try:
            elsewhere = await self._claim_or_wait(running, timeout_seconds)
            is_mine = elsewhere is None
            outcome = elsewhere or failure(OutcomeUnknown())  # in case anything below fails
            if elsewhere is None:
                outcome = await self._execute(running, execute)
            else:
                _resolve(running.response, replay(elsewhere))
        except HubError as error:
            if is_mine and outcome is not None:
                outcome = failure(error) if error.processed == "maybe" else None
            _reject(running, error)
        except asyncio.CancelledError:
            _reject(running, OutcomeUnknown("The request was cancelled."))
        finally:
            if outcome is not None:
                _resolve(running.outcome, outcome)
            _reject(running, OutcomeUnknown())
            self._tasks.start(self._settle(running, is_mine, outcome))

    async def _claim_or_wait(self, running: _RunningRequest, timeout_seconds: float | None) -> Outcome | None:
        """Claim the request; return None if this worker executes it, otherwise the outcome from another worker."""
        while True:
            entry = await self._claim(running)
            if entry.state == "mine":
                return None
            outcome = await self._outcome_elsewhere(running.name, entry, timeout_seconds)
            if outcome is not None:
                return outcome

    async def _claim(self, running: _RunningRequest) -> Entry:
        if self._clock.monotonic() - self._renewed_at > ALIVE_SECONDS / 2:
            await self._renew_liveness()
        entry = await self._ledger.claim(running.name, running.fingerprint)
        if entry.state == "withdrawn":
            raise KeyWithdrawn
        _require_same(entry.fingerprint, running.fingerprint)
        return entry

    async def _execute(self, running: _RunningRequest, execute: Execute) -> Outcome:
        response = await execute()
        body, is_complete = await self._collect(response)
        if is_complete:
            await response.close()
            outcome = Answered(response.status, response.headers, body, running.method, running.path)
            _resolve(running.response, replace(replay(outcome), reason=response.reason, replayed=False))
            return outcome
        whole = replace(response, body=prepend(body, chunks(response.body)))
        if running.waiting and not running.response.done():
            running.response.set_result(whole)
        else:
            await response.close()
        return Answered(response.status, response.headers, None, running.method, running.path)

    async def _collect(self, response: ApiResponse) -> tuple[bytes, bool]:
        """Read a body that may be stored; return the bytes read, and whether the body is complete."""
        if (response.body_bytes or 0) > self._limits.response_bytes or _is_event_stream(response):
            return b"", False
        if isinstance(response.body, bytes):
            return (response.body, True) if len(response.body) <= self._limits.response_bytes else (b"", False)
        async with contextlib.AsyncExitStack() as broken:
            broken.push_async_callback(response.close)
            collected = await collect(response.body, self._limits.response_bytes)
            broken.pop_all()
        return collected

    async def _outcome_elsewhere(self, name: str, entry: Entry | None, timeout_seconds: float | None) -> Outcome | None:
        """Wait for a request that another worker executes; return its outcome, None if it certainly was not executed.

        Raises:
            OutcomeUnknown: The other worker crashed.
            DeadlineExceeded: `timeout_seconds` have passed.
        """
        give_up_at = self._clock.monotonic() + (timeout_seconds or float("inf"))
        polls = 0
        while entry is not None and entry.state == "running":
            if self._clock.monotonic() >= give_up_at:
                raise DeadlineExceeded
            polls += 1
            await self._clock.sleep(POLL_PAUSES.seconds(polls))
            entry = await self._ledger.get(name)
        if entry is None:
            return None
        if entry.outcome is None:
            raise OutcomeUnknown
        self._metrics.replays.labels("done").inc()
        return entry.outcome

    async def _verdict(self, name: str) -> Verdict:
        if name in self._running:
            return "joined"
        entry = await self._ledger.withdraw(name)
        if entry.state == "running":
            return "unknown" if entry.owner == self._ledger.owner else "joined"
        return {"done": "done", "withdrawn": "never"}.get(entry.state, "unknown")  # type: ignore[return-value]

    async def _settle(self, running: _RunningRequest, is_mine: bool, outcome: Outcome | None) -> None:
        """Store an outcome, with retries for `keep_seconds`. Until then this process still has it for its own callers."""
        give_up_at = self._clock.monotonic() + self._limits.keep_seconds
        while is_mine:
            try:
                await self._store(running, outcome)
                break
            except StoreUnavailable:
                if self._clock.monotonic() >= give_up_at:
                    logger.warning("idempotency.outcome_not_stored")
                    break
                await self._clock.sleep(STORE_RETRY_SECONDS)
        del self._running[running.name]

    async def _store(self, running: _RunningRequest, outcome: Outcome | None) -> None:
        if outcome is None:
            await self._ledger.release(running.name)
            return
        await self._ledger.finish(running.name, outcome)
        size = len(outcome.body or b"") if isinstance(outcome, Answered) else 0
        if size:
            for name in self._budget.keep(running.session_key, running.name, size, self._clock.monotonic()):
                await self._drop_body(name)

    async def _drop_body(self, name: str) -> None:
        entry = await self._ledger.get(name)
        if entry is not None and isinstance(entry.outcome, Answered):
            await self._ledger.replace(name, replace(entry.outcome, headers=[], body=None))

    async def _renew_liveness(self) -> None:
        now = self._clock.monotonic()
        await self._ledger.renew_liveness()
        self._renewed_at = now


def _require_same(stored: str, fingerprint_: str) -> None:
    if not is_same(stored, fingerprint_):
        raise KeyReused


def _is_event_stream(response: ApiResponse) -> bool:
    return any(name.lower() == "content-type" and "event-stream" in value for name, value in response.headers)


def _resolve(future: asyncio.Future[Any], result: object) -> None:
    if not future.done():
        future.set_result(result)


def _reject(running: _RunningRequest, error: HubError) -> None:
    """Pass the error to the callers that still wait. Without callers, asyncio must not report an unretrieved exception."""
    for future in (running.response, running.outcome):
        if not future.done():
            future.set_exception(error)
            future.exception()


async def _close_unwanted(response: asyncio.Future[ApiResponse]) -> None:
    """Close a response when it arrives, because its caller has gone."""
    with contextlib.suppress(HubError):
        await (await response).close()
