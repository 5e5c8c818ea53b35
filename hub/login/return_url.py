"""Validation of the URL after a login. Only local paths are allowed, to prevent open redirects (RFC 9700 section 4.11.1)."""

import re
from collections.abc import Sequence
from urllib.parse import unquote

from hub.errors import BadRequest

MAX_LENGTH = 2048
UNENCODED = re.compile(r"[\s<>\"'`\xa0\\]")
"""Characters that must be percent-encoded in a URL."""

DECEPTIVE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""Control characters, which browsers drop (WHATWG URL, section 4.4), and line separators."""


def parse_return_to(text: str, api_prefixes: Sequence[str] = ()) -> str:
    """Return `text` if it is a local path of the application, optionally with query and fragment. Empty text means `/`.

    The text is checked as received and after each percent-decoding, because a server on the way may decode it. Its path must
    not hide control characters; query and fragment may, such as the line break of a search text (`%0A`). It must not lead to an
    API: the page after a login has the hub's origin, so that a route would take the request for one of our own pages.

    Parameters:
        api_prefixes: Prefixes of the routes to APIs.

    Raises:
        BadRequest: The URL could lead to another host, into `/hub/`, or to an API.
    """
    if not text:
        return "/"
    if len(text) > MAX_LENGTH:
        raise BadRequest(f"return_to must not be longer than {MAX_LENGTH} characters.")
    if UNENCODED.search(text) or DECEPTIVE.search(text):
        raise BadRequest("return_to must be percent-encoded.")
    decoded, path = text, _before_query(text)
    for _ in range(4):
        if not _is_local(decoded) or DECEPTIVE.search(path):
            raise BadRequest("return_to must be a path of this application, such as /patients?page=2#top.")
        if any(_is_below(decoded, prefix) for prefix in api_prefixes):
            raise BadRequest("return_to must be a page of this application. This path belongs to an API.")
        before, decoded, path = decoded, unquote(decoded), unquote(path)
        if decoded == before:
            return text
    raise BadRequest("return_to is percent-encoded too many times.")


def _is_local(text: str) -> bool:
    path = _path(text)
    return (
        path.startswith("/")
        and not path.startswith("//")
        and {".", ".."}.isdisjoint(path.split("/"))
        and not _is_below(text, "/hub")
    )


def _is_below(text: str, prefix: str) -> bool:
    return (_path(text) + "/").lower().startswith(prefix.lower() + "/")


def _path(text: str) -> str:
    """Return the path, in which a backslash is a slash, as browsers read it (WHATWG URL, section 4.4)."""
    return _before_query(text).replace("\\", "/")


def _before_query(text: str) -> str:
    return re.split(r"[?#]", text, maxsplit=1)[0]
