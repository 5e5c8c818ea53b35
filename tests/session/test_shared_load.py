"""Single-flight without a task of its own."""

import asyncio

import pytest

from hub.errors import StoreUnavailable
from hub.session.shared_load import Abandoned, SharedLoad


@pytest.fixture
async def load() -> "asyncio.Future[str]":
    """A load whose result the test sets."""
    return asyncio.get_running_loop().create_future()


@pytest.fixture
def shared() -> SharedLoad[str]:
    """A shared load."""
    return SharedLoad()


async def begun(*waits: "asyncio.Future[str]") -> None:
    """Let tasks come to their first wait."""
    for _ in waits:
        await asyncio.sleep(0)


async def test_all_get_it(shared: SharedLoad[str], load: "asyncio.Future[str]") -> None:
    """Whoever asked and whoever waits get the same."""
    tasks = [asyncio.ensure_future(each) for each in (shared.run(load), shared.wait(), shared.wait())]
    await begun(*tasks)
    load.set_result("yes")

    assert await asyncio.gather(*tasks) == ["yes"] * 3


async def test_all_get_the_error(shared: SharedLoad[str], load: "asyncio.Future[str]") -> None:
    """A store that is down is down for all: nobody waits for a time-out of their own."""
    tasks = [asyncio.ensure_future(each) for each in (shared.run(load), shared.wait())]
    await begun(*tasks)
    load.set_exception(StoreUnavailable())

    assert [type(each) for each in await asyncio.gather(*tasks, return_exceptions=True)] == [StoreUnavailable] * 2


async def test_one_who_waits_goes(shared: SharedLoad[str], load: "asyncio.Future[str]") -> None:
    """That concerns nobody else."""
    asking, gone, staying = (asyncio.ensure_future(each) for each in (shared.run(load), shared.wait(), shared.wait()))
    await begun(asking, gone, staying)
    gone.cancel()
    await begun(gone)
    load.set_result("yes")

    assert await asyncio.gather(asking, staying) == ["yes"] * 2
    assert gone.cancelled()


async def test_the_one_who_asks_goes(shared: SharedLoad[str], load: "asyncio.Future[str]") -> None:
    """The others are told that they have to ask."""
    asking, waiting = (asyncio.ensure_future(each) for each in (shared.run(load), shared.wait()))
    await begun(asking, waiting)
    asking.cancel()

    with pytest.raises(Abandoned):
        await waiting
