"""The bench of abuses: its registry, its table, and the files of the servers in front."""

import asyncio
from pathlib import Path

import pytest

from bench.abuse.__main__ import table
from bench.abuse.abuses import ABUSES, Ground, Toll, abuse
from bench.abuse.fronts import CONF, front, haproxy_file, installed, nginx_file
from tests.parties.resource_server import RawResourceServer, answering
from tests.waiting import until


def test_registry() -> None:
    """An abuse is added under the name of its function."""

    @abuse("nothing at all", needs_login=True)
    async def does_nothing(ground: Ground, toll: Toll) -> None:
        """Do nothing."""

    try:
        added = ABUSES["does-nothing"]
        assert (added.title, added.needs_login, added.run) == ("nothing at all", True, does_nothing)
    finally:
        del ABUSES["does-nothing"]


def test_table() -> None:
    """One row for each abuse and way to the hub."""
    lines = table([["pongs, direct", "1.0", "2.0", "1.5", "3.0", "500", "0"]]).splitlines()

    assert lines[2] == "| pongs, direct |           1.0 |    2.0 |                 1.5 |    3.0 |   500 |      0 |"


def test_direct_needs_nothing() -> None:
    """There is always one way."""
    assert installed()[0] == "direct"


@pytest.mark.parametrize("name", ["nginx.conf", "haproxy.cfg"])
def test_shipped_files_are_used(name: str, tmp_path: Path) -> None:
    """The files that the hub ships serve on one port of the loopback interface, with nothing of TLS left."""
    shipped = (CONF / name).read_text()
    made = nginx_file(shipped, 1234, 5678, tmp_path) if name == "nginx.conf" else haproxy_file(shipped, 1234, 5678, 91)

    assert "127.0.0.1:1234" in made and "127.0.0.1:5678" in made
    assert "ssl" not in "\n".join(line for line in made.splitlines() if not line.lstrip().startswith("#"))


@pytest.mark.skipif("nginx" not in installed(), reason="nginx is not installed")
async def test_nginx_slows_down_before_it_refuses(tmp_path: Path) -> None:
    """Requests one after the other wait for the rate; of hundreds at once, some get 429 and a close, and few are logged."""
    hub = await RawResourceServer.start(answering(400))
    request = b"GET /hub/channel HTTP/1.1\r\nHost: localhost\r\n\r\n"
    heads: list[bytes] = []

    async def send(address: str, count: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
        try:
            writer.write(request * count)
            while head := await reader.readuntil(b"\r\n\r\n"):
                heads.append(head)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    try:
        async with front("nginx", int(hub.url.rpartition(":")[2]), 1, tmp_path) as port:
            pipelining = asyncio.ensure_future(send("127.0.0.2", 400))
            await until(lambda: len(heads) > 101, 0.01)
            in_turn = {head.split()[1] for head in heads}
            pipelining.cancel()
            heads.clear()
            flood = [asyncio.ensure_future(send("127.0.0.3", 1)) for _ in range(400)]
            await until(lambda: sum(head.startswith(b"HTTP/1.1 429") for head in heads) >= 50, 0.01)
            refused = [head for head in heads if head.startswith(b"HTTP/1.1 429")]
            for each in flood:
                each.cancel()
            await asyncio.gather(pipelining, *flood, return_exceptions=True)
            logged = (tmp_path / "nginx-access.log").read_text().count('" 429 ')
    finally:
        await hub.stop()

    assert in_turn == {b"400"}
    assert all(b"\r\nConnection: close\r\n" in head and b"\r\nRetry-After: 5\r\n" in head for head in refused)
    assert logged < len(refused) / 2
