"""The access token of a session, usable now: rules 2, 3, 4, 6 and 8 of sessions and tokens, with a real Redis and provider."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from hub.errors import HubError, ProviderUnavailable, SessionEnded
from hub.primitives.secret import Secret
from hub.session.keyring import Keyring
from hub.session.model import Session, SessionId
from tests.parties.clock import ManualClock
from tests.parties.hostile_provider import CannedAnswer, HostileProvider
from tests.parties.redis_server import RedisServer
from tests.session.samples import make_session, make_tokens
from tests.tokens.conftest import TOKEN_PATH, Worker, worker
from tests.waiting import soon

NO_JSON = CannedAnswer(503, b"down", {"Retry-After": "7"})
INVALID_GRANT = CannedAnswer(400, b'{"error": "invalid_grant"}', {"Content-Type": "application/json"})


async def current(one: Worker, session: Session) -> Session:
    """Return the session as it is stored now."""
    return await one.sessions.by_key(session.key)


class TestAtHand:
    """What a request does not have to wait for."""

    @pytest.mark.parametrize(("age", "is_there"), [(0, True), (269, True), (299, True), (299.6, False), (800, False)])
    async def test_while_it_lives(
        self, one: Worker, party: HostileProvider, session: Session, clock: ManualClock, age: float, is_there: bool
    ) -> None:
        """A token that would be dead on arrival is not at hand, and none is asked for."""
        held = party.hold(TOKEN_PATH)
        await clock.advance(age)
        token = one.access.get_nowait(session)
        held.set()
        await one.refresher.close()

        assert token == (session.tokens.access_token if is_there else None)
        assert party.calls(TOKEN_PATH) == (1 if age == 299 else 0)  # due: refreshed behind the request's back


class TestForSession:
    """Before a request is sent."""

    @pytest.mark.parametrize("age", [0, 200, 269])
    async def test_fresh(self, one: Worker, party: HostileProvider, session: Session, clock: ManualClock, age: float) -> None:
        """A token that is not due is handed out as it is, without a word to anybody."""
        await clock.advance(age)

        assert await one.access.get(session) == session.tokens.access_token
        assert party.calls(TOKEN_PATH) == 0

    @pytest.mark.parametrize("age", [270, 299])
    async def test_due(self, one: Worker, party: HostileProvider, session: Session, clock: ManualClock, age: float) -> None:
        """A token that is due but lives is handed out at once, and refreshed behind the request's back."""
        held = party.hold(TOKEN_PATH)
        await clock.advance(age)
        assert await soon(one.access.get(session)) == session.tokens.access_token
        await party.asked(TOKEN_PATH)
        held.set()
        await one.refresher.close()

        assert (await current(one, session)).tokens.access_token != session.tokens.access_token

    @pytest.mark.parametrize("age", [299.6, 300, 800])
    async def test_expired(self, one: Worker, party: HostileProvider, session: Session, clock: ManualClock, age: float) -> None:
        """A token that would be dead on arrival is never handed out: the request waits for the next one."""
        await clock.advance(age)
        token = await one.access.get(session)

        assert token != session.tokens.access_token
        assert token == (await current(one, session)).tokens.access_token
        assert party.calls(TOKEN_PATH) == 1

    async def test_without_expiry(self, one: Worker, party: HostileProvider, clock: ManualClock) -> None:
        """RFC 6749 section 5.1: a token whose end nobody named is used until the resource server refuses it."""
        session = make_session(SessionId.generate(), tokens=make_tokens(lifetime=None))
        await clock.advance(800)

        assert await one.access.get(session) == session.tokens.access_token
        assert party.calls(TOKEN_PATH) == 0

    @pytest.mark.expects_log
    async def test_due_while_the_provider_is_down(
        self, one: Worker, party: HostileProvider, session: Session, clock: ManualClock
    ) -> None:
        """Rule 3: while the access token lives, requests do not notice that the provider is down."""
        party.answers[TOKEN_PATH] = NO_JSON
        await clock.advance(280)
        for _ in range(3):
            assert await one.access.get(session) == session.tokens.access_token
            await one.refresher.close()

        assert party.calls(TOKEN_PATH) == 1  # and the provider is not asked again before its Retry-After

    @pytest.mark.expects_log
    async def test_expired_while_the_provider_is_down(
        self, one: Worker, party: HostileProvider, session: Session, clock: ManualClock
    ) -> None:
        """Rules 3 and 6: then 503 with Retry-After; never the dead token, never none. The session lives on."""
        party.answers[TOKEN_PATH] = NO_JSON
        await clock.advance(300)
        with pytest.raises(ProviderUnavailable) as caught:
            await one.access.get(session)

        assert caught.value.retry_after_seconds == pytest.approx(7)
        assert (await current(one, session)).tokens == session.tokens
        del party.answers[TOKEN_PATH]
        await clock.advance(8)
        assert await one.access.get(session) != session.tokens.access_token

    async def test_refused(self, one: Worker, party: HostileProvider, session: Session, clock: ManualClock) -> None:
        """When the provider has ended the login, the request fails with the reason."""
        party.answers[TOKEN_PATH] = INVALID_GRANT
        await clock.advance(300)

        with pytest.raises(SessionEnded) as caught:
            await one.access.get(session)
        assert caught.value.extensions["reason"] == "refused"

    async def test_never_the_token_of_another(
        self, one: Worker, party: HostileProvider, session: Session, clock: ManualClock
    ) -> None:
        """Rule 6: two sessions that refresh at the same moment each get their own token."""
        granted = party.grant()
        tokens = replace(
            session.tokens,
            access_token=Secret(granted["access_token"]),
            refresh_token=Secret(granted["refresh_token"]),
        )
        second = replace(session, key=SessionId.generate().key, tokens=tokens)
        await one.sessions.start(second)
        await clock.advance(300)
        mine, theirs = await asyncio.gather(one.access.get(session), one.access.get(second))

        assert mine != theirs
        assert mine == (await current(one, session)).tokens.access_token
        assert theirs == (await current(one, second)).tokens.access_token


class TestRenew:
    """After the resource server has answered 401."""

    async def test_rejected_token_is_replaced(self, one: Worker, party: HostileProvider, session: Session) -> None:
        """Rule 4: a token that was refused before its time is replaced by a refresh."""
        token = await one.access.renew(session, session.tokens.access_token)

        assert token not in (session.tokens.access_token, Secret(""))
        assert party.calls(TOKEN_PATH) == 1

    async def test_rejected_token_was_replaced_already(self, one: Worker, party: HostileProvider, session: Session) -> None:
        """Many requests that are refused together cost one refresh."""
        rejected = session.tokens.access_token
        tokens = await asyncio.gather(*(one.access.renew(session, rejected) for _ in range(20)))

        assert set(tokens) == {await one.access.renew(session, rejected)}
        assert party.calls(TOKEN_PATH) == 1

    async def test_session_that_is_over(self, one: Worker, session: Session) -> None:
        """A session that has ended meanwhile gets no token."""
        await one.sessions.end(session.key, "logout")

        with pytest.raises(SessionEnded) as caught:
            await one.access.renew(session, session.tokens.access_token)
        assert caught.value.extensions["reason"] == "logout"


class TestWithoutStore:
    """Rule 8: Redis is down, which is not the same as no session."""

    @pytest.fixture
    async def redis(self) -> AsyncIterator[RedisServer]:
        """A server of the test's own, to be killed."""
        with RedisServer.start() as server:
            yield server

    @pytest.mark.expects_log
    async def test_token_in_hand(self, redis: RedisServer, party: HostileProvider, keyring: Keyring, clock: ManualClock) -> None:
        """The token in hand serves until it ends; then the request fails with 503 and asks to come back."""
        async with worker(redis.url, party.issuer, keyring, clock) as one:
            session = make_session(SessionId.generate())
            await one.sessions.start(session)
            redis.kill()
            await clock.advance(280)
            assert await one.access.get(session) == session.tokens.access_token
            await clock.advance(20)
            with pytest.raises(HubError) as caught:
                await one.access.get(session)

        assert (caught.value.status, caught.value.slug) == (503, "store-unavailable")
        assert caught.value.retry_after_seconds
