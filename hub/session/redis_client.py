"""Create the client of Redis with explicit timeouts, and translate its errors."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import redis.asyncio
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import MasterNotFoundError, Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from hub.config.settings import SettingsError
from hub.errors import StoreUnavailable
from hub.session.redis_address import RedisServers, parse_several

RETRY_AFTER_SECONDS = 2.0
MAX_CONNECTIONS = 64  # per process; commands wait for a free connection
MAX_NODE_CONNECTIONS = 1024  # per process and cluster node; large, because redis-py cannot wait for a free connection there

NO_PRIMARY_SECONDS = 0.25  # between two queries of the sentinels while there is no primary

Redis = redis.asyncio.Redis


class WrongType(StoreUnavailable):
    """A key holds another type of value than the hub writes there: one odd key, and no failure of Redis."""


class _SentinelRedis(redis.asyncio.Redis):
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


def connect(url: str, timeout_seconds: float) -> Redis:
    """Return a client of the servers in `url` (`hub.session.redis_address`).

    It connects at the first command, and reconnects after failures.

    A command fails after `timeout_seconds`; the defaults of redis-py (10 tries of 5 s) would block requests for minutes. One
    retry covers a connection that the server closed while it was idle.

    Raises:
        SettingsError: The URL is malformed.
    """
    try:
        several = parse_several(url)
        if several is None:
            return _connect_one(url, timeout_seconds)
        return (_connect_sentinel if several.kind == "sentinel" else _connect_cluster)(several, timeout_seconds)
    except (ValueError, TypeError) as error:  # these messages may contain a part of the password
        raise SettingsError(["redis.url: cannot be used. Check hosts, port, database number and options."]) from error


def _connect_one(url: str, timeout_seconds: float) -> Redis:
    pool = redis.asyncio.BlockingConnectionPool.from_url(url, **_pool_limits(timeout_seconds), **_connection(timeout_seconds))
    pool.make_connection()  # type: ignore[no-untyped-call]  # does not connect, but rejects unknown options
    return redis.asyncio.Redis.from_pool(pool)


def _connect_sentinel(several: RedisServers, timeout_seconds: float) -> Redis:
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
        Redis,
        sentinels.master_for(
            several.service,
            redis_class=_SentinelRedis,
            connection_pool_class=_SentinelPool,
            **_pool_limits(timeout_seconds),
        ),
    )


def _connect_cluster(several: RedisServers, timeout_seconds: float) -> Redis:
    cluster: Any = RedisCluster(
        startup_nodes=[ClusterNode(host, port) for host, port in several.nodes],
        max_connections=MAX_NODE_CONNECTIONS,
        **_connection(timeout_seconds),
        **_credentials(several),
        **_tls(several),
    )
    return cast(Redis, cluster)  # has the same commands; each script of the hub uses one key


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
        raise _translated(WrongType if str(error).startswith("WRONGTYPE") else StoreUnavailable) from error
    except (RedisError, OSError, TimeoutError) as error:
        raise _translated(StoreUnavailable) from error


def _translated(kind: type[StoreUnavailable]) -> StoreUnavailable:
    return kind("Try again in a moment. You are still logged in.", retry_after_seconds=RETRY_AFTER_SECONDS)
