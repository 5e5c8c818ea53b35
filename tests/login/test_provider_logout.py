"""Logout at the provider, where there are several: each ends sessions of its own users only."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from hub.config.settings import ProviderSettings
from hub.errors import BadRequest, SessionEnded, StoreUnavailable
from hub.iris.native_jwt import NativeJwt
from hub.login.provider_logout import ProviderLogout
from hub.oidc.provider import OpenIDProvider
from hub.oidc.providers import Providers
from hub.primitives.secret import Secret
from hub.session.codec import RecordCodec
from hub.session.event_feed import EventFeed
from hub.session.keyring import Keyring
from hub.session.logout_tokens import LogoutTokenStore
from hub.session.model import Lifetimes, Session, SessionId
from hub.session.node_registry import NodeRegistry
from hub.session.redis_client import Redis, connect
from hub.session.revocations import RevocationQueue
from hub.session.sessions import Sessions
from hub.session.store import SessionStore
from hub.telemetry.metrics import Metrics
from tests.parties.clock import ManualClock
from tests.parties.hostile_provider import CLIENT_ID, CLIENT_SECRET, HostileProvider
from tests.session.samples import make_node, make_session

SID = "provider-session"  # both providers may well use the same one


@dataclass
class Parties:
    """Two providers, each with a session of a user called alice at the hub."""

    logout: ProviderLogout
    sessions: Sessions
    first: HostileProvider
    second: HostileProvider
    of_first: Session
    of_second: Session
    keyring: Keyring
    key: bytes
    redis: Redis

    async def living(self) -> list[str]:
        """Return the names of the providers whose session lives."""
        found = []
        for session in (self.of_first, self.of_second):
            try:
                found.append((await self.sessions.by_key(session.key)).provider)
            except SessionEnded:
                continue
        return found


@pytest.fixture
async def parties(redis_url: str, clock: ManualClock) -> AsyncIterator[Parties]:
    """Everything that a logout at a provider touches."""
    key = secrets.token_bytes(32)
    client, keyring = connect(redis_url, 2.0), Keyring([key])
    codec = RecordCodec(keyring)
    lifetimes = Lifetimes(900, 43200)
    sessions = Sessions(
        SessionStore(client, codec, lifetimes, clock),
        EventFeed(client, keyring, clock, Metrics()),
        RevocationQueue(client, codec),
        lifetimes,
        clock,
        Metrics(),
    )
    async with HostileProvider.start() as first, HostileProvider.start() as second:
        first.now = second.now = clock.now
        providers = Providers(
            [
                OpenIDProvider(_settings("main", first.issuer), clock),
                OpenIDProvider(_settings("second", second.issuer), clock),
                NativeJwt(ProviderSettings(kind="iris_native", name="native", issuer="http://127.0.0.1:9"), clock),
            ]
        )
        for name in ("main", "second"):
            await providers.openid(name).start()
        of_first, of_second = (
            replace(make_session(SessionId.generate()), provider=name, issuer=party.issuer, provider_session_id=SID)
            for name, party in (("main", first), ("second", second))
        )
        await sessions.start(of_first)
        await sessions.start(of_second)
        nodes = NodeRegistry(client, lambda: make_node(*keyring.key_ids), clock)
        logout = ProviderLogout(sessions, providers, LogoutTokenStore(client), nodes, clock)
        yield Parties(logout, sessions, first, second, of_first, of_second, keyring, key, client)
        for name in ("main", "second"):
            await providers.openid(name).close()
    await client.aclose()


def _settings(name: str, issuer: str) -> ProviderSettings:
    return ProviderSettings(name=name, issuer=issuer, client_id=CLIENT_ID, client_secret=Secret(CLIENT_SECRET))


@pytest.mark.parametrize("claims", [{}, {"sid": None}])
async def test_back_channel(parties: Parties, claims: dict[str, None]) -> None:
    """L9: users and sessions of other issuers stay, though `sub` and `sid` read the same."""
    assert await parties.logout.by_token("second", Secret(parties.second.logout_token(**claims))) == 1
    assert await parties.living() == ["main"]


async def test_token_of_another_provider(parties: Parties) -> None:
    """L3: at the address of one provider the token of another is refused, and still serves at its own."""
    token = Secret(parties.second.logout_token())
    with pytest.raises(BadRequest):
        await parties.logout.by_token("main", token)
    assert await parties.living() == ["main", "second"]

    assert await parties.logout.by_token("second", token) == 1


async def test_token_that_is_sent_twice(parties: Parties) -> None:
    """L8: a logout token counts once, until it has expired; it ends no session that began after it."""
    token = Secret(parties.second.logout_token())
    await parties.logout.by_token("second", token)
    later = replace(parties.of_second, key=SessionId.generate().key)
    await parties.sessions.start(later)
    with pytest.raises(BadRequest, match="before"):
        await parties.logout.by_token("second", token)

    assert await parties.sessions.by_key(later.key) == later


async def test_token_that_ended_nothing_may_be_sent_again(parties: Parties, monkeypatch: pytest.MonkeyPatch) -> None:
    """While Redis does not answer nobody is logged out, so the provider may try again with the same token."""

    async def fail(*_: object) -> None:
        raise StoreUnavailable

    token = Secret(parties.second.logout_token())
    with monkeypatch.context() as patch:
        patch.setattr(parties.sessions, "end", fail)
        with pytest.raises(StoreUnavailable):
            await parties.logout.by_token("second", token)

    assert await parties.logout.by_token("second", token) == 1


@pytest.mark.expects_log
async def test_session_that_another_node_can_open(parties: Parties, clock: ManualClock) -> None:
    """The provider is told to try again, where another node has the session key; the token is still good there."""
    key, token = secrets.token_bytes(32), Secret(parties.second.logout_token())
    own = parties.keyring.key_ids
    parties.keyring.replace([key])
    assert await parties.logout.by_token("second", Secret(parties.second.logout_token(jti="nobody-has-the-key"))) == 0

    await NodeRegistry(parties.redis, lambda: make_node(*own, name="other:8080"), clock).announce()
    with pytest.raises(StoreUnavailable):
        await parties.logout.by_token("second", token)
    with pytest.raises(StoreUnavailable):
        await parties.logout.by_browser("second", parties.second.issuer, SID)
    parties.keyring.replace([key, parties.key])

    assert await parties.living() == ["main", "second"]
    assert await parties.logout.by_token("second", token) == 1


@pytest.mark.parametrize(("claims", "ended"), [({"sub": "bob"}, 0), ({"sub": None}, 1), ({"sub": "bob", "sid": None}, 0)])
async def test_whom_a_token_names(parties: Parties, claims: dict[str, str | None], ended: int) -> None:
    """Subject and session have to fit both, where both are named; the session alone is enough, too."""
    assert await parties.logout.by_token("second", Secret(parties.second.logout_token(**claims))) == ended


async def test_front_channel(parties: Parties) -> None:
    """F1: `iss` has to be that of the provider whose address it is."""
    with pytest.raises(BadRequest):
        await parties.logout.by_browser("main", parties.second.issuer, SID)
    assert await parties.living() == ["main", "second"]

    assert await parties.logout.by_browser("second", parties.second.issuer, SID) == 1
    assert await parties.living() == ["main"]


@pytest.mark.parametrize("name", ["native", "unknown"])
async def test_no_openid_provider(parties: Parties, name: str) -> None:
    """What is no OpenID Provider, or is not there, has no such addresses."""
    with pytest.raises(BadRequest):
        await parties.logout.by_browser(name, "http://127.0.0.1:9", SID)
    with pytest.raises(BadRequest):
        await parties.logout.by_token(name, Secret(parties.first.logout_token()))
