"""`python -m bench.listeners`: CPU time of a bare request and of a WebSocket echo, for each server in turn.

A browser's GET and a response of eleven bytes, and an echo of 100 bytes, on kept connections. Each server is a process of its own
with one worker; all take turns in one run, and the table has the medians of all rounds.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench.environment import enter_with_peers
from bench.listeners.load import ask
from bench.measure import cpu_seconds
from bench.systems.process import children, running
from tests.parties.hub import free_port

SPEAKS = {
    "hub-fast": "both",
    "hub-tornado": "both",
    "tornado": "both",
    "uvicorn": "both",
    "granian": "both",
    "picows": "websocket",  # a library for WebSockets alone
}
PEERS = ("uvicorn", "granian", "picows")
CONNECTIONS = 50


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.listeners", description="Compare HTTP servers.")
    parser.add_argument("--requests", type=int, default=20_000, help="requests and messages of a round (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each server (default: %(default)s)")
    parser.add_argument("--servers", nargs="+", choices=list(SPEAKS), default=list(SPEAKS), help="which (default: all)")
    options = parser.parse_args(arguments)
    enter_with_peers(*(name for name in options.servers if name in PEERS))
    found: dict[str, dict[str, list[float]]] = {name: {"http": [], "websocket": []} for name in options.servers}
    for _ in range(options.rounds):
        for name, kinds in found.items():
            for kind, figures in kinds.items():
                if SPEAKS[name] in ("both", kind):
                    figures.append(asyncio.run(measure(name, options.requests, websocket=kind == "websocket")))
    print(*table(found), sep="\n")


async def measure(name: str, requests: int, *, websocket: bool) -> float:
    """Return the microseconds of CPU time of a request, or of a message and its echo."""
    port = free_port()
    times = max(requests // CONNECTIONS, 1)
    command = [sys.executable, "-m", "bench.listeners.server", name, str(port)]
    with tempfile.TemporaryDirectory() as folder:
        async with running(command, Path(folder, "server.log"), port=port) as process:
            await ask(port, CONNECTIONS, max(times // 10, 1), websocket=websocket)
            pids = [process.pid, *children(process.pid)]
            before = cpu_seconds(*pids)
            await ask(port, CONNECTIONS, times, websocket=websocket)
            return (cpu_seconds(*pids) - before) / (times * CONNECTIONS) * 1e6


def table(found: dict[str, dict[str, list[float]]]) -> list[str]:
    """Return the lines of the table."""
    lines = ["| server | a request, us | an echo, us |", "|---|---|---|"]
    for name, kinds in found.items():
        cells = [f"{median(figures):.0f}" if figures else "-" for figures in kinds.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


if __name__ == "__main__":
    main()
