"""The inputs that the fuzzers have found go through the hub's protocol again, each time the tests run."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.answer_target import check_answer
from fuzz.codec_target import check_codec
from fuzz.connection_target import STEPS, check_connection
from fuzz.request_target import check_request

CORPUS = Path(__file__).resolve().parent.parent.parent / "fuzz/corpus"
TARGETS = ("codec", "connection", "answer", "request")
CODEC, CONNECTION, ANSWER, REQUEST = (sorted((CORPUS / target).iterdir()) for target in TARGETS)


@pytest.mark.parametrize("file", CODEC, ids=lambda file: file.name)
def test_codec(file: Path) -> None:
    """Whatever the bytes, the codec reads messages or closes, and what it has read can be written."""
    check_codec(file.read_bytes())


@pytest.mark.parametrize("file", CONNECTION, ids=lambda file: file.name)
def test_connection(file: Path) -> None:
    """Whatever the client and the hub do, requests end once, credit is kept, and nothing follows the close."""
    check_connection(file.read_bytes())


@pytest.mark.parametrize("file", ANSWER, ids=lambda file: file.name)
def test_answer(file: Path) -> None:
    """Whatever a resource server sends, it is refused or read, and the same in whatever pieces it comes."""
    check_answer(file.read_bytes())


@pytest.mark.parametrize("file", REQUEST, ids=lambda file: file.name)
def test_request(file: Path) -> None:
    """Whatever a browser sends, it is the requests that a strict reading finds, or fewer, in whatever pieces it comes."""
    check_request(file.read_bytes())


@given(st.binary(max_size=200))
def test_new_inputs(data: bytes) -> None:
    """Some inputs that nobody has kept go through all targets as well."""
    check_codec(data)
    check_connection(data)
    check_answer(b"G\x03HTTP/1.1 200 OK\r\n" + data)
    check_request(b"\x00\x03POST / HTTP/1.1\r\nHost: a\r\n" + data)


def test_corpus_takes_every_step() -> None:
    """The corpus knows every step of the connection target; a step that was added wants a new run of the fuzzer."""
    taken = {step for file in CONNECTION for step in check_connection(file.read_bytes())}

    assert [step.__name__ for step in STEPS if step not in taken] == []


def test_corpus_is_small() -> None:
    """The corpus stays something to be kept with the source."""
    files = [*CODEC, *CONNECTION, *ANSWER, *REQUEST]

    assert len(files) <= 300
    assert sum(file.stat().st_size for file in files) < 1_000_000
