"""Read the body of an error response as JSON, if it is that. Pure."""

import re
import zlib
from typing import Any, Final

from hub.gateway.api_profile import MAX_DOCUMENT_BYTES
from hub.primitives.http import Headers
from hub.primitives.json_decoder import UnreadableJson, decode_any

READABLE_CODINGS = frozenset({"", "identity", "gzip", "x-gzip"})
"""The content codings (RFC 9110 section 8.4) that the hub opens."""

UNREADABLE: Final = object()
"""The result of `read_json` for a body that is not JSON. None would be the JSON value `null`."""

_JSON = re.compile(r"(?:application|text)/(?:[a-z0-9!#$&^_.+-]+\+)?json")


def may_be_json(headers: Headers, body_bytes: int | None) -> bool:
    """Return whether a body with these headers and this length (None: not announced) may be readable JSON."""
    if body_bytes is not None and body_bytes > MAX_DOCUMENT_BYTES:
        return False
    kind, coding = field(headers, "content-type").lower(), field(headers, "content-encoding").lower()
    is_json = "," not in kind and _JSON.fullmatch(kind.partition(";")[0].strip()) is not None
    return is_json and coding in READABLE_CODINGS


def read_json(headers: Headers, body: bytes) -> Any:
    """Return the JSON value of a body, or `UNREADABLE`.

    A body in gzip must be whole, with nothing behind it, and at most `MAX_DOCUMENT_BYTES` when it is unpacked.
    """
    try:
        if field(headers, "content-encoding").lower() in ("gzip", "x-gzip"):
            opened = zlib.decompressobj(wbits=31)
            body = opened.decompress(body, MAX_DOCUMENT_BYTES)
            if not opened.eof or opened.unused_data:
                return UNREADABLE
        return decode_any(body)
    except (zlib.error, UnreadableJson):
        return UNREADABLE


def field(headers: Headers, name: str) -> str:
    """Return the values of a header, whose name is in lower case, as one (RFC 9110 section 5.3); empty without it."""
    return ", ".join(value.strip() for written, value in headers if written.lower() == name)
