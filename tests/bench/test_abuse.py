"""The bench of abuses: its registry, its table, and the files of the servers in front."""

from pathlib import Path

import pytest

from bench.abuse.__main__ import table
from bench.abuse.abuses import ABUSES, Ground, Toll, abuse
from bench.abuse.fronts import CONF, haproxy_file, installed, nginx_file


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
