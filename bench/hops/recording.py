"""Records which modules of the project some code enters, and by which functions."""

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from bench.guard.counting import BENCH, Profile

PROJECT = str(Path(BENCH).parent)
NOT_THE_HUB = tuple(f"{PROJECT}/{name}/" for name in ("bench", "tests", "iris_standin"))
EVENT_LOOP = "event loop"


class Recorder(Profile):
    """Records the hops of a block: each call of a function in another module of the hub.

    Attributes:
        files: How often functions of each module were called, by the module's name, in the order of the first call.
        hops: How often each pair of functions called each other across modules, in the order of the first call. The caller is
            the nearest function of the hub: what a library does in between is left out. It is `EVENT_LOOP` if there is none.
        entries: The functions that the event loop called.
    """

    def __init__(self, idle: Collection[str] = ()) -> None:
        """Prepare a recording that leaves out what begins with one of the `idle` entries."""
        super().__init__()
        self.files: Counter[str] = Counter()
        self.hops: Counter[tuple[str, str]] = Counter()
        self.entries: set[str] = set()
        self._idle = idle
        self._entered: set[FrameType] = set()

    def _note(self, frame: FrameType, event: str, called: Any) -> None:
        super()._note(frame, event, called)
        if event == "call" and _is_of_the_hub(frame):
            self._enter(frame)

    def _enter(self, frame: FrameType) -> None:
        stack = [each for each in _stack(frame) if _is_of_the_hub(each)]
        entry = _name(stack[-1])
        if entry in self._idle:
            return
        self.entries.add(entry)
        self.files[_module(frame)] += 1
        if frame in self._entered:  # a coroutine that goes on
            return
        self._entered.add(frame)
        if len(stack) == 1:
            self.hops[EVENT_LOOP, entry] += 1
        elif _module(stack[1]) != _module(frame):
            self.hops[_name(stack[1]), _name(frame)] += 1


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _is_of_the_hub(frame: FrameType) -> bool:
    file = frame.f_code.co_filename
    return file.startswith(PROJECT) and "site-packages" not in file and not file.startswith(NOT_THE_HUB)


def _module(frame: FrameType) -> str:
    parts = Path(frame.f_code.co_filename).relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts).removeprefix("hub.").removesuffix(".__init__")


def _name(frame: FrameType) -> str:
    """Return module and function; what is defined inside a function is called by the name of that function."""
    return f"{_module(frame)}.{frame.f_code.co_qualname.partition('.<')[0]}"
