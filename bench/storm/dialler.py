"""A client of the channel that does nothing but stay connected, as lean as can be: two thousand of them are one small process."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

from bench.ground.members import Member
from bench.load_channel import CHANNEL_PATH, SUBPROTOCOL
from bench.rounds import WrongAnswer
from bench.websocket import CLOSE, FrameReader, build_handshake, frame

FIRST_PAUSE_SECONDS = 0.5  # as in `hub_client` and in the Angular client
LONGEST_PAUSE_SECONDS = 30.0
HELLO = b'{"type":"hello","csrf":"%s","capabilities":["drain"]}'
END_OF_HEAD = b"\r\n\r\n"


@dataclass
class Tally:
    """The results of the dials.

    Attributes:
        ready_at: When each channel was ready again, for the first time (`time.monotonic`).
        dials: How often somebody dialled; `refused` of these came to nothing.
        refusals: What was said instead, with its count.
    """

    ready_at: list[float] = field(default_factory=list)
    dials: int = 0
    refused: int = 0
    refusals: dict[str, int] = field(default_factory=dict)

    def refuse(self, why: str) -> None:
        """Count a dial that came to nothing."""
        self.refused += 1
        self.refusals[why] = self.refusals.get(why, 0) + 1


class Channel(asyncio.Protocol):
    """One socket. Tells its client what happens to it."""

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._frames = FrameReader()
        self._head: bytes | None = b""
        self.is_ready = False
        self.said = "no answer"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say both hellos at once."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it
        self.transport.write(self._client.greeting)

    def data_received(self, data: bytes) -> None:
        """Look at what the hub says."""
        if self._head is not None:
            self._head += data
            head, end, data = self._head.partition(END_OF_HEAD)
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101 "):
                self.said = head.split(b"\r\n")[0].decode("latin-1")
                self.transport.close()
                return
            self._head = None
        for opcode, payload in self._frames.feed(data):
            self._take(opcode, payload)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the client, who dials again."""
        self._client.lost(self)

    def leave(self) -> None:
        """Say goodbye: another channel has taken over."""
        self.transport.write(frame(b'{"type":"bye"}'))

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == CLOSE:
            self.said = f"close {int.from_bytes(payload[:2])}"
        elif payload.startswith(b'{"type":"ready"'):
            self.is_ready = True
            self._client.ready(self)
        elif payload.startswith(b'{"type":"ping"'):
            self.transport.write(frame(payload.replace(b"ping", b"pong", 1)))
        elif payload.startswith(b'{"type":"going_away"'):
            self._client.told_to_go(int(payload.partition(b'"within_ms":')[2].rstrip(b"}")) / 1000)


class Client:
    """One user with a channel that is to be open always. Pauses are drawn as the hub's own clients draw them."""

    def __init__(self, member: Member, url: str, dial_port: Callable[[], int], tally: Tally, jitter: Callable[[], float]) -> None:
        hello = frame(HELLO % member.csrf.encode())
        self.greeting = build_handshake(CHANNEL_PATH, member.channel_headers(url), SUBPROTOCOL) + hello
        self.channel: Channel | None = None
        self._dial_port = dial_port
        self.tally = tally
        self._jitter = jitter
        self._failures = 0
        self._is_over = False

    def dial(self) -> None:
        """Open a channel; nobody waits for it."""
        if not self._is_over:
            self.tally.dials += 1
            asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: Channel(self), "127.0.0.1", self._dial_port())
        except OSError as error:
            self._failed(type(error).__name__)

    def ready(self, channel: Channel) -> None:
        """Use this channel from now on."""
        before, self.channel = self.channel, channel
        self._failures = 0
        self.tally.ready_at.append(time.monotonic())
        if before is not None:
            before.leave()

    def lost(self, channel: Channel) -> None:
        """Dial again, unless another channel has taken over."""
        if not channel.is_ready:
            self._failed(channel.said)
        elif channel is self.channel:
            self.channel = None
            self._later(self._jitter() * FIRST_PAUSE_SECONDS)

    def told_to_go(self, within_seconds: float) -> None:
        """Dial at a random moment of the first half of that time."""
        self._later(self._jitter() * within_seconds / 2)

    def close(self) -> None:
        """Close the channel, and dial no more."""
        self._is_over = True
        if self.channel is not None:
            self.channel.transport.abort()

    def _failed(self, why: str) -> None:
        self.tally.refuse(why)
        pause = min(FIRST_PAUSE_SECONDS * 2**self._failures, LONGEST_PAUSE_SECONDS)
        self._failures += 1
        self._later(self._jitter() * pause)

    def _later(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self.dial)


def with_jitter() -> float:
    """Draw as the hub's clients do: anything from zero to one."""
    return random.random()


def all_at_once() -> float:
    """Wait for nothing."""
    return 0.0


async def until_ready(tally: Tally, count: int, seconds: float) -> bool:
    """Wait until so many channels are ready; tell whether they were in time."""
    give_up_at = time.monotonic() + seconds
    while len(tally.ready_at) < count and time.monotonic() < give_up_at:
        await asyncio.sleep(0.02)
    return len(tally.ready_at) >= count


async def dial_all(clients: Sequence[Client], tally: Tally, at_once: int = 50) -> None:
    """Open the channels of all clients, a few at a time.

    Raises:
        WrongAnswer: Some are not ready after a minute.
    """
    for begin in range(0, len(clients), at_once):
        for client in clients[begin : begin + at_once]:
            client.dial()
        if not await until_ready(tally, min(begin + at_once, len(clients)), 60.0):
            raise WrongAnswer(f"channels could not be opened: {tally.refusals}")
