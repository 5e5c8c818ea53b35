"""Where the hub gets endpoints and keys from (OpenID Connect Discovery 1.0 section 4, Core 1.0 section 10.1.1)."""

import asyncio

import pytest

from hub.oidc.provider_documents import RENEWAL_SECONDS
from tests.conformance.visitor import require_login, require_refusal
from tests.parties.hostile_provider import HostileProvider
from tests.parties.signing import SigningKey
from tests.web.conftest import BuildHouse, House


async def test_oidcc_client_test_discovery_openid_config(house: House) -> None:
    """Endpoints come from the discovery document alone: none is in the settings."""
    await require_login(house)

    assert house.provider.calls("/.well-known/openid-configuration") == 1


@pytest.mark.expects_log
async def test_oidcc_client_test_discovery_issuer_mismatch(build_house: BuildHouse) -> None:
    """C13: metadata of another issuer than the settings name is refused whole: nobody is sent to its endpoints."""

    def mismatch(provider: HostileProvider) -> None:
        provider.metadata = {"issuer": provider.issuer + "/"}

    async with build_house(mismatch) as house:
        await require_refusal(house)

        assert house.provider.calls("/authorize") == 0
        assert (await house.ask("/readyz", admin=True)).status == 503


async def test_oidcc_client_test_discovery_jwks_uri_keys(build_house: BuildHouse) -> None:
    """Keys come from the `jwks_uri` of the metadata, wherever that is, and other entries there do no harm."""

    def move(provider: HostileProvider) -> None:
        provider.metadata = {"jwks_uri": f"{provider.issuer}/jwks?of=the-hub"}
        provider.published_keys += [{"kty": "unheard-of", "kid": "odd"}, SigningKey.ec("curve").public]

    async with build_house(move) as house:
        await require_login(house)

        assert house.provider.calls("/jwks") == 1


async def test_oidcc_client_test_signing_key_rotation(house: House) -> None:
    """A provider that has replaced its key since the last login loses no login: the key set is read again."""
    await require_login(house)
    house.provider.rotate_keys("second")
    await house.clock.advance(RENEWAL_SECONDS)
    await require_login(house)

    assert house.provider.calls("/jwks") == 2


async def test_oidcc_client_test_signing_key_rotation_just_before_signing(house: House) -> None:
    """A key that appears beside the old one between the authorization request and the token response is found."""
    await require_login(house)
    await house.clock.advance(RENEWAL_SECONDS)
    held = house.provider.hold("/token")
    async with house.browser(logged_in=False) as browser:
        login = asyncio.create_task(browser.open("/hub/login"))
        await house.provider.asked("/token", 2)
        house.provider.rotate_keys("second", keep_old=True)
        held.set()
        await login
        session = (await browser.fetch("/hub/session")).json()

    assert session["authenticated"] is True


@pytest.mark.expects_log
async def test_withdrawn_key(house: House) -> None:
    """A token that is signed with a key that is not published any more logs nobody in, once the set was read again."""
    await require_login(house)
    house.provider.published_keys = [SigningKey.rsa("second").public]
    house.provider.signing_key = SigningKey.rsa("second")
    await house.clock.advance(RENEWAL_SECONDS)
    await require_login(house)
    house.provider.signing_key = SigningKey.rsa("first")

    await require_refusal(house)
