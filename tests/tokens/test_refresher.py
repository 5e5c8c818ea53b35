"""The one refresh path: rules 1 to 7 of sessions and tokens, on a real Redis with a provider that misbehaves."""

import asyncio
from dataclasses import replace

import pytest

from hub.errors import ProviderMisbehaved, ProviderRejectedClient, ProviderUnavailable, SessionEnded
from hub.session.events import SessionEvent, SessionWasRefreshed
from hub.session.keyring import Keyring
from hub.session.model import Session, SessionId, Tombstone
from hub.session.redis_client import connect
from hub.session.refresh_lock import LEASE_SECONDS
from hub.session.store import CLAIM_SECONDS, session_name
from hub.tokens import refresher
from hub.tokens.backoff import FIRST_SECONDS
from hub.tokens.refresh_worker import CONCURRENT_GRANTS
from tests.parties.clock import ManualClock
from tests.parties.hostile_provider import CannedAnswer, HostileProvider
from tests.tokens.conftest import TOKEN_PATH, Worker

INVALID_GRANT = CannedAnswer(400, b'{"error": "invalid_grant"}', {"Content-Type": "application/json"})


class TestOnce:
    """Each refresh token is spent once, whoever asks and however many."""

    async def test_many_callers_of_one_worker(self, one: Worker, party: HostileProvider, session: Session) -> None:
        """Two hundred calls at the moment of expiry make one token request, and all get its result."""
        spent = session.tokens.access_token
        results = await asyncio.gather(*(one.refresher.refresh(session.key, spent) for _ in range(200)))

        assert party.calls(TOKEN_PATH) == 1
        assert (one.outcomes("refreshed"), one.outcomes("taken")) == (1, 0)
        assert {result.tokens.access_token for result in results} != {spent}
        assert len({result.tokens.access_token for result in results}) == 1

    async def test_callers_of_two_workers(
        self, one: Worker, other: Worker, party: HostileProvider, session: Session, clock: ManualClock
    ) -> None:
        """The worker without the lease waits and takes the result, even of a provider that is slow."""
        held = party.hold(TOKEN_PATH)
        spent = session.tokens.access_token
        calls = asyncio.gather(*(worker.refresher.refresh(session.key, spent) for worker in (one, other) for _ in range(20)))
        await party.asked(TOKEN_PATH)
        await clock.advance(10)  # longer than the lease, which is renewed meanwhile
        held.set()
        await clock.advance_until(calls)

        assert party.calls(TOKEN_PATH) == 1
        assert len({result.tokens.access_token for result in calls.result()}) == 1
        assert one.outcomes("refreshed") + other.outcomes("refreshed") == 1

    async def test_token_that_was_replaced_already(self, one: Worker, party: HostileProvider, session: Session) -> None:
        """Who comes late with the old access token gets the new one without another request."""
        first = await one.refresher.refresh(session.key, session.tokens.access_token)
        second = await one.refresher.refresh(session.key, session.tokens.access_token)

        assert first == second
        assert party.calls(TOKEN_PATH) == 1

    async def test_token_that_just_came(self, one: Worker, party: HostileProvider, session: Session) -> None:
        """Who wants to replace a new token, while the refresh that brought it is still being checked, does not get it again."""
        await one.provider.metadata()
        party.rotate_keys("second")
        held = party.hold("/jwks")
        first = one.refresher.start(session.key, session.tokens.access_token)
        await party.asked("/jwks")  # to check the ID token that came with it; the tokens are stored by now
        refreshed = await one.store.load(session.key)
        assert isinstance(refreshed, Session)
        calls = asyncio.gather(*(one.refresher.refresh(session.key, refreshed.tokens.access_token) for _ in range(20)))
        await asyncio.sleep(0)
        held.set()
        results = await calls

        assert (await first).tokens.access_token == refreshed.tokens.access_token
        assert len({result.tokens.access_token for result in results} | {refreshed.tokens.access_token}) == 2
        assert party.calls(TOKEN_PATH) == 2

    async def test_browser_that_goes_away(self, one: Worker, party: HostileProvider, session: Session) -> None:
        """A closed tab cancels its call, not the refresh: the rotated refresh token is stored."""
        held = party.hold(TOKEN_PATH)
        caller = asyncio.create_task(one.refresher.refresh(session.key, session.tokens.access_token))
        await party.asked(TOKEN_PATH)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        held.set()
        await one.refresher.close()

        stored = await one.store.load(session.key)
        assert isinstance(stored, Session)
        assert stored.tokens.refresh_token != session.tokens.refresh_token


class TestFailures:
    """Only invalid_grant ends a session, and only when nobody else has refreshed."""

    async def test_invalid_grant_ends_the_session(self, one: Worker, party: HostileProvider, session: Session) -> None:
        """Rule 3: the provider has ended the login; the user is told so."""
        party.answers[TOKEN_PATH] = INVALID_GRANT

        with pytest.raises(SessionEnded) as caught:
            await one.refresher.refresh(session.key, session.tokens.access_token)
        assert caught.value.extensions["reason"] == "refused"
        assert isinstance(await one.store.load(session.key), Tombstone)

    @pytest.mark.expects_log
    async def test_ended_session_that_is_put_back(
        self, one: Worker, other: Worker, party: HostileProvider, session: Session, clock: ManualClock, redis_url: str
    ) -> None:
        """A worker that has not heard of the end serves it until its access token expires; then the provider has the say."""
        redis = connect(redis_url, 2.0)
        record = await redis.dump(session_name(session.key))
        await one.sessions.end(session.key, "logout")
        await one.revoking.work_once()
        await redis.restore(session_name(session.key), 0, record, replace=True)
        party.answers[TOKEN_PATH] = INVALID_GRANT

        assert await other.access.get(await other.sessions.by_key(session.key)) == session.tokens.access_token
        await clock.advance(300)
        with pytest.raises(SessionEnded):
            await other.access.get(await other.sessions.by_key(session.key))
        await redis.restore(session_name(session.key), 0, record, replace=True)
        for worker in (one, other):
            with pytest.raises(SessionEnded):
                await worker.sessions.by_key(session.key)
        await redis.aclose()

    async def test_invalid_grant_after_somebody_else_refreshed(
        self, one: Worker, party: HostileProvider, session: Session
    ) -> None:
        """Rule 3: the loser of a race re-reads the store before it gives up, and takes the winner's tokens."""
        held = party.hold(TOKEN_PATH)
        party.answers[TOKEN_PATH] = INVALID_GRANT
        caller = asyncio.create_task(one.refresher.refresh(session.key, session.tokens.access_token))
        await party.asked(TOKEN_PATH)
        winner = replace(session.tokens, access_token=session.tokens.id_token or session.tokens.access_token)
        await one.store.replace_if_unchanged(session.with_tokens(winner))
        held.set()

        assert (await caller).tokens == winner

    @pytest.mark.expects_log
    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (CannedAnswer(500), ProviderUnavailable),
            (CannedAnswer(503), ProviderUnavailable),
            (CannedAnswer(429, headers={"Retry-After": "17"}), ProviderUnavailable),
            (CannedAnswer(401, b'{"error": "invalid_client"}'), ProviderRejectedClient),
            (CannedAnswer(400, b'{"error": "invalid_scope"}'), ProviderMisbehaved),
            (CannedAnswer(200, b"not json"), ProviderMisbehaved),
            (CannedAnswer(200, b'{"access_token": "x", "token_type": "mac"}'), ProviderMisbehaved),
        ],
    )
    async def test_anything_else_keeps_it(
        self,
        one: Worker,
        party: HostileProvider,
        session: Session,
        clock: ManualClock,
        answer: CannedAnswer,
        error: type[Exception],
    ) -> None:
        """Rule 3: trouble of the provider or of the operator costs no session, and is not hammered at."""
        party.answers[TOKEN_PATH] = CannedAnswer(
            answer.status, answer.body, {"Content-Type": "application/json", **answer.headers}
        )
        for _ in range(5):
            with pytest.raises(error):
                await one.refresher.refresh(session.key, session.tokens.access_token)
        assert party.calls(TOKEN_PATH) == one.outcomes("failed") == 1

        del party.answers[TOKEN_PATH]
        wait = 17 if answer.headers else FIRST_SECONDS
        await clock.advance(wait - 0.1)
        with pytest.raises(error):
            await one.refresher.refresh(session.key, session.tokens.access_token)
        await clock.advance(0.2)
        refreshed = await one.refresher.refresh(session.key, session.tokens.access_token)
        assert refreshed.tokens.access_token != session.tokens.access_token

    async def test_without_refresh_token(self, one: Worker, session: Session) -> None:
        """A login without refresh token lasts as long as its access token."""
        tokens = replace(session.tokens, refresh_token=None)
        await one.store.replace_if_unchanged(session.with_tokens(tokens))

        with pytest.raises(SessionEnded) as caught:
            await one.refresher.refresh(session.key, tokens.access_token)
        assert caught.value.extensions["reason"] == "no_refresh_token"


class TestAfterwards:
    """What happens to the new tokens."""

    async def test_session_that_ended_meanwhile(self, one: Worker, party: HostileProvider, session: Session) -> None:
        """Rule 7: a refresh that comes back after the logout does not revive the session."""
        held = party.hold(TOKEN_PATH)
        caller = asyncio.create_task(one.refresher.refresh(session.key, session.tokens.access_token))
        await party.asked(TOKEN_PATH)
        await one.sessions.end(session.key, "logout")
        held.set()

        with pytest.raises(SessionEnded):
            await caller
        assert isinstance(await one.store.load(session.key), Tombstone)

    @pytest.mark.expects_log
    @pytest.mark.parametrize("claims", [{"sub": "mallory"}, {"iss": "https://evil.example"}])
    async def test_other_identity_ends_the_session(
        self, one: Worker, party: HostileProvider, session: Session, claims: dict[str, str]
    ) -> None:
        """C10: refresh-invalid-sub, refresh-invalid-issuer: tokens of somebody else are never used."""
        party.claims = dict(claims)

        with pytest.raises(SessionEnded) as caught:
            await one.refresher.refresh(session.key, session.tokens.access_token)
        assert caught.value.extensions["reason"] == "identity"

    @pytest.mark.expects_log
    @pytest.mark.parametrize("claims", [{"exp": 1}, {"at_hash": "x"}, {"iat": None}])
    async def test_id_token_with_another_fault_is_reported(
        self, one: Worker, party: HostileProvider, session: Session, claims: dict[str, object]
    ) -> None:
        """A wrong clock or a clumsy provider costs no session: the tokens are this user's, and stored."""
        party.claims = dict(claims)
        refreshed = await one.refresher.refresh(session.key, session.tokens.access_token)

        assert await one.store.load(session.key) == refreshed

    @pytest.mark.expects_log
    async def test_keys_that_come_late(self, one: Worker, party: HostileProvider, session: Session) -> None:
        """signing-key-rotation-just-before-signing: an ID token signed with a key that is not published yet costs no session."""
        await one.provider.metadata()
        published = party.published_keys
        party.rotate_keys("second")
        party.published_keys = published
        await one.refresher.refresh(session.key, session.tokens.access_token)

        assert isinstance(await one.store.load(session.key), Session)

    @pytest.mark.parametrize("missing", ["refresh_token", "id_token", "scope", "expires_in"])
    async def test_tolerated_responses(self, one: Worker, party: HostileProvider, session: Session, missing: str) -> None:
        """Rule 5: a refresh response may leave out what it likes but the access token; the old values stay."""
        party.token_members = {missing: None}
        refreshed = await one.refresher.refresh(session.key, session.tokens.access_token)

        assert refreshed.tokens.access_token != session.tokens.access_token
        assert refreshed.tokens.refresh_token is not None
        assert refreshed.tokens.id_token is not None
        assert (refreshed.tokens.expires_at is None) == (missing == "expires_in")

    async def test_told_to_all_workers(self, one: Worker, party: HostileProvider, session: Session, clock: ManualClock) -> None:
        """Every worker learns of new tokens, as which version they are stored, and when they end."""
        heard: asyncio.Queue[SessionEvent] = asyncio.Queue()
        listening = asyncio.Event()

        async def on_gap() -> None:
            listening.set()

        feed = one.refresher._events
        task = asyncio.create_task(feed.run(heard.put, on_gap))
        await listening.wait()
        await one.refresher.refresh(session.key, session.tokens.access_token)

        assert await heard.get() == SessionWasRefreshed(session.key, clock.now() + 300, version=2)
        task.cancel()


class TestPatience:
    """A request that waits for another worker's refresh."""

    async def test_has_an_end(
        self,
        one: Worker,
        party: HostileProvider,
        session: Session,
        clock: ManualClock,
        redis_url: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Then it is told to come back in 5 s, and spends nothing: the refresh token is in the other worker's hands."""
        monkeypatch.setattr(refresher, "LEASE_TIMEOUT_SECONDS", 0.5)
        client, began = connect(redis_url, 2.0), clock.monotonic()
        in_a_minute = ((await client.time())[0] + 60) * 1000
        await client.hset(session_name(session.key), mapping={"lease_owner": "another worker", "lease_until": in_a_minute})
        with pytest.raises(ProviderUnavailable) as caught:
            await clock.advance_until(one.refresher.refresh(session.key, session.tokens.access_token))
        waited = clock.monotonic() - began
        await client.aclose()

        assert (caught.value.retry_after_seconds, party.calls(TOKEN_PATH)) == (5.0, 0)
        assert 0.5 <= waited < 1


class TestSleep:
    """A process that was frozen, or whose machine slept."""

    async def test_lease_that_ran_out_in_the_meantime(
        self,
        one: Worker,
        party: HostileProvider,
        session: Session,
        clock: ManualClock,
        redis_url: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Nothing is done with a lease from before the sleep; a new one is taken, and the request succeeds."""
        client, by_key, slept = connect(redis_url, 2.0), one.sessions.by_key, 0

        async def sleepy(key: str, *, passive: bool = True) -> Session:
            nonlocal slept
            slept += 1
            if slept == 1:
                clock.freeze(LEASE_SECONDS)
            return await by_key(key, passive=passive)

        monkeypatch.setattr(one.sessions, "by_key", sleepy)
        refreshed = await one.refresher.refresh(session.key, session.tokens.access_token)
        leases = await client.hget(session_name(session.key), "fence")
        await client.aclose()

        assert refreshed.tokens.access_token != session.tokens.access_token
        assert party.calls(TOKEN_PATH) == 1
        assert leases == b"2"

    async def test_lease_that_another_worker_holds_by_now(
        self,
        one: Worker,
        other: Worker,
        party: HostileProvider,
        session: Session,
        clock: ManualClock,
        redis_url: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """A worker that wakes up after its lease has run out spends nothing: the refresh token is in another worker's hands."""
        client, by_key = connect(redis_url, 2.0), one.sessions.by_key
        held = party.hold(TOKEN_PATH)
        spent = session.tokens.access_token
        takeover: list[asyncio.Task[Session]] = []

        async def frozen(key: str, *, passive: bool = True) -> Session:
            if not takeover:
                await client.hdel(session_name(key), "lease_owner", "lease_until")  # it runs out by the clock of Redis
                clock.freeze(LEASE_SECONDS + 1)
                takeover.append(other.refresher.start(key, spent))
                await party.asked(TOKEN_PATH)
                stale = await by_key(key, passive=passive)
                held.set()
                return stale
            return await by_key(key, passive=passive)

        monkeypatch.setattr(one.sessions, "by_key", frozen)
        refreshed = await clock.advance_until(one.refresher.refresh(session.key, spent))
        await client.aclose()

        assert refreshed == await takeover[0]
        assert party.calls(TOKEN_PATH) == 1


class TestBackground:
    """The refresh worker."""

    async def test_due_sessions_in_use(self, one: Worker, party: HostileProvider, session: Session, clock: ManualClock) -> None:
        """What is due is refreshed without any request, once, and planned anew."""
        await one.background.work_once()
        assert party.calls(TOKEN_PATH) == 0
        await clock.advance(270)
        await one.background.work_once()
        await one.background.work_once()

        assert party.calls(TOKEN_PATH) == 1
        assert await one.store.claim_due(clock.now() + 269, 10) == []
        assert await one.store.claim_due(clock.now() + 270, 10) == [session.key]

    @pytest.mark.expects_log
    async def test_provider_that_this_worker_lacks(
        self, one: Worker, session: Session, clock: ManualClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        """During a change of the settings, the session stays due for workers that know its provider."""
        await one.sessions.replace_if_unchanged(replace(session, provider="former"))
        await clock.advance(270)
        await one.background.work_once()
        await one.background.work_once()
        await clock.advance(CLAIM_SECONDS)
        await one.background.work_once()

        assert (one.outcomes("left"), one.outcomes("failed")) == (2, 0)
        assert caplog.text.count("session.provider_unknown") == 1
        assert await one.store.claim_due(clock.now() + CLAIM_SECONDS, 10) == [session.key]

    @pytest.mark.expects_log
    async def test_key_that_this_worker_lacks(self, one: Worker, session: Session, clock: ManualClock, keyring: Keyring) -> None:
        """So it does for workers that have its key."""
        keys = keyring.key_ids
        keyring.replace([bytes(32)])
        assert keyring.key_ids != keys
        await clock.advance(270)
        await one.background.work_once()

        assert await one.store.claim_due(clock.now() + CLAIM_SECONDS, 10) == [session.key]

    async def test_session_not_in_use(self, one: Worker, party: HostileProvider, session: Session, clock: ManualClock) -> None:
        """A forgotten tab does not keep tokens alive; when its user comes back, the tokens are refreshed on demand."""
        await clock.advance(270)
        await one.background.work_once()
        await clock.advance(270)
        await one.background.work_once()
        assert party.calls(TOKEN_PATH) == 1
        assert await one.store.claim_due(clock.now() + 9999, 10) == []

        current = await one.sessions.by_key(session.key, passive=False)
        await one.access.get(current)
        await one.refresher.close()
        assert party.calls(TOKEN_PATH) == 2

    async def test_a_storm_is_shared(
        self, one: Worker, other: Worker, party: HostileProvider, session: Session, clock: ManualClock
    ) -> None:
        """Sessions that are due at the same time are tried once each, whichever worker gets them, and none is left over."""
        sessions = [replace(session, key=SessionId.generate().key) for _ in range(5 * CONCURRENT_GRANTS)]
        for each in sessions:
            await one.store.create(each)
        await clock.advance(270)
        party.requests.clear()
        rounds = [await asyncio.gather(one.background.work_once(), other.background.work_once()) for _ in range(3)]

        assert sum(map(sum, rounds)) == len(sessions) + 1
        assert party.calls(TOKEN_PATH) == len(sessions) + 1
        assert (one.outcomes("taken"), other.outcomes("taken")) == (0, 0)

    async def test_a_worker_that_dies(
        self, one: Worker, other: Worker, party: HostileProvider, session: Session, clock: ManualClock
    ) -> None:
        """What it had claimed another one refreshes, well before the token ends."""
        await clock.advance(270)
        await one.store.claim_due(clock.now(), 10)
        assert await other.background.work_once() == 0
        await clock.advance(CLAIM_SECONDS)
        await other.background.work_once()

        assert (other.outcomes("refreshed"), session.tokens.is_expired(clock.now())) == (1, False)

    async def test_nobody_looks_at_what_is_over(
        self, one: Worker, party: HostileProvider, session: Session, clock: ManualClock
    ) -> None:
        """A session that Redis has forgotten is taken off the schedule."""
        await one.store.reschedule("0" * 64, clock.now())
        assert await one.background.work_once() == 1
        await clock.advance(CLAIM_SECONDS)

        assert await one.background.work_once() == 0

    @pytest.mark.expects_log
    async def test_failure_is_looked_at_later(
        self, one: Worker, party: HostileProvider, session: Session, clock: ManualClock
    ) -> None:
        """A failed refresh does not stop the worker, and is tried again after its back-off."""
        await clock.advance(270)
        party.answers[TOKEN_PATH] = CannedAnswer(500)
        await one.background.work_once()
        await one.background.work_once()
        assert party.calls(TOKEN_PATH) == 1
        del party.answers[TOKEN_PATH]
        await clock.advance(FIRST_SECONDS + 0.1)
        await one.background.work_once()

        assert one.outcomes("refreshed") == 1
