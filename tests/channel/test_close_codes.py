"""Close codes, and the text beside them."""

import pytest

from hub.channel.close_codes import ChannelClosed, CloseCode, protocol_error


@pytest.mark.parametrize(("reason", "sent"), [("a" * 123, "a" * 123), ("a" * 124, "a" * 123), ("é" * 200, "?" * 123)])
def test_reason_fits_into_a_control_frame(reason: str, sent: str) -> None:
    """RFC 6455 section 5.5: 125 bytes with the code. A cut in the middle of a character would be no UTF-8."""
    assert ChannelClosed(CloseCode.CSRF, reason).reason == sent


def test_protocol_error() -> None:
    """A client that violates the protocol is closed with 4400."""
    closed = protocol_error("bad message")

    assert (closed.code, closed.reason, str(closed)) == (4400, "bad message", "4400 bad message")
