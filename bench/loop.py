"""The event loop of the load generator and of the upstream: uvloop where it is installed, as in the hub itself."""

import asyncio
from collections.abc import Callable


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the loop; None for the one of the standard library."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
