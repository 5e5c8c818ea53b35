"""The pure parts of the measuring: what /proc says, percentiles, medians, and the choice of cores."""

import math
import os
import subprocess
import sys
import threading
import time
from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.machine import choose_cores
from bench.measure import Figures, cpu_seconds, figures, middle, parse_mib, percentile, spread


class TestProc:
    def test_cpu_time_is_that_of_all_threads(self) -> None:
        """The time of a process lies between two of its own readings of its clock; another thread's work is part of it."""
        before = time.process_time()
        worker = threading.Thread(target=sum, args=(range(100_000),))
        worker.start()
        worker.join()
        found = cpu_seconds(os.getpid())

        assert before < found <= time.process_time()

    def test_cpu_time_is_finer_than_a_tick(self) -> None:
        """What takes far less than the 10 ms of a tick is seen."""
        before = cpu_seconds(os.getpid())
        sum(range(1000))

        assert cpu_seconds(os.getpid()) > before

    def test_cpu_time_of_several(self) -> None:
        """Processes are added up."""
        before = time.process_time()

        assert cpu_seconds(os.getpid(), os.getpid()) >= 2 * before

    def test_a_process_that_is_gone(self) -> None:
        """It has no time any more; nobody is told of the time of another one."""
        process = subprocess.Popen([sys.executable, "-c", ""])
        process.wait()

        with pytest.raises(ProcessLookupError):
            cpu_seconds(process.pid)

    def test_resident_memory_in_mib(self) -> None:
        """VmRSS counts kibibytes; a process without memory has 0."""
        assert parse_mib("Name:\thub\nVmHWM:\t  99999 kB\nVmRSS:\t   70656 kB\n", "VmRSS") == 69.0
        assert parse_mib("Name:\tkthreadd\n", "VmRSS") == 0.0


class TestPercentile:
    def test_nearest_rank(self) -> None:
        """The percentile is one of the values: the smallest that the given share does not exceed."""
        values = [5.0, 1.0, 4.0, 2.0, 3.0]

        assert [percentile(values, fraction) for fraction in (0.0, 0.2, 0.5, 0.8, 0.99, 1.0)] == [1, 1, 3, 4, 5, 5]

    @given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
    def test_enough_values_are_not_larger(self, values: list[float], fraction: float) -> None:
        """At least the given share of the values is not larger, and with any smaller value it would be less."""
        found = percentile(values, fraction)

        assert sum(value <= found for value in values) >= math.ceil(fraction * len(values))
        assert sum(value < found for value in values) < math.ceil(fraction * len(values))


class TestFigures:
    def test_a_round(self) -> None:
        """CPU time is for one request in microseconds, latencies are in milliseconds, the rate in answers a second."""
        found = figures([0.001, 0.002, 0.003, 0.010], 0.5, cpu=0.0012, store_cpu=0.0002, memory=70.0)

        assert astuple(found) == pytest.approx((4, 300, 50, 8, 2, 10, 10, 70))

    def test_repetitions(self) -> None:
        """The middle has the median of each figure for itself."""
        rounds = [
            Figures(requests=1, cpu_us=cpu, store_us=1, rate=rate, p50_ms=p50, p99_ms=9, p999_ms=9, memory_mib=70)
            for cpu, rate, p50 in ((100, 900, 3), (120, 1000, 1), (110, 1100, 2))
        ]
        found = middle(rounds)

        assert (found.cpu_us, found.rate, found.p50_ms) == (110, 1000, 2)

    def test_spread_of_nothing(self) -> None:
        """A median of zero has no spread to divide by."""
        assert spread([0, 0, 3]) == 0.0


def test_cores() -> None:
    """With two cores or more the system under test and the load get one each; with one nothing is pinned."""
    assert choose_cores({3, 1, 2}) == (1, 2)
    assert choose_cores({0}) is None
