"""The credit of uploads: how many bytes of which request's body the client may send. Pure.

Credit given but not used, and bytes received but not yet taken by the resource server, together never exceed the
connection's window. An upload gets its first credit when its request runs (docs/channel-protocol.md, Bodies, 4).
"""

from dataclasses import dataclass

from hub.channel.close_codes import protocol_error


@dataclass(slots=True)
class _Upload:
    length: int
    received: int = 0
    credit: int = 0
    untaken: int = 0
    told: int = 0
    ended: bool = False

    @property
    def held(self) -> int:
        """Bytes of the window that this upload takes up."""
        return self.credit + self.untaken

    @property
    def wanted(self) -> int:
        """Bytes that are still to come beyond the credit; without a length there is no end of them."""
        if self.ended:
            return 0
        return max(self.length - self.received - self.credit, 0) if self.length >= 0 else 1 << 62


class Uploads:
    """The uploads of the running requests of one channel.

    Attributes:
        streams: By the ID of the request. To read only.
    """

    __slots__ = ("_connection_window", "_window", "streams")

    def __init__(self, window: int, connection_window: int) -> None:
        self._window = window
        self._connection_window = connection_window
        self.streams: dict[int, _Upload] = {}

    def open(self, request_id: int, length: int) -> None:
        """Begin an upload of `length` bytes; -1 if that is unknown."""
        self.streams[request_id] = _Upload(length)

    def close(self, request_id: int) -> None:
        """Forget an upload and what it holds of the window, which other uploads may use."""
        self.streams.pop(request_id, None)

    def is_open(self, request_id: int) -> bool:
        """Tell whether body frames of this request are still expected."""
        upload = self.streams.get(request_id)
        return upload is not None and not upload.ended

    def receive(self, request_id: int, size: int, *, end: bool) -> int:
        """Count a body frame of an open upload; return the bytes of the upload so far.

        Raises:
            ChannelClosed: 4400; more than the credit, or not as long as announced.
        """
        upload = self.streams[request_id]
        total = upload.received + size
        if size > upload.credit:
            raise protocol_error(f"body of request {request_id} is beyond its credit")
        if upload.length >= 0 and (total > upload.length or (end and total < upload.length)):
            raise protocol_error(f"body of request {request_id} is not as long as announced")
        upload.received, upload.ended = total, end
        upload.credit = 0 if end else upload.credit - size
        upload.untaken += size
        return total

    def taken(self, request_id: int, size: int) -> None:
        """Note that the resource server took `size` bytes."""
        if upload := self.streams.get(request_id):
            upload.untaken -= size

    def progress(self, request_id: int, step: int) -> int | None:
        """Return how many bytes the resource server has taken, if that is news: a `step` more than last time, or all."""
        upload = self.streams.get(request_id)
        if upload is None:
            return None
        accepted = upload.received - upload.untaken
        is_all = upload.ended and not upload.untaken
        if accepted == upload.told or (accepted - upload.told < step and not is_all):
            return None
        upload.told = accepted
        return accepted

    def grants(self) -> list[tuple[int, int]]:
        """Give out the credit that is due, and return it as pairs of request and bytes.

        Each upload may hold an equal share of the connection's window, at most `window`. Credit is renewed at half of
        the share, so that a fast upload never stops and a slow one costs few messages.
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
