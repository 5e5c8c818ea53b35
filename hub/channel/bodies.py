"""Converts bodies and headers between the channel's JSON and the gateway's bytes. Pure."""

import msgspec

from hub.channel.codec import is_json
from hub.channel.messages import RequestMessage, WireHeaders
from hub.primitives.http import CONTENTLESS_STATUSES, Headers
from hub.primitives.json_decoder import JsonDecoder

TEXT = "text/plain;charset=utf-8"
JSON = "application/json"

_decode_string = JsonDecoder[str](str, max_bytes=None, max_depth=None).decode
_encode = msgspec.json.Encoder().encode


def headers_from_wire(wire: WireHeaders) -> Headers:
    """Return the headers of a message as pairs of name and value, in order."""
    headers: Headers = []
    for name, value in wire.items():
        if isinstance(value, str):
            headers.append((name, value))
        else:
            headers.extend((name, each) for each in value)
    return headers


def headers_to_wire(headers: Headers) -> WireHeaders:
    """Return headers as a message carries them: names in lower case; a list of values if a name occurs several times."""
    wire: WireHeaders = {}
    for original_name, value in headers:
        name = original_name.lower()
        previous = wire.get(name)
        if previous is None:
            wire[name] = value
        elif isinstance(previous, list):
            previous.append(value)
        else:
            wire[name] = [previous, value]
    return wire


def content_type(headers: WireHeaders) -> str:
    """Return the first `content-type` of the result of `headers_to_wire`; an empty string if it has none."""
    value = headers.get("content-type", "")
    return value if isinstance(value, str) else value[0]


def media_type(kind: str) -> str:
    """Return a content type in lower case, without its parameters."""
    return kind.partition(";")[0].strip().lower()


def is_json_type(media: str) -> bool:
    """Return whether the media type is JSON (RFC 6839 section 3.1)."""
    return media == JSON or (media.startswith("application/") and media.endswith("+json"))


def is_json_content(kind: str) -> bool:
    """Return whether the content type is JSON, with any parameters."""
    return kind == JSON or is_json_type(media_type(kind))


def body_type_mismatch(message: RequestMessage) -> bool:
    """Return whether the body is a JSON value other than a string although `content-type` says that it is not JSON."""
    if not isinstance(message.body, msgspec.Raw) or _is_string(message.body):
        return False
    media = _declared_media_type(headers_from_wire(message.headers))
    return bool(media) and not is_json_type(media)


def request_body(message: RequestMessage, headers: Headers) -> tuple[Headers, bytes]:
    """Return headers and bytes of an inline body: `text` as it is, whatever its type.

    Of a `body`, JSON as it was received, a string of another content type as its text. A default `content-type` is added if
    the client sent none.
    """
    if isinstance(message.text, str):
        return headers, message.text.encode()
    if not isinstance(message.body, msgspec.Raw):
        return headers, b""
    text, media = bytes(message.body), _declared_media_type(headers)
    is_text = _is_string(message.body) and not is_json_type(media)
    if not media:
        headers = [*headers, ("content-type", TEXT if is_text else JSON)]
    return headers, _decode_string(text).encode() if is_text else text


def _is_string(body: msgspec.Raw) -> bool:
    return memoryview(body)[0] == ord('"')


def _declared_media_type(headers: Headers) -> str:
    """Return the media type of the first `content-type` header; an empty string if there is none."""
    return next((media_type(value) for name, value in headers if name.lower() == "content-type"), "")


def has_no_body(method: str, status: int) -> bool:
    """Return whether a response has no body, whatever its headers say (RFC 9112 section 6.3)."""
    return method == "HEAD" or status in CONTENTLESS_STATUSES


def may_be_inline(headers: WireHeaders, length: int | None, limit: int, *, as_text: bool) -> bool:
    """Return whether to collect a body for one message: it may be at most `limit` bytes, and its type fits into JSON.

    JSON is collected even if its length is unknown. Text is not: collecting would delay a response that grows line by line.

    Parameters:
        as_text: Whether the client takes `text`, which may be of any type.
    """
    if headers.get("content-encoding") or (length or 0) > limit:
        return False
    kind = content_type(headers)
    if length == 0 or is_json_content(kind):
        return True
    media = media_type(kind)
    return length is not None and (as_text or media.startswith("text/")) and media != "text/event-stream"


def text_body(data: bytes) -> str | None:
    """Return a complete body as the `text` of a `response` message; None if it must be sent in body frames: it is not UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def inline_body(headers: WireHeaders, data: bytes) -> msgspec.Raw | None:
    """Return the JSON text of a complete body for a `response` message; None if the body must be sent in body frames."""
    kind = content_type(headers)
    if is_json_content(kind):
        return msgspec.Raw(data) if is_json(data) else None
    text = text_body(data)
    return None if text is None or not _says_utf8(kind) else msgspec.Raw(_encode(text))


def _says_utf8(kind: str) -> bool:
    _, found, charset = kind.lower().partition("charset=")
    return not found or charset.split(";")[0].strip(' "') in ("utf-8", "utf8", "us-ascii")
