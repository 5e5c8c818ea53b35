"""The measuring of the channel's own way, with so few requests that only its correctness can be told."""

import asyncio
import re
import sys

import pytest

from tests.parties.hub import PROJECT

pytestmark = pytest.mark.timing_sensitive


async def test_smoke() -> None:
    """Every figure is there, and every request was answered: the pipeline would have none left to answer otherwise."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.channel_path", "--requests", "60", "--channels", "20"),
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    said = output.decode()

    assert (process.returncode, errors) == (0, b"")
    assert re.findall(r"^\| (\d+) \| [\d.]+ \| [\d.]+ \|$", said, re.MULTILINE) == ["1", "5", "30"]
    assert re.search(r"holds \d+\.\d+ KiB .* takes \d+\.\d+ us", said)
