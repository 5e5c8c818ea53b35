"""Whoever reads the audit."""

from typing import Any

import pytest


class Audit:
    """The audit events so far."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog

    def take(self) -> list[dict[str, Any]]:
        """Return the events since the last look, without what is the same in all."""
        events = [dict(record.msg) for record in self._caplog.records if record.name == "hub.audit"]  # type: ignore[call-overload]
        self._caplog.clear()
        return [{key: value for key, value in event.items() if key not in ("timestamp", "level", "client")} for event in events]
