"""A browser that logs in at a system and then calls its API over HTTP, as a page does."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from bench.bodies import make_body
from bench.load_http import HttpLoad
from bench.rounds import Load
from bench.systems.base import BROWSER_HEADERS, Opener, Provider, StartError, Target
from tests.parties.browser import Browser


@asynccontextmanager
async def logged_in(url: str, page: str, provider: Provider) -> AsyncIterator[Browser]:
    """Open a page of a system, which leads to the provider, and log in there; the browser is closed at the end."""
    async with Browser(url) as browser:
        await provider.log_in(browser, page)
        yield browser


async def check(browser: Browser, target: Target) -> None:
    """Make sure that the session of the browser is good for calls.

    Raises:
        StartError: It is not.
    """
    answer = await browser.fetch(target.path)
    if answer.status != 200 or answer.body != make_body(target.size):
        raise StartError(f"The login at {browser.hub_url} did not succeed: {answer.status} {answer.text[:500]}")


def page_headers(browser: Browser) -> dict[str, str]:
    """Return the header fields of a call by a script of the page: cookies, Fetch Metadata, and what browsers add."""
    sent, _ = browser.fetch_request(browser.hub_url, "GET", None, None, None, None)
    return {"Host": urlsplit(browser.hub_url).netloc, "Connection": "keep-alive", **BROWSER_HEADERS, **sent}


def over_http(port: int, headers: Mapping[str, str]) -> Opener:
    """Return what opens a load over HTTP with the session of these headers; see `Contestant.open`."""

    async def open_load(target: Target, callers: int, in_flight: int | None = None) -> Load:
        return await HttpLoad.open(port, target.path, headers, make_body(target.size), callers)

    return open_load
