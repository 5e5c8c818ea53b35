"""The hub as its operators run it: one worker, its private Redis, everything on; reached over HTTP and over the channel."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bench.bodies import make_body
from bench.load_channel import ChannelLoad
from bench.rounds import Load
from bench.systems.base import (
    BROWSER_HEADERS,
    LIFETIME_SECONDS,
    PLAIN_PREFIX,
    TLS_PREFIX,
    Contestant,
    Opener,
    Site,
    StartError,
    Target,
    sockets_for,
)
from bench.systems.visitor import check, logged_in, over_http, page_headers
from tests.parties import compiled_hub
from tests.parties.browser import Browser
from tests.parties.hub import PROJECT, Hub, free_port, public_url, redirect_uri, settings

SETTINGS = {
    "HUB_LOG_LEVEL": "INFO",
    "HUB_SESSION_IDLE_TIMEOUT_SECONDS": str(LIFETIME_SECONDS),
    "HUB_SESSION_ABSOLUTE_TIMEOUT_SECONDS": str(2 * LIFETIME_SECONDS),
    # The limits are on, and higher than what one session of a benchmark asks for.
    "HUB_LIMITS_REQUESTS_PER_SESSION": "1000000",
    "HUB_LIMITS_DIALS_PER_SESSION": "100000",
    "HUB_LIMITS_DIALS_PER_ADDRESS": "100000",
    "HUB_LIMITS_LOGINS_PER_ADDRESS": "0",
    "HUB_CHANNEL_CONNECTIONS_PER_SESSION": "1000",
}
WHO = "/hub/session"


class HubSystem:
    """One hub."""

    def __init__(self, *, is_compiled: bool = False, **environment: str) -> None:
        """Take further settings by their names in the environment.

        Parameters:
            is_compiled: It is built and installed as docs/operating.md says for more requests with one core.
        """
        self._is_compiled = is_compiled
        self._port = free_port()
        self._environment = environment
        self.url = public_url(self._port)
        self.redirect_uris = [redirect_uri(self._port)]

    def missing(self) -> str | None:
        """Return None: nothing is to be installed."""
        return None

    @asynccontextmanager
    async def running(self, site: Site) -> AsyncIterator[Sequence[Contestant]]:
        """Run it until the end of the block, with a user who has logged in.

        Raises:
            StartError: The login fails.
        """
        async with self.visited(site) as (hub, browser):
            await check(browser, Target(1024))
            assert hub.process is not None
            pid, store = hub.process.pid, hub.events("redis.started")[0]["pid"]
            name = "hub compiled" if hub.events("hub.listening")[0]["compiled"] else "hub"
            yield [
                Contestant(f"{name}, HTTP", lambda: [pid], over_http(self._port, page_headers(browser)), [store]),
                Contestant(f"{name}, channel", lambda: [pid], over_channel(self._port, browser), [store]),
            ]

    @asynccontextmanager
    async def visited(self, site: Site) -> AsyncIterator[tuple[Hub, Browser]]:
        """Run it until the end of the block; give it and the browser of a user who has logged in.

        Raises:
            StartError: The login fails.
        """
        async with self.started(site) as hub, logged_in(self.url, "/hub/login", site.provider) as browser:
            if not (await browser.fetch(WHO)).json()["authenticated"]:
                raise StartError("The login at the hub did not succeed.")
            yield hub, browser

    @asynccontextmanager
    async def started(self, site: Site) -> AsyncIterator[Hub]:
        """Run it without a login."""
        environment = settings(
            site.provider.issuer, site.provider.client_id, site.provider.client_secret, _routes(site), **SETTINGS
        )
        package = await _compiled(site.folder) if self._is_compiled else PROJECT
        with site.cores.under_test():
            starting = Hub.start({**environment, **self._environment}, port=self._port, package=package)
            hub = await starting.__aenter__()
        try:
            yield hub
        finally:
            await starting.__aexit__(None, None, None)


async def _compiled(folder: Path) -> Path:
    """Return where the hub lies that was compiled below `folder`.

    Raises:
        StartError: It cannot be compiled here.
    """
    print("Compiling the hub...", file=sys.stderr, flush=True)
    try:
        return await asyncio.to_thread(compiled_hub.build, folder)
    except compiled_hub.BuildError as error:
        raise StartError(f"the hub cannot be compiled: {error}") from error


def over_channel(port: int, browser: Browser) -> Opener:
    """Return what opens a load over the channel with the session of a browser; see `Contestant.open`."""
    csrf = browser.cookie("XSRF-TOKEN") or ""

    async def open_load(target: Target, callers: int, in_flight: int | None = None) -> Load:
        body = make_body(target.size)
        return await ChannelLoad.open(port, target.path, channel_headers(browser), csrf, body, *sockets_for(callers, in_flight))

    return open_load


def channel_headers(browser: Browser) -> Mapping[str, str]:
    """Return the header fields of a page's WebSocket handshake."""
    return {"Host": urlsplit(browser.hub_url).netloc, **BROWSER_HEADERS, **browser.channel_headers()}


def _routes(site: Site) -> list[dict[str, str]]:
    upstream = site.upstream
    routes = [{"prefix": PLAIN_PREFIX, "target": upstream.bearer_url, "token": "user"}]
    if upstream.tls_bearer_url is not None:
        tls = {"prefix": TLS_PREFIX, "target": upstream.tls_bearer_url, "token": "user", "ca_file": str(upstream.authority_file)}
        routes.append(tls)
    return routes
