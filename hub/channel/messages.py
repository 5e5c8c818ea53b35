"""The messages of docs/channel-protocol.md as typed values. What they mean is decided in `connection`."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from hub.config.settings import ChannelSettings
from hub.idempotency.outcome import Key, Verdict
from hub.topics.model import Position, Topic

SUBPROTOCOL = "hub.v1"
OWN_TOPICS = frozenset({"session", "hub"})
CAPABILITIES = ["gzip", "resume", "windows", "priority", "progress", "timing", "topics", "drain"]
"""What this version serves of the optional parts."""

Id = Annotated[int, Meta(ge=1, le=0xFFFFFFFF)]
Method = Annotated[str, Meta(pattern="^[A-Z]{1,20}$")]
WireHeaders = dict[str, str | list[str]]
StreamLength = Annotated[int, Meta(ge=-1)]
Priority = Annotated[int, Meta(ge=0, le=3)]


class Resume(Struct, frozen=True):
    """C: what the client still waits for after its connection broke: new ids for requests, each with its key."""

    pending: list[tuple[Id, Key]]


class HelloMessage(Struct, tag="hello", frozen=True):
    """C: the first message; `csrf` proves that our own page sends it, `identity` says whose data it shows."""

    csrf: str
    client: Annotated[str, Meta(max_length=200)] = ""
    capabilities: list[str] = []
    identity: Annotated[str, Meta(max_length=200)] = ""
    resume: Resume | UnsetType = UNSET


class RequestMessage(Struct, tag="request", frozen=True):
    """C: one REST request.

    Attributes:
        path: With the query.
        stream: Length of an upload, -1 if it is unknown.
        key: Makes sure that the request is executed at most once, however often it is sent.
        priority: 0 leaves first, 3 last.
        window: Credit with which the body of the answer begins; bytes.
        progress: Whether the client wants to hear how much of an upload the resource server has taken.
    """

    id: Id
    method: Method
    path: str
    headers: WireHeaders = {}
    body: Raw | UnsetType = UNSET
    stream: StreamLength | UnsetType = UNSET
    timeout_ms: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    key: Key | UnsetType = UNSET
    passive: bool = False
    priority: Priority = 1
    window: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    progress: bool = False
    traceparent: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET


class CancelMessage(Struct, tag="cancel", frozen=True):
    """C: the answer is no longer wanted."""

    id: Id


class ResetMessage(Struct, tag="reset", frozen=True):
    """Both: a body that will not be finished."""

    id: Id
    reason: str = ""


class WindowMessage(Struct, tag="window", frozen=True):
    """Both: further credit, for an upload or for the body of an answer; from the client, id 0 is credit for all answers."""

    id: int
    bytes: Annotated[int, Meta(ge=1)]


class AckMessage(Struct, tag="ack", frozen=True):
    """C: all events up to `sequence` have arrived. Of use only once channels can be resumed."""

    sequence: Annotated[int, Meta(ge=0)]


class SubscribeMessage(Struct, tag="subscribe", frozen=True):
    """C: events of a topic are wanted: those after a position in its history, or those from now on."""

    id: Id
    topic: Topic
    after: Position | UnsetType = UNSET


class UnsubscribeMessage(Struct, tag="unsubscribe", frozen=True):
    """C: events of a topic are no longer wanted."""

    topic: Topic


class PingMessage(Struct, tag="ping", frozen=True):
    """Both: is somebody there?"""

    n: int


class PongMessage(Struct, tag="pong", frozen=True):
    """Both: the answer to `ping`, with its number."""

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
    """When the hub pings, and how long it waits then; milliseconds."""

    interval_ms: int
    timeout_ms: int


class ChannelLimits(Struct, frozen=True):
    """What a client must keep to; bytes and counts, `timeout_ms` in milliseconds."""

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
        """Return the limits that `settings` set."""
        same = (name for name in cls.__struct_fields__ if name not in ("message", "timeout_ms"))
        return cls(
            message=message_bytes(settings),
            timeout_ms=round(settings.request_timeout_max_seconds * 1000),
            **{name: getattr(settings, name) for name in same},
        )


def message_bytes(settings: ChannelSettings) -> int:
    """Return the largest WebSocket message of a client: a body frame, or one request with room for escapes."""
    return max(settings.frame + 8, 2 * (settings.inline + settings.headers + settings.path))


class Rates(Struct, frozen=True):
    """What a session may send in a second over all its channels of a worker; 0: as much as it likes."""

    requests: float
    bytes: float


class SessionFacts(Struct, frozen=True, omit_defaults=True):
    """What the page learns about its session; milliseconds until it ends by silence and in any case."""

    subject: str
    idle_ms: int
    absolute_ms: int
    name: str | None = None
    identity: str = ""


class ReadyMessage(Struct, tag="ready", frozen=True):
    """S: the handshake is over."""

    connection: str
    resumed: bool
    capabilities: list[str]
    heartbeat: Heartbeat
    limits: ChannelLimits
    session: SessionFacts
    pending: dict[str, Verdict] | UnsetType = UNSET
    rates: Rates | UnsetType = UNSET


class Timing(Struct, frozen=True):
    """Where the time of a request went: in the hub's queue, and until its answer began; milliseconds."""

    queue: float
    upstream: float


class AnswerFacts(Struct, frozen=True):
    """What may be told about an answer besides itself."""

    timing: Timing | UnsetType = UNSET
    replayed: bool | UnsetType = UNSET


NO_FACTS = AnswerFacts()


class ResponseMessage(Struct, tag="response", frozen=True):
    """S: what the resource server answered, whatever its status. `stream`: the body follows in frames."""

    id: int
    status: int
    headers: WireHeaders
    body: Raw | UnsetType = UNSET
    stream: int | UnsetType = UNSET
    timing: Timing | UnsetType = UNSET
    replayed: bool | UnsetType = UNSET


class ProgressMessage(Struct, tag="progress", frozen=True):
    """S: so many bytes of an upload were taken by the resource server."""

    id: int
    accepted: int


class ErrorMessage(Struct, tag="error", frozen=True):
    """S: there is no answer. `processed` says whether the resource server could have seen the request."""

    id: int
    problem: dict[str, Any]
    processed: Literal["never", "maybe"]
    retry_after_ms: int | UnsetType = UNSET


class EventMessage(Struct, tag="event", frozen=True):
    """S: something happened that no request asked for. `id` is the position of an application's event in its topic's history."""

    sequence: int
    topic: str
    name: str
    data: Any  # or `Raw`, to be spliced
    id: str | UnsetType = UNSET


class GoingAwayMessage(Struct, tag="going_away", frozen=True):
    """S: open another channel within that time, then let this one finish its requests and say bye."""

    within_ms: int


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
)
