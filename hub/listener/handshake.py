"""The server side of the WebSocket opening handshake (RFC 6455 section 4.2). Pure."""

import base64
import binascii
import hashlib

from hub.listener.head import WEBSOCKET, Headers, RequestHead

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
VERSION = "13"
KEY_BYTES = 16


class HandshakeRefused(Exception):
    """The request is not a WebSocket handshake that the hub supports.

    Attributes:
        headers: Headers of the response, in addition to the usual ones.
    """

    def __init__(self, status: int, detail: str, *headers: tuple[str, str]) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers


def accept(head: RequestHead, subprotocol: str | None) -> Headers:
    """Return the headers of the 101 response.

    Raises:
        HandshakeRefused: The request is not a WebSocket handshake, or one of another version.
    """
    headers = head.headers_by_name
    if head.method != "GET" or headers.get("upgrade", "").lower() != WEBSOCKET:
        raise HandshakeRefused(400, 'Can "Upgrade" only to "WebSocket".')
    if not head.upgrade or head.is_http10:
        raise HandshakeRefused(400, '"Connection" must be "Upgrade".')
    if headers.get("sec-websocket-version") != VERSION:
        raise HandshakeRefused(426, f"The version of WebSocket is {VERSION}.", ("Sec-WebSocket-Version", VERSION))
    response = [
        ("Upgrade", WEBSOCKET),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", accept_value(headers.get("sec-websocket-key", ""))),
    ]
    if subprotocol is not None:
        response.append(("Sec-WebSocket-Protocol", subprotocol))
    return response


def accept_value(key: str) -> str:
    """Return the value of `Sec-WebSocket-Accept` for the client's key.

    Raises:
        HandshakeRefused: It is no key.
    """
    try:
        is_key = len(base64.b64decode(key, validate=True)) == KEY_BYTES
    except (binascii.Error, ValueError):
        is_key = False
    if not is_key:
        raise HandshakeRefused(400, "Sec-WebSocket-Key is missing or malformed.")
    return base64.b64encode(hashlib.sha1(key.encode() + GUID, usedforsecurity=False).digest()).decode()


def offered_subprotocols(head: RequestHead) -> list[str]:
    """Return the subprotocols that the client offers, the preferred first."""
    return [name.strip() for name in head.headers_by_name.get("sec-websocket-protocol", "").split(",") if name.strip()]
