"""A started stand-in whose clock the test moves, and a browser for it."""

from collections.abc import AsyncIterator

import pytest

from iris_standin import Client, Standin
from tests.iris_standin.browser import AFTER_LOGOUT, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, Browser
from tests.parties.clock import ManualClock

CLIENTS = (
    Client(CLIENT_ID, CLIENT_SECRET, (REDIRECT_URI,), (AFTER_LOGOUT,), "http://localhost:8080/hub/frontchannel?x=1"),
    Client("other", CLIENT_SECRET, (REDIRECT_URI,), (), "http://localhost:8090/logout"),
    Client("spa", "", ("http://localhost:4200/#/callback",)),
)


@pytest.fixture
async def standin(clock: ManualClock) -> AsyncIterator[Standin]:
    """A stand-in that listens on a free port and remembers the secrets that it gives out."""
    standin = Standin(clients=CLIENTS, now=clock.now, expose_secrets=True)
    await standin.start()
    yield standin
    await standin.stop()


@pytest.fixture
async def browser(standin: Standin) -> AsyncIterator[Browser]:
    """A browser without cookies."""
    browser = Browser(standin)
    yield browser
    await browser.close()
