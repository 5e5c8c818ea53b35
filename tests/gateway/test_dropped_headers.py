"""Request headers that did not pass: counted, and named in the log once."""

import pytest
import structlog

from hub.config.settings import RouteSettings
from hub.gateway.dropped_headers import MAX_LENGTH, MAX_NAMES, DroppedHeaders
from hub.gateway.routes import Route
from hub.iris.api import IRIS_API
from hub.telemetry.metrics import Metrics


def route(prefix: str) -> Route:
    """Return a route."""
    return Route.compile(RouteSettings(prefix=prefix, target="https://h"), IRIS_API)


API, LAB = route("/api"), route("/lab")


def count(metrics: Metrics) -> str:
    """Return the lines of the metric: it has no label."""
    lines = [line for line in metrics.exposition().decode().splitlines() if line.startswith("hub_dropped_headers_total")]
    return "".join(lines)


@pytest.mark.parametrize(("name", "advice"), [("X-Tenant", 'pass_request_headers = ["x-tenant"]'), ("X-User", "never passes")])
def test_once_for_each_name_and_route(name: str, advice: str) -> None:
    """Each is counted every time; the log says once what to do about it."""
    metrics = Metrics()
    dropped = DroppedHeaders(metrics)
    with structlog.testing.capture_logs() as lines:
        for _ in range(3):
            dropped.note(API, [name, name.upper()])
        dropped.note(LAB, [name])

    assert [(line["event"], line["route"], line["header"]) for line in lines] == [
        ("request_header.dropped", "/api", name.lower()),
        ("request_header.dropped", "/lab", name.lower()),
    ]
    assert advice in lines[0]["advice"]
    assert count(metrics) == "hub_dropped_headers_total 7.0"
    assert dropped.names() == {"/api": [name.lower()], "/lab": [name.lower()]}


def test_bounded() -> None:
    """A client that invents names fills neither memory nor log, and hides no name on another route."""
    dropped = DroppedHeaders(Metrics())
    with structlog.testing.capture_logs() as lines:
        for number in range(10 * MAX_NAMES):
            dropped.note(API, [f"X-{number}-{'a' * 1000}"])
        dropped.note(LAB, ["X-Tenant"])

    assert [line["event"] for line in lines] == [
        *["request_header.dropped"] * MAX_NAMES,
        "request_header.dropped_names_full",
        "request_header.dropped",
    ]
    assert max(len(name) for name in dropped.names()["/api"]) == MAX_LENGTH
    assert len(dropped.names()["/api"]) == MAX_NAMES
