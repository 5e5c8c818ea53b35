"""Requests as bytes."""

from collections.abc import AsyncIterator

import pytest

from hub.primitives.http import Headers
from hub.upstream.failure import InvalidRequest
from hub.upstream.request import CHUNK_BYTES, Request, make_request


def make(method: str = "GET", target: str = "/x", headers: Headers | None = None, body: bytes = b"") -> Request:
    """Make a request to one host."""
    return make_request(method, target, "iris.example:8080", headers or [], body, len(body))


async def stream() -> AsyncIterator[bytes]:
    """Yield nothing."""
    return
    yield b""


class TestHead:
    def test_is_what_it_was_given(self):
        """Request line, host, the fields as they are."""
        fields = [("X-Twice", "1"), ("X-Twice", "2"), ("X-Name", "M\xc3\xbcller")]

        assert make(target="/a?b|{", headers=fields).wire == (
            b"GET /a?b|{ HTTP/1.1\r\nHost: iris.example:8080\r\nX-Twice: 1\r\nX-Twice: 2\r\nX-Name: M\xc3\xbcller\r\n\r\n"
        )

    @pytest.mark.parametrize("text", ["a\r\nb: c", "a\rb", "a\nb", "a\0b", "\r\n\r\nGET / HTTP/1.1"])
    def test_no_text_ends_its_line(self, text):
        """Nothing that a caller lets through becomes a line, or a request, of its own."""
        with pytest.raises(InvalidRequest):
            make(headers=[("X", text)])
        with pytest.raises(InvalidRequest):
            make(headers=[(text, "x")])
        with pytest.raises(InvalidRequest):
            make(target=f"/{text}")

    def test_no_target_ends_before_its_end(self):
        """A space would make the rest of it the version."""
        with pytest.raises(InvalidRequest):
            make(target="/a HTTP/1.1")

    @pytest.mark.parametrize("value", ["M\xfcller", "M\u0142ynarz"])
    def test_names_the_field_whose_encoding_is_unknown(self, value):
        """Bytes that are no UTF-8, and characters that stand for no byte."""
        with pytest.raises(InvalidRequest, match="X-Name"):
            make(headers=[("X", "\xc3\xbc"), ("X-Name", value)])


class TestBody:
    @pytest.mark.parametrize(
        ("method", "body", "wire"),
        [
            ("GET", b"", b""),
            ("HEAD", b"", b""),
            ("OPTIONS", b"", b""),
            ("POST", b"", b"Content-Length: 0\r\n"),
            ("DELETE", b"", b"Content-Length: 0\r\n"),
            ("GET", b"ab", b"Content-Length: 2\r\n"),
            ("PUT", b"ab", b"Content-Length: 2\r\n"),
        ],
    )
    def test_in_hand(self, method, body, wire):
        """It leaves with the head, which names its length; where nobody expects a body, none is named."""
        request = make(method, body=body)

        assert request.wire.partition(b"8080\r\n")[2] == wire + b"\r\n" + body
        assert request.body is None

    def test_large(self):
        """It follows the head."""
        body = bytes(CHUNK_BYTES + 1)
        request = make("PUT", body=body)

        assert request.wire.endswith(b"\r\nContent-Length: %d\r\n\r\n" % len(body))
        assert (request.body, request.body_bytes) == (body, len(body))

    @pytest.mark.parametrize(("length", "field"), [(7, b"Content-Length: 7"), (None, b"Transfer-Encoding: chunked")])
    def test_stream(self, length, field):
        """Its length is announced if it is known."""
        body = stream()
        request = make_request("POST", "/", "x", [], body, length)

        assert request.wire.endswith(field + b"\r\n\r\n")
        assert (request.body, request.body_bytes) == (body, length)

    @pytest.mark.parametrize(
        ("method", "body", "is_repeatable"),
        [("GET", b"", True), ("HEAD", b"", True), ("GET", b"x", False), ("POST", b"", False), ("DELETE", b"", False)],
    )
    def test_what_may_be_sent_twice(self, method, body, is_repeatable):
        """Safe requests that have no body."""
        assert make(method, body=body).is_repeatable is is_repeatable
