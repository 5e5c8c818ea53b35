"""The line of a request: the same as any other event's, for less."""

import asyncio
import contextlib
import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.primitives.clock import SystemClock
from hub.telemetry import log
from hub.telemetry.access_log import AccessLog
from tests.parties.clock import START

TOKEN = "3LZ8cYBUm_0e-PFDt1Qw"
JWT = f"eyJhbGciOiJSUzI1NiJ9.{TOKEN}.c2ln"
FORMATS: list[Literal["console", "json"]] = ["console", "json"]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")
PARTS = [*"abz09/-._~%!$&'()*+,;=:@|^[]\\\"<> #?\x00\n\x7f\xe9\u2028", "code=", "eyJ", JWT, "bearer ", "ey", "J", "state=x"]
TEXTS = st.lists(st.sampled_from(PARTS), max_size=8).map("".join)


@contextlib.contextmanager
def logging_to_memory(level: str, output_format: str) -> Iterator[io.StringIO]:
    """Log as a hub does, with no other handler, into memory."""
    root = logging.getLogger()
    handlers, former_level, stream = root.handlers, root.level, io.StringIO()
    log.configure(level, output_format, stream)
    try:
        yield stream
    finally:
        root.handlers[0].flush()
        log.configure("DEBUG", "console")
        root.handlers, root.level = handlers, former_level


async def line_of(method: str, path: str, status: int, seconds: float, output_format: str) -> str:
    """Return what the access log writes."""
    with logging_to_memory("INFO", output_format) as stream:
        AccessLog(SystemClock()).request(method, path, status, seconds)
        await asyncio.sleep(0)
        return stream.getvalue()


@pytest.mark.parametrize("output_format", FORMATS)
@given(st.sampled_from(["GET", "DELETE", "eyJ", "M=x"]), TEXTS, st.integers(100, 999), st.floats(0, 1e4))
def test_a_line_like_all_others(output_format: str, method: str, path: str, status: int, seconds: float) -> None:
    """Whatever stands in it, it looks as if it had taken the long way: fields, order, quotes, masks and escapes."""
    with logging_to_memory("INFO", output_format) as stream:
        log.get("x").info("request", method=method, path=path, status=status, milliseconds=round(1000 * seconds, 1))
        expected = stream.getvalue()
    line = asyncio.run(line_of(method, path, status, seconds, output_format))

    assert TIME.sub("TIME", line) == TIME.sub("TIME", expected)
    assert TIME.search(line)


@pytest.mark.parametrize("output_format", FORMATS)
@pytest.mark.parametrize("path", [f"/x/{JWT}", f"/x/code={TOKEN}", f"/x;state={TOKEN}", f"/x/bearer {TOKEN}", f"/x\n{TOKEN}=x"])
async def test_secrets_and_forgeries(output_format: str, path: str) -> None:
    """A secret in a path is masked, and a line break makes no line of its own."""
    line = await line_of("GET", path, 200, 0.001, output_format)

    assert line.count("\n") == 1
    assert ("***" in line) == ("\n" not in path)
    assert (TOKEN in line) == ("\n" in path)


async def test_order_and_turns() -> None:
    """Lines of one turn are written at its end, in their order among other events."""
    with logging_to_memory("INFO", "console") as stream:
        access_log = AccessLog(SystemClock())
        access_log.request("GET", "/1", 200, 0.0)
        access_log.request("GET", "/2", 200, 0.0)
        assert stream.getvalue() == ""
        log.get("x").info("between")
        access_log.request("GET", "/3", 200, 0.0)
        await asyncio.sleep(0)
        written = stream.getvalue()

    assert re.findall(r"path=(\S+)|(between)", written) == [("/1", ""), ("/2", ""), ("", "between"), ("/3", "")]


async def test_level() -> None:
    """Nobody who asked for warnings only gets a line for each request."""
    with logging_to_memory("WARNING", "console") as stream:
        AccessLog(SystemClock()).request("GET", "/1", 200, 0.0)
        AccessLog(SystemClock()).request("GET", "/=", 200, 0.0)
        await asyncio.sleep(0)

        assert stream.getvalue() == ""


async def test_other_handlers(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever has put a handler of their own in gets a record for each request."""
    with caplog.at_level(logging.INFO):
        AccessLog(SystemClock()).request("GET", "/recorded", 200, 0.0)

    assert [record.levelname for record in caplog.records if "/recorded" in record.getMessage()] == ["INFO"]


async def test_reconfiguration() -> None:
    """A reload of the settings loses nothing, and the next line has the new format."""
    with logging_to_memory("INFO", "console") as stream:
        access_log = AccessLog(SystemClock())
        access_log.request("GET", "/1", 200, 0.0)
        log.configure("INFO", "json", stream)
        log.get("x").info("reconfigured")
        access_log.request("GET", "/2", 200, 0.0)
        await asyncio.sleep(0)
        first, *others = stream.getvalue().splitlines()

    assert "path=/1" in first
    assert [json.loads(line)["event"] for line in others] == ["reconfigured", "request"]


class ClockThatIsSet(SystemClock):
    """Says one time after the other."""

    def __init__(self, times: list[float]) -> None:
        self._times = iter(times)

    def now(self) -> float:
        """Return the next time."""
        return next(self._times)


async def test_time() -> None:
    """Each line has the time at which it was asked for, to the microsecond, also when the clock is set back."""
    times = [START, START + 0.25, START + 1.5, START + 86400.75, START + 1.0]
    with logging_to_memory("INFO", "json") as stream:
        access_log = AccessLog(ClockThatIsSet(times))
        for _ in times:
            access_log.request("GET", "/", 200, 0.0)
        await asyncio.sleep(0)
        stamps = [json.loads(line)["timestamp"] for line in stream.getvalue().splitlines()]

    assert stamps == [f"{datetime.fromtimestamp(time, UTC):%Y-%m-%dT%H:%M:%S.%f}Z" for time in times]
