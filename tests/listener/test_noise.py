"""What strangers do to a listener day and night is no reason to write anything into the log, nor to keep anything of it."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.listener.parts import GET, LOOPS, POST, Front, Stand, listening, never
from tests.parties.certificates import Certificates, make_certificates
from tests.waiting import hang_timeout, settled, until

RESET = struct.pack("ii", 1, 0)


@pytest.fixture(params=LOOPS.values(), ids=LOOPS, autouse=True)
def loop_factory(request: pytest.FixtureRequest) -> Callable[[], asyncio.AbstractEventLoop]:
    """Both loops that the hub runs on."""
    factory: Callable[[], asyncio.AbstractEventLoop] = request.param
    return factory


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    """Those of the listener."""
    return make_certificates(tmp_path)


async def say(stand: Stand, data: bytes, *, reset: bool = True) -> None:
    """Connect, say something that is no TLS, and leave with a reset, or wait for the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stand.port)
    writer.write(data)
    if reset:
        await asyncio.sleep(0.02)
        with contextlib.suppress(OSError):  # the listener has closed already
            if (own := writer.get_extra_info("socket")) is not None:
                own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.transport.abort()
        return
    async with hang_timeout():
        with contextlib.suppress(ConnectionError):
            await reader.read()
    writer.close()


async def nothing_left(stand: Stand) -> None:
    """Wait until the listener knows no connection any more."""
    await until(lambda: not stand.open_connections)


@pytest.mark.parametrize("data", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"\x00" * 100], ids=repr)
@pytest.mark.parametrize("reset", [True, False])
async def test_no_tls(certificates: Certificates, data: bytes, reset: bool) -> None:
    """Who speaks no TLS, or stops in the middle of it, comes to nobody."""
    front = Front()
    async with listening(front, tls=certificates.server_context()) as stand:
        if data or reset:
            await say(stand, data, reset=reset or data == b"\x16\x03\x01\x02\x00\x01")

        assert (await settled(lambda: stand.open_connections), front.seen) == (0, [])


async def test_unwanted_tls(certificates: Certificates) -> None:
    """A client that does not trust our certificate, or speaks too old a version, goes away."""
    front = Front()
    old = ssl.create_default_context(cafile=certificates.authority_file)
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    for client_tls in (ssl.create_default_context(), old):
        async with listening(front, tls=certificates.server_context(), client_tls=client_tls) as stand:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                async with stand.client():
                    pass
            await nothing_left(stand)


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize(
    "sent",
    [b"GET / HT", GET % b"/", GET % b"/" * 50, POST % b"Content-Length: 900000\r\n" + b"a" * 100_000],
    ids=["head", "request", "requests", "upload"],
)
async def test_resets(certificates: Certificates, sent: bytes, tls: bool) -> None:
    """Whoever breaks off is forgotten, also while much is being written to it."""

    def stream(seen: object) -> None:
        exchange = seen.exchange  # type: ignore[attr-defined]
        exchange.begin(200, "", [], None)
        for _ in range(64):
            exchange.write(bytes(100_000))

    front = Front(stream, lambda seen: stream(seen) if seen.exchange.head.method == "POST" else None)
    client_tls = ssl.create_default_context(cafile=certificates.authority_file) if tls else None
    async with listening(front, tls=certificates.server_context() if tls else None, client_tls=client_tls) as stand:
        async with stand.client() as client:
            client.writer.write(sent)
            await asyncio.sleep(0.02)
            client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        await settled(lambda: [seen.closes for seen in front.seen])
        for seen in front.seen:
            for _ in range(10):
                seen.exchange.write(b"for nobody")
        if not sent.startswith(GET % b"/" * 2):  # while requests wait nothing is read, not even the end
            await nothing_left(stand)

    assert [seen.closes for seen in front.seen] == [1] * len(front.seen)


async def test_closed_under_clients(certificates: Certificates) -> None:
    """The end of a listener ends connections in whatever state they are, over TLS too."""
    front = Front(never)
    client_tls = ssl.create_default_context(cafile=certificates.authority_file)
    async with (
        listening(front, tls=certificates.server_context(), client_tls=client_tls) as stand,
        stand.client() as idle,
        stand.client() as busy,
        stand.client() as slow,
    ):
        await busy.send(GET % b"/")
        seen = await front.request()
        seen.exchange.begin(200, "", [], None)
        seen.exchange.write(bytes(1 << 24))
        await slow.send(b"GET / HT")
        await stand.listener.close()
        for client in (idle, slow):
            assert await client.rest() in (b"", b"reset")

    assert (stand.open_connections, seen.closes) == (0, 1)


async def test_address_over_ipv6() -> None:
    """The address of the other end, as the system writes it."""
    front = Front(never)
    async with listening(front, host="::1") as stand:
        _, writer = await asyncio.open_connection("::1", stand.port)
        writer.write(GET % b"/")

        assert (await front.request()).exchange.remote_ip == "::1"
        writer.close()
