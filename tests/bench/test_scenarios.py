"""The scenarios of pages and connections: their clients, and all of them as their users run them."""

import asyncio
import struct
import sys
from typing import cast

import pytest

from bench.load_channel import Credit, Limits, Stream
from bench.measure import resident_mib
from bench.rounds import WrongAnswer
from bench.scenarios.askers import Asker, ChannelAsker, NesAsker
from bench.scenarios.holder import Held
from bench.scenarios.outcome import Outcome, document, milliseconds, tables
from bench.scenarios.peak import peak_of
from bench.websocket import BINARY, TEXT
from tests.bench.servers import serving
from tests.parties.hub import PROJECT
from tests.waiting import hang_timeout, soon

UPGRADED = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"


def server_frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """Return a frame as servers send it: not masked."""
    return struct.pack("!BBH", 0x80 | opcode, 126, len(payload)) + payload


class Script(asyncio.Protocol):
    """A server that says the next thing whenever it hears something."""

    def __init__(self, *says: bytes) -> None:
        self._says = list(says)
        self.heard = b""
        self._news = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.heard += data
        self._news.set()
        if self._says:
            self.say(self._says.pop(0))

    def say(self, data: bytes) -> None:
        self._transport.write(data)

    def end(self) -> None:
        self._transport.close()

    async def until_heard(self, text: bytes) -> None:
        async with hang_timeout():
            while text not in self.heard:
                self._news.clear()
                await self._news.wait()


async def ask_once(asker: Asker) -> int:
    """Ask for anything; return the size of the answer, and close."""
    try:
        return await soon(asker.ask("/api/1024.json"))
    finally:
        asker.close()


class TestCredit:
    def test_half_of_a_window(self) -> None:
        """Credit goes back when half of a window is used up: for the body, unless it ends, and for all bodies."""
        credit, stream = Credit(Limits(window=100, connection_window=120)), Stream()
        given = [
            [frame[6:] for frame in credit.taken(7, stream, 40, goes_on=True)],
            [frame[6:] for frame in credit.taken(7, stream, 40, goes_on=True)],
            [frame[6:] for frame in credit.taken(7, stream, 50, goes_on=False)],
        ]

        assert given == [
            [],
            [b'{"type":"window","id":7,"bytes":80}', b'{"type":"window","id":0,"bytes":80}'],
            [],
        ]


class TestAskers:
    async def test_channel_inline(self) -> None:
        """A body inside of a message has its size; a ping between is answered."""
        ready = server_frame(b'{"type":"ready"}')
        answer = server_frame(b'[{"type":"ping","n":3},{"type":"response","id":1,"status":200,"body":{"n":1.00}}]')
        script = Script(UPGRADED + ready, answer)
        async with serving(lambda: script) as port:
            asker = await ChannelAsker.open(("127.0.0.1", port))
            await asker.greet({"Host": "here"}, "token")
            size = await ask_once(asker)

        assert size == len(b'{"n":1.00}')

    async def test_channel_stream(self) -> None:
        """The parts of a body that streams are counted until the last."""
        ready = server_frame(b'{"type":"ready","limits":{"window":4,"connection_window":100}}')
        begin = server_frame(b'{"type":"response","id":1,"status":200,"stream":5}')
        parts = [server_frame(struct.pack("!BBHI", 1, flags, 0, 1) + data, BINARY) for flags, data in ((0, b"abc"), (1, b"de"))]
        script = Script(UPGRADED + ready, begin + parts[0], parts[1])
        async with serving(lambda: script) as port:
            asker = await ChannelAsker.open(("127.0.0.1", port))
            await asker.greet({"Host": "here"}, "token")
            size = await ask_once(asker)

        assert size == 5
        assert b'{"type":"window","id":1,"bytes":3}' in script.heard

    async def test_nes(self) -> None:
        """nes gives the body as the payload of its message."""
        script = Script(
            UPGRADED + server_frame(b'{"type":"hello"}'),
            server_frame(b'{"type":"ping"}') + server_frame(b'{"type":"request","id":2,"statusCode":200,"payload":[1,2]}'),
        )
        async with serving(lambda: script) as port:
            asker = await NesAsker.open(("127.0.0.1", port))
            await asker.greet({"Host": "here"})
            size = await ask_once(asker)

        assert size == len(b"[1,2]")

    async def test_wrong_status(self) -> None:
        """An answer that is none fails whoever waits for it."""
        script = Script(
            UPGRADED + server_frame(b'{"type":"hello"}'), server_frame(b'{"type":"request","id":2,"statusCode":502,"payload":0}')
        )
        async with serving(lambda: script) as port:
            asker = await NesAsker.open(("127.0.0.1", port))
            await asker.greet({"Host": "here"})
            with pytest.raises(WrongAnswer, match="502"):
                await ask_once(asker)


class TestHeld:
    @pytest.mark.parametrize(
        ("ready", "ping", "pong"),
        [
            (b'"type":"ready"', b'{"type":"ping","n":12}', b'{"type":"pong","n":12}'),
            (b'"type":"hello"', b'{"type":"ping"}', b'{"type":"ping","id":2}'),
        ],
        ids=["hub", "nes"],
    )
    async def test_signs_of_life(self, ready: bytes, ping: bytes, pong: bytes) -> None:
        """A connection that is held is ready once the server says so, answers its pings, and is missed when it is lost."""
        script = Script(UPGRADED + server_frame(b"{" + ready + b"}"))
        held: set[Held] = set()
        async with serving(lambda: script) as port:
            made = Held(b"hello", ready, held)
            transport, _ = await asyncio.get_running_loop().create_connection(lambda: made, "127.0.0.1", port)
            assert made.ready is not None
            await soon(made.ready)
            script.say(server_frame(ping))
            await script.until_heard(pong)
            assert held == {made}
            transport.abort()
            await asyncio.sleep(0)

        assert held == set()

    async def test_refused(self) -> None:
        """A connection that is refused does not become ready."""
        script = Script(b"HTTP/1.1 429 Too Many Requests\r\n\r\n")
        async with serving(lambda: script) as port:
            made = Held(b"hello", b"never", set())
            await asyncio.get_running_loop().create_connection(lambda: made, "127.0.0.1", port)
            await script.until_heard(b"hello")
            script.end()
            assert made.ready is not None
            with pytest.raises(ConnectionError, match="429"):
                await soon(made.ready)


class TestOutcome:
    FOUND = Outcome("b9", "nothing happens", ("system", "ms"), [["hub", "1.00"]])

    def test_table_and_document(self) -> None:
        """The table has a title, the document the machine besides."""
        assert tables([self.FOUND]) == "**B9: nothing happens**\n\n| system |   ms |\n|--------|-----:|\n| hub    | 1.00 |"
        assert document([self.FOUND], {"cores": 2}) == {
            "machine": {"cores": 2},
            "scenarios": [{"name": "b9", "title": "nothing happens", "headings": ("system", "ms"), "rows": [["hub", "1.00"]]}],
        }

    @pytest.mark.parametrize(("seconds", "text"), [(0.00012, "0.12"), (0.0594, "59.40"), (0.8791, "879")])
    def test_milliseconds(self, seconds: float, text: str) -> None:
        """Short times have two digits more."""
        assert milliseconds(seconds) == text


@pytest.mark.timing_sensitive
async def test_peak() -> None:
    """Memory that a process has given back before anybody looks is seen all the same."""
    code = "import sys; sys.stdin.readline(); held = b'x' * (64 << 20); del held; print(flush=True); sys.stdin.read()"
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdin=pipe, stdout=pipe)
    assert process.stdin is not None
    assert process.stdout is not None
    with peak_of(process.pid) as peak:
        process.stdin.write(b"\n")
        await process.stdout.readline()
    after = resident_mib(process.pid)
    process.stdin.close()
    await process.wait()

    assert peak.growth > 60.0
    assert after < peak.most - 60.0


@pytest.mark.timing_sensitive
async def test_smoke() -> None:
    """Scenarios run to their end with the hub alone, which they only do when every answer was right."""
    short = ["--seconds", "0.1", "--stall-seconds", "0.1", "--idle-seconds", "0.1", "--connections", "110", "120"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.scenarios", "b3", "b6", "b12", "b16", "--without-peers", *short),
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()

    assert process.returncode == 0, errors.decode()
    titles = [line.split(":")[0].strip("*") for line in output.decode().splitlines() if line.startswith("**")]
    assert titles == ["B3", "B6", "B12", "B16"]
    assert output.decode().count("| hub") == 8
