"""One request of a client, and its response or failure."""

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
    """There is no response.

    Attributes:
        problem: The RFC 9457 problem.
        processed: `never` if the request certainly was not executed; `maybe` otherwise.
    """

    def __init__(
        self, problem: dict[str, Any], processed: Literal["never", "maybe"], retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(f"{problem.get('status')} {problem.get('title')} ({processed})")
        self.problem = problem
        self.processed = processed
        self.retry_after_seconds = retry_after_seconds


class ChannelRefused(RequestFailed):
    """The hub has closed the channel, and reconnecting would not help. The close code `code` says why."""

    def __init__(self, code: int, reason: str, processed: Literal["never", "maybe"] = "never") -> None:
        super().__init__({"title": f"The channel was closed with {code} ({reason})"}, processed)
        self.code = code


class IncompleteResponse(Exception):
    """The body of a response is incomplete."""


def lost(title: str) -> RequestFailed:
    """Return the failure of a request whose outcome is unknown."""
    return RequestFailed({"type": "urn:hub:problem:outcome-unknown", "title": title, "status": 502}, "maybe")


def with_type(headers: dict[str, Any], content_type: str | None) -> dict[str, Any]:
    """Return the headers with `content_type`, unless they have a content type or it is None."""
    if content_type is None or any(name.lower() == "content-type" for name in headers):
        return headers
    return {**headers, "content-type": content_type}


class Body:
    """The body of a response as it arrives. Reading it gives credit to the hub."""

    def __init__(self, on_read: Callable[[int], None]) -> None:
        self._parts: asyncio.Queue[bytes | IncompleteResponse | None] = asyncio.Queue()
        self._on_read = on_read

    def feed(self, part: bytes | IncompleteResponse | None) -> None:
        """Append a segment; None marks the end."""
        self._parts.put_nowait(part)

    def __aiter__(self) -> "Body":
        return self

    async def __anext__(self) -> bytes:
        part = await self._parts.get()
        if part is None or isinstance(part, IncompleteResponse):
            self._parts.put_nowait(part)  # for later readers
            raise part or StopAsyncIteration
        self._on_read(len(part))
        return part


@dataclass(frozen=True, slots=True)
class ClientResponse:
    """The response of the API, whatever its status.

    Attributes:
        body: The segments of the body as they arrive.
        replayed: Whether this is a stored response, and nothing was executed this time.
        timing: Milliseconds in the hub's queue, and until the response began.
    """

    status: int
    headers: WireHeaders
    body: AsyncIterator[bytes]
    replayed: bool = False
    timing: dict[str, float] = field(default_factory=dict)

    async def read(self) -> bytes:
        """Return the whole body.

        Raises:
            IncompleteResponse: The body is incomplete.
        """
        return b"".join([part async for part in self.body])

    async def json(self) -> Any:
        """Return the body, decoded from JSON."""
        return msgspec.json.decode(await self.read())


def inline(message: ResponseMessage) -> AsyncIterator[bytes]:
    """Return the body of a response that arrived in one message."""

    async def parts() -> AsyncIterator[bytes]:
        if isinstance(message.text, str):
            yield message.text.encode()
        elif isinstance(message.body, msgspec.Raw):
            media = str(message.headers.get("content-type", "")).partition(";")[0].strip().lower()
            is_json = media.endswith("json")
            yield bytes(message.body) if is_json else msgspec.json.decode(message.body, type=str).encode()

    return parts()


@dataclass(eq=False, slots=True)
class Call:
    """A request from its start to its response, over one or several links.

    Attributes:
        deadline: Time of the client's clock, in seconds, at which the caller stops waiting.
        upload: The body, in memory or as it arrives; None if there is none.
        is_text: Whether `upload` is text in UTF-8, which may travel inside the message.
        was_sent: Whether it was sent since it was last known not to be executed.
    """

    method: str
    path: str
    members: dict[str, Any]
    deadline: float
    upload: bytes | Upload | None = None
    key: str | None = None
    on_progress: Progress | None = None
    is_text: bool = False
    was_sent: bool = False
    response: asyncio.Future[ClientResponse] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def is_safe(self) -> bool:
        """Whether its method is safe, so that it may be executed twice (RFC 9110 section 9.2.1)."""
        return self.method in SAFE_METHODS

    @property
    def is_repeatable(self) -> bool:
        """Whether it can be sent again, because its body is in memory."""
        return not isinstance(self.upload, AsyncIterator)

    def with_new_key(self) -> None:
        """Use a new idempotency key, because the request with the old one will never be executed."""
        self.key = str(uuid.uuid4())
        self.was_sent = False

    def message(self, request_id: int, now: float, *, text_bytes: int) -> RequestMessage:
        """Return the request message.

        Parameters:
            text_bytes: Size of the largest body to send as `text`; 0 if the hub lacks the capability.
        """
        members = dict(self.members)
        if isinstance(self.upload, bytes) and self.is_text and len(self.upload) <= text_bytes:
            members["text"] = self.upload.decode()
        elif self.upload is not None:
            members["stream"] = len(self.upload) if isinstance(self.upload, bytes) else members.get("stream", -1)
        if self.key is not None:
            members["key"] = self.key
        timeout_ms = max(round((self.deadline - now) * 1000), 1)
        return RequestMessage(request_id, self.method, self.path, timeout_ms=timeout_ms, **members)

    def fail(self, error: BaseException) -> None:
        """End without a response."""
        if not self.response.done():
            self.response.set_exception(error)
            self.response.exception()  # marks the exception as retrieved; callers still get it
