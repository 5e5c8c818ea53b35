"""Converts a request message for the gateway, and sends the response over the channel."""

import functools
from collections.abc import Mapping

import msgspec

from hub.channel import bodies
from hub.channel.connection import ChannelConnection
from hub.channel.content_coding import without_coding
from hub.channel.messages import NO_FACTS, RequestMessage, ResponseFacts, WireHeaders
from hub.channel.sending import Sender
from hub.channel.upload_body import UploadBody
from hub.errors import ResourceServerBroken
from hub.gateway.messages import ApiRequest, ApiResponse
from hub.primitives.http import Headers, chunks


def api_request(
    message: RequestMessage,
    upload: UploadBody | None,
    *,
    browser: Mapping[str, str],
    gzip: bool,
    timeout_seconds: float,
    client_address: str,
) -> ApiRequest:
    """Return the request for the gateway.

    Parameters:
        upload: The streamed body; None if the body is inline or empty.
        browser: Headers that the browser would add, by name in lower case. Those of the message replace them.
        gzip: Whether the client decompresses gzip.
    """
    headers, body = bodies.request_body(message, _request_headers(message, browser, gzip=gzip))
    path, _, query = message.path.partition("?")
    length = message.stream if isinstance(message.stream, int) else len(body)
    return ApiRequest(
        method=message.method,
        path=path,
        query=query,
        headers=headers,
        body=body if upload is None else upload,
        body_bytes=None if length < 0 else length,
        timeout_seconds=timeout_seconds,
        client_address=client_address,
    )


def _request_headers(message: RequestMessage, browser: Mapping[str, str], *, gzip: bool) -> Headers:
    added = dict(browser)
    headers: Headers = []
    for header in bodies.headers_from_wire(message.headers):
        name = header[0].lower()
        added.pop(name, None)
        if name != "accept-encoding":
            headers.append(header)
    headers.extend(added.items())
    headers.append(("accept-encoding", "gzip" if gzip else "identity"))  # without it, any encoding would be acceptable
    if isinstance(message.traceparent, str):
        headers.append(("traceparent", message.traceparent))
    return headers


class ResponseSender:
    """Sends responses: in one message if the body fits, else in body frames with flow control."""

    __slots__ = ("_connection", "_largest", "_sender")

    def __init__(self, connection: ChannelConnection, sender: Sender, *, inline: int) -> None:
        self._connection = connection
        self._sender = sender
        self._largest = inline

    def send_whole(self, message: RequestMessage, response: ApiResponse, facts: ResponseFacts = NO_FACTS) -> bool:
        """Send the response to `message` if its body is in memory and fits into one message; return whether it was sent."""
        if not isinstance(response.body, bytes):
            return False
        headers = bodies.headers_to_wire(response.headers)
        fits = bodies.may_be_inline(headers, len(response.body), self._largest, as_text=self._connection.takes_text)
        return fits and self._respond(message.id, response, headers, response.body, facts)

    async def send(self, message: RequestMessage, response: ApiResponse, facts: ResponseFacts = NO_FACTS) -> None:
        """Send the response to `message` while its body arrives.

        Raises:
            HubError: The body ended early.
        """
        headers = bodies.headers_to_wire(response.headers)
        if bodies.has_no_body(message.method, response.status):
            self._respond(message.id, response, headers, b"", facts)
            return
        if "content-encoding" in headers and not self._connection.takes_gzip:
            response = without_coding(response)
            headers = bodies.headers_to_wire(response.headers)
        collected, complete = await self._collect(response, headers)
        if not complete or not self._respond(message.id, response, headers, collected, facts):
            length = len(collected) if complete else -1 if response.body_bytes is None else response.body_bytes
            await self._stream(message.id, response, headers, collected, length, facts)

    def _respond(self, request_id: int, response: ApiResponse, headers: WireHeaders, body: bytes, facts: ResponseFacts) -> bool:
        """Respond in one message; return False if the content of the body requires body frames."""
        inline: msgspec.Raw | str | msgspec.UnsetType | None = msgspec.UNSET
        if body:
            inline = bodies.text_body(body) if self._connection.takes_text else bodies.inline_body(headers, body)
        if inline is None:
            return False
        self._connection.respond(request_id, response.status, headers, inline, facts)
        return True

    async def _collect(self, response: ApiResponse, headers: WireHeaders) -> tuple[bytes, bool]:
        """Read a body that may fit into one message; return the bytes read, and whether the body is complete."""
        as_text = self._connection.takes_text
        if isinstance(response.body, bytes) or not bodies.may_be_inline(
            headers, response.body_bytes, self._largest, as_text=as_text
        ):
            return b"", False
        segments, size = [], 0
        async for segment in response.body:
            segments.append(segment)
            size += len(segment)
            if size > self._largest:
                return b"".join(segments), False
        return b"".join(segments), True

    async def _stream(
        self, request_id: int, response: ApiResponse, headers: WireHeaders, begun: bytes, length: int, facts: ResponseFacts
    ) -> None:
        if not self._connection.begin(request_id, response.status, headers, length, facts):
            return
        self._sender.schedule()
        left = length
        if begun:
            left = await self._send_segment(request_id, begun, left)
        segments = chunks(response.body)
        while left != 0:
            await self._sender.wait_writable()  # before the read, because a segment that was read occupies memory
            segment = await anext(segments, None)
            if segment is None:
                break
            left = await self._send_segment(request_id, segment, left)
        if left > 0:
            raise ResourceServerBroken("The body is shorter than its announced length.")
        if left < 0 or length == 0:
            self._send_frame(request_id, b"", end=True)

    async def _send_segment(self, request_id: int, segment: bytes, left: int) -> int:
        """Send a segment in body frames; return the rest of the announced length. At 0, the last frame had the END flag."""
        credit = functools.partial(self._connection.credit, request_id)
        start = 0
        while start < len(segment):
            await self._sender.wait_writable(credit)
            data = segment[start : start + max(credit(), 1)]
            start += len(data)
            if left > 0:
                left = max(left - len(data), 0)
            self._send_frame(request_id, data, end=left == 0)
        return left

    def _send_frame(self, request_id: int, data: bytes, *, end: bool) -> None:
        self._connection.send_body(request_id, data, end=end)
        self._sender.schedule()
