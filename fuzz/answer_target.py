"""Any bytes as the answer of a resource server: refused or read, and the same in whatever pieces they come.

The first byte chooses the request's method, the second one the size of the pieces; the rest are the bytes of the connection.
"""

from dataclasses import dataclass

from hub.primitives.http import Headers
from hub.upstream.response import NotHttp, UpstreamResponse


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an answer comes to. Whether its connection is kept may depend on the pieces: line ends behind an answer do no harm."""

    status: int
    reason: str
    headers: Headers
    body: bytes
    body_bytes: int | None
    is_complete: bool


def check_answer(data: bytes) -> None:
    """Raise AssertionError, or whatever the parser raised, if `data` shows a defect."""
    method, size, wire = "HEAD" if data[:1] == b"H" else "GET", max(1, *data[1:2], 1), data[2:]
    whole = read(method, [wire])
    assert whole == read(method, [wire[start : start + size] for start in range(0, len(wire), size)])
    if whole is not None and whole.is_complete:
        check_complete(method, whole)


def read(method: str, pieces: list[bytes]) -> Outcome | None:
    """Return what these pieces come to; None if they are refused, or there is no head yet."""
    answer = UpstreamResponse(method)
    try:
        for piece in pieces:
            answer.feed(piece)
    except NotHttp:
        return None
    if not answer.has_head:
        return None
    body = answer.take()
    return Outcome(answer.status, answer.reason, answer.headers, body, answer.body_bytes, answer.is_complete)


def check_complete(method: str, outcome: Outcome) -> None:
    """A complete answer has the length that it announces, and no interim status."""
    assert 200 <= outcome.status <= 999
    assert outcome.body_bytes in (None, len(outcome.body))
    assert not (method == "HEAD" and outcome.body)
    assert all(name == name.lower() and not set(name + value) & set("\r\n\0") for name, value in outcome.headers)
