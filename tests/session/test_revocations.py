"""What has to be revoked, on a real Redis."""

import secrets
from dataclasses import replace

import pytest

from hub.session.codec import RecordCodec
from hub.session.keyring import Keyring
from hub.session.model import EndReason, Revocation, Session, SessionId
from hub.session.redis_client import Redis
from hub.session.revocations import CLAIM_SECONDS, QUEUE, RECORDS, RevocationQueue
from hub.session.sessions import REPLACED_GRACE_SECONDS, REVOKED_AFTER_SECONDS, Sessions
from tests.parties.clock import START, ManualClock
from tests.session.samples import make_session, make_tokens

DAY = 86400.0


async def due(revocations: RevocationQueue, now: float) -> list[str]:
    """Return the keys of the sessions whose tokens somebody should revoke at `now`."""
    return sorted(revocation.key for revocation in await revocations.claim(now, 10))


class TestQueue:
    """Entries, claims and ends."""

    async def test_entry_comes_back_whole(self, revocations: RevocationQueue) -> None:
        """What is claimed is what was put in; not before its time."""
        revocation = Revocation.of(make_session(), START + DAY)
        await revocations.put(revocation, START, START + 5)

        assert await revocations.claim(START + 4, 10) == []
        assert await revocations.claim(START + 5, 10) == [revocation]

    async def test_claimed_once_at_a_time(self, revocations: RevocationQueue) -> None:
        """Two workers do not revoke the same; if the one that has it crashes, another one gets it later."""
        await revocations.put(Revocation.of(make_session(), START + DAY), START, START)
        first, second = await revocations.claim(START, 10), await revocations.claim(START, 10)
        later = await revocations.claim(START + CLAIM_SECONDS, 10)

        assert (len(first), second, later) == (1, [], first)

    async def test_hasten(self, revocations: RevocationQueue) -> None:
        """An entry can be made due earlier, never later, and what is not there does not come up."""
        revocation = Revocation.of(make_session(), START + DAY)
        await revocations.put(revocation, START, START + 60)
        await revocations.hasten(revocation.key, START + 90)
        await revocations.hasten("nobody", START)

        assert await due(revocations, START + 59) == []
        await revocations.hasten(revocation.key, START + 1)
        assert await due(revocations, START + 1) == [revocation.key]

    async def test_forget(self, revocations: RevocationQueue, redis_client: Redis) -> None:
        """Nothing is left of an entry that is done."""
        revocation = Revocation.of(make_session(), START + DAY)
        await revocations.put(revocation, START, START)
        await revocations.forget(revocation.key)

        assert await redis_client.keys("*") == []

    @pytest.mark.expects_log
    async def test_sealed(self, revocations: RevocationQueue, redis_client: Redis) -> None:
        """No token stands in Redis as it is, and no entry can be put in the place of another one."""
        one, other = (Revocation.of(make_session(), START + DAY) for _ in range(2))
        await revocations.put(one, START, START)
        sealed = await redis_client.get(RECORDS + one.key)
        assert sealed is not None
        assert one.refresh_token is not None

        assert one.refresh_token.reveal().encode() not in sealed
        assert one.access_token.reveal().encode() not in sealed
        await redis_client.set(RECORDS + other.key, sealed)
        await redis_client.zadd(QUEUE, {other.key: START})
        assert [found.key for found in await revocations.claim(START, 10)] == [one.key]

    @pytest.mark.expects_log
    async def test_of_another_key(self, revocations: RevocationQueue, redis_client: Redis) -> None:
        """A worker without its session key leaves an entry to the others."""
        await revocations.put(Revocation.of(make_session(), START + DAY), START, START)
        stranger = RevocationQueue(redis_client, RecordCodec(Keyring([secrets.token_bytes(32)])))

        assert await stranger.claim(START, 10) == []
        assert len(await revocations.claim(START, 10)) == 1

    @pytest.mark.parametrize(
        ("refreshable", "refresh_end", "give_up_at"),
        [
            (True, None, START + DAY),
            (True, START + 500, START + 500),
            (True, START + 2 * DAY, START + DAY),
            (False, None, START + 300),
        ],
    )
    def test_no_longer_than_the_tokens(self, refreshable: bool, refresh_end: float | None, give_up_at: float) -> None:
        """Nobody tries longer than the tokens live, or than a day."""
        tokens = replace(make_tokens(refreshable=refreshable), refresh_expires_at=refresh_end)

        assert Revocation.of(make_session(tokens=tokens), START + DAY).give_up_at == give_up_at


class TestEndsOfSessions:
    """Which ends of sessions lead to a revocation, and when."""

    @pytest.mark.parametrize(
        "reason", ["elsewhere", "operator", "provider", "idle", "absolute", "last_channel", "identity", "other_user"]
    )
    async def test_every_end(self, sessions: Sessions, revocations: RevocationQueue, reason: EndReason) -> None:
        """R7009: whatever ended the session, its tokens are revoked, at once."""
        session = make_session()
        await sessions.start(session)
        await sessions.end(session.key, reason)
        found = await revocations.claim(START, 10)

        assert [(one.key, one.access_token, one.refresh_token) for one in found] == [
            (session.key, session.tokens.access_token, session.tokens.refresh_token)
        ]

    async def test_refused(self, sessions: Sessions, revocations: RevocationQueue) -> None:
        """A refresh token that the provider has refused needs no revocation."""
        session = make_session()
        await sessions.start(session)
        await sessions.end(session.key, "refused")

        assert await due(revocations, START + DAY) == []

    async def test_logout_waits(self, sessions: Sessions, revocations: RevocationQueue) -> None:
        """A logout leaves time to end the session at the provider first, as IRIS needs it."""
        session = make_session()
        await sessions.start(session)
        await sessions.end(session.key, "logout")

        assert await due(revocations, START + REVOKED_AFTER_SECONDS["logout"] - 1) == []
        assert await due(revocations, START + REVOKED_AFTER_SECONDS["logout"]) == [session.key]

    async def test_replaced(self, sessions: Sessions, revocations: RevocationQueue, clock: ManualClock) -> None:
        """The tokens of a session that a new login has replaced are revoked after its grace, in which they may be in use."""
        former, present = make_session(), make_session()
        await sessions.start(former)
        await sessions.start(present, former.key)

        assert await due(revocations, START + REPLACED_GRACE_SECONDS) == []
        assert await due(revocations, START + REVOKED_AFTER_SECONDS["replaced"]) == [former.key]

    async def test_only_once(self, sessions: Sessions, revocations: RevocationQueue) -> None:
        """A second end of the same session queues nothing."""
        session = make_session(SessionId.generate())
        await sessions.start(session)
        await sessions.end(session.key, "operator")
        await revocations.forget(session.key)
        await sessions.end(session.key, "operator")

        assert await due(revocations, START + DAY) == []

    @pytest.mark.expects_log
    async def test_queue_fails(self, sessions: Sessions, redis_client: Redis, session_that_ends: Session) -> None:
        """The session ends even if its tokens cannot be queued: that is what the user has asked for."""
        await redis_client.set(QUEUE, "no sorted set")  # every write to it fails

        assert await sessions.end(session_that_ends.key, "operator") is not None


@pytest.fixture
async def session_that_ends(sessions: Sessions) -> Session:
    """A session that has just started."""
    session = make_session()
    await sessions.start(session)
    return session
