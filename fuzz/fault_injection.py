"""Faults at the awaits of the hub's tasks: whatever the hub waits for breaks, takes long, or the client leaves meanwhile.

`FaultInjector` is the task factory of the loop. It counts each suspension of each task that the hub starts while a plan is armed,
and injects one fault, or several in a row, at the await that the plan names.
"""

import asyncio
import gc
import inspect
from collections.abc import Callable, Coroutine, Generator, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

STALL_TURNS = 20  # of the event loop
LEAVE_TURNS = 5  # until the hub has seen that the client has left
NETWORK = ("redis.", "aiohttp.", "aiohappyeyeballs.")
"""Libraries whose awaits are of the network, and can therefore fail with `OSError` or `TimeoutError`."""

NOT_THE_NETWORK = "aiohttp.client_ws."
"""This module itself awaits only that another task of the process lets go of the WebSocket; that cannot fail."""


class Fault(Enum):
    """What happens at an await."""

    BREAK = "the connection breaks"
    TIME_OUT = "nothing comes in time"
    STALL = "it takes long"
    LEAVE = "the client leaves"


ERRORS: dict[Fault, type[OSError]] = {Fault.BREAK: ConnectionResetError, Fault.TIME_OUT: TimeoutError}


@dataclass(slots=True)
class Plan:
    """Which fault is injected, and where.

    Attributes:
        at: Number of the first await with the fault, from 1, among those where the fault can happen.
        times: How many awaits in a row have it: a retry of a library hides a single one.
        leave: Aborts the connection of the client.
        seen: Awaits so far, among those where the fault can happen.
    """

    fault: Fault
    at: int
    times: int = 1
    leave: Callable[[], None] = lambda: None
    seen: int = 0

    @property
    def was_injected(self) -> bool:
        """Whether there was such an await."""
        return self.seen >= self.at

    def strikes(self, coroutine: Any) -> bool:
        """Count an await. Return whether it gets the fault."""
        if self.fault in ERRORS and not is_of_the_network(coroutine):
            return False
        self.seen += 1
        return self.at <= self.seen < self.at + self.times


@dataclass(slots=True)
class FaultInjector:
    """Creates the tasks of a loop.

    Attributes:
        plan: The armed plan; None: tasks run as they are.
    """

    plan: Plan | None = None

    def __call__(
        self, loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **options: Any
    ) -> "asyncio.Task[Any]":
        if self.plan is not None and is_of_the_hub(coroutine):
            coroutine = _WatchedCoroutine(coroutine, self.plan)
        return asyncio.Task(coroutine, loop=loop, **options)


class _WatchedCoroutine(Coroutine[Any, Any, Any]):
    """A coroutine whose awaits the plan sees. If its task is cancelled before it begins, it ends as any other."""

    def __init__(self, coroutine: Any, plan: Plan) -> None:
        self.__qualname__ = coroutine.__qualname__
        self._coroutine = coroutine
        self._steps = _inject(coroutine, plan)
        self._has_begun = False

    def send(self, value: Any) -> Any:
        self._has_begun = True
        return self._steps.send(value)

    def throw(self, *error: Any) -> Any:
        return self._steps.throw(*error) if self._has_begun else self._coroutine.throw(*error)

    def close(self) -> None:
        self._steps.close()
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._steps


def _inject(coroutine: Any, plan: Plan) -> Generator[Any, Any, Any]:
    """Drive a coroutine, and let the plan strike between its steps."""
    step, value = coroutine.send, None
    try:
        while True:
            try:
                waited = step(value)
            except StopIteration as done:
                return done.value
            try:
                if plan.strikes(coroutine):
                    if plan.fault in ERRORS:
                        yield waited  # what was sent has had its effect, and its response is lost
                        raise ERRORS[plan.fault]("injected")
                    if plan.fault is Fault.LEAVE:
                        plan.leave()
                    _let_go(waited)
                    for _ in range(LEAVE_TURNS if plan.fault is Fault.LEAVE else STALL_TURNS):
                        yield
                    _wait_again(waited)
                step, value = coroutine.send, (yield waited)
            except BaseException as error:
                step, value = coroutine.throw, error
    finally:
        coroutine.close()


def _let_go(waited: Any) -> None:
    """Tell a future that the task does not wait for it now: asyncio checks that a yielded future was awaited."""
    if waited is not None and asyncio.isfuture(waited):
        waited._asyncio_future_blocking = False


def _wait_again(waited: Any) -> None:
    if waited is not None and asyncio.isfuture(waited):
        waited._asyncio_future_blocking = True


def is_of_the_hub(coroutine: Any) -> bool:
    """Return whether the code of a task is the hub's, or Tornado's that serves a request of it."""
    frame = getattr(coroutine, "cr_frame", None)
    module = frame.f_globals.get("__name__", "") if frame is not None else ""
    return module.startswith("hub.") or (module == "tornado.web" and coroutine.__name__ == "_execute")


def is_of_the_network(coroutine: Any) -> bool:
    """Return whether code of a network library waits, or code of Python that it has called."""
    modules = list(_modules(coroutine))
    of_library = [module.startswith(NETWORK) for module in modules]
    return (
        any(of_library)
        and modules[-1] != NOT_THE_NETWORK
        and not any(module.startswith("hub.") for module in modules[of_library.index(True) :])
    )


def _unwrapped(awaitable: Any) -> Any:
    """Return the coroutine in a wrapper, such as that of `__await__`, which shows it to the garbage collector alone."""
    return next((each for each in gc.get_referents(awaitable) if inspect.isawaitable(each) and hasattr(each, "cr_frame")), None)


def _modules(awaitable: Any) -> Iterator[str]:
    """Yield the modules of a chain of awaits, from the outermost coroutine inward."""
    while awaitable is not None:
        frame = getattr(awaitable, "cr_frame", None) or getattr(awaitable, "gi_frame", None)
        if frame is None:
            awaitable = _unwrapped(awaitable)
            continue
        yield frame.f_globals.get("__name__", "") + "."
        awaitable = getattr(awaitable, "cr_await", None) or getattr(awaitable, "gi_yieldfrom", None)
