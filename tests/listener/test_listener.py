"""Listeners: connections that wait too long, the end of a listener, TLS."""

import asyncio
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.clock import SystemClock
from hub.listener.connection import LINGER_SECONDS, Connection, Connections
from hub.listener.listener import SWEEP_SECONDS, Listener
from hub.web.doors import Doors
from tests.listener.parts import GET, Client, Front, listening, never
from tests.parties.certificates import make_certificates
from tests.parties.clock import ManualClock
from tests.parties.echo_hub import EchoDoor
from tests.parties.websocket_peer import TEXT, Received, WebSocketPeer, frame

IDLE_SECONDS = 120.0


class Transport(asyncio.Transport):
    """A socket of which nothing but its other end is known."""

    def __init__(self, peer: object) -> None:
        super().__init__({"peername": peer})

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Do nothing."""


class TestPatience:
    @pytest.mark.parametrize(
        "sent",
        [
            b"",
            GET % b"/",
            b"GET / HTTP/1.1\r\nHost: he",
            b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\nab",
        ],
        ids=["nothing", "an answered request", "half a head", "half a body"],
    )
    async def test_idle_connections_end(self, sent: bytes, clock: ManualClock) -> None:
        """A connection on which nothing happens is closed after its time, and not before."""
        front = Front()
        async with listening(front, clock, idle_seconds=IDLE_SECONDS) as stand, stand.client() as client:
            await client.send(sent)
            if sent.endswith(b"\r\n\r\n"):
                await client.answer()
            elif sent.endswith(b"ab"):
                seen = await front.request()
                await seen.until(lambda: seen.body == b"ab")
            await asyncio.sleep(0)
            while not stand.open_connections:
                await asyncio.sleep(0)
            await clock.advance(IDLE_SECONDS + SWEEP_SECONDS)
            stand.listener.sweep()
            still = stand.open_connections
            await clock.advance(1)
            stand.listener.sweep()

            assert await client.rest() in (b"", b"reset")
            assert still == 1

    async def test_a_head_that_trickles_has_an_end(self, clock: ManualClock) -> None:
        """Bytes of the same head give it no more time (slow clients that hold connections)."""
        async with listening(Front(), clock, idle_seconds=IDLE_SECONDS) as stand, stand.client() as client:
            await client.send(b"GET / HTTP/1.1\r\nHost: here\r\n")
            for _ in range(4):
                await clock.advance(IDLE_SECONDS / 3)
                stand.listener.sweep()
                await client.send(b"X: y\r\n")
                await asyncio.sleep(0.01)

            assert await client.rest() in (b"", b"reset")

    async def test_who_works_is_left_alone(self, clock: ManualClock) -> None:
        """A request that is being answered is no idle connection, however long that takes."""
        front = Front(never)
        async with listening(front, clock, idle_seconds=IDLE_SECONDS) as stand, stand.client() as client:
            await client.send(GET % b"/")
            seen = await front.request()
            await clock.advance(10 * IDLE_SECONDS)
            stand.listener.sweep()
            seen.send(b"at last")

            assert (await client.answer())[2] == b"at last"

    async def test_dropped_uploads_end(self, clock: ManualClock) -> None:
        """A client that neither goes nor sends after its refusal is cut off soon."""
        front = Front(never, lambda seen: seen.send(b"no", 413))
        async with listening(front, clock) as stand, stand.client() as client:
            await client.send(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 99\r\n\r\nab")
            await client.answer()
            await clock.advance(LINGER_SECONDS + SWEEP_SECONDS + 1)
            stand.listener.sweep()

            async with asyncio.timeout(5):
                while stand.open_connections:
                    await asyncio.sleep(0)


async def test_stop_lets_answers_finish() -> None:
    """After `stop` nobody new comes in, idle connections end, and an answer that is being given ends its connection."""
    front = Front(never)
    async with listening(front) as stand, stand.client() as idle, stand.client() as busy:
        await busy.send(GET % b"/")
        seen = await front.request()
        while stand.open_connections < 2:
            await asyncio.sleep(0)
        stand.listener.stop()
        gone = await idle.rest()
        seen.send(b"done")
        _, fields, body = await busy.answer()

        assert (gone, fields["connection"], body, await busy.rest()) == (b"", "close", b"done", b"")
        with pytest.raises(OSError):
            async with stand.client():
                pass


@dataclass
class Tls:
    """What both sides of a connection over TLS need."""

    server: ssl.SSLContext
    client: ssl.SSLContext


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    """A server of which the client knows that it is the right one."""
    certificates = make_certificates(tmp_path)
    return Tls(certificates.server_context(), ssl.create_default_context(cafile=certificates.authority_file))


class TestTls:
    async def test_whole_answers(self, tls: Tls) -> None:
        """The same over TLS: large answers, and connections that go on."""
        front = Front(lambda seen: seen.send(b"x" * 3_000_000))
        async with listening(front, tls=tls.server, client_tls=tls.client) as stand, stand.client() as client:
            for _ in range(2):
                await client.send(GET % b"/")
                assert len((await client.answer())[2]) == 3_000_000

    async def test_streamed_answers(self, tls: Tls) -> None:
        """Who writes waits for room, piece after piece, and there is room again."""
        front = Front(never)
        async with listening(front, tls=tls.server, client_tls=tls.client) as stand, stand.client() as client:
            await client.send(GET % b"/")
            exchange = (await front.request()).exchange

            async def write() -> None:
                exchange.begin(200, "", [], None)
                for _ in range(50):
                    exchange.write(b"x" * 100_000)
                    await exchange.drain()
                exchange.end()

            async with asyncio.TaskGroup() as group:
                group.create_task(write())
                _, _, body = await client.answer()

            assert len(body) == 50 * 100_000

    async def test_refused_uploads(self, tls: Tls) -> None:
        """A client that still sends reads why it was refused."""
        front = Front(never, lambda seen: seen.send(b"no", 413))
        async with listening(front, tls=tls.server, client_tls=tls.client) as stand, stand.client() as client:
            await client.send(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 900000\r\n\r\n", bytes(500_000))
            status, fields, body = await client.answer()

        assert (status, fields["connection"], body) == (413, "close", b"no")


async def test_sweeps_by_itself(clock: ManualClock) -> None:
    """Nobody has to look after idle connections: the listener does, again and again."""
    async with listening(Front(), clock, idle_seconds=IDLE_SECONDS) as stand:
        for _ in range(2):
            async with stand.client() as client:
                await client.send(GET % b"/")
                await client.answer()
                await clock.advance(2 * IDLE_SECONDS)

                assert await client.rest() in (b"", b"reset")


async def test_close_ends_everything() -> None:
    """`close` waits for nobody: idle connections, those with an answer under way, and upgraded ones are gone when it returns."""
    front = Front(never)
    sockets = EchoDoor()
    async with (
        listening(Doors({}, {"/echo": sockets}, front)) as stand,
        stand.client() as idle,
        stand.client() as busy,
        WebSocketPeer.dial(stand.port, "/echo/x") as peer,
    ):
        await busy.send(GET % b"/")
        seen = await front.request()
        async with asyncio.timeout(5):
            while stand.open_connections < 3:
                await asyncio.sleep(0)
            await stand.listener.close()

        assert (stand.open_connections, seen.closes, len(sockets.closes)) == (0, 1, 1)
        for client in (idle, busy):
            assert await client.rest() in (b"", b"reset")
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await peer.receive()


async def test_upgraded_connections_outlive_stop() -> None:
    """After `stop` an open WebSocket goes on: whoever speaks over it ends it in its own way."""
    async with listening(EchoDoor()) as stand, WebSocketPeer.dial(stand.port, "/") as peer:
        stand.listener.stop()
        await peer.send(frame(TEXT, b"still here"))

        assert await peer.receive() == Received(TEXT, b"still here")


@pytest.mark.parametrize(
    ("peer", "address"),
    [(("192.0.2.1", 5), "192.0.2.1"), (("2001:db8::1", 5, 0, 0), "2001:db8::1"), ("", ""), (b"", ""), (None, "")],
    ids=["IPv4", "IPv6", "unix", "unix without a name", "gone already"],
)
def test_peer_addresses(peer: object, address: str) -> None:
    """The other end of a connection is its address without the port; that of a unix socket has none."""
    connection = Connection(Connections(Front(), max_head_bytes=1, refusal_fields=[], now=0.0))
    connection.connection_made(Transport(peer))

    assert connection.remote_ip == address


async def test_unix_sockets(tmp_path: Path) -> None:
    """A proxy on the same machine may come over a unix socket."""
    front = Front()
    listener = Listener(front, SystemClock())
    path = tmp_path / "hub.sock"
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.setblocking(False)
    server.bind(str(path))
    await listener.start([server])
    client = Client(*await asyncio.open_unix_connection(path))
    await client.send(GET % b"/over-unix")
    answer = await client.answer()
    await client.close()
    await listener.close()

    assert (answer[2], front.seen[0].exchange.remote_ip) == (b"GET /over-unix ", "")
