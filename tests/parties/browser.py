"""A scripted browser: cookies by the rules of real ones, Fetch Metadata, forms, and a record of every byte it was sent.

It knows what matters for the hub: SameSite by the site that begins a navigation, `Secure` and `__Host-` prefixes, Origin and
Sec-Fetch headers that scripts cannot forge. It does not run scripts.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any, Self
from urllib.parse import urlencode, urljoin, urlsplit

import aiohttp
from yarl import URL

MAX_HOPS = 20
SESSION_COOKIE = "hub-insecure"  # names of the hub's cookies on http://localhost
LOGIN_COOKIE = "hub-insecure-login"


@dataclass(frozen=True)
class Cookie:
    """A stored cookie."""

    value: str
    secure: bool
    http_only: bool
    same_site: str
    path: str


@dataclass
class Answer:
    """An HTTP answer, read whole."""

    url: str
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first field of this name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def all(self, name: str) -> list[str]:
        """Return all fields of this name."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Form:
    """An HTML form: where it goes, and what it holds."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, str] = field(default_factory=dict)


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(values.get("action", "")))
        elif self.forms and tag in ("input", "button") and "name" in values:
            is_button = tag == "button" or values.get("type") == "submit"
            (self.forms[-1].buttons if is_button else self.forms[-1].fields)[values["name"]] = values.get("value", "")


class Browser:
    """One browser profile.

    Attributes:
        record: Every byte that servers have sent, as `(url, bytes)`: status line, headers and bodies, and channel frames.
    """

    def __init__(self, hub_url: str) -> None:
        self.hub_url = hub_url
        self.record: list[tuple[str, bytes]] = []
        self.cookies: dict[str, dict[str, Cookie]] = {}
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=True, connector=aiohttp.TCPConnector(limit=0)
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._http is not None
        await self._http.close()

    async def open(self, url: str, *, from_site: str | None = None) -> Answer:
        """Navigate to `url` as a person does, through redirects and pages that move on by themselves.

        Parameters:
            from_site: Origin of the page with the link; None for a typed address.
        """
        return await self._navigate("GET", urljoin(self.hub_url, url), None, from_site)

    async def begin_login(self, path: str) -> Answer:
        """Begin a login in another tab, and leave it at the provider's page."""
        url = urljoin(self.hub_url, path)
        return await self._navigate_once("GET", url, None, None)

    def cookie_header(self, prefix: str) -> str:
        """Return the cookies whose names begin with `prefix`, as a request to the hub sends them."""
        pairs = [f"{name}={cookie.value}" for name, cookie in self._jar(self.hub_url).items() if name.startswith(prefix)]
        return "; ".join(pairs)

    async def submit(self, page: Answer, values: Mapping[str, str], *, button: str | None = None) -> Answer:
        """Fill in the first form of `page` and send it."""
        reader = _FormReader()
        reader.feed(page.text)
        form = reader.forms[0]
        pressed = {button: form.buttons[button]} if button else dict(list(form.buttons.items())[:1])
        body = urlencode({**form.fields, **values, **pressed}).encode()
        return await self._navigate("POST", urljoin(page.url, form.action), body, _origin(page.url))

    async def fetch(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        json_body: Any = None,
        body: Any = None,
        page_origin: str | None = None,
    ) -> Answer:
        """Call a URL as a script of the hub's page does; Angular's CSRF header is added to calls of the hub."""
        url = urljoin(self.hub_url, path)
        return await self._send(method, url, *self.fetch_request(url, method, headers, json_body, body, page_origin))

    def fetch_request(
        self,
        url: str,
        method: str,
        headers: Mapping[str, str] | None,
        json_body: Any,
        body: Any,
        page_origin: str | None,
    ) -> tuple[dict[str, str], Any]:
        """Return the headers and the body with which a script's call goes out."""
        origin = page_origin or _origin(self.hub_url)
        same = origin == _origin(url)
        sent = {
            "Sec-Fetch-Site": "same-origin" if same else "cross-site",
            "Sec-Fetch-Mode": "cors",
            "Sec-Fetch-Dest": "empty",
        }
        if method not in ("GET", "HEAD") or not same:
            sent["Origin"] = origin
        token = self.cookie("XSRF-TOKEN")
        if same and token:
            sent["X-XSRF-TOKEN"] = token
        if json_body is not None:
            body, sent["Content-Type"] = json.dumps(json_body).encode(), "application/json"
        cookie = self._cookie_header(url, cross_site=not same, is_navigation=False, method=method)
        return {**sent, **cookie, **(headers or {})}, body

    def cookie(self, name: str) -> str | None:
        """Return a cookie of the hub that scripts may read (`document.cookie`)."""
        found = self._jar(self.hub_url).get(name)
        return None if found is None or found.http_only else found.value

    def session_cookie(self) -> str | None:
        """Return the value of the session cookie, which no script could."""
        found = self._jar(self.hub_url).get(SESSION_COOKIE)
        return None if found is None else found.value

    def channel_headers(self) -> dict[str, str]:
        """Return the headers of a WebSocket handshake of the hub's page."""
        cookie = self._cookie_header(self.hub_url, cross_site=False, is_navigation=False, method="GET")
        return {"Origin": _origin(self.hub_url), **cookie}

    def found(self, secrets: list[str]) -> list[tuple[str, str]]:
        """Return where which of `secrets` stands in what this browser was sent."""
        return [(url, secret[:6]) for url, sent in self.record for secret in secrets if secret.encode() in sent]

    async def _navigate(self, method: str, url: str, body: bytes | None, from_site: str | None) -> Answer:
        initiator = from_site
        for _ in range(MAX_HOPS):
            answer = await self._navigate_once(method, url, body, initiator)
            location = answer.header("Location")
            if answer.status in (301, 302, 303, 307, 308) and location:
                if answer.status in (301, 302, 303):
                    method, body = "GET", None
                if initiator is not None and _site(initiator) == _site(url):
                    initiator = _origin(url)
                else:  # a redirect through another site makes the whole navigation cross-site
                    initiator = initiator or (_origin(url) if _site(url) != _site(urljoin(url, location)) else None)
                url = urljoin(url, location)
                continue
            moved = re.search(r'http-equiv="refresh" content="0;\s*url=([^"]*)"', answer.text)
            if moved:
                method, body, initiator = "GET", None, _origin(url)
                url = urljoin(url, unescape(moved[1]))
                continue
            return answer
        raise AssertionError(f"redirected more than {MAX_HOPS} times")

    async def _navigate_once(self, method: str, url: str, body: bytes | None, initiator: str | None) -> Answer:
        cross_site = initiator is not None and _site(initiator) != _site(url)
        same_origin = initiator is not None and initiator == _origin(url)
        site = "none" if initiator is None else "same-origin" if same_origin else "cross-site" if cross_site else "same-site"
        headers = {
            "Sec-Fetch-Site": site,
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document",
            "Accept": "text/html",
        }
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Origin"] = initiator or "null"
        cookie = self._cookie_header(url, cross_site=cross_site, is_navigation=True, method=method)
        return await self._send(method, url, {**headers, **cookie}, body)

    async def _send(self, method: str, url: str, headers: Mapping[str, str], body: Any) -> Answer:
        assert self._http is not None
        url = url.split("#")[0]
        async with self._http.request(
            method, URL(url, encoded=True), headers=headers, data=body, allow_redirects=False
        ) as response:
            content = await response.read()
            fields = [(name.decode(), value.decode("latin-1")) for name, value in response.raw_headers]
        for name, value in fields:
            if name.lower() == "set-cookie":
                self._store(url, value)
        head = "\n".join(f"{name}: {value}" for name, value in fields if name.lower() != "set-cookie")
        self.record.append((url, head.encode() + b"\n\n" + content))
        for name, value in fields:
            if name.lower() == "set-cookie" and not value.startswith(SESSION_COOKIE):
                self.record.append((url, value.encode()))
        return Answer(url, response.status, fields, content)

    def _jar(self, url: str) -> dict[str, Cookie]:
        return self.cookies.setdefault(urlsplit(url).netloc, {})

    def _store(self, url: str, line: str) -> None:
        pair, *attributes = [part.strip() for part in line.split(";")]
        name, _, value = pair.partition("=")
        given = {key.lower(): text for key, _, text in (attribute.partition("=") for attribute in attributes)}
        cookie = Cookie(
            value, "secure" in given, "httponly" in given, given.get("samesite", "Lax").lower(), given.get("path", "/")
        )
        if name.startswith("__Host-"):
            assert cookie.secure, f"{name} without Secure is refused by browsers"
            assert cookie.path == "/", f"{name} with another path is refused by browsers"
            assert "domain" not in given, f"{name} with a domain is refused by browsers"
        if name.startswith("__Host-Http-"):
            assert cookie.http_only, f"{name} without HttpOnly is refused by browsers"
        if not value or given.get("max-age") == "0":
            self._jar(url).pop(name, None)
        else:
            self._jar(url)[name] = cookie

    def _cookie_header(self, url: str, *, cross_site: bool, is_navigation: bool, method: str) -> dict[str, str]:
        def is_sent(cookie: Cookie) -> bool:
            if not urlsplit(url).path.startswith(cookie.path) and cookie.path != "/":
                return False
            lax = is_navigation and method == "GET" and cookie.same_site == "lax"
            return not cross_site or cookie.same_site == "none" or lax

        pairs = [f"{name}={cookie.value}" for name, cookie in self._jar(url).items() if is_sent(cookie)]
        return {"Cookie": "; ".join(pairs)} if pairs else {}


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _site(url: str) -> str:
    """Return what counts as the site here: loopback addresses and names are sites of their own, ports do not matter."""
    return urlsplit(url).hostname or ""
