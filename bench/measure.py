"""What a process has used, from /proc (Linux), and what a list of numbers says. Everything but the two readers is pure."""

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
MEBIBYTE_IN_KIBIBYTES = 1024


def parse_cpu_ticks(stat: str) -> int:
    """Return utime + stime, in clock ticks, of a /proc/PID/stat (proc(5)): of all threads, of no child process."""
    after_name = stat.rpartition(")")[2].split()  # the name may hold spaces and brackets; field 3 follows it
    return int(after_name[11]) + int(after_name[12])


def parse_resident_mib(status: str) -> float:
    """Return the resident memory in MiB of a /proc/PID/status; 0 if it names none (the process is ending)."""
    for line in status.splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / MEBIBYTE_IN_KIBIBYTES
    return 0.0


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used, in seconds; exact to one tick (10 ms on most machines)."""
    return parse_cpu_ticks(Path(f"/proc/{pid}/stat").read_text()) / TICKS_PER_SECOND


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process in MiB."""
    return parse_resident_mib(Path(f"/proc/{pid}/status").read_text())


def choose_cores(available: Iterable[int]) -> tuple[int, int] | None:
    """Return a core for the system under test and another one for the load; None if there are not two."""
    cores = sorted(available)
    return (cores[0], cores[1]) if len(cores) > 1 else None


def percentile(values: Iterable[float], fraction: float) -> float:
    """Return the smallest value that at least `fraction` of all values do not exceed (nearest rank). `values` is not empty."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(fraction * len(ordered)) - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one round of a case cost.

    Attributes:
        cpu_us: CPU time of the process under test, user and system, in microseconds for each request.
        store_us: The same of the hub's private Redis.
        rate: Answers in a second.
        p50_ms: Latency that half of the requests do not exceed.
        p99_ms: Latency that 99 of 100 requests do not exceed.
        rss_mib: Resident memory of the process under test after the round.
    """

    cpu_us: float
    store_us: float
    rate: float
    p50_ms: float
    p99_ms: float
    rss_mib: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """All repetitions of a case.

    Attributes:
        middle: The median of each figure.
        cpu_spread: Largest minus smallest CPU time, as a fraction of the median.
        rate_spread: The same of the rate.
    """

    middle: Figures
    cpu_spread: float
    rate_spread: float


def figures(latencies: Sequence[float], seconds: float, cpu: float, store_cpu: float, resident: float) -> Figures:
    """Return the figures of a round.

    Parameters:
        latencies: Seconds of each request; not empty.
        seconds: Time from the first request to the last answer.
        cpu: CPU seconds of the process under test during the round; `store_cpu` those of Redis.
        resident: Memory in MiB.
    """
    requests = len(latencies)
    return Figures(
        cpu_us=cpu / requests * 1e6,
        store_us=store_cpu / requests * 1e6,
        rate=requests / seconds,
        p50_ms=percentile(latencies, 0.50) * 1e3,
        p99_ms=percentile(latencies, 0.99) * 1e3,
        rss_mib=resident,
    )


def summarise(repetitions: Sequence[Figures]) -> Summary:
    """Return medians and spread of the repetitions of a case; there is at least one."""
    names = Figures.__slots__
    middle = {name: median(getattr(one, name) for one in repetitions) for name in names}
    return Summary(
        middle=Figures(**middle),
        cpu_spread=spread([one.cpu_us for one in repetitions]),
        rate_spread=spread([one.rate for one in repetitions]),
    )


def spread(values: Sequence[float]) -> float:
    """Return largest minus smallest value as a fraction of their median; 0 if that is 0."""
    middle = median(values)
    return (max(values) - min(values)) / middle if middle else 0.0
