"""Proof that a request comes from a page of our own origin: CSRF header, `Origin` and Fetch Metadata. Pure.

A cookie alone proves nothing, since browsers attach it to requests of other pages too. SameSite=Strict is no complete answer: a
sibling subdomain is the same site (RFC 10017 section 6.1.3.3).

Header fields are asked for by their names in lower case, so that a plain dictionary of such names will do.
"""

from collections.abc import Mapping

from hub.errors import RequestRefused
from hub.primitives.http import SAFE_METHODS
from hub.session.cookie import xsrf_token_matches
from hub.session.model import SessionId

XSRF_HEADER = "x-xsrf-token"  # sent by Angular, bound to the session
CUSTOM_HEADER = "x-hub-csrf"  # a header that no page of another origin can add without asking (CORS preflight)

token_matches = xsrf_token_matches


def require_own_origin(headers: Mapping[str, str], origin: str) -> None:
    """Check what the browser itself says about where the request comes from.

    Raises:
        RequestRefused: It comes from another origin.
    """
    site = headers.get("sec-fetch-site")
    if site not in (None, "same-origin", "none"):
        raise RequestRefused(f"Requests of other sites are refused (Sec-Fetch-Site: {site}).")
    if headers.get("origin") not in (None, origin):
        raise RequestRefused(f"Only pages of {origin} may send requests here. Is server.public_url right?")


def require_proof(headers: Mapping[str, str], origin: str, session_id: SessionId | None) -> None:
    """Check origin and CSRF header: what every API call has to show, reading ones included.

    Raises:
        RequestRefused: The request does not prove that our own page sent it.
    """
    require_own_origin(headers, origin)
    token = headers.get(XSRF_HEADER)
    if token is not None:
        if session_id is not None and not xsrf_token_matches(session_id, token):
            raise RequestRefused("X-XSRF-TOKEN belongs to another session. Reload the page.")
        return
    if headers.get(CUSTOM_HEADER) != "1":
        raise RequestRefused("The header X-XSRF-TOKEN (from the cookie XSRF-TOKEN) or X-Hub-CSRF: 1 is missing.")


def require_link(headers: Mapping[str, str], origin: str, method: str, session_id: SessionId | None) -> None:
    """Check a request to a route with `csrf = "fetch_metadata"`: a safe method may come from a link of our own page.

    Raises:
        RequestRefused: It comes from elsewhere, from a browser without Fetch Metadata, or is not safe and has no proof.
    """
    if method not in SAFE_METHODS or CUSTOM_HEADER in headers or XSRF_HEADER in headers:
        require_proof(headers, origin, session_id)
        return
    require_own_origin(headers, origin)
    if headers.get("sec-fetch-site") is None:
        raise RequestRefused("This browser does not say where the request comes from; send X-Hub-CSRF: 1.")
