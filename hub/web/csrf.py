"""CSRF protection: checks of the CSRF token, `Origin` and Fetch Metadata. Pure.

Browsers attach the session cookie to requests of other sites too. SameSite=Strict does not suffice, because a sibling subdomain
is the same site (RFC 10017 section 6.1.3.3).

The functions look request headers up by lower-case names, so a plain dictionary with such names is enough.
"""

from collections.abc import Mapping

from hub.errors import RequestRefused
from hub.primitives.http import SAFE_METHODS
from hub.session.cookie import xsrf_token_matches
from hub.session.model import SessionId

XSRF_HEADER = "x-xsrf-token"  # CSRF token of the session; Angular sends it by itself
SHOWN_OR_SAVED = frozenset({"document", "empty", "image", "audio", "video", "track", "font"})
"""Values of `Sec-Fetch-Dest` of requests whose response runs nowhere (Fetch Standard, section 2.2.7)."""
FETCHED_MODES = frozenset({"no-cors", "cors", "same-origin"})
"""Values of `Sec-Fetch-Mode` of beacons: `navigator.sendBeacon` and `fetch`, but no form (Fetch Standard, section 2.2.5)."""

CUSTOM_HEADER = "x-hub-csrf"  # a page of another origin cannot send it without a CORS preflight, which the hub rejects


def require_own_origin(headers: Mapping[str, str], origin: str) -> None:
    """Check `Sec-Fetch-Site` and `Origin`, where the browser sends them.

    Raises:
        RequestRefused: The request comes from another origin.
    """
    site = headers.get("sec-fetch-site")
    if site not in (None, "same-origin", "none"):
        raise RequestRefused(f"Requests of other sites are rejected (Sec-Fetch-Site: {site}).")
    if headers.get("origin") not in (None, origin):
        raise RequestRefused(f"Only pages of {origin} may send requests here. Check server.public_url.")


def require_csrf_token(headers: Mapping[str, str], origin: str, session_id: SessionId | None) -> None:
    """Check the origin and the CSRF token of a request, whatever its method.

    Parameters:
        origin: The hub's own origin (RFC 6454).
        session_id: Session of the request. Without one, any CSRF token will do: there is no login to protect.

    Raises:
        RequestRefused: The request comes from another origin, has no CSRF token, or has that of another session.
    """
    require_own_origin(headers, origin)
    token = headers.get(XSRF_HEADER)
    if token is not None:
        if session_id is not None and not xsrf_token_matches(session_id, token):
            raise RequestRefused("X-XSRF-TOKEN belongs to another session. Reload the page.")
        return
    if headers.get(CUSTOM_HEADER) != "1":
        hint = " A beacon, which has neither, needs a route with beacons = true." if _cannot_have_token(headers) else ""
        raise RequestRefused(f"The header X-XSRF-TOKEN (from the cookie XSRF-TOKEN) or X-Hub-CSRF: 1 is missing.{hint}")


def is_own_beacon(headers: Mapping[str, str], origin: str, method: str) -> bool:
    """Return whether a page of the hub sends a beacon, to a route with `beacons = true`: a POST that cannot have a CSRF token.

    Browsers set `Origin` and Fetch Metadata themselves. Without one of them, the request is no such beacon.
    """
    return (
        method == "POST"
        and headers.get("origin") == origin
        and (headers.get("sec-fetch-site"), headers.get("sec-fetch-dest")) == ("same-origin", "empty")
        and headers.get("sec-fetch-mode") in FETCHED_MODES
        and CUSTOM_HEADER not in headers
        and XSRF_HEADER not in headers
    )


def require_csrf_token_or_own_link(headers: Mapping[str, str], origin: str, method: str, session_id: SessionId | None) -> None:
    """Check a request to a route with `csrf = "fetch_metadata"`. A safe method needs no CSRF token if a page of the hub sent it.

    Raises:
        RequestRefused: The request comes from another origin, or needs a CSRF token and has none. A safe request of a browser
            without Fetch Metadata needs one. Or a page wants to run or frame the response.
    """
    _require_content(headers)
    if method not in SAFE_METHODS or CUSTOM_HEADER in headers or XSRF_HEADER in headers:
        require_csrf_token(headers, origin, session_id)
        return
    require_own_origin(headers, origin)
    if headers.get("sec-fetch-site") is None:
        raise RequestRefused("This browser does not send Sec-Fetch-Site. Send the header X-Hub-CSRF: 1.")


def require_page_load(headers: Mapping[str, str], origin: str, method: str, session_id: SessionId | None) -> None:
    """Check a request to a route with `rendered = true`. Its pages are the application's own, and anybody may see them.

    A safe method needs no CSRF token: links of any site lead there, and crawlers, which send no Fetch Metadata, read them.

    Raises:
        RequestRefused: A page of another origin wants to load it other than by a link. Or an unsafe method has no CSRF token.
            Or a page wants to run or frame the response.
    """
    _require_content(headers)
    if method not in SAFE_METHODS:
        require_csrf_token(headers, origin, session_id)
    elif (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")) != ("navigate", "document"):
        require_own_origin(headers, origin)


def _cannot_have_token(headers: Mapping[str, str]) -> bool:
    return (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")) == ("no-cors", "empty")


def _require_content(headers: Mapping[str, str]) -> None:
    """Check what the browser wants the response for, where it says so.

    Raises:
        RequestRefused: It would run as a script, style or worker of the page, or be framed by it.
    """
    destination = headers.get("sec-fetch-dest", "empty")
    if destination not in SHOWN_OR_SAVED:
        raise RequestRefused(
            f"Responses of this route are neither run nor framed (Sec-Fetch-Dest: {destination}). Link to them, fetch them, or "
            "use them as an image, audio, video or font."
        )
