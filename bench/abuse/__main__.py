"""`python -m bench.abuse`: another user's calls, quiet and under each abuse, direct and behind nginx and HAProxy where installed.

Prints a table: the victim calls `GET /hub/session` and a document of 1 KB in turn, every 20 ms, on a connection of its own. What
is quiet is measured before each abuse. The attacker is a process of its own. With names as arguments only those abuses run.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from bench.abuse.abuses import ABUSES, Ground
from bench.abuse.fronts import front, installed
from bench.ground.members import Member, enrol
from bench.ground.results import markdown
from bench.ground.stage import Stage, stage
from bench.load_http import build_request
from bench.loop import loop_factory
from bench.measure import percentile
from bench.systems.process import module
from hub.config.settings import LimitSettings, UpstreamSettings

EVERY_SECONDS = 0.02
WARM_UP_SECONDS = 1.0  # of an abuse, before the victim is timed
CALL_TIMEOUT_SECONDS = 30.0  # of one call of the victim: a hub that is not responsive counts as so slow
VICTIM = "127.0.0.3"
HEAD_END = b"\r\n\r\n"
SECTIONS = {"HUB_LIMITS": LimitSettings(), "HUB_UPSTREAM": UpstreamSettings()}
AS_SHIPPED = {  # the ground of the other benchmarks lifts some of these limits
    **{f"{section}_{name.upper()}": str(value) for section, limits in SECTIONS.items() for name, value in asdict(limits).items()},
    "HUB_SERVER_TRUSTED_PROXIES": "127.0.0.1",
}


class Victim:
    """Another user, whose calls are timed."""

    def __init__(self, port: int, url: str, member: Member) -> None:
        fields = member.http_headers(url)
        self._port = port
        self._requests = [build_request(path, fields) for path in ("/hub/session", "/api/1024.json")]

    async def calls(self, seconds: float) -> tuple[list[float], int]:
        """Call for so long; return how many seconds each call took, and how many had no response of status 200."""
        end, times, failed, number = time.monotonic() + seconds, [], 0, 0
        reader, writer = await self._connect()
        try:
            while (began := time.monotonic()) < end:
                writer.write(self._requests[number % len(self._requests)])
                number += 1
                status = await _status(reader)
                times.append(time.monotonic() - began)
                failed += status != 200
                if not status:
                    reader, writer = await self._connect()
                await asyncio.sleep(max(EVERY_SECONDS - (time.monotonic() - began), 0))
        finally:
            writer.close()
        return times, failed

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self._port, local_addr=(VICTIM, 0))


async def _status(reader: asyncio.StreamReader) -> int:
    """Read a response to its end; return its status, 0 if the connection was closed."""
    try:
        async with asyncio.timeout(CALL_TIMEOUT_SECONDS):
            head = (await reader.readuntil(HEAD_END)).lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            await reader.readexactly(length)
        return int(head.split()[1])
    except (asyncio.IncompleteReadError, OSError, TimeoutError):
        return 0


async def measure(names: Sequence[str], fronts: Sequence[str], seconds: float, listener: str) -> list[list[str]]:
    """Return the rows of the table."""
    rows = []
    async with stage(HUB_SERVER_LISTENER=listener, **AS_SHIPPED) as ground:
        victim, attacker = await enrol(ground.store, ground.issuer, [1, 2], time.time())
        with TemporaryDirectory(prefix="hub-abuse-") as folder:
            for name in fronts:
                node = ground.nodes[0]
                async with front(name, node.port, node.admin_port, Path(folder)) as port:
                    rows += await _rows(ground, name, port, Victim(port, ground.url, victim), attacker, names, seconds)
    return rows


async def _rows(
    ground: Stage, way: str, port: int, victim: Victim, attacker: Member, names: Sequence[str], seconds: float
) -> list[list[str]]:
    rows = []
    for name in names:
        await victim.calls(WARM_UP_SECONDS)
        quiet, _ = await victim.calls(seconds)
        about = ABUSES[name]
        login = {"cookie": attacker.cookie, "csrf": attacker.csrf} if about.needs_login else {}
        knows = msgspec.json.encode(Ground(port=port, url=ground.url, **login)).decode()
        async with module("bench.abuse.attacker", name, knows):
            await asyncio.sleep(WARM_UP_SECONDS)
            under, failed = await victim.calls(seconds)
        rows.append([f"{about.title}, {way}", *_figures(quiet), *_figures(under), str(len(under)), str(failed)])
        print(rows[-1], file=sys.stderr)
    return rows


def _figures(seconds: Sequence[float]) -> list[str]:
    return [f"{1000 * percentile(seconds, part):.1f}" for part in (0.5, 0.99)]


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return the table as Markdown."""
    headings = ["abuse", "quiet: p50 ms", "p99 ms", "under abuse: p50 ms", "p99 ms", "calls", "failed"]
    return markdown(headings, rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.abuse", description=__doc__)
    parser.add_argument("abuses", nargs="*", metavar="ABUSE", help=f"which (default: all of {', '.join(ABUSES)})")
    parser.add_argument("--fronts", nargs="+", default=installed(), choices=installed(), help="ways to the hub (default: all)")
    parser.add_argument("--seconds", type=float, default=10.0, help="time of each measurement (default: %(default)s)")
    parser.add_argument("--listener", choices=("fast", "tornado"), default="fast", help="the hub's HTTP server")
    parsed = parser.parse_args(arguments)
    if unknown := set(parsed.abuses) - set(ABUSES):
        parser.error(f"no such abuse: {', '.join(sorted(unknown))}")
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        rows = runner.run(measure(parsed.abuses or list(ABUSES), parsed.fronts, parsed.seconds, parsed.listener))
    print(table(rows))


if __name__ == "__main__":
    main()
