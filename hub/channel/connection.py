"""The protocol of one channel (docs/channel-protocol.md) without I/O: messages in, events out.

Knows no socket, no task and no clock: `now` is seconds of one monotonic clock. Everything that affects the state is in
this file; `requests`, `uploads`, `downloads` and `liveness` keep its books.
"""

import math
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, get_args

import msgspec

from hub.channel import codec, messages
from hub.channel.admission import check_request
from hub.channel.close_codes import ChannelClosed, CloseCode, protocol_error
from hub.channel.codec import BodyFrame
from hub.channel.downloads import Downloads
from hub.channel.events import (
    BodyReceived,
    ByeReceived,
    CreditReceived,
    Event,
    HelloReceived,
    RequestAborted,
    SubscribeReceived,
    UnsubscribeReceived,
)
from hub.channel.liveness import Liveness
from hub.channel.outbox import Outbox
from hub.channel.requests import Requests, Stage, Started
from hub.channel.uploads import Uploads
from hub.config.settings import ChannelSettings
from hub.errors import BadRequest, BodyTooLarge, ClientStalled, DeadlineExceeded, HubError, Processed
from hub.idempotency.outcome import Verdict


class State(Enum):
    """Where a channel is in its life."""

    OPENED = "opened"  # waiting for hello
    GREETED = "greeted"  # hello has come, its proof is being checked; requests wait
    READY = "ready"
    CLOSED = "closed"


ANYTIME = frozenset({messages.PingMessage, messages.PongMessage, messages.ByeMessage})
WORK = frozenset(get_args(messages.ClientMessage)) - ANYTIME - {messages.HelloMessage}

RECEIVABLE: Mapping[State, frozenset[type]] = {
    State.OPENED: ANYTIME | {messages.HelloMessage},
    State.GREETED: ANYTIME | WORK,
    State.READY: ANYTIME | WORK,
    State.CLOSED: frozenset(),
}

TRANSITIONS: Mapping[tuple[State, str], State] = {
    (State.OPENED, "hello"): State.GREETED,
    (State.GREETED, "ready"): State.READY,
    (State.OPENED, "close"): State.CLOSED,
    (State.GREETED, "close"): State.CLOSED,
    (State.READY, "close"): State.CLOSED,
}


class IllegalMove(Exception):
    """The hub asked for what the protocol does not allow now: a defect of the caller. The state is unchanged."""


class ChannelConnection:
    """One channel, from its opening to its close.

    After every call send what `outbox` holds. A `ChannelClosed` from any call means: call `close`, and close the socket
    with its code.

    Attributes:
        tells_timing: Whether the client wants to know where the time of its requests went.
    """

    __slots__ = (
        *("outbox", "state", "tells_timing", "_downloads", "_events", "_held", "_liveness", "_opened_at", "_pending"),
        *("_receivable", "_requests", "_settings", "_understands_leaving", "_uploads"),
    )

    def __init__(self, settings: ChannelSettings, now: float) -> None:
        self.state = State.OPENED
        self.outbox = Outbox()
        self.tells_timing = False
        self._understands_leaving = False
        self._receivable = RECEIVABLE[self.state]
        self._settings = settings
        self._requests = Requests(settings)
        self._uploads = Uploads(settings.window, settings.connection_window)
        self._downloads = Downloads()
        self._pending: list[tuple[int, str]] | None = None
        self._held: list[Event] = []
        self._opened_at = now
        self._liveness = Liveness(settings, now)
        self._events = 0

    # -- what the client sends -------------------------------------------------------------------------------

    def receive_text(self, text: str, now: float) -> list[Event]:
        """Take a text message and say what it means. After the close everything is ignored.

        Raises:
            ChannelClosed: The client broke the protocol. Messages before the offending one in a batch have been taken.
        """
        if self.state is State.CLOSED:
            return []
        self._liveness.heard(now)
        events: list[Event] = []
        for message in codec.decode_text(text):
            if type(message) not in self._receivable:
                raise protocol_error(f"{message.__struct_config__.tag} is not expected now")
            events += self._receive(message, now)
        return events

    def receive_binary(self, data: bytes, now: float) -> list[Event]:
        """Take a binary message: a part of an upload. Parts for a request that has ended are ignored.

        Raises:
            ChannelClosed: The client broke the protocol.
        """
        if self.state is State.CLOSED:
            return []
        self._liveness.heard(now)
        body = codec.decode_body(data)
        if len(body.data) > self._settings.frame:
            raise protocol_error(f"a body frame holds at most {self._settings.frame} bytes")
        if not self._requests.was_seen(body.id):
            raise protocol_error(f"body of unknown request {body.id}")
        if self._requests.stage(body.id) is None:
            return []
        return self._receive_body(body)

    def heard(self, now: float) -> None:
        """Note a sign of life."""
        self._liveness.heard(now)

    def _receive(self, message: messages.ClientMessage, now: float) -> list[Event]:
        match message:
            case messages.RequestMessage():
                self._receive_request(message, now)
            case messages.HelloMessage():
                return self._receive_hello(message)
            case messages.CancelMessage(id=request_id):  # may have crossed the answer: an unknown id is legal
                return self._abort(request_id)
            case messages.ResetMessage(id=request_id):
                return self._abort(request_id, _with_outcome(BadRequest("The client reset the request."), "maybe"))
            case messages.SubscribeMessage(id=request_id, topic=topic, after=after):
                self._requests.claim_id(request_id)
                return self._once_ready(SubscribeReceived(request_id, topic, after if isinstance(after, str) else None))
            case messages.UnsubscribeMessage(topic=topic):
                return self._once_ready(UnsubscribeReceived(topic))
            case messages.WindowMessage(id=request_id, bytes=size):
                self._downloads.give(request_id, size)
                return [CreditReceived()]
            case messages.PingMessage(n=n):
                self.outbox.push(codec.encode(messages.PongMessage(n)))
            case messages.PongMessage() | messages.AckMessage():
                pass
            case messages.ByeMessage():
                return [ByeReceived()]
        return []

    def _receive_hello(self, hello: messages.HelloMessage) -> list[Event]:
        self._move("hello")
        self.tells_timing = "timing" in hello.capabilities
        self._understands_leaving = "drain" in hello.capabilities
        if "windows" in hello.capabilities:
            self._downloads.limit(self._settings.window, self._settings.connection_window)
        self._pending = hello.resume.pending if isinstance(hello.resume, messages.Resume) else None
        if len(self._pending or ()) > self._settings.in_flight + self._settings.queue:
            raise protocol_error("more requests are pending than there can be")
        for request_id, _ in self._pending or ():
            self._requests.claim_id(request_id)
        return [HelloReceived(hello)]

    def _once_ready(self, event: Event) -> list[Event]:
        """Return the event, or hold it until `ready`: what came right behind `hello` waits."""
        if self.state is State.READY:
            return [event]
        self._held.append(event)
        return []

    def _receive_request(self, message: messages.RequestMessage, now: float) -> None:
        self._requests.claim_id(message.id)
        error = check_request(message, self._settings)
        if error is None:
            try:
                self._requests.admit(message, now)
            except HubError as refused:
                error = refused
        if error is not None:
            self._send_error(message.id, error)

    def _receive_body(self, body: BodyFrame) -> list[Event]:
        if not self._uploads.is_open(body.id):
            raise protocol_error(f"request {body.id} expects no body now")
        if self._uploads.receive(body.id, len(body.data), end=body.end) > self._settings.body:
            error = BodyTooLarge(f"The upload is larger than {self._settings.body} bytes.")
            return self._abort(body.id, _with_outcome(error, "maybe"))
        return [BodyReceived(body.id, body.data, body.end)]

    # -- what the hub says -----------------------------------------------------------------------------------

    def ready(
        self,
        connection_id: str,
        session: messages.SessionFacts,
        verdicts: Sequence[Verdict] = (),
        now: float = 0.0,
        rates: messages.Rates | msgspec.UnsetType = msgspec.UNSET,
    ) -> list[Event]:
        """Accept `hello`; return what came behind it and waited for this.

        Parameters:
            verdicts: How the pending requests of `hello` stand, in their order.
            rates: What the session may send in a second.

        Raises:
            IllegalMove: There was no `hello`, or it was accepted before.
        """
        self._move("ready")
        settings = self._settings
        heartbeat = messages.Heartbeat(
            round(settings.heartbeat_interval_seconds * 1000), round(settings.heartbeat_timeout_seconds * 1000)
        )
        message = messages.ReadyMessage(
            connection_id,
            self._pending is not None,
            messages.CAPABILITIES,
            heartbeat,
            messages.ChannelLimits.of(settings),
            session,
            msgspec.UNSET if self._pending is None else self._resume(self._pending, verdicts, now),
            rates,
        )
        self.outbox.push(codec.encode(message))
        held, self._held = self._held, []
        self._pending = None
        return held

    def _resume(self, pending: list[tuple[int, str]], verdicts: Sequence[Verdict], now: float) -> dict[str, Verdict]:
        """Take up the requests whose answers are still to come."""
        for (request_id, key), verdict in zip(pending, verdicts, strict=True):
            if verdict in ("joined", "done"):
                longest = round(self._settings.request_timeout_max_seconds * 1000)
                message = messages.RequestMessage(request_id, "POST", "/", key=key, timeout_ms=longest)
                self._requests.admit(message, now, joins=True)
        return {str(request_id): verdict for (request_id, _), verdict in zip(pending, verdicts, strict=True)}

    @property
    def has_waiting(self) -> bool:
        """Whether `start_requests` may find something to do."""
        return self._requests.has_waiting

    def start_requests(self, now: float) -> list[Started]:
        """Return the requests that are to be run now.

        Call it whenever something was received or has ended.
        """
        if self.state is not State.READY:
            return []
        started = self._requests.start(now)
        for each in started:
            if isinstance(each.message.stream, int):
                self._uploads.open(each.message.id, each.message.stream)
                self._grant()
        return started

    def respond(
        self,
        request_id: int,
        status: int,
        headers: messages.WireHeaders,
        body: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET,
        extra: messages.AnswerFacts = messages.NO_FACTS,
    ) -> None:
        """Answer a request whole; `body` is JSON text to be spliced. Nothing is sent if the request has ended.

        Raises:
            IllegalMove: The answer had begun before.
        """
        if self._expect(request_id, Stage.RUNNING):
            self._push_response(request_id, status, headers, body, msgspec.UNSET, extra)
            self._end(request_id)

    def begin(
        self,
        request_id: int,
        status: int,
        headers: messages.WireHeaders,
        length: int,
        extra: messages.AnswerFacts = messages.NO_FACTS,
    ) -> bool:
        """Begin an answer whose body `send_body` sends; return whether it is still wanted. `length` -1: unknown.

        Raises:
            IllegalMove: The answer had begun before.
        """
        if not self._expect(request_id, Stage.RUNNING):
            return False
        self._requests.streaming(request_id)
        window = self._requests.message(request_id).window
        self._downloads.open(request_id, window if isinstance(window, int) else None)
        self._push_response(request_id, status, headers, msgspec.UNSET, length, extra)
        return True

    def credit(self, request_id: int) -> int:
        """Return how many bytes of the body of an answer may be sent now; of one that nobody wants any more: a frame.

        It grows with `CreditReceived`.
        """
        if self.state is State.CLOSED or self._requests.stage(request_id) is not Stage.STREAMING:
            return self._settings.frame
        return min(self._downloads.available(request_id), self._settings.frame)

    def send_body(self, request_id: int, data: bytes, *, end: bool) -> bool:
        """Send the next part of a body, within its `credit`; return whether anybody still wants it.

        Raises:
            IllegalMove: The answer has not begun, or this is more than its credit.
        """
        if not self._expect(request_id, Stage.STREAMING):
            return False
        if len(data) > self.credit(request_id):
            raise IllegalMove(f"body of request {request_id} is beyond its credit")
        self._downloads.spend(request_id, len(data))
        self.outbox.push_body(BodyFrame(request_id, data, end), self._requests.message(request_id).priority)
        if end:
            self._end(request_id)
        return True

    def fail(self, request_id: int, error: HubError) -> None:
        """End a request without an answer, or in the middle of one. Nothing is sent if it has ended meanwhile."""
        stage = None if self.state is State.CLOSED else self._requests.stage(request_id)
        if stage is None:
            return
        if stage is Stage.STREAMING:
            self._drop_body(request_id)
            self.outbox.push(codec.encode(messages.ResetMessage(request_id, error.title)))
        else:
            self._send_error(request_id, error)
        self._end(request_id)

    def body_taken(self, request_id: int, size: int) -> None:
        """Note that the resource server took `size` bytes of an upload, and give credit again."""
        if self.state is State.CLOSED:
            return
        self._uploads.taken(request_id, size)
        if self._requests.stage(request_id) is not None and self._requests.message(request_id).progress:
            accepted = self._uploads.progress(request_id, self._settings.frame)
            if accepted is not None:
                self.outbox.push(codec.encode(messages.ProgressMessage(request_id, accepted)))
        self._grant()

    def notify(
        self, topic: str, name: str, data: dict[str, Any] | msgspec.Raw, position: str | msgspec.UnsetType = msgspec.UNSET
    ) -> None:
        """Send an event. Before `ready` and after the close there is nobody to hear it."""
        if self.state is State.READY:
            self._events += 1
            self.outbox.push(codec.encode(messages.EventMessage(self._events, topic, name, data, position)))

    def confirm_subscription(self, request_id: int, position: str) -> None:
        """Say that the events of a topic follow, from a position in its history on."""
        if self.state is State.READY:
            body = msgspec.Raw(b'{"after":"' + position.encode() + b'"}')
            self.outbox.push(codec.encode(messages.ResponseMessage(request_id, 200, {"content-type": "application/json"}, body)))

    def fail_subscription(self, request_id: int, error: HubError) -> None:
        """Say why no events of a topic follow."""
        if self.state is State.READY:
            self._send_error(request_id, error)

    def going_away(self, within_seconds: float) -> bool:
        """Ask the client to open another channel; return whether there is somebody who understands."""
        if self.state is not State.READY or not self._understands_leaving:
            return False
        self.outbox.push(codec.encode(messages.GoingAwayMessage(round(within_seconds * 1000))))
        return True

    @property
    def is_idle(self) -> bool:
        """Whether no request waits or runs."""
        return self._requests.is_empty

    def close(self) -> bool:
        """End the channel and its requests; return False if it had ended before. What the outbox holds may still leave."""
        if self.state is State.CLOSED:
            return False
        self._move("close")
        return True

    # -- what time does --------------------------------------------------------------------------------------

    @property
    def wake_at(self) -> float:
        """When to call `expire` at the latest. Known without a search: it may be too early, and is never too late."""
        return math.inf if self.state is State.CLOSED else self._requests.wake_at

    @property
    def look_at(self) -> float:
        """When `beat` may have something to do next, whatever is heard until then; at once while `drop_stalled` may."""
        if self._downloads.are_limited:
            return -math.inf
        hello_until = self._opened_at + self._settings.hello_timeout_seconds if self.state is State.OPENED else math.inf
        return min(hello_until, self._liveness.look_at)

    def next_deadline(self) -> float | None:
        """Return when `expire` has something to do next; None: not as things stand."""
        return None if self.state is State.CLOSED else self._requests.next_deadline()

    def expire(self, now: float) -> list[Event]:
        """Answer the requests whose time is over, and say which of them are to be stopped."""
        events: list[Event] = []
        for request_id in self._requests.expired(now) if self.state is not State.CLOSED else ():
            waiting = self._requests.stage(request_id) is Stage.WAITING
            events += self._abort(request_id, _with_outcome(DeadlineExceeded(), "never" if waiting else "maybe"))
        return events

    def drop_stalled(self, now: float) -> list[Event]:
        """Break off the answers for which the client has given no credit for too long; called every second or so."""
        if self.state is State.CLOSED:
            return []
        events: list[Event] = []
        for request_id in self._downloads.stalled(now, self._settings.stalled_answer_timeout_seconds):
            events += self._abort(request_id, ClientStalled())
        return events

    def beat(self, now: float) -> bool:
        """Look after liveness; return whether a WebSocket ping is to be sent beside the `ping` in the outbox.

        Raises:
            ChannelClosed: 4422, no `hello` in time; 4421, no sign of life after a ping.
        """
        if self.state is State.OPENED and now - self._opened_at >= self._settings.hello_timeout_seconds:
            raise ChannelClosed(CloseCode.NO_HELLO, "no hello in time")
        number = None if self.state is State.CLOSED else self._liveness.ping_due(now)
        if number is not None:
            self.outbox.push(codec.encode(messages.PingMessage(number)))
        return number is not None

    # -- inside ----------------------------------------------------------------------------------------------

    def _move(self, step: str) -> None:
        state = TRANSITIONS.get((self.state, step))
        if state is None:
            raise IllegalMove(f"{step} while {self.state.value}")
        self.state = state
        self._receivable = RECEIVABLE[state]

    def _expect(self, request_id: int, stage: Stage) -> bool:
        """Tell whether the request lives; it must then be at `stage`."""
        actual = None if self.state is State.CLOSED else self._requests.stage(request_id)
        if actual not in (None, stage):
            raise IllegalMove(f"request {request_id} is {actual.value}, not {stage.value}")
        return actual is not None

    def _abort(self, request_id: int, error: HubError | None = None) -> list[Event]:
        """End a request early, with an answer if `error` is given."""
        stage = self._requests.stage(request_id)
        if stage is None:
            return []
        key = self._requests.message(request_id).key
        if error is not None:
            self.fail(request_id, error)
        else:
            self._drop_body(request_id)
            self._end(request_id)
        return [] if stage is Stage.WAITING else [RequestAborted(request_id, key if isinstance(key, str) else "")]

    def _end(self, request_id: int) -> None:
        self._requests.end(request_id)
        if request_id in self._downloads.streams:
            self._downloads.close(request_id)
        if request_id in self._uploads.streams:
            self._uploads.close(request_id)
            self._grant()

    def _push_response(
        self,
        request_id: int,
        status: int,
        headers: messages.WireHeaders,
        body: msgspec.Raw | msgspec.UnsetType,
        stream: int | msgspec.UnsetType,
        facts: messages.AnswerFacts,
    ) -> None:
        timing = facts.timing if self.tells_timing else msgspec.UNSET
        response = messages.ResponseMessage(request_id, status, headers, body, stream, timing, facts.replayed)
        self.outbox.push(codec.encode(response))

    def _drop_body(self, request_id: int) -> None:
        self._downloads.unsent(self.outbox.drop_body(request_id))

    def _grant(self) -> None:
        for request_id, size in self._uploads.grants() if self.state is not State.CLOSED else ():
            self.outbox.push(codec.encode(messages.WindowMessage(request_id, size)))

    def _send_error(self, request_id: int, error: HubError) -> None:
        retry_after = error.retry_after_seconds
        self.outbox.push(
            codec.encode(
                messages.ErrorMessage(
                    request_id,
                    error.problem().as_json(),
                    error.processed,
                    msgspec.UNSET if retry_after is None else math.ceil(retry_after * 1000),
                )
            )
        )


def _with_outcome(error: HubError, processed: Processed) -> HubError:
    """Return `error` with what is known about the resource server in this case, where it differs from its kind."""
    error.processed = processed
    return error
