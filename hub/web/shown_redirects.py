"""Redirects of an API, shown to the hub's client in a page.

A browser follows a redirect before a page sees it, with all headers of the first request: with its idempotency key, which belongs
to one path, and with the CSRF token, wherever it leads. So the client asks the hub to show redirects (`X-Hub-Redirect: manual`),
and follows them itself, over HTTP as over the channel.
"""

from msgspec.structs import replace

from hub.gateway.messages import ApiResponse
from hub.web.hub_headers import REDIRECT_HEADER

SHOW = "manual"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def shown(response: ApiResponse) -> ApiResponse:
    """Return a redirect as 200 with its status in `X-Hub-Redirect`, not to be stored; any other response as it is."""
    if response.status not in _REDIRECTS or not any(name.lower() == "location" for name, _ in response.headers):
        return response
    headers = [field for field in response.headers if field[0].lower() not in ("cache-control", "expires")]
    headers += [(REDIRECT_HEADER, str(response.status)), ("Cache-Control", "no-store")]
    return replace(response, status=200, reason="", headers=headers)
