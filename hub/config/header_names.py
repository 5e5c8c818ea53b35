"""The names of request headers: which pass to an API by default, and which never may. Pure.

docs/http-api.md#request-headers publishes both lists, and a test compares them.
"""

import re

PASSED_NAMES = frozenset(
    # HTTP (RFC 9110, 9111, 8288, 9218, 9530, 7240, 5023) and its drafts
    {"accept", "cache-control", "pragma", "range", "prefer", "priority", "link", "slug", "digest", "mime-version", "user-agent"}
    | {"idempotency-key", "last-event-id", "dnt", "save-data", "repr-digest", "available-dictionary", "dictionary-id"}
    # Common names of applications
    | {"x-requested-with", "x-request-id", "x-correlation-id", "request-id", "correlation-id", "x-trace-id", "x-span-id"}
    | {"api-version", "x-api-version", "x-client-name", "x-client-version", "x-app-name", "x-app-version"}
    | {"x-timezone", "x-time-zone", "x-locale", "x-language"}
    # Tracing: W3C, B3, Sentry, Jaeger, Elastic, New Relic, Dynatrace, AWS, Google, Application Insights
    | {"traceparent", "tracestate", "baggage", "b3", "sentry-trace", "uber-trace-id", "elastic-apm-traceparent", "newrelic"}
    | {"x-dtc", "x-dtpc", "x-dtreferer", "x-amzn-trace-id", "x-cloud-trace-context", "request-context", "correlation-context"}
    | {"x-ms-request-id", "x-ms-client-request-id", "x-ms-correlation-id", "x-ms-request-root-id"}
    # SOAP, OData 2 to 4, FHIR, gRPC-Web, GraphQL clients, htmx
    | {"soapaction", "dataserviceversion", "maxdataserviceversion", "mindataserviceversion", "isolation", "x-provenance"}
    | {"x-grpc-web", "x-user-agent", "apollo-require-preflight", "graphql-preflight"}
)
"""Names in lower case that pass on every route."""

_HTTP_FAMILIES = ("accept-", "content-", "if-", "want-")  # RFC 9110, 9530
_ODATA_FAMILIES = ("odata-", "repeatability-")  # OASIS OData 4.01, Repeatable Requests 1.0
_UPLOAD_FAMILIES = ("tus-", "upload-")  # tus 1.0, draft-ietf-httpbis-resumable-upload
_TRACING_FAMILIES = ("x-b3-", "x-datadog-", "x-instana-")
_RPC_FAMILIES = ("grpc-", "connect-", "apollographql-", "x-apollo-", "hx-")
PASSED_FAMILIES = (*_HTTP_FAMILIES, *_ODATA_FAMILIES, *_UPLOAD_FAMILIES, *_TRACING_FAMILIES, *_RPC_FAMILIES)
"""Beginnings of names that pass on every route."""

CREDENTIALS = frozenset({"x-api-key", "api-key", "apikey", "ocp-apim-subscription-key", "x-functions-key", "x-auth-token"})
"""Credentials of the application itself, for example. They pass only on routes that name them in `pass_request_headers`."""

IDENTITY_WORDS = frozenset(
    {"user", "users", "username", "userid", "userinfo", "uid", "upn", "principal", "identity", "subject", "sub", "webauth"}
    | {
        "role",
        "roles",
        "groups",
        "permissions",
        "scopes",
        "claims",
        "authenticated",
        "impersonate",
        "impersonated",
        "sso",
        "saml",
    }
    | {"kerberos", "remote", "forward", "forwarded", "forwarder", "consumer", "permission", "scope", "smuser", "eppn"}
    | {"authuser", "remoteuser", "proxyuser", "forwardedfor"}
)
"""A name with one of these words between its hyphens tells a server who asks, or from where."""

# Who asks:
_WHO_ASKS = (
    "x-auth-request-",
    "x-auth-email",
    "x-auth-name",
    "x-authentik-",
    "x-vouch-",
    "x-pomerium-",
    "x-goog-authenticated-",
    "x-goog-iap-",
    "x-amzn-oidc-",
    "x-amzn-mtls-",
    "x-ms-client-principal",
    "x-ms-token-",
    "x-hasura-",
    "x-tailscale-",
    "tailscale-",
    "x-jwt-",
    "x-oidc-",
    "oidc-",
    "x-scope-",
    "x-credential-",
    "x-3scale-",
    "x-tyk-",
    "cf-access-",
    "x-ssl-",
    "ssl-",
    "x-client-cert",
    "client-cert",
    "x-client-dn",
    "x-client-verify",
    "x-client-s-dn",
    "x-tls-client-",
    "x-on-behalf-of",
    "on-behalf-of",
    "x-act-as",
    "x-acting-",
    # IBM WebSEAL, SiteMinder, Oracle Access Manager, Shibboleth, mod_auth_mellon:
    "iv-",
    "sm-",
    "oam-",
    "shib-",
    "mellon-",
)
# From where, by which proxy, and to which host or path:
_FROM_WHERE = (
    "x-real-",
    "x-client-ip",
    "x-true-client-ip",
    "true-client-",
    "x-cluster-client-ip",
    "x-host",
    "x-proxy",
    "x-envoy-",
    "x-arr-",
    "x-azure-",
    "x-fd-",
    "x-appengine-",
    "x-original-",
    "x-rewrite-",
    "x-accel-",
    "x-sendfile",
    "x-intermediary",
    "cf-",
    "fastly-",
    "x-url-scheme",
    "x-scheme",
    "x-wap-",
    "front-end-",
    "x-originating-",
    "x-custom-ip-",
    "x-script-name",
    "script-name",
    "path-info",
    "x-path-info",
    "x-request-uri",
    "request-uri",
    "x-backend",
    "wl-proxy-",
    "cdn-",
)
# Another method than that of the request:
_METHOD = (
    "x-http-method",
    "x-method",
    "x-http-verb",
    "x-http-host",
)
# Of the hub, of browsers, of the connection:
_OF_OTHERS = (
    "x-hub-",
    "x-xsrf",
    "x-csrf",
    "xsrf-",
    "csrf-",
    "access-control-",
    "proxy-",
    "sec-",
    "http2-",
)
IDENTITY_FAMILIES = (*_WHO_ASKS, *_FROM_WHERE, *_METHOD, *_OF_OTHERS)
"""Beginnings of names that mean the same, that act on routing or the method, or that belong to the hub or the browser."""

IDENTITY_NAMES = frozenset(
    {"authorization", "cookie", "cookie2", "set-cookie", "dpop", "signature", "signature-input", "from", "via", "host", "origin"}
    | {"referer", "date", "expect", "max-forwards", "early-data", "content-length", "connection", "keep-alive", "te", "trailer"}
    | {"transfer-encoding", "upgrade", "http-client-ip", "client-ip", "x-email", "x-mail", "x-login", "x-group", "x-admin"}
    | {
        "x-account",
        "x-dn",
        "x-name",
        "x-token",
        "x-access-token",
        "x-id-token",
        "x-jwt",
        "persistent-id",
        "x-client-id",
        "x-session",
        "x-session-id",
    }
    | {"x-anonymous", "x-orgid", "x-org-id", "x-protocol", "destination"}
)
"""Names that mean the same, or that HTTP gives a meaning which the hub keeps for itself."""

_TOKEN = re.compile(r"[a-z0-9!#$%&'*+.^`|~-]*[a-z0-9]")  # RFC 9110 section 5.6.2, without `_`


def passes(name: str) -> bool:
    """Return whether a request header of this name, in lower case, passes to every API."""
    if name in PASSED_NAMES:
        return True
    return name.startswith(PASSED_FAMILIES) and refusal(name) is None


def refusal(name: str) -> str | None:
    """Return why a request header of this name may never pass; None if a route may name it in `pass_request_headers`."""
    name = name.lower()
    if _TOKEN.fullmatch(name) is None:
        return "is not the name of a header that every server reads in one way: letters, digits and hyphens"
    if name in PASSED_NAMES:
        return None
    if name in IDENTITY_NAMES or name.startswith(IDENTITY_FAMILIES) or not IDENTITY_WORDS.isdisjoint(name.split("-")):
        return "is one of the names by which servers are told who asks, from where or by which method, or that belong to the hub"
    return None


def is_of_the_browser(name: str) -> bool:
    """Return whether browsers and proxies write a header of this name, in lower case, by themselves.

    To drop such a header is no news for anybody.
    """
    return name in _BY_ITSELF or name.startswith(("sec-", "x-hub-", "x-forwarded-"))


_BY_ITSELF = frozenset(
    {"host", "cookie", "origin", "referer", "connection", "keep-alive", "content-length", "transfer-encoding", "te", "trailer"}
    | {"upgrade", "upgrade-insecure-requests", "expect", "via", "date", "forwarded", "x-xsrf-token", "x-csrf-token", "x-real-ip"}
    | {
        "proxy-connection",
        "purpose",
        "pragma",
        "access-control-request-method",
        "access-control-request-headers",
        "http2-settings",
    }
)
