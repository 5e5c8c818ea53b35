"""Both ends of the connections of a listener: where they come from, and how all of them are brought to their end."""

import asyncio
import socket
import ssl
from pathlib import Path

import pytest

from hub.listener.connection import ClientConnection, ClientConnections
from hub.listener.work_budget import WorkLimits
from hub.primitives.clock import SystemClock
from hub.web.doors import Doors
from tests.listener.parts import GET, Client, Front, listening, never
from tests.parties.certificates import make_certificates
from tests.parties.clock import ManualClock
from tests.parties.echo_hub import EchoDoor
from tests.parties.listeners import chosen_listener
from tests.parties.websocket_peer import TEXT, Received, WebSocketPeer, frame
from tests.waiting import soon, until

IDLE_SECONDS = 120.0


class Transport(asyncio.Transport):
    """A socket of which nothing but its other end is known."""

    def __init__(self, peer: object) -> None:
        super().__init__({"peername": peer})

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Do nothing."""


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
        await until(lambda: stand.open_connections == 3)
        await soon(stand.listener.close())

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
    connection = ClientConnection(
        ClientConnections(Front(), max_head_bytes=1, error_headers=[], clock=SystemClock(), work_limits=WorkLimits())
    )
    connection.connection_made(Transport(peer))

    assert connection.remote_ip == address


async def test_unix_sockets(tmp_path: Path) -> None:
    """A proxy on the same machine may come over a unix socket."""
    front = Front()
    listener = chosen_listener()(front, SystemClock())
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


async def test_refused_uploads_over_tls(tmp_path: Path) -> None:
    """A client that still sends reads why it was refused, over TLS too."""
    certificates = make_certificates(tmp_path)
    trusted = ssl.create_default_context(cafile=certificates.authority_file)
    front = Front(never, lambda seen: seen.send(b"no", 413))
    async with listening(front, tls=certificates.server_context(), client_tls=trusted) as stand, stand.client() as client:
        await client.send(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 900000\r\n\r\n", bytes(500_000))
        status, fields, body = await client.answer()

        assert (status, fields["connection"], body) == (413, "close", b"no")
