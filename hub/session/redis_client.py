"""How the hub talks to Redis: one client, explicit time-outs, and its errors translated to ours."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import redis.asyncio
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import MasterNotFoundError, Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from hub.config.settings import SettingsError
from hub.errors import StoreUnavailable
from hub.session.redis_address import SeveralServers, parse_several

RETRY_AFTER_SECONDS = 2.0
MAX_CONNECTIONS = 64  # of one process; a command waits for a free one, where redis-py would fail at once (from 100 on)
MAX_NODE_CONNECTIONS = 1024  # of one process to one node of a cluster, where redis-py knows no waiting

NO_PRIMARY_SECONDS = 0.25  # between two questions to the sentinels while they know of none

Redis = redis.asyncio.Redis


class _SentinelRedis(redis.asyncio.Redis):
    """A client of the primary, which closes the clients of the sentinels with itself."""

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close all connections."""
        await super().aclose(close_connection_pool)
        manager = cast(_SentinelPool, self.connection_pool).sentinel_manager
        await asyncio.gather(*(sentinel.aclose() for sentinel in manager.sentinels))


class _SentinelPool(SentinelConnectionPool, redis.asyncio.BlockingConnectionPool):
    """A pool that asks the sentinels for the primary, and lets commands wait for a free connection.

    While there is no primary the sentinels have to agree on the next one. Asked by every command, they would not get round to it.
    """

    _ask_again_at = float("-inf")

    async def get_master_address(self) -> tuple[str, int]:
        """Return host and port of the primary."""
        now = asyncio.get_running_loop().time()
        if now < self._ask_again_at:
            raise MasterNotFoundError("no primary")
        try:
            return cast(tuple[str, int], await super().get_master_address())  # type: ignore[no-untyped-call]
        except MasterNotFoundError:
            self._ask_again_at = now + NO_PRIMARY_SECONDS
            raise


def connect(url: str, timeout_seconds: float) -> Redis:
    """Return a client; it connects when it is first used, and again after every failure.

    redis-py's own defaults would turn an outage into minutes of silence (10 tries of 5 s each): here a command fails after
    `timeout_seconds`, and a burst of commands waits for connections instead of failing. One repetition covers a connection
    that the server closed while it was idle.

    Parameters:
        url: As in `hub.session.redis_address`.

    Raises:
        SettingsError: The URL cannot be understood.
    """
    try:
        several = parse_several(url)
        if several is None:
            return _connect_one(url, timeout_seconds)
        return (_connect_sentinel if several.kind == "sentinel" else _connect_cluster)(several, timeout_seconds)
    except (ValueError, TypeError) as error:  # their texts could show a part of the password
        raise SettingsError(["redis.url: cannot be used. Check hosts, port, database number and options."]) from error


def _connect_one(url: str, timeout_seconds: float) -> Redis:
    pool = redis.asyncio.BlockingConnectionPool.from_url(url, **_pool_limits(timeout_seconds), **_connection(timeout_seconds))
    pool.make_connection()  # type: ignore[no-untyped-call]  # opens nothing; finds unknown options
    return redis.asyncio.Redis.from_pool(pool)


def _connect_sentinel(several: SeveralServers, timeout_seconds: float) -> Redis:
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


def _connect_cluster(several: SeveralServers, timeout_seconds: float) -> Redis:
    cluster: Any = RedisCluster(
        startup_nodes=[ClusterNode(host, port) for host, port in several.nodes],
        max_connections=MAX_NODE_CONNECTIONS,
        **_connection(timeout_seconds),
        **_credentials(several),
        **_tls(several),
    )
    return cast(Redis, cluster)  # it has the commands that the hub uses; each script touches one key


def _connection(timeout_seconds: float) -> dict[str, Any]:
    return {
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": timeout_seconds,
        "retry": Retry(NoBackoff(), 1),
        "retry_on_error": [redis.exceptions.ConnectionError],
    }


def _pool_limits(timeout_seconds: float) -> dict[str, Any]:
    return {"max_connections": MAX_CONNECTIONS, "timeout": timeout_seconds}  # for a free connection


def _credentials(several: SeveralServers) -> dict[str, Any]:
    return {"username": several.username, "password": several.password}


def _tls(several: SeveralServers) -> dict[str, Any]:
    authority = several.options.get("ssl_ca_certs")
    return {"ssl": True, **({"ssl_ca_certs": authority} if authority else {})} if several.tls else {}


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn what redis-py raises into `StoreUnavailable`: whatever it was, nothing is known about the session."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise StoreUnavailable(
            "Try again in a moment. You are still logged in.", retry_after_seconds=RETRY_AFTER_SECONDS
        ) from error
