"""The admin listener: health, readiness, metrics, and nothing else."""

import pytest

from tests.parties.hostile_provider import CannedAnswer, HostileProvider
from tests.web.conftest import BuildHouse, House


async def test_ready(house: House) -> None:
    """When Redis and provider answer, the hub is ready."""
    answer = await house.ask("/readyz", admin=True)

    assert (answer.status, answer.header("Content-Type")) == (200, "application/json")
    assert answer.json() == {"status": "ready", "troubles": {}}


@pytest.mark.expects_log
async def test_not_ready(build_house: BuildHouse) -> None:
    """Else it says which part is missing and why, but it is alive: restarting it would not help."""

    def break_down(provider: HostileProvider) -> None:
        provider.answers["/.well-known/openid-configuration"] = CannedAnswer(503)

    async with build_house(break_down) as house:
        await house.provider.answered("/.well-known/openid-configuration", 1)
        answer = await house.ask("/readyz", admin=True)
        assert (answer.status, answer.json()["status"]) == (503, "not ready")
        assert set(answer.json()["troubles"]) == {"provider"}
        assert (await house.ask("/healthz", admin=True)).status == 200

        del house.provider.answers["/.well-known/openid-configuration"]
        await house.clock.advance(5)
        await house.provider.answered("/.well-known/openid-configuration", 2)
        await house.services.providers.openid("main").metadata()
        assert (await house.ask("/readyz", admin=True)).status == 200


async def test_stopping(house: House) -> None:
    """A hub that is being stopped says so, so that balancers send nobody any more."""
    house.services.draining = True
    answer = await house.ask("/readyz", admin=True)

    assert (answer.status, answer.json()["troubles"]) == (503, {"hub": "is being stopped"})


async def test_metrics(house: House) -> None:
    """Prometheus gets its text format, with what has happened so far."""
    async with house.browser() as browser:
        await browser.fetch("/api/x")
        answer = await house.ask("/metrics", admin=True)

    assert (answer.status, answer.header("Content-Type")) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert 'hub_logins_total{outcome="completed"} 1.0' in answer.text.splitlines()
    assert 'hub_requests_total{status="200",transport="http"} 1.0' in answer.text.splitlines()


@pytest.mark.parametrize("path", ["/", "/hub/session", "/api/x", "/index.html"])
async def test_nothing_else(house: House, path: str) -> None:
    """The admin listener serves none of what the public one does."""
    assert (await house.ask(path, admin=True)).status == 404


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_not_in_public(house: House, path: str) -> None:
    """And the public listener serves none of this."""
    assert (await house.fetch(path)).status == 404
    assert "hub_" not in (await house.navigate(path)).text


@pytest.mark.expects_log
async def test_dropped_headers(house: House) -> None:
    """The names of request headers that applications chose and that did not pass, by route."""
    async with house.browser() as browser:
        await browser.fetch("/api/x", headers={"X-Tenant": "7", "X-Request-ID": "8"})
        answer = await house.ask("/dropped-headers", admin=True)

    assert answer.json() == {"routes": {"/api": ["x-tenant"]}}
