"""Create the client of Redis with explicit timeouts, report its faults, and translate its errors."""

import asyncio
import secrets
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import redis.asyncio
from redis.asyncio.client import Pipeline
from redis.asyncio.cluster import ClusterNode, ClusterPipeline, RedisCluster
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import MasterNotFoundError, Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, ReadOnlyError, RedisError, ResponseError

from hub.config.settings import SettingsError
from hub.errors import StoreUnavailable
from hub.session.redis_address import RedisServers, parse_several
from hub.session.redis_faults import RedisFaults, reply_of

RETRY_AFTER_SECONDS = 2.0
MAX_CONNECTIONS = 64  # per process; commands wait for a free connection
MAX_NODE_CONNECTIONS = 1024  # per process and cluster node; large, because redis-py cannot wait for a free connection there

NO_PRIMARY_SECONDS = 0.25  # between two queries of the sentinels while there is no primary

Redis = redis.asyncio.Redis
Result = TypeVar("Result")


class WrongType(StoreUnavailable):
    """A key holds another type of value than the hub writes there: one odd key, and no failure of Redis."""


class _ReportingPipeline(Pipeline):
    """Several commands at once, whose faults are reported."""

    faults: RedisFaults | None = None

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Execute the commands."""
        return await _reported(super().execute(raise_on_error), self)


class _ReportingRedis(redis.asyncio.Redis):
    """A client that reports faults.

    Attributes:
        faults: Where they are reported.
    """

    faults: RedisFaults | None = None

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Execute a command."""
        return await _reported(super().execute_command(*args, **options), self)  # type: ignore[no-untyped-call]

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        """Return a pipeline for commands."""
        pipeline = _ReportingPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        pipeline.faults = self.faults
        return pipeline


class _ReportingClusterPipeline(ClusterPipeline):
    """Several commands at once, whose faults are reported."""

    faults: RedisFaults | None = None

    async def execute(self, raise_on_error: bool = True, allow_redirections: bool = True) -> list[Any]:
        """Execute the commands."""
        return await _reported(super().execute(raise_on_error, allow_redirections), self)


class _ReportingCluster(RedisCluster):
    """A client of a cluster that reports faults, as `_ReportingRedis`."""

    faults: RedisFaults | None = None

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Execute a command."""
        return await _reported(super().execute_command(*args, **options), self)

    def pipeline(self, transaction: Any = None, shard_hint: Any = None) -> ClusterPipeline:
        """Return a pipeline for commands."""
        pipeline = _ReportingClusterPipeline(self, transaction)  # type: ignore[abstract]
        pipeline.faults = self.faults
        return pipeline


class _SentinelRedis(_ReportingRedis):
    """A client of the primary that also closes its clients of the sentinels."""

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close all connections."""
        await super().aclose(close_connection_pool)
        manager = cast(_SentinelPool, self.connection_pool).sentinel_manager
        await asyncio.gather(*(sentinel.aclose() for sentinel in manager.sentinels))


class _SentinelPool(SentinelConnectionPool, redis.asyncio.BlockingConnectionPool):
    """A pool that finds the primary through the sentinels. Commands wait for a free connection.

    While there is no primary, the sentinels are queried at most every `NO_PRIMARY_SECONDS`: a query per command would delay their
    election of the next primary.
    """

    _ask_again_at = float("-inf")

    async def get_master_address(self) -> tuple[str, int]:
        """Return host and port of the primary.

        Raises:
            MasterNotFoundError: The sentinels have no primary.
        """
        now = asyncio.get_running_loop().time()
        if now < self._ask_again_at:
            raise MasterNotFoundError("no primary")
        try:
            return cast(tuple[str, int], await super().get_master_address())  # type: ignore[no-untyped-call]
        except MasterNotFoundError:
            self._ask_again_at = now + NO_PRIMARY_SECONDS
            raise


def connect(url: str, timeout_seconds: float, faults: RedisFaults | None = None) -> Redis:
    """Return a client of the servers in `url` (`hub.session.redis_address`).

    It connects at the first command, and reconnects after failures.

    A command fails after `timeout_seconds`; the defaults of redis-py (10 tries of 5 s) would block requests for minutes. One
    retry covers a connection that the server closed while it was idle.

    Raises:
        SettingsError: The URL is malformed.
    """
    try:
        several = parse_several(url)
        client: _ReportingRedis | _ReportingCluster
        if several is None:
            client = _connect_one(url, timeout_seconds)
        else:
            client = (_connect_sentinel if several.kind == "sentinel" else _connect_cluster)(several, timeout_seconds)
    except (ValueError, TypeError) as error:  # these messages may contain a part of the password
        raise SettingsError(["redis.url: cannot be used. Check hosts, port, database number and options."]) from error
    if faults is not None:
        client.faults = faults
    return cast(Redis, client)


def _connect_one(url: str, timeout_seconds: float) -> _ReportingRedis:
    pool = redis.asyncio.BlockingConnectionPool.from_url(url, **_pool_limits(timeout_seconds), **_connection(timeout_seconds))
    pool.make_connection()  # type: ignore[no-untyped-call]  # does not connect, but rejects unknown options
    return cast(_ReportingRedis, _ReportingRedis.from_pool(pool))


def _connect_sentinel(several: RedisServers, timeout_seconds: float) -> _ReportingRedis:
    options = several.options
    own = {"username": options.get("sentinel_username"), "password": options.get("sentinel_password")}
    secured = _tls(several)
    sentinels = Sentinel(  # type: ignore[no-untyped-call]
        several.nodes,
        sentinel_kwargs={**_connection(timeout_seconds), **own, **secured},
        **_connection(timeout_seconds),
        **_credentials(several),
        **secured,
        db=several.database,
    )
    return cast(
        _ReportingRedis,
        sentinels.master_for(
            several.service,
            redis_class=_SentinelRedis,
            connection_pool_class=_SentinelPool,
            **_pool_limits(timeout_seconds),
        ),
    )


def _connect_cluster(several: RedisServers, timeout_seconds: float) -> _ReportingCluster:
    return _ReportingCluster(
        startup_nodes=[ClusterNode(host, port) for host, port in several.nodes],
        max_connections=MAX_NODE_CONNECTIONS,
        **_connection(timeout_seconds),
        **_credentials(several),
        **_tls(several),
    )


def _connection(timeout_seconds: float) -> dict[str, Any]:
    return {
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": timeout_seconds,
        "retry": Retry(NoBackoff(), 1),
        "retry_on_error": [redis.exceptions.ConnectionError],
    }


def _pool_limits(timeout_seconds: float) -> dict[str, Any]:
    return {"max_connections": MAX_CONNECTIONS, "timeout": timeout_seconds}  # timeout: wait for a free connection


def _credentials(several: RedisServers) -> dict[str, Any]:
    return {"username": several.username, "password": several.password}


def _tls(several: RedisServers) -> dict[str, Any]:
    authority = several.options.get("ssl_ca_certs")
    return {"ssl": True, **({"ssl_ca_certs": authority} if authority else {})} if several.tls else {}


async def mark_once(client: Redis, name: str, milliseconds: int) -> bool:
    """Set a key for so long, unless it exists. Return whether this call has set it.

    If a response of Redis is lost, redis-py repeats the command. That one finds the key, and the random value shows whose it is.
    """
    value = secrets.token_bytes(8)
    if await client.set(name, value, nx=True, px=milliseconds):
        return True
    return cast(bytes | None, await client.get(name)) == value


_Client = _ReportingRedis | _ReportingPipeline | _ReportingCluster | _ReportingClusterPipeline


async def _reported(call: Awaitable[Result], client: _Client) -> Result:
    """Await a call of redis-py, and report its fault.

    A server that is read-only now was demoted: its connections are closed, so that the next commands look for the primary at the
    same address. Connections in use meet the same reply.
    """
    try:
        return await call
    except NoScriptError:
        raise  # redis-py then loads the script
    except (RedisError, OSError, TimeoutError) as error:
        await _report(error, client)
        raise
    except (RuntimeError, AttributeError) as error:  # redis-py, on a connection that another task has closed meanwhile
        broken = RedisConnectionError(f"{type(error).__name__}: {error}")
        await _report(broken, client)
        raise broken from error


async def _report(error: Exception, client: _Client) -> None:
    if client.faults is not None and not _is_wrong_type(error):
        client.faults.report(error)
    if isinstance(error, ReadOnlyError) and isinstance(client, redis.asyncio.Redis):
        await client.connection_pool.disconnect(inuse_connections=False)


def _is_wrong_type(error: Exception) -> bool:
    return isinstance(error, ResponseError) and reply_of(error).startswith("WRONGTYPE")


@contextmanager
def translated_errors() -> Iterator[None]:
    """Translate errors of redis-py.

    Raises:
        WrongType: The key of the command holds another type of value.
        StoreUnavailable: Any other error of redis-py: the state of the session is unknown.
    """
    try:
        yield
    except ResponseError as error:
        raise _translated(WrongType if _is_wrong_type(error) else StoreUnavailable) from error
    except (RedisError, OSError, TimeoutError) as error:
        raise _translated(StoreUnavailable) from error


def _translated(kind: type[StoreUnavailable]) -> StoreUnavailable:
    return kind("Try again in a moment. You are still logged in.", retry_after_seconds=RETRY_AFTER_SECONDS)
