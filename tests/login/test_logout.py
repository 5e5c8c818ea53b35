"""Logging out: here first, then at the provider, and the tokens at last."""

import secrets
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from hub.errors import SessionEnded, StoreUnavailable
from hub.oidc.dialect import ProviderDialect
from hub.oidc.metadata import ProviderMetadata
from hub.session.model import Session, SessionId
from hub.session.node_registry import NodeRegistry
from tests.login.conftest import RETURN_URL, LoginHouse
from tests.parties.audit import Audit
from tests.parties.clock import ManualClock
from tests.parties.hostile_provider import CannedAnswer
from tests.session.samples import make_node


async def reason_of(house: LoginHouse, session_id: SessionId) -> str:
    """Return why a session has ended; empty: it lives."""
    try:
        await house.sessions.confirmed(session_id)
    except SessionEnded as error:
        return str(error.extensions["reason"])
    return ""


def by_id_token(_metadata: ProviderMetadata) -> ProviderDialect:
    """Recognize a provider whose end-session endpoint wants the ID token."""
    return ProviderDialect(ends_session_by_id_token=True)


async def test_browser_visits_the_provider(login_house: LoginHouse) -> None:
    """RP-Initiated Logout 1.0 section 2: the browser goes to the end-session endpoint and back; no ID token stands in the URL."""
    session_id = await login_house.log_in()
    destination = urlsplit(await login_house.logout.end(session_id))
    query = parse_qs(destination.query)

    assert destination._replace(query="").geturl() == f"{login_house.main.issuer}/logout"
    assert (query["post_logout_redirect_uri"], query["client_id"], "id_token_hint" in query) == ([RETURN_URL], ["hub"], False)
    assert await reason_of(login_house, session_id) == "logout"


async def test_ends_at_the_provider_directly(login_house: LoginHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub calls the provider, with the latest ID token, after its own session has ended and before tokens are revoked."""
    monkeypatch.setattr(login_house.providers.openid("main"), "_dialect_of", by_id_token)
    session_id = await login_house.log_in()
    session = await login_house.sessions.confirmed(session_id)
    destination = await login_house.logout.end(session_id)
    (asked,) = (request for request in login_house.main.requests if request.path == "/logout")

    assert destination == RETURN_URL
    assert session.tokens.id_token is not None
    assert asked.arguments["id_token_hint"] == session.tokens.id_token.reveal()
    assert login_house.main.calls("/revoke") == 0


async def test_revocation_waits_no_longer(login_house: LoginHouse, clock: ManualClock) -> None:
    """The tokens are due for their revocation as soon as the session at the provider has ended, not a minute later."""
    session_id = await login_house.log_in()
    session = await login_house.sessions.confirmed(session_id)
    await login_house.logout.end(session_id)
    (revocation,) = await login_house.revocations.claim(clock.now(), 10)

    assert (revocation.key, revocation.access_token) == (session.key, session.tokens.access_token)


async def test_without_a_session(login_house: LoginHouse) -> None:
    """Who is not logged in, or not any more, goes back to the application; the provider is not asked."""
    session_id = await login_house.log_in()
    await login_house.sessions.end(session_id.key, "operator")

    assert [await login_house.logout.end(each) for each in (session_id, SessionId.generate())] == [RETURN_URL, RETURN_URL]
    assert await reason_of(login_house, session_id) == "operator"
    assert login_house.main.calls("/logout") == 0


async def test_ended_by_another_tab_meanwhile(login_house: LoginHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two logouts at the same time one ends the session; the other goes back to the application."""
    session_id = await login_house.log_in()
    by_key = login_house.sessions.by_key

    async def late(key: str) -> Session:
        session = await by_key(key)
        await login_house.sessions.end(session.key, "logout")
        return session

    monkeypatch.setattr(login_house.sessions, "by_key", late)

    assert await login_house.logout.end(session_id) == RETURN_URL


class TestEverywhere:
    """All sessions of the user."""

    async def test_other_sessions_end_too(self, login_house: LoginHouse, caplog: pytest.LogCaptureFixture) -> None:
        """Each is told why; sessions of other users live on; the audit says from where."""
        mine, elsewhere = await login_house.log_in(), await login_house.log_in()
        stranger = SessionId.generate()
        session = await login_house.sessions.confirmed(mine)
        await login_house.sessions.start(replace(session, key=stranger.key, subject="bob"))
        audit = Audit(caplog)
        audit.take()
        await login_house.logout.end(mine, "192.0.2.7", everywhere=True)

        reasons = [await reason_of(login_house, each) for each in (mine, elsewhere, stranger)]
        assert reasons == ["logout", "elsewhere", ""]
        assert [(event["reason"], event["address"]) for event in audit.take()] == [
            ("elsewhere", "192.0.2.7"),
            ("logout", "192.0.2.7"),
        ]

    async def test_only_here(self, login_house: LoginHouse) -> None:
        """Without being asked to, a logout ends one session."""
        mine, elsewhere = await login_house.log_in(), await login_house.log_in()
        await login_house.logout.end(mine)

        assert [await reason_of(login_house, each) for each in (mine, elsewhere)] == ["logout", ""]

    async def test_all_tokens_are_revoked(self, login_house: LoginHouse, clock: ManualClock) -> None:
        """Those of the other sessions at once: there is no session at the provider to wait for."""
        ids = [await login_house.log_in() for _ in range(3)]
        await login_house.logout.end(ids[0], everywhere=True)

        assert {each.key for each in await login_house.revocations.claim(clock.now(), 10)} == {each.key for each in ids}


@pytest.mark.expects_log
class TestKeyOfAnotherNode:
    """Sessions that this node cannot open, because it lacks their session key."""

    async def announce(self, login_house: LoginHouse, clock: ManualClock) -> None:
        """Take the key away from this node, and let another one say that it has it."""
        other = make_node(*login_house.keyring.key_ids, name="other:8080")
        login_house.keyring.replace([secrets.token_bytes(32)])
        await NodeRegistry(login_house.redis, lambda: other, clock).announce()

    async def test_another_node_can_end_it(self, login_house: LoginHouse, clock: ManualClock) -> None:
        """The user is not told that they are logged out as long as they are not; the session goes on, and its node ends it."""
        session_id = await login_house.log_in()
        await self.announce(login_house, clock)
        with pytest.raises(StoreUnavailable, match="another one has"):
            await login_house.logout.end(session_id)
        login_house.keyring.replace([login_house.key])

        assert await reason_of(login_house, session_id) == ""
        await login_house.logout.end(session_id)
        assert await reason_of(login_house, session_id) == "logout"

    async def test_nobody_can_open_it(self, login_house: LoginHouse) -> None:
        """A key that was taken out everywhere leaves nothing to end: the cookie is deleted."""
        session_id = await login_house.log_in()
        login_house.keyring.replace([secrets.token_bytes(32)])

        assert await login_house.logout.end(session_id) == RETURN_URL

    async def test_everywhere(self, login_house: LoginHouse, clock: ManualClock) -> None:
        """If one of the others cannot be ended here, the present session goes on, so that the user can try again."""
        elsewhere = await login_house.log_in()
        await self.announce(login_house, clock)
        mine = await login_house.log_in()
        with pytest.raises(StoreUnavailable, match="another one has"):
            await login_house.logout.end(mine, everywhere=True)

        assert await reason_of(login_house, mine) == ""
        await login_house.logout.end(mine)
        login_house.keyring.replace([login_house.key])
        assert await reason_of(login_house, elsewhere) == ""


class TestTrouble:
    """A logout succeeds here whatever happens elsewhere."""

    @pytest.mark.expects_log
    async def test_provider_does_not_answer(
        self, login_house: LoginHouse, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The session here is over, the browser goes back to the application, and the tokens are revoked later."""
        monkeypatch.setattr(login_house.providers.openid("main"), "_dialect_of", by_id_token)
        login_house.main.answers["/logout"] = CannedAnswer(503)
        session_id = await login_house.log_in()

        assert await login_house.logout.end(session_id) == RETURN_URL
        assert await reason_of(login_house, session_id) == "logout"
        assert len(await login_house.revocations.claim(clock.now(), 10)) == 1

    @pytest.mark.expects_log
    async def test_provider_is_gone(self, login_house: LoginHouse) -> None:
        """A session of a provider that the settings do not hold any more can be ended."""
        session = await login_house.sessions.confirmed(await login_house.log_in())
        orphan = SessionId.generate()
        await login_house.sessions.start(replace(session, key=orphan.key, provider="gone"))

        assert await login_house.logout.end(orphan) == RETURN_URL
        assert await reason_of(login_house, orphan) == "logout"

    async def test_store_does_not_answer(self, login_house: LoginHouse, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nobody is told that they are logged out when they are not, and nothing happens at the provider."""
        session_id = await login_house.log_in()

        async def fail(*_: object) -> None:
            raise StoreUnavailable

        monkeypatch.setattr(login_house.store, "end", fail)
        with pytest.raises(StoreUnavailable):
            await login_house.logout.end(session_id)

        assert login_house.main.calls("/logout") == 0

    async def test_revocation_that_cannot_be_hastened(
        self, login_house: LoginHouse, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The user is logged out all the same; the revocation is due by itself after a minute."""
        session_id = await login_house.log_in()

        async def fail(*_: object) -> None:
            raise StoreUnavailable

        monkeypatch.setattr(login_house.revocations, "hasten", fail)
        destination = await login_house.logout.end(session_id)
        early = await login_house.revocations.claim(clock.now() + 59, 10)

        assert destination.startswith(f"{login_house.main.issuer}/logout?")
        assert (len(early), len(await login_house.revocations.claim(clock.now() + 60, 10))) == (0, 1)
