"""hub.iris.native_jwt against the stand-in for IRIS."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hub.config.settings import ProviderSettings
from hub.errors import ProviderRejectedClient, ProviderUnavailable
from hub.iris.native_jwt import NativeJwt
from hub.oidc.providers import CredentialsRefused
from hub.oidc.token_endpoint import TokenRefused, TokenResponse
from hub.primitives.secret import Secret
from iris_standin import Standin
from iris_standin.journal import Entry
from tests.parties.clock import ManualClock
from tests.parties.resource_server import RawResourceServer, answering
from tests.waiting import soon

PASSWORD = Secret("alice-demo")


@pytest.fixture
async def standin(clock: ManualClock) -> AsyncIterator[Standin]:
    """A stand-in on the test's clock."""
    standin = Standin(now=clock.now)
    await standin.start()
    yield standin
    await standin.stop()


@asynccontextmanager
async def connected(issuer: str, clock: ManualClock, **changes: Any) -> AsyncIterator[NativeJwt]:
    """Open the hub's door to the application at `issuer`."""
    provider = NativeJwt(ProviderSettings(kind="iris_native", issuer=issuer, **changes), clock)
    await provider.start()
    try:
        yield provider
    finally:
        await provider.close()


@pytest.fixture
async def provider(standin: Standin, clock: ManualClock) -> AsyncIterator[NativeJwt]:
    """The application, asked once already."""
    async with connected(standin.native_url, clock) as provider:
        await standin.journal.wait_for(is_probe)
        yield provider


def is_probe(entry: Entry) -> bool:
    """Tell whether this is the hub's first question."""
    return entry.grant_type == "refresh" and entry.status == 401


async def settled(provider: NativeJwt, clock: ManualClock, trouble: str | None) -> None:
    """Wait until `status` is, or holds, `trouble`; between two questions of the provider time passes."""
    while not (provider.status() is None if trouble is None else trouble in (provider.status() or "")):
        await clock.advance(1.0)


async def refresh_token_of(response: TokenResponse) -> Secret:
    """Return the refresh token of a login."""
    assert response.refresh_token is not None
    return response.refresh_token


def native(standin: Standin) -> list[tuple[str, str]]:
    """Return what was asked, without the first question."""
    entries = standin.journal.entries("native")
    return [(entry.grant_type, entry.outcome) for entry in entries if not is_probe(entry)]


class TestLogin:
    """POST /login."""

    async def test_right_password(self, provider: NativeJwt) -> None:
        """The tokens come with the user that IRIS names."""
        response = await provider.login("alice", PASSWORD)

        assert response.subject == "alice"
        assert response.expires_in is not None
        assert 59 < response.expires_in <= 60

    @pytest.mark.parametrize(("user", "password"), [("alice", "wrong"), ("nobody", "alice-demo")])
    async def test_refused(self, provider: NativeJwt, user: str, password: str) -> None:
        """A wrong password and an unknown user are the same error, and no reason to call the provider unavailable."""
        with pytest.raises(CredentialsRefused):
            await provider.login(user, Secret(password))
        assert provider.status() is None

    @pytest.mark.expects_log
    async def test_no_silent_mint(self, clock: ManualClock) -> None:
        """The cookie CSPBrowserId of one login never comes with the next request: it would log in as the one before."""
        answer = (
            b'{"access_token":"a","refresh_token":"r","sub":"alice","iat":1800000000.5,"exp":1800000060}',
            [("SET-COOKIE", "CSPBrowserId=abc; path=/; httpOnly; sameSite=strict;")],
        )
        server = await RawResourceServer.start(answering(200, *answer[1], body=answer[0]))
        async with connected(server.url, clock) as provider:
            await provider.login("alice", PASSWORD)
            await provider.login("bob", Secret("bob-demo"))
            await provider.refresh(Secret("r"))
        await server.stop()

        assert [request.header("Cookie") for request in server.requests] == [None] * len(server.requests)
        assert len(server.requests) >= 3

    async def test_each_login_is_its_own(self, provider: NativeJwt, standin: Standin) -> None:
        """Two logins of one user stand beside each other; the end of one leaves the other alone."""
        first, second = await provider.login("alice", PASSWORD), await provider.login("alice", PASSWORD)
        await provider.log_out(id_token=None, access_token=first.access_token, return_url="/")

        assert standin.native_logins == 1
        assert (await provider.refresh(await refresh_token_of(second))).subject == "alice"


class TestRefresh:
    """POST /refresh."""

    async def test_refresh(self, provider: NativeJwt, clock: ManualClock) -> None:
        """Fresh tokens for the same user; the refresh token is another one."""
        old = await provider.login("alice", PASSWORD)
        await clock.advance(30)
        new = await provider.refresh(await refresh_token_of(old))

        assert new.subject == old.subject
        assert new.access_token != old.access_token
        assert new.refresh_token not in (None, old.refresh_token)
        assert provider.kills_old_access_token

    async def test_dead(self, provider: NativeJwt, clock: ManualClock) -> None:
        """A refresh token that was spent or has expired is `invalid_grant`."""
        old = await provider.login("alice", PASSWORD)
        new = await provider.refresh(await refresh_token_of(old))
        with pytest.raises(TokenRefused) as spent:
            await provider.refresh(await refresh_token_of(old))
        await clock.advance(901)
        with pytest.raises(TokenRefused) as expired:
            await provider.refresh(await refresh_token_of(new))

        assert (spent.value.error, expired.value.error) == ("invalid_grant", "invalid_grant")

    async def test_resource(self, provider: NativeJwt) -> None:
        """There are no tokens for single resources; the refresh token is not spent on finding that out."""
        token = await refresh_token_of(await provider.login("alice", PASSWORD))
        with pytest.raises(TokenRefused) as caught:
            await provider.refresh(token, resource="https://iris.example/fhir")

        assert caught.value.error == "invalid_target"
        assert (await provider.refresh(token)).subject == "alice"

    @pytest.mark.expects_log
    async def test_switched_off(self, provider: NativeJwt, standin: Standin) -> None:
        """While JWT is switched off the hub is not ready and says why; nothing is refused for good."""
        old = await provider.login("alice", PASSWORD)
        standin.change(native_enabled=False)
        with pytest.raises(ProviderRejectedClient):
            await provider.refresh(await refresh_token_of(old))
        assert "JWTAuthEnabled" in (provider.status() or "")
        standin.change(native_enabled=True)

        assert (await provider.refresh(await refresh_token_of(old))).subject == "alice"
        assert provider.status() is None

    async def test_500(self, provider: NativeJwt, standin: Standin) -> None:
        """A failure at IRIS is no refusal."""
        old = await provider.login("alice", PASSWORD)
        standin.change(native_500_once=True)
        with pytest.raises(ProviderUnavailable):
            await provider.refresh(await refresh_token_of(old))


class TestEnd:
    """POST /logout and /revoke."""

    async def test_log_out(self, provider: NativeJwt, standin: Standin) -> None:
        """The login ends at IRIS, and the browser goes back to the application: it has nothing to visit at IRIS."""
        tokens = await provider.login("alice", PASSWORD)

        assert await provider.log_out(id_token=None, access_token=tokens.access_token, return_url="/bye") == "/bye"
        assert standin.native_logins == 0

    async def test_expired_access_token(self, provider: NativeJwt, standin: Standin, clock: ManualClock) -> None:
        """With an expired access token IRIS does not find the login; the refresh token still ends it."""
        tokens = await provider.login("alice", PASSWORD)
        await clock.advance(61)
        await provider.log_out(id_token=None, access_token=tokens.access_token, return_url="/")
        assert standin.native_logins == 1

        assert await provider.revoke(await refresh_token_of(tokens), "refresh_token")
        assert standin.native_logins == 0
        assert native(standin)[-2:] == [("refresh", "issued"), ("revoke", "ended")]

    async def test_over_already(self, provider: NativeJwt) -> None:
        """What IRIS does not know any more counts as revoked."""
        tokens = await provider.login("alice", PASSWORD)
        await provider.log_out(id_token=None, access_token=tokens.access_token, return_url="/")

        assert await provider.revoke(await refresh_token_of(tokens), "refresh_token")
        assert await provider.revoke(tokens.access_token, "access_token")

    async def test_fails(self, provider: NativeJwt, standin: Standin) -> None:
        """R2: while IRIS fails the login lives on, and that is said."""
        tokens = await provider.login("alice", PASSWORD)
        standin.change(native_500_once=True)
        with pytest.raises(ProviderUnavailable):
            await provider.revoke(await refresh_token_of(tokens), "refresh_token")
        assert standin.native_logins == 1


class TestStatus:
    """Whether the hub is ready to log anybody in."""

    async def test_good(self, provider: NativeJwt, standin: Standin, clock: ManualClock) -> None:
        """The application shows by a bare refusal that it takes JWT; that is asked once, without naming anybody."""
        await settled(provider, clock, None)
        await clock.advance(60)

        assert [entry.grant_type for entry in standin.journal.entries("native")] == ["refresh"]

    @pytest.mark.expects_log
    async def test_switched_off(self, standin: Standin, clock: ManualClock) -> None:
        """An application that is not JWT-enabled is found at the start, and so is its mending."""
        standin.change(native_enabled=False)
        async with connected(standin.native_url, clock) as provider:
            await settled(provider, clock, "JWTAuthEnabled")
            standin.change(native_enabled=True)
            await settled(provider, clock, None)

    @pytest.mark.expects_log
    async def test_wrong_url(self, standin: Standin, clock: ManualClock) -> None:
        """A URL under which there is no such application is named as the likely mistake."""
        async with connected(f"{standin.url}/nowhere", clock) as provider:
            await settled(provider, clock, "Is provider.issuer the URL")

    @pytest.mark.expects_log
    async def test_down(self, clock: ManualClock) -> None:
        """An IRIS that does not answer is waited for."""
        async with connected("http://127.0.0.1:9", clock) as provider:
            await settled(provider, clock, "cannot be reached")

    async def test_cancelled(self, standin: Standin, clock: ManualClock) -> None:
        """The hub can be stopped while it still asks."""
        provider = NativeJwt(ProviderSettings(kind="iris_native", issuer=standin.native_url), clock)
        await provider.start()
        await soon(provider.close())
