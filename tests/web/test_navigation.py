"""Navigations by Fetch Metadata: what browsers send, with and without a service worker (`tests/data/browser_requests.json`)."""

import pytest

from hub.errors import RequestRefused
from hub.web.navigation import is_navigation, require_navigation
from tests.parties.recorded import REQUESTS, RecordedRequest

BY_A_PERSON = ("/own", "/form", "/link", "/redirect")
IN_FRAMES = ("frame", "-site-form")
HIDDEN_BY_A_WORKER = {
    *("chromium/navigation/pass/frame", "chromium/navigation/pass/same-site-frame"),
    *("chromium/navigation/copy/frame", "chromium/navigation/copy/same-site-frame"),
    *("chromium/navigation/copy/speculation-prefetch", "chromium/navigation/copy/speculation-prerender"),
    *("firefox/navigation/pass/frame", "firefox/navigation/pass/same-site-frame"),
    *("firefox/navigation/copy/frame", "firefox/navigation/copy/same-site-frame"),
    *("webkit/navigation/pass/frame", "webkit/navigation/copy/frame"),
}
"""Frames and prefetching that look like a navigation, because a service worker passes them on. None is of another site."""

PASSED_ON = {
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "empty",
    "accept": "text/html,*/*;q=0.8",
}


def is_taken(headers: dict[str, str]) -> bool:
    """Return whether a login begins with a request."""
    try:
        require_navigation(headers)
    except RequestRefused:
        return False
    return True


def test_recorded_requests() -> None:
    """A login begins with the navigations of a person in each browser, whatever worker passes them on, and no other request."""
    taken = {request.id for request in REQUESTS if is_taken(request.headers)}

    assert {request.id for request in REQUESTS if request.name.endswith(BY_A_PERSON)} == taken - HIDDEN_BY_A_WORKER
    assert taken >= HIDDEN_BY_A_WORKER


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.id)
def test_documents(request_: RecordedRequest) -> None:
    """The application's page answers what a browser shows as a document, also in a frame or in advance, and nothing else."""
    is_shown = request_.name.endswith((*BY_A_PERSON, *IN_FRAMES)) or "speculation" in request_.name

    assert is_navigation(request_.headers) is is_shown


@pytest.mark.parametrize(
    "other",
    [
        {"accept": "*/*"},
        {"accept": "image/webp"},
        {"sec-fetch-mode": "cors"},
        {"sec-fetch-mode": "no-cors"},
        {"sec-fetch-mode": "same-origin"},
        {"sec-fetch-mode": "same-origin", "sec-fetch-site": "same-site"},
        {"sec-fetch-dest": "iframe"},
        {"sec-fetch-dest": "image"},
        {"sec-purpose": "prefetch"},
        {"purpose": "prefetch"},
    ],
)
def test_no_navigation_of_a_worker(other: dict[str, str]) -> None:
    """Other sites get no login by what only a worker of ours may send."""
    assert is_taken(PASSED_ON)
    assert not is_taken({**PASSED_ON, **other})
