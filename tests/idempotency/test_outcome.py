"""The idempotency key of an HTTP request: in which header it may stand, and what a valid one is."""

import pytest

from hub.config.settings import RouteSettings
from hub.errors import BadRequest
from hub.gateway.routes import Route
from hub.idempotency.outcome import idempotency_key
from hub.iris.api import IRIS_API

KEY = "6f1f7a52-2a5c-4d6e-9c40-0a4f3b1d2e11"
OTHER_KEY = "9a7d0c38-7a4b-4a4e-8f35-5d0b7c1e2f22"

API = Route.compile(RouteSettings(prefix="/api", target="https://iris.example"), IRIS_API)
HUB = Route.compile(RouteSettings(prefix="/api", target="https://iris.example", idempotency_header="hub"), IRIS_API)


@pytest.mark.parametrize("route", [API, HUB])
def test_hub_header_counts_on_every_route(route: Route) -> None:
    """`X-Hub-Key` is the idempotency key whatever the route says."""
    assert idempotency_key(route, {"x-hub-key": KEY}) == KEY


@pytest.mark.parametrize("route", [API, HUB])
def test_no_key(route: Route) -> None:
    """A request without these headers has no idempotency key."""
    assert idempotency_key(route, {"accept": "*/*"}) is None


@pytest.mark.parametrize("value", [KEY, f'"{KEY}"'])
def test_standard_header_on_a_route_that_says_so(value: str) -> None:
    """`Idempotency-Key` counts quoted and bare, and both are the same key."""
    assert idempotency_key(HUB, {"idempotency-key": value}) == KEY


def test_standard_header_belongs_to_the_api_by_default() -> None:
    """On other routes any value of `Idempotency-Key` is left to the API, even one that is not valid here."""
    assert idempotency_key(API, {"idempotency-key": "1"}) is None
    assert idempotency_key(API, {"idempotency-key": OTHER_KEY, "x-hub-key": KEY}) == KEY


def test_both_headers() -> None:
    """Both headers may carry the same key; two different keys are rejected."""
    assert idempotency_key(HUB, {"idempotency-key": f'"{KEY}"', "x-hub-key": KEY}) == KEY
    with pytest.raises(BadRequest, match="different keys"):
        idempotency_key(HUB, {"idempotency-key": f'"{KEY}"', "x-hub-key": OTHER_KEY})


@pytest.mark.parametrize(
    "value",
    ["", "short", '""', f'"{KEY}', f'{KEY}"', f'"{KEY}";a=1', f'"{KEY}","{OTHER_KEY}"', f"{KEY},{KEY}", '"a\\"' + KEY + '"'],
)
def test_values_that_are_not_keys(value: str) -> None:
    """Short keys, unbalanced quotes, parameters and lists are rejected in `Idempotency-Key`."""
    with pytest.raises(BadRequest):
        idempotency_key(HUB, {"idempotency-key": value})


@pytest.mark.parametrize("value", ["", "short", f'"{KEY}"', "x" * 129])
def test_values_that_are_not_hub_keys(value: str) -> None:
    """`X-Hub-Key` takes no quotation marks: it is not a structured header."""
    with pytest.raises(BadRequest):
        idempotency_key(API, {"x-hub-key": value})
