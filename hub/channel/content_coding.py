"""Decodes the content encoding of responses (RFC 9110 section 8.4) for clients that did not ask for one."""

import zlib
from collections.abc import Iterator

from msgspec.structs import replace

from hub.errors import ResourceServerBroken
from hub.gateway.error_body import field
from hub.gateway.messages import ApiResponse
from hub.primitives.http import BodyStream, chunks

DECODABLE = frozenset({"gzip", "x-gzip", "deflate"})
STEP_BYTES = 64 * 1024  # a small body may become a very large one, but never at once
ZLIB_OR_GZIP = 47  # of `wbits`: the decoder finds out which of the two it is


def without_coding(response: ApiResponse) -> ApiResponse:
    """Return the response with its body decoded; as it is if its encoding is unknown, or if it is a part of an encoded body.

    The entity tag stays, as in a browser: the client repeats it in `If-Match`.
    """
    if response.status == 206 or field(response.headers, "content-encoding").lower() not in DECODABLE:
        return response
    headers = [header for header in response.headers if header[0].lower() not in ("content-encoding", "content-length")]
    return replace(response, headers=headers, body=_decoded(chunks(response.body)), body_bytes=None)


async def _decoded(body: BodyStream) -> BodyStream:
    """Yield the content of an encoded body, which may have several parts (RFC 1952 section 2.2).

    Raises:
        ResourceServerBroken: The body is not encoded as announced, or not complete.
    """
    decoder = None
    async for chunk in body:
        while chunk:
            decoder = decoder or zlib.decompressobj(wbits=ZLIB_OR_GZIP)
            for data in _steps(decoder, chunk):
                yield data
            chunk, decoder = decoder.unused_data, None if decoder.eof else decoder
    if decoder is not None:
        raise ResourceServerBroken("The API sent a body whose content encoding is not complete.")


def _steps(decoder: "zlib._Decompress", chunk: bytes) -> Iterator[bytes]:
    """Yield what a chunk of one part decodes to."""
    while True:
        try:
            data = decoder.decompress(chunk, STEP_BYTES)
        except zlib.error as error:
            raise ResourceServerBroken("The API sent a body that is not encoded as announced.") from error
        if data:
            yield data
        chunk = decoder.unconsumed_tail
        if not chunk and len(data) < STEP_BYTES:
            return
