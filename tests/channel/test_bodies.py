"""Bodies and headers between JSON and bytes."""

from typing import Any

import msgspec
import pytest

from hub.channel import bodies
from hub.channel.codec import decode_text
from hub.channel.messages import RequestMessage
from hub.primitives.http import Headers
from tests.channel.vectors import client_vectors


def request(**members: object) -> RequestMessage:
    """Return a request with further members."""
    message = {"type": "request", "id": 1, "method": "POST", "path": "/", **members}
    (decoded,) = decode_text(msgspec.json.encode(message).decode())
    assert isinstance(decoded, RequestMessage)
    return decoded


class TestHeaders:
    def test_lists_become_several_fields(self) -> None:
        """A list of strings is the field several times, in order."""
        assert bodies.headers_from_wire({"a": ["1", "2"], "b": "3"}) == [("a", "1"), ("a", "2"), ("b", "3")]

    def test_several_fields_become_a_list(self) -> None:
        """Names are compared without case and come in lower case."""
        fields = [("Link", "1"), ("ETag", "x"), ("link", "2"), ("LINK", "3")]

        assert bodies.headers_to_wire(fields) == {"link": ["1", "2", "3"], "etag": "x"}


class TestRequestBody:
    @pytest.mark.parametrize(
        ("body", "content_type", "expected"),
        [
            ({"a": 1}, None, ("application/json", b'{"a":1}')),
            ("text", None, ("text/plain;charset=utf-8", b"text")),
            (
                "a=\u00e9",
                "application/x-www-form-urlencoded",
                ("application/x-www-form-urlencoded", "a=\u00e9".encode()),
            ),
            ("text", "application/json", ("application/json", b'"text"')),
            (None, "application/fhir+json; v=4", ("application/fhir+json; v=4", b"null")),
        ],
    )
    def test_body_becomes_bytes(self, body: object, content_type: str | None, expected: tuple[str, bytes]) -> None:
        """The content type decides whether a string is a text or a JSON value; without one, the value does."""
        message = request(body=body, **({"headers": {"Content-Type": content_type}} if content_type else {}))
        fields, data = bodies.request_body(message, bodies.headers_from_wire(message.headers))

        assert expected == (dict(fields).get("content-type") or dict(fields)["Content-Type"], data)

    @pytest.mark.parametrize("vector", client_vectors("request-bodies"), ids=lambda vector: str(vector["name"]))
    def test_text_reaches_the_api_byte_for_byte(self, vector: dict[str, Any]) -> None:
        """The bytes are those of the text in UTF-8, whatever the content type says. No header is added."""
        headers = {"content-type": vector["content-type"]}
        message = request(headers=headers, text=vector["text"])

        assert bodies.request_body(message, []) == ([], bytes.fromhex(vector["hex"]))
        assert (message.method, message.path) == ("POST", "/")

    def test_no_body_adds_no_header(self) -> None:
        """A request without a body has no content type."""
        assert bodies.request_body(request(), []) == ([], b"")

    def test_object_cannot_be_text(self) -> None:
        """A JSON object under a type that is not JSON has no meaning."""
        assert bodies.body_type_mismatch(request(body={}, headers={"content-type": "text/csv"}))
        assert not bodies.body_type_mismatch(request(body="a;b", headers={"content-type": "text/csv"}))


class TestResponseBody:
    @pytest.mark.parametrize(
        ("headers", "length", "expected"),
        [
            ([("Content-Type", "application/json")], None, True),
            ([("Content-Type", "application/problem+json")], 10, True),
            ([("Content-Type", "application/json")], 101, False),
            ([("Content-Type", "application/json"), ("Content-Encoding", "gzip")], 10, False),
            ([("Content-Type", "text/html")], 10, True),
            ([("Content-Type", "text/html")], None, False),
            ([("Content-Type", "text/event-stream")], 10, False),
            ([("Content-Type", "image/png")], 10, False),
            ([("Content-Type", "image/png")], 0, True),
            ([], None, False),
        ],
    )
    def test_which_bodies_are_collected(self, headers: Headers, length: int | None, expected: bool) -> None:
        """Small JSON, and small text of known length, may come inline; nothing else is held back."""
        assert expected == bodies.may_be_inline(bodies.headers_to_wire(headers), length, 100, as_text=False)

    @pytest.mark.parametrize(
        ("headers", "length", "expected"),
        [
            ([("Content-Type", "application/json")], None, True),
            ([("Content-Type", "application/json")], 101, False),
            ([("Content-Type", "application/xml")], 100, True),
            ([("Content-Type", "application/xml")], None, False),
            ([("Content-Type", "text/event-stream")], 10, False),
            ([("Content-Type", "text/plain"), ("Content-Encoding", "gzip")], 10, False),
            ([], 10, True),
        ],
    )
    def test_which_bodies_are_collected_as_text(self, headers: Headers, length: int | None, expected: bool) -> None:
        """For a client that takes `text`, a small body of known length and any type may come inline."""
        assert expected == bodies.may_be_inline(bodies.headers_to_wire(headers), length, 100, as_text=True)

    @pytest.mark.parametrize("vector", client_vectors("response-bodies"), ids=lambda vector: str(vector["name"]))
    def test_text_is_the_body_byte_for_byte(self, vector: dict[str, Any]) -> None:
        """What is valid UTF-8 is a text, whatever its type; anything else goes as frames."""
        assert vector["text"] == bodies.text_body(bytes.fromhex(vector["hex"]))

    @pytest.mark.parametrize(
        ("content_type", "data", "expected"),
        [
            ("application/json", b' {"a":1} ', b' {"a":1} '),
            ("application/json", b"{broken", None),
            ("text/plain", b'say "hi"\n', b'"say \\"hi\\"\\n"'),
            ("text/plain; charset=UTF-8", "é".encode(), '"é"'.encode()),
            ("text/plain; charset=iso-8859-1", b"abc", None),
            ("text/plain", b"\xff", None),
        ],
    )
    def test_what_is_inline(self, content_type: str, data: bytes, expected: bytes | None) -> None:
        """JSON is the value itself, text in UTF-8 a string; all else goes as frames."""
        raw = bodies.inline_body({"content-type": content_type}, data)

        assert expected == (None if raw is None else bytes(raw))

    def test_answers_without_a_body(self) -> None:
        """HEAD and some statuses have none, whatever content-length says."""
        assert bodies.has_no_body("HEAD", 200)
        assert bodies.has_no_body("GET", 304)
        assert not bodies.has_no_body("GET", 200)
