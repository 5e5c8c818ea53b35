"""The access log: one line for each request. Its format is fixed, so it bypasses the processors of other log events."""

import asyncio
import logging
import re
from datetime import UTC, datetime

from hub.primitives.clock import Clock
from hub.telemetry import log
from hub.telemetry.log_stream import direct_stream

EVENT = "request"

_PLAIN = re.compile(r"[!#-&(-<>-\[\]-~]*")
"""ASCII without blanks, quotes, equals signs and backslashes: needs no escaping in either format."""

logger = log.get(__name__)


class AccessLog:
    """Writes the same line as `logger.info` would, with the same masking, format and level, and in order with other events."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._second = 0
        self._second_text = ""
        self._logger = logging.getLogger(__name__)

    def request(self, method: str, path: str, status: int, seconds: float) -> None:
        """Log a request. The line is written at the end of this turn of the event loop at the latest.

        Parameters:
            path: Path without the query, which may contain codes and search terms.
            seconds: Time from the request to its response.
        """
        if not self._logger.isEnabledFor(logging.INFO):
            return
        milliseconds = round(1000 * seconds, 1)
        stream = direct_stream(self._logger)
        if stream is None or not _is_plain(method + path):
            logger.info(EVENT, method=method, path=path, status=status, milliseconds=milliseconds)
            return
        if stream.output_format == "json":
            line = (
                f'{{"method": "{method}", "path": "{path}", "status": {status}, "milliseconds": {milliseconds}, '
                f'"event": "{EVENT}", "level": "info", "timestamp": "{self._now()}"}}\n'
            )
        else:
            line = (
                f"{self._now()} [info     ] {EVENT:<30} method={method} milliseconds={milliseconds} path={path} status={status}\n"
            )
        if stream.add_line(line):
            asyncio.get_running_loop().call_soon(stream.flush)

    def _now(self) -> str:
        """Return the time in UTC. The text up to the seconds is cached."""
        now = self._clock.now()
        second = int(now)
        if second != self._second:
            self._second, self._second_text = second, datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._second_text}.{int((now - second) * 1e6):06d}Z"


def _is_plain(text: str) -> bool:
    """Return whether the text needs neither escaping nor masking. Secrets begin with `eyJ`, or follow `=` or a blank."""
    return _PLAIN.fullmatch(text) is not None and "eyJ" not in text
