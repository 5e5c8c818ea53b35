"""The messages of docs/channel-protocol.md as typed values. C: sent by the client. S: sent by the hub."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from hub.config.settings import ChannelSettings
from hub.idempotency.outcome import Key, Verdict
from hub.topics.model import Position, Topic

SUBPROTOCOL = "hub.v1"
CAPABILITIES = ["gzip", "resume", "windows", "priority", "progress", "timing", "topics", "drain", "text"]
"""The optional parts of the protocol that this version supports."""

Id = Annotated[int, Meta(ge=1, le=0xFFFFFFFF)]
Method = Annotated[str, Meta(pattern=r"^[A-Z]{1,20}\Z")]
WireHeaders = dict[str, str | list[str]]
StreamLength = Annotated[int, Meta(ge=-1)]
Priority = Annotated[int, Meta(ge=0, le=3)]


class Resume(Struct, frozen=True):
    """C: the requests for which the client still waits after a broken channel: pairs of a new ID and the idempotency key."""

    pending: list[tuple[Id, Key]]


class HelloMessage(Struct, tag="hello", frozen=True):
    """C: the first message. `csrf` is the CSRF token of the page, `identity` the user whose data it shows."""

    csrf: str
    client: Annotated[str, Meta(max_length=200)] = ""
    capabilities: list[str] = []
    identity: Annotated[str, Meta(max_length=200)] = ""
    resume: Resume | UnsetType = UNSET


class RequestMessage(Struct, tag="request", frozen=True):
    """C: one REST request.

    Attributes:
        path: Path and query.
        body: The body as a JSON value, from clients that do not send `text`.
        text: The body as text; the API gets it in UTF-8, byte for byte.
        stream: Length of an upload in bytes, -1 if it is unknown.
        key: Idempotency key: the request runs at most once, however often it is sent.
        priority: 0 is sent first, 3 last.
        window: Initial credit for the response body, in bytes.
        progress: Whether the client wants `progress` messages about its upload.
    """

    id: Id
    method: Method
    path: str
    headers: WireHeaders = {}
    body: Raw | UnsetType = UNSET
    text: str | UnsetType = UNSET
    stream: StreamLength | UnsetType = UNSET
    timeout_ms: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    key: Key | UnsetType = UNSET
    passive: bool = False
    priority: Priority = 1
    window: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    progress: bool = False
    traceparent: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET


class CancelMessage(Struct, tag="cancel", frozen=True):
    """C: cancel a request; the client discards its response."""

    id: Id


class ResetMessage(Struct, tag="reset", frozen=True):
    """Both: a body ends early."""

    id: Id
    reason: str = ""


class WindowMessage(Struct, tag="window", frozen=True):
    """Both: more credit for an upload or a download. From the client, ID 0 is credit for all downloads together."""

    id: int
    bytes: Annotated[int, Meta(ge=1)]


class AckMessage(Struct, tag="ack", frozen=True):
    """C: all events up to `sequence` have arrived. The hub ignores it today."""

    sequence: Annotated[int, Meta(ge=0)]


class SubscribeMessage(Struct, tag="subscribe", frozen=True):
    """C: subscribe to a topic: to events after a position in its history, or to new events."""

    id: Id
    topic: Topic
    after: Position | UnsetType = UNSET


class UnsubscribeMessage(Struct, tag="unsubscribe", frozen=True):
    """C: unsubscribe from a topic."""

    topic: Topic


class PingMessage(Struct, tag="ping", frozen=True):
    """Both: heartbeat; the receiver sends `pong`."""

    n: int


class PongMessage(Struct, tag="pong", frozen=True):
    """Both: the response to `ping`, with its number."""

    n: int


class ByeMessage(Struct, tag="bye", frozen=True):
    """C: the page is closing."""


ClientMessage = (
    HelloMessage
    | RequestMessage
    | CancelMessage
    | ResetMessage
    | WindowMessage
    | AckMessage
    | SubscribeMessage
    | UnsubscribeMessage
    | PingMessage
    | PongMessage
    | ByeMessage
)


class Heartbeat(Struct, frozen=True):
    """The interval of pings, and the timeout after one; milliseconds."""

    interval_ms: int
    timeout_ms: int


class ChannelLimits(Struct, frozen=True):
    """The limits for clients, in bytes or as counts; `timeout_ms` in milliseconds."""

    frame: int
    message: int
    inline: int
    headers: int
    header_fields: int
    path: int
    in_flight: int
    queue: int
    body: int
    window: int
    connection_window: int
    subscriptions: int
    timeout_ms: int

    @classmethod
    def of(cls, settings: ChannelSettings) -> "ChannelLimits":
        """Return the limits in `settings`."""
        same = (name for name in cls.__struct_fields__ if name not in ("message", "timeout_ms"))
        return cls(
            message=message_bytes(settings),
            timeout_ms=round(settings.request_timeout_max_seconds * 1000),
            **{name: getattr(settings, name) for name in same},
        )


class Envelope(Struct, frozen=True):
    """The members that each message of a client has, also an unknown one."""

    type: str
    optional: Any = False


def message_bytes(settings: ChannelSettings) -> int:
    """Return the size limit for WebSocket messages of clients, in bytes: a body frame, or one request with JSON escapes."""
    return max(settings.frame + 8, 2 * (settings.inline + settings.headers + settings.path))


class Rates(Struct, frozen=True):
    """Rate limits of a session over all its channels on a worker, per second; 0 is no limit."""

    requests: float
    bytes: float


class SessionFacts(Struct, frozen=True, omit_defaults=True):
    """Facts about the session for the page, with the milliseconds until its idle timeout and its absolute timeout."""

    subject: str
    idle_ms: int
    absolute_ms: int
    name: str | None = None
    identity: str = ""


class ReadyMessage(Struct, tag="ready", frozen=True):
    """S: the handshake is complete."""

    connection: str
    resumed: bool
    capabilities: list[str]
    heartbeat: Heartbeat
    limits: ChannelLimits
    session: SessionFacts
    pending: dict[str, Verdict] | UnsetType = UNSET
    rates: Rates | UnsetType = UNSET


class Timing(Struct, frozen=True):
    """Where the time of a request went: in the hub's queue, and until its response began; milliseconds."""

    queue: float
    upstream: float


class ResponseFacts(Struct, frozen=True):
    """Optional facts that the hub adds to a response."""

    timing: Timing | UnsetType = UNSET
    replayed: bool | UnsetType = UNSET


NO_FACTS = ResponseFacts()


class ResponseMessage(Struct, tag="response", frozen=True):
    """S: the response of the API, with any status.

    Attributes:
        body: The body as a JSON value or, of another type, its text, for clients without the capability `text`.
        text: The body as text, byte for byte.
        stream: The body follows in body frames: its length, -1 if it is unknown.
    """

    id: int
    status: int
    headers: WireHeaders
    body: Raw | UnsetType = UNSET
    stream: int | UnsetType = UNSET
    timing: Timing | UnsetType = UNSET
    replayed: bool | UnsetType = UNSET
    text: str | UnsetType = UNSET


class ProgressMessage(Struct, tag="progress", frozen=True):
    """S: how many bytes of an upload the API has accepted."""

    id: int
    accepted: int


class ErrorMessage(Struct, tag="error", frozen=True):
    """S: the request failed without a response of the API. `processed` says whether the API could have seen the request."""

    id: int
    problem: dict[str, Any]
    processed: Literal["never", "maybe"]
    retry_after_ms: int | UnsetType = UNSET


class EventMessage(Struct, tag="event", frozen=True):
    """S: an event of a topic. `id` is its position in the topic's history; topics of the hub itself have no history."""

    sequence: int
    topic: str
    name: str
    data: Any  # or `Raw`, which is inserted unchanged
    id: str | UnsetType = UNSET


class GoingAwayMessage(Struct, tag="going_away", frozen=True):
    """S: the client is to open another channel within that time, finish its requests on this one, and send `bye`."""

    within_ms: int


class CloseMessage(Struct, tag="close", frozen=True):
    """S: the last message of an event stream, in place of the close frame of a WebSocket."""

    code: int
    reason: str


ServerMessage = (
    ReadyMessage
    | ResponseMessage
    | ProgressMessage
    | ErrorMessage
    | ResetMessage
    | WindowMessage
    | EventMessage
    | PingMessage
    | PongMessage
    | GoingAwayMessage
    | CloseMessage
)
