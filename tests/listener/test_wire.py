"""Back-pressure: nobody makes the hub hold more than a bound, in either direction, plain or over TLS."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from tests.listener.parts import GET, LOOPS, POST, Front, Seen, Stand, listening, never
from tests.parties.certificates import make_certificates
from tests.waiting import HANG_SECONDS, settled, soon

pytestmark = pytest.mark.timing_sensitive

MIB = 1 << 20
Listening = Callable[[Front], AbstractAsyncContextManager[Stand]]


@pytest.fixture(params=LOOPS.values(), ids=LOOPS, autouse=True)
def loop_factory(request: pytest.FixtureRequest) -> Callable[[], asyncio.AbstractEventLoop]:
    """Both loops that the hub runs on."""
    factory: Callable[[], asyncio.AbstractEventLoop] = request.param
    return factory


@pytest.fixture(params=["plain", "tls"])
def listen(request: pytest.FixtureRequest, tmp_path: Path) -> Listening:
    """A listener without TLS, and with it."""
    if request.param == "plain":
        return listening
    certificates = make_certificates(tmp_path)
    client = ssl.create_default_context(cafile=certificates.authority_file)
    return lambda front: listening(front, tls=certificates.server_context(), client_tls=client)


class TestOut:
    async def test_each_piece_of_a_small_answer(self, listen: Listening) -> None:
        """Whoever writes little and waits for room each time goes on at once."""
        front = Front(never)
        async with listen(front) as stand, stand.client() as client:
            await client.send(GET % b"/")
            exchange = (await front.request()).exchange
            exchange.begin(200, "", [], None)
            for _ in range(50):
                exchange.write(b"piece")
                await soon(exchange.drain())
            exchange.end()

            assert (await client.answer())[2] == b"piece" * 50

    async def test_several_wait_for_room(self, listen: Listening) -> None:
        """All of them go on when there is room, also if one of them is cancelled."""
        front = Front(never)
        async with listen(front) as stand, stand.client() as client:
            await client.send(GET % b"/")
            exchange = (await front.request()).exchange
            exchange.begin(200, "", [], 32 * MIB)
            for _ in range(2):  # over TLS, what was handed to the socket's own transport does not count any more
                exchange.write(bytes(16 * MIB))
            waiting = [asyncio.create_task(exchange.drain()) for _ in range(3)]
            await asyncio.wait(waiting, timeout=0.05)
            waiting[1].cancel()
            exchange.end()
            size = len((await client.answer())[2])
            done, _ = await asyncio.wait(waiting, timeout=HANG_SECONDS)

            assert (size, len(done), [task.cancelled() for task in waiting]) == (32 * MIB, 3, [False, True, False])

    async def test_pipelined_requests_whose_answers_nobody_takes(self, listen: Listening) -> None:
        """A client that asks and asks and reads nothing is not answered further; it gets all answers once it reads."""
        front = Front(lambda seen: seen.send(bytes(65_536)))
        async with listen(front) as stand, stand.client() as client:
            client.writer.write(GET % b"/" * 2000)
            await front.request()
            answered = await settled(lambda: len(front.seen))
            (connection,) = stand.listener._connections.open
            buffered = connection.buffered_bytes()
            answers = [(await client.answer())[2] for _ in range(2000)]

        assert answered * 65_536 < 16 * MIB  # what the systems of both sides hold
        assert buffered < MIB
        assert answers == [bytes(65_536)] * 2000


class TestIn:
    async def test_an_upload_whose_reader_stalls(self, listen: Listening) -> None:
        """While a receiver holds the connection, little more than what the system buffers is read."""
        front = Front(never, lambda seen: seen.exchange.hold())
        async with listen(front) as stand, stand.client() as client:
            size = 32 * MIB
            sending = asyncio.create_task(client.send(POST % b"Content-Length: %d\r\n" % size, bytes(size)))
            seen = await front.request()
            held = await settled(lambda: len(seen.body))
            seen.exchange.release()
            await seen.until(lambda: len(seen.body) == size)
            await sending

        assert held < MIB

    @pytest.mark.only_fast
    async def test_requests_behind_one_that_is_worked_on(self, listen: Listening) -> None:
        """Whoever holds and releases a body lets nothing in that stands behind other requests that wait."""
        front = Front(never)
        async with listen(front) as stand, stand.client() as client:
            sending = asyncio.create_task(client.send(GET % b"/first", *[GET % b"/" * 1000] * 600))
            await front.request()
            (connection,) = stand.listener._connections.open
            waiting = await settled(lambda: len(connection._waiting or ()))
            for number in range(20):
                seen = await front.request(number)
                seen.exchange.hold()
                seen.exchange.release()
                seen.send()
                await asyncio.sleep(0)
            more = await settled(lambda: len(connection._waiting or ()))
            sending.cancel()

        assert 0 < more <= waiting

    async def test_reading_goes_on_with_the_next_request(self, listen: Listening) -> None:
        """A receiver that holds the last piece of its body holds nothing behind it."""
        front = Front(lambda seen: seen.send(bytes(seen.body)), _hold_when_it_comes)
        async with listen(front) as stand, stand.client() as client:
            for _ in range(2):
                await client.send(POST % b"Content-Length: 4\r\n" + b"body")

                assert (await client.answer())[2] == b"body"


def _hold_when_it_comes(seen: Seen) -> None:
    take = seen.data_received

    def data_received(data: bytes) -> None:
        take(data)
        seen.exchange.hold()

    seen.data_received = data_received  # type: ignore[method-assign]
