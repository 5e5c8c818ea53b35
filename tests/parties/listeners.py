"""The HTTP server that the hubs of a test run on; `tests/choice_of_listener.py` lets pytest choose it."""

from contextvars import ContextVar

from hub.listener.listener import HttpListener
from hub.listener.tornado_listener import TornadoListener
from hub.process.server import LISTENERS

chosen: ContextVar[str] = ContextVar("chosen", default="fast")
"""One of the names of `server.listener`."""


def chosen_listener() -> type[HttpListener] | type[TornadoListener]:
    """Return the server that the test has chosen."""
    return LISTENERS[chosen.get()]
