"""Service tasks: they run as long as the process, and are restarted when they fail.

A service task that ends with an exception is restarted with exponential backoff, without limit. A task that is required to serve
ends the process if it fails for `failure_seconds` although its dependency responds, because then a restart of the process may
help. An outage of Redis does not end the process.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

from hub.primitives.backoff import ExponentialBackoff
from hub.primitives.clock import Clock, Timer
from hub.primitives.tasks import end_tasks, start_task

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 10.0
STEADY_SECONDS = 5.0  # a task that has run for so long has recovered; its next failure counts as the first
FAILURE_SECONDS = 60.0

Work = Callable[[], Coroutine[Any, Any, None]]
Probe = Callable[[], Awaitable[bool]]
"""Returns whether the dependency of a task responds. Raises nothing."""

logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


class EndedEarly(Exception):
    """A service task returned, although it is meant to run as long as the process."""


def ignore_restart(_name: str) -> None:
    """Do nothing about a restart."""


class ServiceTask:
    """One service task. `TaskSupervisor.start` makes it.

    Attributes:
        name: Name of the task in the log, in metrics and in `/readyz`.
        is_failing: Whether it waits for its restart, or was restarted less than `STEADY_SECONDS` ago.
    """

    def __init__(self, name: str, work: Work, supervisor: "TaskSupervisor", *, probe: Probe | None, finishes: bool) -> None:
        self.name = name
        self.is_failing = False
        self._work = work
        self._supervisor = supervisor
        self._probe = probe
        self._finishes = finishes
        self._failures = 0
        self._failed_at = 0.0
        self._responded = False  # the dependency, at the failure before
        self._longest_step = 0.0
        self._failing_seconds = 0.0  # although the dependency responded
        self._task = start_task(self._run(), name)

    async def stop(self) -> None:
        """Cancel the task, and return when it has ended."""
        await end_tasks([self._task])

    async def _run(self) -> None:
        while (error := await self._run_once()) is not None:
            await self._failed(error)

    async def _run_once(self) -> BaseException | None:
        """Run the work; return the exception with which it failed, or None if it is done."""
        steady = self._supervisor.clock.call_later(STEADY_SECONDS, self._is_steady) if self.is_failing else None
        try:
            await self._work()
        except asyncio.CancelledError as error:
            if _is_being_cancelled():
                raise
            return error  # of something else that the work waited for
        except Exception as error:  # the outer loop of every service task
            return error
        finally:
            _cancel(steady)
        if not self._finishes:
            return EndedEarly(self.name)
        self._is_steady()
        return None

    def _is_steady(self) -> None:
        if self.is_failing:
            logger.info("task.recovered", task=self.name)
        self.is_failing, self._failures = False, 0
        self._responded, self._failing_seconds = False, 0.0

    async def _failed(self, error: BaseException) -> None:
        """Report a failure, and return when the task is to be restarted."""
        self.is_failing = True
        self._failures += 1
        wait = self._supervisor.backoff.seconds(self._failures)
        logger.error("task.failed", task=self.name, failures=self._failures, retry_in=round(wait, 3), exc_info=error)
        await self._judge()
        self._longest_step = wait + STEADY_SECONDS
        await self._supervisor.clock.sleep(wait)
        self._supervisor.report_restart(self.name)

    async def _judge(self) -> None:
        """Give up if this task is required and has failed for `failure_seconds` although its dependency responds."""
        if self._probe is None:
            return
        responds = await self._probe()
        now = self._supervisor.clock.monotonic()
        if responds and self._responded:  # what exceeds the longest step is time in which this process was suspended
            self._failing_seconds += min(now - self._failed_at, self._longest_step)
        elif not responds:
            self._failing_seconds = 0.0
        self._failed_at, self._responded = now, responds
        if self._failing_seconds >= self._supervisor.failure_seconds:
            self._supervisor.give_up(self.name)


class TaskSupervisor:
    """The service tasks of a process, or of one part of it."""

    def __init__(
        self,
        clock: Clock,
        *,
        failure_seconds: float = FAILURE_SECONDS,
        report_restart: Callable[[str], None] = ignore_restart,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Parameters:
        failure_seconds: How long a required task may fail while its dependency responds.
        report_restart: Called with the name of each task that is restarted.
        jitter: Returns a random number from 0 to 1.
        """
        self.clock = clock
        self.failure_seconds = failure_seconds
        self.report_restart = report_restart
        self.backoff = ExponentialBackoff(FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, (1.0, 1.5), jitter)
        self._tasks: list[ServiceTask] = []
        self._given_up: list[str] = []
        self._has_given_up = asyncio.Event()

    @property
    def failing(self) -> list[str]:
        """The names of the tasks that do not run."""
        return [task.name for task in self._tasks if task.is_failing]

    @property
    def given_up(self) -> list[str]:
        """The names of the required tasks that cannot run, so that the process must end."""
        return list(self._given_up)

    def start(self, name: str, work: Work, *, required: Probe | None = None, finishes: bool = False) -> ServiceTask:
        """Start a task, which runs until it is stopped.

        Parameters:
            work: Returns the coroutine to run; called again for each restart.
            required: For a task without which the process cannot serve: returns whether the task's dependency responds.
            finishes: Whether the work may end by itself. If not, its end is a failure.
        """
        task = ServiceTask(name, work, self, probe=required, finishes=finishes)
        self._tasks.append(task)
        return task

    def give_up(self, name: str) -> None:
        """Request the end of the process, because a required task cannot run."""
        if name not in self._given_up:
            self._given_up.append(name)
            logger.critical("task.given_up", task=name)
        self._has_given_up.set()

    async def wait_until_given_up(self) -> None:
        """Return when a required task cannot run."""
        await self._has_given_up.wait()

    async def close(self) -> None:
        """Stop all tasks; return when they have ended."""
        await asyncio.gather(*(task.stop() for task in self._tasks))


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _cancel(timer: Timer | None) -> None:
    if timer is not None:
        timer.cancel()
