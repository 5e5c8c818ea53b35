"""Tokens that are bound to the hub's key (DPoP, RFC 9449), at an independent certified provider."""

from pathlib import Path

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.parties.browser import Browser
from tests.parties.channel import Channel
from tests.parties.hub import Hub, free_port, public_url, redirect_uri, settings
from tests.parties.openid_provider import OidcProvider


@pytest.mark.parametrize("with_nonce", [False, True])
async def test_log_in_call_refresh(tmp_path: Path, with_nonce: bool) -> None:
    """Login, calls over both doors and refreshes carry proofs, with nonces if asked for. The token alone is worth nothing."""
    file = tmp_path / "dpop.pem"
    file.write_bytes(generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    port = free_port()
    async with OidcProvider.start(
        redirect_uri(port),
        post_logout_redirect_uri=f"{public_url(port)}/",
        access_token_seconds=4,
        client_metadata={"dpop_bound_access_tokens": True},
        require_dpop_nonce=with_nonce,
    ) as provider:
        environment = settings(
            provider.issuer,
            provider.client_id,
            provider.client_secret,
            [{"prefix": "/api", "target": provider.issuer}],  # its userinfo endpoint is the resource: it checks the proofs
            HUB_PROVIDER_DPOP_KEY_FILE=str(file),
            HUB_PROVIDER_SCOPES="openid,profile,email,offline_access",
            HUB_PROVIDER_AUTHORIZATION_PARAMETERS='{"prompt": "consent"}',
        )
        async with Hub.start(environment, port=port) as hub, Browser(hub.url) as browser:
            page = await browser.open("/hub/login?return_to=/here")
            page = await browser.submit(page, {"login": "alice", "password": provider.users["alice"]})
            assert (await browser.submit(page, {}, button="consent")).url == f"{hub.url}/here"
            channel = await Channel.open(browser)
            while not await provider.events(grant_type="refresh_token"):
                over_http, over_channel = await browser.fetch("/api/me"), await channel.request("GET", "/api/me")
                assert (over_http.status, over_http.json()["sub"]) == (200, "alice")
                assert (over_channel.status, over_channel.body["sub"]) == (200, "alice")
                assert over_http.header("DPoP-Nonce") is None
            assert (await browser.fetch("/api/me")).status == 200
            await channel.close()

            stolen = [value for kind, value in await provider.issued() if kind == "access_token"][-1]
            async with aiohttp.ClientSession() as thief:
                for scheme in ("Bearer", "DPoP"):
                    async with thief.get(f"{provider.issuer}/me", headers={"Authorization": f"{scheme} {stolen}"}) as answer:
                        assert answer.status in (400, 401)
