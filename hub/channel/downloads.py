"""The credit of answers: how many bytes of which answer's body the client is ready to take. Pure.

Only clients with the capability `windows` give credit. For all others there is no limit but that of their socket.
"""

from dataclasses import dataclass

from hub.channel.close_codes import protocol_error

MAX_CREDIT = (1 << 31) - 1  # more than this at once is a client that miscounts (as in RFC 9113 section 6.9.1)
UNLIMITED = 1 << 62
CONNECTION = 0  # the id under which a client gives credit to all answers together


@dataclass(slots=True)
class _Download:
    credit: int
    empty_since: float | None = None


class Downloads:
    """The responses that stream on one channel.

    Attributes:
        streams: By the ID of the request. To read only.
    """

    __slots__ = ("_connection", "_window", "streams")

    def __init__(self) -> None:
        self.streams: dict[int, _Download] = {}
        self._connection = UNLIMITED
        self._window = UNLIMITED

    def limit(self, window: int, connection_window: int) -> None:
        """Begin to count: each answer begins with `window` bytes unless its request says otherwise."""
        self._window = window
        self._connection = connection_window

    @property
    def are_limited(self) -> bool:
        """Whether an answer streams that may run out of credit."""
        return bool(self.streams) and self._window != UNLIMITED

    def open(self, request_id: int, window: int | None) -> None:
        """Begin an answer; `window` is the credit that its request gave."""
        is_limited = self._window != UNLIMITED
        self.streams[request_id] = _Download(window if is_limited and window is not None else self._window)

    def close(self, request_id: int) -> None:
        """Forget an answer."""
        self.streams.pop(request_id, None)

    def give(self, request_id: int, size: int) -> None:
        """Take credit from the client. For an answer that has ended it comes too late, and is ignored.

        Raises:
            ChannelClosed: 4400; more than anybody can mean.
        """
        if self._window == UNLIMITED:
            raise protocol_error("windows are not among the client's capabilities")
        if request_id == CONNECTION:
            self._connection = _sum(self._connection, size)
            for each in self.streams.values():
                if each.credit > 0:
                    each.empty_since = None
        elif download := self.streams.get(request_id):
            download.credit = _sum(download.credit, size)
            download.empty_since = None

    def spend(self, request_id: int, size: int) -> None:
        """Count bytes that are on their way to the client. They must be within `available`."""
        if self._window != UNLIMITED:
            self.streams[request_id].credit -= size
            self._connection -= size

    def unsent(self, size: int) -> None:
        """Take back bytes of an answer that was dropped before they left: the client will never give credit for them."""
        if self._window != UNLIMITED:
            self._connection += size

    def available(self, request_id: int) -> int:
        """Return how many bytes of this answer may leave now."""
        download = self.streams.get(request_id)
        return 0 if download is None else max(min(download.credit, self._connection), 0)

    def stalled(self, now: float, seconds: float) -> list[int]:
        """Return the answers that have had no credit for so long; called every second or so."""
        stalled = []
        for request_id, download in self.streams.items():
            if min(download.credit, self._connection) > 0:
                download.empty_since = None
            elif download.empty_since is None:
                download.empty_since = now
            elif now - download.empty_since >= seconds:
                stalled.append(request_id)
        return stalled


def _sum(credit: int, size: int) -> int:
    if credit + size > MAX_CREDIT:
        raise protocol_error(f"more credit than {MAX_CREDIT} bytes")
    return credit + size
