"""Heads of requests and answers: what is read out of them, and what is refused."""

import json

import pytest

from hub.listener.head import (
    MAX_NAMES,
    BadHead,
    Headers,
    Names,
    body_length,
    error_response,
    join_by_name,
    require_host,
    response_head,
)


class TestFields:
    def test_repeated_fields_are_joined(self) -> None:
        """Values of one name become a list (RFC 9110 section 5.3), cookies one line (RFC 6265 section 5.4)."""
        headers = [("origin", "https://a"), ("origin", "https://b"), ("cookie", "a=1"), ("cookie", "b=2"), ("x", "1")]

        assert join_by_name(headers) == {"origin": "https://a,https://b", "cookie": "a=1; b=2", "x": "1"}

    def test_names_are_remembered_up_to_a_bound(self) -> None:
        """A client that invents names fills no memory."""
        names = Names()
        found = [names.lower(name) for number in range(3000) for name in (b"X-%d" % number, b"X-%d-" % number + b"Y" * 100)]
        names.lower(b"Cookie")

        assert (found[0], found[-2], found[-1][:10]) == ("x-0", "x-2999", "x-2999-yyy")
        assert b"Cookie" in names._cached
        assert sum(map(len, names._cached)) < MAX_NAMES * 64


class TestBodyLength:
    @pytest.mark.parametrize(
        ("headers", "length"),
        [
            ([], 0),
            ([("content-length", "0")], 0),
            ([("content-length", "17")], 17),
            ([("transfer-encoding", "chunked")], None),
            ([("transfer-encoding", "Chunked")], None),
        ],
    )
    def test_length(self, headers: Headers, length: int | None) -> None:
        """RFC 9112 section 6.3: chunks, an announced length, or nothing."""
        assert body_length(join_by_name(headers), is_http10=False) == length

    @pytest.mark.parametrize(
        "headers",
        [
            [("content-length", "5"), ("transfer-encoding", "chunked")],
            [("content-length", "5"), ("content-length", "5")],
            [("content-length", "5"), ("content-length", "6")],
            [("content-length", "+5")],
            [("content-length", "-5")],
            [("content-length", "5 5")],
            [("content-length", "0x5")],
            [("content-length", "5,5")],
            [("content-length", "")],
            [("content-length", "9" * 19)],
            [("transfer-encoding", "gzip, chunked")],
            [("transfer-encoding", "chunked, chunked")],
            [("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")],
            [("transfer-encoding", "identity")],
            [("transfer-encoding", "xchunked")],
        ],
        ids=str,
    )
    def test_what_can_be_read_in_two_ways_is_refused(self, headers: Headers) -> None:
        """RFC 9112 section 6.3 and 11.2: no request is smuggled behind another one."""
        with pytest.raises(BadHead):
            body_length(join_by_name(headers), is_http10=False)

    def test_no_chunks_in_http_10(self) -> None:
        """RFC 9112 section 6.1: HTTP/1.0 knows no transfer codings."""
        with pytest.raises(BadHead):
            body_length({"transfer-encoding": "chunked"}, is_http10=True)


class TestHost:
    @pytest.mark.parametrize("count", [0, 2])
    def test_exactly_one(self, count: int) -> None:
        """RFC 9112 section 3.2: none and several are refused in HTTP/1.1."""
        with pytest.raises(BadHead):
            require_host([("host", "a")] * count, is_http10=False)

    def test_none_in_http_10(self) -> None:
        """HTTP/1.0 had none."""
        require_host([], is_http10=True)


class TestAnswers:
    def test_head(self) -> None:
        """Status line, fields, and an empty line; the usual phrase where there is none."""
        assert response_head(404, "", [("A", "1"), ("A", "é")]) == b"HTTP/1.1 404 Not Found\r\nA: 1\r\nA: \xe9\r\n\r\n"
        assert response_head(299, "Fine", []) == b"HTTP/1.1 299 Fine\r\n\r\n"

    @pytest.mark.parametrize("text", ["a\r\nSet-Cookie: x", "a\nb", "a\rb", "a\x00b", "\r\n\r\n<html>", "日"])
    def test_no_answer_is_split(self, text: str) -> None:
        """A line break in a value, a name or a phrase never leaves."""
        for fields, reason in ([("A", text)], ""), ([(text, "a")], ""), ([], text):
            with pytest.raises(ValueError):
                response_head(200, reason, fields)

    def test_refusal_is_a_problem(self) -> None:
        """RFC 9457, with the fields that all answers have; the connection ends."""
        head, _, body = error_response(BadHead("No.", 431), [("X-A", "1")]).partition(b"\r\n\r\n")

        assert head.split(b"\r\n")[:2] == [b"HTTP/1.1 431 Request Header Fields Too Large", b"X-A: 1"]
        assert b"Connection: close" in head
        assert json.loads(body) == {
            "type": "about:blank",
            "title": "Request Header Fields Too Large",
            "status": 431,
            "detail": "No.",
        }
