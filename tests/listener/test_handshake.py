"""The opening handshake of WebSockets."""

import pytest

from hub.listener.handshake import HandshakeRefused, accept, accept_value, offered_subprotocols
from hub.listener.head import RequestHead, join_by_name

GOOD = {
    "host": "server.example.com",
    "upgrade": "websocket",
    "connection": "Upgrade",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-version": "13",
}


def head(method: str = "GET", *, asks_for_upgrade: bool = True, is_http10: bool = False, **changes: str) -> RequestHead:
    """Return a handshake with some fields changed; an empty value takes a field out."""
    named = {**GOOD, **{name.replace("_", "-"): value for name, value in changes.items()}}
    headers = [(name, value) for name, value in named.items() if value]
    return RequestHead(
        method=method,
        path="/chat",
        query="",
        headers=headers,
        headers_by_name=join_by_name(headers),
        body_bytes=0,
        is_http10=is_http10,
        keep_alive=True,
        upgrade=asks_for_upgrade,
    )


def test_example_of_the_specification() -> None:
    """RFC 6455 section 1.3."""
    assert accept(head(), "chat") == [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ("Sec-WebSocket-Protocol", "chat"),
    ]


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (head("POST"), 400),
        (head(asks_for_upgrade=False), 400),
        (head(is_http10=True), 400),
        (head(upgrade="h2c"), 400),
        (head(upgrade=""), 400),
        (head(sec_websocket_version="8"), 426),
        (head(sec_websocket_version=""), 426),
        (head(sec_websocket_key=""), 400),
        (head(sec_websocket_key="short"), 400),
        (head(sec_websocket_key="ä" * 24), 400),
    ],
)
def test_refusals(request_head: RequestHead, status: int) -> None:
    """RFC 6455 section 4.2.1: what is no handshake of version 13 is answered with the status that says why."""
    with pytest.raises(HandshakeRefused) as refused:
        accept(request_head, None)

    assert refused.value.status == status


def test_supported_version_is_named() -> None:
    """RFC 6455 section 4.4: whoever speaks another version learns which one is spoken here."""
    with pytest.raises(HandshakeRefused) as refused:
        accept(head(sec_websocket_version="25"), None)

    assert refused.value.headers == (("Sec-WebSocket-Version", "13"),)


def test_key_has_sixteen_bytes() -> None:
    """RFC 6455 section 4.1: a key of another length is none."""
    with pytest.raises(HandshakeRefused):
        accept_value("c2hvcnQ=")


def test_offered_subprotocols() -> None:
    """In the client's order, whatever the blanks."""
    assert offered_subprotocols(head(sec_websocket_protocol="a,b ,  c,")) == ["a", "b", "c"]
    assert offered_subprotocols(head()) == []
