"""How the hub talks to Redis: one client, explicit time-outs, and its errors translated to ours."""

from collections.abc import Iterator
from contextlib import contextmanager

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from hub.errors import StoreUnavailable
from hub.settings import SettingsError

RETRY_AFTER_SECONDS = 2.0
MAX_CONNECTIONS = 64  # of one process; a command waits for a free one, where redis-py would fail at once (from 100 on)

Redis = redis.asyncio.Redis


def connect(url: str, timeout_seconds: float) -> Redis:
    """Return a client; it connects when it is first used, and again after every failure.

    redis-py's own defaults would turn an outage into minutes of silence (10 tries of 5 s each): here a command fails after
    `timeout_seconds`, and a burst of commands waits for connections instead of failing. One repetition covers a connection
    that the server closed while it was idle.

    Raises:
        SettingsError: The URL cannot be understood.
    """
    try:
        pool = redis.asyncio.BlockingConnectionPool.from_url(
            url,
            max_connections=MAX_CONNECTIONS,
            timeout=timeout_seconds,  # for a free connection
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            retry=Retry(NoBackoff(), 1),
            retry_on_error=[redis.exceptions.ConnectionError],
        )
        pool.make_connection()  # type: ignore[no-untyped-call]  # opens nothing; finds unknown options
    except (ValueError, TypeError) as error:  # their texts could show a part of the password
        raise SettingsError(["redis.url: cannot be used. Check port, database number and options."]) from error
    return redis.asyncio.Redis.from_pool(pool)


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn what redis-py raises into `StoreUnavailable`: whatever it was, nothing is known about the session."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise StoreUnavailable(
            "Try again in a moment. You are still logged in.", retry_after_seconds=RETRY_AFTER_SECONDS
        ) from error
