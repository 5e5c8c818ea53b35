"""Requests out of bytes: the same ones however the bytes are cut, and nothing that two servers could read in two ways."""

import itertools
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.listener.head import FIELD_BYTES, MAX_FIELDS, BadHead, Names, RequestHead
from hub.listener.reader import RequestReader
from tests.listener.corpus import Case, smuggling

LIMIT = 32 * 1024
HEAD = b"GET / HTTP/1.1\r\nHost: here\r\n"
CHUNKS = b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"

Request = tuple[str, str, list[tuple[str, str]], bytes]


@dataclass
class Taken:
    """Takes requests, and keeps those that are whole."""

    whole: list[Request] = field(default_factory=list)
    heads: list[RequestHead] = field(default_factory=list)
    body: bytes = b""

    def on_request(self, head: RequestHead) -> None:
        """Take a head."""
        self.heads.append(head)
        self.body = b""

    def on_body(self, data: bytes) -> None:
        """Take a piece of the body."""
        self.body += data

    def on_complete(self) -> None:
        """Keep the request."""
        head = self.heads[-1]
        target = f"{head.path}?{head.query}" if head.query else head.path
        self.whole.append((head.method, target, head.headers, self.body))


def read(*pieces: bytes, limit: int = LIMIT) -> tuple[Taken, int | None]:
    """Read pieces; return what was taken, and the status of a refusal."""
    taken = Taken()
    reader = RequestReader(taken, Names(), limit)
    try:
        for piece in pieces:
            reader.feed(piece)
    except BadHead as mistake:
        return taken, mistake.status
    return taken, None


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Cut bytes at some places."""
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


class TestSmuggling:
    @pytest.mark.parametrize("step", [1, 10**9], ids=["in bytes", "at once"])
    @pytest.mark.parametrize("case", smuggling(), ids=lambda case: case.name)
    def test_one_way_to_read_it(self, case: Case, step: int) -> None:
        """It is refused, or read in the one right way, wherever it is cut (RFC 9112 section 11.2)."""
        taken, status = read(*(case.sent[at : at + step] for at in range(0, len(case.sent), step)))
        whole = [f"{method} {path} {body.decode()}" for method, path, _, body in taken.whole]

        assert (whole, status) == (case.taken, case.status)

    def test_trailer_is_no_part_of_the_next_head(self) -> None:
        """Headers behind the chunks of one request are not those of the next one (RFC 9110 section 6.5.1)."""
        taken, _ = read(CHUNKS + b"1\r\na\r\n0\r\nCookie: evil\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n" + HEAD + b"\r\n")

        assert taken.whole[1] == ("GET", "/", [("host", "here")], b"")


names = st.from_regex(r"x-[a-z0-9]{1,12}", fullmatch=True)
values = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=40)
bodies = st.one_of(st.none(), st.binary(max_size=200), st.lists(st.binary(min_size=1, max_size=60), max_size=5))


@dataclass(frozen=True)
class Sent:
    """A request, and how it is written."""

    path: str
    fields: list[tuple[str, str]]
    body: bytes | list[bytes] | None
    offers_h2c: bool

    @property
    def framing(self) -> list[tuple[str, str]]:
        """Return the field that says how long the body is."""
        if self.body is None:
            return []
        return [("content-length", str(len(self.body)))] if isinstance(self.body, bytes) else [("transfer-encoding", "chunked")]

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Return all fields."""
        offer = [("connection", "Upgrade"), ("upgrade", "h2c")] if self.offers_h2c else []
        return [("host", "here"), *self.fields, *offer, *self.framing]

    def encoded(self) -> bytes:
        """Return the bytes."""
        lines = [f"PUT {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers)]
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        if isinstance(self.body, list):
            chunks = [b"%x;a=b\r\n%b\r\n" % (len(chunk), chunk) for chunk in self.body]
            return head + b"".join(chunks) + b"0\r\nx-trailer: dropped\r\n\r\n"
        return head + (self.body or b"")

    def as_taken(self) -> Request:
        """Return what is to come of it."""
        body = b"".join(self.body) if isinstance(self.body, list) else self.body or b""
        return ("PUT", self.path, self.headers, body)


requests = st.builds(
    Sent, st.from_regex(r"/[a-z/]{0,20}", fullmatch=True), st.lists(st.tuples(names, values)), bodies, st.booleans()
)


@given(st.lists(requests, max_size=5), st.lists(st.integers(0, 10_000), max_size=12))
@settings(deadline=None)
def test_requests_cut_anywhere(sent: list[Sent], places: list[int]) -> None:
    """What was sent is what is taken, in order, however TCP cuts it."""
    taken, status = read(*cut(b"".join(each.encoded() for each in sent), places))

    assert (taken.whole, status) == ([each.as_taken() for each in sent], None)


@given(st.binary(max_size=300), st.lists(st.integers(0, 10_000), max_size=8))
@settings(deadline=None)
def test_any_bytes_cut_anywhere(data: bytes, places: list[int]) -> None:
    """Whatever is sent, cutting it changes nothing."""
    at_once, in_pieces = read(HEAD + data), read(*cut(HEAD + data, places))

    assert (in_pieces[0].whole, in_pieces[1]) == (at_once[0].whole, at_once[1])


class TestLimits:
    @pytest.mark.parametrize("step", [1000, 10**9], ids=["in pieces", "at once"])
    @pytest.mark.parametrize(("excess", "status"), [(0, None), (1, 431)], ids=["just", "one more"])
    def test_size_of_a_head(self, excess: int, status: int | None, step: int) -> None:
        """A head may be as large as the limit, target and fields together, and not one byte larger."""
        known = len("/") + len("hosthere") + len("x") + 2 * FIELD_BYTES
        data = HEAD + b"X: " + b"y" * (LIMIT - known + excess) + b"\r\n\r\n"

        assert read(*(data[at : at + step] for at in range(0, len(data), step)))[1] == status

    @pytest.mark.parametrize(("excess", "status"), [(0, None), (1, 431)], ids=["just", "one more"])
    def test_number_of_fields(self, excess: int, status: int | None) -> None:
        """There may be so many fields, and not one more."""
        assert read(HEAD + b"a:\r\n" * (MAX_FIELDS - 1 + excess) + b"\r\n")[1] == status

    @pytest.mark.parametrize(
        ("begun", "endless"),
        [
            (b"GET /", b"y"),
            (HEAD + b"X: ", b"y"),
            (HEAD + b"X:", b" "),
            (HEAD, b"y"),
            (HEAD, b"X: y\r\n"),
            (b"", b"\r\n"),
            (CHUNKS + b"1;", b"y"),
            (CHUNKS + b"0\r\nX: ", b"y"),
            (CHUNKS + b"0\r\n", b"X: y\r\n"),
            (CHUNKS, b"0"),
        ],
        ids=[
            "target",
            "value",
            "blanks",
            "name",
            "fields",
            "empty lines",
            "chunk extension",
            "value of a trailer",
            "trailer",
            "zeros before a size",
        ],
    )
    def test_nothing_grows_without_an_end(self, begun: bytes, endless: bytes) -> None:
        """Whatever a client repeats for ever, it is refused soon, although the parser tells of nothing."""
        pieces = [endless * (1200 // len(endless))] * 60

        assert read(begun, *pieces)[1] == 431

    def test_long_bodies_are_no_heads(self) -> None:
        """The limit is one of heads."""
        taken, status = read(b"PUT / HTTP/1.1\r\nHost: here\r\nContent-Length: 1000000\r\n\r\n", *[bytes(1000)] * 1000)

        assert (status, len(taken.whole[0][3])) == (None, 1_000_000)


class TestEnds:
    def test_what_follows_a_request_for_a_websocket(self) -> None:
        """It is handed back: it is no HTTP."""
        reader = RequestReader(Taken(), Names(), LIMIT)

        assert reader.feed(HEAD + b"Connection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n\x81\x80rest") == b"\x81\x80rest"

    def test_closed_while_it_reads(self) -> None:
        """A reader that was closed by its taker begins no more requests, and complains of nothing that follows."""

        class Closes(Taken):
            def on_request(self, head: RequestHead) -> None:
                super().on_request(head)
                reader.close()

        taken = Closes()
        reader = RequestReader(taken, Names(), LIMIT)
        for behind in (HEAD + b"\r\n", b"garbage\r\n\r\n", b"GET /" + b"y" * 2 * LIMIT):
            assert reader.feed(HEAD + b"\r\n" + behind) is None
        assert len(taken.heads) == 1

    def test_errors_of_the_taker_are_its_own(self) -> None:
        """What the taker raises comes out as it is."""

        class Fails(Taken):
            def on_complete(self) -> None:
                raise LookupError("defect")

        with pytest.raises(LookupError):
            RequestReader(Fails(), Names(), LIMIT).feed(HEAD + b"\r\n")
