"""Paths, and all the ways in which a server may read them. Pure.

A path is normalized once (RFC 3986 section 6.2.2), and the hub matches exactly what it forwards. Servers may decode it once or
twice, cut parameters at `;`, or read a backslash as a slash. A path is rejected if any such reading contains a dot segment.
"""

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from hub.errors import InvalidPath

MAX_DECODINGS = 4  # no honest client encodes a path more often, and each decoding costs one pass

_PATH = re.compile(r"/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/|^\[\]]|%[0-9A-Fa-f]{2})*")
"""Path characters of RFC 3986 section 3.3, and four that browsers leave raw."""

_PLAIN = re.compile(r"(?:/[A-Za-z0-9\-_~!$&'()*+,=:@|^\[\]][A-Za-z0-9\-._~!$&'()*+,=:@|^\[\]]*)+/?")
"""Of those, paths without escapes and parameters, in which no segment is empty or begins with a dot."""

_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PARAMETERS = re.compile(rb"[;?#].*", re.DOTALL)
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_OVERLONG = re.compile(rb"[\xc0\xc1]|\xe0[\x80-\x9f]|\xf0[\x80-\x8f]")  # UTF-8 that hides ASCII from a check


def is_plain(path: str) -> bool:
    """Return whether a path has one reading only, so that it needs no further check. Most paths are plain.

    Nothing in a plain path can be decoded, cut off or resolved: it is its own normal form.
    """
    return _PLAIN.fullmatch(path) is not None


def normalise_path(raw: str) -> str:
    """Return the path as it is matched and forwarded: escapes in upper case, unreserved characters unescaped.

    Normalising a second time changes nothing, and the result decodes to the same bytes as `raw`.

    Raises:
        InvalidPath: The path contains characters that no URL may contain, a broken escape, a dot segment, an empty segment, a
            backslash or a control character, in any reading.
    """
    if is_plain(raw):
        return raw
    if _PATH.fullmatch(raw) is None:
        raise InvalidPath("The path must begin with / and hold only characters that a URL may hold.")
    path = _ESCAPE.sub(_normalise_escape, raw) if "%" in raw else raw
    for reading in readings(path):
        _check(reading)
    return path


def _normalise_escape(escape: re.Match[str]) -> str:
    character = chr(int(escape[0][1:], 16))
    return character if character in _UNRESERVED else escape[0].upper()


def readings(path: str) -> Iterator[bytes]:
    """Yield the readings of a path: as it is, decoded once, twice and so on, and normalized to compatibility characters."""
    reading = path.encode("ascii")
    yield reading
    for _ in range(MAX_DECODINGS):
        decoded = unquote_to_bytes(reading)
        if decoded == reading:
            yield from _compatible(reading)
            return
        reading = decoded
        yield reading
    if unquote_to_bytes(reading) != reading:
        raise InvalidPath("The path is percent-encoded too many times.")
    yield from _compatible(reading)


def _compatible(reading: bytes) -> Iterator[bytes]:
    """Yield the reading of a server that maps wide dots and slashes to plain ones, as Windows does."""
    if reading.isascii():
        return
    try:
        yield unicodedata.normalize("NFKC", reading.decode()).encode()
    except UnicodeDecodeError:
        return  # not UTF-8, so no such characters


def _check(reading: bytes) -> None:
    if _CONTROL.search(reading):
        raise InvalidPath("The path holds a control character.")
    if b"\\" in reading or _OVERLONG.search(reading):
        raise InvalidPath("The path holds a backslash or a character in a form that hides one.")
    names = [name_of(segment) for segment in reading.split(b"/")]
    if b"." in names or b".." in names:
        raise InvalidPath("The path holds a dot segment.")
    if b"" in names[1:-1]:
        raise InvalidPath("The path holds an empty segment.")  # `//host` leads a redirect to another host


def name_of(segment: bytes) -> bytes:
    """Return the segment without parameters and surrounding spaces, which some servers remove."""
    return _PARAMETERS.sub(b"", segment).strip(b" ")
