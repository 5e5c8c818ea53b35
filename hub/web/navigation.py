"""Tell navigations from other requests, by Fetch Metadata (W3C Fetch Metadata Request Headers). Pure.

A service worker that passes a navigation on makes a fetch of it. The browser then sends `Sec-Fetch-Dest: empty`, and keeps the
`Accept` of the navigation. Chromium and WebKit send `Sec-Fetch-Mode: navigate`, Firefox `same-origin`, as all do if the worker
copies the request. `tests/data/browser_requests.json` has what they send.

The functions look request headers up by lower-case names, so a plain dictionary with such names is enough.
"""

from collections.abc import Mapping

from hub.errors import RequestRefused


def is_navigation(headers: Mapping[str, str]) -> bool:
    """Return whether the browser shows the response as a document: a page, or what a frame contains."""
    mode = headers.get("sec-fetch-mode")
    if mode is None:  # browsers older than 2023
        return _accepts_pages(headers)
    return mode == "navigate" or _is_passed_on(headers)


def require_navigation(headers: Mapping[str, str]) -> None:
    """Reject fetches, images, frames and prefetching: only a navigation by the user starts a login (ASVS 7.6.2).

    Raises:
        RequestRefused: The request is not the navigation of a window.
    """
    if "prefetch" in headers.get("sec-purpose", headers.get("purpose", "")):
        raise RequestRefused("A login cannot be prefetched.")
    mode, destination = headers.get("sec-fetch-mode", "navigate"), headers.get("sec-fetch-dest", "document")
    if (mode, destination) != ("navigate", "document") and not _is_passed_on(headers):
        raise RequestRefused("Open this URL in a browser window. It cannot be fetched or framed.")


def _is_passed_on(headers: Mapping[str, str]) -> bool:
    """Return whether a service worker of this origin passes a navigation on.

    No script can send the mode `navigate`, and other origins cannot send `Sec-Fetch-Site: same-origin`. A script of our own pages
    can pretend to be a worker that copies navigations.
    """
    if headers.get("sec-fetch-dest") != "empty" or not _accepts_pages(headers):
        return False
    mode = headers.get("sec-fetch-mode")
    return mode == "navigate" or (mode == "same-origin" and headers.get("sec-fetch-site") == "same-origin")


def _accepts_pages(headers: Mapping[str, str]) -> bool:
    return "text/html" in headers.get("accept", "")
