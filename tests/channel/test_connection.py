"""The protocol core: what the dialogues do not show, and properties that hold whatever a client sends."""

import json
from dataclasses import replace
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channel import messages
from hub.channel.close_codes import ChannelClosed, CloseCode
from hub.channel.codec import BodyFrame
from hub.channel.connection import COSTS, RECEIVABLE, REFUSED_COST, TRANSITIONS, ChannelConnection, IllegalMove, State
from hub.channel.events import RequestAborted
from hub.config.settings import ChannelSettings
from hub.errors import ResourceServerBroken
from tests.channel.dialogue import HELLO, SESSION, sent_by
from tests.channel.parts import body, request

SMALL = replace(ChannelSettings(), in_flight=2, queue=2, window=8, connection_window=12, frame=8, body=20, inline=30, path=40)


def ready(settings: ChannelSettings = SMALL) -> ChannelConnection:
    """Return a connection after its handshake, with nothing to send."""
    connection = ChannelConnection(settings, 0.0)
    connection.receive_text(HELLO, 0.0)
    connection.ready("c1", SESSION)
    sent(connection)
    return connection


def sent(connection: ChannelConnection) -> list[Any]:
    """Return what the connection has to say, and take it."""
    return sent_by(connection.outbox.take(1 << 30))


class TestStates:
    def test_every_state_says_what_it_takes(self) -> None:
        """The tables cover all states, and every state can be closed but the last."""
        assert set(State) == set(RECEIVABLE)
        assert {state for state, step in TRANSITIONS if step == "close"} == set(State) - {State.CLOSED}

    def test_illegal_move_leaves_the_state(self) -> None:
        """The hub cannot accept a hello that never came, and nothing has changed when it tries."""
        connection = ChannelConnection(SMALL, 0.0)
        with pytest.raises(IllegalMove):
            connection.ready("c1", SESSION)

        assert connection.state is State.OPENED
        assert sent(connection) == []

    def test_answering_twice_is_a_defect(self) -> None:
        """A body without a beginning, or a second beginning, is refused; the answer that is under way goes on."""
        connection = ready()
        connection.receive_text(request(1), 0.0)
        connection.start_requests(0.0)
        with pytest.raises(IllegalMove):
            connection.send_body(1, b"", end=True)
        connection.begin(1, 200, {}, -1)
        with pytest.raises(IllegalMove):
            connection.respond(1, 200, {})
        connection.send_body(1, b"", end=True)

        assert len(sent(connection)) == 2

    def test_nothing_is_heard_after_the_close(self) -> None:
        """Frames that were on their way when the channel closed mean nothing."""
        connection = ready()
        connection.receive_text(request(1), 0.0)

        assert connection.close()
        assert not connection.close()
        assert connection.receive_text("rubbish", 1.0) == []
        assert connection.receive_binary(b"rubbish", 1.0) == []
        assert connection.start_requests(0.0) == []
        assert not connection.begin(1, 200, {}, -1)
        assert connection.next_deadline() is None


class TestCosts:
    """What the messages of a client cost it."""

    def test_every_message_costs(self) -> None:
        """No kind of message is free."""
        assert set(COSTS) == set(get_args(messages.ClientMessage))
        assert min(COSTS.values()) >= 1

    @pytest.mark.parametrize("message", ['{"type":"pong","n":1}', '{"type":"ping","n":1}', '{"type":"cancel","id":9}'])
    def test_each_message_of_a_batch_costs(self, message: str) -> None:
        """A batch is one frame, but each of its messages is paid for."""
        connection = ready()
        before = connection.unpaid
        connection.receive_text(f"[{','.join([message] * 50)}]", 0.0)

        assert connection.unpaid - before == 50

    def test_a_refused_request_costs_more(self) -> None:
        """A request beyond the queue is refused, and costs more than those that wait."""
        connection = ready()
        before = connection.unpaid
        connection.receive_text(f"[{','.join(request(number) for number in range(1, 6))}]", 0.0)

        assert connection.unpaid - before == 5 + REFUSED_COST


class TestAdmission:
    @pytest.mark.parametrize(
        ("members", "status"),
        [
            ({"headers": {"x": "1\r\ny: 2"}}, 400),
            ({"headers": {"x y": "1"}}, 400),
            ({"headers": {"": "1"}}, 400),
            ({"headers": {"x": ["1"] * 65}}, 431),
            ({"headers": {"x": "1" * 16_384}}, 431),
            ({"body": "x" * 40}, 413),
            ({"body": {}, "headers": {"content-type": "text/plain"}}, 400),
            ({"stream": 21}, 413),
            ({"path": "/" + "é" * 20}, 400),
        ],
    )
    def test_what_breaks_a_limit_is_answered(self, members: dict[str, Any], status: int) -> None:
        """One request is refused as never seen by anybody, and the channel lives on."""
        connection = ready()
        connection.receive_text(request(1, **members), 0.0)
        (error,) = sent(connection)

        assert (error["id"], error["processed"], error["problem"]["status"]) == (1, "never", status)
        assert connection.start_requests(0.0) == []
        assert connection.state is State.READY

    def test_names_and_values_that_fields_can_have(self) -> None:
        """Ordinary fields pass, tabs and characters beyond ASCII included."""
        connection = ready()
        connection.receive_text(request(1, headers={"X-A_b": "a\tb é", "if-match": ['"1"', '"2"']}), 0.0)

        assert len(connection.start_requests(0.0)) == 1


class TestTime:
    def test_time_limit_is_the_clients_within_bounds(self) -> None:
        """The default, the client's own, and the hub's maximum."""
        connection = ready(replace(SMALL, in_flight=3))
        connection.receive_text(request(1), 5.0)
        connection.receive_text(request(2, timeout_ms=1500), 5.0)
        connection.receive_text(request(3, timeout_ms=10**12), 5.0)

        assert [started.deadline for started in connection.start_requests(0.0)] == [35.0, 6.5, 605.0]
        assert connection.next_deadline() == 6.5

    def test_a_body_that_streams_has_no_deadline(self) -> None:
        """The time limit ends with the beginning of the answer."""
        connection = ready()
        connection.receive_text(request(1), 0.0)
        connection.start_requests(0.0)
        connection.begin(1, 200, {}, -1)

        assert connection.next_deadline() is None
        assert connection.expire(1e9) == []

    def test_silence_is_measured_from_the_last_frame(self) -> None:
        """Any frame puts the ping off; a body frame for an old request is one, too."""
        connection = ready()
        connection.receive_text(request(1), 0.0)
        connection.start_requests(0.0)
        connection.respond(1, 204, {})
        connection.receive_binary(body(1, b"late"), 20.0)

        assert not connection.beat(44.9)
        assert connection.beat(45.0)
        assert not connection.beat(46.0)

        connection.heard(50.0)

        assert not connection.beat(55.0)


class TestBodies:
    def test_failure_drops_what_has_not_left(self) -> None:
        """A reset comes instead of the frames that still wait."""
        connection = ready()
        connection.receive_text(request(1), 0.0)
        connection.start_requests(0.0)
        connection.begin(1, 200, {}, -1)
        connection.send_body(1, b"lost", end=False)
        connection.fail(1, ResourceServerBroken())

        assert [each["type"] for each in sent(connection)] == ["response", "reset"]
        assert connection.outbox.waiting_bytes == 0

    def test_nothing_is_kept_about_a_download_that_has_ended(self) -> None:
        """A channel that lives for days does not grow with each download."""
        connection = ready()
        connection.receive_text(request(1), 0.0)
        connection.start_requests(0.0)
        connection.begin(1, 200, {}, -1)
        assert set(connection._downloads.streams) == {1}
        connection.send_body(1, b"x", end=True)

        assert not connection._downloads.streams

    def test_end_of_an_upload_is_room_for_others(self) -> None:
        """What one upload held of the connection's window goes to those that wait for credit."""
        connection = ready(replace(SMALL, window=8, connection_window=8))
        for request_id in (1, 2):
            connection.receive_text(request(request_id, stream=20), 0.0)
            connection.start_requests(0.0)
        first = sent(connection)
        connection.respond(1, 413, {})
        _, second = sent(connection)

        assert [(each["id"], each["bytes"]) for each in first] == [(1, 8)]
        assert (second["type"], second["id"], second["bytes"]) == ("window", 2, 8)

    def test_oversized_frame_closes(self) -> None:
        """A body frame beyond `limits.frame` breaks the protocol, although there is credit for more than it holds."""
        connection = ready(replace(SMALL, window=20, connection_window=20))
        connection.receive_text(request(1, stream=20), 0.0)
        connection.start_requests(0.0)
        connection.receive_binary(body(1, b"x" * 8), 0.0)
        with pytest.raises(ChannelClosed, match="at most 8 bytes") as caught:
            connection.receive_binary(body(1, b"x" * 9), 0.0)

        assert caught.value.code is CloseCode.PROTOCOL

    def test_body_for_a_request_without_one_closes(self) -> None:
        """A request that announced no stream takes no frames, and neither does one that waits."""
        connection = ready()
        connection.receive_text(request(1), 0.0)
        connection.start_requests(0.0)
        with pytest.raises(ChannelClosed):
            connection.receive_binary(body(1, b"x"), 0.0)


# -- properties ----------------------------------------------------------------------------------------------------------

IDS = st.integers(1, 12)
BODIES = st.builds(lambda id, data, end: body(id, data, end=end), IDS, st.binary(max_size=9), st.booleans())
MESSAGES = st.one_of(
    st.builds(
        lambda id, more: {"type": "request", "id": id, "method": "GET", "path": "/a", **more},
        IDS,
        st.sampled_from([{}, {}, {"stream": -1}, {"stream": 5}, {"timeout_ms": 500}, {"body": [1.50]}, {"path": "/" * 50}]),
    ),
    st.builds(lambda id: {"type": "cancel", "id": id}, IDS),
    st.builds(lambda id: {"type": "reset", "id": id}, IDS),
    st.builds(lambda id: {"type": "subscribe", "id": id, "topic": "t"}, st.just(0)),
    st.sampled_from([{"type": "ping", "n": 1}, {"type": "ack", "sequence": 0}, {"type": "x", "optional": True}]),
)
RUBBISH = st.one_of(
    st.text(max_size=20),
    st.binary(max_size=20),
    st.sampled_from(['{"type":"hello","csrf":"t"}', '{"type":"window","id":0,"bytes":1}', '{"type":"x"}', '{"type":"bye"}']),
)
HUB = st.tuples(st.sampled_from(["respond", "begin", "body", "end", "fail", "take", "wait"]), IDS)
STEPS = st.lists(st.one_of(MESSAGES.map(json.dumps), MESSAGES.map(json.dumps), BODIES, HUB, HUB), max_size=60)


class Observer:
    """Plays the hub behind a connection, obeying its rules, and counts what each request was told."""

    def __init__(self, connection: ChannelConnection) -> None:
        self.connection = connection
        self.now = 0.0
        self.accepted: set[int] = set()
        self.cancelled: set[int] = set()
        self.streaming: set[int] = set()
        self.running: set[int] = set()
        self.ended: dict[int, int] = {}

    def step(self, step: Any) -> None:
        """Do one thing and look at its consequences.

        Raises:
            ChannelClosed: The client broke the protocol.
        """
        events: list[Any] = []
        if isinstance(step, str):
            step = step.replace('"id": 0', f'"id": {max(self.accepted, default=0) + 1}')
            events = self.connection.receive_text(step, self.now)
            self._note(step)
        elif isinstance(step, bytes):
            events = self.connection.receive_binary(step, self.now)
        else:
            events = self._act(*step)
        for event in events:
            if isinstance(event, RequestAborted):
                self.running.discard(event.id)
                self.streaming.discard(event.id)
        self.running |= {started.message.id for started in self.connection.start_requests(self.now)}
        self.look()

    def look(self) -> None:
        """Count the terminal messages, and check the bounds."""
        for said in sent(self.connection):
            if isinstance(said, BodyFrame):
                ends, request_id = said.end, said.id
            else:
                kind, request_id = said["type"], said.get("id", 0)
                ends = kind in ("error", "reset") or (kind == "response" and "stream" not in said)
            if ends:
                self.ended[request_id] = self.ended.get(request_id, 0) + 1

        assert len(self.running) <= SMALL.in_flight

    def _note(self, text: str) -> None:
        message = json.loads(text)
        if message["type"] == "request":
            self.accepted.add(message["id"])
        if message["type"] == "cancel" and message["id"] in self.accepted - set(self.ended):
            self.cancelled.add(message["id"])

    def _act(self, verb: str, request_id: int) -> list[Any]:
        connection = self.connection
        if verb == "wait":
            self.now += 0.3
            return list(connection.expire(self.now))
        if verb == "respond" and request_id in self.running - self.streaming:
            connection.respond(request_id, 200, {}, msgspec.Raw(b"[1]"))
            self.running.discard(request_id)
        elif verb == "begin" and request_id in self.running - self.streaming:
            assert connection.begin(request_id, 200, {}, -1)
            self.streaming.add(request_id)
        elif verb in ("body", "end") and request_id in self.streaming:
            assert connection.send_body(request_id, b"x", end=verb == "end")
            if verb == "end":
                self.running.discard(request_id)
                self.streaming.discard(request_id)
        elif verb == "fail" and request_id in self.running:
            connection.fail(request_id, ResourceServerBroken())
            self.running.discard(request_id)
            self.streaming.discard(request_id)
        return []


@given(STEPS)
def test_every_request_gets_exactly_one_terminal_message(steps: list[Any]) -> None:
    """Whatever is sent in whatever order: one end for each request, none for a cancelled one, or a named close."""
    observer = Observer(ready())
    try:
        for step in steps:
            observer.step(step)
    except ChannelClosed as closed:
        assert closed.code in CloseCode
        observer.look()
    else:
        while observer.running or observer.connection.next_deadline() is not None:
            for request_id in list(observer.running):
                observer.step(("fail", request_id))
            observer.step(("wait", 0))

        assert observer.accepted <= set(observer.ended) | observer.cancelled
        assert observer.connection.outbox.waiting_bytes == 0

    assert all(count == 1 for count in observer.ended.values())
    assert not observer.cancelled & set(observer.ended)


@given(st.lists(st.one_of(RUBBISH, MESSAGES.map(json.dumps), BODIES), max_size=20))
def test_rubbish_ends_in_a_named_close_or_not_at_all(frames: list[str | bytes]) -> None:
    """No sequence of frames raises anything but `ChannelClosed`, before the handshake or after it."""
    for connection in (ChannelConnection(SMALL, 0.0), ready()):
        try:
            for frame in frames:
                if isinstance(frame, str):
                    connection.receive_text(frame, 0.0)
                else:
                    connection.receive_binary(frame, 0.0)
                connection.start_requests(0.0)
        except ChannelClosed as closed:
            assert closed.code is CloseCode.PROTOCOL
            assert connection.close()
