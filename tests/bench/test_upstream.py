"""The resource server of the benchmarks: what each kind of request is answered with."""

import asyncio

import pytest

from bench.bodies import make_body
from bench.load_http import HttpLoad
from bench.rounds import Round
from bench.upstream import Connection, answer_to, delay_of
from tests.bench.servers import serving
from tests.waiting import soon

OF_200_BYTES = answer_to(b"/200.json")


@pytest.mark.parametrize(("path", "seconds"), [(b"/wait/50/200.json", 0.05), (b"/200.json", 0.0)])
def test_waiting(path: bytes, seconds: float) -> None:
    """The path says how long the answer takes."""
    assert delay_of(path) == seconds


async def test_wait_upload_and_go_on() -> None:
    """A delayed answer, an upload in pieces and what follows it in one piece are answered, each as a whole."""
    async with serving(Connection) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /wait/1/200.json HTTP/1.1\r\n\r\n")
        delayed = await reader.readexactly(len(OF_200_BYTES))
        writer.write(b"POST /sink HTTP/1.1\r\nContent-Length: 6\r\n\r\nab\r\n\r")
        await writer.drain()
        writer.write(b"\nGET /200.json HTTP/1.1\r\n\r\n")
        counted = await reader.readuntil(b'{"taken":6}')
        after = await reader.readexactly(len(OF_200_BYTES))
        writer.close()

    assert (delayed, after) == (OF_200_BYTES, OF_200_BYTES)
    assert counted.startswith(b"HTTP/1.1 200 OK\r\n")


async def test_it_takes_its_time() -> None:
    """Each connection waits for itself."""
    async with serving(Connection) as port:
        load = await HttpLoad.open(port, "/wait/30/200.json", {}, make_body(200), 2)
        current = Round(requests=2)
        await load.run(current)
        load.close()

    assert min(current.latencies) >= 0.03


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /a/200.json?page=1 HTTP/1.1\r\n\r\n",
        b"POST /200.json HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        b"POST /200.json HTTP/1.1\r\n\r\n",
    ],
    ids=["query", "empty upload", "no upload"],
)
async def test_what_has_no_body_is_answered_with_the_document(request_: bytes) -> None:
    """Whatever the method and the query."""
    async with serving(Connection) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request_)
        answer = await soon(reader.readexactly(len(OF_200_BYTES)))
        writer.close()

    assert answer == OF_200_BYTES
