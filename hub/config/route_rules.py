"""Check the routes of the settings for mistakes that types cannot express. Reads no file, but checks whether named ones exist."""

import re
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from hub.config.header_names import refusal
from hub.config.presets import fhir_bases
from hub.config.settings import RouteSettings, Settings

ABSOLUTE_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^#\s]+")  # also matches urn:example:api
KNOWN_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
SMART_SCOPE = re.compile(r"(?:patient|user|system)/")
LARGEST_SIGNED_BODY = 16 * 1024 * 1024
COOKIE_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
PROOF_KEY_ID = re.compile(r"[A-Za-z0-9._~:-]{1,64}")
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
DOCUMENTS = re.compile(r".*html.*|.*svg.*|.*[/+]xml|.*/xslt?|multipart/.*|message/.*")
"""Media types that browsers show as documents with scripts, or whose parts may be such documents."""
UPSTREAM_LOGOUT = re.compile(r"(?:/[!-\"$-~]*)?")


def parse_url(text: str) -> SplitResult:
    """Return the parts of an http(s) URL. Other text gives an empty result, so that checks of its parts fail."""
    try:
        url = urlsplit(text)
        is_url = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:  # an invalid port or an unclosed bracket
        is_url = False
    return url if is_url else urlsplit("")


def route_mistakes(settings: Settings) -> list[str]:
    """Return the mistakes of `[[routes]]`."""
    return [*_each_route(settings.routes), *_fhir_mistakes(settings)]


def _each_route(routes: list[RouteSettings]) -> list[str]:
    mistakes = []
    seen: set[str] = set()
    for index, route in enumerate(routes):
        name = f"routes[{index}]"
        prefix = route.prefix
        if not prefix.startswith("/") or prefix.endswith("/") or "//" in prefix or set(prefix) & set("?#%\\ ") or ".." in prefix:
            mistakes.append(f"{name}.prefix: must begin with / and not end with /, such as /api.")
        elif prefix == "/hub" or prefix.startswith("/hub/"):
            mistakes.append(f"{name}.prefix: /hub is reserved for the hub. Choose another prefix.")
        if prefix in seen:
            mistakes.append(f"{name}.prefix: {prefix} is also the prefix of another route.")
        seen.add(prefix)
        url = parse_url(route.target)
        if not url.hostname or url.query or url.fragment or url.username:
            mistakes.append(f"{name}.target: must be a base URL such as https://iris.example/csp/clinic.")
        unknown = [method for method in route.methods if method not in KNOWN_METHODS]
        if unknown or not route.methods:
            mistakes.append(
                f"{name}.methods: may contain {', '.join(sorted(KNOWN_METHODS))}; found {', '.join(unknown) or 'none'}."
            )
        mistakes.extend(_token_mistakes(name, route))
        mistakes.extend(_content_mistakes(name, route))
        mistakes.extend(_upstream_mistakes(name, route))
        mistakes.extend(_idempotency_mistakes(name, route))
        mistakes.extend(
            f"{name}.pass_request_headers: {header!r} {why}. Remove it."
            for header in route.pass_request_headers
            if (why := refusal(header)) is not None
        )
        mistakes.extend(_proof_mistakes(name, route))
        if route.ca_file and not Path(route.ca_file).is_file():
            mistakes.append(f"{name}.ca_file: there is no file {route.ca_file}.")
    return mistakes


def _content_mistakes(name: str, route: RouteSettings) -> list[str]:
    """Return the mistakes about the content of responses: what a browser may show, and what has the hub's origin."""
    mistakes = []
    for listed in route.inline:
        if not MEDIA_TYPE.fullmatch(listed):
            mistakes.append(f"{name}.inline: {listed!r} is not a media type. Write it in lower case, such as image/png.")
        elif DOCUMENTS.fullmatch(listed):
            mistakes.append(f"{name}.inline: must not contain {listed}. HTML, SVG, XML and multipart are always downloads.")
    if route.rendered and route.token != "none":
        mistakes.append(
            f"{name}.rendered: needs token = none. Pages with the hub's origin must not contain what one user may read; "
            "fetch that from a route of its own."
        )
    if route.json_errors == "relay" and route.iris_errors != "redacted":
        mistakes.append(f"{name}.json_errors: has no meaning with iris_errors = {route.iris_errors}. Remove it.")
    if route.beacons and (route.websocket or "POST" not in route.methods):
        mistakes.append(f"{name}.beacons: has no meaning on a route without POST. Remove it.")
    if route.rendered and route.websocket:
        mistakes.append(f"{name}.rendered: has no meaning on a WebSocket route. Remove it.")
    return mistakes


def _upstream_mistakes(name: str, route: RouteSettings) -> list[str]:
    """Return the mistakes in the settings of sessions at the API."""
    mistakes = []
    if route.upstream_session != "none" and route.token == "none":
        mistakes.append(f"{name}.upstream_session: has no meaning with token = none, because there is no user. Remove it.")
    if route.upstream_session != "none" and route.websocket:
        mistakes.append(f"{name}.upstream_session: has no meaning on a WebSocket route. Remove it.")
    if route.upstream_session_cookie and route.upstream_session == "none":
        mistakes.append(f"{name}.upstream_session_cookie: has no meaning with upstream_session = none. Remove it.")
    if route.upstream_session_cookie and not COOKIE_NAME.fullmatch(route.upstream_session_cookie):
        mistakes.append(f"{name}.upstream_session_cookie: must be the name of a cookie, such as JSESSIONID.")
    if not UPSTREAM_LOGOUT.fullmatch(route.upstream_logout):
        mistakes.append(f"{name}.upstream_logout: must be a path such as /?IRISLogout=end or /logout, or empty.")
    return mistakes


def _idempotency_mistakes(name: str, route: RouteSettings) -> list[str]:
    """Return the mistakes of a route whose `Idempotency-Key` is the hub's. An idempotency key belongs to a user."""
    if route.idempotency_header == "hub" and route.token == "none":
        return [f"{name}.idempotency_header: has no meaning with token = none. An idempotency key needs a logged-in user."]
    if route.idempotency_header == "hub" and route.websocket:
        return [f"{name}.idempotency_header: has no meaning on a WebSocket route. Remove it."]
    return []


def _fhir_mistakes(settings: Settings) -> list[str]:
    """Return the mistakes of FHIR routes: they need SMART scopes, and the URL of the FHIR server as `aud`."""
    bases = fhir_bases(settings)
    if not bases:
        return []
    mistakes = []
    if not any(SMART_SCOPE.match(scope) for scope in settings.provider.scopes):
        mistakes.append("provider.scopes: must contain a SMART scope such as patient/*.read, because a route has preset = fhir.")
    if len(bases) > 1 and "aud" not in settings.provider.authorization_parameters:
        mistakes.append(
            "provider.authorization_parameters: must contain aud, because there are several FHIR servers and a token is for one."
        )
    return mistakes


def _proof_mistakes(name: str, route: RouteSettings) -> list[str]:
    """Return the mistakes in the settings of HTTP message signatures: a missing key, or bodies too large for memory."""
    if route.proof == "none":
        unused = {"proof_key_file": route.proof_key_file, "proof_version": route.proof_version != 1}
        return [f"{name}.{key}: has no meaning with proof = none. Remove it." for key, is_set in unused.items() if is_set]
    mistakes = []
    if not route.proof_key_file:
        mistakes.append(f"{name}.proof_key_file: is missing. {route.proof} signs with this key.")
    elif not Path(route.proof_key_file).is_file():
        mistakes.append(f"{name}.proof_key_file: there is no file {route.proof_key_file}.")
    if not PROOF_KEY_ID.fullmatch(route.proof_key_id):
        mistakes.append(f"{name}.proof_key_id: may contain only letters, digits and . _ ~ : -")
    if route.max_body_bytes > LARGEST_SIGNED_BODY:
        mistakes.append(
            f"{name}.max_body_bytes: must be at most {LARGEST_SIGNED_BODY} with a proof, because bodies are signed in memory."
        )
    return mistakes


def _token_mistakes(name: str, route: RouteSettings) -> list[str]:
    """Return the mistakes in the settings of a route's token."""
    mistakes = []
    if route.resource and not ABSOLUTE_URI.fullmatch(route.resource):
        mistakes.append(f"{name}.resource: must be an absolute URI without fragment (RFC 8707).")
    of_users = ("allowed_providers", "max_age_seconds", "acr_values")
    unused = {"user": ("audience", "scopes"), "none": ("audience", "resource", "scopes", *of_users)}
    mistakes.extend(
        f"{name}.{key}: has no meaning with token = {route.token}. Remove it."
        for key in unused.get(route.token, ())
        if getattr(route, key)
    )
    return mistakes
