"""Any bytes as what a browser sends: never more or other requests than a strict reading of RFC 9112 finds, wherever they are cut.

The first byte says what answers them, and the second one the size of the pieces; the rest are the bytes of the connection.
"""

import re
from dataclasses import dataclass, field

from fuzz.request_reference import Request, read
from hub.listener.connection import ClientConnection, ClientConnections
from hub.listener.discard_body import DiscardBody
from hub.listener.exchange import Exchange
from hub.listener.work_budget import WorkLimits
from hub.primitives.clock import SystemClock

UNLIMITED = WorkLimits(per_turn=1 << 40)  # no connection ever waits for another turn: there is no loop here
Taken = tuple[str, str, list[tuple[str, str]], bytes]


@dataclass
class Transport:
    """Takes what is sent, all of it at once, as long as it is open."""

    sent: bytes = b""
    is_closed: bool = False

    def write(self, data: bytes) -> None:
        """Take it."""
        assert not self.is_closed
        self.sent += data

    def close(self) -> None:
        """Take no more."""
        self.is_closed = True

    abort = write_eof = close

    def is_closing(self) -> bool:
        """Tell whether it is closed."""
        return self.is_closed

    def can_write_eof(self) -> bool:
        """Tell so: what is sent after the end would be seen."""
        return True

    def get_extra_info(self, name: str) -> None:
        """Return nothing: there is no socket."""

    def get_write_buffer_size(self) -> int:
        """Return how much waits: nothing."""
        return 0

    def set_write_buffer_limits(self, high: int, low: int) -> None:
        """Do nothing."""

    def pause_reading(self) -> None:
        """Do nothing: the fuzzer sends all the same."""

    resume_reading = pause_reading


@dataclass
class Receiver:
    """Answers a request: when it is whole, or at once."""

    exchange: Exchange
    taken: list[Taken]
    body: bytes = b""
    ends: int = 0

    def data_received(self, data: bytes) -> None:
        """Collect."""
        assert not self.ends
        self.body += data

    def finish(self) -> None:
        """Answer."""
        self.ends += 1
        head = self.exchange.head
        self.taken.append((head.method, f"{head.path}?{head.query}", head.headers, self.body))
        self.exchange.send(200, "", [], b"whole")

    def on_connection_close(self) -> None:
        """End."""
        self.ends += 1


@dataclass
class Front:
    """Answers requests as a byte says: each when it is whole, some of them at once, or with an upgrade."""

    way: int
    taken: list[Taken] = field(default_factory=list)
    receivers: list[Receiver] = field(default_factory=list)

    def open(self, exchange: Exchange) -> Receiver | DiscardBody:
        """Take a request."""
        if self.way & 1 and len(self.receivers) % 3 == 2:
            exchange.send(403, "", [], b"at once")
            return DiscardBody()
        receiver = Receiver(exchange, self.taken)
        self.receivers.append(receiver)
        return receiver


def check_request(data: bytes) -> None:
    """Raise AssertionError, or whatever the connection raised, if `data` shows a defect."""
    way, size, wire = data[0] if data else 0, max(1, *data[1:2], 1), data[2:]
    whole, transport = serve(way, [wire])
    pieces, _ = serve(way, [wire[start : start + size] for start in range(0, len(wire), size)])
    assert pieces.taken == whole.taken, "cut in another way, it is other requests"
    assert transport.sent.count(b"HTTP/1.1 200 OK\r\n") == len(whole.taken)
    if way & 1 == 0:
        expected = [_as_taken(request) for request in read(wire)]
        assert whole.taken == expected[: len(whole.taken)], "other requests than were sent"


def serve(way: int, pieces: list[bytes]) -> tuple[Front, Transport]:
    """Let a connection read pieces, and end."""
    front, transport = Front(way), Transport()
    connections = ClientConnections(front, max_head_bytes=300, error_headers=[], clock=SystemClock(), work_limits=UNLIMITED)
    connection = ClientConnection(connections)
    connection.connection_made(transport)  # type: ignore[arg-type]
    for piece in pieces:
        if transport.is_closed:
            break
        connection.data_received(piece)
    transport.is_closed = True
    connection.connection_lost(None)
    assert all(receiver.ends == 1 for receiver in front.receivers)
    assert not connections.open
    return front, transport


def _as_taken(request: Request) -> Taken:
    """Return what is to come of a request; its target may name the server once more."""
    path, _, query = re.sub(
        r"^https?://[^/?]+(?=([/?]?))", lambda found: "" if found[1] == "/" else "/", request.target, flags=re.I
    ).partition("?")
    fields = [(name.decode(), value.decode("latin-1")) for name, value in request.fields]
    return request.method, f"{path}?{query}", fields, request.body
