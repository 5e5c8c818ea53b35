"""Replays dialogues between a client and the hub against `ChannelConnection`: those of the specification, and the golden vectors.

Both are lists of lines: `C:` what the client sends, `S:` what the hub sends, `hub:` what happens behind the core.
"""

import dataclasses
import json
import re
from typing import Any

import msgspec

from hub.channel.close_codes import ChannelClosed
from hub.channel.codec import BodyFrame, decode_body
from hub.channel.connection import ChannelConnection, State
from hub.channel.events import (
    ByeReceived,
    CreditReceived,
    HelloReceived,
    RequestAborted,
    SubscribeReceived,
    UnsubscribeReceived,
)
from hub.channel.messages import ResponseFacts, SessionFacts, Timing
from hub.channel.outbox import Frame
from hub.config.settings import ChannelSettings
from hub.errors import HubError

SESSION = SessionFacts("s1", 900_000, 43_200_000, "Ada")
TIMING = Timing(1.5, 20.0)
ANSWERED = ResponseFacts(TIMING)
HELLO = '{"type": "hello", "csrf": "t"}'
BODY_LINE = re.compile(r'body (?P<id>\d+) (?P<end>END )?(?P<text>".*")')


def errors_by_slug(kind: type[HubError] = HubError) -> dict[str, type[HubError]]:
    """Return all kinds of errors by the name that they have on the wire."""
    kinds = {kind.slug: kind}
    for below in kind.__subclasses__():
        kinds |= errors_by_slug(below)
    return kinds


def sent_by(frames: list[Frame]) -> list[dict[str, Any] | BodyFrame]:
    """Return what WebSocket frames of the hub say, one by one."""
    said: list[dict[str, Any] | BodyFrame] = []
    for frame in frames:
        payload = b"".join(frame.parts)
        if frame.binary:
            said.append(decode_body(payload))
        else:
            value = json.loads(payload)
            said += value if isinstance(value, list) else [value]
    return said


class Replay:
    """One dialogue under way."""

    def __init__(self) -> None:
        self.now = 0.0
        self.settings = ChannelSettings()
        self.connection = ChannelConnection(self.settings, self.now)
        self.events: list[Any] = []
        self.started: list[int] = []
        self.joined: list[int] = []
        self.sent: list[Any] = []
        self.closed: int | None = None
        self._left: dict[int, int] = {}

    def run(self, lines: list[str]) -> None:
        """Go through the lines; at the end nothing may be left unsaid."""
        for line in lines:
            who, _, what = line.partition(": ")
            {"C": self.client, "S": self.server, "hub": self.hub}[who](what)
        self._collect()

        assert self.sent == []
        assert self.closed is None or self.closed < 0, "the channel was closed without a line that says so"

    def client(self, what: str) -> None:
        """The client sends a text message or a body frame."""
        match = BODY_LINE.fullmatch(what)
        if match is None:
            self._do(lambda: self.events.extend(self.connection.receive_text(what, self.now)))
            return
        frame = BodyFrame(int(match["id"]), json.loads(match["text"]).encode(), end=bool(match["end"]))
        self._do(lambda: self.events.extend(self.connection.receive_binary(b"".join(frame.parts()), self.now)))

    def server(self, what: str) -> None:
        """The hub has sent exactly this next; members that are not shown may be there too."""
        if what.startswith("close "):
            assert int(what.removeprefix("close ")) == self.closed
            self.closed = -1
            return
        self._collect()
        actual = self.sent.pop(0)
        match = BODY_LINE.fullmatch(what)
        if match is None:
            expected = json.loads(what)
            assert expected == _shown(actual, expected)
        else:
            assert BodyFrame(int(match["id"]), json.loads(match["text"]).encode(), end=bool(match["end"])) == actual

    def hub(self, what: str) -> None:
        """Something happens behind the core."""
        verb, _, rest = what.partition(" ")
        self._do(lambda: getattr(self, f"_{verb}")(rest))

    def _do(self, step: Any) -> None:
        try:
            step()
            for started in self.connection.start_requests(self.now):
                (self.joined if started.joins else self.started).append(started.message.id)
        except ChannelClosed as closed:
            self.closed = int(closed.code)
            self.connection.close()

    def _collect(self) -> None:
        self.sent += sent_by(self.connection.outbox.take(1 << 30))

    def _limits(self, rest: str) -> None:
        changes = {name: int(value) for name, value in (pair.split("=") for pair in rest.split())}
        self.settings = dataclasses.replace(self.settings, **changes)
        self.connection = ChannelConnection(self.settings, self.now)

    def _ready(self, _: str) -> None:
        was_greeted = self.connection.state is State.GREETED
        if not was_greeted:
            self.events += self.connection.receive_text(HELLO, self.now)
        assert isinstance(self.events.pop(), HelloReceived)
        self.events += self.connection.ready("c1", SESSION)
        if not was_greeted:
            self.connection.outbox.take(1)

    def _resumes(self, rest: str) -> None:
        assert isinstance(self.events.pop(), HelloReceived)
        self.events += self.connection.ready("c1", SESSION, rest.split(), self.now)  # type: ignore[arg-type]

    def _joins(self, rest: str) -> None:
        assert int(rest) == self.joined.pop(0)

    def _replays(self, rest: str) -> None:
        self._answer(rest, ResponseFacts(TIMING, replayed=True))

    def _starts(self, rest: str) -> None:
        assert int(rest) == self.started.pop(0)

    def _answer(self, rest: str, facts: ResponseFacts = ANSWERED) -> None:
        request_id, status, headers, body = _head(rest)
        self.connection.respond(request_id, status, headers, self._inline(body, headers), facts)

    def _inline(self, body: str, headers: dict[str, Any]) -> msgspec.Raw | str | msgspec.UnsetType:
        """Return the body of an answer as the client takes it: JSON as it is written in the line, or the text of a string."""
        if not body:
            return msgspec.UNSET
        if not self.connection.takes_text:
            return msgspec.Raw(body.encode())
        return body if headers.get("content-type") == "application/json" else str(json.loads(body))

    def _begin(self, rest: str) -> None:
        request_id, status, headers, length = _head(rest)
        self.connection.begin(request_id, status, headers, int(length))
        self._left[request_id] = int(length)

    def _body(self, rest: str) -> None:
        number, _, text = rest.partition(" ")
        data = json.loads(text).encode()
        self._left[int(number)] -= len(data)
        self.connection.send_body(int(number), data, end=self._left[int(number)] == 0)

    def _end(self, rest: str) -> None:
        self.connection.send_body(int(rest), b"", end=True)

    def _credit(self, rest: str) -> None:
        number, size = rest.split()
        assert self.connection.credit(int(number)) == int(size)
        self.events = [event for event in self.events if event != CreditReceived()]

    def _fail(self, rest: str) -> None:
        number, _, slug = rest.partition(" ")
        self.connection.fail(int(number), errors_by_slug()[slug]())

    def _aborts(self, rest: str) -> None:
        assert RequestAborted(int(rest)) == self.events.pop()

    def _takes(self, rest: str) -> None:
        number, size = rest.split()
        self.connection.body_accepted(int(number), int(size))

    def _says(self, rest: str) -> None:
        assert isinstance(self.events.pop(), {"bye": ByeReceived}[rest])

    def _subscribes(self, rest: str) -> None:
        number, topic, *after = rest.split()
        assert self.events.pop() == SubscribeReceived(int(number), topic, after[0] if after else None)

    def _subscribed(self, rest: str) -> None:
        number, position = rest.split()
        self.connection.confirm_subscription(int(number), position)

    def _refuses(self, rest: str) -> None:
        number, slug = rest.split()
        self.connection.fail_subscription(int(number), errors_by_slug()[slug]())

    def _unsubscribes(self, rest: str) -> None:
        assert self.events.pop() == UnsubscribeReceived(rest)

    def _publishes(self, rest: str) -> None:
        topic, position, name, data = rest.split(" ", 3)
        self.connection.notify(topic, name, msgspec.Raw(data.encode()), position)

    def _leaves(self, rest: str) -> None:
        assert self.connection.going_away(float(rest))

    def _ends(self, rest: str) -> None:
        self.connection.notify("session", "ended", {"reason": rest})
        self.connection.close()
        self.closed = 4401

    def _waits(self, rest: str) -> None:
        self.now += float(rest)
        self.events += self.connection.expire(self.now)
        self.connection.beat(self.now)
        self.events += self.connection.drop_stalled(self.now)


def _shown(actual: Any, expected: Any) -> Any:
    """Return the members of `actual` that `expected` shows; objects inside are compared in the same way."""
    if not isinstance(actual, dict) or not isinstance(expected, dict) or not expected:
        return actual
    return {name: _shown(actual[name], value) for name, value in expected.items() if name in actual}


def _head(rest: str) -> tuple[int, int, dict[str, Any], str]:
    number, status, after = rest.split(" ", 2)
    headers, end = json.JSONDecoder().raw_decode(after)
    return int(number), int(status), headers, after[end:].strip()
