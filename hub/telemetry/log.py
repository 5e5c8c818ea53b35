"""Structured log events with masked secrets. An event has a name and fields, no prose: `log.info("session.started", ...)`.

Sessions are named by `session_ref`, the beginning of the hash under which they are stored: enough to follow a session through
the log, useless for session hijacking.
"""

import logging
import os
import re
import sys
from collections.abc import MutableMapping
from io import TextIOWrapper
from logging.handlers import WatchedFileHandler
from typing import Any, TextIO

import structlog

from hub.config.settings import SettingsError
from hub.primitives.secret import Secret
from hub.telemetry.log_stream import LogStream

MASK = "***"
AUDIT = "hub.audit"

SECRET_KEYS = re.compile(
    r"(^|_)(access_token|refresh_token|id_token|id_token_hint|logout_token|token|code|state|nonce|code_verifier|verifier"
    r"|password|secret|client_secret|cookie|authorization|session_id|csrf)\Z",
    re.IGNORECASE,
)

SECRET_VALUES = re.compile(
    r"eyJ[\w-]{4,}\.[\w-]+\.?[\w-]*"  # a JWT
    r"|(?i:(?<=bearer )|(?<=basic ))[\w.~+/=-]{8,}"  # credentials of an Authorization header
    r"|(?P<name>(?<![\w-])(?:code|state|nonce|code_verifier|access_token|refresh_token|id_token|id_token_hint|logout_token"
    r"|client_secret|password|(?:__Host-Http-hub|hub-insecure)[\w-]*|XSRF-TOKEN)=)[^&;\s\"']+",  # URL, form, cookie
)

_ACTING = re.compile(
    r"[\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: they move the cursor, change titles, forge lines
    r"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # bidirectional controls, line separators, and characters that have no width
    r"\ud800-\udfff]"
)
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}

Event = MutableMapping[str, Any]


def configure(level: str, output_format: str, stream: TextIO | None = None, *, audit_file: str = "") -> None:
    """Mask all log records of this process, including those of libraries, and write them to `stream`.

    Parameters:
        level: `DEBUG`, `INFO`, `WARNING` or `ERROR`.
        output_format: `console` for people, `json` for machines.
        stream: Default: standard error.
        audit_file: File for audit events, as JSON; empty: they go to `stream`, at any level.

    Raises:
        SettingsError: The audit file cannot be written.
    """
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask_secrets,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(default=str)
        if output_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = LogStream(stream or sys.stderr, output_format)
    handler.setFormatter(_formatter(shared, renderer))
    root = logging.getLogger()
    for former in root.handlers:
        former.flush()
    root.handlers = [handler]
    root.setLevel(level)
    logging.getLogger("tornado.access").disabled = True  # the hub has its own access log
    logging.getLogger("tornado.general").setLevel(logging.ERROR)  # what strangers send is no reason for a line
    _configure_audit(audit_file, _formatter(shared, structlog.processors.JSONRenderer(default=str)))


def _formatter(shared: list[Any], renderer: Any) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )


def _configure_audit(file: str, formatter: logging.Formatter) -> None:
    audit = logging.getLogger(AUDIT)
    for former in audit.handlers:
        former.close()
    audit.handlers = []
    audit.propagate = not file
    audit.setLevel(logging.INFO)
    if file:
        try:
            handler = AuditFile(file, encoding="utf-8")
        except OSError as error:
            raise SettingsError([f"log.audit_file: {file} cannot be written ({error.strerror})."]) from error
        handler.setFormatter(formatter)
        audit.addHandler(handler)


class AuditFile(WatchedFileHandler):
    """A log file with mode 0600, which is reopened after a rotation (logrotate).

    Each line is one write in append mode, so that several workers can share the file.
    """

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return os.fdopen(descriptor, "a", encoding=self.encoding)


def audit_logger() -> structlog.stdlib.BoundLogger:
    """Return the logger for audit events. It ignores `log.level`."""
    logger: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger(AUDIT), wrapper_class=structlog.stdlib.BoundLogger
    )
    return logger


def get(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module. `name` is the module's `__name__`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def mask_secrets(_logger: object, _method: str, event: Event) -> Event:
    """Mask the values of fields whose name is that of a secret, and secrets inside other values."""
    for key, value in event.items():
        event[key] = _mask_trace(value) if key == "exception" and isinstance(value, str) else _mask(key, value)
    return event


def mask_text(text: str) -> str:
    """Mask tokens, credentials and codes in `text`, and escape control characters, so that a client cannot forge log lines."""
    return visible(SECRET_VALUES.sub(lambda found: (found["name"] or "") + MASK, text))


def visible(text: str) -> str:
    """Return `text` with escapes, as JSON and Python write them, in place of characters that act on a terminal or hide text."""
    return _ACTING.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return _SHORT.get(found[0]) or "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _mask(key: str, value: Any) -> Any:
    match value:
        case None:
            return None
        case Secret():
            return MASK
        case _ if SECRET_KEYS.search(key):
            return MASK
        case str():
            return mask_text(value)
        case bytes() | BaseException():
            return mask_text(repr(value))
        case dict():
            return {name: _mask(str(name), item) for name, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_mask("", item) for item in value]
        case _:
            return value


def _mask_trace(trace: str) -> str:
    """Mask a stack trace. All lines after the first are indented, so that none of them looks like a log line."""
    return "\n  ".join(mask_text(line) for line in trace.splitlines())
