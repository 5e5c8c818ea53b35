"""Whether this hub runs the modules that each request passes as machine code: see `COMPILE_HUB` in docs/operating.md."""

import sys


def is_compiled() -> bool:
    """Tell whether what was imported of the hot path was compiled; it was, or was not, as a whole."""
    reader = sys.modules["hub.listener.reader"].__file__
    return reader is not None and not reader.endswith(".py")
