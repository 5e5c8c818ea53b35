"""Structured log events with secrets masked. An event has a name and fields, no prose: `log.info("session.started", ...)`.

Sessions are named by `session_ref`, the beginning of the hash under which they are stored: enough to follow one through
the log, useless to anybody who wants to be that session.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from hub.secret import Secret

MASK = "***"

SECRET_KEYS = re.compile(
    r"(^|_)(access_token|refresh_token|id_token|id_token_hint|logout_token|token|code|state|nonce|code_verifier|verifier"
    r"|password|secret|client_secret|cookie|authorization|session_id|csrf)$",
    re.IGNORECASE,
)

SECRET_VALUES = re.compile(
    r"eyJ[\w-]{4,}\.[\w-]+\.?[\w-]*"  # a JWT
    r"|(?i:(?<=bearer )|(?<=basic ))[\w.~+/=-]{8,}"  # credentials of an Authorization header
    r"|(?i:(?<=[?&\s]code=)|(?<=[?&\s]state=)|(?<=[?&]access_token=)|(?<=[?&]id_token_hint=))[^&\s\"']+"  # in a URL
)

Event = MutableMapping[str, Any]


def configure(level: str, output_format: str, stream: TextIO | None = None) -> None:
    """Send every log record of this process, those of libraries included, through the mask to `stream` (standard error).

    Parameters:
        level: `DEBUG`, `INFO`, `WARNING` or `ERROR`.
        output_format: `console` for people, `json` for machines.
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
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.getLogger("tornado.access").disabled = True  # the hub writes its own line for each request


def get(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module; `name` is its `__name__`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def mask_secrets(_logger: object, _method: str, event: Event) -> Event:
    """Replace what must not be read in a log: fields with a secret's name, and secrets inside other text."""
    for key, value in event.items():
        if isinstance(value, Secret) or (SECRET_KEYS.search(key) and value is not None):
            event[key] = MASK
        elif isinstance(value, str):
            event[key] = mask_text(value)
        elif isinstance(value, dict):
            event[key] = mask_secrets(_logger, _method, dict(value))
        elif isinstance(value, BaseException):
            event[key] = mask_text(repr(value))
    return event


def mask_text(text: str) -> str:
    """Mask tokens, credentials and codes inside `text`, and line breaks, with which a client could forge log lines."""
    return SECRET_VALUES.sub(MASK, text)
