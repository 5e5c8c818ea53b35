"""Records what browsers show as addresses and send as requests, for `tests/data/browser_requests.json`.

    python -m tests.parties.browser_requests [BROWSER ...]

A page does one step after the other in each browser: it opens addresses, leaves pages that send reports, and navigates with and
without a service worker, also from another site. The recorder answers every request and notes its method, target and headers.
"""

import asyncio
import json
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.parties.any_browser import BROWSERS, opened
from tests.parties.resource_server import Exchange, RawResourceServer
from tests.waiting import soon

FILE = Path(__file__).parents[1] / "data" / "browser_requests.json"
NO_STORE = ("Cache-Control", "no-store")
KEPT_HEADERS = (
    *("accept", "content-type", "origin", "purpose", "sec-purpose"),
    *("sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest", "sec-fetch-user"),
    *("service-worker-navigation-preload", "x-hub-csrf"),
)

ADDRESSES = [
    *("/patients/O'Brien", "/users/CLINIC%5Calice", "/users/CLINIC\\alice", "/search?q=a%5Cb", "/search?q=a\\b"),
    *("/notes?note=a%0Ab", "/notes?note=a\nb", "/notes#a%0Ab", "/patients/Müller", "/patients?name=Müller#Größe"),
    *("/a b", "/search?q=a b", '/search?q="a"', "/search?q='a'", "/search?q=`a`", "/search?q=<a>", "/search?q={a}|[b]^c"),
    *("/p/{a}", "/p/[a]", "/p/a|b", "/p/a^b", "/p/`a`", '/p/"a"', "/p/<a>", "/p/a;b=c", "/p/a:b@c", "/p/a$b&c+d,e=f!g*h(i)"),
    *('/x#"a"', "/x#`a`", "/x#<a>", "/x#{a}|[b]^c", "/x#a\\b", "/x#a b", "/x#a#b", "/x?a?b", "/x??", "/#", "/?"),
    *(
        "/codes/http%3A%2F%2Fsnomed.info%2Fsct",
        "/files/a%2Fb",
        "/x%3Fy",
        "/x%23y",
        "/100%",
        "/%zz",
        "/x?100%",
        "/a%20b",
        "/a%2520b",
    ),
    *("/users/john.doe", "/v1.2/x", "/~home", "/a//b", "/a/", "/x/%F0%9F%98%80", "/x/😀", "/x?😀#😀", "/x/%FF"),
    "/search?filter=" + "a%20" * 500 + "#end",
    "/x?next=//evil.example&u=https://other.example/",
]

WORKERS = {
    "pass": "event.respondWith(fetch(event.request))",
    "copy": "event.respondWith(fetch(new Request(event.request, {cache: 'no-store'})))",
    "preload": "event.respondWith(event.preloadResponse.then((response) => response || fetch(event.request)))",
}

SHELL = """<!doctype html><title>Recorder</title><script>
const pause = (milliseconds) => new Promise((end) => setTimeout(end, milliseconds));
const loaded = (element, url) => new Promise((end) => {
  element.onload = element.onerror = end;
  element.src = url;
  document.body.append(element);
});
addEventListener('load', async () => {
  if (self !== top || document.prerendering) return;
  const step = await (await fetch('/control/next')).text();
  await new (async () => {}).constructor('pause', 'loaded', step)(pause, loaded);
});
</script><body></body>"""

OPEN_ADDRESSES = """
for (const address of ADDRESSES) {
  const frame = document.createElement('iframe');
  await loaded(frame, address);
  const {pathname, search, hash} = frame.contentWindow.location;
  await fetch('/control/address', {method: 'POST', body: JSON.stringify({opened: address, shown: pathname + search + hash})});
  frame.remove();
}
location.href = '/left';
"""
LEAVE = """
addEventListener('pagehide', () => {
  const own = {'X-Hub-CSRF': '1'};
  navigator.sendBeacon('/unload/beacon-text', 'left');
  navigator.sendBeacon('/unload/beacon-json', new Blob(['{}'], {type: 'application/json'}));
  navigator.sendBeacon('/unload/beacon-form', new URLSearchParams({a: 'b'}));
  navigator.sendBeacon('/unload/beacon-empty');
  fetch('/unload/keepalive', {method: 'POST', body: 'left', keepalive: true});
  fetch('/unload/keepalive-no-cors', {method: 'POST', body: 'left', keepalive: true, mode: 'no-cors'});
  const json = {...own, 'Content-Type': 'application/json'};
  fetch('/unload/keepalive-csrf', {method: 'POST', body: '{}', keepalive: true, headers: json});
  fetch('/unload/keepalive-put', {method: 'PUT', body: '{}', keepalive: true, headers: own});
});
await pause(500);
location.href = '/left';
"""
OTHERS_SEND = """
const from = (site) => loaded(document.createElement('iframe'), `${site}/foreign/sender`);
await from(OTHER_SITE);
await from(SAME_SITE);
await pause(1000);
location.href = '/left';
"""
SENDER = """<!doctype html><title>Sender</title><body></body><script>
const name = location.hostname === 'localhost' ? 'same-site' : 'cross-site';
navigator.sendBeacon(`OWN/unload/${name}-beacon`, 'x');
fetch(`OWN/unload/${name}-keepalive`, {method: 'POST', body: 'x', keepalive: true, mode: 'no-cors'});
document.body.append(Object.assign(new Image(), {src: `OWN/unload/${name}-image`}));
const form = Object.assign(document.createElement('form'), {method: 'post', action: `OWN/unload/${name}-form`});
document.body.append(form);
form.submit();
</script>"""
BEGIN = """
if (NAME !== 'none') {
  try {
    const registration = await navigator.serviceWorker.register(`/navigation/${NAME}/worker.js`);
    while (registration.active?.state !== 'activated') await pause(20);
  } catch (error) {
    await fetch('/control/trouble', {method: 'POST', body: `${NAME}: ${error}`});
  }
}
location.href = `/navigation/${NAME}/own`;
"""
SUBMIT = """
const form = Object.assign(document.createElement('form'), {method: 'post', action: `/navigation/${NAME}/form`});
document.body.append(form);
form.submit();
"""
CROSS = "location.href = `${OTHER_SITE}/foreign/link?to=${OWN}/navigation/${NAME}/link`;"
REDIRECTED = "location.href = `${OTHER_SITE}/foreign/redirect?to=${OWN}/navigation/${NAME}/redirect`;"
EMBED = """
const frame = document.createElement('iframe');
await loaded(frame, `/navigation/${NAME}/frame`);
await loaded(new Image(), `/navigation/${NAME}/image`);
await fetch(`/navigation/${NAME}/fetch`);
await fetch(`/navigation/${NAME}/fetch-html`, {headers: {Accept: 'text/html'}});
document.head.append(Object.assign(document.createElement('link'), {rel: 'prefetch', href: `/navigation/${NAME}/prefetch`}));
for (const action of ['prefetch', 'prerender']) {
  const rules = document.createElement('script');
  rules.type = 'speculationrules';
  const urls = [`/navigation/${NAME}/speculation-${action}`];
  rules.textContent = JSON.stringify({[action]: [{source: 'list', urls, eagerness: 'immediate'}]});
  document.head.append(rules);
}
await pause(3000);
const next = `${SAME_SITE}/foreign/frame?to=${OWN}/navigation/${NAME}/same-site-frame`;
location.href = `${OTHER_SITE}/foreign/frame?to=${OWN}/navigation/${NAME}/cross-site-frame&then=${next}`;
"""
LINK = "<!doctype html><script>location.href = new URLSearchParams(location.search).get('to');</script>"
FRAME = """<!doctype html><body></body><script>
const query = new URLSearchParams(location.search);
const frame = document.createElement('iframe');
frame.onload = () => location.href = query.get('then') || 'OWN/left';
frame.src = query.get('to');
document.body.append(frame);
</script>"""


@dataclass
class Recorder:
    """The server of the pages, and what it has seen of one browser.

    Attributes:
        addresses: What was opened, and what `location` and the server got of it.
        requests: Method and headers of requests, by their names.
        troubles: Errors of the page.
        agent: The name of the browser.
        ended: All steps are done.
        target: Of the last request for an address.
        steps: Scripts that the page has still to run.
        constants: Of the scripts.
    """

    addresses: list[dict[str, str]] = field(default_factory=list)
    requests: dict[str, dict[str, Any]] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    agent: str = ""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    target: str = ""
    steps: list[str] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)

    def plan(self, own: str, same_site: str, other_site: str) -> None:
        """Set the steps of the page."""
        self.constants = {"OWN": own, "SAME_SITE": same_site, "OTHER_SITE": other_site, "ADDRESSES": ADDRESSES}
        self.steps = [self.step(code) for code in (OPEN_ADDRESSES, LEAVE, OTHERS_SEND)]
        for name in ("none", *WORKERS):
            self.steps += [self.step(code, NAME=name) for code in (BEGIN, SUBMIT, CROSS, REDIRECTED, EMBED)]

    def step(self, code: str, **more: Any) -> str:
        """Return the script of a step."""
        return "".join(f"const {name} = {json.dumps(value)};" for name, value in (self.constants | more).items()) + code

    async def serve(self, exchange: Exchange) -> None:
        """Answer one request."""
        target, body = exchange.request.target, await exchange.body()
        url = urlsplit(target)
        room, _, rest = url.path.removeprefix("/").partition("/")
        if room == "control":
            await self.control(exchange, rest, body)
        elif room == "foreign":
            await self.foreign(exchange, rest, parse_qs(url.query))
        elif rest.endswith("worker.js"):
            await exchange.answer(200, ("Content-Type", "text/javascript"), body=worker(rest.partition("/")[0]).encode())
        else:
            if room in ("unload", "navigation"):
                self.note(target.removeprefix("/").partition("?")[0], exchange)
            elif room != "favicon.ico":
                self.target = target
            kind = "image/svg+xml" if rest.endswith("image") else "text/html"
            await exchange.answer(200, ("Content-Type", f"{kind}; charset=utf-8"), NO_STORE, body=SHELL.encode())

    async def control(self, exchange: Exchange, name: str, body: bytes) -> None:
        """Answer the recording page."""
        self.agent = exchange.request.header("User-Agent") or ""
        if name == "next" and not self.steps:
            self.ended.set()
        answer = self.steps.pop(0) if name == "next" and self.steps else ""
        if name == "address":
            self.addresses.append({**json.loads(body), "target": self.target})
        elif name == "trouble":
            self.troubles.append(body.decode())
        await exchange.answer(200, ("Content-Type", "text/javascript"), NO_STORE, body=answer.encode())

    async def foreign(self, exchange: Exchange, name: str, query: dict[str, list[str]]) -> None:
        """Answer as another site."""
        if name == "redirect":
            await exchange.answer(302, ("Location", query["to"][0]), NO_STORE)
            return
        page = {"link": LINK, "frame": FRAME, "sender": SENDER}[name].replace("OWN", self.constants["OWN"])
        await exchange.answer(200, ("Content-Type", "text/html; charset=utf-8"), body=page.encode())

    def note(self, name: str, exchange: Exchange) -> None:
        """Record a request under its name."""
        received = {key.lower(): value for key, value in exchange.request.headers}
        names = {"OWN": "own", "SAME_SITE": "same-site", "OTHER_SITE": "cross-site"}
        origins = {self.constants[key]: name for key, name in names.items()}
        headers = {key: received[key] for key in KEPT_HEADERS if key in received}
        if "origin" in headers:
            headers["origin"] = origins.get(headers["origin"], headers["origin"])
        self.requests[name] = {"method": exchange.request.method, "headers": headers}


def worker(name: str) -> str:
    """Return the script of a service worker."""
    preload = "await registration.navigationPreload?.enable();" if name == "preload" else ""
    return f"""
      addEventListener('install', () => skipWaiting());
      addEventListener('activate', (event) => event.waitUntil((async () => {{ {preload} await clients.claim(); }})()));
      addEventListener('fetch', (event) => {{ {WORKERS[name]}; }});
    """


async def record(browser: str) -> dict[str, Any]:
    """Return what one browser shows and sends."""
    recorder = Recorder()
    first, second = await RawResourceServer.start(recorder.serve), await RawResourceServer.start(recorder.serve)
    port, other = (urlsplit(server.url).port for server in (first, second))
    recorder.plan(f"http://localhost:{port}", f"http://localhost:{other}", f"http://127.0.0.1:{port}")
    with tempfile.TemporaryDirectory() as folder:
        async with opened(browser, f"http://localhost:{port}/begin", Path(folder)):
            await soon(recorder.ended.wait())
    await first.stop()
    await second.stop()
    return {
        "agent": recorder.agent,
        "troubles": recorder.troubles,
        "addresses": recorder.addresses,
        "requests": recorder.requests,
    }


async def main() -> None:
    """Record the browsers that are named, or all that are installed."""
    recorded = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    for browser in sys.argv[1:] or BROWSERS:
        recorded[browser] = await record(browser)
    FILE.write_text(json.dumps(recorded, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
