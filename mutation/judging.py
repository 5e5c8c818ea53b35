"""Judges mutants beside each other until all are judged, or the time is over."""

import contextlib
import multiprocessing
import os
import signal
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Literal

from mutation import child
from mutation.mutants import Mutant

Verdict = Literal["killed", "survived", "timeout", "unreached", "broken"]
"""`unreached`: no test runs the line. `broken`: the mutant was never imported, so nobody knows."""

LONGEST_SECONDS = 40.0  # of the tests of one mutant, by what they take without it: then the rest of them is left out
GRACE_SECONDS = 15.0
SLOWER = 4.0  # what a mutant may make of it
VERDICTS: dict[int, Verdict] = {child.SURVIVED: "survived", child.KILLED: "killed", child.NOT_IMPORTED: "broken"}

_fork = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True)
class Case:
    """A mutant, and the tests to judge it by.

    Attributes:
        seconds: How long the tests take without the mutation.
        left_out: Tests that reach the line too, and would take too long together.
    """

    mutant: Mutant
    tests: Sequence[str]
    seconds: float = 0.0
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a mutant."""

    case: Case
    verdict: Verdict


@dataclass(slots=True)
class _Running:
    case: Case
    process: ForkProcess
    deadline: float


class Judge:
    """Runs the tests of mutants.

    Parameters of the constructor:
        clock: Returns seconds that only grow.
        end: Instant of the clock at which to stop; what is under way then is not judged.
        on_result: Called with each result as it comes.
    """

    def __init__(
        self, root: Path, workers: int, clock: Callable[[], float], end: float, on_result: Callable[[Result], None]
    ) -> None:
        self._root = root
        self._workers = workers
        self._clock = clock
        self._end = end
        self._on_result = on_result
        self._running: list[_Running] = []

    def judge(self, cases: Iterable[Case]) -> list[Result]:
        """Return the results in the order in which they came. Cases for which there was no time have none."""
        waiting, results = deque(cases), list[Result]()
        with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
            try:
                while (waiting or self._running) and self._clock() < self._end:
                    self._start(waiting, results, Path(folder))
                    self._wait(results)
            finally:
                for running in self._running:
                    _kill(running.process)
        return results

    def _start(self, waiting: deque[Case], results: list[Result], folder: Path) -> None:
        while waiting and len(self._running) < self._workers:
            case = waiting.popleft()
            if not case.tests:
                self._note(results, Result(case, "unreached"))
                continue
            output = Path(tempfile.mkdtemp(dir=folder), "output")
            mutant = case.mutant
            arguments = (self._root, mutant.path, mutant.source, case.tests, output)
            process = _fork.Process(target=child.judge, args=arguments)
            process.start()
            self._running.append(_Running(case, process, self._clock() + case.seconds * SLOWER + GRACE_SECONDS))

    def _wait(self, results: list[Result]) -> None:
        """Wait until a child has ended, or the first of the deadlines is there."""
        if not self._running:
            return
        until = min(self._end, *(running.deadline for running in self._running))
        connection.wait([running.process.sentinel for running in self._running], max(until - self._clock(), 0.0))
        now = self._clock()
        for running in tuple(self._running):
            if running.process.exitcode is not None:
                self._end_of(running, VERDICTS.get(running.process.exitcode, "killed"), results)
            elif now >= running.deadline:
                self._end_of(running, "timeout", results)

    def _end_of(self, running: _Running, verdict: Verdict, results: list[Result]) -> None:
        self._running.remove(running)
        _kill(running.process)
        self._note(results, Result(running.case, verdict))

    def _note(self, results: list[Result], result: Result) -> None:
        results.append(result)
        self._on_result(result)


def case_of(mutant: Mutant, tests: Sequence[str], seconds: dict[str, float]) -> Case:
    """Return the case of a mutant, with as many of the tests as there is time for; at least one."""
    total, chosen = 0.0, 0
    for test in tests:
        total += seconds.get(test, 0.0)
        if chosen and total > LONGEST_SECONDS:
            break
        chosen += 1
    taken = tests[:chosen]
    return Case(mutant, taken, sum(seconds.get(test, 0.0) for test in taken), len(tests) - chosen)


def _kill(process: ForkProcess) -> None:
    """End a child with everything that it has started; nothing if it is gone."""
    if process.pid is not None:
        with contextlib.suppress(ProcessLookupError):  # it left nobody behind, or has no group of its own yet
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()
