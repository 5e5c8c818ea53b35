"""The abuses: what one client does to the hub, as fast as the hub lets it. Each is a function in `ABUSES`.

An abuse runs until it is cancelled. The bench runs it in a process of its own; `tests/scenarios/test_abuse.py` runs it beside a
ward. To add one, write a coroutine function with one `Ground` and mark it with `@abuse`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from bench.websocket import CLOSE, FrameReader, build_handshake, frame

BATCH = 2000  # frames or requests in one write
RETRY_SECONDS = 0.01
ATTACKER = "127.0.0.2"  # address from which the attacker connects, unlike the victim and the proxies
HELD = 1050  # more than `upstream.connections`
TRICKLE_SECONDS = 10.0
HELD_RETRY_SECONDS = 1.0


class Ground(msgspec.Struct, kw_only=True):
    """The facts about the hub that an attacker knows.

    Attributes:
        port: Where it connects, on the loopback interface.
        url: The hub's public URL.
        cookie: The cookies of a session of its own; empty if it is not logged in.
        csrf: The CSRF token of that session.
    """

    port: int
    url: str
    cookie: str = ""
    csrf: str = ""

    @property
    def host(self) -> str:
        """The value of `Host`."""
        return self.url.partition("//")[2]

    def page_headers(self) -> dict[str, str]:
        """Return what a page of the hub sends with its handshake."""
        return {"Host": self.host, "Origin": self.url, **({"Cookie": self.cookie} if self.cookie else {})}


@dataclass
class Toll:
    """The effects of an abuse so far.

    Attributes:
        sent: Frames or requests that the hub's socket has taken.
        closes: Close codes of its channels, and statuses that came with `Connection: close`.
    """

    sent: int = 0
    closes: list[int] = field(default_factory=list)


Attack = Callable[[Ground, Toll], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Abuse:
    """One way to abuse the hub.

    Attributes:
        title: What it does, for the table.
        needs_login: Whether the attacker is logged in.
    """

    title: str
    needs_login: bool
    run: Attack


ABUSES: dict[str, Abuse] = {}
"""All abuses by their names."""


def abuse(title: str, *, needs_login: bool = False) -> Callable[[Attack], Attack]:
    """Return a decorator that adds an abuse to the registry, under the name of the function."""

    def add(attack: Attack) -> Attack:
        ABUSES[getattr(attack, "__name__").replace("_", "-")] = Abuse(title, needs_login, attack)  # noqa: B009
        return attack

    return add


@abuse("pong messages back to back on one channel", needs_login=True)
async def pong_messages(ground: Ground, toll: Toll) -> None:
    """Send `pong` messages on one channel."""
    await _flood_channel(ground, toll, frame(b'{"type":"pong","n":1}'))


@abuse("pong messages in batches of 3,000", needs_login=True)
async def pong_batches(ground: Ground, toll: Toll) -> None:
    """Send `pong` messages on one channel, as many in one WebSocket message as it may hold."""
    await _flood_channel(ground, toll, frame(b"[" + b",".join([b'{"type":"pong","n":1}'] * 3000) + b"]"), count=5)


@abuse("ping messages back to back on one channel", needs_login=True)
async def ping_messages(ground: Ground, toll: Toll) -> None:
    """Send `ping` messages on one channel."""
    await _flood_channel(ground, toll, frame(b'{"type":"ping","n":1}'))


@abuse("WebSocket pings back to back on one channel", needs_login=True)
async def websocket_pings(ground: Ground, toll: Toll) -> None:
    """Send ping frames on one channel."""
    await _flood_channel(ground, toll, frame(b"", 0x9))


@abuse("empty fragments back to back on one channel", needs_login=True)
async def empty_fragments(ground: Ground, toll: Toll) -> None:
    """Send a message in fragments without an end."""
    beginning, empty = bytes((0x01, 0x80, 0, 0, 0, 0)), bytes((0x00, 0x80, 0, 0, 0, 0))
    await _flood_channel(ground, toll, empty, first=beginning)


@abuse("pipelined GET /hub/channel without an upgrade")
async def refused_requests(ground: Ground, toll: Toll) -> None:
    """Pipeline requests that are refused."""
    await _pipeline(ground, toll, f"GET /hub/channel HTTP/1.1\r\nHost: {ground.host}\r\n\r\n".encode())


@abuse("pipelined GET of a route without a session")
async def requests_without_session(ground: Ground, toll: Toll) -> None:
    """Pipeline API requests that are refused with 401 or 403."""
    await _pipeline(ground, toll, f"GET /api/1024.json HTTP/1.1\r\nHost: {ground.host}\r\n\r\n".encode())


@abuse("refused handshakes, each on a connection of its own")
async def refused_dials(ground: Ground, toll: Toll) -> None:
    """Dial a channel with a foreign origin, on a new connection each time."""
    request = build_handshake("/hub/channel", {"Host": ground.host, "Origin": "https://elsewhere.example"})
    while True:
        async with _connected(ground) as (reader, writer):
            writer.write(request)
            await _swallow_errors(reader.read(4096))
            toll.sent += 1


@abuse("malformed requests, each on a connection of its own")
async def malformed_requests(ground: Ground, toll: Toll) -> None:
    """Send a request without a Host, on a new connection each time."""
    while True:
        async with _connected(ground) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            toll.sent += 1
            if head := await _swallow_errors(reader.readuntil(b"\r\n\r\n")):
                toll.closes.append(int(head.split()[1]))


@abuse("connections without a request")
async def empty_connections(ground: Ground, toll: Toll) -> None:
    """Connect and close again and again."""
    while True:
        async with _connected(ground):
            toll.sent += 1
        await asyncio.sleep(0)


@abuse("logins begun in a loop")
async def logins_begun(ground: Ground, toll: Toll) -> None:
    """Pipeline the beginnings of logins."""
    await _pipeline(ground, toll, f"GET /hub/login HTTP/1.1\r\nHost: {ground.host}\r\n\r\n".encode(), batch=50)


@abuse("1,050 uploads of one session that trickle", needs_login=True)
async def trickling_uploads(ground: Ground, toll: Toll) -> None:
    """Announce 50 MB, send 70 kB, then a byte every ten seconds; begin anew when the hub gives an upload up."""
    head = f"POST /api/sink HTTP/1.1\r\n{_own_headers(ground)}Content-Length: 50000000\r\n\r\n"
    await _hold(ground, toll, head.encode() + bytes(70_000), b"x")


@abuse("1,050 calls of one session to a slow part of the API", needs_login=True)
async def slow_calls(ground: Ground, toll: Toll) -> None:
    """Ask for what the API has only after a minute."""
    await _hold(ground, toll, f"GET /api/wait/60000/1024.json HTTP/1.1\r\n{_own_headers(ground)}\r\n".encode(), b"")


def _own_headers(ground: Ground) -> str:
    cookie = f"Cookie: {ground.cookie}\r\nX-XSRF-TOKEN: {ground.csrf}\r\n" if ground.cookie else ""
    return f"Host: {ground.host}\r\nX-Hub-CSRF: 1\r\n{cookie}"


async def _hold(ground: Ground, toll: Toll, request: bytes, trickle: bytes) -> None:
    """Keep `HELD` requests open, each on a connection of its own, and send `trickle` on each every ten seconds."""
    async with asyncio.TaskGroup() as tasks:
        for _ in range(HELD):
            tasks.create_task(_held(ground, toll, request, trickle))


async def _held(ground: Ground, toll: Toll, request: bytes, trickle: bytes) -> None:
    while True:
        async with _connected(ground) as (reader, writer):
            writer.write(request)
            toll.sent += 1
            head = asyncio.ensure_future(_swallow_errors(reader.readuntil(b"\r\n\r\n")))
            while not (await asyncio.wait({head}, timeout=TRICKLE_SECONDS))[0]:
                writer.write(trickle)
            if found := head.result():
                toll.closes.append(int(found.split()[1]))
        await asyncio.sleep(HELD_RETRY_SECONDS)


async def _flood_channel(ground: Ground, toll: Toll, message: bytes, *, first: bytes = b"", count: int = BATCH) -> None:
    """Open a channel, greet, and send one frame again and again; open another one when it is closed."""
    while True:
        async with _connected(ground) as (reader, writer):
            writer.write(build_handshake("/hub/channel", ground.page_headers(), "hub.v1"))
            head = await _swallow_errors(reader.readuntil(b"\r\n\r\n"))
            if head is None or b" 101 " not in head:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            writer.write(frame(msgspec.json.encode({"type": "hello", "csrf": ground.csrf})) + first)
            await _flood(writer, _read_frames(reader, toll), message, count, toll)


async def _pipeline(ground: Ground, toll: Toll, request: bytes, batch: int = BATCH) -> None:
    """Send one request again and again without waiting for responses; connect anew when the connection is closed."""
    while True:
        async with _connected(ground) as (reader, writer):
            await _flood(writer, _read_responses(reader, toll), request, batch, toll)


async def _flood(writer: asyncio.StreamWriter, reading: Any, unit: bytes, count: int, toll: Toll) -> None:
    """Write until the hub closes; read all the while, so that the hub is never held up by this side."""
    reader = asyncio.create_task(reading)
    try:
        while not reader.done() and not writer.is_closing():
            writer.write(unit * count)
            await _swallow_errors(writer.drain())
            toll.sent += count
            await asyncio.sleep(0)
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)


async def _read_frames(reader: asyncio.StreamReader, toll: Toll) -> None:
    frames = FrameReader()
    while data := await _swallow_errors(reader.read(65536)):
        for opcode, payload in frames.feed(data):
            if opcode == CLOSE:
                toll.closes.append(int.from_bytes(payload[:2], "big"))
                return


async def _read_responses(reader: asyncio.StreamReader, toll: Toll) -> None:
    tail = b""
    while data := await _swallow_errors(reader.read(65536)):
        tail = (tail + data)[-65536:]
    heads = [head for head in tail.split(b"HTTP/1.1 ")[1:] if b"\r\nConnection: close" in head]
    toll.closes += [int(head[:3]) for head in heads[-1:]]


@asynccontextmanager
async def _connected(ground: Ground) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", ground.port, local_addr=(ATTACKER, 0))
        except OSError:
            await asyncio.sleep(RETRY_SECONDS)
        else:
            break
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def _swallow_errors(work: Awaitable[Any]) -> Any:
    """Return the result; None if the connection is gone."""
    try:
        return await work
    except (OSError, asyncio.IncompleteReadError):
        return None
