"""Flow control of uploads: the credit in bytes that the hub gives the client for each request body. Pure.

Unused credit and received bytes that the API has not accepted never exceed the connection window together. An upload gets its
first credit when its request runs (docs/channel-protocol.md, Bodies, 4).
"""

from dataclasses import dataclass

from hub.channel.close_codes import protocol_error


@dataclass(slots=True)
class _Upload:
    length: int
    received: int = 0
    credit: int = 0
    buffered: int = 0
    reported: int = 0
    ended: bool = False

    @property
    def held(self) -> int:
        """Bytes of the connection window that this upload occupies."""
        return self.credit + self.buffered

    @property
    def wanted(self) -> int:
        """Bytes still to come beyond the credit; practically unlimited if the length is unknown."""
        if self.ended:
            return 0
        return max(self.length - self.received - self.credit, 0) if self.length >= 0 else 1 << 62


class Uploads:
    """The uploads of the running requests of one channel.

    Attributes:
        streams: The uploads by request ID. Read-only for callers.
    """

    __slots__ = ("_connection_window", "_window", "streams")

    def __init__(self, window: int, connection_window: int) -> None:
        self._window = window
        self._connection_window = connection_window
        self.streams: dict[int, _Upload] = {}

    def open(self, request_id: int, length: int) -> None:
        """Begin an upload of `length` bytes; -1 if the length is unknown."""
        self.streams[request_id] = _Upload(length)

    def close(self, request_id: int) -> bool:
        """Remove an upload; return whether there was one, whose window is now free for others."""
        return self.streams.pop(request_id, None) is not None

    def is_open(self, request_id: int) -> bool:
        """Return whether body frames of this request are still expected."""
        upload = self.streams.get(request_id)
        return upload is not None and not upload.ended

    def has_credit(self, request_id: int) -> bool:
        """Return whether the client may send more of this upload."""
        upload = self.streams.get(request_id)
        return upload is not None and upload.credit > 0

    def receive(self, request_id: int, size: int, *, end: bool) -> int:
        """Count a body frame of an open upload; return the bytes of the upload so far.

        Raises:
            ChannelClosed: 4400; the frame exceeds the credit, or the upload differs from its announced length.
        """
        upload = self.streams[request_id]
        total = upload.received + size
        if size > upload.credit:
            raise protocol_error(f"body of request {request_id} is beyond its credit")
        if upload.length >= 0 and (total > upload.length or (end and total < upload.length)):
            raise protocol_error(f"body of request {request_id} is not as long as announced")
        upload.received, upload.ended = total, end
        upload.credit = 0 if end else upload.credit - size
        upload.buffered += size
        return total

    def accepted(self, request_id: int, size: int) -> None:
        """Record that the API has accepted `size` bytes."""
        if upload := self.streams.get(request_id):
            upload.buffered -= size

    def progress(self, request_id: int, step: int) -> int | None:
        """Return how many bytes the API has accepted, if a report is due: after `step` more bytes, or at the end. Else None."""
        upload = self.streams.get(request_id)
        if upload is None:
            return None
        accepted = upload.received - upload.buffered
        is_all = upload.ended and not upload.buffered
        if accepted == upload.reported or (accepted - upload.reported < step and not is_all):
            return None
        upload.reported = accepted
        return accepted

    def grants(self) -> list[tuple[int, int]]:
        """Give the credit that is due; return it as pairs of request ID and bytes.

        Each upload may hold an equal share of the connection window, at most `window`. Its credit is renewed when half of the
        share is free, so that a fast upload never waits and a slow one needs few messages.
        """
        free = self._connection_window - sum(upload.held for upload in self.streams.values())
        active = sum(1 for upload in self.streams.values() if not upload.ended)
        share = max(min(self._window, self._connection_window // max(active, 1)), 1)
        grants = []
        for request_id, upload in self.streams.items():
            grant = min(share - upload.held, upload.wanted, free)
            if grant > 0 and (grant * 2 >= share or grant == upload.wanted):
                upload.credit += grant
                free -= grant
                grants.append((request_id, grant))
        return grants
