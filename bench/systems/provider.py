"""The OpenID Provider of all systems: npm oidc-provider, or the stand-in for IRIS where nothing is to be installed."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from bench.systems.base import LIFETIME_SECONDS, Provider, StartError
from iris_standin import Client, Options, Standin
from tests.parties.browser import Browser

CLIENT_ID, CLIENT_SECRET = "hub", "bench-secret-of-32-characters-00"
USER, STANDIN_PASSWORD = "alice", "alice-demo"


@asynccontextmanager
async def oidc_provider(redirect_uris: Sequence[str]) -> AsyncIterator[Provider]:
    """Run npm oidc-provider until the end of the block."""
    from tests.parties.openid_provider import USERS, OidcProvider

    async def log_in(browser: Browser, page: str) -> None:
        form = await browser.open(page)
        consent = await browser.submit(form, {"login": USER, "password": USERS[USER]})
        await browser.submit(consent, {}, button="consent")

    client = {"redirect_uris": list(redirect_uris), "client_secret": CLIENT_SECRET}
    async with OidcProvider.start(redirect_uris[0], access_token_seconds=LIFETIME_SECONDS, client_metadata=client) as provider:
        yield Provider(provider.issuer, CLIENT_ID, CLIENT_SECRET, log_in)


@asynccontextmanager
async def standin(redirect_uris: Sequence[str]) -> AsyncIterator[Provider]:
    """Run the stand-in for IRIS, in this process, until the end of the block. It has nothing to do once a user has logged in."""

    async def log_in(browser: Browser, page: str) -> None:
        form = await browser.open(page)
        answer = await browser.submit(form, {"Username": USER, "Password": STANDIN_PASSWORD}, button="Login")
        if 'name="Accept"' in answer.text:
            await browser.submit(answer, {}, button="Accept")

    if not redirect_uris:
        raise StartError("Nobody would log in at the stand-in.")
    server = Standin(Options(), [Client(CLIENT_ID, CLIENT_SECRET, list(redirect_uris), [])])
    await server.start()
    try:
        yield Provider(server.issuer, CLIENT_ID, CLIENT_SECRET, log_in)
    finally:
        await server.stop()
