"""One channel at work: tasks, back-pressure, deadlines and the session behind each request."""

import asyncio
import gzip
import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from msgspec import structs

from hub.channel.driver import PORTION, Driver
from hub.errors import (
    HubError,
    NotAuthenticated,
    ResourceServerBroken,
    ResourceServerUnreachable,
    SessionEnded,
    StepUpRequired,
    StoreUnavailable,
    TokenNotIssued,
)
from hub.gateway.messages import ApiRequest, ApiResponse
from hub.session.model import identity_of
from tests.channel.parts import JSON, Socket, World, body, json_answer, request, settle, stream_of, whole_answer
from tests.parties.audit import Audit
from tests.parties.clock import ManualClock

MANY = 500


class Channel:
    """A driver with its socket, in a world of its own."""

    def __init__(self, clock: ManualClock, *, capabilities: list[str] | None = None, **limits: Any) -> None:
        self.world = World.build(clock, **limits)
        self.socket = Socket()
        self.pauses: list[asyncio.Future[None]] = []
        self.driver = new_driver(self)
        self.socket.on_drained = self.driver.drained
        hello = json.loads(self.world.hello) | {"capabilities": capabilities or []}
        self.driver.receive(json.dumps(hello))

    async def ready(self) -> "Channel":
        """Take `ready` from the socket."""
        await settle()
        assert self.socket.take()[0]["type"] == "ready"
        return self

    def answers(self, path: str, answer: Any) -> None:
        """Let the pipeline answer `path` with a value, an error, or a coroutine function."""

        async def give(request: ApiRequest) -> ApiResponse:
            if isinstance(answer, Exception):
                raise answer
            return answer if isinstance(answer, ApiResponse) else json_answer(answer)

        self.world.pipeline.answers[path] = answer if asyncio.iscoroutinefunction(answer) else give

    async def ask(self, *messages: str | bytes) -> list[Any]:
        """Send messages and return what comes back at once."""
        for message in messages:
            if pause := self.driver.receive(message):
                self.pauses.append(asyncio.ensure_future(pause))
        await settle()
        return self.socket.take()

    async def ticks(self, seconds: int) -> None:
        """Let so many seconds pass, and have the driver look after its channel in each."""
        for _ in range(seconds):
            await self.world.clock.advance(1)
            self.driver.tick(self.world.clock.monotonic())


def new_driver(channel: Channel) -> Driver:
    """The driver behind the socket of a channel; nothing was said yet."""
    driver = Driver(
        channel.world.services,
        channel.socket,
        channel.world.session_id,
        channel.world.sessions.session,
        connection_id="c1",
        client_address="192.0.2.1",
    )
    channel.socket.on_drained = driver.drained
    return driver


def endless(gate: asyncio.Event) -> Any:
    """An answer that comes when the gate opens."""

    async def wait(request: ApiRequest) -> ApiResponse:
        await gate.wait()
        return json_answer({"path": request.path})

    return wait


class TestHandshake:
    async def test_ready_tells_about_the_session(self, clock: ManualClock) -> None:
        """Subject, name, and how long the session lives as things stand."""
        channel = Channel(clock)
        await clock.advance(0)
        (ready,) = channel.socket.take()

        assert ready["session"] == {
            "subject": "s1",
            "name": "Ada",
            "identity": channel.world.sessions.session.identity,
            "idle_ms": 900_000,
            "absolute_ms": 43_200_000,
        }
        assert ready["connection"] == "c1"

    async def test_wrong_csrf_token_closes(self, clock: ManualClock) -> None:
        """A page that cannot read the cookie is not ours, and its requests behind hello are never run."""
        world = World.build(clock)
        socket = Socket()
        driver = Driver(world.services, socket, world.session_id, world.sessions.session, connection_id="c", client_address="")
        driver.receive(json.dumps([{"type": "hello", "csrf": "wrong"}, json.loads(request(1))]))
        await settle()

        assert socket.closed is not None
        assert socket.closed[0] == 4403
        assert world.pipeline.requests == []

    @pytest.mark.parametrize(("subject", "code"), [("s1", None), ("s2", 4409)])
    async def test_page_of_another_user(self, clock: ManualClock, subject: str, code: int | None) -> None:
        """A page that was loaded for another user than is logged in now gets no channel; its requests are never run."""
        world, socket = World.build(clock), Socket()

        async def give(_: ApiRequest) -> ApiResponse:
            return json_answer(1)

        world.pipeline.answers["/api/a"] = give
        driver = Driver(world.services, socket, world.session_id, world.sessions.session, connection_id="c", client_address="")
        hello = json.loads(world.hello) | {"identity": identity_of("https://provider.example", subject)}
        driver.receive(json.dumps([hello, json.loads(request(1))]))
        await settle()

        assert (socket.closed and socket.closed[0]) == code
        assert len(world.pipeline.requests) == (1 if code is None else 0)

    @pytest.mark.parametrize(
        ("changes", "reason"), [({"csrf": "guessed"}, "csrf"), ({"identity": "somebody else"}, "identity-changed")]
    )
    async def test_refused_hello_is_audited(
        self, clock: ManualClock, caplog: pytest.LogCaptureFixture, changes: dict[str, str], reason: str
    ) -> None:
        """ASVS 16.3: a page that cannot prove whose it is leaves a line with session and address."""
        world, socket = World.build(clock), Socket()
        session = world.sessions.session
        driver = Driver(world.services, socket, world.session_id, session, connection_id="c1", client_address="192.0.2.1")
        driver.receive(json.dumps(json.loads(world.hello) | changes))

        who = {"connection": "c1", "session_ref": session.ref, "address": "192.0.2.1"}
        expected = {"event": "audit.request_refused", "outcome": "failure", "reason": reason}
        assert Audit(caplog).take() == [{**expected, **who}]

    async def test_bye_closes_normally(self, clock: ManualClock) -> None:
        """A page that closes is told goodbye."""
        channel = await Channel(clock).ready()
        await channel.ask('{"type": "bye"}')

        assert channel.socket.closed == (1000, "bye")


class TestRequests:
    async def test_request_reaches_the_pipeline(self, clock: ManualClock) -> None:
        """Path, query, headers, body, time limit and address arrive as values."""
        channel = await Channel(clock).ready()
        channel.answers("/api/a", {"ok": True})
        (answer,) = await channel.ask(
            request(
                1,
                "/api/a?x=%20&y",
                method="PUT",
                body={"a": 1.10},
                headers={"Accept-Encoding": "br", "X-One": ["1", "2"]},
                timeout_ms=2000,
                traceparent="00-1-2-01",
            )
        )
        (asked,) = channel.world.pipeline.requests

        assert (answer["id"], answer["status"], answer["body"]) == (1, 200, {"ok": True})
        assert (asked.method, asked.path, asked.query) == ("PUT", "/api/a", "x=%20&y")
        assert (asked.body, asked.body_bytes, asked.timeout_seconds) == (b'{"a": 1.1}', 10, 2.0)
        assert asked.headers == [
            ("X-One", "1"),
            ("X-One", "2"),
            ("accept-encoding", "identity"),
            ("traceparent", "00-1-2-01"),
            ("content-type", "application/json"),
        ]
        assert asked.client_address == "192.0.2.1"
        assert channel.world.sessions.asked == [False]

    async def test_passive_request_does_not_count_as_activity(self, clock: ManualClock) -> None:
        """Polling does not keep a session alive."""
        channel = await Channel(clock, capabilities=["gzip"]).ready()
        channel.answers("/api/a", {})
        await channel.ask(request(1, passive=True))

        assert channel.world.sessions.asked == [True]
        assert channel.world.pipeline.requests[0].headers == [("accept-encoding", "gzip")]

    async def test_text_reaches_the_api_as_it_is(self, clock: ManualClock) -> None:
        """The text of a body that looks like a part of the message is a body, and no header is added to it."""
        channel = await Channel(clock).ready()
        channel.answers("/api/a", {})
        text = '1,"method":"DELETE","path":"/api/b"'
        await channel.ask(request(1, method="POST", text=text))
        (asked,) = channel.world.pipeline.requests

        assert (asked.method, asked.path, asked.body, asked.body_bytes) == ("POST", "/api/a", text.encode(), len(text))
        assert asked.headers == [("accept-encoding", "identity")]

    async def test_headers_of_the_browser(self, clock: ManualClock) -> None:
        """A request has those of the handshake, unless the page sends its own. The encodings are those that the client reads."""
        channel = await Channel(clock).ready()
        channel.driver.browser_headers = {"user-agent": "Firefox", "accept-language": "de"}
        channel.answers("/api/a", {})
        await channel.ask(request(1, headers={"Accept-Language": ["fr", "en"], "Accept-Encoding": "br"}))

        assert channel.world.pipeline.requests[0].headers == [
            ("Accept-Language", "fr"),
            ("Accept-Language", "en"),
            ("user-agent", "Firefox"),
            ("accept-encoding", "identity"),
        ]
        assert channel.driver.browser_headers == {"user-agent": "Firefox", "accept-language": "de"}

    async def test_slow_request_blocks_nobody(self, clock: ManualClock) -> None:
        """Answers come in the order in which they are ready, and those of one moment in one write."""
        channel = await Channel(clock).ready()
        gate = asyncio.Event()
        channel.answers("/api/slow", endless(gate))
        channel.answers("/api/fast", [])

        assert [each["id"] for each in await channel.ask(request(1, "/api/slow"), request(2, "/api/fast"))] == [2]

        writes = channel.socket.writes
        gate.set()
        both = await channel.ask(request(3, "/api/fast"))

        assert [each["id"] for each in both] == [1, 3]
        assert channel.socket.writes == writes + 1

    async def test_cancel_reaches_the_pipeline(self, clock: ManualClock) -> None:
        """The task of the request is cancelled, and nothing is answered."""
        channel = await Channel(clock).ready()
        channel.answers("/api/a", endless(asyncio.Event()))
        await channel.ask(request(1))

        assert await channel.ask('{"type": "cancel", "id": 1}') == []
        assert channel.world.pipeline.cancelled == ["/api/a"]

    async def test_deadline_includes_the_queue(self, clock: ManualClock) -> None:
        """A request that waited too long was never seen; one that ran is aborted and may have been."""
        channel = await Channel(clock, in_flight=1).ready()
        channel.answers("/api/a", endless(asyncio.Event()))
        await channel.ask(request(1, timeout_ms=3000), request(2, timeout_ms=2000))
        await clock.advance(2)
        (first,) = channel.socket.take()
        await clock.advance(1)
        (second,) = channel.socket.take()

        assert (first["id"], first["processed"], first["problem"]["status"]) == (2, "never", 504)
        assert (second["id"], second["processed"], second["problem"]["status"]) == (1, "maybe", 504)
        assert channel.world.pipeline.cancelled == ["/api/a"]

    async def test_shorter_deadline_is_not_missed(self, clock: ManualClock) -> None:
        """A later request with less time wakes the channel earlier."""
        channel = await Channel(clock).ready()
        channel.answers("/api/a", endless(asyncio.Event()))
        await channel.ask(request(1), request(2, timeout_ms=100))
        await clock.advance(0.1)

        assert [each["id"] for each in channel.socket.take()] == [2]

    async def test_deadline_behind_one_that_was_kept(self, clock: ManualClock) -> None:
        """The alarm of a request that has ended rings for nothing, and is set anew for those that still run."""
        channel = await Channel(clock, request_timeout_seconds=30.0).ready()
        channel.answers("/api/a", 1)
        channel.answers("/api/slow", endless(asyncio.Event()))
        await channel.ask(request(1))
        await clock.advance(10)
        await channel.ask(request(2, "/api/slow"))
        await clock.advance(29)
        early = channel.socket.take()
        await clock.advance(1)

        assert early == []
        assert [(each["id"], each["problem"]["status"]) for each in channel.socket.take()] == [(2, 504)]

    async def test_closed_channel_sets_no_alarm(self, clock: ManualClock) -> None:
        """The deadline of a request in one message with what closes the channel is nobody's business any more."""
        channel = await Channel(clock).ready()
        channel.answers("/api/slow", endless(asyncio.Event()))
        await channel.ask(request(1, "/api/slow"))
        await channel.ask(f'[{request(2, timeout_ms=1000)}, {{"type": "bye"}}]')

        assert channel.socket.closed == (1000, "bye")
        assert channel.world.pipeline.cancelled == ["/api/slow"]
        assert clock.waiting == 0

    async def test_errors_are_answers(self, clock: ManualClock) -> None:
        """A HubError answers its request with what is known about the outcome; the store's failure does too."""
        channel = await Channel(clock).ready()
        channel.answers("/api/a", ResourceServerUnreachable("refused"))
        channel.answers("/api/b", NotAuthenticated())
        first, second = await channel.ask(request(1), request(2, "/api/b"))
        channel.answers("/api/c", StoreUnavailable(retry_after_seconds=2))
        (third,) = await channel.ask(request(3, "/api/c"))

        assert (first["processed"], first["problem"]["detail"]) == ("never", "refused")
        assert second["problem"]["status"] == 401
        assert (third["problem"]["status"], third["retry_after_ms"], third["processed"]) == (503, 2000, "never")
        assert channel.socket.closed is None

    async def test_store_is_down(self, clock: ManualClock) -> None:
        """Rule 8: an open channel goes on with its session for a minute since the store confirmed it, and no longer."""
        channel = await Channel(clock, heartbeat_interval_seconds=5000.0).ready()
        channel.answers("/api/a", {})
        await channel.ask(request(1))
        channel.world.sessions.error = StoreUnavailable(retry_after_seconds=2)
        within = [[each["type"] for each in await channel.ask(request(2))]]
        await clock.advance(60)
        within.append([each["type"] for each in await channel.ask(request(3))])
        await clock.advance(0.1)
        (after,) = await channel.ask(request(4))

        assert within == [["response"], ["response"]]
        assert (after["problem"]["status"], after["processed"], after["retry_after_ms"]) == (503, "never", 1000)
        assert channel.socket.closed is None

        channel.world.sessions.error = None
        await clock.advance(1)
        assert [each["type"] for each in await channel.ask(request(5))] == ["response"]

    async def test_session_from_memory(self, clock: ManualClock) -> None:
        """What the worker has heard of the session a moment ago is enough for a request, and costs no question."""
        channel = await Channel(clock).ready()
        channel.answers("/api/a", {})
        channel.world.sessions.remembered = replace(channel.world.sessions.session, version=2)
        (answer,) = await channel.ask(request(1))

        assert (answer["type"], channel.world.sessions.asked, channel.driver.session.version) == ("response", [], 2)

    async def test_another_user_from_memory(self, clock: ManualClock) -> None:
        """A session that belongs to somebody else now is refused, from memory as from the store."""
        channel = await Channel(clock).ready()
        channel.world.sessions.remembered = replace(channel.world.sessions.session, subject="s2")
        await channel.ask(request(1))

        assert channel.socket.closed == (4401, "session ended: identity")

    async def test_store_that_is_back_without_the_session(self, clock: ManualClock) -> None:
        """Its answer that there is no such session ends the outage: other channels of the worker need not wait to be told."""
        channel = await Channel(clock, heartbeat_interval_seconds=5000.0).ready()
        channel.answers("/api/a", {})
        channel.world.sessions.error = StoreUnavailable()
        await channel.ask(request(1))
        was_on = channel.world.services.outage.is_on
        channel.world.sessions.error = NotAuthenticated()
        await clock.advance(1)
        await channel.ask(request(2))

        assert (was_on, channel.world.services.outage.is_on) == (True, False)
        assert channel.socket.closed is not None

    async def test_store_is_down_and_the_session_over(self, clock: ManualClock) -> None:
        """What is known to be over is not used, however short the outage."""
        channel = await Channel(clock, heartbeat_interval_seconds=5000.0).ready()
        await clock.advance(890)
        channel.driver.accept(channel.world.sessions.session)
        channel.world.sessions.error = StoreUnavailable()
        await clock.advance(10)
        (refused,) = await channel.ask(request(1))

        assert refused["problem"]["status"] == 503
        assert channel.world.pipeline.requests == []

    async def test_session_that_ended_during_an_outage(self, clock: ManualClock) -> None:
        """What another worker says about the end counts at once, whatever the store does."""
        channel = await Channel(clock).ready()
        channel.world.sessions.error = StoreUnavailable()
        channel.driver.end_session("logout")
        await channel.ask(request(1))

        assert channel.socket.closed == (4401, "session ended: logout")
        assert channel.world.pipeline.requests == []

    @pytest.mark.expects_log
    async def test_defect_is_logged_and_answered(self, clock: ManualClock) -> None:
        """What nobody foresaw costs one request, not the channel."""
        channel = await Channel(clock).ready()
        channel.answers("/api/a", ValueError("a defect"))
        (error,) = await channel.ask(request(1))

        assert (error["problem"]["status"], error["processed"]) == (500, "maybe")
        assert "a defect" not in json.dumps(error)


class TestBatch:
    """A batch is handled in portions, between which the socket may let others have their turn."""

    async def test_order(self, clock: ManualClock) -> None:
        """Each message of a large batch takes effect, in order, a few between two turns; each costs."""
        channel = await Channel(clock).ready()
        before = channel.socket.charged
        pause = channel.driver.receive(json.dumps([{"type": "ping", "n": number} for number in range(MANY)]))
        assert pause is not None
        await pause
        await settle()
        costs = [later - earlier for earlier, later in pairwise([*channel.socket.turns, channel.socket.charged])]

        assert channel.socket.take() == [{"type": "pong", "n": number} for number in range(MANY)]
        assert max(costs) <= PORTION
        assert channel.socket.charged - before == pytest.approx(MANY, abs=2 * PORTION)

    async def test_back_pressure(self, clock: ManualClock) -> None:
        """While the client takes no answers, the rest of its batch waits."""
        channel = await Channel(clock, outbox=1000).ready()
        channel.socket.stalled = True
        pause = channel.driver.receive(json.dumps([{"type": "ping", "n": number} for number in range(MANY)]))
        assert pause is not None
        working_off = asyncio.ensure_future(pause)
        for _ in range(MANY):
            await settle()
        was_done, answered = working_off.done(), len(channel.socket.frames)
        channel.socket.drain()
        await working_off
        await settle()

        assert (was_done, answered < MANY / 4) == (False, True)
        assert [message["n"] for message in channel.socket.take()] == list(range(MANY))

    async def test_close_within_a_batch(self, clock: ManualClock) -> None:
        """What follows a `bye`, a violation of the protocol or a closed socket in the same batch is dropped."""
        channel = await Channel(clock).ready()
        pings = [{"type": "ping", "n": 1}] * 60
        pause = channel.driver.receive(json.dumps([*pings, {"type": "bye"}, json.loads(request(1)), *pings]))
        assert pause is not None
        await pause
        await settle()

        assert channel.socket.closed == (1000, "bye")
        assert channel.world.pipeline.requests == []
        assert 60 <= len(channel.socket.take()) <= 60 + PORTION

    async def test_ignored_messages_cost(self, clock: ManualClock) -> None:
        """Unknown messages that may be ignored are work too."""
        channel = await Channel(clock).ready()
        before = channel.socket.charged
        pause = channel.driver.receive(json.dumps([{"type": "later", "optional": True}] * MANY))
        assert pause is not None
        await pause

        assert channel.socket.charged - before == pytest.approx(MANY, abs=PORTION)


class TestAudit:
    @pytest.mark.parametrize("error", [StepUpRequired("too old", max_age=60), TokenNotIssued()])
    async def test_refused_request(self, clock: ManualClock, caplog: pytest.LogCaptureFixture, error: HubError) -> None:
        """ASVS 16.3.2: what a user may not have, or not yet, is noted as over HTTP: with the path, without the query."""
        channel = await Channel(clock).ready()
        channel.answers("/api/a", error)
        await channel.ask(request(1, "/api/a?name=ada"))

        who = {"connection": "c1", "session_ref": channel.driver.session.ref, "address": "192.0.2.1"}
        expected = {"event": "audit.request_refused", "outcome": "failure", "reason": error.slug}
        assert Audit(caplog).take() == [{**expected, **who, "method": "GET", "path": "/api/a"}]

    async def test_ordinary_errors(self, clock: ManualClock, caplog: pytest.LogCaptureFixture) -> None:
        """An API that cannot be reached is no security event."""
        channel = await Channel(clock).ready()
        channel.answers("/api/a", ResourceServerUnreachable())
        await channel.ask(request(1))

        assert Audit(caplog).take() == []


class TestSessionEnd:
    @pytest.mark.parametrize(("error", "reason"), [(SessionEnded(reason="idle"), "idle"), (NotAuthenticated(), "unknown")])
    async def test_request_of_an_ended_session_closes(self, clock: ManualClock, error: NotAuthenticated, reason: str) -> None:
        """The client is told the reason, then 4401."""
        channel = await Channel(clock).ready()
        channel.world.sessions.error = error
        (event,) = await channel.ask(request(1))

        assert (event["name"], event["data"]["reason"]) == ("ended", reason)
        assert channel.socket.closed == (4401, f"session ended: {reason}")
        assert channel.world.pipeline.requests == []

    async def test_end_during_a_request_aborts_the_others(self, clock: ManualClock) -> None:
        """A refresh that the provider refused ends the session while requests are under way."""
        channel = await Channel(clock).ready()
        channel.answers("/api/slow", endless(asyncio.Event()))
        channel.answers("/api/a", SessionEnded(reason="refused"))
        (event,) = await channel.ask(request(1, "/api/slow"), request(2))

        assert event["data"]["reason"] == "refused"
        assert channel.world.pipeline.cancelled == ["/api/slow"]

    async def test_another_subject_closes(self, clock: ManualClock) -> None:
        """A channel never goes on for somebody else than the one who opened it."""
        channel = await Channel(clock).ready()
        channel.world.sessions.session = replace(channel.world.sessions.session, subject="s2")
        (event,) = await channel.ask(request(1))

        assert event["data"]["reason"] == "identity"
        assert channel.socket.closed is not None
        assert channel.world.pipeline.requests == []


class TestStreams:
    async def test_binary_answer_comes_in_frames(self, clock: ManualClock) -> None:
        """Frames of at most `limits.frame`, the last one with END, and the answer is closed."""
        channel = await Channel(clock, frame=4).ready()
        closed = asyncio.Event()

        async def close() -> None:
            closed.set()

        headers = [("Content-Type", "image/png")]
        answer = ApiResponse(status=200, headers=headers, body=stream_of(b"12345", b"678"), body_bytes=8, close=close)
        channel.answers("/api/a", answer)
        head, *frames = await channel.ask(request(1))

        assert head["stream"] == 8
        assert [(frame.data, frame.end) for frame in frames] == [(b"1234", False), (b"5", False), (b"678", True)]
        assert closed.is_set()

    async def test_large_json_comes_in_frames(self, clock: ManualClock) -> None:
        """JSON beyond `limits.inline`, of unknown length, goes over to frames where it stops fitting."""
        channel = await Channel(clock, inline=4).ready()
        channel.answers("/api/a", ApiResponse(status=200, headers=JSON, body=stream_of(b"[1,", b"2,", b"3]")))
        head, *frames = await channel.ask(request(1))

        assert head["stream"] == -1
        assert b"".join(frame.data for frame in frames) == b"[1,2,3]"
        assert [frame.end for frame in frames] == [False, False, True]

    async def test_broken_json_cannot_break_a_message(self, clock: ManualClock) -> None:
        """It comes as what it is: bytes."""
        channel = await Channel(clock).ready()
        channel.answers("/api/a", ApiResponse(status=200, headers=JSON, body=stream_of(b'{"a": "\xff"}')))
        head, frame = await channel.ask(request(1))

        assert head["stream"] == 10
        assert (frame.data, frame.end) == (b'{"a": "\xff"}', True)

    async def test_answer_to_head_has_no_body(self, clock: ManualClock) -> None:
        """A content-length without a body is no stream."""
        channel = await Channel(clock).ready()
        headers = [("content-type", "image/png"), ("content-length", "99999")]
        channel.answers("/api/a", ApiResponse(status=200, headers=headers, body=stream_of(), body_bytes=99_999))
        (answer,) = await channel.ask(request(1, method="HEAD"))

        assert answer == {"type": "response", "id": 1, "status": 200, "headers": dict(headers)}

    @pytest.mark.parametrize("announced", [None, 9])
    async def test_body_that_breaks_off_is_reset(self, clock: ManualClock, announced: int | None) -> None:
        """Neither an error in the middle nor a body that is too short looks like an end."""
        channel = await Channel(clock).ready()

        async def broken() -> Any:
            yield b"part"
            if announced is None:
                raise ResourceServerBroken

        channel.answers("/api/a", ApiResponse(status=200, body=broken(), body_bytes=announced))
        head, *_, reset = await channel.ask(request(1))

        assert head["type"] == "response"
        assert (reset["type"], reset["id"]) == ("reset", 1)

    async def test_upload_flows_with_credit(self, clock: ManualClock) -> None:
        """The pipeline reads the parts as they come; the client gets credit as it reads."""
        channel = await Channel(clock, window=4, connection_window=4).ready()
        read: list[bytes] = []

        async def store(request: ApiRequest) -> ApiResponse:
            assert not isinstance(request.body, bytes)
            read.extend([part async for part in request.body])
            return json_answer({"stored": sum(map(len, read)), "announced": request.body_bytes})

        channel.answers("/api/a", store)
        first = await channel.ask(request(1, method="POST", stream=-1))
        second = await channel.ask(body(1, b"1234"))
        third = await channel.ask(body(1, b"56", end=True))

        assert [(each["type"], each["bytes"]) for each in first] == [("window", 4)]
        assert [(each["type"], each["bytes"]) for each in second] == [("window", 4)]
        assert third[0]["body"] == {"stored": 6, "announced": None}
        assert read == [b"1234", b"56"]


class TestWholeAnswers:
    """Answers whose body is there with their head."""

    @pytest.mark.parametrize(
        ("data", "content_type", "expected"),
        [
            (b'{"a": 1}', "application/json", {"body": {"a": 1}}),
            (b"[]", "Application/FHIR+JSON; fhirVersion=4.0", {"body": []}),
            ("é".encode(), "text/plain", {"body": "é"}),
            (b"", "application/json", {}),
            (b"\x89PNG", "image/png", {"stream": 4}),
            (b"{broken", "application/json", {"stream": 7}),
            (b"[" + b"1," * 40 + b"1]", "application/json", {"stream": 83}),
            (b"\xff", "text/plain", {"stream": 1}),
        ],
    )
    async def test_message_or_frames(self, clock: ManualClock, data: bytes, content_type: str, expected: dict[str, Any]) -> None:
        """What is small, and a JSON value or text, comes in the message; all else as frames, unchanged."""
        channel = await Channel(clock, inline=64).ready()
        channel.answers("/api/a", whole_answer(data, content_type))
        answer, *frames = await channel.ask(request(1))
        shown = {name: answer[name] for name in ("body", "stream") if name in answer}

        assert shown == expected
        assert b"".join(frame.data for frame in frames) == (data if "stream" in expected else b"")
        assert [frame.end for frame in frames] == ([True] if "stream" in expected else [])

    @pytest.mark.parametrize(
        ("data", "content_type", "expected"),
        [
            (
                b'{"id":9007199254740993,"f":1.0,"a":1,"a":2}',
                "application/json",
                {"text": '{"id":9007199254740993,"f":1.0,"a":1,"a":2}'},
            ),
            (b"{broken", "application/json", {"text": "{broken"}),
            ("é".encode(), "application/xml", {"text": "é"}),
            (b"", "application/json", {}),
            (b"\x89PNG", "image/png", {"stream": 4}),
            (b"[" + b"1," * 40 + b"1]", "application/json", {"stream": 83}),
        ],
    )
    @pytest.mark.parametrize("is_whole", [True, False])
    async def test_text_or_frames(
        self, clock: ManualClock, data: bytes, content_type: str, expected: dict[str, Any], is_whole: bool
    ) -> None:
        """A client that takes `text` gets what is small and valid UTF-8 in the message, unchanged; all else as frames."""
        channel = await Channel(clock, inline=64, capabilities=["text"]).ready()
        whole = whole_answer(data, content_type)
        channel.answers("/api/a", whole if is_whole else structs.replace(whole, body=stream_of(data)))
        answer, *frames = await channel.ask(request(1))
        shown = {name: answer[name] for name in ("body", "text", "stream") if name in answer}

        assert shown == expected
        assert b"".join(frame.data for frame in frames) == (data if "stream" in expected else b"")

    async def test_head(self, clock: ManualClock) -> None:
        """An answer without a body is a message, whatever kind of body its headers speak of."""
        channel = await Channel(clock).ready()
        headers = [("content-type", "image/png"), ("content-encoding", "gzip")]
        channel.answers("/api/a", ApiResponse(status=200, headers=headers, body=b"", body_bytes=99_999))
        (answer,) = await channel.ask(request(1, method="HEAD"))

        assert answer == {"type": "response", "id": 1, "status": 200, "headers": dict(headers)}

    async def test_compressed(self, clock: ManualClock) -> None:
        """What is encoded is not JSON any more: the client opens it itself."""
        channel = await Channel(clock, capabilities=["gzip"]).ready()
        headers = [*JSON, ("content-encoding", "gzip")]
        channel.answers("/api/a", ApiResponse(status=200, headers=headers, body=b"[1]", body_bytes=3))
        head, frame = await channel.ask(request(1))

        assert (head["stream"], frame.data, frame.end) == (3, b"[1]", True)

    async def test_encoded_though_nobody_asked(self, clock: ManualClock) -> None:
        """A client without the capability gets the content, and no word of the encoding."""
        channel = await Channel(clock).ready()
        headers = [*JSON, ("content-encoding", "gzip"), ("content-length", "9")]
        data = gzip.compress(b'{"n": 1}')
        channel.answers("/api/a", ApiResponse(status=200, headers=headers, body=data, body_bytes=len(data)))
        (answer,) = await channel.ask(request(1))

        assert (answer["headers"], answer["body"]) == (dict(JSON), {"n": 1})

    @pytest.mark.parametrize("whole", [True, False])
    async def test_encoded_otherwise_than_announced(self, clock: ManualClock, whole: bool) -> None:
        """The request fails; a body that has begun breaks off."""
        channel = await Channel(clock).ready()
        headers = [("content-type", "application/json" if whole else "text/csv"), ("content-encoding", "gzip")]
        data = b"no gzip" if whole else gzip.compress(b"a;b")[:-2]
        channel.answers("/api/a", ApiResponse(status=200, headers=headers, body=data, body_bytes=len(data)))
        *_, last = await channel.ask(request(1))

        assert last["type"] == ("error" if whole else "reset")
        assert last["id"] == 1

    async def test_cancelled_meanwhile(self, clock: ManualClock) -> None:
        """An answer that crosses its cancellation is dropped, and the channel goes on."""
        channel = await Channel(clock).ready()
        gate = asyncio.Event()

        async def deaf(_: ApiRequest) -> ApiResponse:
            try:
                await gate.wait()
            except asyncio.CancelledError:
                return whole_answer(b"1")
            return whole_answer(b"2")

        channel.answers("/api/a", deaf)
        await channel.ask(request(1))

        assert await channel.ask('{"type": "cancel", "id": 1}') == []

        gate.set()
        assert [each["body"] for each in await channel.ask(request(2))] == [2]


class TestSlowReader:
    async def test_upstream_is_read_no_faster_than_the_client_reads(self, clock: ManualClock) -> None:
        """Beyond the outbox's limit the answer is not read further, and goes on when the client does."""
        channel = await Channel(clock, frame=100, outbox=1000).ready()
        given = 0

        async def endless_body() -> Any:
            nonlocal given
            while given < 40:
                given += 1
                yield b"x" * 100

        channel.answers("/api/a", ApiResponse(status=200, body=endless_body()))
        channel.socket.stalled = True
        _, *begun = await channel.ask(request(1))

        assert given < 15

        channel.socket.drain()
        for _ in range(5):
            await settle()

        assert given == 40
        assert sum(len(frame.data) for frame in begun + channel.socket.take()) == 4000

    async def test_client_that_takes_nothing_is_closed(self, clock: ManualClock) -> None:
        """No progress for the slow-reader time closes with 4420; a little progress does not."""
        channel = await Channel(clock).ready()
        channel.socket.stalled = True
        channel.answers("/api/a", list(range(100)))
        await channel.ask(request(1), request(2))
        channel.driver.tick(clock.monotonic())
        channel.socket.drain(50)
        await clock.advance(9)
        channel.driver.tick(clock.monotonic())
        await clock.advance(9)
        channel.driver.tick(clock.monotonic())

        assert channel.socket.closed is None

        await clock.advance(1)
        channel.driver.tick(clock.monotonic())

        assert channel.socket.closed == (4420, "the client does not read")

    async def test_reading_stops_while_the_client_takes_nothing(self, clock: ManualClock) -> None:
        """Answers cannot pile up without bound: the next message is read when there is room."""
        channel = await Channel(clock, outbox=1000).ready()
        channel.socket.stalled = True
        channel.answers("/api/a", list(range(1000)))
        await channel.ask(request(1))
        await channel.ask('{"type": "ping", "n": 1}')

        assert [pause.done() for pause in channel.pauses] == [False]

        channel.socket.drain()
        await settle()

        assert [pause.done() for pause in channel.pauses] == [True]


class TestSilence:
    """A client that the hub does not read from cannot be heard, so its silence means nothing."""

    @pytest.mark.parametrize("is_throttled", [True, False], ids=["it-sent-too-much", "it-reads-nothing"])
    async def test_client_that_is_not_read(self, clock: ManualClock, is_throttled: bool) -> None:
        """No ping is sent to it meanwhile, and it is not closed; once it is read again, its silence counts."""
        limits = {"upload_bytes_per_session": 20.0} if is_throttled else {"outbox": 1000, "slow_reader_timeout_seconds": 1000.0}
        channel = await Channel(clock, heartbeat_interval_seconds=20.0, heartbeat_timeout_seconds=5.0, **limits).ready()
        if is_throttled:
            await channel.ask('{"type": "ping", "n": 1}' + " " * 4000)
        else:
            channel.socket.stalled = True
            channel.answers("/api/a", list(range(1000)))
            await channel.ask(request(1))
        await channel.ticks(100)
        unread = channel.socket.pings, channel.socket.closed
        channel.socket.drain()
        await channel.ticks(500)

        assert unread == (0, None)
        assert (channel.socket.pings, channel.socket.closed) == (1, (4421, "no sign of life after a ping"))


class TestEnd:
    async def test_finish_stops_everything(self, clock: ManualClock) -> None:
        """When the socket is gone, every request is cancelled and waited for."""
        channel = await Channel(clock).ready()
        channel.answers("/api/a", endless(asyncio.Event()))
        await channel.ask(request(1), request(2))
        await channel.driver.finish()

        assert channel.world.pipeline.cancelled == ["/api/a", "/api/a"]
        assert channel.driver.is_closed

    async def test_protocol_error_closes_and_aborts(self, clock: ManualClock) -> None:
        """A client that breaks the protocol loses its requests with its channel."""
        channel = await Channel(clock).ready()
        channel.answers("/api/a", endless(asyncio.Event()))
        await channel.ask(request(1))
        await channel.ask("rubbish")

        assert channel.socket.closed is not None
        assert channel.socket.closed[0] == 4400
        assert channel.world.pipeline.cancelled == ["/api/a"]


KEY = "key-0000-0000-0001"
OTHER_KEY = "key-0000-0000-0002"


class TestKeys:
    """Requests with a key, and what is left of them when a channel breaks (rules 5 and 6)."""

    async def test_key_goes_with_the_request(self, clock: ManualClock) -> None:
        """It is executed as one that must not be executed twice; a repetition is marked."""
        channel = await Channel(clock).ready()
        channel.answers("/api/a", structs.replace(json_answer(1), replayed=True))
        (answer,) = await channel.ask(request(1, key=KEY))

        assert (answer["body"], answer["replayed"]) == (1, True)

    async def test_cancel_reaches_the_request(self, clock: ManualClock) -> None:
        """What its client cancels is stopped; what loses its channel is not."""
        channel = await Channel(clock).ready()
        channel.answers("/api/a", endless(asyncio.Event()))
        await channel.ask(request(1, key=KEY), request(2, key=OTHER_KEY))
        await channel.ask('{"type": "cancel", "id": 1}')
        await channel.driver.finish()

        assert channel.world.services.executor.aborted == [KEY]  # type: ignore[attr-defined]

    async def test_time_limit_reaches_the_request(self, clock: ManualClock) -> None:
        """What takes too long is stopped."""
        channel = await Channel(clock).ready()
        channel.answers("/api/a", endless(asyncio.Event()))
        await channel.ask(request(1, key=KEY, timeout_ms=1000))
        await clock.advance(1)

        assert channel.world.services.executor.aborted == [KEY]  # type: ignore[attr-defined]

    async def test_broken_upload(self, clock: ManualClock) -> None:
        """An upload whose channel breaks can never be complete: who reads it is told, and does not wait for ever."""
        channel = await Channel(clock).ready()
        ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def read(request: ApiRequest) -> ApiResponse:
            async def body_of() -> None:
                try:
                    async for _ in request.body:  # type: ignore[union-attr]
                        pass
                except HubError as error:
                    ended.set_result(error.slug)

            await asyncio.shield(asyncio.create_task(body_of()))  # as a request with a key has it: apart from the channel
            return json_answer(1)

        channel.answers("/api/a", read)
        await channel.ask(request(1, method="POST", stream=10, key=KEY))
        await channel.ask(body(1, b"12345"))
        await channel.driver.finish()

        assert await ended == "upload-stalled"

    async def test_resume(self, clock: ManualClock) -> None:
        """The verdicts come with `ready`; the answers that are still there follow under their new ids."""
        channel = Channel.__new__(Channel)
        channel.world, channel.socket, channel.pauses = World.build(clock), Socket(), []
        once: Any = channel.world.services.executor
        once.standing, once.joined = {KEY: "done", OTHER_KEY: "never"}, {KEY: structs.replace(json_answer(7), replayed=True)}
        channel.driver = new_driver(channel)
        hello = json.loads(channel.world.hello) | {"resume": {"pending": [[1, KEY], [2, OTHER_KEY]]}}
        ready, answer = await channel.ask(json.dumps(hello))

        assert (ready["resumed"], ready["pending"]) == (True, {"1": "done", "2": "never"})
        assert (answer["id"], answer["body"], answer["replayed"]) == (1, 7, True)

    async def test_resume_without_a_store(self, clock: ManualClock) -> None:
        """Nobody can say how the requests stand: the client is to dial again, and is told nothing that is not true."""
        channel = Channel.__new__(Channel)
        channel.world, channel.socket, channel.pauses = World.build(clock), Socket(), []

        async def fail(*_: Any) -> list[Any]:
            raise StoreUnavailable

        channel.world.services.executor.verdicts = fail  # type: ignore[method-assign]
        channel.driver = new_driver(channel)
        hello = json.loads(channel.world.hello) | {"resume": {"pending": [[1, KEY]]}}

        assert await channel.ask(json.dumps(hello)) == []
        assert channel.socket.closed == (4503, "the session store does not respond")


class TestCredit:
    """The client paces its answers (Bodies, 5)."""

    async def test_without_credit_nothing_is_read(self, clock: ManualClock) -> None:
        """The body of the resource server is read as far as the credit goes, and goes on with more of it."""
        channel = await Channel(clock, capabilities=["windows"]).ready()
        read: list[int] = []

        async def parts() -> Any:
            for number in range(10):
                read.append(number)
                yield b"x" * 100

        channel.answers("/api/a", ApiResponse(status=200, body=parts()))
        begun = await channel.ask(request(1, window=250))

        assert [len(part.data) for part in begun[1:]] == [100, 100, 50]
        assert read == [0, 1, 2]

        more = await channel.ask('{"type": "window", "id": 1, "bytes": 10000}')
        assert sum(len(part.data) for part in more) == 750

    async def test_other_answers_go_on(self, clock: ManualClock) -> None:
        """An answer without credit holds up nobody else."""
        channel = await Channel(clock, capabilities=["windows"]).ready()
        channel.answers("/api/a", ApiResponse(status=200, body=stream_of(b"x" * 100)))
        channel.answers("/api/b", json_answer(2))
        said = await channel.ask(request(1, window=0), request(2, "/api/b"))

        assert [message["id"] for message in said] == [1, 2] or [message["id"] for message in said] == [2, 1]

    async def test_timing(self, clock: ManualClock) -> None:
        """Who asks for it learns how long a request waited here, and how long there."""
        channel = await Channel(clock, capabilities=["timing"], in_flight=1).ready()
        gate = asyncio.Event()
        channel.answers("/api/a", endless(gate))
        await channel.ask(request(1), request(2))
        await clock.advance(2)
        gate.set()
        await settle()
        first, second = channel.socket.take()

        assert (first["timing"], second["timing"]) == ({"queue": 0.0, "upstream": 2000.0}, {"queue": 2000.0, "upstream": 0.0})


class TestRates:
    """A session that asks too often (rule 11)."""

    async def test_requests_of_a_batch_are_counted_one_by_one(self, clock: ManualClock) -> None:
        """Those beyond the burst get 429 as never executed, with the time to wait; then it goes on."""
        channel = await Channel(clock, requests_per_session=0.3).ready()
        channel.answers("/api/a", json_answer(1))
        batch = "[" + ",".join(request(number) for number in range(1, 6)) + "]"
        said = await channel.ask(batch)
        refused = [message for message in said if message["type"] == "error"]

        assert len(refused) == 2
        assert {(each["problem"]["status"], each["processed"]) for each in refused} == {(429, "never")}
        assert all(each["retry_after_ms"] > 0 for each in refused)

        channel.answers("/api/a", json_answer(1))
        await clock.advance(refused[0]["retry_after_ms"] / 1000)
        assert [message["type"] for message in await channel.ask(request(6))] == ["response"]

    async def test_too_many_bytes_are_read_more_slowly(self, clock: ManualClock) -> None:
        """Nothing is lost and nobody is closed: the socket is not read until there is room again."""
        channel = await Channel(clock, upload_bytes_per_session=100.0).ready()
        await channel.ask(json.dumps({"type": "ping", "n": 1, "filling": "x" * 4000}))
        await settle()

        assert [pause.done() for pause in channel.pauses] == [False]

        await clock.advance(60)
        assert [pause.done() for pause in channel.pauses] == [True]

    async def test_messages_of_a_batch_are_charged(self, clock: ManualClock) -> None:
        """The connection pays for each message of a batch, not only for its frame."""
        channel = await Channel(clock).ready()
        batch = "[" + ",".join(['{"type":"pong","n":1}'] * 500) + "]"
        before = channel.socket.charged
        await channel.ask(batch)
        await asyncio.gather(*channel.pauses)

        assert channel.socket.charged - before >= 500

    async def test_page_is_told_the_rates(self, clock: ManualClock) -> None:
        """They stand in `ready`."""
        channel = Channel(clock, requests_per_session=7.0, upload_bytes_per_session=0.0)
        await settle()

        assert channel.socket.take()[0]["rates"] == {"requests": 7.0, "bytes": 0.0}
