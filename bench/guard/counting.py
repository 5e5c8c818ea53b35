"""Counts what the interpreter, the event loop and Redis are asked to do while some code runs."""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import Any, Self

import msgspec
import uvloop

BENCH = str(Path(__file__).resolve().parent.parent)
JSON_METHODS = frozenset({"encode", "encode_into", "encode_lines", "decode", "decode_lines"})
JSON_FUNCTIONS = (msgspec.json.encode, msgspec.json.decode)
STANDARD_JSON = frozenset({"dumps", "loads"})


class CountingLoop(uvloop.Loop):
    """uvloop's event loop, which counts what is put on it: callbacks, timers and tasks.

    Attributes:
        counts: How many of each so far.
    """

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self._is_still = False
        self._due: list[tuple[asyncio.TimerHandle, Callable[[], object]]] = []
        self.set_task_factory(_counted_task)

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Hold back due timers until the end of the block, so that counts do not depend on how fast the machine is."""
        self._is_still = True
        try:
            yield
        finally:
            self._is_still = False
            for timer, run in self._due:
                if not timer.cancelled():
                    super().call_soon(run)
            self._due.clear()

    def call_soon(self, *args: Any, **kwargs: Any) -> asyncio.Handle:
        """Count a callback."""
        self.counts["callbacks"] += 1
        return super().call_soon(*args, **kwargs)

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Count a timer; `call_at` comes here as well."""
        self.counts["timers"] += 1

        def run() -> None:
            if self._is_still:
                self._due.append((timer, run))
            else:
                callback(*args)

        timer = super().call_later(delay, run, context=context)
        return timer


def _counted_task(
    loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], context: Context | None = None, **options: Any
) -> asyncio.Task[Any]:
    assert isinstance(loop, CountingLoop)
    loop.counts["tasks"] += 1
    return asyncio.Task(work, loop=loop, context=context, **options)


class Profile:
    """Counts calls of Python functions and of JSON encoders and decoders in a block, those of the load left out.

    A coroutine that goes on counts as a call: its function is entered again.

    Attributes:
        calls: Functions of Python by file and name.
        json: Encoders and decoders by the file that calls them.
    """

    def __init__(self) -> None:
        self.calls: Counter[CodeType] = Counter()
        self.json: Counter[str] = Counter()

    def __enter__(self) -> Self:
        sys.setprofile(self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        sys.setprofile(None)

    def _note(self, frame: FrameType, event: str, called: Any) -> None:
        code = frame.f_code
        if code.co_filename.startswith(BENCH):
            return
        if event == "call":
            self.calls[code] += 1
            if code.co_name in STANDARD_JSON and code.co_filename.endswith("json/__init__.py"):
                self.json[code.co_filename] += 1
        elif event == "c_call" and _is_json(called):
            self.json[code.co_filename] += 1

    def dearest(self, count: int) -> list[tuple[str, int]]:
        """Return the functions that were called most often, for whoever has to find out what a request does more than before."""
        return [(f"{Path(code.co_filename).name}:{code.co_qualname}", number) for code, number in self.calls.most_common(count)]


def _is_json(called: Any) -> bool:
    """Tell whether this is of msgspec's JSON half; MessagePack, in which sessions are kept, is its other."""
    if called in JSON_FUNCTIONS:
        return True
    is_coder = isinstance(getattr(called, "__self__", None), msgspec.json.Encoder | msgspec.json.Decoder)
    return is_coder and called.__name__ in JSON_METHODS
