"""No request may cost more than it did: counts that hold on any machine. CPU times are compared by `python -m bench.guard --cpu`.

A count that grows past its bound is a regression, or a decision: then change the bound here, and say why in the commit.
`python -m bench.guard --calls` shows what is called.
"""

import asyncio
import json
import sys
from typing import Any

import msgspec
import pytest

from bench.guard.counting import CountingLoop, Profile
from tests.parties.hub import PROJECT

# What one request may cost: of what is measured, counts of Python calls with a tenth to spare (they differ a little between
# versions of Python and of libraries).
BOUNDS: dict[str, dict[str, float]] = {
    "http": {"tasks": 1.05, "callbacks": 3.5, "timers": 0.1, "python_calls": 253, "json": 0.01, "redis_commands": 0.05},
    "channel": {"tasks": 1.05, "callbacks": 3.5, "timers": 0.1, "python_calls": 220, "json": 3.01, "redis_commands": 0.05},
}


async def _run() -> dict[str, dict[str, float]]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.guard"), cwd=PROJECT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()[-5000:]
    found: dict[str, dict[str, float]] = json.loads(output)
    return found


@pytest.mark.timing_sensitive
async def test_a_request_costs_no_more_than_it_did() -> None:
    """Both doors stay within every bound, and everything that is counted has one."""
    found = await _run()

    assert {part: set(figures) for part, figures in found.items()} == {part: set(bounds) for part, bounds in BOUNDS.items()}
    over = [
        f"{part} {name}: {figure:.2f} > {BOUNDS[part][name]}"
        for part, figures in found.items()
        for name, figure in figures.items()
        if figure > BOUNDS[part][name]
    ]
    assert over == []


class TestCounting:
    """The counting itself: a guard that sees nothing would let everything pass."""

    def test_calls(self) -> None:
        """Functions of Python are counted, generators each time that they are entered."""

        def steps() -> Any:
            yield 1
            yield 2

        with Profile() as profile:
            list(steps())
            list(steps())

        assert profile.calls[steps.__code__] == 6

    @pytest.mark.parametrize(
        ("work", "times"),
        [
            (lambda: msgspec.json.encode([1]), 1),
            (lambda: msgspec.json.Encoder().encode([1]), 1),
            (lambda: msgspec.json.Decoder(int).decode(b"1"), 1),
            (lambda: json.loads(json.dumps([1])), 2),
            (lambda: msgspec.msgpack.decode(msgspec.msgpack.encode([1])), 0),
            (lambda: str(5).encode(), 0),
        ],
        ids=["function", "encoder", "decoder", "standard library", "MessagePack", "text"],
    )
    def test_json(self, work: Any, times: int) -> None:
        """JSON is counted whoever makes it, and nothing else is."""
        with Profile() as profile:
            work()

        assert profile.json.total() == times

    def test_loop(self) -> None:
        """Tasks, callbacks and timers are counted."""

        async def work() -> dict[str, int]:
            loop = asyncio.get_running_loop()
            assert isinstance(loop, CountingLoop)
            loop.counts.clear()
            await asyncio.create_task(asyncio.sleep(0.001))
            return dict(loop.counts)

        with asyncio.Runner(loop_factory=CountingLoop) as runner:
            counts = runner.run(work())

        assert (counts["tasks"], counts["timers"], counts["callbacks"] >= 2) == (1, 1, True)
