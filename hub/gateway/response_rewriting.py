"""Answers of resource servers that are mended before a browser gets them."""

import json
from collections.abc import AsyncIterator
from typing import Any

from msgspec.structs import replace

from hub.gateway import fhir
from hub.gateway.messages import ApiResponse
from hub.gateway.routes import Route
from hub.iris import error_documents as iris_errors
from hub.primitives.http import BodyStream, chunks, read_body


def is_final(response: ApiResponse, route: Route) -> bool:
    """Tell whether `mended` would return the answer as it is, for sure: so it is with nearly all."""
    return response.status < 400 and not route.is_fhir


async def mended(response: ApiResponse, route: Route, method: str, public_origin: str) -> ApiResponse:
    """Return the answer: an error of IRIS as the problem that it stands for, addresses of a FHIR server as those of the hub.

    Raises:
        HubError: The body broke off.
    """
    if method == "HEAD":
        return response
    if route.is_fhir and fhir.has_addresses(response.headers):
        return await _rebased(response, fhir.Rebase(route.target, public_origin + route.prefix))
    if route.iris_errors == "relay":
        return response
    if iris_errors.is_silent_refusal(response.status, response.body_bytes):
        await response.close()
        return _with_problem(response, iris_errors.silent_refusal())
    if not iris_errors.may_be_document(response.status, response.headers, response.body_bytes):
        return response
    stream = chunks(response.body)
    body, is_whole = await _read(stream)
    if not is_whole:
        return replace(response, body=_again(body, stream))
    redacted = route.iris_errors == "redacted"
    problem = iris_errors.problem_of(response.status, response.headers, body, redacted=redacted)
    return replace(response, body=body, body_bytes=len(body)) if problem is None else _with_problem(response, problem)


async def _rebased(response: ApiResponse, rebase: fhir.Rebase) -> ApiResponse:
    headers, body = fhir.without_length(response.headers), _translated(chunks(response.body), rebase)
    if response.body_bytes is None or response.body_bytes > iris_errors.MAX_DOCUMENT_BYTES:
        return replace(response, headers=headers, body=body, body_bytes=None)
    rebased = await read_body(body)
    return replace(response, headers=headers, body=rebased, body_bytes=len(rebased))


async def _translated(body: BodyStream, rebase: fhir.Rebase) -> AsyncIterator[bytes]:
    async for piece in body:
        if ready := rebase.feed(piece):
            yield ready
    if rest := rebase.end():
        yield rest


async def _read(body: BodyStream) -> tuple[bytes, bool]:
    """Return the beginning of a body, and whether that is all of it."""
    pieces, size = [], 0
    async for piece in body:
        pieces.append(piece)
        size += len(piece)
        if size > iris_errors.MAX_DOCUMENT_BYTES:
            return b"".join(pieces), False
    return b"".join(pieces), True


async def _again(begun: bytes, rest: BodyStream) -> AsyncIterator[bytes]:
    yield begun
    async for piece in rest:
        yield piece


def _with_problem(response: ApiResponse, problem: dict[str, Any]) -> ApiResponse:
    body = json.dumps(problem, ensure_ascii=False).encode()
    headers = iris_errors.headers_of_problem(response.headers, body)
    return replace(response, headers=headers, body=body, body_bytes=len(body))
