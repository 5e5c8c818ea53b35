"""The benchmark as its users run it, with so few requests that only its correctness can be told."""

import asyncio
import json
import sys
from pathlib import Path

from tests.parties.hub import PROJECT


async def test_smoke(tmp_path: Path) -> None:
    """Every case is run to its end, which it only is when every answer was right; table and file have all of them."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench", "--requests", "100", "--repeats", "1", "--json", str(tmp_path / "out" / "a.json")),
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()

    assert process.returncode == 0, errors.decode()
    document = json.loads((tmp_path / "out" / "a.json").read_text())
    cases = [(case["way"], case["connections"], case["in_flight"], len(case["repetitions"])) for case in document["cases"]]
    assert cases == [
        ("direct", 1, 1, 1),
        ("HTTP proxy", 1, 1, 1),
        ("channel", 1, 1, 1),
        ("direct", 50, 1, 1),
        ("HTTP proxy", 50, 1, 1),
        ("channel", 10, 5, 1),
    ]
    assert len([line for line in output.decode().splitlines() if line.startswith("| ")]) == 1 + len(cases)
