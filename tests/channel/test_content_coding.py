"""Bodies in an encoding that nobody asked for."""

import gzip
import zlib
from collections.abc import Iterator

import pytest

from hub.channel.content_coding import STEP_BYTES, without_coding
from hub.errors import ResourceServerBroken
from hub.gateway.messages import ApiResponse
from hub.primitives.http import chunks, read_body
from tests.channel.parts import stream_of

TEXT = b'{"name": "Ada"}' * 100


def encoded(data: bytes, coding: str = "gzip", status: int = 200, *, size: int | None = None) -> ApiResponse:
    """Return a response with this encoding, whose body arrives in chunks of `size` bytes; None: together with its head."""
    headers = [("Content-Encoding", coding), ("Content-Length", str(len(data))), ("ETag", '"1"'), ("Content-Type", "a/b")]
    body = data if size is None else stream_of(*_cut(data, size))
    return ApiResponse(status=status, headers=headers, body=body, body_bytes=len(data))


def _cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


@pytest.mark.parametrize("size", [None, 1, 7, 10_000])
@pytest.mark.parametrize(
    ("data", "coding"),
    [
        (gzip.compress(TEXT), "gzip"),
        (gzip.compress(TEXT), "X-GZIP"),
        (zlib.compress(TEXT), "deflate"),
        (gzip.compress(TEXT[:500]) + gzip.compress(TEXT[500:]), "gzip"),
    ],
    ids=["gzip", "x-gzip", "deflate", "two parts"],
)
async def test_body_is_decoded(data: bytes, coding: str, size: int | None) -> None:
    """However it is cut. What said how it was encoded is left out; the entity tag stays."""
    response = without_coding(encoded(data, coding, size=size))

    assert await read_body(response.body) == TEXT
    assert response.headers == [("ETag", '"1"'), ("Content-Type", "a/b")]
    assert response.body_bytes is None


async def test_empty_body() -> None:
    """Nothing decodes to nothing."""
    assert await read_body(without_coding(encoded(b"")).body) == b""


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, br", "identity"])
async def test_encodings_that_nobody_here_knows(coding: str) -> None:
    """They pass as they are, and say so."""
    response = encoded(b"x", coding)

    assert without_coding(response) is response


async def test_part_of_an_encoded_body() -> None:
    """The range is one of encoded bytes, which mean nothing alone."""
    response = encoded(gzip.compress(TEXT)[5:], status=206)

    assert without_coding(response) is response


@pytest.mark.parametrize(
    "data", [gzip.compress(TEXT)[:-1], b"no gzip", gzip.compress(TEXT) + b"more"], ids=["cut", "no gzip", "continued"]
)
async def test_body_that_is_not_as_announced(data: bytes) -> None:
    """The caller is told, and gets no part of it as if it were all."""
    with pytest.raises(ResourceServerBroken):
        await read_body(without_coding(encoded(data, size=10)).body)


async def test_small_body_of_a_large_content() -> None:
    """It is decoded step by step, as fast as it is read."""
    response = without_coding(encoded(gzip.compress(bytes(10 * STEP_BYTES))))
    sizes = [len(chunk) async for chunk in chunks(response.body)]

    assert sum(sizes) == 10 * STEP_BYTES
    assert max(sizes) <= STEP_BYTES
