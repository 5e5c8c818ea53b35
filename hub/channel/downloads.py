"""Flow control of downloads: the credit in bytes that the client has given for each response body. Pure.

Only clients with the capability `windows` give credit. For other clients, only back-pressure of the socket limits downloads.
"""

from dataclasses import dataclass

from hub.channel.close_codes import protocol_error

MAX_CREDIT = (1 << 31) - 1  # more is a miscount of the client, as in RFC 9113 section 6.9.1
UNLIMITED = 1 << 62
CONNECTION = 0  # ID of a `window` message with credit for all downloads together


@dataclass(slots=True)
class _Download:
    credit: int
    empty_since: float | None = None


class Downloads:
    """The downloads of one channel.

    Attributes:
        streams: The downloads by request ID. Read-only for callers.
    """

    __slots__ = ("_connection", "_window", "streams")

    def __init__(self) -> None:
        self.streams: dict[int, _Download] = {}
        self._connection = UNLIMITED
        self._window = UNLIMITED

    def limit(self, window: int, connection_window: int) -> None:
        """Turn flow control on. Each download begins with a credit of `window` bytes unless its request says otherwise."""
        self._window = window
        self._connection = connection_window

    @property
    def are_limited(self) -> bool:
        """Whether a download runs that may run out of credit."""
        return bool(self.streams) and self._window != UNLIMITED

    def open(self, request_id: int, window: int | None) -> None:
        """Begin a download; `window` is the initial credit from its request, None for the default."""
        is_limited = self._window != UNLIMITED
        self.streams[request_id] = _Download(window if is_limited and window is not None else self._window)

    def close(self, request_id: int) -> None:
        """Remove a download."""
        self.streams.pop(request_id, None)

    def add_credit(self, request_id: int, size: int) -> None:
        """Add credit from the client. Credit for a download that has ended is ignored.

        Raises:
            ChannelClosed: 4400; the client lacks the capability `windows`, or the credit exceeds `MAX_CREDIT`.
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
        """Use credit for `size` bytes that are sent to the client; at most `available`."""
        if self._window != UNLIMITED:
            self.streams[request_id].credit -= size
            self._connection -= size

    def refund(self, size: int) -> None:
        """Return connection credit for bytes that were dropped before they were sent. The client gives none for them."""
        if self._window != UNLIMITED:
            self._connection += size

    def available(self, request_id: int) -> int:
        """Return how many bytes of this download may be sent now."""
        download = self.streams.get(request_id)
        return 0 if download is None else max(min(download.credit, self._connection), 0)

    def stalled(self, now: float, seconds: float) -> list[int]:
        """Return the downloads that have had no credit for `seconds`. Called about once a second."""
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
