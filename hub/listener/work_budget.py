"""How much work one connection may cause: in one turn of the event loop, and over time.

A connection counts its work down. At zero it pauses, so that other connections have their turn, and goes on in the next turn of
the loop with a full portion: nothing is lost or reordered. What has a cost is paid from a token bucket. If the bucket is
overdrawn, the pause lasts until it is not (back-pressure); after `abuse_seconds` of this, the connection is closed.
"""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass

from hub.listener.head import BadHead
from hub.primitives.clock import Clock
from hub.primitives.token_bucket import TokenBucket

REQUEST_WORK = 4
"""Work of a request, as a multiple of that of a WebSocket frame or of a segment of a body."""

CLOSE = math.inf
"""Instead of a wait: the connection is closed, because it has been throttled for too long."""

TOO_MUCH_WORK = "too many frames or messages for too long"
"""The reason of that close frame."""


def too_many_refused() -> BadHead:
    """Return the error of an HTTP connection that has been throttled for too long."""
    return BadHead("Too many requests were refused. Wait a minute.", 429)


def ignore_refused(peer: str, status: int) -> bool:
    """Return False: nobody counts."""
    return False


def nobody_is_limited(peer: str) -> bool:
    """Return False: nobody counts."""
    return False


def ignore_throttling(kind: str) -> None:
    """Do nothing: nobody counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkLimits:
    """The limits of every connection of a listener.

    Attributes:
        per_turn: Work of one connection in one turn of the loop. A frame is 1, a request `REQUEST_WORK`.
        rate: Cost per second that is never throttled. A frame costs 1, a refused request what its handler says. 0: no limit.
        burst: Cost above the rate that is not throttled.
        abuse_seconds: A connection that was throttled for so long without a break is closed; 0: never.
        close_code: WebSocket close code for it.
        on_refused: Called with the address of a peer and a status when the listener rejects a request itself, because it is
            malformed. Called with status 0 when a connection ends without a request. Returns whether the address is above its
            limit; a malformed request then gets 429.
        is_limited: Returns whether the address of a peer is above that limit now. Its new connections are delayed then.
        on_throttled: Called with `throttled` when a connection begins to be throttled, or is delayed, with `closed` when it is
            closed for it.
    """

    per_turn: int = 32
    rate: float = 2000.0
    burst: float = 20_000.0
    abuse_seconds: float = 60.0
    close_code: int = 1008
    on_refused: Callable[[str, int], bool] = ignore_refused
    is_limited: Callable[[str], bool] = nobody_is_limited
    on_throttled: Callable[[str], None] = ignore_throttling

    def judged(self, error: BadHead, peer: str) -> BadHead:
        """Count a malformed request of a peer. Return the error with which it is rejected."""
        return too_many_refused() if self.on_refused(peer, error.status) else error


class WorkBudget:
    """The work that one connection has left in this turn.

    Attributes:
        left: Work until the connection pauses. Counted down by its owner, which calls `pause` at zero or below.
        cost: Cost that was not paid yet.
        per_turn: The full portion.
    """

    __slots__ = ("_bucket", "_is_abused", "_limits", "_throttled_since", "_unit_cost", "_units", "cost", "left", "per_turn")

    def __init__(self, limits: WorkLimits) -> None:
        self._limits = limits
        self._bucket: TokenBucket | None = None
        self._throttled_since: float | None = None
        self._is_abused = False
        self._unit_cost = 0.0
        self._units = 1
        self.per_turn = limits.per_turn
        self.left = limits.per_turn
        self.cost = 0.0

    def charge(self, cost: float) -> None:
        """Add a cost: work of this size, too."""
        self.left -= math.ceil(cost * self._units)
        if not self._unit_cost:  # else the work has this cost
            self.cost += cost

    def charge_work(self, unit_cost: float, units_per_frame: int = 1) -> None:
        """Let all work have a cost from now on: that of frames.

        Parameters:
            units_per_frame: How many units of work the owner counts for a frame.
        """
        self._unit_cost = unit_cost
        self._units = units_per_frame
        self.per_turn = self._limits.per_turn * units_per_frame
        self.refill()

    def pause(self, now: float) -> float:
        """Pay what has a cost. Return for how many seconds to pause; 0: until the next turn; `CLOSE`: close the connection.

        After `CLOSE` nothing is throttled: what the client still sends is dropped.
        """
        cost = self.cost + self._unit_cost * (self.per_turn - self.left)
        self.cost = 0.0
        if not cost or not self._limits.rate or self._is_abused:
            return 0.0
        if self._bucket is None:
            self._bucket = TokenBucket(self._limits.rate, self._limits.burst, now)
        wait = self._bucket.spend(now, cost)
        return self._throttled(now, wait) if wait else self._calm()

    def refill(self) -> None:
        """Begin the next portion."""
        self.left = self.per_turn

    async def next_turn(self, clock: Clock) -> bool:
        """Wait until the connection may work on, if its work of this turn is done. For work that one message causes.

        Returns:
            False: Close the connection, as after `CLOSE`.
        """
        if self.left > 0:
            return True
        wait = self.pause(clock.monotonic())
        if wait == CLOSE:
            self.refill()
            return False
        if wait:
            await clock.sleep(wait)
        else:
            loop = asyncio.get_running_loop()
            turn = loop.create_future()
            handle = loop.call_soon(turn.set_result, None)
            try:
                await turn
            finally:
                handle.cancel()
        self.refill()
        return True

    def _calm(self) -> float:
        self._throttled_since = None
        return 0.0

    def _throttled(self, now: float, wait: float) -> float:
        limits = self._limits
        if self._throttled_since is None:
            self._throttled_since = now
            limits.on_throttled("throttled")
        elif limits.abuse_seconds and now - self._throttled_since >= limits.abuse_seconds:
            self._is_abused = True
            limits.on_throttled("closed")
            return CLOSE
        return wait
