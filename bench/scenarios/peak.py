"""The most memory that a process has held for a while, as the kernel keeps it (VmHWM): nothing is missed between two looks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.measure import parse_mib, resident_mib

RESET_PEAK = "5"  # proc(5), /proc/PID/clear_refs


@dataclass
class Peak:
    """Resident memory in MiB: before the block, and at most in it."""

    before: float
    most: float = 0.0

    @property
    def growth(self) -> float:
        """By how much it grew at most."""
        return self.most - self.before


@contextmanager
def peak_of(pid: int) -> Iterator[Peak]:
    """Find out the most memory that a process holds during the block; it is known after it."""
    Path(f"/proc/{pid}/clear_refs").write_text(RESET_PEAK)
    peak = Peak(resident_mib(pid))
    yield peak
    peak.most = parse_mib(Path(f"/proc/{pid}/status").read_text(), "VmHWM")
