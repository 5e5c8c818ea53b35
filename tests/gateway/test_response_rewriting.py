"""Answers that are mended, and how it is told that one need not be."""

import asyncio
import json

from hypothesis import given
from hypothesis import strategies as st

from hub.config.settings import RouteSettings
from hub.gateway.messages import ApiResponse
from hub.gateway.response_rewriting import is_final, mended
from hub.gateway.routes import Route

ORIGIN = "https://clinic.example"
ERROR = {"errors": [{"code": 5002, "error": "ERROR #5002: x"}], "summary": "ERROR #5002: x"}
BODIES = [b"", b"{}", b'{"url": "https://iris.example/fhir/Patient/7"}', json.dumps(ERROR).encode()]
TYPES = ["application/json", "application/fhir+json", "text/html"]
ROUTES = st.sampled_from(["", "fhir"]).flatmap(
    lambda preset: st.sampled_from(["problem", "redacted", "relay"]).map(
        lambda errors: Route.compile(
            RouteSettings(prefix="/api", target="https://iris.example/fhir", preset=preset, iris_errors=errors)
        )
    )
)


def answer(status: int, kind: str, body: bytes) -> ApiResponse:
    """Return an answer that came whole."""
    return ApiResponse(status=status, headers=[("Content-Type", kind)], body=body, body_bytes=len(body))


@given(st.sampled_from([200, 204, 304, 400, 401, 404, 500]), st.sampled_from(TYPES), st.sampled_from(BODIES), ROUTES)
def test_what_is_final_stays_as_it_is(status: int, kind: str, body: bytes, route: Route) -> None:
    """No answer passes by the mending that it needs."""
    response = answer(status, kind, body)

    assert not is_final(response, route) or asyncio.run(mended(response, route, "GET", ORIGIN)) is response
