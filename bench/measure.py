"""The resources that processes used, from /proc and their CPU clocks (Linux), and statistics of a list of numbers.

Everything but the readers is pure.
"""

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

PROCESS_CPU_TIME = 2  # the clock of the scheduler, in the ids that Linux makes of processes: see clock_getcpuclockid(3)
MEBIBYTE_IN_KIBIBYTES = 1024


def parse_mib(text: str, field: str) -> float:
    """Return a field of /proc/PID/status or smaps_rollup, which counts kibibytes, in MiB; 0 if it is not there."""
    for line in text.splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / MEBIBYTE_IN_KIBIBYTES
    return 0.0


def cpu_seconds(*pids: int) -> float:
    """Return the CPU time that processes have used together, user and system, in seconds, of all their threads and of no child.

    It is read from the processes' own clocks, which count nanoseconds: /proc counts ticks of 10 ms, which are too coarse for
    a few hundred requests.

    Raises:
        ProcessLookupError: One of them is gone.
    """
    return sum(_cpu_seconds(pid) for pid in pids)


def _cpu_seconds(pid: int) -> float:
    try:
        return time.clock_gettime(~pid << 3 | PROCESS_CPU_TIME)
    except OSError as error:
        raise ProcessLookupError(f"there is no process {pid}") from error


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process in MiB."""
    return parse_mib(Path(f"/proc/{pid}/status").read_text(), "VmRSS")


def memory_mib(pids: Iterable[int]) -> float:
    """Return the memory of processes together in MiB, with what they share counted once (PSS)."""
    return sum(parse_mib(Path(f"/proc/{pid}/smaps_rollup").read_text(), "Pss") for pid in pids)


def percentile(values: Iterable[float], fraction: float) -> float:
    """Return the smallest value that at least `fraction` of all values do not exceed (nearest rank). `values` is not empty."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(fraction * len(ordered)) - 1)]


def spread(values: Sequence[float]) -> float:
    """Return largest minus smallest value as a fraction of their median; 0 if that is 0."""
    middle = median(values)
    return (max(values) - min(values)) / middle if middle else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The cost of one round of a case.

    Attributes:
        requests: Right answers; there were no others.
        cpu_us: CPU time of the processes under test, user and system, in microseconds for each request.
        store_us: The same of their Redis.
        rate: Answers in a second.
        p50_ms, p99_ms, p999_ms: Latency that 50, 99, 99.9 of 100 requests do not exceed.
        memory_mib: Memory of the processes under test after the round.
    """

    requests: int
    cpu_us: float
    store_us: float
    rate: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    memory_mib: float

    @property
    def per_core(self) -> float:
        """Requests in a second that one core can do, with the Redis on it."""
        return 1e6 / max(self.cpu_us + self.store_us, 1e-9)


def figures(latencies: Sequence[float], seconds: float, cpu: float, store_cpu: float, memory: float) -> Figures:
    """Return the figures of a round.

    Parameters:
        latencies: Seconds of each request; not empty.
        seconds: Time from the first request to the last answer.
        cpu: CPU seconds of the processes under test during the round; `store_cpu` those of Redis.
        memory: In MiB.
    """
    requests, ordered = len(latencies), sorted(latencies)
    return Figures(
        requests=requests,
        cpu_us=cpu / requests * 1e6,
        store_us=store_cpu / requests * 1e6,
        rate=requests / seconds,
        p50_ms=percentile(ordered, 0.50) * 1e3,
        p99_ms=percentile(ordered, 0.99) * 1e3,
        p999_ms=percentile(ordered, 0.999) * 1e3,
        memory_mib=memory,
    )


def middle(repetitions: Sequence[Figures]) -> Figures:
    """Return the median of each figure for itself; there is at least one repetition."""
    return Figures(**{name: median(getattr(one, name) for one in repetitions) for name in Figures.__slots__})
