"""One question for many, without a task of its own."""

import asyncio

import pytest

from hub.errors import StoreUnavailable
from hub.session.shared_answer import Abandoned, SharedAnswer


@pytest.fixture
async def question() -> "asyncio.Future[str]":
    """A question that the test answers."""
    return asyncio.get_running_loop().create_future()


@pytest.fixture
def answer() -> SharedAnswer[str]:
    """What many wait for."""
    return SharedAnswer()


async def begun(*waits: "asyncio.Future[str]") -> None:
    """Let tasks come to their first wait."""
    for _ in waits:
        await asyncio.sleep(0)


async def test_all_get_it(answer: SharedAnswer[str], question: "asyncio.Future[str]") -> None:
    """Whoever asked and whoever waits get the same."""
    tasks = [asyncio.ensure_future(each) for each in (answer.shared(question), answer.wait(), answer.wait())]
    await begun(*tasks)
    question.set_result("yes")

    assert await asyncio.gather(*tasks) == ["yes"] * 3


async def test_all_get_the_error(answer: SharedAnswer[str], question: "asyncio.Future[str]") -> None:
    """A store that is down is down for all: nobody waits for a time-out of their own."""
    tasks = [asyncio.ensure_future(each) for each in (answer.shared(question), answer.wait())]
    await begun(*tasks)
    question.set_exception(StoreUnavailable())

    assert [type(each) for each in await asyncio.gather(*tasks, return_exceptions=True)] == [StoreUnavailable] * 2


async def test_one_who_waits_goes(answer: SharedAnswer[str], question: "asyncio.Future[str]") -> None:
    """That concerns nobody else."""
    asking, gone, staying = (asyncio.ensure_future(each) for each in (answer.shared(question), answer.wait(), answer.wait()))
    await begun(asking, gone, staying)
    gone.cancel()
    await begun(gone)
    question.set_result("yes")

    assert await asyncio.gather(asking, staying) == ["yes"] * 2
    assert gone.cancelled()


async def test_the_one_who_asks_goes(answer: SharedAnswer[str], question: "asyncio.Future[str]") -> None:
    """The others are told that they have to ask."""
    asking, waiting = (asyncio.ensure_future(each) for each in (answer.shared(question), answer.wait()))
    await begun(asking, waiting)
    asking.cancel()

    with pytest.raises(Abandoned):
        await waiting
