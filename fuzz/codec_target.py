"""Any bytes through `hub.channel.codec`: they are messages or end in a close, and what was read can be written again."""

import json

import msgspec

from hub.channel import codec
from hub.channel.close_codes import ChannelClosed, CloseCode


def check_codec(data: bytes) -> None:
    """Raise AssertionError, or whatever the codec raised, if `data` shows a defect."""
    check_text(data.decode("utf-8", "ignore"))
    check_body(data)
    if codec.is_json(data):
        json.loads(b'{"body":' + data + b"}", parse_int=str)  # Python limits the digits of a number, JSON does not


def check_text(text: str) -> None:
    """Take `text` as a text message; the WebSocket has checked that it is UTF-8."""
    try:
        messages = codec.decode_text(text)
    except ChannelClosed as closed:
        check_close(closed)
        return
    for message in messages:
        if message is None:  # an unknown one that is optional
            continue
        again = msgspec.json.encode(message).decode("utf-8")
        assert codec.decode_text(again) == [message], again


def check_body(data: bytes) -> None:
    """Take `data` as a binary message."""
    try:
        frame = codec.decode_body(data)
    except ChannelClosed as closed:
        check_close(closed)
        return
    assert b"".join(frame.parts()) == data


def check_close(closed: ChannelClosed) -> None:
    """A close has a code of the channel, and its reason fits into a close frame (RFC 6455 section 5.5)."""
    assert closed.code in CloseCode
    assert len(closed.reason.encode("ascii")) <= 123
