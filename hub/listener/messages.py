"""The WebSocket interface of handlers, independent of the HTTP server."""

from collections.abc import Awaitable, Iterable, Sequence
from typing import Protocol


class MessageReceiver(Protocol):
    """The receiver of the messages of one WebSocket, implemented above this room."""

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Process a message. The returned awaitable is awaited before the next message is read."""

    def on_pong(self) -> None:
        """Handle a pong."""

    def on_drained(self) -> None:
        """Handle that all waiting bytes were sent."""

    def on_close(self) -> None:
        """Handle the end of the connection. `close_code` says how it ended."""


class OutgoingMessage(Protocol):
    """A message to send, as parts to join; implemented above this room."""

    @property
    def binary(self) -> bool:
        """Whether the message is binary. Text is UTF-8."""

    @property
    def parts(self) -> Sequence[bytes]:
        """The parts of the payload."""

    def __len__(self) -> int:
        """Return the size of the payload in bytes."""


class MessageSocket(Protocol):
    """A WebSocket after its handshake.

    Attributes:
        close_code: Close code of the peer, or the one sent for its protocol error; None: there was no code.
        close_reason: Close reason of the peer.
        is_closing: Whether a close frame was sent, or the connection is closed.
    """

    close_code: int | None
    close_reason: str
    is_closing: bool

    def start(self, *, reading: bool = True) -> None:
        """Start the WebSocket. Without `reading`, messages wait for `read_on`. The end of the connection is always reported."""

    def read_on(self) -> None:
        """Start passing messages to the receiver."""

    def write_messages(self, messages: Iterable[OutgoingMessage], *, ping: bool = False) -> None:
        """Send messages; with `ping`, followed by a ping. Does nothing if the socket is closing."""

    async def send(self, message: str | bytes) -> None:
        """Send a message. Returns when the next one can be sent, or when the connection is closed."""

    def buffered_bytes(self) -> int:
        """Return the number of bytes that wait for a slow client."""

    def charge(self, cost: float) -> None:
        """Charge the connection for work that a message has caused, in addition to the cost of its frame."""

    async def next_turn(self) -> bool:
        """Return when the connection may do more of the work that a message causes: at once, or in a later turn of the loop.

        Returns:
            Whether the WebSocket is still open: if not, drop the rest of the work.
        """

    def ping(self) -> None:
        """Send a ping."""

    def set_option(self, level: int, option: int, value: int | bytes) -> None:
        """Set an option of the socket."""

    def close(self, code: int | None = None, reason: str = "") -> None:
        """Send the written messages, then a close frame. The connection ends with the peer's close frame, or after 5 s."""
