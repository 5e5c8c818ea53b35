"""Logging in with the hub's own form, at a stand-in of IRIS. Its pages and headers stand in tests/web/test_form_login.py."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from hub.config.settings import ProviderSettings, SessionSettings
from hub.errors import BadRequest, SessionEnded, TooManyRequests
from hub.iris.native_jwt import NativeJwt
from hub.iris.native_messages import CredentialsRefused
from hub.login.form_login import FormLogin, form_token, form_token_matches
from hub.login.new_session import Visitor
from hub.oidc.provider import OpenIDProvider
from hub.oidc.providers import Providers
from hub.primitives.secret import Secret
from hub.session.codec import RecordCodec
from hub.session.cookie import xsrf_token
from hub.session.event_feed import EventFeed
from hub.session.failure_limit import FailureLimiter
from hub.session.keyring import Keyring
from hub.session.model import BrowserId, Lifetimes, SessionId
from hub.session.redis_client import connect
from hub.session.revocations import RevocationQueue
from hub.session.sessions import Sessions
from hub.session.store import SessionStore
from hub.telemetry.metrics import Metrics
from iris_standin import Standin
from tests.parties.clock import START, ManualClock

BROWSER = BrowserId.generate()
PASSWORD = Secret("alice-demo")
VISITOR = Visitor("Firefox on Linux", "192.0.2.1")
JITTER = 0.5


@dataclass
class Native:
    """The form's logins, and IRIS."""

    form: FormLogin
    sessions: Sessions
    standin: Standin
    metrics: Metrics

    async def log_in(
        self,
        user: str = "alice",
        password: Secret = PASSWORD,
        address: str = VISITOR.address,
        present: SessionId | None = None,
        provider: str = "main",
    ) -> SessionId:
        """Send the form."""
        return await self.form.complete(provider, user, password, Visitor(VISITOR.client, address), present)

    def logins(self, outcome: str) -> float:
        """Return how many logins are counted under this outcome."""
        return float(self.metrics.logins.labels(outcome)._value.get())

    def asked(self) -> int:
        """Count the logins that were tried at IRIS."""
        return sum(entry.grant_type == "login" for entry in self.standin.journal.entries("native"))


@pytest.fixture
async def native(redis_url: str, clock: ManualClock) -> AsyncIterator[Native]:
    """A hub whose main provider is a native application; each user may fail twice, each address four times."""
    client, keyring = connect(redis_url, 2.0), Keyring([secrets.token_bytes(32)])
    codec = RecordCodec(keyring)
    lifetimes, metrics = Lifetimes(900, 43200), Metrics()
    store = SessionStore(client, codec, lifetimes, clock)
    feed = EventFeed(client, keyring, clock, metrics)
    sessions = Sessions(store, feed, RevocationQueue(client, codec), lifetimes, clock, metrics)
    settings = SessionSettings(login_attempts_per_user_per_minute=2, login_attempts_per_address_per_minute=4)
    standin = Standin(now=clock.now)
    await standin.start()
    ours = NativeJwt(ProviderSettings(kind="iris_native", issuer=standin.native_url, label="The clinic"), clock)
    other = OpenIDProvider(ProviderSettings(name="other", issuer="http://127.0.0.1:9", client_id="hub"), clock)
    second = NativeJwt(ProviderSettings(name="second", kind="iris_native", issuer=f"{standin.native_url}/"), clock)
    await ours.start()
    await second.start()
    form = FormLogin(
        Providers([ours, other, second]), sessions, FailureLimiter(client, clock), settings, clock, metrics, jitter=lambda: JITTER
    )
    yield Native(form, sessions, standin, metrics)
    await ours.close()
    await second.close()
    await standin.stop()
    await client.aclose()


class TestProviders:
    """Whose users log in with the form."""

    async def test_of_the_native_application(self, native: Native) -> None:
        """Those of an IRIS application in native JWT mode, under the label of the settings."""
        assert [native.form.serves(name) for name in ("main", "other")] == [True, False]
        assert native.form.label("main") == "The clinic"

    async def test_of_others(self, native: Native) -> None:
        """An OpenID Provider has pages of its own, and one that is not there has none: no password goes anywhere."""
        for name in ("other", "third"):
            with pytest.raises(BadRequest):
                native.form.label(name)
            with pytest.raises(BadRequest):
                await native.form.complete(name, "alice", PASSWORD, VISITOR, None)

        assert native.asked() == 0


class TestComplete:
    """What turns user name and password into a session."""

    async def test_session(self, native: Native) -> None:
        """The user is who IRIS says it is, and spaces around the name are no part of it."""
        session = await native.sessions.confirmed(await native.log_in(" alice "))

        assert (session.subject, session.name, session.issuer) == ("alice", "alice", native.standin.native_url)
        assert (session.client, session.address, session.auth_time) == (VISITOR.client, VISITOR.address, START)
        assert session.tokens.expires_at == START + 60
        assert session.tokens.due_at == START + 60 - 12 * (1 + JITTER / 4)
        assert native.logins("completed") == 1

    async def test_replaces_the_present_session(self, native: Native, clock: ManualClock) -> None:
        """The session that the browser had ends."""
        old = await native.log_in()
        new = await native.log_in(present=old)
        await clock.advance(20)
        with pytest.raises(SessionEnded):
            await native.sessions.confirmed(old)

        assert (await native.sessions.confirmed(new)).subject == "alice"

    @pytest.mark.parametrize(
        ("user", "password"),
        [("", "x"), ("   ", "x"), ("a" * 161, "x"), ("alice", ""), ("alice", "x" * 1025)],
        ids=["no-user", "spaces", "long-user", "no-password", "long-password"],
    )
    async def test_what_cannot_be_right(self, native: Native, user: str, password: str) -> None:
        """IRIS is not bothered with it, and it is no attempt of anybody."""
        for _ in range(5):
            with pytest.raises(CredentialsRefused):
                await native.log_in(user, Secret(password))

        assert native.asked() == 0

    @pytest.mark.parametrize(("user", "password"), [("a" * 160, "x"), ("alice", "x" * 1024)])
    async def test_what_is_just_short_enough(self, native: Native, user: str, password: str) -> None:
        """IRIS decides."""
        with pytest.raises(CredentialsRefused):
            await native.log_in(user, Secret(password))

        assert (native.asked(), native.logins("refused")) == (1, 1)


@pytest.mark.expects_log
class TestGuessing:
    """How often somebody may be wrong."""

    async def test_of_one_user(self, native: Native) -> None:
        """Upper and lower case are the same user. Nothing goes to IRIS once there were too many."""
        for user in ("alice", "ALICE"):
            with pytest.raises(CredentialsRefused):
                await native.log_in(user, Secret("wrong"))
        with pytest.raises(TooManyRequests) as caught:
            await native.log_in("Alice")

        assert caught.value.retry_after_seconds == 60.0
        assert (native.asked(), native.logins("refused"), native.logins("limited")) == (2, 2, 1)

    async def test_of_another_provider(self, native: Native) -> None:
        """The same name at another provider is another user: neither failures here count there, nor does a success there here."""
        for _ in range(2):
            with pytest.raises(CredentialsRefused):
                await native.log_in("alice", Secret("wrong"))

        assert await native.log_in("alice", provider="second") is not None
        with pytest.raises(TooManyRequests):
            await native.log_in("alice")

    async def test_of_one_address(self, native: Native) -> None:
        """Other names do not help; another address does. IPv6 addresses of one network are one."""
        for number in range(4):
            with pytest.raises(CredentialsRefused):
                await native.log_in(f"user-{number}", Secret("wrong"), f"2001:db8::{number + 1}")
        with pytest.raises(TooManyRequests):
            await native.log_in(address="2001:db8::9")

        assert await native.log_in(address="2001:db8:0:1::1") is not None

    async def test_success_forgives_the_user(self, native: Native) -> None:
        """Who knows the password has all attempts again."""
        for _ in range(3):
            with pytest.raises(CredentialsRefused):
                await native.log_in("alice", Secret("wrong"))
            await native.log_in()

    async def test_success_is_no_attempt_of_the_address(self, native: Native) -> None:
        """Many people behind one proxy log in."""
        for _ in range(10):
            await native.log_in()


def test_belongs_to_browser_and_provider() -> None:
    """A token is good for the browser and the provider that it was made for, and for no other."""
    token = form_token(BROWSER, "main")

    assert form_token_matches(BROWSER, "main", token)
    assert not form_token_matches(BrowserId.generate(), "main", token)
    assert not form_token_matches(BROWSER, "other", token)


def test_anything_else() -> None:
    """Empty, shortened and foreign texts are refused, not taken for an error."""
    for text in ("", form_token(BROWSER, "main")[:-1], "é" * 64, "\x00"):
        assert not form_token_matches(BROWSER, "main", text)


def test_discloses_nothing() -> None:
    """The token shows neither the cookie, nor is it the CSRF token of a session that would have the same id."""
    assert BROWSER.reveal() not in form_token(BROWSER, "main")
    assert form_token(BROWSER, "main") != xsrf_token(SessionId(BROWSER.reveal()))
