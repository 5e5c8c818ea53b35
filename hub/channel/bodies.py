"""Bodies and headers between the channel's JSON and the gateway's bytes. Pure."""

import msgspec

from hub.channel.codec import is_json
from hub.channel.messages import RequestMessage, WireHeaders
from hub.primitives.http import Headers

TEXT = "text/plain;charset=utf-8"
JSON = "application/json"
BODILESS_STATUSES = frozenset({204, 205, 304})  # RFC 9110 section 6.4.1

_decode_string = msgspec.json.Decoder(str).decode
_encode = msgspec.json.Encoder().encode


def wire_fields(headers: WireHeaders) -> Headers:
    """Return the header fields of a message one by one, in order."""
    fields: Headers = []
    for name, value in headers.items():
        if isinstance(value, str):
            fields.append((name, value))
        else:
            fields.extend((name, each) for each in value)
    return fields


def wire_headers(fields: Headers) -> WireHeaders:
    """Return header fields as a message carries them: lower-case names; those that occur several times as a list."""
    headers: WireHeaders = {}
    for field_name, value in fields:
        name = field_name.lower()
        known = headers.get(name)
        if known is None:
            headers[name] = value
        elif isinstance(known, list):
            known.append(value)
        else:
            headers[name] = [known, value]
    return headers


def content_type(headers: WireHeaders) -> str:
    """Return the first `content-type` among headers of `wire_headers`, or an empty string."""
    value = headers.get("content-type", "")
    return value if isinstance(value, str) else value[0]


def media_type(kind: str) -> str:
    """Return a content type in lower case without its parameters."""
    return kind.partition(";")[0].strip().lower()


def is_json_type(media: str) -> bool:
    """Tell whether the media type is JSON (RFC 6839 section 3.1)."""
    return media == JSON or (media.startswith("application/") and media.endswith("+json"))


def is_json_content(kind: str) -> bool:
    """Tell whether the content type is JSON, whatever its parameters."""
    return kind == JSON or is_json_type(media_type(kind))


def body_type_mismatch(message: RequestMessage) -> bool:
    """Tell whether the body is a JSON value that cannot be one, because `content-type` says that it is text."""
    if not isinstance(message.body, msgspec.Raw) or _is_string(message.body):
        return False
    media = _announced(wire_fields(message.headers))
    return bool(media) and not is_json_type(media)


def request_body(message: RequestMessage, fields: Headers) -> tuple[Headers, bytes]:
    """Return header fields and bytes of an inline body: JSON as it came, a string of another type as its text."""
    if not isinstance(message.body, msgspec.Raw):
        return fields, b""
    text, media = bytes(message.body), _announced(fields)
    is_text = _is_string(message.body) and not is_json_type(media)
    if not media:
        fields = [*fields, ("content-type", TEXT if is_text else JSON)]
    return fields, _decode_string(text).encode() if is_text else text


def _is_string(body: msgspec.Raw) -> bool:
    return memoryview(body)[0] == ord('"')


def _announced(fields: Headers) -> str:
    """Return the media type that a client gives its body; empty if it gives none."""
    return next((media_type(value) for name, value in fields if name.lower() == "content-type"), "")


def has_no_body(method: str, status: int) -> bool:
    """Tell whether an answer has no body whatever its headers say (RFC 9112 section 6.3)."""
    return method == "HEAD" or status in BODILESS_STATUSES


def may_be_inline(headers: WireHeaders, length: int | None, limit: int) -> bool:
    """Tell whether it is worth collecting a body: it may turn out small enough, and is of a kind that fits into JSON.

    JSON is collected even without a length. Text is not: an answer that grows line by line would be held back.
    """
    if headers.get("content-encoding") or (length or 0) > limit:
        return False
    kind = content_type(headers)
    if length == 0 or is_json_content(kind):
        return True
    media = media_type(kind)
    return length is not None and media.startswith("text/") and media != "text/event-stream"


def inline_body(headers: WireHeaders, data: bytes) -> msgspec.Raw | None:
    """Return the JSON text that stands for a whole body in `response`, or None if it has to go as body frames."""
    kind = content_type(headers)
    if is_json_content(kind):
        return msgspec.Raw(data) if is_json(data) else None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return msgspec.Raw(_encode(text)) if _says_utf8(kind) else None


def _says_utf8(kind: str) -> bool:
    _, found, charset = kind.lower().partition("charset=")
    return not found or charset.split(";")[0].strip(' "') in ("utf-8", "utf8", "us-ascii")
