"""The body of an upload: fed from body frames of the channel, read by the gateway."""

from collections import deque
from collections.abc import Callable
from typing import Self

from hub.errors import UploadStalled
from hub.gateway.upload_pace import UploadPace


class UploadBody:
    """An async iterator over the segments of a body. The credit given to the client bounds its memory.

    Parameters:
        on_accepted: Called with the size of each segment that the gateway reads.
        pace: Ends an upload whose client is too slow.
    """

    def __init__(self, on_accepted: Callable[[int], None], pace: UploadPace) -> None:
        self._on_accepted = on_accepted
        self._pace = pace
        self._segments: deque[bytes] = deque()
        self._ended = False
        self._abandoned = False

    def feed(self, data: bytes, *, end: bool) -> None:
        """Add a segment; `end` marks the last one."""
        if data:
            self._segments.append(data)
        self._ended = end
        self._pace.received(len(data))
        self._pace.wake()

    def abandon(self) -> None:
        """Record that no more segments will come. If the body is incomplete, the reader gets `UploadStalled`."""
        self._abandoned = True
        self._pace.wake()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """Return the next segment.

        Raises:
            UploadStalled: The client was too slow, or its connection closed.
        """
        self._pace.check()
        while not self._segments:
            if self._ended:
                raise StopAsyncIteration
            if self._abandoned:
                raise UploadStalled("The connection closed before the upload was complete.")
            await self._pace.wait()
        segment = self._segments.popleft()
        self._on_accepted(len(segment))
        return segment
