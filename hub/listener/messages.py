"""A WebSocket as those who answer see it, whichever server speaks it."""

from collections.abc import Awaitable, Iterable, Sequence
from typing import Protocol


class MessageReceiver(Protocol):
    """The receiver of the messages of one WebSocket, implemented above this room."""

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Take a message; what is returned is awaited before the next one is read."""

    def on_pong(self) -> None:
        """Note a sign of life."""

    def on_drained(self) -> None:
        """Know that nothing waits to be sent any more, after something had."""

    def on_close(self) -> None:
        """Know that the connection is gone; `close_code` tells how it ended."""


class OutgoingMessage(Protocol):
    """A message to send, as parts to join; implemented above this room."""

    @property
    def binary(self) -> bool:
        """Whether it is binary; else its parts are UTF-8."""

    @property
    def parts(self) -> Sequence[bytes]:
        """What it carries."""

    def __len__(self) -> int:
        """Return the bytes of all parts."""


class MessageSocket(Protocol):
    """A WebSocket after its handshake.

    Attributes:
        close_code: With which the peer has closed, or was refused; None: it has said no code, or nothing at all.
        close_reason: What the peer said to it.
        is_closing: Whether a close frame was sent, or the connection is gone.
    """

    close_code: int | None
    close_reason: str
    is_closing: bool

    def start(self, *, reading: bool = True) -> None:
        """Take the connection. Messages wait for `read_on` if they are not to be read yet; the end of the connection is told."""

    def read_on(self) -> None:
        """Hand out the messages that have come, and those to come."""

    def write_messages(self, messages: Iterable[OutgoingMessage], *, ping: bool = False) -> None:
        """Send messages, and a ping behind them; nothing once the socket is closing."""

    async def send(self, message: str | bytes) -> None:
        """Send a message; returns when another one can be sent, or when the connection is gone."""

    def buffered_bytes(self) -> int:
        """Return how many bytes wait because the client does not take them."""

    def ping(self) -> None:
        """Ask for a sign of life."""

    def set_option(self, level: int, option: int, value: int | bytes) -> None:
        """Set an option of the socket."""

    def close(self, code: int | None = None, reason: str = "") -> None:
        """Send what was written, then a close frame; the connection ends when the peer has answered, or after 5 s."""
