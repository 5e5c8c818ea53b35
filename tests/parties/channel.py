"""A client of the channel protocol on an independent WebSocket library (websockets), as a test wants it."""

import asyncio
import itertools
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import websockets
from websockets.asyncio.client import ClientConnection, connect

from tests.parties.browser import Browser

BODY_HEADER = struct.Struct(">BBHI")
END = 1


class ChannelClosedError(Exception):
    """The hub closed the channel with `code`."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


@dataclass
class ChannelAnswer:
    """What came back for one request: a response, or an error with its problem."""

    status: int
    headers: dict[str, Any]
    body: Any
    problem: dict[str, Any] | None = None
    processed: str | None = None
    message: dict[str, Any] = field(default_factory=dict)


class Channel:
    """One open channel of a browser's page."""

    def __init__(self, browser: Browser, socket: ClientConnection) -> None:
        self._browser = browser
        self._socket = socket
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[ChannelAnswer]] = {}
        self._streams: dict[int, tuple[dict[str, Any], bytearray]] = {}
        self.ready: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.credit: dict[int, asyncio.Queue[int]] = {}
        self.closed: asyncio.Future[ChannelClosedError] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, browser: Browser, *, hello: Mapping[str, Any] | None = None, **options: Any) -> Self:
        """Open a channel as the hub's page does and wait for `ready`.

        Raises:
            ChannelClosedError: The hub closed it instead.
        """
        channel = await cls.connect(browser, **options)
        await channel.send({"type": "hello", "csrf": browser.cookie("XSRF-TOKEN") or "", **(hello or {})})
        await asyncio.wait({channel.ready, channel.closed}, return_when=asyncio.FIRST_COMPLETED)
        if not channel.ready.done():
            raise channel.closed.result()
        return channel

    @classmethod
    async def connect(
        cls, browser: Browser, *, headers: Mapping[str, str] | None = None, subprotocol: str | None = "hub.v1"
    ) -> Self:
        """Open the WebSocket and say nothing yet."""
        sent = {**browser.channel_headers(), **(headers or {})}
        origin = sent.pop("Origin", None)
        socket = await connect(
            browser.hub_url.replace("http", "ws", 1) + "/hub/channel",
            origin=None if origin is None else websockets.Origin(origin),
            subprotocols=[websockets.Subprotocol(subprotocol)] if subprotocol else None,
            additional_headers=sent,
            compression=None,
            ping_interval=None,
            max_size=None,
            proxy=None,
        )
        return cls(browser, socket)

    async def send(self, message: Any) -> None:
        """Send a message as JSON.

        Raises:
            ChannelClosedError: The channel was closed before.
        """
        try:
            await self._socket.send(json.dumps(message))
        except websockets.ConnectionClosed as error:
            raise ChannelClosedError(self._socket.close_code or 1006, self._socket.close_reason or "") from error

    async def send_body(self, request_id: int, data: bytes, *, end: bool = False) -> None:
        """Send a body frame."""
        await self._socket.send(BODY_HEADER.pack(1, END if end else 0, 0, request_id) + data)

    async def request(self, method: str, path: str, **members: Any) -> ChannelAnswer:
        """Send a request and wait for its answer.

        Raises:
            ChannelClosedError: The channel was closed before.
        """
        _, answer = await self.begin(method, path, **members)
        return await answer

    async def begin(self, method: str, path: str, **members: Any) -> tuple[int, asyncio.Future[ChannelAnswer]]:
        """Send a request; return its id and its answer to come."""
        request_id = next(self._ids)
        answer: asyncio.Future[ChannelAnswer] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = answer
        self.credit[request_id] = asyncio.Queue()
        await self.send({"type": "request", "id": request_id, "method": method, "path": path, **members})
        return request_id, answer

    def expect(self, request_id: int) -> asyncio.Future[ChannelAnswer]:
        """Return the answer to come of a request that began on another channel; call this before `hello` names it."""
        self._waiting[request_id] = asyncio.get_running_loop().create_future()
        return self._waiting[request_id]

    async def upload(self, method: str, path: str, body: bytes, **members: Any) -> ChannelAnswer:
        """Send a request whose body follows in frames, as fast as the hub gives credit."""
        request_id, answer = await self.begin(method, path, stream=len(body), **members)
        sent = 0
        while sent < len(body):
            credit = await self.credit[request_id].get()
            while credit and sent < len(body):
                piece = body[sent : sent + min(credit, 65536)]
                sent, credit = sent + len(piece), credit - len(piece)
                await self.send_body(request_id, piece, end=sent == len(body))
        return await answer

    async def close(self) -> None:
        """Close the channel and stop reading."""
        await self._socket.close()
        await self._reading

    async def _read(self) -> None:
        try:
            async for frame in self._socket:
                data = frame.encode() if isinstance(frame, str) else frame
                self._browser.record.append((f"{self._browser.hub_url}/hub/channel", data))
                if isinstance(frame, bytes):
                    self._take_body(frame)
                    continue
                batch = json.loads(frame)
                for message in batch if isinstance(batch, list) else [batch]:
                    await self._take(message)
        except websockets.ConnectionClosed:
            pass
        error = ChannelClosedError(self._socket.close_code or 1006, self._socket.close_reason or "")
        self.closed.set_result(error)
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(error)
                answer.exception()  # whoever awaits it still gets it

    async def _take(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "ready":
            self.ready.set_result(message)
        elif kind == "ping":
            await self.send({"type": "pong", "n": message["n"]})
        elif kind == "event":
            self.events.put_nowait(message)
        elif kind == "window":
            self.credit[message["id"]].put_nowait(message["bytes"])
        elif kind == "response" and "stream" in message:
            self._streams[message["id"]] = (message, bytearray())
        elif kind == "response":
            self._answer(message, message.get("body"))
        elif kind == "error":
            answer = ChannelAnswer(message["problem"]["status"], {}, None, message["problem"], message["processed"], message)
            self._give(message["id"], answer)
        elif kind == "reset":
            self._streams.pop(message["id"], None)
            answer = ChannelAnswer(0, {}, None, {"type": "reset", "detail": message.get("reason")}, "maybe", message)
            self._give(message["id"], answer)

    def _take_body(self, frame: bytes) -> None:
        _, flags, _, request_id = BODY_HEADER.unpack_from(frame)
        if request_id not in self._streams:
            return
        message, body = self._streams[request_id]
        body += frame[BODY_HEADER.size :]
        if flags & END:
            del self._streams[request_id]
            self._answer(message, bytes(body))

    def _answer(self, message: dict[str, Any], body: Any) -> None:
        self._give(message["id"], ChannelAnswer(message["status"], message["headers"], body, message=message))

    def _give(self, request_id: int, answer: ChannelAnswer) -> None:
        """Hand out an answer, unless whoever asked is gone."""
        waiting = self._waiting.pop(request_id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)
