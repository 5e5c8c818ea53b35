"""The body of an upload as the gateway reads it, fed by the frames of the channel."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Self

from hub.errors import UploadStalled


class UploadBody:
    """An async iterator over the parts of a body. It holds no more than the credit that the client was given."""

    def __init__(self, on_taken: Callable[[int], None]) -> None:
        self._on_taken = on_taken
        self._parts: deque[bytes] = deque()
        self._ended = False
        self._abandoned = False
        self._changed = asyncio.Event()

    def feed(self, data: bytes, *, end: bool) -> None:
        """Add a part; `end` marks the last one."""
        if data:
            self._parts.append(data)
        self._ended = end
        self._changed.set()

    def abandon(self) -> None:
        """Say that no more will come: unless all of it is there, whoever reads gets `UploadStalled`."""
        self._abandoned = True
        self._changed.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        while not self._parts:
            if self._ended:
                raise StopAsyncIteration
            if self._abandoned:
                raise UploadStalled("The connection broke before all of it had come.")
            self._changed.clear()
            await self._changed.wait()
        part = self._parts.popleft()
        self._on_taken(len(part))
        return part
