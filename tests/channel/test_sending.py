"""Bringing an outbox to its socket: when it is written, who waits, and which clients are too slow."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from hub.channel.close_codes import ChannelClosed, CloseCode
from hub.channel.codec import BodyFrame
from hub.channel.outbox import Outbox
from hub.channel.sending import Sender
from hub.config.settings import ChannelSettings
from tests.channel.parts import Socket, settle

SETTINGS = replace(ChannelSettings(), frame=100, outbox=500, slow_reader_timeout_seconds=10.0)


@dataclass
class Line:
    """A sender with its socket."""

    outbox: Outbox = field(default_factory=Outbox)
    socket: Socket = field(default_factory=Socket)
    unsent: int = 0

    def __post_init__(self) -> None:
        self.sender = Sender(self.outbox, self.socket, SETTINGS, self.note_unsent)
        self.socket.on_drained = self.sender.drained

    def note_unsent(self) -> None:
        self.unsent += 1

    async def send(self, *messages: bytes, bodies: int = 0) -> None:
        """Send messages, and frames of a body of 92 bytes each, 100 with their header."""
        for message in messages:
            self.outbox.push(message)
            self.sender.schedule()
        for _ in range(bodies):
            self.outbox.push_body(BodyFrame(1, b"x" * 92), 0)
        self.sender.schedule()
        await settle()


async def test_one_write_a_turn() -> None:
    """What is added in one turn of the loop leaves together, and nothing is written for nothing."""
    line = Line()
    await line.send(b"1", b"2", b"3")
    await line.send()

    assert (line.socket.writes, line.socket.take(), line.unsent) == (1, [1, 2, 3], 0)


async def test_ping_leaves_with_a_message() -> None:
    """One write for both, and one ping for each time."""
    line = Line()
    line.outbox.push(b"1")
    line.sender.ping()
    await settle()
    await line.send(b"2")

    assert (line.socket.pings, line.socket.writes) == (1, 2)


class TestBackPressure:
    """A client that takes nothing."""

    async def test_socket_holds_little(self) -> None:
        """Body frames stay in the outbox beyond two, where a small message can overtake them."""
        line = Line()
        line.socket.stalled = True
        await line.send(bodies=5)
        await line.send(b"1")
        begun = line.socket.take()
        line.socket.drain()
        await settle()

        assert (len(begun), line.unsent > 0) == (2, True)
        assert line.socket.take() == [1, *[BodyFrame(1, b"x" * 92)] * 3]
        assert not line.sender.has_unsent

    async def test_unsent_until_it_has_drained(self) -> None:
        """What waits in the outbox or in the socket counts."""
        line = Line()
        before = line.sender.has_unsent
        line.outbox.push(b"1")
        waiting = line.sender.has_unsent
        line.socket.stalled = True
        await line.send()
        stalled = line.sender.has_unsent
        line.socket.drain()

        assert (before, waiting, stalled, line.sender.has_unsent) == (False, True, True, False)

    @pytest.mark.parametrize(("size", "is_full"), [(500, False), (501, True)])
    async def test_full(self, size: int, is_full: bool) -> None:
        """Producers wait for more room than the settings allow, not for as much."""
        line = Line()
        line.outbox.push(b"x" * size)

        assert line.sender.is_full is is_full
        line.sender.stop()
        assert not line.sender.is_full

    async def test_bytes_in_the_socket_count(self) -> None:
        """They are in memory as well."""
        line = Line()
        line.socket.stalled = True
        await line.send(b"[" + b" " * 400 + b"1]")  # 403 bytes, and 4 of the frame
        line.outbox.push(b"x" * 93)
        line_is_full = line.sender.is_full
        line.outbox.push(b"x")

        assert (line_is_full, line.sender.is_full) == (False, True)


class TestProducers:
    """Who waits until there is room, or credit."""

    async def test_room(self) -> None:
        """A producer goes on when the outbox is not full any more."""
        line = Line()
        line.socket.stalled = True
        await line.send(b"1" * 600)
        waiting = asyncio.ensure_future(line.sender.wait_writable())
        await settle()
        before = waiting.done()
        line.socket.drain()
        await settle()

        assert (before, waiting.done()) == (False, True)

    async def test_room_that_a_write_makes(self) -> None:
        """Nobody has to wait for the socket to be empty if what waited fits into it."""
        line = Line()
        line.outbox.push(b"1" * 600)
        waiting = asyncio.ensure_future(line.sender.wait_writable())
        await settle()
        line.sender.schedule()
        await settle()

        assert waiting.done()

    async def test_credit(self) -> None:
        """There has to be credit too, and it is looked at whenever some has come."""
        line, credit = Line(), [0]
        waiting = asyncio.ensure_future(line.sender.wait_writable(lambda: credit[0]))
        await settle()
        line.sender.credit_added()
        await settle()
        before = waiting.done()
        credit[0] = 1
        line.sender.credit_added()
        await settle()

        assert (before, waiting.done()) == (False, True)

    async def test_end(self) -> None:
        """At the end of the channel nobody is left waiting."""
        line = Line()
        line.outbox.push(b"x" * 600)
        waiting = asyncio.ensure_future(line.sender.wait_writable(lambda: 0))
        await settle()
        line.sender.stop()
        await settle()

        assert waiting.done()


async def test_stop() -> None:
    """The messages that wait leave, bodies do not, and nothing more is written afterwards."""
    line = Line()
    line.outbox.push(b"1")
    line.outbox.push_body(BodyFrame(1, b"x"), 0)
    line.sender.schedule()
    line.sender.stop()
    line.sender.stop()
    await line.send(b"2")

    assert (line.socket.take(), line.socket.writes) == ([1], 1)


class TestProgress:
    """Slow readers."""

    async def test_nothing_waits(self) -> None:
        """A client that has taken everything may be silent for as long as it likes."""
        line = Line()
        await line.send(b"1")
        line.sender.check_progress(0.0)
        line.sender.check_progress(1000.0)

    async def test_no_progress(self) -> None:
        """The channel is closed ten seconds after the last byte was taken, and not earlier."""
        line = Line()
        line.socket.stalled = True
        await line.send(b"1" * 50)
        line.sender.check_progress(100.0)
        line.sender.check_progress(109.9)
        line.socket.drain(1)
        line.sender.check_progress(110.0)
        line.sender.check_progress(119.9)
        with pytest.raises(ChannelClosed) as caught:
            line.sender.check_progress(120.0)

        assert caught.value.code is CloseCode.SLOW_READER

    @pytest.mark.parametrize("rest", [1, 5])
    async def test_second_stall_has_all_the_time(self, rest: int) -> None:
        """However little was left at the last look: the clock of a stall begins when the client stops again."""
        line = Line()
        line.socket.stalled = True
        await line.send(b"1" * 50)
        line.sender.check_progress(100.0)
        line.socket.drain(54 - rest)
        line.sender.check_progress(101.0)
        line.socket.drain()
        line.socket.stalled = True
        await line.send(bodies=2)
        line.sender.check_progress(200.0)
        line.sender.check_progress(209.9)
        with pytest.raises(ChannelClosed):
            line.sender.check_progress(210.0)

    async def test_client_that_never_reads(self) -> None:
        """It has all the time as well, although nothing has left since the channel opened."""
        line = Line()
        line.socket.stalled = True
        await line.send(b"1")
        line.sender.check_progress(100.0)
        line.sender.check_progress(109.9)
        with pytest.raises(ChannelClosed):
            line.sender.check_progress(110.0)
