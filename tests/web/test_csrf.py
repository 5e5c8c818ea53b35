"""CSRF proof: B10-B13 of RFC 10017 and ASVS 3.5."""

import pytest

from hub.errors import RequestRefused
from hub.session.cookie import xsrf_token
from hub.session.model import SessionId
from hub.web import csrf
from tests.parties.recorded import REQUESTS, RecordedRequest

ORIGIN = "https://hub.example"
MINE = SessionId("m" * 43)
OTHER = SessionId("o" * 43)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-hub-csrf": "1"},
        {"x-xsrf-token": xsrf_token(MINE)},
        {"x-hub-csrf": "1", "origin": ORIGIN, "sec-fetch-site": "same-origin"},
    ],
)
def test_proof_is_taken(headers: dict[str, str]) -> None:
    """B11: either header proves that a script of our page made the request."""
    csrf.require_csrf_token(headers, ORIGIN, MINE)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-hub-csrf": "0"},
        {"x-xsrf-token": xsrf_token(OTHER)},
        {"x-xsrf-token": ""},
        {"x-xsrf-token": xsrf_token(OTHER), "x-hub-csrf": "1"},
        {"x-hub-csrf": "1", "origin": "https://evil.example"},
        {"x-hub-csrf": "1", "origin": "https://sub.hub.example"},
        {"x-hub-csrf": "1", "origin": "http://hub.example"},
        {"x-hub-csrf": "1", "origin": "https://hub.example:8443"},
        {"x-hub-csrf": "1", "origin": "null"},
        {"x-hub-csrf": "1", "sec-fetch-site": "cross-site"},
        {"x-hub-csrf": "1", "sec-fetch-site": "same-site"},
    ],
)
def test_without_proof_refused(headers: dict[str, str]) -> None:
    """B10, B12, B13: no header, a foreign token, another origin, and a sibling subdomain are refused."""
    with pytest.raises(RequestRefused):
        csrf.require_csrf_token(headers, ORIGIN, MINE)


BEACON = {"origin": ORIGIN, "sec-fetch-site": "same-origin", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "empty"}


@pytest.mark.parametrize("mode", ["no-cors", "cors", "same-origin"])
def test_beacon(mode: str) -> None:
    """`Origin` and Fetch Metadata prove that a page of ours has sent it."""
    assert csrf.is_own_beacon({**BEACON, "sec-fetch-mode": mode}, ORIGIN, "POST")


@pytest.mark.parametrize("missing", BEACON)
def test_beacon_of_an_old_browser(missing: str) -> None:
    """All of them have to be there."""
    assert not csrf.is_own_beacon({name: value for name, value in BEACON.items() if name != missing}, ORIGIN, "POST")


@pytest.mark.parametrize(
    "other",
    [
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"origin": f"{ORIGIN}:8443"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-mode": "navigate"},
        {"sec-fetch-mode": "websocket"},
        {"sec-fetch-dest": "document"},
        {"sec-fetch-dest": "iframe"},
        {"x-xsrf-token": xsrf_token(OTHER)},
        {"x-hub-csrf": "1"},
    ],
)
def test_no_beacon(other: dict[str, str]) -> None:
    """Another origin, a sibling subdomain, a form, and what has a CSRF token, which is then checked."""
    assert not csrf.is_own_beacon({**BEACON, **other}, ORIGIN, "POST")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "post"])
def test_beacons_are_posted(method: str) -> None:
    """Browsers send beacons by POST only."""
    assert not csrf.is_own_beacon(BEACON, ORIGIN, method)


UNLOADS = [request for request in REQUESTS if request.name.startswith("unload/")]
WITH_TOKEN = ("/keepalive-csrf", "/keepalive-put")
OF_OTHERS = ("/cross-site-", "/same-site-")


@pytest.mark.parametrize("request_", UNLOADS, ids=lambda request: request.id)
def test_recorded_requests(request_: RecordedRequest) -> None:
    """A page that is left sends requests with a token, and beacons; other pages send neither. In each browser."""
    headers, is_foreign = request_.sent_to(ORIGIN), any(part in request_.name for part in OF_OTHERS)
    has_token = request_.name.endswith(WITH_TOKEN)

    assert csrf.is_own_beacon(headers, ORIGIN, request_.method) is not (is_foreign or has_token)
    if has_token:
        csrf.require_csrf_token(headers, ORIGIN, MINE)
    else:
        with pytest.raises(RequestRefused):
            csrf.require_csrf_token(headers, ORIGIN, MINE)


def test_refused_beacon() -> None:
    """The error says which setting is meant for it."""
    with pytest.raises(RequestRefused, match="beacons = true"):
        csrf.require_csrf_token(BEACON, ORIGIN, MINE)


def test_link_on_relaxed_route() -> None:
    """A download by link passes on Fetch Metadata alone, if it is our own page's or typed."""
    for site in ("same-origin", "none"):
        csrf.require_csrf_token_or_own_link({"sec-fetch-site": site}, ORIGIN, "GET", MINE)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {}),
        ("GET", {"sec-fetch-site": "cross-site"}),
        ("GET", {"sec-fetch-site": "same-site"}),
        ("GET", {"sec-fetch-site": "same-origin", "x-xsrf-token": xsrf_token(OTHER)}),
        ("POST", {"sec-fetch-site": "same-origin"}),
        ("DELETE", {"sec-fetch-site": "same-origin", "origin": ORIGIN}),
    ],
)
def test_relaxed_route_still_refuses(method: str, headers: dict[str, str]) -> None:
    """Unsafe methods need the header everywhere; other sites and browsers without Fetch Metadata are refused."""
    with pytest.raises(RequestRefused):
        csrf.require_csrf_token_or_own_link(headers, ORIGIN, method, MINE)


@pytest.mark.parametrize("destination", ["document", "empty", "image", "audio", "video", "track", "font"])
def test_content_of_relaxed_route(destination: str) -> None:
    """What is saved, shown or heard passes."""
    headers = {"sec-fetch-site": "same-origin", "sec-fetch-dest": destination}
    csrf.require_csrf_token_or_own_link(headers, ORIGIN, "GET", MINE)


@pytest.mark.parametrize(
    "destination",
    [
        *("script", "style", "worker", "sharedworker", "serviceworker", "audioworklet", "paintworklet", "iframe", "frame"),
        *("object", "embed", "fencedframe", "manifest", "report", "xslt", "json", "webidentity", "Document", "anything"),
    ],
)
@pytest.mark.parametrize("token", [{}, {"x-hub-csrf": "1"}])
def test_relaxed_route_runs_nowhere(destination: str, token: dict[str, str]) -> None:
    """What would run with the hub's origin is refused, whoever asks, with a detail that says so."""
    headers = {"sec-fetch-site": "same-origin", "sec-fetch-dest": destination, **token}
    with pytest.raises(RequestRefused, match=rf"neither run nor framed \(Sec-Fetch-Dest: {destination}\)"):
        csrf.require_csrf_token_or_own_link(headers, ORIGIN, "GET", MINE)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"accept": "text/html"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
        {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"},
    ],
)
def test_page_that_anybody_may_see(headers: dict[str, str]) -> None:
    """A page that a server renders is reached by a link from anywhere, by a crawler, and by our own scripts."""
    csrf.require_page_load(headers, ORIGIN, "GET", None)
    csrf.require_page_load(headers, ORIGIN, "HEAD", MINE)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}),
        ("GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}),
        ("GET", {"sec-fetch-site": "same-origin", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script"}),
        ("GET", {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}),
        ("GET", {"origin": "https://evil.example"}),
        ("POST", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}),
        ("POST", {"sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}),
        ("POST", {}),
    ],
)
def test_page_is_only_loaded(method: str, headers: dict[str, str]) -> None:
    """It is not embedded by other pages, framed or run, and an unsafe method needs the header."""
    with pytest.raises(RequestRefused):
        csrf.require_page_load(headers, ORIGIN, method, MINE)
