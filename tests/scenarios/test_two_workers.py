"""Two worker processes on one port: what happens on one is true on the other."""

import asyncio

import pytest

from tests.parties.channel import Channel
from tests.scenarios.conftest import StartClinic

CHANNELS = 8  # the kernel spreads connections over the workers; one in 128 times all would land on one


@pytest.mark.each_listener
async def test_logout_closes_channels_on_every_worker(start_clinic: StartClinic) -> None:
    """Rule 6: a logout that one worker serves closes the session's channels on all of them."""
    async with start_clinic(HUB_SERVER_PROCESSES="2") as clinic, clinic.browser("alice") as browser:
        channels = [await Channel.open(browser) for _ in range(CHANNELS)]
        async with clinic.browser("bob") as bob:
            bystander = await Channel.open(bob)
            await browser.fetch("/hub/logout", method="POST")
            closed = await asyncio.gather(*(channel.closed for channel in channels))

            assert {error.code for error in closed} == {4401}
            assert [(await channel.events.get())["data"]["reason"] for channel in channels] == ["logout"] * CHANNELS
            assert (await bystander.request("GET", "/api/echo")).status == 200
            assert await clinic.hub.metric("hub_kill_seconds_count") == CHANNELS


async def test_login_on_one_worker_is_known_to_the_other(start_clinic: StartClinic) -> None:
    """A login may begin on one worker and end on the other; every later call finds its session, wherever it lands."""
    async with start_clinic(HUB_SERVER_PROCESSES="2") as clinic:
        for _ in range(4):
            async with clinic.browser("alice") as browser:
                answers = await asyncio.gather(*(browser.fetch("/api/echo") for _ in range(10)))
                assert {answer.status for answer in answers} == {200}
