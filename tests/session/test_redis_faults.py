"""Faults of Redis on real servers: what the log and the metric say, and what the client does by itself."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.exceptions import NoScriptError, RedisError, ResponseError

from hub.errors import StoreUnavailable
from hub.session.redis_client import Redis, connect, translated_errors
from hub.session.redis_faults import KINDS, OPERATORS, REMEDIES, REPEAT_SECONDS, Kind, RedisFaults, kind_of, reply_of
from tests.parties.clock import ManualClock
from tests.parties.redis_server import RedisServer

pytestmark = pytest.mark.expects_log

TIMEOUT_SECONDS = 5.0


@pytest.fixture
def counted() -> list[str]:
    """What is counted."""
    return []


@pytest.fixture
def faults(counted: list[str], clock: ManualClock) -> RedisFaults:
    """The faults of a worker."""
    return RedisFaults(counted.append, clock)


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A server of its own."""
    with RedisServer.start() as server:
        yield server


@pytest.fixture
async def operator(server: RedisServer) -> AsyncIterator[Redis]:
    """A connection that may do everything."""
    client = connect(server.url, TIMEOUT_SECONDS)
    yield client
    await client.aclose()


@pytest.fixture
async def client(server: RedisServer, faults: RedisFaults) -> AsyncIterator[Redis]:
    """The connection of a worker."""
    client = connect(server.url, TIMEOUT_SECONDS, faults)
    yield client
    await client.aclose()


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the lines of the log about Redis."""
    return [record.getMessage() for record in caplog.records if "redis.failed" in record.getMessage()]


@pytest.mark.parametrize("how", ["command", "pipeline", "script"])
async def test_full(how: str, client: Redis, operator: Redis, counted: list[str], caplog: pytest.LogCaptureFixture) -> None:
    """A full Redis is named, with the remedy, and without what was to be written."""
    script = client.register_script("return redis.call('SET', KEYS[1], ARGV[1])")
    await script(keys=["key"], args=["before"])
    await operator.config_set("maxmemory", "1")

    with pytest.raises(RedisError):
        if how == "command":
            await client.set("key", "kept-secret")
        elif how == "script":
            await script(keys=["key"], args=["kept-secret"])
        else:
            async with client.pipeline(transaction=False) as pipe:
                await pipe.set("key", "kept-secret").execute()

    assert counted == ["memory"]
    (line,) = logged(caplog)
    assert "maxmemory" in line
    assert "OutOfMemoryError" in line
    assert "kept-secret" not in line


async def test_missing_right(
    server: RedisServer, operator: Redis, faults: RedisFaults, counted: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A command that the user may not run is named."""
    await operator.execute_command("ACL", "SETUSER", "hub", "on", ">password", "~hub:*", "+@all", "-del")  # type: ignore[no-untyped-call]
    client = connect(f"unix://hub:password@{server.socket}", TIMEOUT_SECONDS, faults)
    try:
        await client.set("hub:a", "1")
        with pytest.raises(RedisError):
            await client.delete("hub:a")
    finally:
        await client.aclose()

    assert counted == ["permission"]
    (line,) = logged(caplog)
    assert "del" in line


async def test_wrong_password(
    server: RedisServer, faults: RedisFaults, counted: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A password that Redis rejects is told, without the password."""
    client = connect(f"unix://hub:s3cret@{server.socket}", TIMEOUT_SECONDS, faults)
    try:
        with pytest.raises(RedisError):
            await client.ping()
    finally:
        await client.aclose()

    assert set(counted) == {"password"}
    (line,) = logged(caplog)
    assert "s3cret" not in line


async def test_demoted_behind_one_address(
    server: RedisServer, operator: Redis, faults: RedisFaults, counted: list[str], tmp_path: Path
) -> None:
    """A primary that was demoted is left: the next command finds the one that took over the address."""
    with RedisServer.start() as promoted:
        address = tmp_path / "redis"
        address.symlink_to(server.socket)
        client = connect(f"unix://{address}", TIMEOUT_SECONDS, faults)
        try:
            async with client.pipeline(transaction=False) as pipe:  # two connections wait in the pool
                await asyncio.gather(client.set("a", "1"), pipe.set("b", "1").execute())
            await operator.execute_command("REPLICAOF", "127.0.0.1", "1")  # type: ignore[no-untyped-call]
            address.unlink()
            address.symlink_to(promoted.socket)

            with pytest.raises(RedisError):
                await client.set("a", "2")
            await asyncio.gather(client.set("a", "3"), client.set("b", "3"))
        finally:
            await client.aclose()
        after = connect(promoted.url, TIMEOUT_SECONDS)
        assert [await after.get("a"), await after.get("b")] == [b"3", b"3"]
        await after.aclose()
    assert counted == ["readonly"]


async def test_connections_that_another_task_closes(client: Redis) -> None:
    """A command whose connection is closed under it fails with an error that the hub translates, whatever redis-py raises."""

    async def ask() -> None:
        for number in range(200):
            try:
                await client.set(f"key:{number}", "x" * 10_000)
            except (RedisError, OSError):
                continue

    async def close() -> None:
        for _ in range(200):
            await client.connection_pool.disconnect()
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(20):
            tasks.create_task(ask())
        tasks.create_task(close())


@pytest.mark.parametrize(
    "error", [RuntimeError("unable to perform operation on <TCPTransport closed=True>"), AttributeError("writelines")]
)
async def test_errors_of_redis_py_itself(
    error: Exception, client: Redis, counted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What redis-py raises when it uses a connection that is being closed counts as a broken connection.

    No test can bring it about at will: it happened with a hung node of a cluster.
    """
    connection = await client.connection_pool.get_connection()  # type: ignore[no-untyped-call]

    async def broken(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(connection, "send_command", broken)
    await client.connection_pool.release(connection)  # type: ignore[no-untyped-call]
    with pytest.raises(StoreUnavailable), translated_errors():
        await client.get("key")
    assert counted == ["connection"]


async def test_odd_values_and_unknown_scripts_are_no_faults(client: Redis, operator: Redis, counted: list[str]) -> None:
    """A key of another type, and a script that the server forgot, are ordinary."""
    await client.set("key", "text")
    with pytest.raises(ResponseError):
        await client.hget("key", "field")  # type: ignore[misc]
    script = client.register_script("return 1")
    await script()
    await operator.script_flush()
    assert await script() == 1
    with pytest.raises(NoScriptError):
        await client.evalsha("0" * 40, 0)  # type: ignore[misc]
    assert counted == []


async def test_once_a_minute(
    faults: RedisFaults, counted: list[str], clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault that goes on is logged once a minute, with the number of its cases, and counted each time."""
    for _ in range(5):
        faults.report(ResponseError("MISCONF Errors writing to the AOF file: No space left on device"))
    await clock.advance(REPEAT_SECONDS)
    faults.report(ResponseError("MISCONF Errors writing to the AOF file: No space left on device"))

    assert counted == ["disk"] * 6
    first, second = logged(caplog)
    assert "No space left on device" in first
    assert "'count': 1," in first
    assert "'count': 5," in second


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ("MISCONF Valkey is configured to save RDB snapshots, but it's currently unable to persist to disk.", "disk"),
        ("LOADING Valkey is loading the dataset in memory", "loading"),
        ("NOREPLICAS Not enough good replicas to write.", "replicas"),
        ("NOAUTH Authentication required.", "password"),
        ("CLUSTERDOWN Hash slot not served", "cluster"),
        ("Command # 1 (SET k v) of pipeline caused error: OOM command not allowed when used memory > 'maxmemory'.", "memory"),
        ("ERR unknown command", "other"),
    ],
)
def test_kinds_by_reply(reply: str, kind: Kind) -> None:
    """A reply of the server names its kind, also where redis-py has no class for it."""
    assert kind_of(ResponseError(reply)) == kind


@pytest.mark.parametrize(
    ("error", "kind"), [(TimeoutError(), "timeout"), (ConnectionResetError(), "connection"), (OSError("no route"), "connection")]
)
def test_kinds_of_sockets(error: Exception, kind: Kind) -> None:
    """Errors of sockets have kinds too."""
    assert kind_of(error) == kind


def test_every_fault_of_operators_has_a_remedy() -> None:
    """Whoever has to act is told what to do."""
    assert OPERATORS <= REMEDIES.keys() <= set(KINDS)


def test_replies_are_one_short_line() -> None:
    """A reply breaks no line of the log and fills none."""
    assert reply_of(ResponseError("a\nb" + "c" * 1000)) == "a b" + "c" * 197
