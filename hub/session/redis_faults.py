"""Faults of Redis by their kinds: what happened, and what an operator can do about it."""

from collections import Counter
from collections.abc import Callable
from typing import Literal, get_args

from redis.asyncio.sentinel import MasterNotFoundError
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    ClusterDownError,
    ClusterError,
    MasterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
    SlotNotCoveredError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from hub.primitives.clock import Clock, SystemClock
from hub.primitives.ttl_cache import BoundedTtlCache
from hub.telemetry import log

Kind = Literal[
    "readonly",
    "loading",
    "memory",
    "disk",
    "permission",
    "password",
    "replicas",
    "no_primary",
    "cluster",
    "timeout",
    "connection",
    "other",
]

KINDS: tuple[Kind, ...] = get_args(Kind)

REMEDIES: dict[Kind, str] = {
    "readonly": "The server is a replica now. The hub closes its connections and looks for the primary at the same address.",
    "loading": "The server reads its data after a start. Wait.",
    "memory": "Redis is full and rejects writes. Raise maxmemory (redis.max_memory_mib of the private Redis).",
    "disk": "Redis cannot write to its disk and rejects writes. Make room, or see its log.",
    "permission": "The user in redis.url may not run this command. Give it that one (ACL SETUSER).",
    "password": "Redis rejects the user or the password in redis.url.",
    "replicas": "Too few replicas follow the primary (min-replicas-to-write). Look at the replicas.",
    "no_primary": "The sentinels know no primary. The hub asks them again.",
    "cluster": "The cluster does not serve all keys. Look at its nodes (CLUSTER INFO).",
}
"""What an operator can do. The other kinds speak for themselves."""

OPERATORS: frozenset[Kind] = frozenset({"memory", "disk", "permission", "password", "replicas"})
"""Kinds that go on until somebody does something."""

SILENT: frozenset[Kind] = frozenset({"timeout", "connection"})
"""Kinds in which Redis says nothing."""

REPEAT_SECONDS = 60.0
MAX_TEXT = 200

_BY_CLASS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Kind], ...] = (
    (ReadOnlyError, "readonly"),
    (BusyLoadingError, "loading"),
    (OutOfMemoryError, "memory"),
    (NoPermissionError, "permission"),
    ((AuthenticationError, AuthorizationError), "password"),
    (MasterNotFoundError, "no_primary"),
    (
        (ClusterError, ClusterDownError, MasterDownError, SlotNotCoveredError, TryAgainError, RedisClusterException),
        "cluster",
    ),
    ((RedisTimeoutError, TimeoutError), "timeout"),
    ((RedisConnectionError, OSError), "connection"),
)
_BY_CODE: dict[str, Kind] = {
    "READONLY": "readonly",
    "LOADING": "loading",
    "OOM": "memory",
    "MISCONF": "disk",
    "NOPERM": "permission",
    "NOAUTH": "password",
    "WRONGPASS": "password",
    "NOREPLICAS": "replicas",
    "CLUSTERDOWN": "cluster",
    "MASTERDOWN": "cluster",
}
"""The first word of an error reply, where redis-py has no class for it, or a script has passed the reply on."""

logger = log.get(__name__)


def kind_of(error: BaseException) -> Kind:
    """Return the kind of an error of redis-py, or of the socket below it.

    While redis-py opens a connection, it raises a plain `ConnectionError` for whatever Redis said; its cause then says more.
    """
    kind = _kind_of_one(error)
    behind = error.__cause__ or error.__context__
    if kind in ("connection", "other") and behind is not None:
        return kind if (found := kind_of(behind)) == "other" else found
    return kind


def _kind_of_one(error: BaseException) -> Kind:
    code = reply_of(error).partition(" ")[0]
    if code in _BY_CODE:
        return _BY_CODE[code]
    for classes, kind in _BY_CLASS:
        if isinstance(error, classes):
            return kind
    return "other"


def reply_of(error: BaseException) -> str:
    """Return what Redis said, in one line, without the commands that redis-py repeats in errors of pipelines."""
    text = str(error).rpartition("caused error: ")[2]
    return " ".join(text.split())[:MAX_TEXT]


def _nothing(kind: Kind) -> None:
    """Count nothing."""


class RedisFaults:
    """Counts the faults of Redis, and logs each kind once a minute while it goes on.

    Parameters:
        count: Called with the kind of each fault.
    """

    def __init__(self, count: Callable[[Kind], None] = _nothing, clock: Clock | None = None) -> None:
        self._count = count
        self._logged: BoundedTtlCache[Kind, None] = BoundedTtlCache(
            len(KINDS), clock=clock or SystemClock(), ttl_seconds=REPEAT_SECONDS
        )
        self._unlogged: Counter[Kind] = Counter()

    def report(self, error: BaseException) -> Kind:
        """Report an error of redis-py, and return its kind."""
        kind = kind_of(error)
        self._count(kind)
        self._unlogged[kind] += 1
        if kind not in self._logged:
            self._logged.put(kind, None)
            self._log(kind, f"{type(error).__name__}: {reply_of(error)}", self._unlogged.pop(kind))
        return kind

    def _log(self, kind: Kind, reply: str, count: int) -> None:
        remedy = {"remedy": REMEDIES[kind]} if kind in REMEDIES else {}
        if kind in OPERATORS:
            logger.error("redis.failed", kind=kind, error=reply, count=count, **remedy)
        elif kind in SILENT:  # what that leads to is a warning of its own
            logger.info("redis.failed", kind=kind, error=reply, count=count)
        else:
            logger.warning("redis.failed", kind=kind, error=reply, count=count, **remedy)
