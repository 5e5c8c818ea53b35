"""A plugin of pytest that writes down which tests fail, and how long each takes with its set-up and tear-down."""

import json
import os
from collections import defaultdict
from pathlib import Path

import pytest

_seconds: defaultdict[str, float] = defaultdict(float)
_failed: set[str] = set()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Take note of one phase of a test."""
    _seconds[report.nodeid] += report.duration
    if report.failed:
        _failed.add(report.nodeid)


def pytest_sessionfinish() -> None:
    """Write all down."""
    document = {"seconds": _seconds, "failed": sorted(_failed)}
    Path(os.environ["MUTATION_OUTCOMES"]).write_text(json.dumps(document))
