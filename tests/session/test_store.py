"""The store on a real Redis: compare-and-set, tombstones, attempts, and what a thief of Redis would find."""

import secrets
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from hub.errors import Conflict, StoreUnavailable
from hub.session.attempts import LoginAttempts
from hub.session.codec import RecordCodec
from hub.session.keyring import Keyring
from hub.session.model import Session, SessionInGrace, Tombstone, UnopenedRecord
from hub.session.redis_client import Redis, connect
from hub.session.store import CLAIM_SECONDS, SessionStore
from tests.parties.clock import START, ManualClock
from tests.parties.redis_server import RedisServer
from tests.session.conftest import LIFETIMES
from tests.session.samples import make_attempt, make_session, make_tokens


class TestSession:
    """One session from its start to its tombstone."""

    async def test_round_trip(self, store: SessionStore) -> None:
        """What was created is loaded, tokens included."""
        session = make_session()
        await store.create(session)

        assert await store.load(session.key) == session
        assert await store.load("unknown") is None

    async def test_replace(self, store: SessionStore) -> None:
        """A write counts the version up."""
        session = make_session()
        await store.create(session)
        written = await store.replace_if_unchanged(session.with_tokens(make_tokens()))

        assert written.version == 2
        assert await store.load(session.key) == written

    async def test_late_writer_is_refused(self, store: SessionStore) -> None:
        """Rule 7: of two writers that read the same version the second gets a Conflict and changes nothing."""
        session = make_session()
        await store.create(session)
        first = await store.replace_if_unchanged(session.with_tokens(make_tokens()))

        with pytest.raises(Conflict):
            await store.replace_if_unchanged(session.with_tokens(make_tokens()))
        assert await store.load(session.key) == first

    async def test_touch_is_no_write(self, store: SessionStore) -> None:
        """Activity neither conflicts with a refresh nor is lost by it, and never goes back."""
        session = make_session()
        await store.create(session)
        await store.touch(session, START + 60)
        await store.touch(session, START + 30)
        written = await store.replace_if_unchanged(session)

        assert await store.load(session.key) == replace(written, touched_at=START + 60)

    async def test_ended_session_stays_ended(self, store: SessionStore, clock: ManualClock) -> None:
        """Rule 7: neither a late write nor a touch revives an ended session; its end is told once."""
        session = make_session()
        await store.create(session)

        assert await store.end(session.key, "logout") == session
        assert await store.end(session.key, "idle") is None
        assert not await store.touch(session, START + 1)
        with pytest.raises(Conflict):
            await store.replace_if_unchanged(session)
        assert await store.load(session.key) == Tombstone("logout", clock.now())

    async def test_time_to_live(self, store: SessionStore, redis_client: Redis) -> None:
        """Redis forgets a session some time after its end, and not before."""
        session = make_session()
        await store.create(session)
        expires_at = await redis_client.pexpiretime(f"hub:session:{session.key}") / 1000

        assert LIFETIMES.end(session) < expires_at < LIFETIMES.end(session) + 3600

    @pytest.mark.expects_log
    async def test_key_taken_out_of_the_ring(self, store: SessionStore, redis_client: Redis, clock: ManualClock) -> None:
        """A session sealed with an unknown key counts as none: its user logs in again."""
        session = make_session()
        await store.create(session)
        other = SessionStore(redis_client, RecordCodec(Keyring([secrets.token_bytes(32)])), LIFETIMES, clock)

        assert isinstance(await other.load(session.key), UnopenedRecord)

    @pytest.mark.expects_log
    async def test_record_in_another_place_does_not_open(self, store: SessionStore, redis_client: Redis) -> None:
        """Who can write to Redis cannot give one user's session to another, nor put an older version back."""
        mine, other = make_session(), make_session(subject="mallory")
        await store.create(mine)
        await store.create(other)
        stolen = await redis_client.hget(f"hub:session:{mine.key}", "data")
        assert stolen is not None
        await redis_client.hset(f"hub:session:{other.key}", "data", stolen)
        assert await store.load(other.key) is None

        newer = await store.replace_if_unchanged(mine)
        await redis_client.hset(f"hub:session:{mine.key}", "data", stolen)
        assert newer.version == 2
        assert await store.load(mine.key) is None


class TestForeignRecords:
    """Another program writes to the same Redis."""

    @pytest.mark.expects_log
    @pytest.mark.parametrize("kind", ["set", "rpush", "sadd"])
    async def test_value_of_another_type(self, store: SessionStore, redis_client: Redis, kind: str) -> None:
        """A key with another type of value is no record of a session, and no outage of Redis."""
        session, other = make_session(), make_session(subject="bob")
        await store.create(session)
        await store.create(other)
        await redis_client.delete(f"hub:session:{session.key}")
        await redis_client.execute_command(kind, f"hub:session:{session.key}", "x")

        assert await store.load(session.key) is None
        assert await store.load_token(session.key, "lab") is None
        assert [found.key async for found in store.scan()] == [other.key]
        assert not await store.touch(session, START + 1)
        assert not await store.put_token(session.key, "lab", session.tokens)
        with pytest.raises(Conflict):
            await store.replace_if_unchanged(session)

    async def test_response_to_the_end_is_lost(self, store: SessionStore, redis_client: Redis) -> None:
        """The command that redis-py repeats finds its own tombstone: the end is told, and its tokens are revoked."""
        session = make_session()
        await store.create(session)
        script = store._end

        async def twice(**arguments: Any) -> Any:
            await script(**arguments)
            return await script(**arguments)

        store._end = twice  # type: ignore[assignment]

        assert await store.end(session.key, "logout") == session
        assert await store.end(session.key, "logout") is None


class TestMoved:
    """A login in a browser that had a session: its id stands for the new one for a short grace (ASVS 7.2.4)."""

    async def test_leads_to_its_successor_and_then_nowhere(self, store: SessionStore, clock: ManualClock) -> None:
        """Requests under way find the new session, with the token and login of the old one; then the old id is dead."""
        old = replace(make_session(tokens=replace(make_tokens(), scope="openid")), auth_time=START - 50, acr="silver")
        new = replace(make_session(tokens=replace(make_tokens(), scope="openid admin")), auth_time=START, acr="gold")
        await store.create(old)
        await store.create(new)

        assert await store.move(old.key, new.key, 10) == old
        found = await store.load(old.key)
        assert isinstance(found, SessionInGrace)
        assert (found.key, found.is_replaced, new.is_replaced) == (new.key, True, False)
        assert (found.authenticated_at, found.acr, found.tokens.scope) == (START - 50, "silver", "openid")
        assert (found.tokens.access_token, found.tokens.expires_at) == (old.tokens.access_token, old.tokens.expires_at)
        assert (found.tokens.refresh_token, found.tokens.id_token, found.tokens.due_at) == (None, None, None)
        await clock.advance(10)
        assert await store.load(old.key) == Tombstone("replaced", START + 10)

    async def test_several_logins_in_the_grace(self, store: SessionStore) -> None:
        """The first cookie has the rights of the first login, however many followed; none is less recent than its own."""
        sessions = [replace(make_session(), auth_time=START - age, acr=acr) for age, acr in ((50, "a"), (90, "b"), (0, "c"))]
        for session in sessions:
            await store.create(session)
        for session, successor in pairwise(sessions):
            await store.move(session.key, successor.key, 10)
        first, second = [await store.load(session.key) for session in sessions[:2]]

        assert isinstance(first, Session)
        assert isinstance(second, Session)
        assert (first.key, first.acr, first.authenticated_at) == (sessions[2].key, "a", START - 50)
        assert (second.acr, second.authenticated_at) == ("b", START - 90)

    async def test_takes_no_writes(self, store: SessionStore) -> None:
        """Rule 7: a refresh that was under way for the old id stores nothing."""
        old, new = make_session(), make_session()
        await store.create(old)
        await store.create(new)
        await store.move(old.key, new.key, 10)

        with pytest.raises(Conflict):
            await store.replace_if_unchanged(old)
        assert await store.move(old.key, new.key, 10) is None
        assert await store.claim_due(START + 9999, 10) == [new.key]

    async def test_circle(self, store: SessionStore) -> None:
        """Keys that lead to each other end the search."""
        first, second = make_session(), make_session()
        await store.create(first)
        await store.create(second)
        await store.move(first.key, second.key, 10)
        await store.move(second.key, first.key, 10)

        assert await store.load(first.key) is None


class TestFurtherTokens:
    """Tokens for other audiences live and die with their session."""

    async def test_kept_with_the_session(self, store: SessionStore) -> None:
        """What was put is found under its name, and no longer than the session lives."""
        session, tokens = make_session(), make_tokens()
        await store.create(session)

        assert await store.put_token(session.key, "lab", tokens)
        assert await store.load_token(session.key, "lab") == tokens
        assert await store.load_token(session.key, "x-ray") is None
        await store.end(session.key, "logout")
        assert await store.load_token(session.key, "lab") is None
        assert not await store.put_token(session.key, "lab", tokens)

    @pytest.mark.expects_log
    async def test_cannot_be_moved(self, store: SessionStore, redis_client: Redis) -> None:
        """Rule 6: a token that is put with another session, or under another name, does not open."""
        mine, other = make_session(), make_session(subject="mallory")
        for session in (mine, other):
            await store.create(session)
        await store.put_token(mine.key, "lab", make_tokens())
        stolen = await redis_client.hget(f"hub:session:{mine.key}", "token:lab")
        assert stolen is not None
        await redis_client.hset(f"hub:session:{other.key}", "token:lab", stolen)
        await redis_client.hset(f"hub:session:{mine.key}", "token:x-ray", stolen)

        assert await store.load_token(other.key, "lab") is None
        assert await store.load_token(mine.key, "x-ray") is None


class TestIndexes:
    """Sessions by user and by session at the provider."""

    async def test_by_user_and_provider_session(self, store: SessionStore) -> None:
        """Living sessions are found, ended ones and those of others are not."""
        mine, also_mine, other = make_session(), make_session(), make_session(subject="bob")
        for session in (mine, also_mine, other):
            await store.create(session)
        await store.end(also_mine.key, "logout")

        assert await store.keys_of_user(mine.issuer, mine.subject) == [mine.key]
        assert await store.keys_of_user("https://other.example", mine.subject) == []
        assert set(await store.keys_of_provider_session(mine.issuer, "sid-1")) == {mine.key, other.key}
        assert [session.key async for session in store.scan() if session.subject == "bob"] == [other.key]

    async def test_time_that_is_over(self, store: SessionStore, clock: ManualClock) -> None:
        """A session that nobody ended is not living after its time, and makes room in the index."""
        old = make_session()
        await store.create(old)
        await clock.advance(LIFETIMES.absolute_seconds + 1)
        assert await store.living([old.key]) == []
        new = make_session(now=clock.now())
        await store.create(new)

        assert await store.keys_of_user(new.issuer, new.subject) == [new.key]


class TestSchedule:
    """The sorted set of refreshes."""

    async def test_due_sessions_come_in_order(self, store: SessionStore) -> None:
        """The most urgent come first, and only those that are due."""
        first = make_session(tokens=make_tokens(lifetime=100))
        second = make_session(tokens=make_tokens(lifetime=200))
        never = make_session(tokens=make_tokens(refreshable=False))
        for session in (second, first, never):
            await store.create(session)

        assert await store.claim_due(START + 79, 10) == []
        assert await store.claim_due(START + 999, 1) == [first.key]
        assert await store.claim_due(START + 999, 10) == [second.key]

    async def test_each_is_handed_to_one_worker(self, store: SessionStore) -> None:
        """What was claimed is nobody else's, until its worker has had the time for it."""
        session = make_session(tokens=make_tokens(lifetime=100))
        await store.create(session)

        assert await store.claim_due(START + 99, 10) == [session.key]
        assert await store.claim_due(START + 99 + CLAIM_SECONDS - 0.1, 10) == []
        assert await store.claim_due(START + 99 + CLAIM_SECONDS, 10) == [session.key]

    async def test_ended_session_is_not_due(self, store: SessionStore) -> None:
        """Nothing is refreshed after the end."""
        session = make_session()
        await store.create(session)
        await store.end(session.key, "logout")

        assert await store.claim_due(START + 9999, 10) == []

    async def test_reschedule(self, store: SessionStore) -> None:
        """A failed refresh is looked at again later; None takes it off until its user comes back."""
        session = make_session()
        await store.create(session)
        await store.reschedule(session.key, START + 5000)
        assert await store.claim_due(START + 4999, 10) == []
        assert await store.claim_due(START + 5000, 10) == [session.key]
        await store.reschedule(session.key, None)
        assert await store.claim_due(START + 9999, 10) == []


async def test_redis_holds_no_secret(
    store: SessionStore, attempts: LoginAttempts, redis_client: Redis, redis_server: RedisServer
) -> None:
    """Decision 5: whoever reads all of Redis, or its file, finds no token, verifier or session id."""
    session, attempt = make_session(), make_attempt()
    await store.create(session)
    await store.put_token(session.key, "lab", session.tokens)
    await attempts.use("state", 600)
    file = b"".join(path.read_bytes() for path in redis_server.folder.rglob("*.aof"))
    tokens = session.tokens
    secret_values = [tokens.access_token, tokens.refresh_token, tokens.id_token, attempt.code_verifier]

    assert session.key.encode() in file
    assert attempt.return_to.encode() not in file
    assert [value for value in secret_values if value is None or value.reveal().encode() in file] == []


@pytest.mark.parametrize("outage", ["kill", "pause"])
async def test_outage_is_not_absence(store: SessionStore, clock: ManualClock, keyring: Keyring, outage: str) -> None:
    """Rule 8: a store that does not answer is StoreUnavailable with Retry-After, not a missing session."""
    session = make_session()
    with RedisServer.start() as server:
        client = connect(server.url, 0.2)
        store = SessionStore(client, RecordCodec(keyring), LIFETIMES, clock)
        await store.create(session)
        getattr(server, outage)()

        with pytest.raises(StoreUnavailable) as caught:
            await store.load(session.key)
        assert caught.value.retry_after_seconds

        server.kill()
        server.run()
        assert isinstance(await store.load(session.key), Session)
        await client.aclose()
