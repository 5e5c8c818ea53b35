"""What must never be read in a log, and what a client must not be able to write into it."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hub.primitives.secret import Secret
from hub.telemetry import log

TOKEN = "3LZ8cYBUm_0e-PFDt1Qw"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"
FORGED = '2026-01-01T00:00:00Z [info     ] session.started subject="admin"'

SECRET_FIELDS = [
    "access_token",
    "refresh_token",
    "id_token",
    "id_token_hint",
    "logout_token",
    "token",
    "code",
    "state",
    "nonce",
    "code_verifier",
    "verifier",
    "password",
    "secret",
    "client_secret",
    "cookie",
    "authorization",
    "session_id",
    "csrf",
    "Authorization",
    "COOKIE",
    "old_refresh_token",
    "provider_client_secret",
]

SECRET_TEXTS = [
    f"Authorization: Bearer {TOKEN}",
    f"authorization: bearer {TOKEN}",
    f"Authorization: Basic {TOKEN}==",
    f"it sent {JWT.replace('c2lnbmF0dXJl', TOKEN)}",
    f"eyJhbGciOiJub25lIn0.{TOKEN}.",
    f"GET /hub/callback?code={TOKEN}&iss=x",
    f"GET /hub/callback?iss=x&state={TOKEN}",
    f"code={TOKEN}&grant_type=authorization_code",
    f"grant_type=refresh_token&refresh_token={TOKEN}",
    f"https://iris.example/logout?id_token_hint={TOKEN}",
    f"https://iris.example/authorize?nonce={TOKEN}",
    f"code_verifier={TOKEN}",
    f"client_id=hub&client_secret={TOKEN}",
    f"Cookie: a=b; __Host-Http-hub={TOKEN}; c=d",
    f"Set-Cookie: __Host-Http-hub-login={TOKEN}; Path=/",
    f"Cookie: __Host-Http-hub-login-5d41402a=6553f100.{TOKEN}; c=d",
    f"hub-insecure={TOKEN}",
    f"XSRF-TOKEN={TOKEN}",
]

Lines = Callable[[], list[str]]


@pytest.fixture(params=["console", "json"])
def lines(request: pytest.FixtureRequest) -> Iterator[Lines]:
    """Log into memory, in either format; returns the lines written so far."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    log.configure("INFO", request.param, stream)
    yield lambda: stream.getvalue().splitlines()
    log.configure("DEBUG", "console")
    root.handlers = handlers
    root.setLevel(level)


@pytest.mark.parametrize("field", SECRET_FIELDS)
def test_fields_with_a_secrets_name(lines: Lines, field: str) -> None:
    """A field that is called like a secret shows a mask, whatever stands in it; the mask shows that there was one."""
    log.get("hub").info("login.begun", **{field: TOKEN})

    (line,) = lines()
    assert TOKEN not in line
    assert "***" in line


@pytest.mark.parametrize("text", SECRET_TEXTS)
def test_secrets_inside_text(lines: Lines, text: str) -> None:
    """Tokens, credentials, codes and cookies are masked inside messages too, those of libraries included."""
    log.get("hub").info("provider.call_failed", detail=text, reasons=[text, {"why": text}], raw=text.encode())
    logging.getLogger("library").info("sent: %s", text)

    assert len(lines()) == 2
    assert [line for line in lines() if TOKEN in line or "***" not in line] == []


def test_secrets_as_values(lines: Lines) -> None:
    """A `Secret` is masked under any name and at any depth."""
    log.get("hub").info("event", value=Secret(TOKEN), inner={"deep": [Secret(TOKEN), (Secret(TOKEN),)]}, shown={"code": TOKEN})

    (line,) = lines()
    assert TOKEN not in line
    assert line.count("***") == 4


def test_what_is_no_secret(lines: Lines) -> None:
    """Names that only contain a secret's name, numbers, and text without a secret stay readable."""
    log.get("hub").info("request", status=404, path="/api/codes", codes=3, token_type="Bearer", state=None, exit_status=1)

    (line,) = lines()
    assert "***" not in line
    assert all(text in line for text in ("404", "/api/codes", "Bearer"))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\x0b", "\x85"])
def test_no_forged_lines(lines: Lines, end: str) -> None:
    """A line break in what a client sends makes no line of its own: one event is one line."""
    log.get("hub").info("request", path=f"/x{end}{FORGED}", reasons=[f"a{end}{FORGED}"])
    logging.getLogger("library").info("bad request: %s", f"x{end}{FORGED}")

    assert len(lines()) == 2
    assert all(line.count(FORGED.replace('"', "")[:20]) for line in lines())


def test_no_terminal_control(lines: Lines) -> None:
    """Escape sequences do not reach the operator's terminal."""
    log.get("hub").info("request", path="/\x1b[2J\x07")

    assert "\x1b" not in lines()[0]


@pytest.mark.expects_log
def test_exceptions(lines: Lines) -> None:
    """A stack trace is kept, without the secrets in it, and none of its lines can pass for an event."""
    try:
        raise ValueError(f"refused: Bearer {TOKEN}\n{FORGED}")
    except ValueError as error:
        log.get("hub").exception("request.crashed", error=error)
        logging.getLogger("library").exception("crashed")

    text = "\n".join(lines())
    assert TOKEN not in text
    assert text.count("Traceback") == 2
    assert text.count("refused: Bearer ***") >= 2
    assert [line for line in lines() if line.startswith(FORGED)] == []


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """For machines: one JSON object a line, with event, level, time and fields; it goes to standard error."""
    root = logging.getLogger()
    handlers = root.handlers
    log.configure("INFO", "json")
    log.get("hub").info("session.started", session_ref="abc", seconds=1.5, path=object)
    log.get("hub").debug("not shown")
    log.configure("DEBUG", "console")
    root.handlers = handlers

    out, text = capsys.readouterr()
    event: dict[str, Any] = json.loads(text)
    assert out == ""
    assert (event["event"], event["level"], event["session_ref"], event["seconds"]) == ("session.started", "info", "abc", 1.5)
    assert event["timestamp"].endswith("Z")


def test_tornado_writes_no_access_log() -> None:
    """Tornado's own line for each request, which holds the query, is off."""
    assert logging.getLogger("tornado.access").disabled
