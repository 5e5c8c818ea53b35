"""The benchmark as its users run it, with so short rounds that only its correctness can be told; the peers need installation."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.parties.hub import PROJECT

WITHOUT_PYTEST = (
    "import runpy, sys; sys.modules['pytest'] = None; sys.argv[0] = 'bench'; runpy.run_module('bench', run_name='__main__')"
)
"""Runs the benchmark as in its own environment, which has nothing that only tests need."""

pytestmark = pytest.mark.timing_sensitive


async def test_smoke(tmp_path: Path) -> None:
    """The hub alone is measured to the end, which it only is when every answer was right; table and file have all of it."""
    file = tmp_path / "out" / "a.json"
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-c",
            WITHOUT_PYTEST,
            "--systems",
            "hub",
            "--quick",
            "--seconds",
            "0.2",
            "--repeats",
            "1",
            "--json",
            str(file),
        ),
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()

    assert process.returncode == 0, errors.decode()
    (case,) = json.loads(file.read_text())["cases"]
    assert (case["name"], list(case["systems"])) == ("1 KB, 50 at once", ["direct", "hub, HTTP", "hub, channel"])
    assert all(figures[0]["requests"] > 0 for figures in case["systems"].values())
    assert len([line for line in output.decode().splitlines() if line.startswith("| ")]) == 4
