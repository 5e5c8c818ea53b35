"""Whole hubs with real parties around them."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from iris_standin import Client, Options, Standin
from tests.parties.browser import Answer, Browser
from tests.parties.hub import Hub, free_port, public_url, redirect_uri, settings

SECRET = "standin-secret"
PASSWORDS = {"alice": "alice-demo", "bob": "bob-demo"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every scenario: all of them have real processes."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timing_sensitive)


def routes(target: str) -> list[dict[str, Any]]:
    """Return the routes of the demo: the API, the same by link, and a part of it without a login."""
    return [
        {"prefix": "/api", "target": target},
        {"prefix": "/download", "target": target, "methods": ["GET"], "csrf": "fetch_metadata"},
        {"prefix": "/public", "target": f"{target}/health", "token": "none", "methods": ["GET"]},
    ]


@dataclass
class Clinic:
    """A hub in front of the stand-in."""

    hub: Hub
    standin: Standin

    async def log_in(self, browser: Browser, user: str = "alice", *, return_to: str = "/") -> Answer:
        """Log in through the provider's pages as a person does; return the page on which it ends."""
        return await log_in(browser, user, return_to=return_to)

    @asynccontextmanager
    async def browser(self, user: str | None = None) -> AsyncIterator[Browser]:
        """Open a browser, logged in as `user`."""
        async with Browser(self.hub.url) as browser:
            if user is not None:
                await self.log_in(browser, user)
            yield browser

    def token_requests(self, grant_type: str) -> int:
        """Count the successful token requests of one grant."""
        entries = self.standin.journal.entries("token")
        return sum(1 for entry in entries if entry.grant_type == grant_type and entry.outcome == "issued")


async def log_in(browser: Browser, user: str = "alice", *, return_to: str = "/") -> Answer:
    """Go through the stand-in's login and consent pages."""
    page = await browser.open(f"/hub/login?return_to={return_to}")
    if "Password" in page.text:
        page = await browser.submit(page, {"Username": user, "Password": PASSWORDS[user]}, button="Login")
    if 'name="Accept"' in page.text:
        page = await browser.submit(page, {}, button="Accept")
    return page


StartClinic = Callable[..., AbstractAsyncContextManager[Clinic]]


@asynccontextmanager
async def running_clinic(
    options: Options | None = None, route_settings: Callable[[str], str] | None = None, **environment: str
) -> AsyncIterator[Clinic]:
    """Run a stand-in with the given toggles and a hub with the given settings until the end of the block."""
    port = free_port()
    client = Client("hub", SECRET, [redirect_uri(port)], [f"{public_url(port)}/"])
    standin = Standin(options, [client], expose_secrets=True)
    await standin.start()
    hub_settings = settings(standin.issuer, "hub", SECRET, routes(standin.clinic_url))
    if route_settings is not None:
        hub_settings["HUB_ROUTES"] = route_settings(standin.clinic_url)
    try:
        async with Hub.start({**hub_settings, **environment}, port=port) as hub:
            yield Clinic(hub, standin)
    finally:
        await standin.stop()


@pytest.fixture
def start_clinic() -> StartClinic:
    """Start a stand-in with the given toggles and a hub with the given settings."""
    return running_clinic


@pytest.fixture
async def clinic(start_clinic: StartClinic) -> AsyncIterator[Clinic]:
    """A hub in front of the stand-in, with default settings."""
    async with start_clinic() as running:
        yield running
