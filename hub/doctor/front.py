"""Looks at the hub from outside, through whatever stands before it: as browsers see it."""

from urllib.parse import parse_qs, urlsplit

from hub.config.settings import ServerSettings
from hub.doctor.findings import Finding, failure, ok, skipped, warning
from hub.doctor.web import NoAnswer, Reply, ask

NEEDED = ("secure", "httponly", "path=/")
EVERYBODY = ("0.0.0.0/0", "::/0")


async def examine_front(server: ServerSettings) -> list[Finding]:
    """Return what is found."""
    findings = _proxies(server)
    try:
        reply = await ask(f"{server.origin}/hub/login", headers={"Accept": "text/html"})
    except NoAnswer as error:
        if error.is_tls:
            advice = "Install the whole certificate chain at the front, or trust its CA on this machine."
            return [*findings, failure("front-tls", server.origin, f"its certificate is not trusted ({error})", advice)]
        advice = "Start the hub and what stands before it, then ask again."
        return [*findings, skipped("front-reachable", server.origin, f"does not answer ({error})", advice)]
    if reply.status not in (200, 302, 303):
        message = f"/hub/login answers {reply.status}: this is not the hub, or it cannot log in"
        return [
            *findings,
            failure("front-reachable", server.origin, message, "See that the proxy hands on the path /hub/ as it is."),
        ]
    findings.append(ok("front-reachable", server.origin, "leads to the hub"))
    if reply.status != 200:  # with several providers a page comes first, and no cookie yet
        findings += [_cookies(server, reply), _origin(server, reply)]
    return findings


def _proxies(server: ServerSettings) -> list[Finding]:
    if wide := [network for network in server.trusted_proxies if network in EVERYBODY]:
        message = f"{wide[0]} trusts everybody: clients can forge their address in limits and logs"
        return [failure("front-proxies", "server.trusted_proxies", message, "Name the addresses of your proxies only.")]
    url = urlsplit(server.origin)
    port = url.port or {"https": 443, "http": 80}[url.scheme]
    has_proxy = port != server.port or (url.scheme == "https" and not server.tls_certificate_file)
    if has_proxy and not server.trusted_proxies:
        message = "is empty, but something stands before the hub: all users seem to come from its address and share its limits"
        return [warning("front-proxies", "server.trusted_proxies", message, "Name the addresses of your proxies.")]
    return [ok("front-proxies", "server.trusted_proxies", "fits")]


def _cookies(server: ServerSettings, reply: Reply) -> Finding:
    advice = "Let the proxy hand on Set-Cookie as it is (nginx: no proxy_cookie_flags, Apache: no Header edit)."
    cookies = [field for field in reply.set_cookies if not field.lower().startswith("xsrf-token=")]
    if not cookies:
        return failure("front-cookies", server.origin, "/hub/login sets no cookie: something takes it away", advice)
    for field in cookies:
        name, _, rest = field.partition("=")
        attributes = [part.strip().lower() for part in rest.split(";")[1:]]
        missing = [each for each in NEEDED if each not in attributes and (each != "secure" or server.cookies_are_secure)]
        changed = [each for each in attributes if each.startswith("domain=") or each == "samesite=none"]
        if missing or changed:
            what = ", ".join([*(f"without {each}" for each in missing), *(f"with {each}" for each in changed)])
            return failure("front-cookies", server.origin, f"the cookie {name} arrives {what}", advice)
    return ok("front-cookies", server.origin, "cookies arrive as the hub sends them")


def _origin(server: ServerSettings, reply: Reply) -> Finding:
    query = parse_qs(urlsplit(reply.headers.get("location", "")).query)
    redirect_uri = query.get("redirect_uri", [""])[0]
    if not redirect_uri or redirect_uri.startswith(f"{server.origin}/"):
        return ok("front-origin", server.origin, "is what the hub calls itself")
    message = f"the hub that answers there calls itself {urlsplit(redirect_uri).netloc}"
    return failure("front-origin", server.origin, message, "Run it with these settings: server.public_url is what browsers see.")
