"""The cost of a round of requests, and how it changes as something grows."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from statistics import median
from typing import Any

from bench.ground.stage import Stage, command_counts, growth_of
from bench.measure import cpu_seconds, percentile, resident_mib, spread
from bench.rounds import Load, Round


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One round.

    Attributes:
        hub_us: CPU time of the hub for each request, in microseconds; `store_us` that of Redis.
        store_commands: Commands that Redis carried out for each request.
        rate: Answers in a second.
        p50_ms: Latency that half of the requests do not exceed; `p99_ms` that 99 of 100 do not.
        resident_mib: Memory of the hub after the round.
    """

    hub_us: float
    store_us: float
    store_commands: float
    rate: float
    p50_ms: float
    p99_ms: float
    resident_mib: float


Measure = Callable[[], Awaitable[Cost]]


@dataclass(frozen=True, slots=True)
class Point:
    """The rounds with one number of what grows."""

    number: int
    rounds: Sequence[Cost]

    @property
    def middle(self) -> Cost:
        """The median of each figure."""
        return Cost(**{each.name: median(getattr(one, each.name) for one in self.rounds) for each in fields(Cost)})

    @property
    def spread(self) -> float:
        """Largest minus smallest CPU time, as a fraction of the median."""
        return spread([one.hub_us for one in self.rounds])


@dataclass(frozen=True, slots=True)
class Series:
    """One way to call, and its points by rising number."""

    way: str
    points: Sequence[Point]

    @property
    def growth(self) -> float:
        """CPU time at the largest number as a multiple of that at the smallest."""
        return self.points[-1].middle.hub_us / self.points[0].middle.hub_us

    def as_json(self) -> dict[str, Any]:
        """Return the series as JSON values."""
        points = [{"number": each.number, **asdict(each.middle), "spread": each.spread} for each in self.points]
        return {"way": self.way, "growth": self.growth, "points": points}


@dataclass(frozen=True, slots=True)
class Part:
    """The result for one thing that grows.

    Attributes:
        grows: Name of the thing that grows.
        figures: Further figures by name.
    """

    name: str
    grows: str
    series: Sequence[Series]
    figures: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {"grows": self.grows, "series": [each.as_json() for each in self.series], "figures": self.figures}


async def cost_of(stage: Stage, load: Load, current: Round, node: int = 0) -> Cost:
    """Let a load take part in a round, and say what it has cost."""
    pid = stage.pids[node]
    commands = await command_counts(stage.commands)
    cpu, store = cpu_seconds(pid), cpu_seconds(stage.store_pid)
    await load.run(current)
    requests = len(current.latencies)
    cpu, store = cpu_seconds(pid) - cpu, cpu_seconds(stage.store_pid) - store
    return Cost(
        hub_us=cpu / requests * 1e6,
        store_us=store / requests * 1e6,
        store_commands=sum(growth_of(commands, await command_counts(stage.commands)).values()) / requests,
        rate=requests / current.seconds,
        p50_ms=percentile(current.latencies, 0.50) * 1e3,
        p99_ms=percentile(current.latencies, 0.99) * 1e3,
        resident_mib=resident_mib(pid),
    )


async def interleaved(measures: Mapping[int, Measure], repeats: int) -> list[Point]:
    """Measure each number `repeats` times after a warm-up, in turns, so that a noisy moment does not hit one number alone."""
    rounds: dict[int, list[Cost]] = {number: [] for number in measures}
    for repetition in range(1 + repeats):
        for number, measure in measures.items():
            cost = await measure()
            if repetition:
                rounds[number].append(cost)
    return [Point(number, each) for number, each in rounds.items()]
