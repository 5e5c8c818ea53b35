"""Checks one request against the limits before the channel accepts it. Pure."""

import re

import msgspec

from hub.channel.bodies import body_type_mismatch, headers_from_wire
from hub.channel.close_codes import protocol_error
from hub.channel.messages import RequestMessage
from hub.config.settings import ChannelSettings
from hub.errors import BadRequest, BodyTooLarge, HeadersTooLarge, HubError, InvalidPath

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.1
HEADER_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")  # RFC 9110 section 5.5: no line breaks, no other controls


def check_request(message: RequestMessage, settings: ChannelSettings) -> HubError | None:
    """Return the error with which to reject the request; None if it may run.

    Raises:
        ChannelClosed: 4400; the request has more than one of body, text and stream.
    """
    body, text, stream = message.body, message.text, message.stream
    if (body, text, stream).count(msgspec.UNSET) < 2:
        raise protocol_error("a request has one of body, text and stream")
    error = _check_path(message.path, settings) or _check_headers(message, settings)
    if error is not None:
        return error
    if isinstance(text, str):
        return _check_inline(len(text.encode()), settings)
    if isinstance(body, msgspec.Raw):
        return _check_body(message, body, settings)
    return _check_stream(stream, settings) if isinstance(stream, int) else None


def _check_path(path: str, settings: ChannelSettings) -> HubError | None:
    return InvalidPath(f"The path is longer than {settings.path} bytes.") if len(path.encode()) > settings.path else None


def _check_headers(message: RequestMessage, settings: ChannelSettings) -> HubError | None:
    headers = headers_from_wire(message.headers)
    if len(headers) > settings.header_fields:
        return HeadersTooLarge(f"The request has more than {settings.header_fields} headers.")
    size, are_valid = 0, True
    for name, value in headers:
        size += len(name.encode()) + len(value.encode())
        are_valid = are_valid and HEADER_NAME.fullmatch(name) is not None and HEADER_VALUE.fullmatch(value) is not None
    if size > settings.headers:
        return HeadersTooLarge(f"The headers are larger than {settings.headers} bytes.")
    if not are_valid:
        return BadRequest("The name or the value of a header is not valid in HTTP.")
    return None


def _check_stream(length: int, settings: ChannelSettings) -> HubError | None:
    return BodyTooLarge(f"The upload is larger than {settings.body} bytes.") if length > settings.body else None


def _check_inline(size: int, settings: ChannelSettings) -> HubError | None:
    if size > settings.inline:
        return BodyTooLarge(f"The body is larger than {settings.inline} bytes: send it as a stream.")
    return None


def _check_body(message: RequestMessage, body: msgspec.Raw, settings: ChannelSettings) -> HubError | None:
    if error := _check_inline(memoryview(body).nbytes, settings):
        return error
    if body_type_mismatch(message):
        return BadRequest("A body with this content-type must be a string.")
    return None
