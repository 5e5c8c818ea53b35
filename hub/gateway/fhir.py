"""The base URL in responses of FHIR servers (links of bundles, `fullUrl`, references) becomes the hub's. Pure."""

import json
import re

from hub.primitives.http import Headers

_OF_OLD_BODY = frozenset({"content-length", "content-digest", "content-md5", "repr-digest", "digest"})


class Rebase:
    """Replaces a server's base URL in JSON that arrives in chunks. All other bytes stay as they are."""

    def __init__(self, base: str, public: str) -> None:
        """Parameters:
        base: The base URL of the server, without a slash at its end.
        public: The base URL that pages see, likewise.
        """
        spellings = {base, base.replace("/", r"\/")}  # JSON may write a slash either way
        self._own = re.compile(b'"(?:' + b"|".join(re.escape(each.encode()) for each in spellings) + rb')(?=["/?#\\])')
        self._public = b'"' + json.dumps(public)[1:-1].encode()
        self._longest = max(map(len, spellings)) + 2  # with the quote before it and the character behind it
        self._rest = b""

    def feed(self, chunk: bytes) -> bytes:
        """Return the rewritten text so far. A possible start of the base URL waits for the next chunk."""
        text, done, parts = self._rest + chunk, 0, []
        for match in self._own.finditer(text):
            parts += [text[done : match.start()], self._public]
            done = match.end()
        ready = max(done, len(text) - self._longest)
        self._rest = text[ready:]
        return b"".join([*parts, text[done:ready]])

    def end(self) -> bytes:
        """Return the rest."""
        rest, self._rest = self._rest, b""
        return rest


def has_addresses(headers: Headers) -> bool:
    """Return whether a response is JSON without a content coding."""
    lowered = {name.lower(): value.lower() for name, value in headers}
    kind = lowered.get("content-type", "").partition(";")[0].strip()
    return (kind.endswith("+json") or kind == "application/json") and lowered.get("content-encoding", "identity") == "identity"


def without_length(headers: Headers) -> Headers:
    """Return the headers of a response whose body has changed."""
    return [(name, value) for name, value in headers if name.lower() not in _OF_OLD_BODY]
