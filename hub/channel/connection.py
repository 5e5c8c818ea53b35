"""The protocol of one channel (docs/channel-protocol.md) without I/O: messages in, events out.

Uses no socket, no task and no clock: `now` is seconds of one monotonic clock. All changes of the state are in this file;
`requests`, `uploads`, `downloads` and `liveness` do the accounting.
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
    """The state of a channel."""

    OPENED = "opened"  # waits for `hello`
    GREETED = "greeted"  # `hello` is being checked; requests wait
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


COSTS: Mapping[type, int] = {
    messages.HelloMessage: 5,
    messages.RequestMessage: 1,
    messages.CancelMessage: 1,
    messages.ResetMessage: 1,
    messages.SubscribeMessage: 5,  # asks Redis
    messages.UnsubscribeMessage: 1,
    messages.WindowMessage: 1,
    messages.PingMessage: 1,
    messages.PongMessage: 1,
    messages.AckMessage: 1,
    messages.ByeMessage: 1,
}
"""The cost of each message, in addition to its WebSocket frame (`limits.work_per_connection`)."""

REFUSED_COST = 10
"""The cost of a rejected request."""

IGNORED_COST = 1
"""The cost of an unknown message, which is ignored."""

WHOLE_BATCH = 1 << 30
"""More messages than any batch has."""


class IllegalMove(Exception):
    """The caller asked for a step that the protocol does not allow in this state: a defect. The state is unchanged."""


class ChannelConnection:
    """The protocol state of one channel, from open to close.

    After each call, send the contents of `outbox`. If a call raises `ChannelClosed`, call `close` and close the socket with
    its code.

    Attributes:
        takes_gzip: Whether the client decompresses gzip.
        takes_text: Whether the client takes response bodies as `text`.
        tells_timing: Whether the client wants `timing` in responses.
        unpaid: Cost of the messages since the caller has set it to 0.
    """

    __slots__ = (
        "_downloads",
        "_events",
        "_held",
        "_liveness",
        "_opened_at",
        "_pending",
        "_receivable",
        "_requests",
        "_rest",
        "_settings",
        "_supports_drain",
        "_uploads",
        "outbox",
        "state",
        "takes_gzip",
        "takes_text",
        "tells_timing",
        "unpaid",
    )

    def __init__(self, settings: ChannelSettings, now: float) -> None:
        self.state = State.OPENED
        self.outbox = Outbox()
        self.takes_gzip = False
        self.takes_text = False
        self.tells_timing = False
        self.unpaid = 0
        self._supports_drain = False
        self._receivable = RECEIVABLE[self.state]
        self._settings = settings
        self._requests = Requests(settings)
        self._uploads = Uploads(settings.window, settings.connection_window)
        self._downloads = Downloads()
        self._pending: list[tuple[int, str]] | None = None
        self._held: list[Event] = []
        self._rest: list[messages.ClientMessage | None] = []
        self._opened_at = now
        self._liveness = Liveness(settings, now)
        self._events = 0

    # -- what the client sends -------------------------------------------------------------------------------

    def receive_text(self, text: str, now: float, portion: int = WHOLE_BATCH) -> list[Event]:
        """Handle a WebSocket text message; return the events in it. After the close, all messages are dropped.

        Parameters:
            portion: Number of messages of a batch that are handled at most. The others wait for `receive_rest`.

        Raises:
            ChannelClosed: The client violated the protocol. Messages before the offending one in its batch have taken effect.
        """
        if self.state is State.CLOSED:
            return []
        self._liveness.heard(now)
        batch = codec.decode_text(text)
        if len(batch) > portion:
            batch, self._rest = batch[:portion], batch[portion:]
        return self._receive_batch(batch, now)

    @property
    def has_rest(self) -> bool:
        """Whether messages of a batch wait for `receive_rest`. Nothing else may be received before them."""
        return bool(self._rest)

    def receive_rest(self, now: float, portion: int) -> list[Event]:
        """Handle the next messages of a batch; as `receive_text`."""
        batch, self._rest = self._rest[:portion], self._rest[portion:]
        return self._receive_batch(batch, now)

    def _receive_batch(self, batch: list[messages.ClientMessage | None], now: float) -> list[Event]:
        events: list[Event] = []
        for message in batch:
            if message is None:
                self.unpaid += IGNORED_COST
                continue
            if type(message) not in self._receivable:
                raise protocol_error(f"{message.__struct_config__.tag} is not expected now")
            self.unpaid += COSTS[type(message)]
            events += self._receive(message, now)
        return events

    def receive_binary(self, data: bytes, now: float) -> list[Event]:
        """Handle a WebSocket binary message: a body frame of an upload. Frames for a request that has ended are dropped.

        Raises:
            ChannelClosed: The client violated the protocol.
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
        """Record a sign of life."""
        self._liveness.heard(now)

    def _receive(self, message: messages.ClientMessage, now: float) -> list[Event]:
        match message:
            case messages.RequestMessage():
                self._receive_request(message, now)
            case messages.HelloMessage():
                return self._receive_hello(message)
            case messages.CancelMessage(id=request_id):  # an unknown ID is legal: the response may have been under way
                return self._abort(request_id)
            case messages.ResetMessage(id=request_id):
                return self._abort(request_id, _with_outcome(BadRequest("The client reset the request."), "maybe"))
            case messages.SubscribeMessage(id=request_id, topic=topic, after=after):
                self._requests.claim_id(request_id)
                return self._once_ready(SubscribeReceived(request_id, topic, after if isinstance(after, str) else None))
            case messages.UnsubscribeMessage(topic=topic):
                return self._once_ready(UnsubscribeReceived(topic))
            case messages.WindowMessage(id=request_id, bytes=size):
                self._downloads.add_credit(request_id, size)
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
        self.takes_gzip = "gzip" in hello.capabilities
        self.takes_text = "text" in hello.capabilities
        self.tells_timing = "timing" in hello.capabilities
        self._supports_drain = "drain" in hello.capabilities
        if "windows" in hello.capabilities:
            self._downloads.limit(self._settings.window, self._settings.connection_window)
        self._pending = hello.resume.pending if isinstance(hello.resume, messages.Resume) else None
        if len(self._pending or ()) > self._settings.in_flight + self._settings.queue:
            raise protocol_error("more pending requests than a channel can have")
        for request_id, _ in self._pending or ():
            self._requests.claim_id(request_id)
        return [HelloReceived(hello)]

    def _once_ready(self, event: Event) -> list[Event]:
        """Return the event; before `ready`, hold it back."""
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
            except HubError as rejection:
                error = rejection
        if error is not None:
            self.unpaid += REFUSED_COST
            self._send_error(message.id, error)

    def _receive_body(self, body: BodyFrame) -> list[Event]:
        if not self._uploads.is_open(body.id):
            raise protocol_error(f"request {body.id} expects no body now")
        if self._uploads.receive(body.id, len(body.data), end=body.end) > self._settings.body:
            error = BodyTooLarge(f"The upload is larger than {self._settings.body} bytes.")
            return self._abort(body.id, _with_outcome(error, "maybe"))
        return [BodyReceived(body.id, body.data, body.end)]

    # -- what the hub sends ----------------------------------------------------------------------------------

    def ready(
        self,
        connection_id: str,
        session: messages.SessionFacts,
        verdicts: Sequence[Verdict] = (),
        now: float = 0.0,
        rates: messages.Rates | msgspec.UnsetType = msgspec.UNSET,
    ) -> list[Event]:
        """Accept `hello` and send `ready`; return the events that were held back until now.

        Parameters:
            verdicts: Verdicts on the pending requests of `hello`, in their order.
            rates: Rate limits of the session.

        Raises:
            IllegalMove: No `hello` was received, or it was accepted before.
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
        """Admit the pending requests that have a response or will have one; return the verdicts by request ID."""
        for (request_id, key), verdict in zip(pending, verdicts, strict=True):
            if verdict in ("joined", "done"):
                longest = round(self._settings.request_timeout_max_seconds * 1000)
                message = messages.RequestMessage(request_id, "POST", "/", key=key, timeout_ms=longest)
                self._requests.admit(message, now, joins=True)
        return {str(request_id): verdict for (request_id, _), verdict in zip(pending, verdicts, strict=True)}

    @property
    def has_waiting(self) -> bool:
        """Whether requests wait for `start_requests`."""
        return self._requests.has_waiting

    def start_requests(self, now: float) -> list[Started]:
        """Return the requests to run now. Call it after each message and after each end of a request."""
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
        body: msgspec.Raw | str | msgspec.UnsetType = msgspec.UNSET,
        extra: messages.ResponseFacts = messages.NO_FACTS,
    ) -> None:
        """Send a complete response. Nothing is sent if the request has ended.

        Parameters:
            body: JSON text, which is inserted unchanged, or a text for a client that `takes_text`.

        Raises:
            IllegalMove: The response had already begun.
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
        extra: messages.ResponseFacts = messages.NO_FACTS,
    ) -> bool:
        """Begin a response; a body of `length` bytes (-1: unknown) follows by `send_body`. Return False if the request has ended.

        Raises:
            IllegalMove: The response had already begun.
        """
        if not self._expect(request_id, Stage.RUNNING):
            return False
        self._requests.mark_streaming(request_id)
        window = self._requests.message(request_id).window
        self._downloads.open(request_id, window if isinstance(window, int) else None)
        self._push_response(request_id, status, headers, msgspec.UNSET, length, extra)
        return True

    def may_upload(self, request_id: int) -> bool:
        """Return whether the client has credit for the body of a request."""
        return self._uploads.has_credit(request_id)

    def credit(self, request_id: int) -> int:
        """Return how many bytes of a download may be sent now, at most one frame. It grows with `CreditReceived`.

        For a request that has ended it is one frame, so that its sender does not wait and learns of the end from `send_body`.
        """
        if self.state is State.CLOSED or self._requests.stage(request_id) is not Stage.STREAMING:
            return self._settings.frame
        return min(self._downloads.available(request_id), self._settings.frame)

    def send_body(self, request_id: int, data: bytes, *, end: bool) -> bool:
        """Send the next segment of a response body; return False if the request has ended.

        Raises:
            IllegalMove: The response has not begun, or `data` exceeds its `credit`.
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
        """End a request with an error, or reset its response body if that has begun. Nothing is sent if it has ended."""
        stage = None if self.state is State.CLOSED else self._requests.stage(request_id)
        if stage is None:
            return
        if stage is Stage.STREAMING:
            self._drop_body(request_id)
            self.outbox.push(codec.encode(messages.ResetMessage(request_id, error.title)))
        else:
            self._send_error(request_id, error)
        self._end(request_id)

    def body_accepted(self, request_id: int, size: int) -> None:
        """Record that the API has accepted `size` bytes of an upload, and give new credit."""
        if self.state is State.CLOSED:
            return
        self._uploads.accepted(request_id, size)
        if self._requests.stage(request_id) is not None and self._requests.message(request_id).progress:
            accepted = self._uploads.progress(request_id, self._settings.frame)
            if accepted is not None:
                self.outbox.push(codec.encode(messages.ProgressMessage(request_id, accepted)))
        self._grant()

    def notify(
        self, topic: str, name: str, data: dict[str, Any] | msgspec.Raw, position: str | msgspec.UnsetType = msgspec.UNSET
    ) -> None:
        """Send an event. Before `ready` and after the close nothing is sent."""
        if self.state is State.READY:
            self._events += 1
            self.outbox.push(codec.encode(messages.EventMessage(self._events, topic, name, data, position)))

    def confirm_subscription(self, request_id: int, position: str) -> None:
        """Confirm a subscription: the events after `position` in the topic's history follow."""
        if self.state is State.READY:
            body = msgspec.Raw(b'{"after":"' + position.encode() + b'"}')
            self.outbox.push(codec.encode(messages.ResponseMessage(request_id, 200, {"content-type": "application/json"}, body)))

    def fail_subscription(self, request_id: int, error: HubError) -> None:
        """Reject a subscription with an error."""
        if self.state is State.READY:
            self._send_error(request_id, error)

    def going_away(self, within_seconds: float) -> bool:
        """Ask the client to open another channel; return False if it lacks the capability `drain` or is not ready."""
        if self.state is not State.READY or not self._supports_drain:
            return False
        self.outbox.push(codec.encode(messages.GoingAwayMessage(round(within_seconds * 1000))))
        return True

    @property
    def is_idle(self) -> bool:
        """Whether no request waits or runs."""
        return self._requests.is_empty

    def close(self) -> bool:
        """Close the channel and end its requests; return False if it was closed before. The outbox may still be sent."""
        if self.state is State.CLOSED:
            return False
        self._move("close")
        self._rest = []
        return True

    # -- timers ----------------------------------------------------------------------------------------------

    @property
    def wake_at(self) -> float:
        """When to call `expire` at the latest. It costs no search, so it may be earlier than the next deadline."""
        return math.inf if self.state is State.CLOSED else self._requests.wake_at

    @property
    def next_check_at(self) -> float:
        """The earliest time at which `beat` may have an effect; minus infinity while `drop_stalled` must be called."""
        if self._downloads.are_limited:
            return -math.inf
        hello_until = self._opened_at + self._settings.hello_timeout_seconds if self.state is State.OPENED else math.inf
        return min(hello_until, self._liveness.next_check_at)

    def next_deadline(self) -> float | None:
        """Return the next deadline of a request; None if there is none."""
        return None if self.state is State.CLOSED else self._requests.next_deadline()

    def expire(self, now: float) -> list[Event]:
        """End the requests that have timed out; return the events that stop their tasks."""
        events: list[Event] = []
        for request_id in self._requests.expired(now) if self.state is not State.CLOSED else ():
            waiting = self._requests.stage(request_id) is Stage.WAITING
            events += self._abort(request_id, _with_outcome(DeadlineExceeded(), "never" if waiting else "maybe"))
        return events

    def drop_stalled(self, now: float) -> list[Event]:
        """Reset the downloads without credit for `stalled_answer_timeout_seconds`. Called about once a second."""
        if self.state is State.CLOSED:
            return []
        events: list[Event] = []
        for request_id in self._downloads.stalled(now, self._settings.stalled_answer_timeout_seconds):
            events += self._abort(request_id, ClientStalled())
        return events

    def beat(self, now: float) -> bool:
        """Check the heartbeat; return whether to send a WebSocket ping along with the `ping` in the outbox.

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
        """Return whether the request has not ended; it must then be at `stage`.

        Raises:
            IllegalMove: It is at another stage.
        """
        actual = None if self.state is State.CLOSED else self._requests.stage(request_id)
        if actual not in (None, stage):
            raise IllegalMove(f"request {request_id} is {actual.value}, not {stage.value}")
        return actual is not None

    def _abort(self, request_id: int, error: HubError | None = None) -> list[Event]:
        """End a request early; send `error` to the client unless it is None. Return the event that stops its task."""
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
        body: msgspec.Raw | str | msgspec.UnsetType,
        stream: int | msgspec.UnsetType,
        facts: messages.ResponseFacts,
    ) -> None:
        timing = facts.timing if self.tells_timing else msgspec.UNSET
        raw, text = (msgspec.UNSET, body) if isinstance(body, str) else (body, msgspec.UNSET)
        response = messages.ResponseMessage(request_id, status, headers, raw, stream, timing, facts.replayed, text)
        self.outbox.push(codec.encode(response))

    def _drop_body(self, request_id: int) -> None:
        self._downloads.refund(self.outbox.drop_body(request_id))

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
    """Return `error` with this `processed`, which differs from the default of its class."""
    error.processed = processed
    return error
