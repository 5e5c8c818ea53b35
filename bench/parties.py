"""Who takes part in a benchmark: an upstream, the stand-in for the login, one hub, a browser that has logged in."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from bench import measure
from tests.parties.browser import Browser
from tests.parties.hub import PROJECT, Hub, free_port, public_url, redirect_uri, settings

CLIENT_ID, CLIENT_SECRET = "bench", "bench-secret"
USER, PASSWORD = "alice", "alice-demo"
PREFIX = "/api"
START_SECONDS = 20.0
BROWSER_HEADERS = {  # what a browser sends with every call besides cookies and Fetch Metadata
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "Accept": "application/json, text/plain, */*",
    "Accept-Language": "en-GB,en;q=0.9",
    "Accept-Encoding": "gzip, deflate, br, zstd",
}


OPTIONS = {"HUB_LOG_LEVEL": "INFO", "HUB_LIMITS_REQUESTS_PER_SESSION": "0"}


class StartError(Exception):
    """One of the parties did not start; the message names it."""


@dataclass(frozen=True, slots=True)
class Cores:
    """Which core runs what.

    Attributes:
        pair: The core of the system under test and that of the load and all others; None: the system decides.
    """

    pair: tuple[int, int] | None

    def put_under_test(self, pid: int) -> None:
        """Move a process (0: this one) to the core of the system under test."""
        self._put(pid, 0)

    def put_aside(self, pid: int) -> None:
        """Move a process (0: this one) to the core of the load."""
        self._put(pid, 1)

    @contextmanager
    def under_test(self) -> Iterator[None]:
        """Let processes that start in this block run on the core of the system under test."""
        self.put_under_test(0)
        try:
            yield
        finally:
            self.put_aside(0)

    def _put(self, pid: int, place: int) -> None:
        if self.pair is not None:
            os.sched_setaffinity(pid, {self.pair[place]})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """All that runs.

    Attributes:
        upstream_port: Where the upstream listens; `upstream_pid` is its process.
        hub_port: Where the hub listens; `hub_pid` is its process, `store_pid` its private Redis.
        http_headers: Fields of a call by the page of the logged-in browser.
        channel_headers: Fields of its WebSocket handshake; `csrf` is for `hello`.
    """

    cores: Cores
    upstream_port: int
    upstream_pid: int
    hub_port: int
    hub_pid: int
    store_pid: int
    http_headers: Mapping[str, str]
    channel_headers: Mapping[str, str]
    csrf: str


@asynccontextmanager
async def start() -> AsyncIterator[Parties]:
    """Start everything, log in, and stop everything at the end. This process, which makes the load, is put aside meanwhile.

    Raises:
        StartError: Something did not start.
    """
    available = os.sched_getaffinity(0)
    cores = Cores(measure.choose_cores(available))
    cores.put_aside(0)
    try:
        async with _all(cores, free_port()) as parties:
            yield parties
    finally:
        os.sched_setaffinity(0, available)


@asynccontextmanager
async def _all(cores: Cores, port: int) -> AsyncIterator[Parties]:
    async with _upstream() as (upstream, upstream_port), _standin(port) as issuer:
        routes = [{"prefix": PREFIX, "target": f"http://127.0.0.1:{upstream_port}", "token": "user"}]
        environment = settings(
            issuer, CLIENT_ID, CLIENT_SECRET, routes, HUB_LOG_LEVEL="INFO", HUB_LIMITS_REQUESTS_PER_SESSION="0"
        )
        async with _hub(environment, port, cores) as hub, Browser(hub.url) as browser:
            await log_in(browser)
            assert hub.process is not None
            yield Parties(
                cores=cores,
                upstream_port=upstream_port,
                upstream_pid=upstream.pid,
                hub_port=port,
                hub_pid=hub.process.pid,
                store_pid=hub.events("redis.started")[0]["pid"],
                http_headers=_page_headers(browser),
                channel_headers={"Host": urlsplit(hub.url).netloc, **BROWSER_HEADERS, **browser.channel_headers()},
                csrf=browser.cookie("XSRF-TOKEN") or "",
            )


async def log_in(browser: Browser) -> None:
    """Log in through the pages of the stand-in.

    Raises:
        StartError: The hub does not know the user afterwards.
    """
    page = await browser.open("/hub/login")
    page = await browser.submit(page, {"Username": USER, "Password": PASSWORD}, button="Login")
    if 'name="Accept"' in page.text:
        await browser.submit(page, {}, button="Accept")
    session = (await browser.fetch("/hub/session")).json()
    if not session["authenticated"]:
        raise StartError("The login did not succeed.")


@asynccontextmanager
async def _hub(environment: Mapping[str, str], port: int, cores: Cores) -> AsyncIterator[Hub]:
    with cores.under_test():
        starting = Hub.start(environment, port=port)
        hub = await starting.__aenter__()
    try:
        yield hub
    finally:
        await starting.__aexit__(None, None, None)


@asynccontextmanager
async def _upstream() -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    async with _process("bench.upstream") as process:
        assert process.stdout is not None
        yield process, int(await _line(process.stdout, "The upstream"))


@asynccontextmanager
async def _standin(hub_port: int) -> AsyncIterator[str]:
    """Run the stand-in, which knows the hub as its client; give its issuer."""
    arguments = ["--port", str(free_port()), "--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET]
    arguments += ["--redirect-uri", redirect_uri(hub_port), "--post-logout-redirect-uri", f"{public_url(hub_port)}/"]
    async with _process("iris_standin", *arguments) as process:
        assert process.stderr is not None
        yield (await _line(process.stderr, "The stand-in")).split()[-1]


@asynccontextmanager
async def _process(module: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments), cwd=PROJECT, stdin=pipe, stdout=pipe, stderr=pipe
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def _line(stream: asyncio.StreamReader, name: str) -> str:
    """Return the first line that a process writes, which says where it listens."""
    try:
        async with asyncio.timeout(START_SECONDS):
            line = await stream.readline()
    except TimeoutError as error:
        raise StartError(f"{name} does not start.") from error
    if not line:
        raise StartError(f"{name} ended at once.")
    return line.decode().strip()


def _page_headers(browser: Browser) -> dict[str, str]:
    sent, _ = browser.fetch_request(browser.hub_url, "GET", None, None, None, None)
    return {"Host": urlsplit(browser.hub_url).netloc, "Connection": "keep-alive", **BROWSER_HEADERS, **sent}
