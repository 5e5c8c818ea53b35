"""Checks of the hub from the outside, through the proxies in front of it, as a browser sees it."""

from urllib.parse import parse_qs, urlsplit

from hub.config.settings import ServerSettings
from hub.doctor.findings import Finding, failure, ok, skipped, warning
from hub.doctor.web import NoResponse, ProbeResponse, probe

NEEDED = ("secure", "httponly", "path=/")
EVERYBODY = ("0.0.0.0/0", "::/0")


async def examine_front(server: ServerSettings) -> list[Finding]:
    """Check trusted proxies, TLS, routing, cookies and origin. Return the findings."""
    findings = _proxies(server)
    try:
        response = await probe(f"{server.origin}/hub/login", headers={"Accept": "text/html"})
    except NoResponse as error:
        if error.is_tls:
            advice = "Install the complete certificate chain on the proxy, or make this machine trust its CA."
            return [*findings, failure("front-tls", server.origin, f"its certificate is not trusted ({error})", advice)]
        advice = "Start the hub and its proxies, then run hub doctor again."
        return [*findings, skipped("front-reachable", server.origin, f"does not respond ({error})", advice)]
    if response.status not in (200, 302, 303):
        message = f"/hub/login returns {response.status}: this is not the hub, or the hub cannot log users in"
        return [
            *findings,
            failure("front-reachable", server.origin, message, "Make the proxy pass the path /hub/ unchanged."),
        ]
    findings.append(ok("front-reachable", server.origin, "leads to the hub"))
    if response.status != 200:  # with several providers, /hub/login shows a page without a cookie
        findings += [examine_cookies(server, response), _origin(server, response)]
    return findings


def _proxies(server: ServerSettings) -> list[Finding]:
    if wide := [network for network in server.trusted_proxies if network in EVERYBODY]:
        message = f"{wide[0]} trusts every client: clients can forge their address in limits and logs"
        return [failure("front-proxies", "server.trusted_proxies", message, "List only the addresses of your proxies.")]
    url = urlsplit(server.origin)
    port = url.port or {"https": 443, "http": 80}[url.scheme]
    has_proxy = port != server.port or (url.scheme == "https" and not server.tls_certificate_file)
    if has_proxy and not server.trusted_proxies:
        message = "is empty, but there is a proxy: all users seem to have its address and share its rate limits"
        return [warning("front-proxies", "server.trusted_proxies", message, "List the addresses of your proxies.")]
    return [ok("front-proxies", "server.trusted_proxies", "matches the setup")]


def examine_cookies(server: ServerSettings, response: ProbeResponse) -> Finding:
    """Check whether the cookies of a login that begins arrive as the hub has set them."""
    advice = "Make the proxy pass Set-Cookie unchanged (nginx: no proxy_cookie_flags, Apache: no Header edit)."
    cookies = [field for field in response.set_cookies if not field.lower().startswith("xsrf-token=")]
    if not cookies:
        return failure("front-cookies", server.origin, "/hub/login sets no cookie: a proxy removes it", advice)
    for field in cookies:
        name, _, rest = field.partition("=")
        attributes = [part.strip().lower() for part in rest.split(";")[1:]]
        missing = [each for each in NEEDED if each not in attributes and (each != "secure" or server.is_https)]
        changed = [each for each in attributes if each.startswith("domain=") or each == "samesite=none"]
        if missing or changed:
            what = ", ".join([*(f"without {each}" for each in missing), *(f"with {each}" for each in changed)])
            return failure("front-cookies", server.origin, f"the cookie {name} arrives {what}", advice)
    return ok("front-cookies", server.origin, "cookies arrive unchanged")


def _origin(server: ServerSettings, response: ProbeResponse) -> Finding:
    query = parse_qs(urlsplit(response.headers.get("location", "")).query)
    redirect_uri = query.get("redirect_uri", [""])[0]
    if not redirect_uri or redirect_uri.startswith(f"{server.origin}/"):
        return ok("front-origin", server.origin, "is the address that the hub uses for itself")
    message = f"the hub at this address calls itself {urlsplit(redirect_uri).netloc}"
    return failure("front-origin", server.origin, message, "Set server.public_url of that hub to the address that browsers use.")
