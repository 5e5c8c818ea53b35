"""Listeners: connections that wait too long, the end of a listener, TLS."""

import asyncio
import os
import socket
import ssl
from pathlib import Path

import pytest

from hub.listener.acceptor import ACCEPTS_PER_TURN
from hub.listener.connection import LINGER_SECONDS
from hub.listener.listener import SWEEP_SECONDS
from tests.listener.parts import GET, Client, Front, listening, never
from tests.parties.certificates import make_certificates
from tests.parties.clock import ManualClock
from tests.waiting import settled, until

IDLE_SECONDS = 120.0
CHUNKS = b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"


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
            await until(lambda: stand.open_connections)
            await clock.advance(IDLE_SECONDS + SWEEP_SECONDS)
            stand.listener.sweep()
            still = stand.open_connections
            await clock.advance(1)
            stand.listener.sweep()

            assert await client.rest() in (b"", b"reset")
            assert still == 1

    @pytest.mark.parametrize(
        ("begun", "more"),
        [
            (b"GET / HTTP/1.1\r\nHost: here\r\n", b"X: y\r\n"),
            (b"GET /", b"y"),
            (b"", b"\r\n"),
            (CHUNKS + b"1;", b"y"),
            (CHUNKS, b"0"),
        ],
        ids=["fields", "target", "empty lines", "chunk extension", "size of a chunk"],
    )
    async def test_what_trickles_has_an_end(self, clock: ManualClock, begun: bytes, more: bytes) -> None:
        """Bytes that lead nowhere give a connection no more time (slow clients that hold connections)."""
        async with listening(Front(never), clock, idle_seconds=IDLE_SECONDS) as stand, stand.client() as client:
            await client.send(begun)
            for _ in range(5):
                await clock.advance(IDLE_SECONDS / 3)
                stand.listener.sweep()
                client.writer.write(more)
                await asyncio.sleep(0.01)

            assert await client.rest() in (b"", b"reset")

    @pytest.mark.deviates("time for a head")
    async def test_a_head_has_its_own_time(self, clock: ManualClock) -> None:
        """A request that begins when the connection has nearly waited for too long is not cut off for that."""
        async with listening(Front(), clock, idle_seconds=IDLE_SECONDS) as stand, stand.client() as client:
            await client.send(GET % b"/1")
            await client.answer()
            await clock.advance(IDLE_SECONDS)
            stand.listener.sweep()
            await client.send(b"GET /2 HTTP/1.1\r\n")
            await stand.head_has_begun()
            await clock.advance(IDLE_SECONDS / 2)
            stand.listener.sweep()
            await client.send(b"Host: here\r\n\r\n")

            assert (await client.answer())[2] == b"GET /2 "

    async def test_a_body_may_take_its_time(self, clock: ManualClock) -> None:
        """Each piece of a body gives the next one as long."""
        front = Front()
        async with listening(front, clock, idle_seconds=IDLE_SECONDS) as stand, stand.client() as client:
            await client.send(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\n")
            seen = await front.request()
            for _ in range(5):
                await clock.advance(IDLE_SECONDS)
                stand.listener.sweep()
                length = len(seen.body)
                await client.send(b"a")
                await seen.until(lambda length=length: len(seen.body) > length)  # type: ignore[misc]

            assert (await client.answer())[2] == b"POST / aaaaa"

    async def test_an_upload_that_we_hold_is_left_alone(self, clock: ManualClock) -> None:
        """A client that is not read cannot be reproached for its silence."""
        front = Front(never, lambda seen: seen.exchange.hold())
        async with listening(front, clock, idle_seconds=IDLE_SECONDS) as stand, stand.client() as client:
            await client.send(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\n")
            seen = await front.request()
            await clock.advance(10 * IDLE_SECONDS)
            stand.listener.sweep()
            seen.exchange.release()
            await client.send(b"hello")
            await seen.until(lambda: seen.is_whole)
            seen.send(b"thanks")

            assert (await client.answer())[2] == b"thanks"

    @pytest.mark.parametrize("does", ["writes on", "has ended"])
    async def test_an_answer_that_nobody_takes_has_an_end(self, clock: ManualClock, does: str) -> None:
        """A client that takes nothing of its answer is left after the same time, and while it takes some it is not."""
        front = Front(never)
        async with listening(front, clock, idle_seconds=IDLE_SECONDS) as stand, stand.client() as client:
            await client.send(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
            seen = await front.request()
            seen.exchange.begin(200, "", [], 64 << 20)
            seen.exchange.write(bytes(64 << 20))
            if does == "has ended":
                seen.exchange.end()
            (connection,) = stand.listener._connections.open
            for _ in range(3):
                unsent = connection.buffered_bytes()
                while connection.buffered_bytes() == unsent:
                    await client.reader.read(1 << 20)
                await clock.advance(IDLE_SECONDS)
                stand.listener.sweep()
                assert stand.open_connections == 1
            await settled(connection.buffered_bytes)
            stand.listener.sweep()  # what the systems on both sides have taken in the meantime counts as taken
            await clock.advance(IDLE_SECONDS + SWEEP_SECONDS + 1)
            stand.listener.sweep()
            await until(lambda: not stand.open_connections)

            assert seen.closes == int(does == "writes on")

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

            await until(lambda: not stand.open_connections)


async def test_stop_lets_answers_finish() -> None:
    """After `stop` nobody new comes in, and an answer that is being given ends its connection."""
    front = Front(never)
    async with listening(front) as stand, stand.client() as busy:
        await busy.send(GET % b"/")
        seen = await front.request()
        stand.listener.stop()
        seen.send(b"done")
        _, fields, body = await busy.answer()

        assert (fields["connection"], body, await busy.rest()) == ("close", b"done", b"")
        with pytest.raises(OSError):
            async with stand.client():
                pass


async def test_last_request_after_stop() -> None:
    """A request that arrives on an idle connection just after `stop` is answered, and told that the connection ends."""
    front = Front()
    async with listening(front) as stand, stand.client() as client, stand.client() as fresh:
        await client.send(GET % b"/")
        before = await client.answer()
        await until(lambda: stand.open_connections == 2)
        stand.listener.stop()
        last = []
        for each in (client, fresh):
            await each.send(GET % b"/last")
            last.append(await each.answer())

        assert "connection" not in before[1]
        assert [(status, fields["connection"], body) for status, fields, body in last] == [(200, "close", b"GET /last ")] * 2
        assert (await client.rest(), await fresh.rest(), stand.listener.has_connections) == (b"", b"", False)


async def test_idle_connections_are_closed() -> None:
    """`close_idle` closes connections that wait for a request, and no others."""
    front = Front(never)
    async with listening(front) as stand, stand.client() as idle, stand.client() as busy:
        await busy.send(GET % b"/")
        seen = await front.request()
        await until(lambda: stand.open_connections == 2)
        stand.listener.stop()
        stand.listener.close_idle()
        gone = await idle.rest()
        seen.send(b"done")

        assert (gone, (await busy.answer())[2], await busy.rest()) == (b"", b"done", b"")


async def test_request_that_has_just_arrived() -> None:
    """A request that lies in the kernel when idle connections are closed is read and answered."""
    front = Front()
    async with listening(front) as stand, stand.client() as client:
        await client.send(GET % b"/")
        await client.answer()
        stand.listener.stop()
        os.write(client.writer.transport.get_extra_info("socket").fileno(), GET % b"/last")
        stand.listener.close_idle()  # in the same turn of the loop: nobody has read it
        status, fields, _ = await client.answer()

        assert (status, fields["connection"], await client.rest()) == (200, "close", b"")


async def test_stop_within_an_answer() -> None:
    """An answer that began before the stop could not announce the close, so its connection takes one more request."""
    front = Front(never)
    async with listening(front) as stand, stand.client() as client:
        await client.send(GET % b"/")
        seen = await front.request()
        seen.exchange.begin(200, "", [], 4)
        stand.listener.stop()
        seen.exchange.write(b"long")
        seen.exchange.end()
        _, fields, body = await client.answer()
        await client.send(GET % b"/last")
        (await front.request(1)).send(b"done")
        last = await client.answer()

        assert ("connection" not in fields, body) == (True, b"long")
        assert (last[1]["connection"], last[2], await client.rest()) == ("close", b"done", b"")


async def test_stop_accepts_who_waits() -> None:
    """Clients in the backlog have connected, and may have sent a request: they are answered."""
    front = Front()
    async with listening(front) as stand:
        clients = [socket.create_connection(("127.0.0.1", stand.port)) for _ in range(2 * ACCEPTS_PER_TURN)]  # before any turn
        for each in clients:
            each.sendall(GET % b"/")
        stand.listener.stop()
        for each in clients:
            reader, writer = await asyncio.open_connection(sock=each)
            assert (await Client(reader, writer).answer())[1]["connection"] == "close"
            writer.close()


@pytest.mark.deviates("stop within a head")
async def test_stop_while_a_head_is_coming() -> None:
    """A request whose head has begun when idle connections are closed is answered, and told that the connection ends."""
    front = Front()
    async with listening(front) as stand, stand.client() as client:
        await client.send(b"GET / HTTP/1.1\r\n")
        await stand.head_has_begun()
        stand.listener.stop()
        stand.listener.close_idle()
        await client.send(b"Host: here\r\n\r\n")
        status, fields, _ = await client.answer()

        assert (status, fields["connection"], await client.rest()) == (200, "close", b"")


async def test_stop_with_requests_that_wait() -> None:
    """Only the request whose answer is being given is still answered; the client asks the others again elsewhere."""
    front = Front(never)
    async with listening(front) as stand, stand.client() as client:
        await client.send(GET % b"/" * 3)
        seen = await front.request()
        stand.listener.stop()
        seen.send(b"done")
        _, fields, body = await client.answer()

        assert (fields["connection"], body, await client.rest(), len(front.seen)) == ("close", b"done", b"", 1)


async def test_tls(tmp_path: Path) -> None:
    """The same over TLS: large answers, refused uploads, connections that go on."""
    certificates = make_certificates(tmp_path)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificates.certificate_file, certificates.key_file)
    trusted = ssl.create_default_context(cafile=certificates.authority_file)
    front = Front(lambda seen: seen.send(b"x" * 3_000_000))
    async with listening(front, tls=server, client_tls=trusted) as stand, stand.client() as client:
        for _ in range(2):
            await client.send(GET % b"/")
            assert len((await client.answer())[2]) == 3_000_000
