"""Rewrite responses of APIs before a browser gets them."""

import json
from collections.abc import AsyncIterator
from typing import Any

from msgspec.structs import replace

from hub.gateway import fhir
from hub.gateway.api_profile import MAX_DOCUMENT_BYTES, ApiProfile
from hub.gateway.error_body import UNREADABLE, may_be_json, read_json
from hub.gateway.messages import ApiResponse
from hub.gateway.routes import Route
from hub.primitives.http import BodyStream, Headers, chunks, collect, prepend, read_body

_BODY_HEADERS = frozenset(
    {"content-type", "content-length", "content-encoding", "content-digest", "content-md5", "repr-digest", "digest", "etag"}
    | {"last-modified", "accept-ranges", "content-range", "content-language"}
)

API_ERROR = "urn:hub:problem:api-error"


async def rewrite_response(
    response: ApiResponse, route: Route, method: str, public_origin: str, *, detail: str = ""
) -> ApiResponse:
    """Return the response: an error document of the API as an RFC 9457 problem, addresses of a FHIR server as those of the hub.

    A response below 400 stays as it is unless the route leads to a FHIR server: callers need not call for it.

    Parameters:
        detail: What the hub knows about an error; it stands in a problem that has no text of the API. Empty: nothing.

    Raises:
        HubError: The body broke off.
    """
    is_redacted = response.status >= 400 and route.error_documents == "redacted"
    if is_redacted and response.reason:  # the server's own text, too
        response = replace(response, reason="")
    if method == "HEAD":
        return response
    if is_redacted:
        response = await _redacted(response, route, detail)
    if route.is_fhir and fhir.has_addresses(response.headers):
        return await _rebased(response, fhir.Rebase(route.target, public_origin + route.prefix))
    return await _translated(response, route.profile, detail) if route.error_documents == "problem" else response


async def _translated(response: ApiResponse, profile: ApiProfile, detail: str) -> ApiResponse:
    """Return the problem with all members of an error document; any other response as it is."""
    if (refusal := profile.empty_refusal(response.status, response.body_bytes)) is not None:
        await response.close()
        return _with_problem(response, _detailed(refusal, detail))
    if not profile.may_be_error(response.status, response.headers, response.body_bytes):
        return response
    stream = chunks(response.body)
    body, is_whole = await collect(stream, MAX_DOCUMENT_BYTES)
    if not is_whole:
        return replace(response, body=prepend(body, stream))
    problem = profile.error_problem(response.status, read_json(response.headers, body), redacted=False)
    return replace(response, body=body, body_bytes=len(body)) if problem is None else _with_problem(response, problem)


async def _redacted(response: ApiResponse, route: Route, detail: str) -> ApiResponse:
    """Return an error without the texts of the API: its codes as a problem, or its status alone if they cannot be read."""
    if response.body_bytes == 0:
        refusal = route.profile.empty_refusal(response.status, 0)
        return response if refusal is None else _with_problem(response, _detailed(refusal, detail))
    if may_be_json(response.headers, response.body_bytes):
        body, is_whole = await collect(chunks(response.body), MAX_DOCUMENT_BYTES)
        document = read_json(response.headers, body) if is_whole else UNREADABLE
        if document is not UNREADABLE:
            if (problem := route.profile.error_problem(response.status, document, redacted=True)) is not None:
                return _with_problem(response, problem)
            if route.settings.json_errors == "relay":
                return replace(response, body=body, body_bytes=len(body))
    await response.close()
    problem = {"type": API_ERROR, "title": "The API responded with an error", "status": response.status}
    return _with_problem(response, _detailed(problem, detail))


def _detailed(problem: dict[str, Any], detail: str) -> dict[str, Any]:
    return problem | {"detail": detail} if detail else problem


async def _rebased(response: ApiResponse, rebase: fhir.Rebase) -> ApiResponse:
    headers, body = fhir.without_length(response.headers), _rebase_body(chunks(response.body), rebase)
    if response.body_bytes is None or response.body_bytes > MAX_DOCUMENT_BYTES:
        return replace(response, headers=headers, body=body, body_bytes=None)
    rebased = await read_body(body)
    return replace(response, headers=headers, body=rebased, body_bytes=len(rebased))


async def _rebase_body(body: BodyStream, rebase: fhir.Rebase) -> AsyncIterator[bytes]:
    async for chunk in body:
        if ready := rebase.feed(chunk):
            yield ready
    if rest := rebase.end():
        yield rest


def headers_of_problem(headers: Headers, body: bytes) -> Headers:
    """Return the headers of a response whose body was replaced by this problem."""
    kept = [(name, value) for name, value in headers if name.lower() not in _BODY_HEADERS]
    return [*kept, ("Content-Type", "application/problem+json"), ("Content-Length", str(len(body)))]


def _with_problem(response: ApiResponse, problem: dict[str, Any]) -> ApiResponse:
    body = json.dumps(problem, ensure_ascii=False).encode()
    headers = headers_of_problem(response.headers, body)
    return replace(response, headers=headers, body=body, body_bytes=len(body))
