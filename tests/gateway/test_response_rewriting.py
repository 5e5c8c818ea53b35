"""Responses that are rewritten, and those that need not be."""

import asyncio
import json

from hypothesis import given
from hypothesis import strategies as st

from hub.config.settings import RouteSettings
from hub.gateway.messages import ApiResponse
from hub.gateway.response_rewriting import headers_of_problem, rewrite_response
from hub.gateway.routes import Route
from hub.iris.api import IRIS_API

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


def test_fields_about_the_old_body_go() -> None:
    """Length, encoding, digest and tag belonged to another body."""
    before = [
        ("Content-Type", "application/json"),
        ("Content-Length", "5"),
        ("ETag", '"x"'),
        ("X-Trace", "7"),
        ("Content-Digest", "sha-256=:x:"),
    ]
    after = [("X-Trace", "7"), ("Content-Type", "application/problem+json"), ("Content-Length", "2")]
    assert headers_of_problem(before, b"{}") == after
