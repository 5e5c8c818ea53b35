"""Which cases are measured, and how: warm up, then one round between two looks at the processes' CPU time."""

import gc
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench import measure
from bench.bodies import KB, SIZES
from bench.machine import Cores
from bench.measure import Figures
from bench.rounds import PacedRound, Round
from bench.systems.base import Contestant, Target

WARM_UP_SHARE = 0.2  # of the time of a round, before it
LARGE = 1 << 20  # from here on fewer callers: 50 answers of 20 MB at once say nothing about a page


@dataclass(frozen=True, slots=True)
class Case:
    """The load that each contestant gets.

    Attributes:
        size: Bytes of the document.
        callers: Requests under way at any moment, or at most if there is a rate.
        is_tls: Each system speaks TLS with the upstream.
        rate: Requests that are due in a second (an open loop); None: as many as are answered (a closed loop).
    """

    size: int
    callers: int
    is_tls: bool = False
    rate: float | None = None

    @property
    def name(self) -> str:
        """As it stands in tables."""
        size = next((name for name, size in SIZES.items() if size == self.size), f"{self.size} B")
        loop = f", {self.rate:.0f}/s" if self.rate else ""
        return f"{size}, {self.callers} at once{', TLS' if self.is_tls else ''}{loop}"


@dataclass(frozen=True, slots=True)
class Plan:
    """Which of the dimensions are measured; the main document is 1 KB, the main load 50 at once."""

    callers: Sequence[int] = (1, 50, 500)
    sizes: Sequence[int] = tuple(SIZES.values())
    tls: bool = True
    rate: float = 300.0  # 0: no open loop

    def cases(self) -> list[Case]:
        """Return the cases, each once: the axes cross in the main case, and are not multiplied with each other."""
        main = [Case(KB, callers) for callers in self.callers]
        encrypted = [Case(KB, 50, is_tls=True)] if self.tls else []
        bodies = [Case(size, 50 if size < LARGE else 5) for size in self.sizes]
        paced = [Case(KB, 50, rate=self.rate)] if self.rate else []
        return list(dict.fromkeys([*main, *encrypted, *bodies, *paced]))


Found = dict[Case, dict[str, list[Figures]]]


async def measure_all(
    cores: Cores,
    contestants: Sequence[Contestant],
    cases: Iterable[Case],
    seconds: float,
    repeats: int,
    tell: Callable[[str], None],
) -> Found:
    """Measure each case with every contestant in turn, and that `repeats` times, so that a noisy moment hits one of each.

    Parameters:
        seconds: How long a round lasts.
        tell: Takes a line about the progress.

    Raises:
        WrongAnswer: Some answer was not the upstream's.
    """
    await warm_up(cores, contestants, seconds)
    found: Found = {}
    for case in cases:
        found[case] = {contestant.name: [] for contestant in contestants}
        for repetition in range(repeats):
            for contestant in contestants:
                done = await measure_one(cores, contestant, case, seconds)
                found[case][contestant.name].append(done)
                tell(f"{case.name} ({repetition + 1}/{repeats}), {contestant.name}: {done.cpu_us:.0f} us, {done.rate:.0f}/s")
    return found


async def warm_up(cores: Cores, contestants: Sequence[Contestant], seconds: float) -> None:
    """Let everybody do the main work for the time of a round: what compiles while it runs is slow before that."""
    for contestant in contestants:
        await measure_one(cores, contestant, Case(KB, 50), seconds)


async def measure_one(cores: Cores, contestant: Contestant, case: Case, seconds: float) -> Figures:
    """Return the figures of one round."""
    if not contestant.is_moved:
        return await _rounds(contestant, case, seconds)
    cores.put_under_test(contestant.pids())
    try:
        return await _rounds(contestant, case, seconds)
    finally:
        cores.put_aside(contestant.pids())


async def _rounds(contestant: Contestant, case: Case, seconds: float) -> Figures:
    load = await contestant.open(Target(case.size, case.is_tls), case.callers)
    try:
        await load.run(_round(case, seconds * WARM_UP_SHARE))
        gc.collect()
        before, store_before = _cpu(contestant)
        current = _round(case, seconds)
        await load.run(current)
        after, store_after = _cpu(contestant)
        memory = measure.memory_mib(contestant.pids())
        return measure.figures(current.latencies, current.seconds, after - before, store_after - store_before, memory)
    finally:
        load.close()


def _round(case: Case, seconds: float) -> Round:
    return PacedRound(case.rate, seconds) if case.rate else Round(seconds=seconds)


def _cpu(contestant: Contestant) -> tuple[float, float]:
    return measure.cpu_seconds(*contestant.pids()), measure.cpu_seconds(*contestant.store_pids)


def medians(found: Found) -> Mapping[Case, Mapping[str, Figures]]:
    """Return the median of each figure for itself, by case and contestant."""
    return {case: {name: measure.middle(figures) for name, figures in rows.items()} for case, rows in found.items()}
