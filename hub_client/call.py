"""One request of a client, and what becomes of it."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from hub.channel.messages import RequestMessage, ResponseMessage, WireHeaders
from hub.primitives.http import SAFE_METHODS

Upload = AsyncIterator[bytes]
Progress = Callable[[int], None]


class RequestFailed(Exception):
    """There is no answer.

    Attributes:
        problem: The RFC 9457 problem.
        processed: `never` if the request certainly was not carried out; `maybe` if it could have been.
    """

    def __init__(
        self, problem: dict[str, Any], processed: Literal["never", "maybe"], retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(f"{problem.get('status')} {problem.get('title')} ({processed})")
        self.problem = problem
        self.processed = processed
        self.retry_after_seconds = retry_after_seconds


class ChannelRefused(RequestFailed):
    """The hub has closed the channel for good; `code` says what has to change before it can be opened again."""

    def __init__(self, code: int, reason: str, processed: Literal["never", "maybe"] = "never") -> None:
        super().__init__({"title": f"The channel was closed with {code} ({reason})"}, processed)
        self.code = code


class AnswerBroken(Exception):
    """The body of an answer ended before its time."""


def lost(title: str) -> RequestFailed:
    """Return the failure of a request about which nobody knows any more."""
    return RequestFailed({"type": "urn:hub:problem:outcome-unknown", "title": title, "status": 502}, "maybe")


class Body:
    """The body of an answer as it arrives. Reading gives the hub credit for more."""

    def __init__(self, on_read: Callable[[int], None]) -> None:
        self._parts: asyncio.Queue[bytes | AnswerBroken | None] = asyncio.Queue()
        self._on_read = on_read

    def feed(self, part: bytes | AnswerBroken | None) -> None:
        """Add a part; None is the end."""
        self._parts.put_nowait(part)

    def __aiter__(self) -> "Body":
        return self

    async def __anext__(self) -> bytes:
        part = await self._parts.get()
        if part is None or isinstance(part, AnswerBroken):
            self._parts.put_nowait(part)  # for whoever reads on
            raise part or StopAsyncIteration
        self._on_read(len(part))
        return part


@dataclass(frozen=True, slots=True)
class ClientResponse:
    """What the resource server answered, whatever its status.

    Attributes:
        body: The parts of the body as they arrive.
        replayed: It was kept from before: this time nothing was executed.
        timing: Milliseconds in the hub's queue, and until the answer began.
    """

    status: int
    headers: WireHeaders
    body: AsyncIterator[bytes]
    replayed: bool = False
    timing: dict[str, float] = field(default_factory=dict)

    async def read(self) -> bytes:
        """Return the whole body.

        Raises:
            AnswerBroken: It ended before its time.
        """
        return b"".join([part async for part in self.body])

    async def json(self) -> Any:
        """Return the body as the JSON value that it is."""
        return msgspec.json.decode(await self.read())


def inline(message: ResponseMessage) -> AsyncIterator[bytes]:
    """Return the body of an answer that came in one message."""

    async def parts() -> AsyncIterator[bytes]:
        if isinstance(message.body, msgspec.Raw):
            media = str(message.headers.get("content-type", "")).partition(";")[0].strip().lower()
            is_json = media.endswith("json")
            yield bytes(message.body) if is_json else msgspec.json.decode(message.body, type=str).encode()

    return parts()


@dataclass(eq=False, slots=True)
class Call:
    """A request from its start to its answer, over as many links as that takes.

    Attributes:
        deadline: When its caller stops waiting; seconds of the client's clock.
        was_sent: Whether it has left this process since it was last known not to be executed.
    """

    method: str
    path: str
    members: dict[str, Any]
    deadline: float
    upload: bytes | Upload | None = None
    key: str | None = None
    on_progress: Progress | None = None
    was_sent: bool = False
    answer: asyncio.Future[ClientResponse] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def is_safe(self) -> bool:
        """Whether it may be executed twice (RFC 9110 section 9.2.1)."""
        return self.method in SAFE_METHODS

    @property
    def is_repeatable(self) -> bool:
        """Whether it can be sent a second time: its body is still in hand."""
        return not isinstance(self.upload, AsyncIterator)

    def with_new_key(self) -> None:
        """Begin anew: the request with the old key was not executed, and never will be."""
        self.key = str(uuid.uuid4())
        self.was_sent = False

    def message(self, request_id: int, now: float) -> RequestMessage:
        """Return the request as it goes over the wire."""
        members = dict(self.members)
        if self.upload is not None:
            members["stream"] = len(self.upload) if isinstance(self.upload, bytes) else members.get("stream", -1)
        if self.key is not None:
            members["key"] = self.key
        timeout_ms = max(round((self.deadline - now) * 1000), 1)
        return RequestMessage(request_id, self.method, self.path, timeout_ms=timeout_ms, **members)

    def fail(self, error: BaseException) -> None:
        """End without an answer."""
        if not self.answer.done():
            self.answer.set_exception(error)
            self.answer.exception()  # whoever awaits it still gets it
