"""Heartbeat: whether the client is still there. Pure: `now` is seconds of one monotonic clock."""

from hub.channel.close_codes import ChannelClosed, CloseCode
from hub.config.settings import ChannelSettings


class Liveness:
    """When the client sent something last, and when to ping it or give it up (docs/channel-protocol.md, Rules, 7)."""

    __slots__ = ("_heard_at", "_interval", "_pinged_at", "_pings", "_timeout")

    def __init__(self, settings: ChannelSettings, now: float) -> None:
        self._interval = settings.heartbeat_interval_seconds
        self._timeout = settings.heartbeat_timeout_seconds
        self._heard_at = now
        self._pinged_at: float | None = None
        self._pings = 0

    def heard(self, now: float) -> None:
        """Record a sign of life."""
        self._heard_at = now
        self._pinged_at = None

    @property
    def next_check_at(self) -> float:
        """The earliest time at which `ping_due` may return a ping or raise, whatever the client sends until then."""
        if self._pinged_at is None:
            return self._heard_at + self._interval
        return self._pinged_at + min(self._timeout, self._interval)  # after an early pong the next ping comes first

    def ping_due(self, now: float) -> int | None:
        """Return the number of the ping to send now; None if none is due.

        Raises:
            ChannelClosed: 4421; the client sent nothing in time after a ping.
        """
        if now - self._heard_at < self._interval:
            return None
        if self._pinged_at is None:
            self._pinged_at = now
            self._pings += 1
            return self._pings
        if now - self._pinged_at >= self._timeout:
            raise ChannelClosed(CloseCode.NO_PONG, "no sign of life after a ping")
        return None
