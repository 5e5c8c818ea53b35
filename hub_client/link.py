"""One WebSocket of a client, from its opening to its end. `client` handles reconnects."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec
import structlog

from hub.channel.codec import BodyFrame, decode_body
from hub.channel.messages import (
    SUBPROTOCOL,
    ByeMessage,
    CancelMessage,
    ErrorMessage,
    EventMessage,
    GoingAwayMessage,
    HelloMessage,
    PingMessage,
    PongMessage,
    ProgressMessage,
    ReadyMessage,
    ResetMessage,
    ResponseMessage,
    Resume,
    ServerMessage,
    SubscribeMessage,
    WindowMessage,
)
from hub.primitives.clock import Clock
from hub.primitives.tasks import OwnedTasks
from hub_client.call import Body, Call, ClientResponse, IncompleteResponse, RequestFailed, inline

CAPABILITIES = ["resume", "windows", "priority", "progress", "timing", "topics", "drain", "text"]
DIAL_SECONDS = 10.0
CONNECTION = 0
BATCH_BYTES = 8192  # far below any `limits.message`
TEXT_SHARE = 3  # JSON escapes take up to six bytes for one, and `limits.message` has space for twice `limits.inline`

logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(ServerMessage).decode
_decode_batch = msgspec.json.Decoder(list[msgspec.Raw]).decode


Http = aiohttp.ClientSession
"""The HTTP session that opens WebSockets. It belongs to the event loop in which it was created."""


@dataclass(frozen=True, slots=True)
class Login:
    """The credentials of the client, as a page of the hub's origin has them.

    Attributes:
        cookie: The `Cookie` header with the session cookie.
        csrf: The value of the cookie `XSRF-TOKEN`.
        origin: The hub's public origin.
    """

    cookie: str = field(repr=False)
    csrf: str = field(repr=False)
    origin: str = ""


class LinkClosed(Exception):
    """The WebSocket is closed. `code` is the close code; 1006 if there was none."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


@dataclass(eq=False, slots=True)
class _Stream:
    """The body of a running response, its flow-control window, and the bytes read since the last credit."""

    body: Body
    window: int
    unread: int = 0


class Link:
    """One open channel. Calls that are in `calls` when it closes have no response yet."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, clock: Clock, on_event: Callable[[EventMessage], None]) -> None:
        self.calls: dict[int, Call] = {}
        self.ready: asyncio.Future[ReadyMessage] = asyncio.get_running_loop().create_future()
        self.closed: asyncio.Future[LinkClosed] = asyncio.get_running_loop().create_future()
        self.going_away: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self.heard_at = clock.monotonic()
        self.idle = asyncio.Event()
        self.idle.set()
        self._socket = socket
        self._clock = clock
        self._on_event = on_event
        self._ids = itertools.count(1)
        self._streams: dict[int, _Stream] = {}
        self._credit: dict[int, asyncio.Queue[int]] = {}
        self._subscribing: dict[int, asyncio.Future[str]] = {}
        self._unread = 0
        self._waiting: list[bytes] = []
        self._something_waits = asyncio.Event()
        self._tasks = OwnedTasks("channel link", self._crashed)
        self._uploads = OwnedTasks("upload", lambda error: None)  # `_uploaded` tells the call
        self._tasks.start(self._read())
        self._tasks.start(self._write())

    @classmethod
    async def dial(cls, http: Http, url: str, login: Login, clock: Clock, on_event: Callable[[EventMessage], None]) -> "Link":
        """Open a WebSocket, without sending messages.

        Raises:
            LinkClosed: The WebSocket cannot be opened.
        """
        headers = {"Cookie": login.cookie, "Origin": login.origin or url}
        try:
            async with asyncio.timeout(DIAL_SECONDS):
                socket = await http.ws_connect(
                    f"{url}/hub/channel", protocols=[SUBPROTOCOL], headers=headers, autoping=True, max_msg_size=0, compress=0
                )
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise LinkClosed(1006, type(error).__name__) from error
        return cls(socket, clock, on_event)

    async def greet(self, login: Login, name: str, pending: Mapping[str, Call] | None) -> list[Call]:
        """Send `hello` and wait for `ready`. Return the pending calls that must be sent again.

        Parameters:
            pending: Unfinished calls of an earlier link, by idempotency key; None: there was no link.

        Raises:
            LinkClosed: The hub has closed the WebSocket.
        """
        listed = [(next(self._ids), key) for key in pending or ()]
        for request_id, key in listed:  # before `hello`: a response may come right behind `ready`
            self.calls[request_id] = (pending or {})[key]
            self.idle.clear()
        resume = msgspec.UNSET if pending is None else Resume(listed)
        self.send(HelloMessage(login.csrf, name, CAPABILITIES, resume=resume))
        ends: set[asyncio.Future[Any]] = {self.ready, self.closed}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if not self.ready.done():
            raise self.closed.result()
        verdicts = self.ready.result().pending or {}
        again = []
        for request_id, key in listed:
            call = (pending or {})[key]
            verdict = verdicts.get(str(request_id), "unknown")
            if verdict not in ("joined", "done"):
                self._end(request_id)
                call.was_sent = verdict != "never"
                again.append(call)
        return again

    def start(self, call: Call) -> None:
        """Send a call."""
        request_id = next(self._ids)
        self.calls[request_id] = call
        self.idle.clear()
        call.was_sent = True
        message = call.message(request_id, self._clock.monotonic(), text_bytes=self._text_bytes)
        self.send(message)
        if call.upload is not None and message.text is msgspec.UNSET:
            self._credit[request_id] = asyncio.Queue()
            self._uploads.start(self._upload(request_id, call.upload)).add_done_callback(
                lambda task: self._uploaded(request_id, task)
            )

    def subscribe(self, topic: str, after: str | None, confirmed: asyncio.Future[str] | None) -> None:
        """Subscribe to a topic. `confirmed` gets the position after which events follow, or the error."""
        request_id = next(self._ids)
        if confirmed is not None:
            self._subscribing[request_id] = confirmed
        self.send(SubscribeMessage(request_id, topic, after or msgspec.UNSET))

    def cancel(self, call: Call) -> None:
        """Tell the hub that a call was canceled."""
        for request_id, each in list(self.calls.items()):
            if each is call:
                self._end(request_id)
                self.send(CancelMessage(request_id))

    def send(self, message: msgspec.Struct) -> None:
        """Send a message with the next batch."""
        self._waiting.append(_encode(message))
        self._something_waits.set()

    async def leave(self) -> None:
        """Send `bye` and close the WebSocket."""
        if not self.closed.done():
            self.send(ByeMessage())
            await asyncio.wait({self.closed}, timeout=1.0)
        await self.abort()

    async def abort(self) -> None:
        """Close the WebSocket at once."""
        await self._socket.close()
        await asyncio.gather(self._tasks.close(), self._uploads.close())
        self._gone(1006, "")

    # -- inside -------------------------------------------------------------------------------------------------------

    async def _write(self) -> None:
        while True:
            await self._something_waits.wait()
            self._something_waits.clear()
            waiting, self._waiting = self._waiting, []
            try:
                for batch in _batches(waiting):
                    await self._socket.send_str(batch)
            except (ConnectionError, RuntimeError):  # the reading task reports the end of the link
                return

    async def _read(self) -> None:
        async for frame in self._socket:
            self.heard_at = self._clock.monotonic()
            if frame.type is aiohttp.WSMsgType.BINARY:
                self._take_body(decode_body(frame.data))
            elif frame.type is aiohttp.WSMsgType.TEXT:
                text: str = frame.data
                for item in _decode_batch(text) if text.startswith("[") else [msgspec.Raw(text.encode())]:
                    self._take(item)
        self._gone(self._socket.close_code or 1006, "")

    def _take(self, item: msgspec.Raw) -> None:
        try:
            message: ServerMessage = _decode(item)
        except msgspec.ValidationError:  # a message of a later protocol version
            return
        match message:
            case ReadyMessage():
                self.ready.set_result(message)
            case ResponseMessage(id=request_id) if request_id in self._subscribing:
                self._confirm(self._subscribing.pop(request_id), message)
            case ResponseMessage():
                self._take_response(message)
            case ErrorMessage(id=request_id):
                retry = message.retry_after_ms / 1000 if isinstance(message.retry_after_ms, int) else None
                error = RequestFailed(message.problem, message.processed, retry)
                self._end(request_id, error)
                if (confirmed := self._subscribing.pop(request_id, None)) is not None and not confirmed.done():
                    confirmed.set_exception(error)
            case ResetMessage(id=request_id, reason=reason):
                self._break(request_id, reason)
            case ProgressMessage(id=request_id, accepted=accepted):
                call = self.calls.get(request_id)
                if call is not None and call.on_progress is not None:
                    call.on_progress(accepted)
            case WindowMessage(id=request_id, bytes=size):
                if request_id in self._credit:
                    self._credit[request_id].put_nowait(size)
            case EventMessage():
                self._on_event(message)
            case PingMessage(n=number):
                self.send(PongMessage(number))
            case GoingAwayMessage(within_ms=within) if not self.going_away.done():
                self.going_away.set_result(within / 1000)

    def _confirm(self, confirmed: asyncio.Future[str], message: ResponseMessage) -> None:
        if not confirmed.done() and isinstance(message.body, msgspec.Raw):
            confirmed.set_result(msgspec.json.decode(message.body)["after"])

    def _take_response(self, message: ResponseMessage) -> None:
        call = self.calls.get(message.id)
        if call is None:
            return
        timing = {} if not isinstance(message.timing, msgspec.Struct) else msgspec.structs.asdict(message.timing)
        if isinstance(message.stream, int):
            window = call.members.get("window", self._limit("window"))
            stream = self._streams[message.id] = _Stream(Body(lambda size: self._read_by_caller(message.id, size)), window)
            body: AsyncIterator[bytes] = stream.body
        else:
            body = inline(message)
        response = ClientResponse(message.status, message.headers, body, message.replayed is True, timing)
        if not call.response.done():
            call.response.set_result(response)
        if not isinstance(message.stream, int):
            self._end(message.id)

    def _take_body(self, frame: BodyFrame) -> None:
        stream = self._streams.get(frame.id)
        if stream is None or frame.id not in self.calls:
            self._give_back(len(frame.data))
        elif frame.data:
            stream.body.feed(frame.data)
        if frame.end and stream is not None:
            stream.body.feed(None)
            self._end(frame.id)

    def _read_by_caller(self, request_id: int, size: int) -> None:
        """Give new credit after half of the window was read."""
        self._give_back(size)
        stream = self._streams.get(request_id)
        if stream is not None:
            stream.unread += size
            if stream.unread * 2 >= stream.window:
                self.send(WindowMessage(request_id, stream.unread))
                stream.unread = 0

    def _give_back(self, size: int) -> None:
        self._unread += size
        if self._unread * 2 >= self._limit("connection_window"):
            self.send(WindowMessage(CONNECTION, self._unread))
            self._unread = 0

    @property
    def _text_bytes(self) -> int:
        """Size of the largest body to send as `text`; 0 if the hub lacks the capability."""
        return self._limit("inline") // TEXT_SHARE if "text" in self.ready.result().capabilities else 0

    def _limit(self, name: str) -> int:
        return int(getattr(self.ready.result().limits, name))

    async def _upload(self, request_id: int, upload: bytes | AsyncIterator[bytes]) -> None:
        credit, is_first = 0, True
        try:
            async for part, is_last in _pieces(upload, self._limit("frame")):
                start = 0
                while start < len(part) or is_last:
                    while credit <= 0 and start < len(part):
                        credit += await self._credit[request_id].get()
                    if is_first and not part:
                        await self._credit[request_id].get()
                    data = part[start : start + credit] if part else b""
                    start, credit, is_first = start + len(data), credit - len(data), False
                    end = is_last and start >= len(part)
                    await self._socket.send_bytes(b"".join(BodyFrame(request_id, data, end).parts()))
                    if end:
                        return
        except (ConnectionError, RuntimeError, KeyError):  # the link or the request has ended
            return

    def _uploaded(self, request_id: int, task: asyncio.Task[None]) -> None:
        """Pass an error of the caller's iterator back to the caller."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self.send(ResetMessage(request_id, "the upload broke off"))
            call = self.calls.get(request_id)
            self._end(request_id)
            if call is not None:
                call.fail(error)

    def _break(self, request_id: int, reason: str) -> None:
        if stream := self._streams.get(request_id):
            stream.body.feed(IncompleteResponse(reason))
        self._end(request_id, RequestFailed({"title": reason, "status": 502}, "maybe"))

    def _end(self, request_id: int, error: Exception | None = None) -> None:
        call = self.calls.pop(request_id, None)
        self._streams.pop(request_id, None)
        self._credit.pop(request_id, None)
        if not self.calls:
            self.idle.set()
        if call is not None and error is not None:
            call.fail(error)

    def _gone(self, code: int, reason: str) -> None:
        if not self.closed.done():
            for stream in self._streams.values():
                stream.body.feed(IncompleteResponse("the channel broke"))
            self.closed.set_result(LinkClosed(code, reason))
            for task in {*self._tasks, *self._uploads} - {asyncio.current_task()}:
                task.cancel()

    def _crashed(self, error: BaseException) -> None:
        """Close the link after an unexpected error. The client then opens another one."""
        logger.error("link.crashed", exc_info=error)
        self._gone(1006, type(error).__name__)


def _batches(messages: list[bytes]) -> Iterator[str]:
    """Yield text frames with the messages in order: several small messages, or one large message, per frame."""
    batch: list[bytes] = []
    for message in messages:
        if batch and sum(map(len, batch)) + len(message) > BATCH_BYTES:
            yield _joined(batch)
            batch = []
        batch.append(message)
    if batch:
        yield _joined(batch)


def _joined(batch: list[bytes]) -> str:
    return (batch[0] if len(batch) == 1 else b"[" + b",".join(batch) + b"]").decode()


async def _pieces(upload: bytes | AsyncIterator[bytes], size: int) -> AsyncIterator[tuple[bytes, bool]]:
    """Yield the segments of an upload, of at most `size` bytes, and whether each is the last."""
    if isinstance(upload, bytes):
        for start in range(0, max(len(upload), 1), size):
            yield upload[start : start + size], start + size >= len(upload)
        return
    async for part in upload:
        for start in range(0, len(part), size):
            yield part[start : start + size], False
    yield b"", True
