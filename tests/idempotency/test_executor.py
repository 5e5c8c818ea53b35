"""Requests with a key: executed at most once, over all workers, and answered with the truth."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from hub.errors import (
    AnswerNotKept,
    DeadlineExceeded,
    HubError,
    KeyReused,
    KeyWithdrawn,
    OutcomeUnknown,
    ResourceServerBroken,
    ResourceServerUnreachable,
    StepUpRequired,
    StoreUnavailable,
    TooManyRequests,
)
from hub.gateway.messages import ApiRequest, ApiResponse
from hub.idempotency.outcome import Answered, record_name
from hub.primitives.http import chunks
from hub.session.keyring import Keyring
from hub.session.model import Session
from tests.idempotency.conftest import KEY, OTHER_KEY, Api, Worker, post, read, settled, stream_of, worker
from tests.parties.redis_server import RedisServer
from tests.waiting import soon


def permit(method: str, path: str) -> None:
    """Let the request of these tests pass, and nothing else."""
    if (method, path) != ("POST", post().path):
        raise StepUpRequired


def deny(method: str, path: str) -> None:
    """Let nothing pass."""
    raise StepUpRequired


async def ask(worker: Worker, session: Session, key: str = KEY, request: ApiRequest | None = None) -> ApiResponse:
    """Send a request with a key."""
    sent = request or post()
    return await worker.once.handle(sent, session, key, lambda: worker.api.execute(sent))


def begin(worker: Worker, session: Session, key: str = KEY) -> "asyncio.Task[ApiResponse]":
    """Send one, and do not wait for it."""
    return asyncio.create_task(ask(worker, session, key))


class TestRepetition:
    """Rule 5 of the protocol: no request with a key is executed twice."""

    async def test_first_time(self, one: Worker, api: Api, session: Session) -> None:
        """It is executed, and its answer is no repetition."""
        response = await ask(one, session)

        assert (response.status, response.replayed, await read(response)) == (201, False, b'{"number": 1}')

    async def test_response_to_the_claim_is_lost(
        self, one: Worker, api: Api, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The client of Redis repeats the claim then. It must not take its own claim for that of a request that runs."""
        claim = one.ledger._claim

        async def claim_twice(**arguments: Any) -> Any:
            await claim(**arguments)
            return await claim(**arguments)

        monkeypatch.setattr(one.ledger, "_claim", claim_twice)
        responses = [await soon(ask(one, session)) for _ in range(2)]

        assert [(each.status, each.replayed) for each in responses] == [(201, False), (201, True)]
        assert len(api.executed) == 1

    async def test_after_it_has_ended(self, one: Worker, other: Worker, api: Api, session: Session) -> None:
        """Here and on another worker the answer that was kept comes again, marked as such."""
        await read(await ask(one, session))
        await settled(one)
        here, there = await ask(one, session), await ask(other, session)

        assert [(each.status, each.replayed, await read(each)) for each in (here, there)] == [(201, True, b'{"number": 1}')] * 2
        assert len(api.executed) == 1

    async def test_while_it_runs(self, one: Worker, other: Worker, api: Api, session: Session) -> None:
        """Repetitions wait for the one that runs, on whichever worker."""
        api.free.clear()
        calls = [begin(one, session)]
        await api.asked.wait()
        calls += [begin(worker, session) for worker in (one, other, other)]
        await asyncio.sleep(0)
        api.free.set()

        assert {await read(await call) for call in calls} == {b'{"number": 1}'}
        assert len(api.executed) == 1

    async def test_many_at_once(self, one: Worker, other: Worker, api: Api, session: Session) -> None:
        """Of fifty at the same moment on two workers one is executed."""
        calls = [begin(worker, session) for worker in (one, other) for _ in range(25)]

        assert {await read(await call) for call in calls} == {b'{"number": 1}'}
        assert len(api.executed) == 1

    async def test_other_key_is_another_request(self, one: Worker, api: Api, session: Session) -> None:
        """The same request with another key is executed again: its user wants it twice."""
        await ask(one, session)
        await ask(one, session, OTHER_KEY)

        assert len(api.executed) == 2

    async def test_key_belongs_to_its_user(self, one: Worker, api: Api, session: Session) -> None:
        """Somebody else with the same key gets an answer of their own."""
        await ask(one, session)
        theirs = await ask(one, replace(session, subject="eve"))

        assert not theirs.replayed
        assert len(api.executed) == 2

    @pytest.mark.parametrize("changed", [{"path": "/api/refunds"}, {"body": b'{"n": 2}'}, {"query": "again"}])
    async def test_key_of_another_request(
        self, one: Worker, other: Worker, api: Api, session: Session, changed: dict[str, object]
    ) -> None:
        """It is refused as never executed, here and elsewhere."""
        await ask(one, session)
        await settled(one)
        for each in (one, other):
            with pytest.raises(KeyReused) as refused:
                await ask(each, session, request=post(**changed))  # type: ignore[arg-type]
            assert refused.value.processed == "never"

        assert len(api.executed) == 1

    async def test_comes_again_as_a_stream(self, one: Worker, other: Worker, api: Api, session: Session) -> None:
        """Over HTTP, after the channel has failed, the body streams: it is the same request all the same."""
        await ask(one, session)
        await settled(one)
        streamed = structs.replace(post(), body=stream_of(b'{"n": 1}'))

        assert (await ask(other, session, request=streamed)).replayed


class TestBreaks:
    """What happens when those who wait, or those who work, go away."""

    async def test_goes_on_without_its_socket(self, one: Worker, other: Worker, api: Api, session: Session) -> None:
        """The caller is gone; the request is not, and its answer is there for whoever comes back."""
        api.free.clear()
        call = begin(one, session)
        await api.asked.wait()
        call.cancel()
        await asyncio.wait([call])
        assert await other.once.verdicts(session, [KEY]) == ["joined"]
        joining = asyncio.create_task(other.once.join(session, KEY, 10.0, permit))
        api.free.set()
        response = await joining

        assert (response.status, response.replayed, await read(response)) == (201, True, b'{"number": 1}')
        assert (api.cancelled, other.counted("joined")) == ([], 1)

    async def test_cancelled_by_its_client(self, one: Worker, other: Worker, api: Api, session: Session) -> None:
        """It is aborted upstream; who asks for it again learns that nobody knows."""
        api.free.clear()
        call = begin(one, session)
        await api.asked.wait()
        one.once.abort(session, KEY)
        with pytest.raises(OutcomeUnknown):
            await call
        await settled(one)
        with pytest.raises(OutcomeUnknown):
            await ask(other, session)

        assert (len(api.executed), len(api.cancelled)) == (1, 1)

    async def test_cancelled_while_another_waits(self, one: Worker, api: Api, session: Session) -> None:
        """As long as somebody else waits for it, it goes on."""
        api.free.clear()
        first, second, third = (begin(one, session) for _ in range(3))
        await api.asked.wait()
        one.once.abort(session, KEY)
        first.cancel()
        third.cancel()
        await asyncio.wait([first, third])
        api.free.set()

        assert (await second).status == 201

    async def test_worker_dies(self, one: Worker, other: Worker, api: Api, session: Session) -> None:
        """A request that ran on a worker that no longer says that it lives has an unknown outcome; it is not repeated."""
        api.free.clear()
        call = begin(one, session)
        await api.asked.wait()
        await one.ledger.remove_liveness()

        assert await other.once.verdicts(session, [KEY]) == ["unknown"]
        with pytest.raises(OutcomeUnknown) as unknown:
            await ask(other, session)
        assert unknown.value.processed == "maybe"
        assert len(api.executed) == 1
        api.free.set()
        await call

    async def test_session_ends(self, one: Worker, other: Worker, api: Api, session: Session) -> None:
        """Nothing of an ended session goes on, not even what lost its socket before."""
        api.free.clear()
        call = begin(one, session)
        await api.asked.wait()
        call.cancel()
        await asyncio.wait([call])
        await one.once.end_session(session.key)

        assert api.cancelled == ["/api/orders"]

    async def test_hub_is_stopped(self, redis_url: str, keyring: Keyring, other: Worker, api: Api, session: Session) -> None:
        """What still runs at the very end is stopped, and said to be unknown rather than running."""
        api.free.clear()
        async with worker(redis_url, keyring, api) as stopped:
            call = begin(stopped, session)
            await api.asked.wait()
            await stopped.once.close()

        with pytest.raises(OutcomeUnknown):
            await call
        assert await other.once.verdicts(session, [KEY]) == ["done"]
        with pytest.raises(OutcomeUnknown):
            await other.once.join(session, KEY, 1.0, permit)

    async def test_too_slow_for_who_joins(self, one: Worker, other: Worker, api: Api, session: Session) -> None:
        """Who waits on another worker gives up when its own time is over; the request goes on."""
        api.free.clear()
        call = begin(one, session)
        await api.asked.wait()
        with pytest.raises(DeadlineExceeded):
            await other.once.join(session, KEY, 0.01, permit)
        api.free.set()

        assert (await call).status == 201

    async def test_answer_that_cannot_be_read(self, one: Worker, redis_url: str, api: Api, session: Session) -> None:
        """If its key is gone, nobody knows how the request ended; it is not repeated."""
        await ask(one, session)
        await settled(one)
        async with worker(redis_url, Keyring([bytes(32)]), api) as other:
            with pytest.raises(OutcomeUnknown):
                await ask(other, session)

        assert len(api.executed) == 1


class TestVerdicts:
    """What a client hears that comes back."""

    async def test_never(self, one: Worker, other: Worker, api: Api, session: Session) -> None:
        """A request that has not begun never will: one that lay in a buffer is refused as never executed."""
        assert await other.once.verdicts(session, [KEY, OTHER_KEY]) == ["never", "never"]
        with pytest.raises(KeyWithdrawn) as refused:
            await ask(one, session)

        assert refused.value.processed == "never"
        assert api.executed == []

    async def test_done(self, one: Worker, other: Worker, session: Session) -> None:
        """One that has ended is answered with what was kept."""
        await ask(one, session)
        await settled(one)

        assert await other.once.verdicts(session, [KEY]) == ["done"]
        assert await read(await other.once.join(session, KEY, 1.0, permit)) == b'{"number": 1}'

    async def test_join_is_authorized(self, one: Worker, other: Worker, api: Api, session: Session) -> None:
        """While it runs and after it has ended, on either worker, the response goes to nobody who could not send the request."""
        api.free.clear()
        call = begin(one, session)
        await api.asked.wait()
        with pytest.raises(StepUpRequired):
            await one.once.join(session, KEY, 1.0, deny)
        waiting = asyncio.create_task(other.once.join(session, KEY, 1.0, deny))
        api.free.set()
        await call
        with pytest.raises(StepUpRequired):
            await waiting
        await settled(one)
        with pytest.raises(StepUpRequired):
            await one.once.join(session, KEY, 1.0, deny)

    async def test_join_of_a_record_without_its_request(self, one: Worker, other: Worker, session: Session) -> None:
        """A response that a former release stored names no request, so nobody can tell whether it may be given out."""
        await ask(one, session)
        await settled(one)
        await one.ledger.replace(record_name(session, KEY), Answered(201, [], b"secret"))
        with pytest.raises(AnswerNotKept) as refused:
            await other.once.join(session, KEY, 1.0, permit)

        assert refused.value.extensions == {"answered_status": 201}

    async def test_of_somebody_else(self, one: Worker, other: Worker, session: Session) -> None:
        """Nobody learns how another user's request stands."""
        await ask(one, session)
        await settled(one)

        assert await other.once.verdicts(replace(session, subject="eve"), [KEY]) == ["never"]


class TestFailures:
    """Requests without an answer."""

    async def test_never_sent(self, one: Worker, other: Worker, api: Api, session: Session) -> None:
        """One that certainly did not reach the resource server may be repeated, and is executed then."""

        async def unreachable(_: ApiRequest) -> ApiResponse:
            raise ResourceServerUnreachable

        api.answer = unreachable
        with pytest.raises(ResourceServerUnreachable):
            await ask(one, session)
        await settled(one)
        api.answer = None

        assert (await ask(other, session)).status == 201

    @pytest.mark.parametrize("error", [ResourceServerBroken("It broke off."), DeadlineExceeded(), OutcomeUnknown()])
    async def test_maybe_executed(self, one: Worker, other: Worker, api: Api, session: Session, error: HubError) -> None:
        """One that may have been carried out is not repeated: the same error comes again."""

        async def broken(_: ApiRequest) -> ApiResponse:
            raise error

        api.answer = broken
        for each in (one, other):
            with pytest.raises(type(error)) as raised:
                await ask(each, session)
            assert (raised.value.processed, raised.value.detail) == ("maybe", error.detail)
            await settled(each)

        assert len(api.executed) == 1

    async def test_body_breaks_off(self, one: Worker, other: Worker, api: Api, session: Session) -> None:
        """An answer that is not whole is none."""

        async def breaks() -> object:
            yield b"{"
            raise ResourceServerBroken

        async def broken(_: ApiRequest) -> ApiResponse:
            return ApiResponse(status=200, body=breaks())  # type: ignore[arg-type]

        api.answer = broken
        for each in (one, other):
            with pytest.raises(ResourceServerBroken):
                await ask(each, session)
            await settled(each)

        assert len(api.executed) == 1

    @pytest.mark.expects_log
    async def test_defect_behind_the_door(self, one: Worker, other: Worker, api: Api, session: Session) -> None:
        """A crash is reported, and what crashed is not repeated: it may have been carried out."""

        async def crash(_: ApiRequest) -> ApiResponse:
            raise ZeroDivisionError

        api.answer = crash
        for each in (one, other):
            with pytest.raises(OutcomeUnknown):
                await ask(each, session)
            await settled(each)

        assert len(api.executed) == 1

    async def test_store_is_down(
        self, redis_server: RedisServer, redis_url: str, keyring: Keyring, api: Api, session: Session
    ) -> None:
        """Without a record nothing is sent; once Redis is back, the same key is executed."""
        async with worker(redis_url, keyring, api) as one:
            redis_server.pause()
            with pytest.raises(StoreUnavailable) as refused:
                await ask(one, session)
            redis_server.resume()
            await settled(one)

            assert (refused.value.processed, api.executed) == ("never", [])
            assert (await ask(one, session)).status == 201

    async def test_store_fails_before_the_outcome_is_kept(
        self, redis_server: RedisServer, redis_url: str, keyring: Keyring, api: Api, session: Session
    ) -> None:
        """The caller has its answer; it is stored as soon as Redis is back, and known here until then."""
        async with worker(redis_url, keyring, api) as one, worker(redis_url, keyring, api) as other:
            api.free.clear()
            call = begin(one, session)
            await api.asked.wait()
            redis_server.pause()
            api.free.set()
            assert (await call).status == 201
            assert (await ask(one, session)).replayed
            redis_server.resume()
            await settled(one)

            assert await other.once.verdicts(session, [KEY]) == ["done"]
            assert len(api.executed) == 1


class TestBounds:
    """What is kept is bounded."""

    async def test_large_answer(self, one: Worker, other: Worker, api: Api, session: Session) -> None:
        """Who sent it gets all of it; a repetition learns that it was carried out, and with which status."""

        async def large(_: ApiRequest) -> ApiResponse:
            return ApiResponse(status=200, body=stream_of(b"x" * 60, b"y" * 60, b"z"))

        api.answer = large
        assert await read(await ask(one, session)) == b"x" * 60 + b"y" * 60 + b"z"
        await settled(one)
        with pytest.raises(AnswerNotKept) as lost:
            await ask(other, session)

        assert (lost.value.extensions, lost.value.processed) == ({"answered_status": 200}, "maybe")
        assert len(api.executed) == 1

    async def test_large_answer_nobody_waits_for(self, one: Worker, api: Api, session: Session) -> None:
        """Its connection to the resource server is freed."""
        closed = asyncio.Event()

        async def close() -> None:
            closed.set()

        async def large(_: ApiRequest) -> ApiResponse:
            return ApiResponse(status=200, body=stream_of(b"x" * 200), close=close)

        api.answer = large
        api.free.clear()
        call = begin(one, session)
        await api.asked.wait()
        call.cancel()
        await asyncio.wait([call])
        api.free.set()
        await closed.wait()

    async def test_endless_answer(self, one: Worker, api: Api, session: Session) -> None:
        """An event stream begins at once: nobody waits until so much of it has come that it cannot be kept."""
        more = asyncio.Event()

        async def events() -> object:
            yield b"data: 1\n\n"
            await more.wait()

        async def endless(_: ApiRequest) -> ApiResponse:
            return ApiResponse(status=200, headers=[("Content-Type", "text/event-stream")], body=events())  # type: ignore[arg-type]

        api.answer = endless
        response = await ask(one, session)

        assert await anext(chunks(response.body)) == b"data: 1\n\n"
        more.set()

    async def test_oldest_answers_give_way(self, one: Worker, other: Worker, api: Api, session: Session) -> None:
        """More than the bytes of a session are not kept; that they were carried out is."""

        async def answer(_: ApiRequest) -> ApiResponse:
            return ApiResponse(status=200, body=stream_of(b"x" * 100), body_bytes=100)

        api.answer = answer
        for number in range(4):
            await ask(one, session, f"key-number-{number:06}")
            await settled(one)

        for number in (2, 3):
            assert len(await read(await ask(other, session, f"key-number-{number:06}"))) == 100
        for number in (0, 1):
            with pytest.raises(AnswerNotKept):
                await ask(other, session, f"key-number-{number:06}")
        assert len(api.executed) == 4

    async def test_flights_of_one_session(self, one: Worker, api: Api, session: Session) -> None:
        """A session whose sockets drop again and again cannot pile up requests; another session is not concerned."""
        api.free.clear()
        calls = [begin(one, session, f"key-number-{number:06}") for number in range(4)]
        await api.asked.wait()
        with pytest.raises(TooManyRequests) as refused:
            await ask(one, session, "key-number-000004")
        elsewhere = begin(one, replace(session, key="other", subject="eve"))
        api.free.set()

        assert refused.value.processed == "never"
        assert [(await call).status for call in (*calls, elsewhere)] == [201] * 5

    async def test_records_run_out(self, one: Worker, session: Session) -> None:
        """Everything that is written has an end."""
        await ask(one, session)
        await one.once.verdicts(session, [OTHER_KEY])
        await settled(one)

        assert len(keys := await one.redis.keys("hub:*")) == 3
        assert all([0 < await one.redis.ttl(key) <= 900 for key in keys])

    async def test_nothing_readable_is_stored(self, one: Worker, session: Session) -> None:
        """Answers hold what only their user may see: Redis holds no word of them, and no key."""
        await ask(one, session)
        await settled(one)
        stored = b""
        for key in await one.redis.keys("hub:once:*"):
            stored += key + b"".join((await one.redis.hgetall(key)).values())

        assert b"number" not in stored
        assert KEY.encode() not in stored
