"""Licences of IRIS: each session there takes a unit, and there are few."""

import asyncio

import pytest

from tests.scenarios.morning import CALLS, Morning

PEOPLE = 200


async def test_a_morning_takes_one_unit_a_user() -> None:
    """200 people, two tabs of 12 parallel calls each, idle and back, a restart of the hub: one unit a user, none afterwards."""
    async with Morning.begin(PEOPLE, mode="per_session", licenses=PEOPLE) as morning:
        assert await morning.everybody_loads() == {200}
        assert morning.units["most"] <= PEOPLE
        assert morning.units["refused"] == 0

        await morning.until_sessions(0)  # everybody had a break: IRIS has ended all
        assert await morning.everybody_loads() == {200}
        assert (morning.units["most"] <= PEOPLE, morning.units["refused"]) == (True, 0)

        await morning.until_sessions(0)
        await morning.load_pages(0)
        opened = morning.units["opened"]
        await morning.restart_hub()
        assert await morning.load_pages(0) == [200] * 2 * CALLS
        assert morning.units["opened"] - opened <= 1  # the new process has found the session, or it was idle for too long
        assert await morning.everybody_loads() == {200}
        assert (morning.units["most"] <= PEOPLE, morning.units["refused"]) == (True, 0)

        await morning.until_sessions(0)
        morning.standin.change(csp_session_seconds=900)  # from here on nothing ends by itself
        assert await morning.everybody_loads() == {200}
        await morning.log_out()
        await morning.until_sessions(0)
        assert morning.units["used"] == 0


async def test_plain_forwarding_takes_a_unit_a_request() -> None:
    """The same page loads without sessions: each request takes a unit of its own for ten seconds."""
    async with Morning.begin(3, mode="none") as morning:
        assert await morning.everybody_loads() == {200}
        assert morning.units["most"] == 3 * 2 * CALLS
    async with Morning.begin(3, mode="none", licenses=5) as morning:
        assert 503 in await morning.everybody_loads()


@pytest.mark.parametrize("mode", ["none", "per_session", "per_user"])
async def test_users_known_by_name_take_one_unit_each(mode: str) -> None:
    """Up to 25 connections of a user are one unit, whatever the hub does; beyond that only sessions help."""
    async with Morning.begin(3, mode=mode) as morning:
        morning.standin.change(license_per="user", license_connections=25)
        assert await morning.everybody_loads() == {200}
        assert morning.units["most"] == 3
        if mode == "none":
            await morning.everybody_loads()
            assert morning.units["most"] > 3 * CALLS


@pytest.mark.expects_log
async def test_no_licence_left() -> None:
    """The second user gets a typed problem with Retry-After, over both doors, and IRIS is asked once and not in a storm."""
    async with Morning.begin(2, mode="per_session", licenses=1) as morning:
        morning.standin.change(csp_session_seconds=900)
        assert await morning.load_pages(0) == [200] * 2 * CALLS
        refused = await morning.people[1].fetch("/api/echo")
        again = await asyncio.gather(*(morning.people[1].fetch("/api/echo") for _ in range(CALLS)))
        assert {answer.status for answer in (refused, *again)} == {503}
        assert refused.json()["type"] == "urn:hub:problem:iris-license-exhausted"
        assert 1 <= int(refused.header("Retry-After") or 0) <= 10
        assert morning.units["refused"] == 1
        assert await morning.load_pages(0) == [200] * 2 * CALLS  # whoever has a session goes on
        assert await morning.hub.metric("hub_upstream_sessions") >= 0
