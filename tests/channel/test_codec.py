"""Bytes to messages and back."""

import msgspec
import pytest

from hub.channel.close_codes import ChannelClosed, CloseCode
from hub.channel.codec import BodyFrame, decode_body, decode_text, encode, is_json
from hub.channel.messages import PingMessage, RequestMessage, ResponseMessage


def test_batch_is_read_in_order() -> None:
    """An array holds messages in the order of sending, and white space does not matter."""
    text = ' [ {"type": "ping", "n": 1} , {"type":"ping","n":2}]\n'

    assert [PingMessage(1), PingMessage(2)] == decode_text(text)


def test_unknown_optional_message_is_left_out() -> None:
    """A newer client may say things that this version does not know, if it marks them optional. None stands for each."""
    text = '[{"type": "new", "optional": true, "deep": [[1]]}, {"type": "ping", "n": 1}]'

    assert [None, PingMessage(1)] == decode_text(text)


@pytest.mark.parametrize("text", ["", " ", "{", "[1]", '{"type":"new"}', "\ufeff{}", '{"type":"new","optional":1}'])
def test_broken_text_closes(text: str) -> None:
    """What is no message closes with 4400."""
    with pytest.raises(ChannelClosed) as caught:
        decode_text(text)

    assert caught.value.code == CloseCode.PROTOCOL
    assert len(caught.value.reason) <= 123


@pytest.mark.parametrize("deep", ["[" * 60_000, '{"type":"request","id":1,"method":"GET","path":"/","body":' + "[" * 60_000])
def test_deeply_nested_text_closes(deep: str) -> None:
    """A message that would exhaust the stack is refused like any other broken one."""
    with pytest.raises(ChannelClosed):
        decode_text(deep)


def test_request_body_stays_as_it_came() -> None:
    """A JSON body is not decoded: its digits and its spaces survive."""
    (message,) = decode_text('{"type":"request","id":1,"method":"PUT","path":"/","body":{"a": 1.10}}')

    assert isinstance(message, RequestMessage)
    assert isinstance(message.body, msgspec.Raw)
    assert bytes(message.body) == b'{"a": 1.10}'


def test_response_body_is_spliced() -> None:
    """A JSON answer goes into the message as it came."""
    message = ResponseMessage(1, 200, {}, msgspec.Raw(b'{"a": 1e2}'))

    assert encode(message) == b'{"type":"response","id":1,"status":200,"headers":{},"body":{"a": 1e2}}'


def test_body_frame_survives_the_wire() -> None:
    """Header and data are read as they were written."""
    frame = BodyFrame(0xDEADBEEF, b"data", end=True)
    wire = b"".join(frame.parts())

    assert wire == b"\x01\x01\x00\x00\xde\xad\xbe\xefdata"
    assert frame == decode_body(wire)


@pytest.mark.parametrize("wire", [b"", b"\x01" * 7, b"\x02" + bytes(7), b"\x01\x02" + bytes(6), b"\x01\x00\x00\x01" + bytes(4)])
def test_broken_body_frame_closes(wire: bytes) -> None:
    """A short header, another kind, an unknown flag or a filled gap closes with 4400."""
    with pytest.raises(ChannelClosed) as caught:
        decode_body(wire)

    assert caught.value.code == CloseCode.PROTOCOL


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"a": [1, null]}', True),
        (b"\n7 ", True),
        (b"", False),
        (b"{} {}", False),
        (b'{"a": "\xff"}', False),
        (b'"\xed\xa0\x80"', False),
        (b"[" * 50_000 + b"]" * 50_000, False),
        (b'"a\nb"', False),
        (b"NaN", False),
    ],
)
def test_only_real_json_is_spliced(data: bytes, expected: bool) -> None:
    """An answer that claims to be JSON and is not cannot break the frame that carries it."""
    assert expected == is_json(data)
