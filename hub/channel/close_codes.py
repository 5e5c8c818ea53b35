"""The close codes of docs/channel-protocol.md: why a channel was closed, and what the client does next."""

from enum import IntEnum

MAX_REASON_BYTES = 123  # RFC 6455 section 5.5: a control frame holds 125 bytes, two of them the code


class CloseCode(IntEnum):
    """WebSocket close codes of the channel."""

    NORMAL = 1000
    PROTOCOL = 4400
    LOG_IN = 4401
    CSRF = 4403
    SUBPROTOCOL = 4406
    OTHER_USER = 4409
    SLOW_READER = 4420
    NO_PONG = 4421
    NO_HELLO = 4422
    TOO_OFTEN = 4429
    TOO_MANY_CHANNELS = 4430
    BAD_GATEWAY = 4502
    UNAVAILABLE = 4503


class ChannelClosed(Exception):
    """The channel must be closed.

    Attributes:
        code: The close code.
        reason: The reason as text for people, at most 123 bytes of ASCII.
    """

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(f"{code.value} {reason}")
        self.code = code
        self.reason = reason.encode("ascii", "replace")[:MAX_REASON_BYTES].decode("ascii")


def protocol_error(reason: str) -> ChannelClosed:
    """Return a close with 4400 for a client that violated the protocol."""
    return ChannelClosed(CloseCode.PROTOCOL, reason)
