"""Heads by the grammar of RFC 9112: whatever passes, the hub's own listener reads as the same request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.listener.head import FIELD_BYTES, MAX_FIELDS, BadHead
from hub.listener.strict_head import METHODS, read_head
from tests.listener.test_reader import LIMIT, read

pytestmark = pytest.mark.only_fast  # nothing here runs on a server

methods = st.sampled_from([*sorted(METHODS), "CONNECT", "PRI", "get", "BREW", ""])
targets = st.sampled_from(
    ["/", "/a?b=c", "//x", "http://here/a", "http://there/", "https://he|re/", "a", "*", "/#", "/\x80", "here:80"]
)
versions = st.sampled_from(["HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "http/1.1", "HTTP/0.9", ""])
names = st.sampled_from(
    [
        "Host",
        "Content-Length",
        "Transfer-Encoding",
        "Connection",
        "Upgrade",
        "X",
        "X ",
        "",
        "X\x80",
        "Cookie",
        "Transfer_Encoding",
    ]
)
values = st.sampled_from(
    ["here", "there", "5", "0", "+5", "5, 5", "chunked", "chunked, gzip", "close", "keep-alive", "Upgrade", "websocket", "h2c"]
) | st.text(st.characters(max_codepoint=255), max_size=6)
gaps = st.sampled_from([": ", ":", " : ", ":\t", ": \r\n ", "\x00: "])
ends = st.sampled_from(["\r\n"] * 6 + ["\n", "\r", "\r\r\n"])
headers = st.lists(st.tuples(names, gaps, values, ends).map("".join), max_size=5).map("".join)
heads = st.tuples(methods, st.just(" "), targets, st.sampled_from([" ", "  ", "\t"]), versions, ends, headers, st.just("\r\n"))


@given(heads.map("".join) | st.tuples(headers).map(lambda more: f"GET / HTTP/1.1\r\nHost: here\r\n{more[0]}\r\n"))
def test_what_passes_is_the_same_request(text: str) -> None:
    """No head passes here that llhttp and the checks behind it reject, or read in another way."""
    data = text.encode("latin-1")
    if data.find(b"\r\n\r\n") != len(data) - 4:
        return  # a server hands on what ends with the first empty line
    try:
        head = read_head(data, LIMIT)
    except BadHead:
        return
    taken, status = read(data)

    assert (status, taken.heads) == (None, [head])


def test_usual_heads_pass() -> None:
    """What browsers send is not lost on the way."""
    head = read_head(b"GET /a?b=c HTTP/1.1\r\nHost: here\r\nCookie: a=1\r\nCookie: b=2\r\nX:\xe4\r\n\r\n", LIMIT)

    assert (head.method, head.path, head.query, head.keep_alive) == ("GET", "/a", "b=c", True)
    assert head.headers_by_name == {"host": "here", "cookie": "a=1; b=2", "x": "\xe4"}


@pytest.mark.parametrize("method", sorted(METHODS))
def test_methods(method: str) -> None:
    """Each method that passes is one that the hub's own listener takes."""
    data = f"{method} / HTTP/1.1\r\nHost: here\r\n\r\n".encode()

    assert read(data)[1] is None
    assert read_head(data, LIMIT).method == method


@pytest.mark.parametrize(
    ("more", "status"),
    [
        (b"a:\r\n" * (MAX_FIELDS - 1), None),
        (b"a:\r\n" * MAX_FIELDS, 431),
        (b"a:" + b"x" * (LIMIT - 100 - FIELD_BYTES) + b"\r\n", None),
        (b"a:" + b"x" * LIMIT + b"\r\n", 431),
    ],
    ids=["most headers", "too many headers", "large", "too large"],
)
def test_limits(more: bytes, status: int | None) -> None:
    """A head beyond its limits is rejected (RFC 6585 section 5)."""
    data = b"GET / HTTP/1.1\r\nHost: here\r\n" + more + b"\r\n"
    if status is None:
        assert read_head(data, LIMIT).method == "GET"
    else:
        with pytest.raises(BadHead) as caught:
            read_head(data, LIMIT)
        assert caught.value.status == status
