"""Isolate what an API sends: under the hub's origin it is foreign content. Pure.

A response that was fetched by a script can be navigated to later, from the browser's cache. So every response carries the policy,
whatever the request was for: in a `sandbox`, a document has an origin of its own, and runs no script.
"""

import re

from hub.gateway.routes import Route
from hub.primitives.bounded_cache import BoundedCache
from hub.primitives.http import Headers

SANDBOX_HEADER = ("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")

_DISPOSITION = re.compile(r"[ \t]*(?P<type>[!#$%&'*+.^`|~0-9A-Za-z_-]*)[ \t]*(?=;|\Z)")
_PARAMETER = re.compile(
    r"[ \t]*;[ \t]*(?:(?P<name>[A-Za-z0-9_*-]+)[ \t]*=[ \t]*(?P<value>\"(?:[^\"\\]|\\.)*\"|[^;\"]*))?[ \t]*(?=;|\Z)"
)
_COMMA = ","  # browsers read it as the end of one header and the beginning of another, of which the last counts
_TOKEN = re.compile(r"[!#$%&'*+.^`|~0-9A-Za-z_-]+")

ATTACHMENT = "attachment"
OTHER, MEDIA_TYPE, DISPOSITION = range(3)
_KINDS: BoundedCache[int] = BoundedCache(
    lambda name: {"content-type": MEDIA_TYPE, "content-disposition": DISPOSITION}.get(name.lower(), OTHER)
)


def isolated(headers: Headers, route: Route, *, status: int) -> Headers:
    """Return the headers of a response of an API, with those that isolate its content.

    Media types that are not in `RouteSettings.inline` become downloads (`Content-Disposition: attachment`, RFC 6266); a file name
    of the API stays. A 304 without a media type says nothing about the disposition, so that the stored one stays.
    """
    isolated: Headers = []
    media_types: list[str] = []
    dispositions: list[str] = []
    for header in headers:
        kind = _KINDS[header[0]]
        if kind == DISPOSITION:
            dispositions.append(header[1])
            continue
        if kind == MEDIA_TYPE:
            media_types.append(header[1])
        isolated.append(header)
    isolated.append(SANDBOX_HEADER)
    is_inline = len(media_types) == 1 and media_type(media_types[0]) in route.settings.inline
    if status == 304 and (is_inline or not media_types):
        return isolated
    if not is_inline:
        isolated.append(("Content-Disposition", attachment(dispositions[0] if dispositions else "")))
    elif dispositions:
        isolated.append(("Content-Disposition", dispositions[0]))
    return isolated


def media_type(content_type: str) -> str:
    """Return the media type of a `Content-Type`, in lower case and without parameters; empty if it may name several."""
    return "" if _COMMA in content_type else content_type.partition(";")[0].strip(" \t").lower()


def attachment(disposition: str) -> str:
    """Return a `Content-Disposition` of the type `attachment`, with the file names of `disposition` as far as they are valid."""
    if not disposition:
        return ATTACHMENT
    head = _DISPOSITION.match(disposition)
    at = len(disposition) if head is None else head.end()
    names: dict[str, str] = {}
    while (parameter := _PARAMETER.match(disposition, at)) is not None:
        at = parameter.end()
        name, value = (parameter["name"] or "").lower(), parameter["value"] or ""
        if name in ("filename", "filename*") and value.strip(" \t"):
            names.setdefault(name, _written(name, value.strip(" \t")))
    return "; ".join([ATTACHMENT, *(f"{name}={value}" for name, value in names.items() if value)])


def _written(name: str, value: str) -> str:
    """Return a file name as RFC 6266 writes it: quoted, unless it is a token. `filename*` is always a token."""
    if value.startswith('"'):
        return value if name == "filename" else ""
    if _TOKEN.fullmatch(value):
        return value
    return '"' + value.replace("\\", "\\\\") + '"' if name == "filename" else ""
