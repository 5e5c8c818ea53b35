"""Any sequence of messages, calls of the hub and time through `hub.channel.connection.Connection`.

An input is a list of steps: a byte that chooses a row of STEPS, then what that step reads. Only public methods are used, as
the driver may use them. New messages and calls are rows of MESSAGES and STEPS; put them at the end, so that the corpus keeps
its meaning.
"""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import msgspec

from fuzz.codec_target import check_close
from fuzz.reader import Reader
from fuzz.witness import Witness
from hub.channel.close_codes import ChannelClosed
from hub.channel.codec import BODY_HEADER
from hub.channel.connection import ChannelConnection, IllegalMove, State
from hub.channel.events import BodyReceived, Event, HelloReceived, SubscribeReceived
from hub.channel.messages import Resume, SessionFacts
from hub.config.settings import ChannelSettings
from hub.errors import BadRequest, HubError, TooManyRequests
from hub.idempotency.outcome import Verdict

LIMITS = dataclasses.replace(
    ChannelSettings(),
    frame=48,
    inline=96,
    headers=64,
    header_fields=2,
    path=24,
    in_flight=2,
    queue=2,
    body=160,
    window=64,
    connection_window=100,
)
JSON_HEADERS = {"content-type": "application/json"}
FOREVER_SECONDS = 1e6
KEY = "key-0000-0000-0001"
VERDICTS: list[Verdict] = ["joined", "done", "never", "unknown"]
ALL = 1 << 40


class World:
    """One connection, its client, and the hub behind it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.connection = ChannelConnection(LIMITS, self.now)
        self.witness = Witness(LIMITS.frame)
        self.last_id = 0
        self.pending: list[int] = []
        self.subscribing: list[int] = []

    def old_id(self, reader: Reader) -> int:
        """Return an id that was used, or one that was not."""
        return reader.byte() % (self.last_id + 2)

    def new_id(self, reader: Reader) -> int:
        """Return an id for a request: nearly always the next."""
        choice = reader.byte()
        return choice if choice < 8 else self.last_id + 1

    def send(self, text: str) -> None:
        """Send a text message of the client."""
        for message in _said(text):
            if message.get("type") in ("request", "subscribe"):
                self.last_id = max(self.last_id, message.get("id", 0))
            elif message.get("type") == "hello":
                self.last_id = max([self.last_id, *(each for each, _ in message.get("resume", {}).get("pending", []))])
            self.witness.sends(message)
        self.note(self.connection.receive_text(text, self.now))

    def note(self, events: list[Event]) -> None:
        """Look at what the connection says that has happened."""
        for event in events:
            if isinstance(event, SubscribeReceived):
                self.subscribing.append(event.id)
            elif isinstance(event, HelloReceived) and isinstance(event.hello.resume, Resume):
                self.pending = [request_id for request_id, _ in event.hello.resume.pending]
            elif isinstance(event, BodyReceived):
                self.witness.requests[event.id].received += len(event.data)

    def check(self) -> None:
        """Raise AssertionError if the connection holds what cannot be."""
        assert self.connection.outbox.waiting_bytes >= 0
        deadline = self.connection.next_deadline()
        assert deadline is None or deadline >= 0
        assert deadline is None or self.connection.wake_at <= deadline


def _said(text: str) -> list[dict[str, Any]]:
    """Return the messages in a text as another JSON parser reads them; those that are none at all are left out."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return []
    messages = said if isinstance(said, list) else [said]
    return [each for each in messages if isinstance(each, dict) and isinstance(each.get("id", 0), int)]


Make = Callable[[World, Reader], dict[str, Any]]

MESSAGES: tuple[Make, ...] = (
    lambda world, reader: {"type": "hello", "csrf": "t"},
    lambda world, reader: {"type": "request", "id": world.new_id(reader), "method": "GET", "path": "/a"},
    lambda world, reader: {
        "type": "request",
        "id": world.new_id(reader),
        "method": "POST",
        "path": "/a",
        "stream": reader.byte() - 1,
        "timeout_ms": 1 + reader.byte() * 100,
    },
    lambda world, reader: {
        "type": "request",
        "id": world.new_id(reader),
        "method": "PUT",
        "path": "/" * (reader.byte() % 32),
        "headers": {"a": "b" * reader.byte()},
        "body": "c" * reader.byte(),
    },
    lambda world, reader: {"type": "cancel", "id": world.old_id(reader)},
    lambda world, reader: {"type": "reset", "id": world.old_id(reader)},
    lambda world, reader: {"type": "subscribe", "id": world.new_id(reader), "topic": "t"},
    lambda world, reader: {"type": "unsubscribe", "topic": "t"},
    lambda world, reader: {"type": "window", "id": world.old_id(reader), "bytes": reader.byte()},
    lambda world, reader: {"type": "ack", "sequence": reader.byte()},
    lambda world, reader: {"type": "ping", "n": reader.byte()},
    lambda world, reader: {"type": "pong", "n": reader.byte()},
    lambda world, reader: {"type": "bye"},
    lambda world, reader: {"type": "unknown", "optional": bool(reader.byte() & 1)},
    lambda world, reader: {"type": "hello", "csrf": "t", "capabilities": ["windows", "timing", "drain", "text"]},
    lambda world, reader: {
        "type": "hello",
        "csrf": "t",
        "capabilities": ["windows"],
        "resume": {"pending": [[world.new_id(reader) + number, KEY] for number in range(reader.byte() % 6)]},
    },
    lambda world, reader: {
        "type": "request",
        "id": world.new_id(reader),
        "method": "POST",
        "path": "/a",
        "stream": reader.byte() - 1,
        "priority": reader.byte() % 5,
        "window": reader.byte(),
        "progress": bool(reader.byte() & 1),
        "key": KEY,
    },
    lambda world, reader: {
        "type": "request",
        "id": world.new_id(reader),
        "method": "POST",
        "path": "/a",
        **({"text": "é" * reader.byte()} if reader.byte() & 7 else {"text": "", "stream": 1}),
    },
    lambda world, reader: {"type": "window", "id": 0, "bytes": 1 << reader.byte() % 40},
    lambda world, reader: {"type": "subscribe", "id": world.new_id(reader), "topic": "t", "after": f"{reader.byte()}-0"},
)


def _message(world: World, reader: Reader) -> None:
    world.send(json.dumps(MESSAGES[reader.byte() % len(MESSAGES)](world, reader)))


def _batch(world: World, reader: Reader) -> None:
    numbered, batch = world.last_id, []
    for _ in range(reader.byte() % 4):
        message = MESSAGES[reader.byte() % len(MESSAGES)](world, reader)
        if message["type"] in ("request", "subscribe"):
            world.last_id = max(world.last_id, message["id"])
        batch.append(message)
    world.last_id = numbered
    world.send(json.dumps(batch))


def _raw_text(world: World, reader: Reader) -> None:
    world.send(reader.take(reader.byte()).decode("utf-8", "ignore"))


def _raw_binary(world: World, reader: Reader) -> None:
    world.note(world.connection.receive_binary(reader.take(reader.byte()), world.now))


def _body(world: World, reader: Reader) -> None:
    header = BODY_HEADER.pack(1, reader.byte() & 1, 0, world.old_id(reader))
    world.note(world.connection.receive_binary(header + bytes(reader.byte() % (LIMITS.frame + 2)), world.now))


def _time(world: World, reader: Reader) -> None:
    world.now += reader.byte() / 4
    world.note(world.connection.expire(world.now))
    deadline = world.connection.next_deadline()
    assert deadline is None or deadline > world.now
    world.connection.beat(world.now)


def _pong(world: World, reader: Reader) -> None:
    world.connection.heard(world.now)


def _ready(world: World, reader: Reader) -> None:
    verdicts: list[Verdict] = [VERDICTS[reader.byte() % len(VERDICTS)] for _ in world.pending]
    joined = [each for each, verdict in zip(world.pending, verdicts, strict=True) if verdict in ("joined", "done")]
    world.note(world.connection.ready("c", SessionFacts("subject", 1, 2), verdicts, world.now))
    for request_id in joined:
        world.witness.expects(request_id)


def _start(world: World, reader: Reader) -> None:
    for started in world.connection.start_requests(world.now):
        assert started.message.id in world.witness.requests
        assert started.deadline >= 0
        assert started.joins is (started.message.id in world.pending)


def _respond(world: World, reader: Reader) -> None:
    body = '{"n":1.00}' if world.connection.takes_text else msgspec.Raw(b'{"n":1.00}')
    world.connection.respond(world.old_id(reader), 200, JSON_HEADERS, body)


def _begin(world: World, reader: Reader) -> None:
    world.connection.begin(world.old_id(reader), 200, {}, reader.byte() - 1)


def _send_body(world: World, reader: Reader) -> None:
    request_id = world.old_id(reader)
    size = min(reader.byte() % (LIMITS.frame + 1), world.connection.credit(request_id))
    world.connection.send_body(request_id, bytes(size), end=bool(reader.byte() & 1))


def _fail(world: World, reader: Reader) -> None:
    request_id, kind = world.old_id(reader), reader.byte()
    world.connection.fail(request_id, TooManyRequests(retry_after_seconds=1.0) if kind & 1 else BadRequest("é"))


def _taken(world: World, reader: Reader) -> None:
    seen = world.witness.requests.get(request_id := world.old_id(reader))
    size = min(reader.byte(), seen.received - seen.taken) if seen else 0  # nobody takes what was not received
    if seen and size:
        seen.taken += size
        world.connection.body_accepted(request_id, size)


def _notify(world: World, reader: Reader) -> None:
    world.connection.notify("session", "refreshed", {"expires_at": reader.byte()})


def _close(world: World, reader: Reader) -> None:
    was_open = world.connection.state is not State.CLOSED
    assert world.connection.close() is was_open


def _read(world: World, reader: Reader) -> None:
    world.witness.reads(world.connection.outbox, reader.byte() * 4)


def _stall(world: World, reader: Reader) -> None:
    world.now += reader.byte()
    world.note(world.connection.drop_stalled(world.now))


def _go_away(world: World, reader: Reader) -> None:
    world.connection.going_away(reader.byte())


def _answer_subscriptions(world: World, reader: Reader) -> None:
    for request_id in world.subscribing:
        if reader.byte() & 1:
            world.connection.confirm_subscription(request_id, "1-0")
        else:
            world.connection.fail_subscription(request_id, BadRequest())
    world.subscribing.clear()


Step = Callable[[World, Reader], None]

CLIENT_STEPS: tuple[Step, ...] = (_message, _batch, _raw_text, _raw_binary, _body, _time, _pong, _read)
HUB_STEPS: tuple[Step, ...] = (_ready, _start, _respond, _begin, _send_body, _fail, _taken, _notify, _close, _stall, _go_away)
STEPS: tuple[Step, ...] = (*CLIENT_STEPS, *HUB_STEPS, _answer_subscriptions)


def check_connection(data: bytes) -> list[Step]:
    """Raise AssertionError, or whatever the connection raised, if the steps in `data` show a defect; return the steps."""
    reader, world, taken = Reader(data), World(), []
    while not reader.is_empty:
        step = STEPS[reader.byte() % len(STEPS)]
        taken.append(step)
        try:
            step(world, reader)
        except ChannelClosed as closed:
            check_close(closed)
            assert world.connection.state is not State.CLOSED
            assert world.connection.close()
        except IllegalMove:
            assert step in HUB_STEPS, "the client drove the hub into a wrong call"
        world.check()
        if world.connection.state is State.CLOSED:
            break
    (_after_close if world.connection.state is State.CLOSED else _let_it_end)(world, reader)
    return taken


def _after_close(world: World, reader: Reader) -> None:
    """Nothing that comes after the close is said or heard."""
    world.witness.reads(world.connection.outbox, ALL)
    assert not world.connection.outbox
    assert world.connection.receive_text("no JSON", world.now) == []
    assert world.connection.receive_binary(b"", world.now) == []
    assert world.connection.start_requests(world.now) == []
    assert not world.connection.beat(FOREVER_SECONDS)
    for request_id in world.witness.requests:
        world.connection.respond(request_id, 200, {})
        assert not world.connection.begin(request_id, 200, {}, -1)
        assert not world.connection.send_body(request_id, b"", end=True)
        world.connection.fail(request_id, HubError())
        world.connection.body_accepted(request_id, world.witness.requests[request_id].received)
    world.connection.notify("session", "ended", {})
    assert world.connection.expire(FOREVER_SECONDS) == []
    assert world.connection.drop_stalled(FOREVER_SECONDS) == []
    assert not world.connection.going_away(1.0)
    world.connection.confirm_subscription(1, "1-0")
    world.connection.fail_subscription(1, BadRequest())
    assert not world.connection.outbox, "something was said after the close"


def _let_it_end(world: World, reader: Reader) -> None:
    """Time passes, and whatever still streams breaks: then every request has had its one terminal message."""
    if world.connection.state is State.GREETED:
        _ready(world, reader)
    _answer_subscriptions(world, reader)
    world.connection.expire(FOREVER_SECONDS)
    for request_id in list(world.witness.requests):
        world.connection.fail(request_id, HubError())
    world.witness.reads(world.connection.outbox, ALL)
    assert world.connection.next_deadline() is None
    assert world.witness.unanswered() == []
    assert world.connection.outbox.waiting_bytes == 0
    for seen in world.witness.requests.values():
        assert seen.received <= seen.granted, "more came than was allowed"
