"""The providers of the settings, by their names."""

import pytest

from hub.config.settings import ProviderSettings
from hub.errors import BadRequest, ProviderUnavailable
from hub.iris.native_jwt import NativeJwt
from hub.oidc.provider import OpenIDProvider
from hub.oidc.providers import Providers
from tests.oidc.samples import ISSUER, settings
from tests.parties.clock import ManualClock

NATIVE = "http://127.0.0.1:9/native"


@pytest.fixture
async def providers(clock: ManualClock) -> Providers:
    """The main one, one that ends old access tokens, and a native application. None of them is asked anything."""
    return Providers(
        [
            OpenIDProvider(settings(), clock),
            OpenIDProvider(settings(name="killing", refresh_ends_access_token=True), clock),
            NativeJwt(ProviderSettings(kind="iris_native", name="native", issuer=NATIVE), clock),
        ]
    )


async def test_by_name(providers: Providers) -> None:
    """In the order of the settings; a name that is not there is told with those that are."""
    assert [each.name for each in providers] == ["main", "killing", "native"]
    assert len(providers) == 3
    assert providers.main is providers.named("main") is providers.openid("main")
    assert providers.named("native").issuer == NATIVE
    with pytest.raises(BadRequest, match="Known: killing, main, native"):
        providers.named("third")


@pytest.mark.parametrize("name", ["native", "third"])
async def test_openid_only(providers: Providers, name: str) -> None:
    """What is no OpenID Provider has no authorization endpoint to go to."""
    with pytest.raises(BadRequest):
        providers.openid(name)


async def test_of_a_session(providers: Providers) -> None:
    """Name and issuer have to fit: a provider under the name of another one must not get its tokens."""
    assert providers.of("main", ISSUER).name == "main"
    for name, issuer in (("main", "https://evil.example"), ("third", ISSUER), ("native", ISSUER)):
        with pytest.raises(ProviderUnavailable):
            providers.of(name, issuer)


async def test_who_ends_old_access_tokens(providers: Providers) -> None:
    """Calls wait for refreshes of those, and of no other."""
    assert providers.invalidating == {"killing", "native"}


async def test_keys_of_bound_tokens(providers: Providers) -> None:
    """Nobody binds tokens to a key unless the settings say so."""
    assert providers.dpop_keys == {}


async def test_troubles(providers: Providers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each provider at which nobody can log in is named, the main one without its name."""
    monkeypatch.setattr(OpenIDProvider, "status", lambda self: None if self.name == "killing" else "not found")
    monkeypatch.setattr(NativeJwt, "status", lambda _: "down")

    assert providers.troubles() == {"provider": "not found", "provider native": "down"}
