"""Responses that are rewritten, and those that need not be."""

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.config.settings import RouteSettings
from hub.gateway.messages import ApiResponse
from hub.gateway.response_rewriting import headers_of_problem, rewrite_response
from hub.gateway.routes import Route
from hub.iris.api import IRIS_API
from hub.primitives.http import Headers, read_body

ORIGIN = "https://clinic.example"
ERROR = {"errors": [{"code": 5002, "error": "ERROR #5002: x"}], "summary": "ERROR #5002: x"}
BODIES = [b"", b"{}", b'{"url": "https://iris.example/fhir/Patient/7"}', json.dumps(ERROR).encode()]
TYPES = ["application/json", "application/fhir+json", "text/html"]
ROUTES = st.sampled_from(["", "fhir"]).flatmap(
    lambda preset: st.sampled_from(["problem", "redacted", "relay"]).map(
        lambda errors: Route.compile(
            RouteSettings(prefix="/api", target="https://iris.example/fhir", preset=preset, iris_errors=errors), IRIS_API
        )
    )
)


def answer(status: int, kind: str, body: bytes) -> ApiResponse:
    """Return an answer that came whole."""
    return ApiResponse(status=status, headers=[("Content-Type", kind)], body=body, body_bytes=len(body))


@given(st.sampled_from([200, 204, 304, 400, 401, 404, 500]), st.sampled_from(TYPES), st.sampled_from(BODIES), ROUTES)
def test_what_the_pipeline_leaves_out_stays_as_it_is(status: int, kind: str, body: bytes, route: Route) -> None:
    """The pipeline rewrites errors and responses of FHIR servers; no other response needs it."""
    response = answer(status, kind, body)

    assert status >= 400 or route.is_fhir or asyncio.run(rewrite_response(response, route, "GET", ORIGIN)) is response


SECRET = b"<UNDEFINED>zReport+3^Clinic.REST.1 of patient Ada"
SECRET_ERROR = json.dumps({"errors": [{"code": 5002, "error": SECRET.decode()}], "summary": SECRET.decode()}).encode()
JSON = ("Content-Type", "application/json")
GZIP = ("Content-Encoding", "gzip")
UNREADABLE_ERRORS = {
    "deflate": ([JSON, ("Content-Encoding", "deflate")], zlib.compress(SECRET_ERROR)),
    "br": ([JSON, ("Content-Encoding", "br")], SECRET_ERROR),
    "large": ([JSON], b" " * 65_536 + SECRET_ERROR),
    "html": ([("Content-Type", "text/html")], SECRET),
    "untyped": ([], SECRET_ERROR),
    "truncated": ([JSON, GZIP], gzip.compress(SECRET_ERROR)[:-4]),
    "continued": ([JSON, GZIP], gzip.compress(b"{}") + gzip.compress(SECRET)),
    "bomb": ([JSON, GZIP], gzip.compress(SECRET_ERROR[:-1] + b" " * 10_000_000 + b"}")),
    "not JSON": ([JSON], SECRET),
    "other JSON": ([("Content-Type", "application/problem+json")], b'{"detail": "' + SECRET + b'"}'),
}


def redacting(**more: str) -> Route:
    """Return a route with `iris_errors = "redacted"`."""
    return Route.compile(
        RouteSettings(prefix="/api", target="https://iris.example/fhir", iris_errors="redacted", **more), IRIS_API
    )


async def in_chunks(body: bytes) -> AsyncIterator[bytes]:
    """Yield a body as an API without a length sends it."""
    for start in range(0, len(body), 4096):
        yield body[start : start + 4096]


@pytest.mark.parametrize("preset", ["", "fhir"])
@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("case", UNREADABLE_ERRORS)
async def test_a_redacted_error_without_codes_is_its_status(case: str, streams: bool, preset: str) -> None:
    """Whatever the hub cannot read as an error document of IRIS becomes a problem with the status alone."""
    headers, body = UNREADABLE_ERRORS[case]
    response = ApiResponse(
        status=500,
        reason=SECRET.decode(),
        headers=headers,
        body=in_chunks(body) if streams else body,
        body_bytes=None if streams else len(body),
    )

    redacted = await rewrite_response(response, redacting(preset=preset), "GET", ORIGIN)

    expected = {"type": "urn:hub:problem:api-error", "title": "The API responded with an error", "status": 500}
    assert json.loads(await read_body(redacted.body)) == expected
    assert ("Content-Type", "application/problem+json") in redacted.headers
    assert (redacted.reason, redacted.body_bytes) == ("", len(await read_body(redacted.body)))


@pytest.mark.parametrize("preset", ["", "fhir"])
@pytest.mark.parametrize(
    ("headers", "body"), [([JSON], SECRET_ERROR), ([JSON, GZIP], gzip.compress(SECRET_ERROR))], ids=["plain", "gzip"]
)
async def test_a_redacted_error_of_iris_keeps_its_code(headers: Headers, body: bytes, preset: str) -> None:
    """On routes to FHIR servers, too; nothing else of it is left."""
    response = ApiResponse(status=500, headers=headers, body=in_chunks(body))

    redacted = await rewrite_response(response, redacting(preset=preset), "GET", ORIGIN)

    document = json.loads(await read_body(redacted.body))
    assert (document["code"], set(document)) == (5002, {"type", "title", "status", "code"})


@pytest.mark.parametrize("case", UNREADABLE_ERRORS)
async def test_other_json_passes_by_setting(case: str) -> None:
    """`json_errors = "relay"` passes JSON within the limit as it is, and nothing else."""
    headers, body = UNREADABLE_ERRORS[case]

    response = await rewrite_response(
        ApiResponse(status=409, headers=headers, body=in_chunks(body)), redacting(json_errors="relay"), "GET", ORIGIN
    )

    assert (await read_body(response.body) == body, response.headers == headers) == ((case == "other JSON",) * 2)


async def test_relayed_json_of_a_fhir_server_is_rebased() -> None:
    """An OperationOutcome that the setting lets through leads to the hub like any other response."""
    response = answer(404, "application/fhir+json", BODIES[2])

    relayed = await rewrite_response(response, redacting(preset="fhir", json_errors="relay"), "GET", ORIGIN)

    assert json.loads(await read_body(relayed.body)) == {"url": f"{ORIGIN}/api/Patient/7"}


async def test_an_error_without_a_body_stays_without() -> None:
    """There is nothing to leave out. A 401 says that the API refuses the login, as without redaction."""
    response = answer(404, "text/html", b"")
    assert await rewrite_response(response, redacting(), "GET", ORIGIN) is response
    refused = await rewrite_response(answer(401, "text/html", b""), redacting(), "GET", ORIGIN)
    assert json.loads(await read_body(refused.body))["type"] == "urn:hub:problem:api-refused"


async def test_a_closed_response_is_not_read() -> None:
    """The rest of an error that is not read is not waited for: its connection is freed."""
    closed = []

    async def close() -> None:
        closed.append(True)

    async def endless() -> AsyncIterator[bytes]:
        yield b" " * 70_000
        await asyncio.Event().wait()

    response = ApiResponse(status=500, headers=[JSON], body=endless(), close=close)
    assert (await rewrite_response(response, redacting(), "GET", ORIGIN)).status == 500
    assert closed == [True]


def test_fields_about_the_old_body_go() -> None:
    """Length, encoding, digest and tag belonged to another body."""
    before = [
        ("Content-Type", "application/json"),
        ("Content-Length", "5"),
        ("ETag", '"x"'),
        ("X-Trace", "7"),
        ("Content-Digest", "sha-256=:x:"),
        ("Content-MD5", "x"),
        ("Digest", "md5=x"),
        ("Repr-Digest", "sha-256=:x:"),
        ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("Accept-Ranges", "bytes"),
        ("Content-Range", "bytes 0-4/5"),
        ("Content-Language", "de"),
    ]
    after = [("X-Trace", "7"), ("Content-Type", "application/problem+json"), ("Content-Length", "2")]
    assert headers_of_problem(before, b"{}") == after
