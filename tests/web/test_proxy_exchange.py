"""The HTTP door from the first byte of a request to the end of its work: admission, bodies, browsers that leave, defects."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from hub.gateway.messages import ApiRequest, ApiResponse
from hub.primitives.http import read_body
from tests.listener.parts import Client
from tests.waiting import settled, soon, until
from tests.web.conftest import House

HEAD = b"POST /open/x HTTP/1.1\r\nHost: localhost\r\nX-Hub-CSRF: 1\r\n%b\r\n"
LARGE = 300_000

Handle = Callable[[ApiRequest], Awaitable[ApiResponse]]


@pytest.fixture
async def client(house: House) -> AsyncIterator[Client]:
    """A connection to the hub."""
    client = Client(*await asyncio.open_connection("127.0.0.1", house.port))
    yield client
    client.writer.transport.abort()
    await until(lambda: not house.services.exchanges)


@pytest.fixture
def answer_with(house: House, monkeypatch: pytest.MonkeyPatch) -> Callable[[Handle], None]:
    """Let a function of the test stand for the pipeline."""

    def use(handle: Handle) -> None:
        async def handle_any(request: ApiRequest, *_: Any, **__: Any) -> ApiResponse:
            return await handle(request)

        monkeypatch.setattr(house.services.dispatch, "respond", handle_any)

    return use


async def echo(request: ApiRequest) -> ApiResponse:
    """Answer with what kind of body came, and how much."""
    is_whole = isinstance(request.body, bytes)
    body = await read_body(request.body)
    return ApiResponse(status=200, reason="", headers=[], body=b"%d %d" % (is_whole, len(body)), body_bytes=None)


class TestContinue:
    @pytest.mark.parametrize(("size", "is_whole"), [(5, 1), (LARGE, 0)])
    async def test_asked_for(self, client: Client, answer_with: Callable[[Handle], None], size: int, is_whole: int) -> None:
        """A body is asked for once its request was admitted; a small one is repeatable as ever."""
        answer_with(echo)
        await client.send(HEAD % (b"Expect: 100-continue\r\nContent-Length: %d\r\n" % size))
        asked = await client.answer()
        await client.send(bytes(size))

        assert (asked[0], (await client.answer())[2]) == (100, b"%d %d" % (is_whole, size))

    @pytest.mark.parametrize("size", [5, LARGE])
    async def test_not_admitted(self, client: Client, size: int) -> None:
        """Whoever is refused is not asked for a body."""
        refused = HEAD.replace(b"X-Hub-CSRF: 1\r\n", b"")
        await client.send(refused % (b"Expect: 100-continue\r\nContent-Length: %d\r\n" % size))
        status, fields, _ = await client.answer()

        assert (status, fields["connection"], await client.rest()) == (403, "close", b"")


class TestBrowsersThatLeave:
    @pytest.mark.parametrize(
        "sent",
        [
            HEAD % b"Content-Length: 5\r\n" + b"ab",
            HEAD % (b"Content-Length: %d\r\n" % LARGE) + b"ab",
            HEAD % b"Transfer-Encoding: chunked\r\n" + b"2\r\nab\r\n",
            HEAD % b"",
        ],
        ids=["small body", "large body", "chunks", "no answer yet"],
    )
    async def test_nothing_is_left(self, house: House, answer_with: Callable[[Handle], None], sent: bytes) -> None:
        """The work for a browser that has gone is cancelled and forgotten."""
        began, cancelled = asyncio.Event(), asyncio.Event()

        async def wait(request: ApiRequest) -> ApiResponse:
            began.set()
            try:
                await read_body(request.body)
                await asyncio.Event().wait()
            finally:
                cancelled.set()
            raise AssertionError

        answer_with(wait)
        _, writer = await asyncio.open_connection("127.0.0.1", house.port)
        writer.write(sent)
        if b"Content-Length: 5" in sent:
            await settled(lambda: len(house.services.exchanges))
            cancelled.set()  # it never begins
        else:
            await soon(began.wait())
        writer.transport.abort()
        await soon(cancelled.wait())
        await until(lambda: not house.services.exchanges)


class TestDefects:
    @pytest.mark.expects_log
    async def test_before_the_answer(self, client: Client, answer_with: Callable[[Handle], None]) -> None:
        """It is a 500, and the connection goes on."""

        async def fail(request: ApiRequest) -> ApiResponse:
            raise LookupError("defect")

        answer_with(fail)
        await client.send(HEAD % b"")
        status, fields, body = await client.answer()
        answer_with(echo)
        await client.send(HEAD % b"")

        assert (status, fields["content-type"], b"defect" in body) == (500, "application/problem+json", False)
        assert (await client.answer())[0] == 200

    @pytest.mark.expects_log
    @pytest.mark.parametrize("value", ["a\r\nSet-Cookie: evil", "a\nb", "\u65e5"])
    async def test_fields_that_cannot_be_sent(self, client: Client, answer_with: Callable[[Handle], None], value: str) -> None:
        """No answer is split by a field of the API."""

        async def split(request: ApiRequest) -> ApiResponse:
            return ApiResponse(status=200, reason="", headers=[("X", value)], body=b"", body_bytes=0)

        answer_with(split)
        await client.send(HEAD % b"")
        status, fields, _ = await client.answer()

        assert (status, "set-cookie" in fields, "x" in fields) == (500, False, False)

    @pytest.mark.expects_log
    @pytest.mark.parametrize("length", [None, 1_000_000], ids=["chunked", "announced"])
    async def test_within_the_answer(self, client: Client, answer_with: Callable[[Handle], None], length: int | None) -> None:
        """An answer that has begun breaks off."""

        async def pieces() -> AsyncIterator[bytes]:
            yield b"half"
            raise LookupError("defect")

        async def begin(request: ApiRequest) -> ApiResponse:
            return ApiResponse(status=200, reason="", headers=[], body=pieces(), body_bytes=length)  # type: ignore[arg-type]

        answer_with(begin)
        await client.send(HEAD % b"")
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await client.answer()

    @pytest.mark.parametrize("size", [5, 20])
    async def test_wrong_length(self, client: Client, answer_with: Callable[[Handle], None], size: int) -> None:
        """An answer of another length than the API has announced is not taken for whole."""

        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(size):
                yield bytes(10_000)

        async def begin(request: ApiRequest) -> ApiResponse:
            return ApiResponse(status=200, reason="", headers=[], body=pieces(), body_bytes=100_000)  # type: ignore[arg-type]

        answer_with(begin)
        await client.send(HEAD % b"" * 2)
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await client.answer()
            await client.answer()
