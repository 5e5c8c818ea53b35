"""Structured log events with secrets masked. An event has a name and fields, no prose: `log.info("session.started", ...)`.

Sessions are named by `session_ref`, the beginning of the hash under which they are stored: enough to follow one through
the log, useless to anybody who wants to be that session.
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
    r"|password|secret|client_secret|cookie|authorization|session_id|csrf)$",
    re.IGNORECASE,
)

SECRET_VALUES = re.compile(
    r"eyJ[\w-]{4,}\.[\w-]+\.?[\w-]*"  # a JWT
    r"|(?i:(?<=bearer )|(?<=basic ))[\w.~+/=-]{8,}"  # credentials of an Authorization header
    r"|(?P<name>(?<![\w-])(?:code|state|nonce|code_verifier|access_token|refresh_token|id_token|id_token_hint|logout_token"
    r"|client_secret|password|(?:__Host-Http-hub|hub-insecure)(?:-login)?|XSRF-TOKEN)=)[^&;\s\"']+",  # URL, form, cookie
)

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

Event = MutableMapping[str, Any]


def configure(level: str, output_format: str, stream: TextIO | None = None, *, audit_file: str = "") -> None:
    """Send every log record of this process, those of libraries included, through the mask to `stream` (standard error).

    Parameters:
        level: `DEBUG`, `INFO`, `WARNING` or `ERROR`.
        output_format: `console` for people, `json` for machines.
        audit_file: Where the audit events go, as JSON; empty: to the others, whatever their level.

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
    logging.getLogger("tornado.access").disabled = True  # the hub writes its own line for each request
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
    """A file that only its owner can read, opened anew when somebody has moved it away (logrotate).

    Each line is one write at the end of the file, so that several workers can share it.
    """

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return os.fdopen(descriptor, "a", encoding=self.encoding)


def audit_logger() -> structlog.stdlib.BoundLogger:
    """Return the logger of the audit events. It has no level of its own: what is to be audited always is."""
    logger: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger(AUDIT), wrapper_class=structlog.stdlib.BoundLogger
    )
    return logger


def get(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module; `name` is its `__name__`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def mask_secrets(_logger: object, _method: str, event: Event) -> Event:
    """Replace what must not be read in a log: fields with a secret's name, and secrets inside other text."""
    for key, value in event.items():
        event[key] = _mask_trace(value) if key == "exception" and isinstance(value, str) else _mask(key, value)
    return event


def mask_text(text: str) -> str:
    """Mask tokens, credentials and codes inside `text`, and escape line breaks, with which a client could forge log lines."""
    masked = SECRET_VALUES.sub(lambda found: (found["name"] or "") + MASK, text)
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), masked)


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
    """Keep the lines of a stack trace, but set in all after the first: none of them can pass for a log line of its own."""
    return "\n  ".join(mask_text(line) for line in trace.splitlines())
