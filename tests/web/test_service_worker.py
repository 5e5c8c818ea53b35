"""Logins and logouts of an application with a service worker, in real browsers on http://localhost.

Chromium always; Firefox and WebKitGTK where the machine has them. The page does one step after the other by itself, and the API
hears what came of it. WebKit drops `Secure` cookies on http://localhost: these tests show that nobody needs them there.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest

from hub.config.settings import RouteSettings
from tests.parties.any_browser import BROWSERS, opened
from tests.parties.resource_server import RawResourceServer, answering
from tests.waiting import until
from tests.web.conftest import BuildHouse, House

WORKERS = {
    "none": "",
    "pass": "addEventListener('fetch', (event) => event.respondWith(fetch(event.request)));",
    # as Angular's: an address of the application is answered with its page, unless the request has the parameter
    "shell": """addEventListener('fetch', (event) => {
      if (event.request.mode !== 'navigate' || /[?&]ngsw-bypass(?:[=&]|$)/i.test(new URL(event.request.url).search)) return;
      event.respondWith(fetch('/index.html'));
    });""",
}
CLAIM = """addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
"""
PAGE = """<!doctype html><title>App</title><script src="/main.js"></script>"""
MAIN = """
const own = {headers: {'X-Hub-CSRF': '1'}};
const says = (text) => fetch('/open/says?' + encodeURIComponent(text), own);
const session = async () => (await (await fetch('/hub/session')).json()).authenticated;
const here = location.pathname + location.search + location.hash;
const isBypassed = location.search.includes('ngsw-bypass');
async function begin() {
  await says(`before=${await session()}`);
  if (WORKER) {
    const policy = window.trustedTypes?.createPolicy('angular', {createScriptURL: (url) => url});
    const controlled = new Promise((end) => navigator.serviceWorker.addEventListener('controllerchange', end));
    await navigator.serviceWorker.register(policy ? policy.createScriptURL('/worker.js') : '/worker.js');
    await controlled;
  }
  location.href = '/hub/login?ngsw-bypass&return_to=' + encodeURIComponent("/patients/O'Brien?q=a%5Cb#top");
}
async function end() {
  await says(`at=${here}`);
  await says(`worker=${navigator.serviceWorker?.controller !== null}`);
  await says(`inside=${await session()}`);
  const token = document.cookie.match(/XSRF-TOKEN=([^;]*)/)[1];
  const logout = await fetch('/hub/logout?ngsw-bypass', {method: 'POST', headers: {'X-XSRF-TOKEN': token}});
  await says(`logout=${logout.status}`);
  await says(`after=${await session()}`);
  await says('end');
}
const failed = (error) => says(`failed=${error}`).then(() => says('end'));
if (location.pathname === '/begin') begin().catch(failed);
else if (location.pathname === '/hub/callback' && !isBypassed) location.replace(here + '&ngsw-bypass');
else end().catch(failed);
"""


@dataclass
class Application:
    """The hub with the application, and what the pages of the application said."""

    house: House
    api: RawResourceServer

    @property
    def said(self) -> list[str]:
        """What the pages said, in order."""
        targets = [request.target for request in self.api.requests]
        return [unquote(target.partition("?")[2]) for target in targets if target.startswith("/says?")]


@pytest.fixture
async def application(build_house: BuildHouse, root: Path) -> AsyncIterator[Application]:
    """An application that logs in and out by itself."""
    (root / "index.html").write_text(PAGE)
    api = await RawResourceServer.start(answering(204))
    async with build_house(routes=[RouteSettings(prefix="/open", target=api.url, token="none")]) as house:
        await house.services.providers.openid("main").metadata()
        yield Application(house, api)
    await api.stop()


@pytest.mark.parametrize("browser", BROWSERS)
@pytest.mark.parametrize("worker", WORKERS)
async def test_login_and_logout(application: Application, browser: str, worker: str, root: Path, tmp_path: Path) -> None:
    """The user logs in, comes back to the address at which the login was meant to end, and logs out."""
    (root / "worker.js").write_text(CLAIM + WORKERS[worker])
    (root / "main.js").write_text(f"const WORKER = {json.dumps(bool(WORKERS[worker]))};{MAIN}")
    profile = tmp_path / "profile"
    profile.mkdir()
    async with opened(browser, f"{application.house.url}/begin", profile):
        await until(lambda: "end" in application.said)

    assert application.said == [
        "before=false",
        "at=/patients/O'Brien?q=a%5Cb#top",
        f"worker={str(bool(WORKERS[worker])).lower()}",
        "inside=true",
        "logout=200",
        "after=false",
        "end",
    ]
