"""What the channel needs of others: the socket it speaks through, and the services behind it."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from hub.channel.close_codes import CloseCode
from hub.channel.outbox import Frame
from hub.config.settings import ChannelSettings
from hub.dispatch import Dispatch
from hub.gateway.rate_limits import RateLimits
from hub.idempotency.executor import IdempotentExecutor
from hub.primitives.clock import Clock
from hub.session.model import Lifetimes, SessionId
from hub.session.sessions import Sessions
from hub.session.store_outage import StoreOutage
from hub.telemetry.metrics import Metrics
from hub.topics.topics import Topics


class ChannelSocket(Protocol):
    """A WebSocket after its handshake. No method raises: a socket that broke reports its end to the driver's owner."""

    def write_frames(self, frames: Sequence[Frame], *, ping: bool = False) -> None:
        """Send frames in one write. What the operating system does not take at once is buffered; see `buffered_bytes`.

        Parameters:
            ping: Whether a WebSocket ping (RFC 6455 section 5.5.2) goes with them.
        """

    def buffered_bytes(self) -> int:
        """Return the bytes that wait inside this process because the client does not take them.

        Whoever owns the socket calls `Driver.drained` each time when this has become zero after it was not.
        """

    def close(self, code: CloseCode, reason: str) -> None:
        """Send what was written, then a close frame."""


def _nobody_listens(_session_key: str) -> None:
    """Take a note of presence for nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelServices:
    """What all channels of a worker share.

    Attributes:
        csrf_matches: Tells whether the token of `hello` belongs to the session.
        jitter: Returns a number from 0 to 1, by which the ages of channels differ.
        note_presence: Told the key of a session when its first channel has opened here, and when the last one has closed.
    """

    dispatch: Dispatch
    executor: IdempotentExecutor
    topics: Topics
    rates: RateLimits
    sessions: Sessions
    lifetimes: Lifetimes
    csrf_matches: Callable[[SessionId, str], bool]
    clock: Clock
    metrics: Metrics
    settings: ChannelSettings
    outage: StoreOutage
    note_presence: Callable[[str], None] = _nobody_listens
    jitter: Callable[[], float] = random.random
