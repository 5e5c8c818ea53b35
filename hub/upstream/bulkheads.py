"""Bulkheads of the connection pool: which caller may use a connection next. Pure.

Each target has connections that no other target can take, and a limit of its own. Within a target, each client has a limit, and
callers that wait are served round-robin by client. So neither a slow target nor a greedy client takes a connection that another
needs.
"""

from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

Waiting = TypeVar("Waiting")

MAX_CONNECTIONS = 1000


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """Numbers of connections of one worker.

    Attributes:
        total: To all targets together, beyond the reserved ones.
        per_target: To one target.
        reserved: To each target that no other target can take.
        per_user: To one target for one user.
        per_address: To one target for one client address without a login.
    """

    total: int = MAX_CONNECTIONS
    per_target: int = MAX_CONNECTIONS
    reserved: int = 0
    per_user: int = MAX_CONNECTIONS
    per_address: int = MAX_CONNECTIONS


@dataclass(slots=True, eq=False)
class PoolClient(Generic[Waiting]):
    """One client of one target.

    Attributes:
        key: Names the client: a user, an address, or the hub itself.
        limit: Connections that it may use at once.
        used: Connections that it uses.
        waiting: Its callers that wait, in order.
        is_in_turn: Whether it is in the queue of its target.
    """

    key: str
    limit: int
    used: int
    waiting: deque[Waiting]
    is_in_turn: bool

    @property
    def is_at_limit(self) -> bool:
        """Whether the client uses as many connections as it may."""
        return self.used >= self.limit


class Bulkhead(Generic[Waiting]):
    """The clients of one target.

    Attributes:
        size: Open connections to the target, and those that are being opened.
    """

    __slots__ = ("_clients", "_turns", "size")

    def __init__(self) -> None:
        self.size = 0
        self._clients: dict[str, PoolClient[Waiting]] = {}
        self._turns: deque[PoolClient[Waiting]] = deque()

    @property
    def has_turns(self) -> bool:
        """Whether a caller waits that may use a connection, as soon as there is one."""
        return bool(self._turns)

    @property
    def clients(self) -> int:
        """Number of clients that use or await a connection."""
        return len(self._clients)

    def client(self, key: str, limit: int) -> PoolClient[Waiting]:
        """Return the client with this key. It is kept while it uses or awaits connections."""
        client = self._clients.get(key)
        if client is None:
            client = self._clients[key] = PoolClient(key, limit, 0, deque(), is_in_turn=False)
        return client

    def use(self, key: str, limit: int) -> PoolClient[Waiting] | None:
        """Count a connection of a client that would not wait. Return the client; None if it is at its limit."""
        client = self.client(key, limit)
        if client.is_at_limit:
            return None
        client.used += 1
        return client

    def wait(self, client: PoolClient[Waiting], caller: Waiting) -> None:
        """Let a caller wait for a connection."""
        client.waiting.append(caller)
        self._queue(client)

    def leave(self, client: PoolClient[Waiting], caller: Waiting) -> None:
        """Remove a caller that no longer waits."""
        if caller in client.waiting:
            client.waiting.remove(caller)
        if not client.waiting and client.is_in_turn:
            self._turns.remove(client)
            client.is_in_turn = False
        self.forget(client)

    def next(self) -> tuple[PoolClient[Waiting], Waiting]:
        """Remove the caller whose turn it is, and count its connection. Its client goes to the end of the queue."""
        client = self._turns.popleft()
        client.is_in_turn = False
        caller = client.waiting.popleft()
        client.used += 1
        self._queue(client)
        return client, caller

    def give_back(self, client: PoolClient[Waiting]) -> None:
        """Count a connection that a client no longer uses."""
        client.used -= 1
        if client.waiting:
            self._queue(client)
        elif not client.used:
            self._clients.pop(client.key, None)

    def forget(self, client: PoolClient[Waiting]) -> None:
        """Remove a client that neither uses nor awaits a connection."""
        if not (client.used or client.waiting):
            self._clients.pop(client.key, None)

    def _queue(self, client: PoolClient[Waiting]) -> None:
        if client.waiting and not (client.is_in_turn or client.is_at_limit):
            client.is_in_turn = True
            self._turns.append(client)
