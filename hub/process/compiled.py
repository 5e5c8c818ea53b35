"""Check whether the hot path is compiled to machine code (`COMPILE_HUB` in docs/operating.md)."""

import sys


def is_compiled() -> bool:
    """Return whether the imported modules of the hot path are compiled. Either all of them are, or none."""
    reader = sys.modules["hub.listener.reader"].__file__
    return reader is not None and not reader.endswith(".py")
