"""Which header fields cross the hub."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.config.settings import RouteSettings
from hub.errors import BadRequest
from hub.gateway.headers import HeaderRules
from hub.gateway.routes import Route
from hub.iris.api import IRIS_API
from hub.primitives.http import Headers
from hub.primitives.secret import Secret

ORIGIN = "https://hub.example"
RULES = HeaderRules()
OURS = {"Via", "X-Forwarded-For", "Authorization"}


def route_with(**settings: Any) -> Route:
    """Return a route that says nothing about caching, with these settings."""
    return Route.compile(
        RouteSettings(prefix="/api", target="https://iris.example/csp/clinic", token="none", **settings), IRIS_API
    )


ROUTE = route_with()


def sent(*fields: tuple[str, str], route: Route = ROUTE) -> Headers:
    """Return what passes of a browser's fields, without the hub's own."""
    passed = RULES.outbound(list(fields), route=route, token=None, client_address="")
    return [(name, value) for name, value in passed if name != "Via"]


def received(*fields: tuple[str, str], status: int = 200, target: str = "https://iris.example/csp/clinic") -> Headers:
    """Return what passes of a resource server's fields on a route that says nothing about caching."""
    route = Route.compile(RouteSettings(prefix="/api", target=target, token="none"), IRIS_API)
    return RULES.inbound(list(fields), status=status, route=route, public_origin=ORIGIN)


REQUEST_NAMES = [
    "Accept",
    "accept-language",
    "If-Match",
    "X-Request-ID",
    "x-request-id",
    "X-App",
    "x-",
    "X-Forwarded-For",
    "x-hub-csrf",
    "X_App",
    "Cookie",
]
RESPONSE_NAMES = ["ETag", "X-App", "x-app", "Cache-Control", "Set-Cookie", "Access-Control-Allow-Origin", "X_App", "server"]
VALUES = st.sampled_from(["x-app, close", "x-request-id", "ETag,Cache-Control", "accept", "", "keep-alive"]) | st.text(max_size=6)
CONTROL = re.compile(r"[\x00-\x1f\x7f][\x00-\x20\x7f]*")
UNSAFE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]|[^\x00-\xff]")


def fields_named(names: list[str]) -> st.SearchStrategy[Headers]:
    """Return lists of fields with these names, and with those that concern the connection."""
    return st.lists(st.tuples(st.sampled_from([*names, "Connection", "connection", "Keep-Alive"]), VALUES), max_size=8)


def declared(fields: Headers) -> set[str]:
    """Return the names that the fields `Connection` list."""
    values = [value for name, value in fields if name.lower() == "connection"]
    return {option.strip().lower() for value in values for option in value.split(",")}


class TestOutbound:
    @pytest.mark.parametrize(
        "name",
        [
            "Accept",
            "Accept-Language",
            "accept-encoding",
            "Content-Type",
            "Content-Encoding",
            "Content-Language",
            "If-Match",
            "If-None-Match",
            "If-Modified-Since",
            "If-Range",
            "If-None-Exist",
            "Range",
            "Cache-Control",
            "Pragma",
            "User-Agent",
            "X-Requested-With",
            "Idempotency-Key",
            "Prefer",
            "Last-Event-ID",
            "traceparent",
            "tracestate",
            "baggage",
            "X-Request-ID",
            "X-Correlation-Id",
            "X-Client-Version",
            "Content-Disposition",
            "SOAPAction",
            "OData-Version",
            "OData-MaxVersion",
            "OData-Isolation",
            "DataServiceVersion",
            "Repeatability-Request-ID",
            "Tus-Resumable",
            "Upload-Offset",
            "Upload-Metadata",
            "api-version",
            "sentry-trace",
            "x-datadog-trace-id",
            "X-B3-TraceId",
            "uber-trace-id",
            "Request-Id",
            "Request-Context",
            "x-ms-client-request-id",
            "newrelic",
            "X-Amzn-Trace-Id",
            "grpc-timeout",
            "X-Grpc-Web",
            "X-User-Agent",
            "Connect-Protocol-Version",
            "apollographql-client-name",
            "Apollo-Require-Preflight",
            "X-Provenance",
            "Want-Content-Digest",
        ],
    )
    def test_lets_an_application_describe_what_it_wants(self, name):
        """What real Angular applications send arrives."""
        assert [(name, "v")] == sent((name, "v"))

    @pytest.mark.parametrize(
        "name",
        [
            "Cookie",
            "Cookie2",
            "Authorization",
            "Proxy-Authorization",
            "Host",
            "Origin",
            "Referer",
            "From",
            "Connection",
            "Keep-Alive",
            "TE",
            "Trailer",
            "Transfer-Encoding",
            "Upgrade",
            "Proxy-Connection",
            "Content-Length",
            "Expect",
            "HTTP2-Settings",
            "Max-Forwards",
            "Via",
            "Date",
            "Forwarded",
            "Sec-Fetch-Site",
            "Sec-WebSocket-Key",
            "sec-ch-ua",
            "Front-End-Https",
            "DPoP",
            "Cf-Connecting-Ip",
            "X-Forwarded-For",
            "X-Forwarded-Host",
            "x-forwarded-proto",
            "X-FORWARDED",
            "X-Forwarded-User",
            "X-Real-IP",
            "X-Client-IP",
            "X-True-Client-IP",
            "X-Cluster-Client-IP",
            "X-Host",
            "X-Proxy-User",
            "X-Original-URL",
            "X-Rewrite-URL",
            "X-Remote-User",
            "X-Authenticated-User",
            "X-Auth-Request-Email",
            "X-SSL-Client-Cert",
            "X-Client-Cert",
            "X-HTTP-Method-Override",
            "X-HTTP-Method",
            "X-Method-Override",
            "X-XSRF-TOKEN",
            "X-CSRF-Token",
            "X-Hub-CSRF",
            "X-Accel-Redirect",
            "X-Sendfile",
            "X_Forwarded_For",
            "X-Forwarded_For",
            "X-Tenant",
            "X-Custom-Anything",
            "X-API-Key",
            "Ocp-Apim-Subscription-Key",
            "Content-User",
            "Upload-Role",
            "X_Tenant",
            "Content_Type",
            "HTTP_COOKIE",
            "Set-Cookie",
            "",
            "X-",
            "X-A b",
            "X-A:",
            "X-A\r\nCookie",
            "X-\xe9",
            "Cookie ",
            " Cookie",
        ],
    )
    def test_lets_nothing_else_pass(self, name):
        """Credentials, addresses, framing, proofs and names that a gateway could mistake for those stay here."""
        assert sent((name, "v")) == []

    def test_drops_what_connection_names(self):
        """A field that the browser declares to be of this connection is not of the next one (RFC 9110 section 7.6.1)."""
        assert sent(("Connection", "close, Slug"), ("slug", "1"), ("Link", "2")) == [("Link", "2")]

    def test_keeps_repeated_fields_in_order(self):
        """Fields that come several times are sent several times."""
        fields = [("Link", "1"), ("Accept", "a"), ("Link", "2")]

        assert fields == sent(*fields)

    def test_adds_the_token_and_who_asks(self):
        """The resource server learns the token, the browser's address, and that a hub is between."""
        fields = RULES.outbound([("Authorization", "Basic x")], route=ROUTE, token=Secret("t0ken"), client_address="192.0.2.7")

        assert fields == [
            ("Via", "1.1 hub"),
            ("X-Forwarded-For", "192.0.2.7"),
            ("Authorization", "Bearer t0ken"),
        ]

    def test_sends_no_credentials_without_a_token(self):
        """Where there is no token, nothing that looks like one is sent."""
        assert RULES.outbound([("Authorization", "Bearer x")], route=ROUTE, token=None, client_address="") == [("Via", "1.1 hub")]

    @pytest.mark.parametrize("value", ["a\r\nCookie: x", "a\nb", "a\rb", "a\x00b", "\x7f", "\u0100", "\U0001f600"])
    def test_refuses_values_that_could_forge_fields(self, value):
        """A value with a line break never reaches the resource server, whoever let it in."""
        with pytest.raises(BadRequest, match="Slug"):
            sent(("Slug", value))

    @given(st.lists(st.tuples(st.text(), st.text())))
    def test_whatever_passes_is_a_valid_field(self, fields):
        """Names are tokens without underscore, values hold no control characters, and nothing counterfeits the hub."""
        try:
            passed = RULES.outbound(fields, route=ROUTE, token=Secret("t"), client_address="192.0.2.7")
        except BadRequest:
            return
        assert all(name.isascii() and not set(name) & set("_ :\r\n\x00") for name, _ in passed)
        assert all(not set(value) & set("\r\n\x00") for _, value in passed)
        assert {name for name, _ in passed if name in OURS} == OURS

    @given(fields_named(REQUEST_NAMES))
    def test_each_field_is_judged_for_itself(self, fields):
        """What is remembered changes nothing: a field passes if it would pass alone, and `Connection` does not name it."""
        rules = HeaderRules()
        alone = [
            field for field in fields if len(rules.outbound([(field[0], "")], route=ROUTE, token=None, client_address="")) > 1
        ]
        expected = [(name, value) for name, value in alone if name.lower() not in declared(fields)]
        if any(UNSAFE.search(value) for _, value in expected):
            with pytest.raises(BadRequest):
                sent(*fields)
        else:
            assert sent(*fields) == expected

    def test_a_route_passes_what_it_names(self):
        """Names of `pass_request_headers` pass on that route, in any case, and on no other."""
        route = route_with(pass_request_headers=["X-Tenant", "X-API-Key"])
        fields = [("x-tenant", "7"), ("X-API-KEY", "k"), ("X-Ward", "3")]

        assert sent(*fields, route=route) == [("x-tenant", "7"), ("X-API-KEY", "k")]
        assert sent(*fields) == []

    def test_tells_the_api_how_browsers_see_it(self):
        """With `forwarded_headers` the API learns scheme, host and prefix; what the browser writes there does not count."""
        rules = HeaderRules(public_origin="https://hub.example:8443")
        fields = [("X-Forwarded-Host", "evil.example")]

        assert rules.outbound(fields, route=route_with(forwarded_headers=True), token=None, client_address="") == [
            ("Via", "1.1 hub"),
            ("X-Forwarded-Host", "hub.example:8443"),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Prefix", "/api"),
        ]
        assert rules.outbound(fields, route=ROUTE, token=None, client_address="") == [("Via", "1.1 hub")]

    def test_notes_what_it_drops(self):
        """Names that an application chose are noted; those that browsers and proxies write by themselves are not."""
        noted: list[tuple[str, list[str]]] = []
        rules = HeaderRules(lambda route, names: noted.append((route.prefix, names)))
        usual = ["Host", "Cookie", "Origin", "Referer", "Sec-Fetch-Site", "sec-ch-ua", "X-XSRF-TOKEN", "X-Hub-CSRF", "Connection"]
        fields = [(name, "v") for name in ["X-Tenant", *usual, "Accept", "X-Remote-User"]]

        rules.outbound(fields, route=ROUTE, token=None, client_address="")
        rules.outbound([("Accept", "v")], route=ROUTE, token=None, client_address="")

        assert noted == [("/api", ["X-Tenant", "X-Remote-User"])]


class TestInbound:
    @pytest.mark.parametrize(
        "name",
        [
            "Content-Type",
            "Content-Length",
            "Content-Encoding",
            "Content-Range",
            "Content-Disposition",
            "ETag",
            "Last-Modified",
            "Cache-Control",
            "Expires",
            "Vary",
            "Retry-After",
            "Link",
            "Allow",
            "X-Total-Count",
            "Accept-Ranges",
            "Deprecation",
            "Server-Timing",
            "X-Robots-Tag",
            "X_Custom",
            "traceparent",
        ],
    )
    def test_lets_the_answer_speak_for_itself(self, name):
        """What describes the answer reaches the browser."""
        assert [(name, "v")] == received((name, "v"))

    @pytest.mark.parametrize(
        "name",
        [
            "Set-Cookie",
            "set-cookie2",
            "WWW-Authenticate",
            "Proxy-Authenticate",
            "Authentication-Info",
            "Access-Control-Allow-Origin",
            "Access-Control-Allow-Credentials",
            "Server",
            "X-Powered-By",
            "Strict-Transport-Security",
            "Public-Key-Pins",
            "Clear-Site-Data",
            "Alt-Svc",
            "NEL",
            "Report-To",
            "Service-Worker-Allowed",
            "Accept-CH",
            "X-Accel-Redirect",
            "X-Accel-Buffering",
            "X-Sendfile",
            "Connection",
            "Keep-Alive",
            "Transfer-Encoding",
            "Trailer",
            "Upgrade",
            "Sec-WebSocket-Accept",
            "Content-Security-Policy",
            "content-security-policy-report-only",
            "X-Content-Security-Policy",
            "Cross-Origin-Opener-Policy",
            "Cross-Origin-Resource-Policy",
            "Cross-Origin-Embedder-Policy-Report-Only",
            "Referrer-Policy",
            "Permissions-Policy",
            "Permissions-Policy-Report-Only",
            "Feature-Policy",
            "Document-Policy",
            "Require-Document-Policy",
            "Document-Isolation-Policy",
            "X-Content-Type-Options",
            "X-Frame-Options",
            "Refresh",
            "Speculation-Rules",
            "Supports-Loading-Mode",
            "Origin-Trial",
            "Timing-Allow-Origin",
            "X-Reproxy-URL",
            "X-Accel-Expires",
            "X-Sendfile2",
            "X-SENDFILE-TEMPORARY",
            "X-LiteSpeed-Location",
            "Secure-Session-Registration",
            "Secure-Session-Challenge",
            "Sec-Session-Registration",
            "Use-As-Dictionary",
            "Surrogate-Control",
            "CDN-Cache-Control",
            "Cloudflare-CDN-Cache-Control",
        ],
    )
    def test_lets_nothing_speak_for_the_hub(self, name):
        """What concerns the connection, the origin, or the server or cache in front of the hub stays here."""
        assert received((name, "v")) == []

    @pytest.mark.parametrize("name", ["Content-Security-Policy", "Content-Security-Policy-Report-Only"])
    def test_pages_of_the_application_have_their_own_policy(self, name):
        """On a route that renders the application its policy passes, and nothing else that is forbidden."""
        settings = RouteSettings(prefix="/", target="https://h", token="none", rendered=True)
        route = Route.compile(settings, IRIS_API)
        fields = [(name, "v"), ("Set-Cookie", "v"), ("Connection", "close")]

        assert RULES.inbound(fields, status=200, route=route, public_origin=ORIGIN) == [(name, "v")]

    def test_drops_what_connection_names(self):
        """A field that the server declares to be of its connection does not reach the browser."""
        assert received(("Connection", "X-Internal"), ("x-internal", "1")) == []

    def test_keeps_repeated_fields(self):
        """Fields that come several times reach the browser several times."""
        fields = [("Link", "<a>"), ("Vary", "Accept"), ("Link", "<b>")]

        assert fields == received(*fields)

    def test_unfolds_a_value(self):
        """A value with line breaks becomes one line (RFC 9112 section 5.2)."""
        assert received(("X-A", "a\r\n\t b")) == [("X-A", "a b")]

    @pytest.mark.parametrize(
        ("token", "status", "fields", "expected"),
        [
            ("user", 200, [], [("Cache-Control", "no-store")]),
            ("user", 404, [], [("Cache-Control", "no-store")]),
            ("user", 200, [("cache-control", "max-age=60")], [("Cache-Control", "private, max-age=60"), ("Vary", "Cookie")]),
            ("user", 304, [], [("Vary", "Cookie")]),
            ("none", 200, [("Cache-Control", "public")], [("Cache-Control", "public")]),
            ("none", 200, [], []),
        ],
    )
    def test_an_answer_to_a_user_is_stored_nowhere_by_default(self, token, status, fields, expected):
        """Only an answer that allows it may be kept."""
        route = Route.compile(RouteSettings(prefix="/api", target="https://h", token=token), IRIS_API)

        assert expected == RULES.inbound(fields, status=status, route=route, public_origin=ORIGIN)

    def test_leaves_addresses_in_other_headers(self):
        """Only a location is rewritten, not what looks like one beside it."""
        fields = [("Location", "/csp/clinic/x"), ("X-Source", "/csp/clinic/x")]

        assert received(*fields) == [("Location", "/api/x"), ("X-Source", "/csp/clinic/x")]

    @pytest.mark.parametrize(
        ("location", "expected"),
        [
            ("https://iris.example/csp/clinic/patients/7?a=1#b", "https://hub.example/api/patients/7?a=1#b"),
            ("https://IRIS.example/csp/clinic", "https://hub.example/api"),
            ("//iris.example/csp/clinic/x", "https://hub.example/api/x"),
            ("/csp/clinic/patients/7", "/api/patients/7"),
            ("/csp/clinic/", "/api/"),
            ("/csp/clinics/x", "/csp/clinics/x"),
            ("/csp/other", "/csp/other"),
            ("/csp/clinic/../x", "/csp/clinic/../x"),
            ("7/notes", "7/notes"),
            ("?page=2", "?page=2"),
            ("https://login.example/csp/clinic/x", "https://login.example/csp/clinic/x"),
            ("https://iris.example.evil/csp/clinic/x", "https://iris.example.evil/csp/clinic/x"),
            ("http://iris.example/csp/clinic/x", "http://iris.example/csp/clinic/x"),
            ("https://[broken", "https://[broken"),
            ("mailto:x@clinic.example", "mailto:x@clinic.example"),
        ],
    )
    @pytest.mark.parametrize("name", ["Location", "content-location"])
    def test_locations_inside_the_target_are_named_as_the_browser_sees_them(self, name, location, expected):
        """A place below the target becomes a place below the route; all others are relayed unchanged."""
        assert [(name, expected)] == received((name, location))

    @pytest.mark.parametrize("location", ["/csp/cli\r\n nic/x", " /csp/clinic/x\t", "/csp/clinic\x00/x\x7f"])
    def test_a_location_holds_no_control_characters(self, location):
        """They are taken out, as browsers do, and not replaced: a blank would make another place of it."""
        assert received(("Location", location)) == [("Location", "/api/x")]

    def test_a_target_without_a_path(self):
        """A target at the root covers every path of its host."""
        assert received(("Location", "/x"), target="https://iris.example/") == [("Location", "/api/x")]

    @given(fields_named(RESPONSE_NAMES))
    def test_each_field_is_judged_for_itself(self, fields):
        """The same for answers; what is no text becomes a blank."""
        alone = [field for field in fields if received((field[0], ""))]
        assert received(*fields) == [
            (name, CONTROL.sub(" ", value)) for name, value in alone if name.lower() not in declared(fields)
        ]
