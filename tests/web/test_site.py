"""What is read out of a request before anybody knows whose it is."""

from dataclasses import replace

import pytest
import tornado.template

from hub.config.settings import LimitSettings
from hub.gateway.rate_limits import RateLimits
from hub.listener.exchange import Exchange
from hub.listener.head import Headers, RequestHead, join_by_name
from hub.session.cookie import Cookies
from hub.session.model import SessionId
from hub.telemetry.access_log import AccessLog
from hub.telemetry.metrics import Metrics
from hub.web.base import PAGES
from hub.web.client_address import TrustedProxies
from hub.web.refusals import Refusals
from hub.web.response_headers import ResponseHeaders
from hub.web.site import Site
from tests.parties.clock import ManualClock

PROXY, BROWSER, FORGED = "10.0.0.1", "192.0.2.1", "198.51.100.1"


@pytest.fixture
def site(clock: ManualClock) -> Site:
    """A hub behind a proxy that it trusts."""
    return Site(
        origin="https://clinic.example",
        cookies=Cookies.for_transport(secure=True),
        trusted_proxies=TrustedProxies(["10.0.0.0/8"]),
        response_headers=ResponseHeaders(clock, hsts=True),
        pages=tornado.template.Loader(str(PAGES)),
        access_log=AccessLog(clock),
        refusals=Refusals(RateLimits(LimitSettings(), clock, Metrics()), clock),
        clock=clock,
    )


class Line:
    """A connection, of which nothing but its other end is asked."""

    def __init__(self, remote_ip: str) -> None:
        self.remote_ip = remote_ip


def asked(remote_ip: str, headers: Headers) -> Exchange:
    """Return a request from an address."""
    head = RequestHead(
        method="GET",
        path="/",
        query="",
        headers=headers,
        headers_by_name=join_by_name(headers),
        body_bytes=0,
        is_http10=False,
        keep_alive=True,
        upgrade=False,
    )
    return Exchange(Line(remote_ip), head)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        (BROWSER, [], BROWSER),
        (BROWSER, [FORGED], BROWSER),
        (PROXY, [], PROXY),
        (PROXY, [BROWSER], BROWSER),
        (PROXY, [f"{FORGED}, {BROWSER}"], BROWSER),
        (PROXY, [FORGED, BROWSER], BROWSER),
        (PROXY, [FORGED, BROWSER, "10.0.0.2"], BROWSER),
        (PROXY, [FORGED, "unknown"], PROXY),
        ("", [FORGED], ""),
    ],
)
def test_client_address(site: Site, peer: str, forwarded: list[str], address: str) -> None:
    """`X-Forwarded-For` is believed as far as trusted proxies wrote it, in one field or in several (RFC 9110 section 5.3)."""
    exchange = asked(peer, [("x-forwarded-for", value) for value in forwarded])

    assert site.client_address(exchange) == address


def test_client_address_by_forwarded(site: Site) -> None:
    """Only the header that the settings name is read: a client could write the other one."""
    site = replace(site, trusted_proxies=TrustedProxies(["10.0.0.0/8"], "forwarded"))
    exchange = asked(PROXY, [("x-forwarded-for", FORGED), ("forwarded", f'for="{BROWSER}:5123"')])

    assert site.client_address(exchange) == BROWSER


def test_session_id(site: Site) -> None:
    """The id is found in whichever `Cookie` field it stands, beside cookies of others; without one there is no session."""
    session_id = SessionId.generate()
    line = site.cookies.set_session(session_id)[0].partition(";")[0]
    found = [
        site.session_id(asked(BROWSER, [("cookie", value) for value in values]).head)
        for values in ([line], [f"a=1; {line}; b=2"], ["a=1", line, "b=2"], ["a=1"], [])
    ]

    assert found == [session_id, session_id, session_id, None, None]
