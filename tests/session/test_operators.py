"""What operators may do with sessions, on a real Redis."""

import secrets
from dataclasses import replace

import pytest

from hub.errors import BadRequest, NotFound, SessionEnded
from hub.session.keyring import Keyring
from hub.session.listing import describe, describe_to_operator
from hub.session.model import Session, SessionId
from hub.session.operators import Criteria, Operator, SessionAdministration
from hub.session.sessions import Sessions
from tests.parties.clock import START, ManualClock
from tests.session.conftest import LIFETIMES
from tests.session.samples import make_session

OPERATOR = Operator("command")


@pytest.fixture
def administration(sessions: Sessions) -> SessionAdministration:
    """A administration of a hub with one provider."""
    return SessionAdministration(sessions, ["https://iris.example/oauth2"])


async def start(sessions: Sessions, subject: str, *, now: float = START, **changes: str) -> Session:
    """Start a session."""
    session = replace(make_session(subject=subject, now=now), **changes)
    await sessions.start(session)
    return session


async def test_find(administration: SessionAdministration, sessions: Sessions, clock: ManualClock) -> None:
    """Sessions are found by user, issuer and provider in any combination; the latest login comes first."""
    first = await start(sessions, "alice")
    second = await start(sessions, "alice", now=START + 1, provider="partners", issuer="https://other.example")
    third = await start(sessions, "bob", now=START + 2)

    async def keys(**criteria: str) -> list[str]:
        return [session.key for session in (await administration.find(Criteria(**criteria), 10, OPERATOR)).sessions]

    assert await keys() == [third.key, second.key, first.key]
    assert await keys(subject="alice") == [second.key, first.key]
    assert await keys(subject="alice", issuer=first.issuer) == [first.key]
    assert await keys(subject="alice", issuer=first.issuer, provider="partners") == []
    assert await keys(provider="partners") == [second.key]
    assert await keys(subject="*") == []


async def test_limit(administration: SessionAdministration, sessions: Sessions) -> None:
    """Of many sessions the latest are shown, and that there are more."""
    started = [await start(sessions, f"user-{number}", now=START + number) for number in range(5)]
    found = await administration.find(Criteria(), 2, OPERATOR)

    assert [session.key for session in found.sessions] == [started[4].key, started[3].key]
    assert found.more
    assert not (await administration.find(Criteria(), 5, OPERATOR)).more


async def test_ended_and_expired_sessions_are_not_listed(
    administration: SessionAdministration, sessions: Sessions, clock: ManualClock
) -> None:
    """A list shows who is logged in, not who was."""
    await sessions.end((await start(sessions, "alice")).key, "logout")
    await start(sessions, "bob")
    await clock.advance(901)

    assert (await administration.find(Criteria(), 10, OPERATOR)).sessions == []


@pytest.mark.parametrize("length", [12, 40, 64])
async def test_end_one(administration: SessionAdministration, sessions: Sessions, length: int) -> None:
    """The 12 characters that the log shows are enough; the user is told who ended the session, and nobody else's ends."""
    session_id = SessionId.generate()
    await sessions.start(make_session(session_id))
    other = await start(sessions, "alice")
    await administration.end(session_id.key[:length], OPERATOR)

    with pytest.raises(SessionEnded) as caught:
        await sessions.current(session_id)
    assert caught.value.extensions["reason"] == "operator"
    assert (await sessions.by_key(other.key)).key == other.key


@pytest.mark.parametrize(
    ("handle", "error"),
    [("0" * 64, NotFound), ("0" * 12, NotFound), ("0" * 11, BadRequest), ("*" * 12, BadRequest), ("", BadRequest)],
)
async def test_end_of_nothing(
    administration: SessionAdministration, sessions: Sessions, handle: str, error: type[Exception]
) -> None:
    """A handle that names nothing, is too short, or is a pattern, ends nothing."""
    session = await start(sessions, "alice")
    with pytest.raises(error):
        await administration.end(handle, OPERATOR)

    assert (await sessions.by_key(session.key)).key == session.key


async def test_ambiguous_handle(administration: SessionAdministration, sessions: Sessions) -> None:
    """The beginning of two sessions ends neither."""
    for last in "ab":
        await start(sessions, "alice", key="0123456789ab" + last * 52)
    with pytest.raises(BadRequest):
        await administration.end("0123456789ab", OPERATOR)

    assert len((await administration.find(Criteria(), 10, OPERATOR)).sessions) == 2


@pytest.mark.expects_log
@pytest.mark.parametrize("length", [12, 64])
async def test_session_of_a_key_that_is_missing(
    administration: SessionAdministration, sessions: Sessions, keyring: Keyring, length: int
) -> None:
    """The operator learns which key this node lacks, whether the handle is short or not, and the session goes on."""
    session, former = await start(sessions, "alice"), keyring.key_ids[0]
    keyring.replace([secrets.token_bytes(32)])
    with pytest.raises(NotFound, match=f"lacks the session key {former},.* nothing was done"):
        await administration.end(session.key[:length], OPERATOR)
    with pytest.raises(NotFound, match="There is no such session"):
        await administration.end("0" * length, OPERATOR)


async def test_end_all_of_a_user(administration: SessionAdministration, sessions: Sessions) -> None:
    """All sessions of one user end, at one issuer or at all."""
    await start(sessions, "alice")
    await start(sessions, "alice", issuer="https://other.example")
    bob = await start(sessions, "bob")

    assert await administration.end_all(Criteria(subject="alice", issuer="https://other.example"), OPERATOR) == 1
    assert await administration.end_all(Criteria(subject="alice"), OPERATOR) == 1
    assert await administration.end_all(Criteria(subject="alice"), OPERATOR) == 0
    assert (await sessions.by_key(bob.key)).subject == "bob"
    assert await administration.end_all(Criteria(), OPERATOR) == 1


async def test_user_of_several_issuers(sessions: Sessions) -> None:
    """Where several providers have users, a subject alone ends nobody's sessions; issuer or provider say whose."""
    administration = SessionAdministration(sessions, ["https://iris.example/oauth2", "https://other.example"])
    first = await start(sessions, "alice")
    await start(sessions, "alice", provider="partners", issuer="https://other.example")

    with pytest.raises(BadRequest, match=r"Add issuer \(https://iris\.example/oauth2 or https://other\.example\), or provider\."):
        await administration.end_all(Criteria(subject="alice"), OPERATOR)
    assert len((await administration.find(Criteria(subject="alice"), 10, OPERATOR)).sessions) == 2
    assert await administration.end_all(Criteria(subject="alice", provider="partners"), OPERATOR) == 1
    assert await administration.end_all(Criteria(subject="alice", issuer=first.issuer), OPERATOR) == 1


async def test_acts_are_audited(
    administration: SessionAdministration, sessions: Sessions, caplog: pytest.LogCaptureFixture
) -> None:
    """Who looked and who ended what stands in the audit, by whom and from where."""
    session = await start(sessions, "alice")
    caplog.clear()
    at_administration = Operator("http", "192.0.2.7")
    await administration.find(Criteria(subject="alice"), 10, at_administration)
    await administration.end(session.key, at_administration)

    events = [record.msg for record in caplog.records if record.name == "hub.audit"]
    assert [event["event"] for event in events] == ["audit.operator_listed", "audit.session_ended", "audit.operator_ended"]
    assert {event["address"] for event in events} == {"192.0.2.7"}
    assert events[1] | {"reason": "operator", "by": "operator", "session_ref": session.ref, "subject": "alice"} == events[1]


def test_nothing_secret_is_listed() -> None:
    """No list holds a token, or anything with which the session could be used."""
    session = make_session()
    shown = str(describe(session, LIFETIMES, START)) + str(describe_to_operator(session, LIFETIMES, START))
    tokens = session.tokens
    hidden = [token.reveal() for token in (tokens.access_token, tokens.refresh_token, tokens.id_token) if token]

    assert [secret for secret in [*hidden, "sid-1"] if secret in shown] == []
