"""One request of a channel: from the message to the gateway, and its answer back."""

import functools

import msgspec

from hub.channel import bodies
from hub.channel.connection import ChannelConnection
from hub.channel.messages import NO_FACTS, AnswerFacts, RequestMessage, WireHeaders
from hub.channel.sending import Sender
from hub.channel.upload_body import UploadBody
from hub.errors import ResourceServerBroken
from hub.gateway.messages import ApiRequest, ApiResponse
from hub.primitives.http import Headers, chunks


def api_request(
    message: RequestMessage, upload: UploadBody | None, *, gzip: bool, timeout_seconds: float, client_address: str
) -> ApiRequest:
    """Return the request as the gateway takes it. `gzip`: the client opens compressed answers itself."""
    fields, body = bodies.request_body(message, _acceptable(message, gzip=gzip))
    path, _, query = message.path.partition("?")
    length = message.stream if isinstance(message.stream, int) else len(body)
    return ApiRequest(
        method=message.method,
        path=path,
        query=query,
        headers=fields,
        body=body if upload is None else upload,
        body_bytes=None if length < 0 else length,
        timeout_seconds=timeout_seconds,
        passive=message.passive,
        client_address=client_address,
    )


def _acceptable(message: RequestMessage, *, gzip: bool) -> Headers:
    kept = [field for field in bodies.wire_fields(message.headers) if field[0].lower() != "accept-encoding"]
    if gzip:
        kept.append(("accept-encoding", "gzip"))
    if isinstance(message.traceparent, str):
        kept.append(("traceparent", message.traceparent))
    return kept


class ResponseSender:
    """Sends answers, whole if they fit, else as body frames at the pace of the client."""

    __slots__ = ("_connection", "_largest", "_sender")

    def __init__(self, connection: ChannelConnection, sender: Sender, *, inline: int) -> None:
        self._connection = connection
        self._sender = sender
        self._largest = inline

    def send_whole(self, message: RequestMessage, response: ApiResponse, facts: AnswerFacts = NO_FACTS) -> bool:
        """Send the answer to `message` at once, if its body is in hand and fits into one message; return whether it did."""
        if not isinstance(response.body, bytes):
            return False
        headers = bodies.wire_headers(response.headers)
        fits = bodies.may_be_inline(headers, len(response.body), self._largest)
        return fits and self._respond(message.id, response, headers, response.body, facts)

    async def send(self, message: RequestMessage, response: ApiResponse, facts: AnswerFacts = NO_FACTS) -> None:
        """Send the answer to `message` as it comes; `facts` go with it.

        Raises:
            HubError: The body broke off.
        """
        headers = bodies.wire_headers(response.headers)
        if bodies.has_no_body(message.method, response.status):
            self._respond(message.id, response, headers, b"", facts)
            return
        collected, complete = await self._collect(response, headers)
        if not complete or not self._respond(message.id, response, headers, collected, facts):
            length = len(collected) if complete else -1 if response.body_bytes is None else response.body_bytes
            await self._stream(message.id, response, headers, collected, length, facts)

    def _respond(self, request_id: int, response: ApiResponse, headers: WireHeaders, body: bytes, facts: AnswerFacts) -> bool:
        """Answer in one message; return False if the body has to go as frames for what it is."""
        text = bodies.inline_body(headers, body) if body else msgspec.UNSET
        if text is None:
            return False
        self._connection.respond(request_id, response.status, headers, text, facts)
        return True

    async def _collect(self, response: ApiResponse, headers: WireHeaders) -> tuple[bytes, bool]:
        """Read a body that may fit into one message; return what was read, and whether that is all."""
        if isinstance(response.body, bytes) or not bodies.may_be_inline(headers, response.body_bytes, self._largest):
            return b"", False
        parts, size = [], 0
        async for part in response.body:
            parts.append(part)
            size += len(part)
            if size > self._largest:
                return b"".join(parts), False
        return b"".join(parts), True

    async def _stream(
        self, request_id: int, response: ApiResponse, headers: WireHeaders, begun: bytes, length: int, facts: AnswerFacts
    ) -> None:
        if not self._connection.begin(request_id, response.status, headers, length, facts):
            return
        self._sender.schedule()
        left = length
        if begun:
            left = await self._send_part(request_id, begun, left)
        parts = chunks(response.body)
        while left != 0:
            await self._sender.room()  # first: whatever is read has to be held until there is room
            part = await anext(parts, None)
            if part is None:
                break
            left = await self._send_part(request_id, part, left)
        if left > 0:
            raise ResourceServerBroken("The body was shorter than announced.")
        if left < 0 or length == 0:
            self._send_frame(request_id, b"", end=True)

    async def _send_part(self, request_id: int, part: bytes, left: int) -> int:
        """Send a part in frames; return what is left of an announced length: at zero the last frame has its END."""
        credit = functools.partial(self._connection.credit, request_id)
        start = 0
        while start < len(part):
            await self._sender.room(credit)
            data = part[start : start + max(credit(), 1)]
            start += len(data)
            if left > 0:
                left = max(left - len(data), 0)
            self._send_frame(request_id, data, end=left == 0)
        return left

    def _send_frame(self, request_id: int, data: bytes, *, end: bool) -> None:
        self._connection.send_body(request_id, data, end=end)
        self._sender.schedule()
