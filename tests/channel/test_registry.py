"""All channels of a worker: limits, session ends, heartbeats."""

import asyncio
import json
import math
from dataclasses import replace
from typing import Any

import pytest

from hub.channel.close_codes import ChannelClosed, CloseCode
from hub.channel.driver import Driver
from hub.channel.registry import CHECK_BATCH, Registry
from hub.errors import SessionEnded, StoreUnavailable
from hub.gateway.messages import ApiRequest, ApiResponse
from hub.session.model import SessionId
from tests.channel.parts import Socket, World, new_session, request, settle, stream_of, whole_answer
from tests.parties.clock import ManualClock


class Worker:
    """A registry in a world of its own."""

    def __init__(self, clock: ManualClock, **limits: Any) -> None:
        self.world = World.build(clock, **limits)
        self.registry = Registry(self.world.services)

    async def open(self, *, is_one_way: bool = False, **hello: Any) -> tuple[Driver, Socket]:
        """Open a channel of the world's session and bring it through the handshake."""
        socket, world = Socket(), self.world
        driver = self.registry.open(socket, world.session_id, world.sessions.session, "192.0.2.1", is_one_way=is_one_way)
        socket.on_drained = driver.drained
        driver.receive(json.dumps(json.loads(self.world.hello) | hello))
        await settle()
        socket.take()
        return driver, socket

    def metric(self, name: str, **labels: str) -> float | None:
        """Return the value of a metric."""
        return self.world.metrics._registry.get_sample_value(name, labels)


async def test_limits_of_session_and_worker(clock: ManualClock) -> None:
    """One session cannot take all, and all sessions cannot take more than the worker has."""
    worker = Worker(clock, connections=3, connections_per_session=2)
    await worker.open()
    first, _ = await worker.open()
    with pytest.raises(ChannelClosed) as per_session:
        await worker.open()
    other = SessionId.generate()
    worker.registry.open(Socket(), other, new_session(other), "")
    with pytest.raises(ChannelClosed) as per_worker:
        worker.registry.open(Socket(), other, new_session(other), "")

    assert per_session.value.code is CloseCode.TOO_MANY_CHANNELS
    assert per_worker.value.code is CloseCode.UNAVAILABLE
    assert not worker.registry.has_capacity
    assert len(worker.registry) == 3
    assert worker.metric("hub_channels") == 3

    worker.registry.release(first, None)
    worker.registry.release(first, None)

    assert len(worker.registry) == 2
    assert worker.metric("hub_channel_closes_total", code="1006") == 1


async def test_too_many_event_streams(clock: ManualClock) -> None:
    """The oldest stream makes room for a new one; channels have places of their own, and streams take none of them."""
    worker = Worker(clock, connections_per_session=1, streams_per_session=3)
    _, channel = await worker.open()
    streams = [(await worker.open(is_one_way=True))[1] for _ in range(4)]

    assert channel.closed is None
    assert [stream.closed for stream in streams] == [(4430, "too many event streams of this session"), None, None, None]


async def test_event_streams_answer_no_ping(clock: ManualClock) -> None:
    """They hear it as a sign of life, and are not closed because nothing comes back."""
    worker = Worker(clock)
    watch = asyncio.ensure_future(worker.registry.watch())
    (_, channel), (_, stream) = await worker.open(), await worker.open(is_one_way=True)
    await clock.advance(80)
    watch.cancel()

    assert channel.closed == (4421, "no sign of life after a ping")
    assert stream.closed is None
    assert [message["type"] for message in stream.take()] == ["ping"] * 3


async def test_event_streams_that_read_nothing(clock: ManualClock) -> None:
    """The bytes that stay here show that the client has gone."""
    worker = Worker(clock)
    watch = asyncio.ensure_future(worker.registry.watch())
    _, stream = await worker.open(is_one_way=True)
    stream.stalled = True
    await clock.advance(80)
    watch.cancel()

    assert stream.closed == (4420, "the client does not read")


async def test_end_of_a_session_closes_all_its_channels(clock: ManualClock) -> None:
    """Each gets the reason and 4401, its requests are aborted, and the time it took is measured."""
    worker = Worker(clock)

    async def forever(_: object) -> Any:
        await asyncio.Event().wait()

    worker.world.pipeline.answers["/api/a"] = forever
    (driver, socket), (_, other) = await worker.open(), await worker.open()
    driver.receive(request(1))
    await settle()
    await clock.advance(0.3)
    await worker.registry.end_session(driver.session.key, "logout", clock.now() - 0.3)

    assert [each["data"]["reason"] for each in socket.take() + other.take()] == ["logout"] * 2
    assert socket.closed == other.closed == (4401, "session ended: logout")
    assert worker.world.pipeline.cancelled == ["/api/a"]
    assert worker.metric("hub_kill_seconds_count") == 2

    await worker.registry.end_session(driver.session.key, "logout", clock.now())

    assert worker.metric("hub_kill_seconds_count") == 2


async def test_handshake_cannot_overtake_the_end_of_its_session(clock: ManualClock) -> None:
    """A channel that is opened with a session that was read just before its end is refused."""
    worker = Worker(clock)
    await worker.registry.end_session(worker.world.session_id.key, "logout", clock.now())
    with pytest.raises(ChannelClosed) as caught:
        await worker.open()

    assert caught.value.code is CloseCode.LOG_IN


async def test_expired_session_is_noticed_within_a_second(clock: ManualClock) -> None:
    """Without any event: the store is asked once the session's time is over."""
    worker = Worker(clock, heartbeat_interval_seconds=5000.0)
    watch = asyncio.ensure_future(worker.registry.watch())
    _, socket = await worker.open()
    await clock.advance(899)

    assert worker.world.sessions.asked == []

    worker.world.sessions.error = SessionEnded(reason="idle")
    await clock.advance(1)

    assert worker.world.sessions.asked == [True]
    assert socket.take()[0]["data"]["reason"] == "idle"
    assert socket.closed == (4401, "session ended: idle")
    watch.cancel()


async def test_session_that_lives_on_stays_open(clock: ManualClock) -> None:
    """Activity elsewhere has prolonged it: the new end counts. A store that is down proves nothing."""
    worker = Worker(clock, heartbeat_interval_seconds=5000.0)
    watch = asyncio.ensure_future(worker.registry.watch())
    driver, socket = await worker.open()
    worker.world.sessions.error = StoreUnavailable()
    await clock.advance(901)

    assert worker.world.sessions.asked == [True, True]

    worker.world.sessions.error = None
    worker.world.sessions.session = new_session(worker.world.session_id, now=clock.now())
    await clock.advance(100)

    assert worker.world.sessions.asked == [True, True, True]
    assert driver.session is worker.world.sessions.session
    assert socket.closed is None
    watch.cancel()


async def test_outage_is_told_to_all_channels(clock: ManualClock) -> None:
    """Once when it begins, however often it is noticed, and once when it is over."""
    worker = Worker(clock)
    channels = [await worker.open(), await worker.open()]
    worker.registry.store_lost()
    worker.registry.store_lost()
    await worker.registry.recheck_all()
    await worker.registry.recheck_all()
    await settle()

    for _, socket in channels:
        assert [(event["topic"], event["name"]) for event in socket.take()] == [("hub", "degraded"), ("hub", "restored")]


async def test_recheck_all_finds_missed_ends(clock: ManualClock) -> None:
    """After a gap in the event feed every session is looked at; another user's is not handed on."""
    worker = Worker(clock)
    driver, socket = await worker.open()
    await worker.registry.recheck_all()

    assert socket.closed is None

    worker.world.sessions.session = new_session(worker.world.session_id, subject="s2")
    await worker.registry.recheck_all()

    assert socket.take()[0]["data"]["reason"] == "identity"
    assert driver.is_closed


async def test_heartbeats_of_both_kinds(clock: ManualClock) -> None:
    """Silence brings a ping of either kind, both in one write; a WebSocket pong is a sign of life, nothing closes with 4421."""
    worker = Worker(clock)
    watch = asyncio.ensure_future(worker.registry.watch())
    driver, socket = await worker.open()
    writes = socket.writes
    await clock.advance(25)

    assert socket.take() == [{"type": "ping", "n": 1}]
    assert (socket.pings, socket.writes) == (1, writes + 1)

    driver.heard()
    await clock.advance(34)

    assert socket.closed is None

    await clock.advance(1)

    assert socket.closed == (4421, "no sign of life after a ping")
    assert worker.world.sessions.asked == []
    watch.cancel()


async def test_missing_hello_is_noticed(clock: ManualClock) -> None:
    """A socket that says nothing does not stay."""
    worker = Worker(clock)
    watch = asyncio.ensure_future(worker.registry.watch())
    socket = Socket()
    worker.registry.open(socket, worker.world.session_id, worker.world.sessions.session, "")
    await clock.advance(5)

    assert socket.closed == (4422, "no hello in time")
    watch.cancel()


async def test_notify_and_close_all(clock: ManualClock) -> None:
    """Events reach every channel of the session, and a stop closes them all."""
    worker = Worker(clock)
    (driver, socket), (_, other) = await worker.open(), await worker.open()
    worker.registry.notify(driver.session.key, "refreshed", {"expires_at": 1})
    await settle()

    assert [each["name"] for each in socket.take() + other.take()] == ["refreshed"] * 2

    await worker.registry.close_all(CloseCode.UNAVAILABLE, "draining")

    assert socket.closed == other.closed == (4503, "draining")


async def test_close_codes_of_clients_do_not_flood_the_metrics(clock: ManualClock) -> None:
    """A client may close with any number; unknown ones are counted together."""
    worker = Worker(clock)
    for code in (1001, 3999, 4999):
        driver, _ = await worker.open()
        worker.registry.release(driver, code)

    assert worker.metric("hub_channel_closes_total", code="1001") == 1
    assert worker.metric("hub_channel_closes_total", code="other") == 2


async def test_warning_before_the_end(clock: ManualClock) -> None:
    """Once, a minute before the end, after the store was asked; activity elsewhere takes it back, silence brings it again."""
    worker = Worker(clock, warning_seconds=60.0, heartbeat_interval_seconds=5000.0)
    watch = asyncio.ensure_future(worker.registry.watch())
    (_, socket), (_, other) = await worker.open(), await worker.open()
    await clock.advance(839)

    assert (socket.take(), worker.world.sessions.asked) == ([], [])

    await clock.advance(30)
    events = socket.take()

    assert events == other.take()
    assert [(event["topic"], event["name"], event["data"]) for event in events] == [
        ("session", "expiring", {"in_ms": 60_000, "kind": "idle"})
    ]

    worker.world.sessions.session = replace(worker.world.sessions.session, touched_at=clock.now())  # in another tab
    await clock.advance(10)

    assert [(event["name"], event["data"]["in_ms"] > 880_000) for event in socket.take()] == [("extended", True)]

    await clock.advance(830)

    assert [event["name"] for event in socket.take()] == ["expiring"]
    assert set(worker.world.sessions.asked) == {True}
    watch.cancel()


async def test_no_warning_for_a_session_in_use_elsewhere(clock: ManualClock) -> None:
    """A channel that knows nothing of what other tabs do asks before it warns."""
    worker = Worker(clock, warning_seconds=60.0, heartbeat_interval_seconds=5000.0)
    watch = asyncio.ensure_future(worker.registry.watch())
    _, socket = await worker.open()
    worker.world.sessions.session = new_session(worker.world.session_id, now=clock.now() + 600)
    await clock.advance(1000)

    assert socket.take() == []
    assert worker.world.sessions.asked == [True]
    watch.cancel()


async def test_no_warning_while_the_store_is_down(clock: ManualClock) -> None:
    """Nobody knows how the session stands: the page hears of it when Redis is back."""
    worker = Worker(clock, warning_seconds=60.0, heartbeat_interval_seconds=5000.0)
    watch = asyncio.ensure_future(worker.registry.watch())
    _, socket = await worker.open()
    worker.world.sessions.error = StoreUnavailable()
    await clock.advance(860)

    assert socket.take() == []

    worker.world.sessions.error = None
    await clock.advance(2)

    assert [(event["name"], event["data"]["in_ms"]) for event in socket.take()] == [("expiring", 39_000)]
    watch.cancel()


async def test_presence_is_noted_at_the_first_and_the_last_channel(clock: ManualClock) -> None:
    """Whoever ends sessions with their last channel learns when there is one, and when there is none any more."""
    worker = Worker(clock)
    noted: list[str] = []
    worker.registry = Registry(replace(worker.world.services, note_presence=noted.append))
    (first, _), (second, _) = await worker.open(), await worker.open()
    key = first.session_key

    assert (noted, worker.registry.session_keys) == ([key], [key])

    worker.registry.release(first, None)

    assert (noted, worker.registry.session_keys) == ([key], [key])

    worker.registry.release(second, None)

    assert (noted, worker.registry.session_keys) == ([key, key], [])


class TestWatch:
    """Who is looked after, and when: idle channels cost next to nothing, and whatever begins to stall is noticed."""

    async def test_idle_channel_is_left_alone(self, clock: ManualClock) -> None:
        """Between its heartbeats nobody looks at it."""
        worker = Worker(clock)
        watch = asyncio.ensure_future(worker.registry.watch())
        driver, socket = await worker.open()
        looks = 0
        for _ in range(100):
            before = driver.next_check_at
            await clock.advance(1)
            looks += driver.next_check_at != before
            if socket.pings:
                socket.pings = 0
                driver.heard()

        assert looks <= 10
        watch.cancel()

    @pytest.mark.parametrize(
        ("interval", "timeout", "hello"), [(25.0, 10.0, 5.0), (2.0, 10.0, 5.0), (3.0, 2.0, 30.0), (10.0, 60.0, 30.0)]
    )
    async def test_heartbeats_come_in_time(self, clock: ManualClock, interval: float, timeout: float, hello: float) -> None:
        """However the times of the settings relate to each other: one after each silence."""
        limits = {"heartbeat_interval_seconds": interval, "heartbeat_timeout_seconds": timeout, "hello_timeout_seconds": hello}
        worker = Worker(clock, **limits)
        watch = asyncio.ensure_future(worker.registry.watch())
        socket = Socket()
        driver = worker.registry.open(socket, worker.world.session_id, worker.world.sessions.session, "")
        await clock.advance(1.5)
        driver.receive(worker.world.hello)
        pinged_at: list[float] = []
        while len(pinged_at) < 4:
            await clock.advance(0.5)
            if socket.pings > len(pinged_at):
                pinged_at.append(clock.monotonic())
                driver.heard()

        assert pinged_at == [math.ceil(1.5 + interval) + number * interval for number in range(4)]
        watch.cancel()

    async def test_client_that_stops_reading(self, clock: ManualClock) -> None:
        """A channel that was idle for long has the whole time from when it stalls, and not more."""
        worker = Worker(clock, heartbeat_interval_seconds=5000.0)
        watch = asyncio.ensure_future(worker.registry.watch())
        driver, socket = await worker.open()

        async def give(_: ApiRequest) -> ApiResponse:
            return whole_answer(b"[1]")

        worker.world.pipeline.answers["/api/a"] = give
        await clock.advance(100.5)
        socket.stalled = True
        driver.receive(request(1))
        await clock.advance(9)
        too_early = socket.closed
        await clock.advance(2)

        assert (too_early, socket.closed) == (None, (4420, "the client does not read"))
        watch.cancel()

    async def test_client_that_reads_again(self, clock: ManualClock) -> None:
        """What stalled for a while and went on is left alone again."""
        worker = Worker(clock, heartbeat_interval_seconds=5000.0)
        watch = asyncio.ensure_future(worker.registry.watch())
        driver, socket = await worker.open()
        socket.stalled = True
        driver.receive('{"type": "ping", "n": 1}')
        await clock.advance(5)
        socket.drain()
        await clock.advance(2)

        assert driver.next_check_at > clock.monotonic() + 100

        await clock.advance(20)
        socket.stalled = True
        driver.receive('{"type": "ping", "n": 2}')
        await clock.advance(9)

        assert socket.closed is None
        watch.cancel()

    async def test_answer_without_credit(self, clock: ManualClock) -> None:
        """It is broken off after its time, although nothing waits in the socket."""
        worker = Worker(clock, heartbeat_interval_seconds=5000.0)
        watch = asyncio.ensure_future(worker.registry.watch())
        driver, socket = await worker.open(capabilities=["windows"])

        async def give(_: ApiRequest) -> ApiResponse:
            return ApiResponse(status=200, body=stream_of(b"x" * 100))

        worker.world.pipeline.answers["/api/a"] = give
        await clock.advance(10)
        driver.receive(request(1, window=10))
        await clock.advance(59)
        begun = socket.take()
        await clock.advance(2)

        assert [each["type"] if isinstance(each, dict) else each.data for each in begun] == ["response", b"x" * 10]
        assert [each["type"] for each in socket.take()] == ["reset"]
        watch.cancel()

    async def test_old_channel_moves(self, clock: ManualClock) -> None:
        """It is asked to leave at its age, and closed when it has nothing to do after that."""
        worker = Worker(clock, max_age_seconds=100.0, heartbeat_interval_seconds=5000.0)
        worker.registry = Registry(replace(worker.world.services, jitter=lambda: 0.5))
        watch = asyncio.ensure_future(worker.registry.watch())
        _, socket = await worker.open(capabilities=["drain"])
        await clock.advance(99)

        assert socket.take() == []

        await clock.advance(1)

        assert socket.take() == [{"type": "going_away", "within_ms": 60_000}]

        await clock.advance(60)

        assert socket.closed == (4503, "reconnect")
        watch.cancel()

    async def test_idle_channel_of_a_node_that_stops(self, clock: ManualClock) -> None:
        """It has its time to move, and is closed then: long before its next heartbeat."""
        worker = Worker(clock, heartbeat_interval_seconds=5000.0)
        watch = asyncio.ensure_future(worker.registry.watch())
        (_, knows), (_, knows_not) = await worker.open(capabilities=["drain"]), await worker.open()
        await clock.advance(10)
        away = asyncio.ensure_future(worker.registry.drain(20.0))
        await clock.advance(19)

        assert (knows.closed, knows_not.closed) == (None, (4503, "reconnect"))

        await clock.advance(2)

        assert knows.closed == (4503, "reconnect")
        await away
        watch.cancel()

    async def test_no_new_channel_on_a_node_that_stops(self, clock: ManualClock) -> None:
        """A client that dials while the node drains is sent elsewhere at once: nobody would ask it to move later."""
        worker = Worker(clock)
        await worker.registry.drain(20.0)
        with pytest.raises(ChannelClosed) as refused:
            await worker.open()

        assert (refused.value.code, refused.value.reason) == (CloseCode.UNAVAILABLE, "draining")
        assert not worker.registry.has_capacity

    async def test_requests_have_their_turn(self, clock: ManualClock) -> None:
        """Thousands of channels that want a heartbeat in the same second do not hold up everybody else."""
        worker = Worker(clock, connections_per_session=2 * CHECK_BATCH)
        watch = asyncio.ensure_future(worker.registry.watch())
        sockets = [(await worker.open())[1] for _ in range(CHECK_BATCH + 1)]
        turns: list[int] = []

        async def others() -> None:
            while sum(turns[-1:]) < len(sockets):
                turns.append(sum(socket.pings for socket in sockets))
                await asyncio.sleep(0)

        other = asyncio.ensure_future(others())
        await clock.advance(25)
        await other

        assert sorted(set(turns)) == [0, CHECK_BATCH, CHECK_BATCH + 1]
        watch.cancel()

    async def test_word_that_the_store_could_not_give(self, clock: ManualClock) -> None:
        """A page that was warned hears as soon as the store answers that all is well again, however long that takes."""
        worker = Worker(clock, warning_seconds=60.0, heartbeat_interval_seconds=5000.0)
        watch = asyncio.ensure_future(worker.registry.watch())
        driver, socket = await worker.open()
        await clock.advance(845)

        assert [event["name"] for event in socket.take()] == ["expiring"]

        driver.accept(replace(worker.world.sessions.session, touched_at=clock.now()))
        worker.world.sessions.error = StoreUnavailable()
        await clock.advance(10)
        worker.world.sessions.error = None
        worker.world.sessions.session = driver.session
        await clock.advance(1)

        assert [event["name"] for event in socket.take()] == ["extended"]
        watch.cancel()
