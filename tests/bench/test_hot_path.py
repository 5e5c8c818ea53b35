"""Every step of the hub's own code can be measured."""

import io
import logging

from bench.hot_path import HotPath, measure
from hub.telemetry import log


async def test_every_step_runs() -> None:
    """No step is refused on its way, and each takes some time."""
    root = logging.getLogger()
    handlers, level, stream = root.handlers, root.level, io.StringIO()
    log.configure("INFO", "console", stream)
    try:
        steps = HotPath().steps
        times = {name: await measure(step, calls=20, rounds=1) for name, step in steps.items()}
    finally:
        log.configure("DEBUG", "console")
        root.handlers, root.level = handlers, level

    assert "whole" in times
    assert [name for name, time in times.items() if time <= 0] == []
    assert stream.getvalue().count("path=/api/patients") == 40  # of `whole` and `log line`
