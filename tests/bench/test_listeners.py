"""The comparison of HTTP servers."""

import asyncio
import sys

import pytest

from bench.listeners.__main__ import table
from tests.parties.hub import PROJECT

pytestmark = pytest.mark.timing_sensitive


async def test_smoke() -> None:
    """The hub's listeners and plain Tornado answer every request and message."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.listeners", "--requests", "100", "--rounds", "1"),
        *("--servers", "hub-fast", "hub-tornado", "tornado"),
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()

    assert process.returncode == 0, errors.decode()
    rows = [line.split("|")[1].strip() for line in output.decode().splitlines()]
    assert rows[2:] == ["hub-fast", "hub-tornado", "tornado"]


def test_table() -> None:
    """Medians; a server that does not speak HTTP has no figure for it."""
    lines = table({"hub-fast": {"http": [10.0, 12.0, 50.0], "websocket": [3.0]}, "picows": {"http": [], "websocket": [1.0]}})

    assert lines[2:] == ["| hub-fast | 12 | 3 |", "| picows | - | 1 |"]
