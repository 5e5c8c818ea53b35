"""Revoking with retry (RFC 7009), with a real Redis and a provider that misbehaves on command."""

import asyncio
import json
from dataclasses import replace

import pytest

from hub.primitives.secret import Secret
from hub.session.due_queue import LEFT_SECONDS
from hub.session.keyring import Keyring
from hub.session.model import Revocation, Session, SessionId
from hub.session.revocations import CLAIM_SECONDS
from hub.tokens.revocation_worker import FIRST_WAIT_SECONDS, SHARED_WAIT_SECONDS
from tests.parties.clock import ManualClock
from tests.parties.hostile_provider import CannedAnswer, HostileProvider
from tests.session.samples import make_session
from tests.tokens.conftest import Worker, worker

REVOKE = "/revoke"


def hints(party: HostileProvider) -> list[str]:
    """Return which kinds of tokens were revoked, in order."""
    return [request.arguments["token_type_hint"] for request in party.requests if request.path == REVOKE]


async def end(one: Worker, session: Session) -> None:
    """End the session so that its tokens are to be revoked now."""
    await one.sessions.end(session.key, "operator")


async def test_refresh_token_first(one: Worker, session: Session, party: HostileProvider) -> None:
    """R1: both tokens are revoked once, the refresh token first, each with its hint, by a client that says who it is."""
    await end(one, session)
    await one.revoking.work_once()
    await one.revoking.work_once()
    requests = [request for request in party.requests if request.path == REVOKE]

    assert session.tokens.refresh_token is not None
    assert [(request.arguments["token_type_hint"], request.arguments["token"]) for request in requests] == [
        ("refresh_token", session.tokens.refresh_token.reveal()),
        ("access_token", session.tokens.access_token.reveal()),
    ]
    assert all(request.headers["Authorization"].startswith("Basic ") for request in requests)
    assert one.revoked("revoked") == 1


async def test_token_of_one_kind_is_not_supported(one: Worker, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that revokes access tokens only has not ended the grant: it counts as one that supports no revocation."""

    async def revoke(_token: Secret, hint: str) -> bool:
        return hint == "access_token"

    monkeypatch.setattr(one.provider, "revoke", revoke)
    await end(one, session)
    await one.revoking.work_once()

    assert (one.revoked("unsupported"), one.revoked("revoked")) == (1, 0)


async def test_one_of_two_workers(one: Worker, other: Worker, session: Session, party: HostileProvider) -> None:
    """Two workers that look at the same time do not both revoke."""
    await end(one, session)
    await asyncio.gather(one.revoking.work_once(), other.revoking.work_once())

    assert hints(party) == ["refresh_token", "access_token"]


async def test_after_a_restart(one: Worker, other: Worker, session: Session, party: HostileProvider) -> None:
    """What one process has queued another one revokes, after a restart as well."""
    await end(one, session)
    await other.revoking.work_once()

    assert (other.revoked("revoked"), len(hints(party))) == (1, 2)


async def test_503_is_tried_again(one: Worker, session: Session, party: HostileProvider, clock: ManualClock) -> None:
    """R2: after a 503 the token is still valid: it is revoked later, after twice as long with each failure."""
    party.answers[REVOKE] = CannedAnswer(503)
    await end(one, session)
    calls = []
    for wait in (0.0, FIRST_WAIT_SECONDS - 1, 1.0, 2 * FIRST_WAIT_SECONDS - 1, 1.0):
        await clock.advance(wait)
        await one.revoking.work_once()
        calls.append(party.calls(REVOKE))
    assert calls == [1, 1, 2, 2, 3]

    del party.answers[REVOKE]
    await clock.advance(120)
    await one.revoking.work_once()

    assert (one.revoked("failed"), one.revoked("revoked")) == (3, 1)


async def test_retry_after(one: Worker, session: Session, party: HostileProvider, clock: ManualClock) -> None:
    """R2: a provider that names a time is asked again then and not before."""
    party.answers[REVOKE] = CannedAnswer(503, headers={"Retry-After": "100"})
    await end(one, session)
    await one.revoking.work_once()
    del party.answers[REVOKE]
    await clock.advance(99)
    await one.revoking.work_once()
    assert party.calls(REVOKE) == 1

    await clock.advance(1)
    await one.revoking.work_once()
    assert one.revoked("revoked") == 1


@pytest.mark.expects_log
async def test_gives_up_at_the_end_of_the_tokens(
    one: Worker, session: Session, party: HostileProvider, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody revokes what has expired: at its end it is given up, once, and a warning says so."""
    party.answers[REVOKE] = CannedAnswer(503)
    revocation = replace(Revocation.of(session, clock.now() + 8), key=SessionId.generate().key, provider_session_id=None)
    await one.revocations.put(revocation, clock.now(), clock.now())
    for _ in range(4):
        await one.revoking.work_once()
        await clock.advance(8)

    assert (party.calls(REVOKE), one.revoked("given_up")) == (1, 1)
    assert "revocation.given_up" in caplog.text
    assert await one.revocations.claim(clock.now() + 1e6, 10) == []


async def test_no_endpoint(redis_url: str, keyring: Keyring, party: HostileProvider, clock: ManualClock) -> None:
    """Where the provider has no revocation endpoint nothing is left to do."""
    party.metadata = {"revocation_endpoint": None}
    async with worker(redis_url, party.issuer, keyring, clock) as built:
        revocation = Revocation.of(replace(make_session(), issuer=party.issuer), clock.now() + 100)
        await built.revocations.put(revocation, clock.now(), clock.now())
        await built.revoking.work_once()

        assert (built.revoked("unsupported"), party.calls(REVOKE)) == (1, 0)
        assert await built.revocations.claim(1e12, 10) == []


@pytest.mark.expects_log
async def test_unknown_token(one: Worker, session: Session, party: HostileProvider) -> None:
    """R2, section 2.2.1: a token that the provider does not know, or cannot revoke, is done with."""
    party.answers[REVOKE] = CannedAnswer(400, json.dumps({"error": "unsupported_token_type"}).encode())
    await end(one, session)
    await one.revoking.work_once()

    assert (one.revoked("unsupported"), len(hints(party))) == (1, 2)
    assert await one.revocations.claim(1e12, 10) == []


@pytest.mark.expects_log
async def test_provider_that_this_worker_lacks(one: Worker, clock: ManualClock) -> None:
    """Tokens of a provider that is not in the settings are left to workers that know it, until the revocation is given up."""
    revocation = Revocation.of(replace(make_session(), provider="former"), clock.now() + 100)
    await one.revocations.put(revocation, clock.now(), clock.now())
    await one.revoking.work_once()
    assert one.revoked("left") == 1
    assert await one.revocations.claim(clock.now() + LEFT_SECONDS, 10) == [revocation]

    await clock.advance(3 * CLAIM_SECONDS)
    await one.revoking.work_once()
    assert one.revoked("given_up") == 1
    assert await one.revocations.claim(1e12, 10) == []


@pytest.mark.expects_log
@pytest.mark.parametrize("lacks", ["provider", "key"])
async def test_mixed_fleet(
    one: Worker, redis_url: str, party: HostileProvider, keyring: Keyring, clock: ManualClock, lacks: str
) -> None:
    """While a change of settings or keys is rolled out, each logout is revoked, by the workers that can, whoever looks first."""
    async with HostileProvider.start() as unrelated:
        issuer, ring = (unrelated.issuer, keyring) if lacks == "provider" else (party.issuer, Keyring([bytes(32)]))
        async with worker(redis_url, issuer, ring, clock) as other:
            for _ in range(8):
                session = replace(make_session(now=clock.now()), issuer=party.issuer)
                await one.sessions.start(session)
                await end(one, session)
            await other.revoking.work_once()
            await one.revoking.work_once()

            assert (one.revoked("revoked"), other.revoked("given_up")) == (8, 0)
            assert await other.revocations.claim(1e12, 10) == []


async def test_shared_grant(one: Worker, session: Session, party: HostileProvider, clock: ManualClock) -> None:
    """R7009 section 2.1: one token may take its whole grant along: both wait while another session of the same `sid` lives."""
    second = replace(session, key=SessionId.generate().key)
    await one.sessions.start(second)
    await end(one, session)
    await one.revoking.work_once()
    await one.revoking.work_once()
    assert (hints(party), one.revoked("postponed")) == ([], 1)

    await one.sessions.end(second.key, "operator")
    await one.revoking.work_once()
    await clock.advance(SHARED_WAIT_SECONDS)
    await one.revoking.work_once()

    assert hints(party) == ["refresh_token", "access_token"] * 2
    assert one.revoked("revoked") == 2


async def test_close_finishes(one: Worker, session: Session, party: HostileProvider, clock: ManualClock) -> None:
    """A worker that is stopped in the middle of a revocation finishes it, and does what is due."""
    gate = party.hold(REVOKE)
    running = asyncio.create_task(one.revoking.run())
    await end(one, session)
    await clock.advance_until(party.asked(REVOKE))
    running.cancel()
    late = replace(session, key=SessionId.generate().key, provider_session_id=None)
    await one.sessions.start(late)
    await end(one, late)
    closing = asyncio.create_task(one.revoking.close())
    gate.set()
    await closing

    assert one.revoked("revoked") == 2


@pytest.mark.expects_log
async def test_store_is_away(one: Worker, session: Session, party: HostileProvider) -> None:
    """While Redis does not answer the worker goes on; nothing is lost."""
    await end(one, session)
    redis = one.revocations._redis
    working, redis.connection_pool = redis.connection_pool, redis.connection_pool.__class__(host="127.0.0.1", port=9)
    await one.revoking.work_once()
    redis.connection_pool = working
    await one.revoking.work_once()

    assert one.revoked("revoked") == 1
