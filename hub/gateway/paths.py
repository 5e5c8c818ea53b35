"""Paths, and all the ways in which a server may read them. Pure.

A path is normalized once (RFC 3986 section 6.2.2), and the hub matches exactly what it forwards. Servers may decode it once or
twice, cut parameters at `;`, or read a backslash as a slash. A path is rejected if any such reading contains a dot segment.

A strict route also rejects what such servers read as another number of segments: encoded backslashes, and encoded characters that
leave a segment empty. A route with `path_characters = "encoded"` takes them as characters of an ID.
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
_SLASHES = re.compile(rb"[/\\]")
_PARAMETERS = re.compile(rb"[;?#].*", re.DOTALL)
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_UNICODE_ESCAPE = re.compile(rb"%u[0-9A-Fa-f]{4}")  # IIS decodes `%u002e` into a dot
_OVERLONG = re.compile(  # UTF-8 that hides ASCII from a check: `%C0%AF` is a slash to lenient servers
    rb"[\xc0\xc1][\x80-\xbf]|\xe0[\x80-\x9f][\x80-\xbf]|\xf0[\x80-\x8f][\x80-\xbf][\x80-\xbf]"
)
_MAY_BE_OVERLONG = re.compile(rb"[\xc0\xc1]|\xe0[\x80-\x9f]|\xf0[\x80-\x8f]")

_ANY_DEPTH = "%(?:25)*"
_CONTROL_ESCAPE = re.compile(_ANY_DEPTH + "(?:[01][0-9A-F]|7F)", re.IGNORECASE)
_BACKSLASH_ESCAPE = re.compile(_ANY_DEPTH + "5C", re.IGNORECASE)
_BYTE_ESCAPE = re.compile(_ANY_DEPTH + "(?:C[01]|E0|F0)", re.IGNORECASE)
_EMPTYING_ESCAPE = re.compile(_ANY_DEPTH + "(2F|23|3F|3B|20)", re.IGNORECASE)
_EMPTYING = {"2f": "slash", "23": "#", "3f": "?", "3b": ";", "20": "space"}


def is_plain(path: str) -> bool:
    """Return whether a path has one reading only, so that it needs no further check. Most paths are plain.

    Nothing in a plain path can be decoded, cut off or resolved: it is its own normal form.
    """
    return _PLAIN.fullmatch(path) is not None


def normalise_path(raw: str, *, encoded: bool = False) -> str:
    """Return the path as it is matched: escapes in upper case, unreserved characters unescaped.

    Normalising a second time changes nothing, and the result decodes to the same bytes as `raw`.

    Parameters:
        encoded: Whether the path may have encoded slashes, backslashes, `#`, `?` and bytes that are not UTF-8 anywhere.

    Raises:
        InvalidPath: The path contains characters that no URL may contain, a broken escape, a dot segment, an empty segment, or
            a control character, in any reading; if not `encoded`, also a backslash.
    """
    if is_plain(raw):
        return raw
    path = normal_form(raw)
    check_path(path, raw, encoded=encoded)
    return path


def normal_form(raw: str) -> str:
    """Return the normal form of a path that is not checked yet.

    Raises:
        InvalidPath: The path contains characters that no URL may contain, or a broken escape.
    """
    found = _PATH.match(raw)
    end = 0 if found is None else found.end()
    if end != len(raw) or not raw:
        raise InvalidPath(
            "The path must begin with / and hold only characters that a URL may hold. "
            + (f"Percent-encode character {end + 1}, {raw[end]!a}." if raw else "It is empty.")
        )
    return _ESCAPE.sub(_normalise_escape, raw) if "%" in raw else raw


def check_path(path: str, raw: str, *, encoded: bool) -> None:
    """Raise `InvalidPath` if any reading of a path in normal form is not allowed (`normalise_path`). `raw`: as it was sent."""
    seen = list(readings(path))
    for reading in seen:
        if _CONTROL.search(reading):
            raise InvalidPath(f"The path holds a control character{_place(_CONTROL_ESCAPE, raw)}.")
        if _UNICODE_ESCAPE.search(reading):
            raise InvalidPath("The path holds an escape such as %u002e when it is decoded. No setting admits it.")
        names = [name_of(segment) for segment in _SLASHES.split(reading)]
        if b"." in names or b".." in names:
            raise InvalidPath("The path holds a dot segment (. or ..), perhaps after decoding. No setting admits it.")
    if b"" in _inner_names(seen[0]):
        at = f" at character {raw.index('//') + 1}" if "//" in raw else ""
        raise InvalidPath(f"The path holds an empty segment{at}.")  # `//host` leads a redirect to another host
    if not encoded:
        for reading in seen:
            _check_strictly(reading, raw)


def _check_strictly(reading: bytes, raw: str) -> None:
    if b"\\" in reading:
        raise _admissible(f"an encoded backslash{_place(_BACKSLASH_ESCAPE, raw)}")
    if _MAY_BE_OVERLONG.search(reading):
        raise _admissible(f"a byte that is not UTF-8 and may hide a character{_place(_BYTE_ESCAPE, raw)}")
    if b"" in _inner_names(reading):
        raise _admissible(_emptying(raw))


def _admissible(what: str) -> InvalidPath:
    return InvalidPath(f'The path holds {what}. path_characters = "encoded" in the settings of the route admits it.')


def _emptying(raw: str) -> str:
    """Return which encoded character leaves a segment empty when a server decodes it."""
    start = 0
    for segment in raw.split("/"):
        decoded = list(readings(segment))[-1]
        found = _EMPTYING_ESCAPE.search(segment)
        if found is not None and b"" in [name_of(part) for part in decoded.split(b"/")]:
            name = _EMPTYING[found[1].lower()]
            return f"an encoded {name} at character {start + found.start() + 1} ({found[0]}), which can make a segment empty"
        start += len(segment) + 1
    return "an encoded character that can make a segment empty"


def _place(escape: re.Pattern[str], raw: str) -> str:
    found = escape.search(raw)
    return "" if found is None else f" at character {found.start() + 1} ({found[0]})"


def _inner_names(reading: bytes) -> list[bytes]:
    return [name_of(segment) for segment in reading.split(b"/")][1:-1]


def _normalise_escape(escape: re.Match[str]) -> str:
    character = chr(int(escape[0][1:], 16))
    return character if character in _UNRESERVED else escape[0].upper()


def readings(path: str) -> Iterator[bytes]:
    """Yield the readings of a path: as it is, decoded once, twice and so on, and with disguised characters revealed."""
    last = b""
    for last in _decodings(path.encode("ascii")):
        yield last
    for revealed in _revealed(last):
        yield from _decodings(revealed)


def _decodings(reading: bytes) -> Iterator[bytes]:
    """Yield the reading, and what it decodes to, until nothing is left to decode."""
    yield reading
    for _ in range(MAX_DECODINGS):
        decoded = unquote_to_bytes(reading)
        if decoded == reading:
            return
        reading = decoded
        yield reading
    if unquote_to_bytes(reading) != reading:
        raise InvalidPath("The path is percent-encoded too many times.")


def _revealed(reading: bytes) -> Iterator[bytes]:
    """Yield the readings of servers that map wide dots and slashes to plain ones, as Windows does, or take overlong UTF-8."""
    if reading.isascii():
        return
    plain = _OVERLONG.sub(_as_ascii, reading)
    if plain != reading:
        yield plain
    try:
        yield unicodedata.normalize("NFKC", plain.decode()).encode()
    except UnicodeDecodeError:
        return  # not UTF-8, so no such characters


def _as_ascii(overlong: re.Match[bytes]) -> bytes:
    """Return the character that a lenient decoder reads in an overlong sequence: ASCII, or the sequence unchanged."""
    code = overlong[0][0] & (0x1F if len(overlong[0]) == 2 else 0x0F if len(overlong[0]) == 3 else 0x07)
    for byte in overlong[0][1:]:
        code = code << 6 | byte & 0x3F
    return bytes([code]) if code < 0x80 else overlong[0]


def loose_form(reading: bytes) -> bytes:
    """Return a reading as a server sees it that ignores parameters and empty segments, and takes a backslash for a slash."""
    names = [name_of(segment) for segment in _SLASHES.split(reading)]
    return b"/" + b"/".join(name for name in names if name)


def name_of(segment: bytes) -> bytes:
    """Return the segment without parameters and surrounding spaces, which some servers remove."""
    return _PARAMETERS.sub(b"", segment).strip(b" ")
