"""What was asked of the endpoints for tokens and of the REST applications, so that tests can count. Holds no secrets."""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

CAPACITY = 50_000  # entries; a load test of some minutes, in about 20 MB

Service = Literal["token", "clinic", "native"]

RUNNING = "running"


@dataclass(slots=True)
class Entry:
    """One request.

    Attributes:
        at: When it came; epoch seconds.
        path: Without query.
        status: HTTP status; 0 while it runs, or if no answer was sent.
        grant_type: Of a token request; for the native JWT mode the endpoint: `login`, `refresh`, `logout`, `revoke`.
        outcome: `running`, then for the token endpoint `issued`, an OAuth error code, `unavailable` (500 by toggle) or
            `dropped` (refreshed, but the response was lost by toggle); for the native JWT mode `issued`, `ended`, `refused`,
            `disabled` or `unavailable`; for the REST application `answered`. `aborted` for all if the caller went away first.
    """

    number: int
    at: float
    service: Service
    method: str
    path: str
    grant_type: str = ""
    client_id: str = ""
    subject: str = ""
    status: int = 0
    outcome: str = RUNNING


Predicate = Callable[[Entry], bool]


class Journal:
    """The latest requests in order of their arrival."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=CAPACITY)
        self._numbers = itertools.count(1)
        self._waiters: list[tuple[Predicate, asyncio.Future[Entry]]] = []

    def open(self, service: Service, method: str, path: str, at: float) -> Entry:
        """Note that a request has come."""
        entry = Entry(next(self._numbers), at, service, method, path)
        self._entries.append(entry)
        self._tell(entry)
        return entry

    def close(self, entry: Entry, outcome: str, status: int = 0) -> None:
        """Note how a request ended; what was noted first stays."""
        if entry.outcome == RUNNING:
            entry.outcome, entry.status = outcome, status
            self._tell(entry)

    def entries(self, service: Service | None = None) -> list[Entry]:
        """Return the requests so far, those of one service or all."""
        return [entry for entry in self._entries if service in (None, entry.service)]

    def clear(self) -> None:
        """Forget the requests so far."""
        self._entries.clear()

    async def wait_for(self, predicate: Predicate) -> Entry:
        """Return the first entry that fits, as soon as there is one. Lets a test wait without sleeping."""
        for entry in self._entries:
            if predicate(entry):
                return entry
        future: asyncio.Future[Entry] = asyncio.get_running_loop().create_future()
        self._waiters.append((predicate, future))
        return await future

    def as_json(self) -> list[dict[str, Any]]:
        """Return all entries with their members by name."""
        return [asdict(entry) for entry in self._entries]

    def _tell(self, entry: Entry) -> None:
        waiting = [waiter for waiter in self._waiters if not waiter[1].done()]
        fitting = [waiter for waiter in waiting if waiter[0](entry)]
        for _, future in fitting:
            future.set_result(entry)
        self._waiters = [waiter for waiter in waiting if waiter not in fitting]
