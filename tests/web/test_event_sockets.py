"""Event streams and polls as sockets of a channel: framing, back-pressure, and how they close."""

import asyncio
from typing import Any

import pytest

from hub.channel.close_codes import ChannelClosed, CloseCode
from hub.channel.outbox import Frame
from hub.primitives.tasks import OwnedTasks
from hub.web.event_sockets import EventStreamSocket, PollSocket
from tests.channel.parts import settle


class FakeExchange:
    """An exchange whose client reads when the test lets it."""

    def __init__(self) -> None:
        self.is_begun = self.is_ended = self.is_aborted = False
        self.sent = b""
        self.buffered = 0
        self.taken = asyncio.Event()

    def begin(self, status: int, reason: str, fields: Any, length: int | None) -> None:
        assert (status, length) == (200, None)
        self.is_begun = True

    def write(self, segment: bytes) -> None:
        self.sent += segment

    def buffered_bytes(self) -> int:
        return self.buffered

    async def drain(self) -> None:
        await self.taken.wait()

    def end(self) -> None:
        self.is_ended = True

    def abort(self) -> None:
        self.is_ended = self.is_aborted = True


class FakeDriver:
    """Counts how often it may go on."""

    drains = 0

    def drained(self) -> None:
        self.drains += 1


class Stream:
    """An event stream, and what became of it."""

    def __init__(self) -> None:
        self.exchange, self.driver = FakeExchange(), FakeDriver()
        self.refusals: list[ChannelClosed] = []
        self.closes = 0
        self.socket = EventStreamSocket(
            self.exchange,  # type: ignore[arg-type]
            [],
            OwnedTasks("test"),
            self.refusals.append,
            self._closed,
        )
        self.socket.driver = self.driver  # type: ignore[assignment]

    def _closed(self) -> None:
        self.closes += 1


async def test_each_message_is_an_event() -> None:
    """A batch stays a batch, and a line break between tokens does not end the line."""
    stream = Stream()
    stream.socket.write_frames([Frame(False, (b'{"a":\r\n1}',)), Frame(False, (b"[", b"1,2", b"]"))], ping=True)

    assert stream.exchange.sent == b'data: {"a":  1}\n\ndata: [1,2]\n\n'


async def test_goes_on_when_the_client_has_read() -> None:
    """The driver is told once that the bytes have left, however often it wrote meanwhile."""
    stream = Stream()
    stream.exchange.buffered = 10
    for _ in range(3):
        stream.socket.write_frames([Frame(False, (b"1",))])
    await settle()
    assert (stream.socket.buffered_bytes(), stream.driver.drains) == (10, 0)
    stream.exchange.taken.set()
    await settle()

    assert stream.driver.drains == 1


@pytest.mark.parametrize(
    ("code", "is_aborted", "last"),
    [
        (CloseCode.LOG_IN, False, b'data: {"type":"close","code":4401,"reason":"why"}\n\n'),
        (CloseCode.SLOW_READER, True, b""),
    ],
)
async def test_close(code: CloseCode, is_aborted: bool, last: bytes) -> None:
    """The last message says why; a client that does not read would not read it either. A second close does nothing."""
    stream = Stream()
    stream.socket.write_frames([Frame(False, (b"1",))])
    for _ in range(2):
        stream.socket.close(code, "why")

    assert stream.exchange.sent == b"data: 1\n\n" + last
    assert (stream.exchange.is_ended, stream.exchange.is_aborted, stream.closes) == (True, is_aborted, 1)


async def test_refusal() -> None:
    """Before its first message, nothing is sent: the status of the response says why."""
    stream = Stream()
    stream.socket.close(CloseCode.CSRF, "why")

    assert [(refusal.code, refusal.reason) for refusal in stream.refusals] == [(CloseCode.CSRF, "why")]
    assert (stream.exchange.sent, stream.closes) == (b"", 1)


async def test_poll() -> None:
    """Messages and batches become one array; from its limit on it is full."""
    poll = PollSocket(8)
    poll.write_frames([Frame(False, (b"1",)), Frame(False, (b"[", b"2,3", b"]"))])
    assert (poll.document(), poll.full.is_set()) == (b"[1,[2,3]]", False)
    poll.write_frames([Frame(False, (b"45",))])
    poll.close(CloseCode.NORMAL, "polled")

    assert (poll.document(), poll.full.is_set(), poll.refusal) == (b"[1,[2,3],45]", True, None)


async def test_refused_poll() -> None:
    """A poll whose channel was refused is over at once."""
    poll = PollSocket(8)
    poll.close(CloseCode.OTHER_USER, "why")

    assert poll.full.is_set()
    assert poll.refusal is not None
    assert poll.refusal.code == CloseCode.OTHER_USER
