"""Events from `connection` to `driver`: what a message of the client requires. Frozen values."""

from dataclasses import dataclass

from hub.channel.messages import HelloMessage


@dataclass(frozen=True, slots=True)
class HelloReceived:
    """The client sent `hello`: check its CSRF token, then call `ChannelConnection.ready` or close."""

    hello: HelloMessage


@dataclass(frozen=True, slots=True)
class RequestAborted:
    """A running request ended before its response: stop its task. `key` is its idempotency key, empty if it has none."""

    id: int
    key: str = ""


@dataclass(frozen=True, slots=True)
class BodyReceived:
    """A segment of an upload arrived: forward it to the API, then call `ChannelConnection.body_accepted`."""

    id: int
    data: bytes
    end: bool


@dataclass(frozen=True, slots=True)
class SubscribeReceived:
    """The client subscribes to a topic: to events after the position `after`, or to new events if it is None."""

    id: int
    topic: str
    after: str | None


@dataclass(frozen=True, slots=True)
class UnsubscribeReceived:
    """The client unsubscribes from a topic."""

    topic: str


@dataclass(frozen=True, slots=True)
class CreditReceived:
    """The client gave credit for downloads: tasks that wait for `ChannelConnection.credit` may check it again."""


@dataclass(frozen=True, slots=True)
class ByeReceived:
    """The page is closing: close the channel with 1000."""


Event = HelloReceived | RequestAborted | BodyReceived | SubscribeReceived | UnsubscribeReceived | CreditReceived | ByeReceived
