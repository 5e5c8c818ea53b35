"""The pace of one upload: how long the hub waits for a client that sends its body too slowly."""

import asyncio
import math
from collections.abc import Callable

from hub.config.settings import UpstreamSettings
from hub.errors import UploadStalled
from hub.primitives.clock import Clock, Timer


def _always() -> bool:
    return True


class UploadPace:
    """Waits for the segments of one upload. Only the time in which the API waits for the client counts.

    The client has `upload_grace_seconds` of credit. Waiting uses it up, and each byte gives back the time that it may take at
    `upload_bytes_per_second`. So an upload may pause, and may be slower for a while, but not on average.

    Parameters:
        is_clients_turn: Returns whether the client may send. Without flow-control credit it is not late.
    """

    def __init__(self, limits: UpstreamSettings, clock: Clock, is_clients_turn: Callable[[], bool] = _always) -> None:
        self._limits = limits
        self._clock = clock
        self._is_clients_turn = is_clients_turn
        self._credit_seconds = limits.upload_grace_seconds
        self._ends_at = clock.monotonic() + limits.upload_max_seconds if limits.upload_max_seconds else math.inf
        self._since = 0.0
        self._woken: asyncio.Future[None] | None = None
        self._timer: Timer | None = None

    def received(self, size: int) -> None:
        """Count received bytes."""
        if size:
            self._charge()  # first, because the credit is limited
            rate = self._limits.upload_bytes_per_second
            earned = size / rate if rate else math.inf
            self._credit_seconds = min(self._credit_seconds + earned, self._limits.upload_grace_seconds)

    def wake(self) -> None:
        """End the wait: a segment has arrived, or none will come any more."""
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    async def wait(self) -> None:
        """Return after `wake`.

        Raises:
            UploadStalled: The client was too slow, or the upload takes too long.
        """
        self._woken = asyncio.get_running_loop().create_future()
        self._start_timer()
        try:
            await self._woken
        finally:
            self._charge()
            self._woken = None
            if self._timer is not None:
                self._timer.cancel()

    def check(self) -> None:
        """Raise `UploadStalled` if the upload takes too long, however fast it is."""
        if self._ends_at != math.inf and self._clock.monotonic() >= self._ends_at:
            raise self._error()

    def _charge(self) -> None:
        """Take the time of the wait so far from the credit."""
        if self._woken is not None:
            now = self._clock.monotonic()
            self._credit_seconds -= now - self._since
            self._since = now

    def _start_timer(self) -> None:
        self._since = self._clock.monotonic()
        left = min(self._credit_seconds, self._ends_at - self._since)
        self._timer = self._clock.call_later(max(left, 0.0), self._late)

    def _late(self) -> None:
        if self._woken is None or self._woken.done():
            return
        if self._clock.monotonic() < self._ends_at and not self._is_clients_turn():
            self._start_timer()
        else:
            self._woken.set_exception(self._error())

    def _error(self) -> UploadStalled:
        limits = self._limits
        if self._clock.monotonic() >= self._ends_at:
            return UploadStalled(f"The upload took longer than {limits.upload_max_seconds:.0f} seconds. Send less at once.")
        if not limits.upload_bytes_per_second:
            return UploadStalled(f"Nothing was received for {limits.upload_grace_seconds:.0f} seconds.")
        return UploadStalled(
            f"The body arrived with less than {limits.upload_bytes_per_second:.0f} bytes per second "
            f"for {limits.upload_grace_seconds:.0f} seconds. Send it over a faster connection."
        )
