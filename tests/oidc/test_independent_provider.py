"""hub.oidc.provider against an independent, certified provider (npm oidc-provider)."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import aiohttp
import pytest

from hub.clock import SystemClock
from hub.errors import LoginFailed, ProviderRejectedClient
from hub.oidc.authorization import AuthorizationRequest, build_authorization_request, process_authorization_response
from hub.oidc.end_session import build_end_session_url
from hub.oidc.id_token import IdTokenClaims
from hub.oidc.provider import OpenIDProvider
from hub.oidc.token_endpoint import TokenRefused, TokenResponse
from hub.secret import Secret
from hub.settings import ProviderSettings
from tests.parties.openid_provider import OidcProvider

HUB = "http://localhost:9/"  # nobody listens there: the test reads what comes back out of the redirect
REDIRECT_URI = f"{HUB}hub/callback"
PERSON = ({"login": "alice", "password": "wonderland"}, {"consent": "yes"})


def settings(party: OidcProvider, **changes: Any) -> ProviderSettings:
    """Return the hub's settings at this provider."""
    return ProviderSettings(
        **{
            "issuer": party.issuer,
            "client_id": party.client_id,
            "client_secret": Secret(party.client_secret),
            **changes,
        }
    )


@asynccontextmanager
async def connected(chosen: ProviderSettings) -> AsyncIterator[OpenIDProvider]:
    """Open the hub's door to the provider."""
    provider = OpenIDProvider(chosen, SystemClock())
    await provider.start()
    try:
        yield provider
    finally:
        await provider.close()


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    """Keeps cookies, those of IP addresses too."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield session


async def browse(browser: aiohttp.ClientSession, url: str, forms: list[dict[str, str]]) -> dict[str, list[str]]:
    """Follow redirects from `url`, send one form after the other, and return the query that comes back to the hub."""
    form: dict[str, str] | None = None
    while not url.startswith(HUB):
        method = "GET" if form is None else "POST"
        async with browser.request(method, url, data=form, allow_redirects=False) as response:
            if "Location" in response.headers:
                url, form = urljoin(url, response.headers["Location"]), None
                continue
            page = await response.text()
            form = {**dict(re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', page)), **forms.pop(0)}
            action = re.search(r'<form[^>]* action="([^"]*)"', page)
            url = action.group(1) if action else url
    assert forms == []
    return parse_qs(urlsplit(url).query)


class Hub:
    """What the hub does at a login, with a person who fills in the forms."""

    def __init__(self, provider: OpenIDProvider, chosen: ProviderSettings, browser: aiohttp.ClientSession) -> None:
        self._provider = provider
        self._browser = browser
        self._settings = chosen

    async def code(self, *forms: dict[str, str]) -> tuple[AuthorizationRequest, Secret]:
        """Begin a login, fill in the forms, and return the request and the code."""
        metadata = await self._provider.metadata()
        request = build_authorization_request(metadata, self._settings, REDIRECT_URI)
        query = await browse(self._browser, request.url, list(forms))
        assert query["state"] == [request.state]
        code = process_authorization_response(
            query,
            expected_issuer=metadata.issuer,
            iss_required=metadata.authorization_response_iss_parameter_supported,
        )
        return request, code

    async def log_in(self) -> tuple[TokenResponse, IdTokenClaims]:
        """Log alice in and return her tokens and what the ID token says."""
        request, code = await self.code(*PERSON)
        tokens = await self._provider.exchange_code(code, request.code_verifier, REDIRECT_URI)
        assert tokens.id_token is not None
        claims = await self._provider.validate_id_token(tokens.id_token, nonce=request.nonce, access_token=tokens.access_token)
        return tokens, claims


async def test_life_of_a_login(browser: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture) -> None:
    """Discover, log in, validate, userinfo, refresh with rotation, reuse refused, revoke: as certified providers do it."""
    async with OidcProvider.start(redirect_uri=REDIRECT_URI, access_token_seconds=5) as party:
        chosen = settings(party)
        async with connected(chosen) as provider:
            tokens, claims = await Hub(provider, chosen, browser).log_in()
            userinfo = await provider.userinfo(tokens.access_token, claims.subject)
            assert tokens.refresh_token is not None
            refreshed = await provider.refresh(tokens.refresh_token)
            assert refreshed.refresh_token is not None and refreshed.id_token is not None
            same = await provider.validate_refreshed_id_token(
                refreshed.id_token, original=claims, access_token=refreshed.access_token
            )
            revoked = await provider.revoke(refreshed.refresh_token, "refresh_token")
            with pytest.raises(TokenRefused) as after_revocation:
                await provider.refresh(refreshed.refresh_token)
            grants = [(event.grant_type, event.outcome) for event in await party.events("token")]
            issued = await party.issued()
            ready = provider.status()

    assert (claims.subject, same.subject, userinfo["name"], tokens.expires_in) == ("alice", "alice", "Alice Liddell", 5)
    assert (refreshed.refresh_token != tokens.refresh_token, revoked, ready) == (True, True, None)
    assert after_revocation.value.error == "invalid_grant"
    assert grants == [
        ("authorization_code", "success"),
        ("refresh_token", "success"),
        ("refresh_token", "invalid_grant"),
    ]
    assert {kind for kind, _ in issued} == {"access_token", "refresh_token", "id_token", "code", "code_verifier"}
    assert [kind for kind, value in issued if value in caplog.text] == []


async def test_reuse(browser: aiohttp.ClientSession) -> None:
    """A refresh token that was used is refused with `invalid_grant`, and so is all that came of it."""
    async with OidcProvider.start(redirect_uri=REDIRECT_URI) as party:
        chosen = settings(party)
        async with connected(chosen) as provider:
            tokens, _ = await Hub(provider, chosen, browser).log_in()
            assert tokens.refresh_token is not None
            refreshed = await provider.refresh(tokens.refresh_token)
            assert refreshed.refresh_token is not None
            errors = []
            for token in (tokens.refresh_token, refreshed.refresh_token):
                with pytest.raises(TokenRefused) as caught:
                    await provider.refresh(token)
                errors.append(caught.value.error)

    assert errors == ["invalid_grant", "invalid_grant"]


async def test_jwt_access_tokens_and_post(browser: aiohttp.ClientSession) -> None:
    """A client that authenticates in the body gets JWT access tokens, which userinfo does not take: no claims, no error."""
    async with OidcProvider.start(redirect_uri=REDIRECT_URI, access_token_format="jwt") as party:
        chosen = settings(
            party,
            client_id=party.client_id_post,
            client_authentication="client_secret_post",
            scopes=["openid", "offline_access", "api"],
        )
        async with connected(chosen) as provider:
            tokens, claims = await Hub(provider, chosen, browser).log_in()
            userinfo = await provider.userinfo(tokens.access_token, claims.subject)

    assert (tokens.access_token.reveal().count("."), claims.subject, userinfo) == (2, "alice", {})


async def test_refusals(browser: aiohttp.ClientSession) -> None:
    """A wrong password asks again; a cancelled login, a wrong code verifier and a used code are each told apart."""
    async with OidcProvider.start(redirect_uri=REDIRECT_URI) as party:
        chosen = settings(party)
        async with connected(chosen) as provider:
            hub = Hub(provider, chosen, browser)
            with pytest.raises(LoginFailed) as cancelled:
                await hub.code({"login": "alice", "password": "guess"}, {"cancel": "yes"})
            _, code = await hub.code(*PERSON)
            with pytest.raises(TokenRefused) as wrong_verifier:
                await provider.exchange_code(code, Secret("v" * 43), REDIRECT_URI)

    assert (cancelled.value.extensions, wrong_verifier.value.error) == ({"error": "access_denied"}, "invalid_grant")


@pytest.mark.expects_log
async def test_wrong_secret() -> None:
    """A wrong client secret is told from a refused grant, and makes the hub not ready."""
    async with (
        OidcProvider.start(redirect_uri=REDIRECT_URI) as party,
        connected(settings(party, client_secret=Secret("wrong"))) as provider,
    ):
        with pytest.raises(ProviderRejectedClient):
            await provider.refresh(Secret("r"))

        assert "provider.client_secret" in str(provider.status())


async def test_logout_in_browser(browser: aiohttp.ClientSession) -> None:
    """O1, O2: the end-session URL without an ID token ends the session and leads back, and the next login asks again."""
    async with OidcProvider.start(redirect_uri=REDIRECT_URI, post_logout_redirect_uri=HUB) as party:
        chosen = settings(party)
        async with connected(chosen) as provider:
            hub = Hub(provider, chosen, browser)
            await hub.code(*PERSON)
            await hub.code()  # still logged in at the provider: no form is asked for
            url = build_end_session_url(await provider.metadata(), party.client_id, HUB, "s")
            query = await browse(browser, str(url), [{"logout": "yes"}])
            await hub.code(*PERSON)

    assert query == {"state": ["s"]}
