"""What the core tells the driver: things that a message of the client means. Frozen values."""

from dataclasses import dataclass

from hub.channel.messages import HelloMessage


@dataclass(frozen=True, slots=True)
class HelloReceived:
    """The client said who it is: check its proof, then `Connection.ready`, or close."""

    hello: HelloMessage


@dataclass(frozen=True, slots=True)
class RequestAborted:
    """A running request has ended before its answer: stop the work for it. `key` is empty if it has none."""

    id: int
    key: str = ""


@dataclass(frozen=True, slots=True)
class BodyReceived:
    """A part of an upload arrived: hand it to the resource server, then `Connection.body_taken`."""

    id: int
    data: bytes
    end: bool


@dataclass(frozen=True, slots=True)
class SubscribeReceived:
    """Events of a topic are wanted, after a position in its history if there is one."""

    id: int
    topic: str
    after: str | None


@dataclass(frozen=True, slots=True)
class UnsubscribeReceived:
    """Events of a topic are no longer wanted."""

    topic: str


@dataclass(frozen=True, slots=True)
class CreditReceived:
    """The client can take more of an answer: those who wait for `Connection.credit` may look again."""


@dataclass(frozen=True, slots=True)
class ByeReceived:
    """The page is closing: close with 1000."""


Event = HelloReceived | RequestAborted | BodyReceived | SubscribeReceived | UnsubscribeReceived | CreditReceived | ByeReceived
