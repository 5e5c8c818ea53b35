"""The address to which a login returns. Only local paths are used, to prevent open redirects (RFC 9700 section 4.11.1). Pure."""

import re
from collections.abc import Sequence
from urllib.parse import quote, unquote

HOME = "/"
MAX_LENGTH = 4096
MAX_ENCODINGS = 3  # layers of percent-encoding in a return address
NEVER_RAW = re.compile(r"[\s\x00-\x20\"<>\x7f-\xa0]")
"""Characters that browsers percent-encode in every part of a URL, and spaces beyond ASCII (WHATWG URL, section 1.3)."""

DECEPTIVE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""Control characters, which browsers drop (WHATWG URL, section 4.4), and line separators."""


class UnusableReturnTo(ValueError):
    """The text cannot be a return address; the message says why, in one word for the log."""


def parse_return_to(text: str, api_prefixes: Sequence[str] = ()) -> str:
    """Return `text` if it is a local path of the application, optionally with query and fragment. Empty text means `/`.

    What a browser shows as its address is returned unchanged. Characters that it would encode are encoded.

    The text is checked as received and after each percent-decoding, because a server on the way may decode it. Its path must
    not hide control characters; query and fragment may, such as the line break of a search text (`%0A`). It must not lead to an
    API: the page after a login has the hub's origin, so that a route would take the request for one of our own pages.

    Parameters:
        text: The parameter `return_to` of a login URL, decoded once.
        api_prefixes: Prefixes of the routes to APIs.

    Raises:
        UnusableReturnTo: The URL could lead to another host, into `/hub/`, or to an API.
    """
    if not text:
        return HOME
    if len(text) > MAX_LENGTH:
        raise UnusableReturnTo("too_long")
    if not text.startswith("/"):
        raise UnusableReturnTo("not_a_path")
    decoded, path = text, _before_query(text)
    for _ in range(MAX_ENCODINGS + 1):
        if not _is_local(decoded) or DECEPTIVE.search(path):
            raise UnusableReturnTo("not_local")
        if any(_is_below(decoded, prefix) for prefix in api_prefixes):
            raise UnusableReturnTo("api")
        before, decoded, path = decoded, unquote(decoded), unquote(path)
        if decoded == before:
            return _encoded(text)
    raise UnusableReturnTo("encoded_too_often")


def _encoded(text: str) -> str:
    """Return `text` as browsers encode it. A backslash of the path is encoded too, because they would take it for a slash."""
    path = _before_query(text)
    return NEVER_RAW.sub(_percent_encoded, path.replace("\\", "%5C") + text[len(path) :])


def _percent_encoded(match: re.Match[str]) -> str:
    return quote(match[0], safe="")


def _is_local(text: str) -> bool:
    path = _path(text)
    return not path.startswith("//") and {".", ".."}.isdisjoint(path.split("/")) and not _is_below(text, "/hub")


def _is_below(text: str, prefix: str) -> bool:
    return (_path(text) + "/").lower().startswith(prefix.lower() + "/")


def _path(text: str) -> str:
    """Return the path, in which a backslash is a slash, as browsers read it (WHATWG URL, section 4.4)."""
    return _before_query(text).replace("\\", "/")


def _before_query(text: str) -> str:
    return re.split(r"[?#]", text, maxsplit=1)[0]
