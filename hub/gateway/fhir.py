"""FHIR servers name themselves in their answers: links of bundles, `fullUrl`, references. Pages get the hub's address. Pure."""

import json
import re

from hub.primitives.http import Headers

_OF_OLD_BODY = frozenset({"content-length", "content-digest", "content-md5", "repr-digest", "digest"})


class Rebase:
    """Puts another base URL in the place of a server's own, in JSON that comes in pieces. Everything else stays, to the byte."""

    def __init__(self, base: str, public: str) -> None:
        """Take the base URL of the server, and the one that pages see; both without a slash at the end."""
        spellings = {base, base.replace("/", r"\/")}  # JSON may write a slash either way
        self._own = re.compile(b'"(?:' + b"|".join(re.escape(each.encode()) for each in spellings) + rb')(?=["/?#\\])')
        self._public = b'"' + json.dumps(public)[1:-1].encode()
        self._longest = max(map(len, spellings)) + 2  # with the quote before it and the character behind it
        self._rest = b""

    def feed(self, piece: bytes) -> bytes:
        """Return the text so far as pages see it; what may be the beginning of an address waits for the next piece."""
        text, done, parts = self._rest + piece, 0, []
        for match in self._own.finditer(text):
            parts += [text[done : match.start()], self._public]
            done = match.end()
        ready = max(done, len(text) - self._longest)
        self._rest = text[ready:]
        return b"".join([*parts, text[done:ready]])

    def end(self) -> bytes:
        """Return what has waited."""
        rest, self._rest = self._rest, b""
        return rest


def has_addresses(headers: Headers) -> bool:
    """Tell whether an answer is JSON that can be read as it comes."""
    fields = {name.lower(): value.lower() for name, value in headers}
    kind = fields.get("content-type", "").partition(";")[0].strip()
    return (kind.endswith("+json") or kind == "application/json") and fields.get("content-encoding", "identity") == "identity"


def without_length(headers: Headers) -> Headers:
    """Return the fields of an answer whose body has changed."""
    return [(name, value) for name, value in headers if name.lower() not in _OF_OLD_BODY]
