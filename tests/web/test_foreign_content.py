"""Content of an API in real browsers: fetched, cached, opened, included or framed, it reads, calls and registers nothing.

Chromium always; Firefox and WebKitGTK where the machine has them. The page attacks by itself, and the API hears what came of it,
so that no browser needs a driver.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Error, expect

from hub.config.settings import RouteSettings
from hub.gateway.content_isolation import isolated
from hub.gateway.routes import Route
from hub.primitives.http import Headers
from hub.web import proxy
from tests.parties.any_browser import BROWSERS, opened
from tests.parties.chromium import Chromium
from tests.parties.resource_server import Exchange, RawResourceServer
from tests.waiting import soon, until
from tests.web.conftest import BuildHouse, House

EVIL_SCRIPT = "fetch('/open/stolen?' + document.cookie, {headers: {'X-Hub-CSRF': '1'}});"
EVIL_PAGE = f"<!doctype html><title>evil</title><script>{EVIL_SCRIPT}</script><p>An uploaded page</p>"
EVIL_WORKER = "fetch('/open/stolen?worker', {headers: {'X-Hub-CSRF': '1'}});"
PAGE = """<!doctype html><title>App</title>
<script src="/link/evil.js"></script>
<iframe src="/link/evil.html"></iframe>
<script src="/attack.js"></script>"""
ATTACK = """
document.cookie = 'XSRF-TOKEN=secret; path=/';
const own = {headers: {'X-Hub-CSRF': '1'}};
const says = (what) => fetch('/open/says?' + what, own);
const policy = window.trustedTypes?.createPolicy('angular', {createScriptURL: (url) => url});
const trusted = (url) => policy ? policy.createScriptURL(url) : url;
async function attack() {
  const page = await fetch('/link/evil.html', own);
  await says(`fetched=${page.status}`);
  await navigator.serviceWorker?.register(trusted('/link/worker.js')).then(() => says('registered'), () => says('unregistered'));
  try {
    const worker = new Worker(trusted('/link/worker.js'));
    await new Promise((end) => { worker.onerror = end; worker.onmessage = end; });
  } catch {}
  await says('worker-ended');
  setTimeout(() => says('end'), 3000);  // unless the page of the API has taken the place of this one
  location.href = '/link/evil.html';
}
attack().catch((error) => says('failed=' + encodeURIComponent(error)));
"""


@dataclass
class Target:
    """A hub with the attacking page, and the API behind it."""

    house: House
    api: RawResourceServer

    def heard(self, name: str) -> list[str]:
        """Return the queries with which the API was called at `/name`."""
        return [request.target.partition("?")[2] for request in self.api.requests if request.target.startswith(f"/{name}")]

    def is_over(self) -> bool:
        """Whether the attack has ended, or succeeded."""
        return bool({"end"} & set(self.heard("says")) or self.heard("stolen"))


async def serve(exchange: Exchange) -> None:
    """Serve what somebody has uploaded, to be cached."""
    contents = {"/evil.html": ("text/html", EVIL_PAGE), "/evil.js": ("text/javascript", EVIL_SCRIPT)}
    contents["/worker.js"] = ("text/javascript", EVIL_WORKER)
    kind, text = contents.get(exchange.request.target.partition("?")[0], ("application/json", "{}"))
    cached = [("Cache-Control", "max-age=600")] if text != "{}" else []
    await exchange.body()
    await exchange.answer(200, ("Content-Type", kind), *cached, body=text.encode())


@pytest.fixture
async def target(build_house: BuildHouse, root: Path) -> AsyncIterator[Target]:
    """What is attacked."""
    (root / "attack.html").write_text(PAGE)
    (root / "attack.js").write_text(ATTACK)
    api = await RawResourceServer.start(serve)
    routes = [
        RouteSettings(prefix="/link", target=api.url, token="none", csrf="fetch_metadata"),
        RouteSettings(prefix="/open", target=api.url, token="none"),
    ]
    async with build_house(routes=routes) as house:
        yield Target(house, api)
    await api.stop()


@pytest.mark.parametrize("browser", BROWSERS)
async def test_nothing_runs(target: Target, browser: str, tmp_path: Path) -> None:
    """No script, worker or service worker of the API runs; opened from the cache, its page reads and calls nothing."""
    profile = tmp_path / "profile"
    profile.mkdir()
    async with opened(browser, f"{target.house.url}/attack.html", profile):
        await until(target.is_over)

    assert target.heard("stolen") == []
    assert target.heard("says")[0] == "fetched=200"
    assert "registered" not in target.heard("says")
    assert {"/evil.js", "/worker.js"}.isdisjoint(request.target for request in target.api.requests)
    if browser == "chromium":  # opens it from the cache; the others ask again
        assert [request.target for request in target.api.requests].count("/evil.html") == 1


async def test_sandbox_alone(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if the page is shown, because nothing says that it is a download, its scripts do not run."""

    def without_disposition(headers: Headers, route: Route, *, status: int) -> Headers:
        return [field for field in isolated(headers, route, status=status) if field[0] != "Content-Disposition"]

    monkeypatch.setattr(proxy, "isolated", without_disposition)
    async with Chromium.start() as chromium:
        page = await chromium.open(f"{target.house.url}/about.html")
        await page.evaluate("document.cookie = 'XSRF-TOKEN=secret; path=/'")
        await page.evaluate("location.href = '/link/evil.html'")
        await expect(page.locator("p")).to_have_text("An uploaded page")
        assert any("sandboxed" in text for text in chromium.complaints)
        with pytest.raises(Error, match="sandboxed"):
            await page.evaluate("document.cookie")

    assert target.heard("stolen") == []


async def test_opened(target: Target) -> None:
    """A link to it is a download."""
    async with Chromium.start() as chromium:
        page = await chromium.open(f"{target.house.url}/about.html")
        async with page.expect_download() as download:
            await page.evaluate("location.href = '/link/evil.html'")
        saved = await soon(download.value)
        assert saved.suggested_filename == "evil.html"
        assert page.url == f"{target.house.url}/about.html"
