"""Sessions whose provider is not in the settings of this node: refused, and left to nodes that have it."""

import secrets
from dataclasses import replace

import pytest

from hub.errors import NotAuthenticated
from hub.session.event_feed import EventFeed
from hub.session.keyring import Keyring
from hub.session.known_providers import KnownProviders
from hub.session.model import ProviderMissing, SessionId
from hub.session.revocations import RevocationQueue
from hub.session.sessions import Sessions
from hub.session.store import SessionStore
from hub.telemetry.metrics import Metrics
from tests.parties.clock import START, ManualClock
from tests.session.conftest import LIFETIMES
from tests.session.samples import ISSUERS, make_session

FORMER = secrets.token_bytes(32)


@pytest.fixture
def sessions(store: SessionStore, feed: EventFeed, revocations: RevocationQueue, clock: ManualClock) -> Sessions:
    """The sessions of a node with one provider."""
    return Sessions(store, feed, revocations, LIFETIMES, clock, Metrics(), KnownProviders(ISSUERS))


@pytest.mark.parametrize("changes", [{"provider": "lab"}, {"issuer": "https://former.example"}])
def test_provider_is_a_name_and_an_issuer(changes: dict[str, str]) -> None:
    """A name that another issuer has now is another provider."""
    known = KnownProviders(ISSUERS)

    assert known.has_that_of(make_session())
    assert not known.has_that_of(replace(make_session(), **changes))
    assert KnownProviders().has_that_of(replace(make_session(), **changes))


@pytest.mark.expects_log
async def test_refused_and_kept(
    sessions: Sessions, store: SessionStore, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The user is asked to log in, by the store and by the cache; the record stays, without new activity. It is logged once."""
    session_id = SessionId.generate()
    session = replace(make_session(session_id), provider="lab")
    await store.create(session)
    sessions.feed_began()
    await clock.advance(60)
    for find in (sessions.current, sessions.confirmed):
        for passive in (False, True):
            with pytest.raises(ProviderMissing) as caught:
                await find(session_id, passive=passive)
            assert isinstance(caught.value, NotAuthenticated)
            assert caught.value.extensions == {"login_url": "/hub/login", "reason": "provider_removed"}
            assert sessions.cached(session_id, passive=True) is None

    assert (await sessions.by_key(session.key)).touched_at == START
    assert caplog.text.count("session.provider_unknown") == 1


@pytest.mark.expects_log
async def test_can_be_ended(sessions: Sessions, store: SessionStore, revocations: RevocationQueue, keyring: Keyring) -> None:
    """Whoever may end it can. Its tokens wait for a node that knows the provider, in a record that such a node can read."""
    former, latest = FORMER, secrets.token_bytes(32)
    keyring.replace([former])
    unknown, known = replace(make_session(), provider="lab"), make_session()
    for session in (unknown, known):
        await store.create(session)
    keyring.replace([latest, former])
    for session in (unknown, known):
        assert await sessions.end(session.key, "logout") == session
    keyring.replace([former])  # as at a node that has the provider, and not the latest key

    assert [each.key for each in await revocations.claim(START + 60, 10)] == [unknown.key]
