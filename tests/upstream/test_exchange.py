"""One exchange by itself: how it ends while its caller waits."""

import asyncio
import gc
from typing import Any

import pytest

from hub.upstream.exchange import UpstreamExchange
from hub.upstream.failure import Failure, ResponseClosed, ServerStalled
from hub.upstream.request import make_request


class Connection:
    """A connection that only notes why it ended, and tells its exchange."""

    exchange: UpstreamExchange
    failures: list[Failure]

    def __init__(self) -> None:
        self.failures = []
        self.exchange = UpstreamExchange(self, make_request("GET", "/", "api", [], b"", 0), 60.0, None)

    async def writable(self) -> None:
        """Accept bytes at once."""

    def write(self, *parts: bytes) -> None:
        """Drop them."""

    def resume_reading(self) -> None:
        """Read on."""

    def fail(self, failure: Failure) -> None:
        """End."""
        self.failures.append(failure)
        self.exchange.fail(failure)


async def test_caller_that_is_cancelled_between_two_steps() -> None:
    """A cancellation that reaches the caller while its future still waits ends the connection, and leaves no error behind."""
    unretrieved: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unretrieved.append(context))
    connection = Connection()
    wait = connection.exchange.head()
    wait.send(None)
    with pytest.raises(asyncio.CancelledError):
        wait.throw(asyncio.CancelledError())

    failures = connection.failures
    del connection, wait
    gc.collect()

    assert [type(failure) for failure in failures] == [ResponseClosed]
    assert unretrieved == []


@pytest.mark.parametrize("progress", ["upload_progressed", "write"])
async def test_progress_of_an_upload_restarts_the_stall_timeout(progress: str) -> None:
    """An upload that the API accepts slowly is no silence; it is one for the whole time after the last bytes."""
    exchange = Connection().exchange
    wait = exchange.head()
    wait.send(None)
    silent = [exchange.overdue(at, at) for at in (0.0, 50.0)]
    getattr(exchange, progress)()
    restarted = [exchange.overdue(at, at) for at in (61.0, 120.0)]

    assert silent + restarted == [None] * 4
    assert isinstance(exchange.overdue(121.0, 121.0), ServerStalled)
    wait.close()
