"""The interfaces of the channel: its socket, and the services that all channels of a worker share."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from hub.channel.close_codes import CloseCode
from hub.channel.outbox import Frame
from hub.config.settings import ChannelSettings, UpstreamSettings
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
    """A WebSocket after its handshake, implemented above by `hub.web`. No method raises: the socket reports its end itself."""

    def write_frames(self, frames: Sequence[Frame], *, ping: bool = False) -> None:
        """Send frames, and a WebSocket ping if asked, in one write. The system may not accept all: see `buffered_bytes`."""

    def buffered_bytes(self) -> int:
        """Return the number of bytes buffered in this process because the client does not read.

        The owner of the socket calls `Driver.drained` each time the buffer has become empty.
        """

    def charge(self, cost: float) -> None:
        """Charge the connection for messages, in addition to the cost of their frames."""

    async def next_turn(self) -> bool:
        """Return when more messages of a batch may be handled; False: the socket is closing, so drop them."""

    def close(self, code: CloseCode, reason: str) -> None:
        """Send the buffered bytes, then a close frame."""


def _ignore_presence(_session_key: str) -> None:
    """Ignore a change of presence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelServices:
    """The services and settings that all channels of a worker share.

    Attributes:
        uploads: The limits of uploads.
        csrf_matches: Returns whether the CSRF token of `hello` belongs to the session.
        jitter: Returns a number from 0 to 1, which varies the maximum age of channels.
        note_presence: Called with the key of a session when its first channel opened here, and when its last one closed.
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
    uploads: UpstreamSettings
    outage: StoreOutage
    note_presence: Callable[[str], None] = _ignore_presence
    jitter: Callable[[], float] = random.random
