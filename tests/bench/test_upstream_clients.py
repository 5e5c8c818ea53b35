"""The comparison of HTTP clients."""

import asyncio
import sys

import pytest

from bench.upstream_clients.__main__ import table
from tests.parties.hub import PROJECT

pytestmark = pytest.mark.timing_sensitive


async def test_smoke() -> None:
    """Every client answers every case, with so few requests that only its correctness can be told."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.upstream_clients", "--requests", "100", "--rounds", "1"),
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()

    assert process.returncode == 0, errors.decode()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in output.decode().splitlines()]
    assert [row[:2] for row in rows[2:]] == [["plain", "1"], ["plain", "50"], ["TLS", "1"], ["TLS", "50"]]


def test_table() -> None:
    """Medians, and multiples of what the pool needs."""
    costs = {"pool": [10.0, 12.0, 50.0], "aiohttp": [60.0], "pyreqwest": [30.0]}

    assert table({("plain", 1): costs}).splitlines()[2] == "| plain | 1 | 12 | 60 | 30 | 5.0 | 2.5 |"
