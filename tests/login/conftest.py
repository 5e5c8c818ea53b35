"""Logins and logouts on a real Redis, at two real OpenID Providers, without any HTTP in front."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hub.config.settings import ProviderSettings, SessionSettings
from hub.login.code_flow import BegunLogin, CodeFlow, CompletedLogin
from hub.login.logout import Logout
from hub.login.new_session import Visitor
from hub.oidc.provider import OpenIDProvider
from hub.oidc.providers import Providers
from hub.primitives.secret import Secret
from hub.session.attempts import LoginAttempts
from hub.session.codec import RecordCodec
from hub.session.event_feed import EventFeed
from hub.session.keyring import Keyring
from hub.session.model import Lifetimes, SessionId
from hub.session.node_registry import NodeRegistry
from hub.session.redis_client import Redis, connect
from hub.session.revocations import RevocationQueue
from hub.session.sessions import Sessions
from hub.session.store import SessionStore
from hub.telemetry.metrics import Metrics
from tests.parties.clock import ManualClock
from tests.parties.hostile_provider import CLIENT_ID, CLIENT_SECRET, HostileProvider
from tests.session.samples import make_node

ORIGIN = "https://hub.example"
RETURN_URL = f"{ORIGIN}/"
JITTER = 0.5
VISITOR = Visitor("Firefox on Linux", "192.0.2.1")


@dataclass
class LoginHouse:
    """What logs users in and out, with its parties.

    Attributes:
        main: The provider of logins that name no other; `second` is the other one.
    """

    flow: CodeFlow
    logout: Logout
    sessions: Sessions
    store: SessionStore
    revocations: RevocationQueue
    redis: Redis
    metrics: Metrics
    providers: Providers
    main: HostileProvider
    second: HostileProvider
    keyring: Keyring
    key: bytes

    def logins(self, outcome: str) -> float:
        """Return how many logins are counted under this outcome."""
        return float(self.metrics.logins.labels(outcome)._value.get())

    def response_to(self, login: BegunLogin) -> dict[str, list[str]]:
        """Log in at the provider; return the query of the callback to which it sends the browser."""
        party = self.main if login.url.startswith(self.main.issuer) else self.second
        asked = {name: values[0] for name, values in parse_qs(urlsplit(login.url).query).items()}
        return parse_qs(urlsplit(party.authorize(asked)).query)

    async def complete(self, login: BegunLogin, **changes: Any) -> CompletedLogin:
        """Come back from the provider to `login`; `changes` are arguments of `complete` that differ."""
        arguments: dict[str, Any] = {
            "parameters": self.response_to(login),
            "sealed": login.sealed,
            "present": None,
            "visitor": VISITOR,
        }
        return await self.flow.complete(**{**arguments, **changes})

    async def log_in(self, present: SessionId | None = None) -> SessionId:
        """Log in at the main provider."""
        done = await self.complete(await self.flow.begin("/"), present=present)
        assert done.session_id is not None
        return done.session_id


@pytest.fixture
async def login_house(redis_url: str, clock: ManualClock) -> AsyncIterator[LoginHouse]:
    """Everything in its place, and nobody logged in."""
    key = secrets.token_bytes(32)
    client, keyring = connect(redis_url, 2.0), Keyring([key])
    codec = RecordCodec(keyring)
    lifetimes, metrics = Lifetimes(900, 43200), Metrics()
    store, revocations = SessionStore(client, codec, lifetimes, clock), RevocationQueue(client, codec)
    sessions = Sessions(store, EventFeed(client, keyring, clock, metrics), revocations, lifetimes, clock, metrics)
    settings = SessionSettings(claims=["email"])
    async with HostileProvider.start() as main, HostileProvider.start() as second:
        main.now = second.now = clock.now
        providers = Providers(OpenIDProvider(_settings(*each), clock) for each in (("main", main), ("second", second)))
        await providers.start()
        flow = CodeFlow(
            providers, LoginAttempts(client, codec), sessions, settings, ORIGIN, clock, metrics, jitter=lambda: JITTER
        )
        nodes = NodeRegistry(client, lambda: make_node(*keyring.key_ids), clock)
        logout = Logout(sessions, providers, revocations, nodes, clock, RETURN_URL)
        yield LoginHouse(flow, logout, sessions, store, revocations, client, metrics, providers, main, second, keyring, key)
        await providers.close()
    await client.aclose()


def _settings(name: str, party: HostileProvider) -> ProviderSettings:
    return ProviderSettings(name=name, issuer=party.issuer, client_id=CLIENT_ID, client_secret=Secret(CLIENT_SECRET))
