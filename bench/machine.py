"""The machine on which the benchmark runs: its cores, and which of them runs what."""

import os
import platform
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


def choose_cores(available: Iterable[int]) -> tuple[int, int] | None:
    """Return a core for the system under test and another one for the load; None if there are not two."""
    cores = sorted(available)
    return (cores[0], cores[1]) if len(cores) > 1 else None


@dataclass(frozen=True, slots=True)
class Cores:
    """Which core runs what.

    Attributes:
        pair: The core of the systems under test and that of the load and all others; None: the system decides.
    """

    pair: tuple[int, int] | None

    @classmethod
    @contextmanager
    def claimed(cls) -> Iterator["Cores"]:
        """Choose the cores; this process, which makes the load, is put aside until the end of the block."""
        available = os.sched_getaffinity(0)
        cores = cls(choose_cores(available))
        cores.put_aside([0])
        try:
            yield cores
        finally:
            os.sched_setaffinity(0, available)

    def put_under_test(self, pids: Sequence[int]) -> None:
        """Move processes of one thread (0: this one) to the core of the systems under test."""
        self._put(pids, 0)

    def put_aside(self, pids: Sequence[int]) -> None:
        """Move processes of one thread (0: this one) to the core of the load."""
        self._put(pids, 1)

    @contextmanager
    def under_test(self) -> Iterator[None]:
        """Let processes that start in this block run on the core of the systems under test, with all their threads."""
        self.put_under_test([0])
        try:
            yield
        finally:
            self.put_aside([0])

    def _put(self, pids: Sequence[int], which: int) -> None:
        if self.pair is not None:
            for pid in pids:
                os.sched_setaffinity(pid, {self.pair[which]})


def describe(cores: Cores) -> dict[str, object]:
    """Return what identifies the machine in a report."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "kernel": platform.release(),
        "python": sys.version,  # with where it comes from, and by which compiler
        "pinned": cores.pair is not None,
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
