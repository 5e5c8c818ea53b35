"""Requests counted in plain numbers: in the end Prometheus has what it would have counted by itself."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from hub.telemetry.request_tally import BatchHistogram, RequestTally

BOUNDS = (0.25, 0.5, 1.0)
ANSWERS = st.tuples(
    st.sampled_from(["http", "channel"]), st.sampled_from([200, 404]), st.sampled_from([0, 0.25, 0.375, 0.5, 1, 4])
)
FAILURES = st.tuples(st.sampled_from(["http", "channel"]), st.sampled_from(["cancelled", "route-not-found"]))
STEPS = st.lists(ANSWERS | FAILURES | st.none())


def metrics(kind: type[Histogram]) -> tuple[CollectorRegistry, Counter, Histogram]:
    """Return a counter and a histogram of this kind in a registry of their own."""
    registry = CollectorRegistry()
    requests = Counter("requests", "Requests", ["transport", "status"], registry=registry)
    return registry, requests, kind("seconds", "Time", ["transport"], buckets=BOUNDS, registry=registry)


def figures(registry: CollectorRegistry) -> list[str]:
    """Return the lines of the exposition, in any order and without the times at which the series began."""
    return sorted(line for line in generate_latest(registry).decode().splitlines() if "_created" not in line)


@given(STEPS)
def test_hands_on_what_it_counted(steps: list[tuple[str, int, float] | tuple[str, str] | None]) -> None:
    """Whenever it hands on (None), nothing is lost and nothing counts twice; a time on a bound belongs to the bucket below it."""
    registry, requests, seconds = metrics(BatchHistogram)
    tally = RequestTally(requests, seconds, BOUNDS)
    direct, their_requests, their_seconds = metrics(Histogram)
    for step in steps:
        match step:
            case None:
                tally.flush()
            case (transport, status, time):
                tally.responded(transport, status, time)
                their_requests.labels(transport, str(status)).inc()
                their_seconds.labels(transport).observe(time)
            case (transport, slug):
                tally.failed(transport, slug)
                their_requests.labels(transport, slug).inc()
    tally.flush()

    assert figures(registry) == figures(direct)
