"""The life of a session: found, touched, ended, and told."""

import asyncio

import pytest

from hub.errors import NotAuthenticated, SessionEnded
from hub.session.event_feed import EventFeed
from hub.session.events import SessionEvent, SessionHasEnded
from hub.session.model import Session, SessionId
from hub.session.sessions import Sessions
from tests.parties.clock import START, ManualClock
from tests.session.samples import make_session


@pytest.fixture
def session_id() -> SessionId:
    """A session id."""
    return SessionId.generate()


@pytest.fixture
async def session(sessions: Sessions, session_id: SessionId) -> Session:
    """A session that has just started."""
    session = make_session(session_id)
    await sessions.start(session)
    return session


async def test_no_session(sessions: Sessions) -> None:
    """Without a cookie, or with one that nobody issued, there is no session; the problem says where to log in."""
    for nobody in (None, SessionId.generate()):
        with pytest.raises(NotAuthenticated) as caught:
            await sessions.current(nobody)
        assert caught.value.problem().as_json()["login_url"] == "/hub/login"


async def test_activity_slides_the_idle_timer(
    sessions: Sessions, session_id: SessionId, session: Session, clock: ManualClock
) -> None:
    """A user who does something every ten minutes stays logged in."""
    for _ in range(5):
        await clock.advance(600)
        await sessions.current(session_id)

    assert (await sessions.current(session_id)).touched_at == START + 3000


async def test_passive_traffic_does_not_slide(
    sessions: Sessions, session_id: SessionId, session: Session, clock: ManualClock
) -> None:
    """Polling that no user caused does not keep a session alive."""
    await clock.advance(600)
    await sessions.current(session_id, passive=True)
    await clock.advance(300)

    with pytest.raises(SessionEnded) as caught:
        await sessions.current(session_id)
    assert caught.value.problem().as_json()["reason"] == "idle"


async def test_absolute_end(sessions: Sessions, session_id: SessionId, session: Session, clock: ManualClock) -> None:
    """Activity does not carry a session beyond its longest life."""
    for _ in range(72):
        await sessions.current(session_id)
        await clock.advance(600)

    with pytest.raises(SessionEnded) as caught:
        await sessions.current(session_id)
    assert caught.value.extensions["reason"] == "absolute"


async def test_end_is_told_once(
    sessions: Sessions, feed: EventFeed, session_id: SessionId, session: Session, clock: ManualClock
) -> None:
    """The end of a session reaches every listener, with its reason, and a second end is none."""
    heard: asyncio.Queue[SessionEvent] = asyncio.Queue()
    listening = asyncio.Event()

    async def on_gap() -> None:
        listening.set()

    task = asyncio.create_task(feed.run(heard.put, on_gap))
    await listening.wait()

    assert await sessions.end(session.key, "logout") == session
    assert await sessions.end(session.key, "logout") is None
    assert await heard.get() == SessionHasEnded(session.key, "logout", clock.now(), session.identity)
    assert heard.empty()
    with pytest.raises(SessionEnded) as caught:
        await sessions.current(session_id)
    assert caught.value.extensions["reason"] == "logout"
    task.cancel()
