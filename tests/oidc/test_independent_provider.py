"""hub.oidc.provider against an independent, certified provider (npm oidc-provider)."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import aiohttp
import pytest
import tornado.httpserver
import tornado.netutil
import tornado.web
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import ECKey, OKPKey, RSAKey

from hub.config.settings import ProviderSettings
from hub.errors import LoginFailed, ProviderRejectedClient
from hub.oidc.authorization import AuthorizationRequest, process_authorization_response
from hub.oidc.end_session import build_end_session_url
from hub.oidc.grants import TokenTarget
from hub.oidc.id_token import IdTokenClaims
from hub.oidc.provider import OpenIDProvider
from hub.oidc.signed_jwt import stated_claims
from hub.oidc.token_endpoint import TargetRefused, TokenRefused, TokenResponse
from hub.primitives.clock import SystemClock
from hub.primitives.secret import Secret
from tests.oidc.samples import write_key
from tests.parties.openid_provider import OidcProvider
from tests.waiting import soon

pytestmark = pytest.mark.timing_sensitive

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
        request = await self._provider.begin_login(REDIRECT_URI)
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
        claims = await self._provider.checks.id_token(tokens.id_token, nonce=request.nonce, access_token=tokens.access_token)
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


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
async def test_revocation_takes_the_grant_along(browser: aiohttp.ClientSession, kind: str) -> None:
    """R7009 section 2.1: two logins in one session at the provider share a grant, and either token of the one ends the other's.

    So nothing is revoked while another session of the same `sid` lives.
    """
    async with OidcProvider.start(redirect_uri=REDIRECT_URI) as party:
        chosen = settings(party)
        async with connected(chosen) as provider:
            hub = Hub(provider, chosen, browser)
            first, claims = await hub.log_in()
            request, code = await hub.code()  # again, without a form: the provider knows the browser
            second = await provider.exchange_code(code, request.code_verifier, REDIRECT_URI)
            assert first.refresh_token is not None and second.refresh_token is not None and second.id_token is not None
            again = await provider.checks.id_token(second.id_token, nonce=request.nonce, access_token=second.access_token)
            assert await provider.revoke(first.refresh_token if kind == "refresh_token" else first.access_token, kind)
            with pytest.raises(TokenRefused):
                await provider.refresh(second.refresh_token)

    assert claims.session_id == again.session_id


class Posted(tornado.web.RequestHandler):
    """Keeps the logout token that the provider posts."""

    def initialize(self, tokens: asyncio.Queue[str]) -> None:
        self._tokens = tokens

    def post(self) -> None:
        self._tokens.put_nowait(self.get_body_argument("logout_token"))


@pytest.fixture
async def posted(io_loop: Any) -> AsyncIterator[tuple[str, asyncio.Queue[str]]]:
    """The URL of a back-channel logout endpoint, and the logout tokens that arrive there."""
    tokens: asyncio.Queue[str] = asyncio.Queue()
    server = tornado.httpserver.HTTPServer(tornado.web.Application([("/logout", Posted, {"tokens": tokens})]))
    sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}/logout", tokens
    server.stop()
    await server.close_all_connections()


async def test_back_channel_logout(browser: aiohttp.ClientSession, posted: tuple[str, asyncio.Queue[str]]) -> None:
    """L2 to L7: the logout token that a certified provider posts is accepted, and names user and session of the login."""
    url, tokens = posted
    async with OidcProvider.start(redirect_uri=REDIRECT_URI, post_logout_redirect_uri=HUB, backchannel_logout_uri=url) as party:
        chosen = settings(party)
        async with connected(chosen) as provider:
            _, claims = await Hub(provider, chosen, browser).log_in()
            metadata = await provider.metadata()
            await browse(browser, str(build_end_session_url(metadata, party.client_id, HUB, "s")), [{"logout": "yes"}])
            token = Secret(await soon(tokens.get()))
            ended = await provider.checks.logout_token(token)

    assert (ended.issuer, ended.subject, ended.session_id) == (claims.issuer, "alice", claims.session_id)
    assert claims.session_id is not None
    assert metadata.backchannel_logout_supported


async def test_client_credentials() -> None:
    """RFC 6749 section 4.4: the hub gets an access token of its own, and nothing else."""
    async with (
        OidcProvider.start(redirect_uri=REDIRECT_URI, access_token_format="jwt") as party,
        connected(settings(party)) as provider,
    ):
        tokens = await provider.client_token(TokenTarget(resource=party.resource, scopes=("api",)))
        with pytest.raises(TokenRefused) as refused:
            await provider.exchange(tokens.access_token, TokenTarget(resource=party.resource))

    claims = stated_claims(tokens.access_token, what="access token")
    assert (claims["aud"], claims["client_id"], claims["scope"], tokens.refresh_token) == (party.resource, "hub", "api", None)
    assert refused.value.error in {"unsupported_grant_type", "unauthorized_client"}  # it knows no token exchange


async def test_resource_indicators(browser: aiohttp.ClientSession) -> None:
    """RFC 8707 section 2.2: a refresh gives a token for the resource; one that was not granted is `invalid_target`.

    This provider has used the refresh token up by then: a wrong resource in the settings of a route costs logins.
    """
    async with OidcProvider.start(redirect_uri=REDIRECT_URI, access_token_format="jwt") as party:
        chosen = settings(party, scopes=["openid", "offline_access", "api"])
        async with connected(chosen) as provider:
            tokens, _ = await Hub(provider, chosen, browser).log_in()
            assert tokens.refresh_token is not None
            refreshed = await provider.refresh(tokens.refresh_token, resource=party.resource)
            assert refreshed.refresh_token is not None
            with pytest.raises(TargetRefused):
                await provider.refresh(refreshed.refresh_token, resource="https://other.example/api")
            with pytest.raises(TokenRefused) as spent:
                await provider.refresh(refreshed.refresh_token)

    assert stated_claims(refreshed.access_token, what="access token")["aud"] == party.resource
    assert spent.value.error == "invalid_grant"


def public_jwk(key: Any, use: str, **members: str) -> dict[str, Any]:
    """Return the public half of a key, as it is registered."""
    jwk = RSAKey if isinstance(key, rsa.RSAPrivateKey) else ECKey if isinstance(key, ec.EllipticCurvePrivateKey) else OKPKey
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {**jwk.import_key(pem).as_dict(private=False), "use": use, **members}


RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(RSA_KEY, "PS256"), (RSA_KEY, "RS256"), (EC_KEY, "ES256"), (ED_KEY, "EdDSA")],
    ids=["ps256", "rs256", "es256", "eddsa"],
)
async def test_private_key_jwt(browser: aiohttp.ClientSession, tmp_path: Path, key: Any, algorithm: str) -> None:
    """B1, S11: a login, a refresh and a revocation with a private key; the provider never sees what could be stolen from it."""
    registered = {
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": algorithm,
        "jwks": {"keys": [public_jwk(key, "sig", kid="mine")]},
    }
    async with OidcProvider.start(redirect_uri=REDIRECT_URI, client_metadata=registered) as party:
        chosen = settings(
            party,
            client_secret=Secret(""),
            client_authentication="private_key_jwt",
            client_key_file=write_key(tmp_path, key),
            client_key_id="mine",
            client_assertion_algorithm=algorithm,
        )
        async with connected(chosen) as provider:
            tokens, claims = await Hub(provider, chosen, browser).log_in()
            assert tokens.refresh_token is not None
            refreshed = await provider.refresh(tokens.refresh_token)
            assert refreshed.refresh_token is not None
            assert await provider.revoke(refreshed.refresh_token, "refresh_token")

    assert claims.subject == "alice"


async def test_client_secret_jwt(browser: aiohttp.ClientSession) -> None:
    """The secret signs and is never sent."""
    registered = {"token_endpoint_auth_method": "client_secret_jwt"}
    async with OidcProvider.start(redirect_uri=REDIRECT_URI, client_metadata=registered) as party:
        chosen = settings(party, client_authentication="client_secret_jwt")
        async with connected(chosen) as provider:
            _, claims = await Hub(provider, chosen, browser).log_in()

    assert claims.subject == "alice"


@pytest.mark.expects_log
async def test_wrong_private_key(tmp_path: Path) -> None:
    """A key that is not registered is told from a refused grant, and makes the hub not ready."""
    registered = {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [public_jwk(RSA_KEY, "sig")]}}
    async with OidcProvider.start(redirect_uri=REDIRECT_URI, client_metadata=registered) as party:
        other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        chosen = settings(party, client_authentication="private_key_jwt", client_key_file=write_key(tmp_path, other))
        async with connected(chosen) as provider:
            with pytest.raises(ProviderRejectedClient):
                await provider.refresh(Secret("r"))
            assert provider.status()


@pytest.mark.parametrize(("required", "setting"), [(True, "auto"), (False, "always"), (False, "never")])
async def test_pushed_authorization(browser: aiohttp.ClientSession, required: bool, setting: str) -> None:
    """RFC 9126: where it is pushed, the browser carries client id and reference alone; the provider sees all the rest."""
    async with OidcProvider.start(redirect_uri=REDIRECT_URI, require_pushed_authorization_requests=required) as party:
        chosen = settings(party, pushed_authorization=setting)
        async with connected(chosen) as provider:
            url = (await provider.begin_login(REDIRECT_URI)).url
            _, claims = await Hub(provider, chosen, browser).log_in()
            pushes = await party.events("pushed_authorization_request")

    assert claims.subject == "alice"
    pushed = setting != "never"
    assert (len(pushes), set(parse_qs(urlsplit(url).query)) == {"client_id", "request_uri"}) == (2 * pushed, pushed)


@pytest.mark.parametrize(
    ("key", "alg", "enc"),
    [(RSA_KEY, "RSA-OAEP", "A128CBC-HS256"), (RSA_KEY, "RSA-OAEP-256", "A256GCM"), (EC_KEY, "ECDH-ES", "A128GCM")],
    ids=["rsa-oaep", "rsa-oaep-256", "ecdh-es"],
)
async def test_encrypted(browser: aiohttp.ClientSession, tmp_path: Path, key: Any, alg: str, enc: str) -> None:
    """RFC 7516: ID tokens, refreshed ones and userinfo that are encrypted for the hub, and signed inside."""
    registered = {
        "jwks": {"keys": [public_jwk(key, "enc", alg=alg)]},
        "id_token_encrypted_response_alg": alg,
        "id_token_encrypted_response_enc": enc,
        "userinfo_signed_response_alg": "ES256",
        "userinfo_encrypted_response_alg": alg,
        "userinfo_encrypted_response_enc": enc,
    }
    async with OidcProvider.start(redirect_uri=REDIRECT_URI, client_metadata=registered) as party:
        chosen = settings(party, id_token_key_file=write_key(tmp_path, key))
        async with connected(chosen) as provider:
            tokens, claims = await Hub(provider, chosen, browser).log_in()
            userinfo = await provider.userinfo(tokens.access_token, claims.subject)
            assert tokens.refresh_token is not None
            refreshed = await provider.refresh(tokens.refresh_token)
            assert refreshed.id_token is not None
            same = await provider.validate_refreshed_id_token(
                refreshed.id_token, original=claims, access_token=refreshed.access_token
            )
            sent = [value for kind, value in await party.issued() if kind == "id_token"]

    assert (claims.subject, same.subject, userinfo["name"]) == ("alice", "alice", "Alice Liddell")
    assert {text.count(".") for text in sent} == {4}


async def test_signed_userinfo(browser: aiohttp.ClientSession) -> None:
    """Userinfo as a signed JWT is verified with the provider's keys."""
    async with OidcProvider.start(redirect_uri=REDIRECT_URI, client_metadata={"userinfo_signed_response_alg": "RS256"}) as party:
        chosen = settings(party)
        async with connected(chosen) as provider:
            tokens, claims = await Hub(provider, chosen, browser).log_in()
            userinfo = await provider.userinfo(tokens.access_token, claims.subject)

    assert userinfo["name"] == "Alice Liddell"
