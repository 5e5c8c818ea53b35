"""The background refresh as a task. What it does with a session stands in test_refresher.py."""

import asyncio
from dataclasses import replace

import pytest

from hub.errors import StoreUnavailable
from hub.session.model import Lifetimes
from hub.tokens.refresh_worker import CONCURRENT_GRANTS, PERIOD_SECONDS, is_in_use
from tests.parties.clock import START, ManualClock
from tests.session.samples import make_session, make_tokens
from tests.tokens.conftest import Worker


@pytest.mark.parametrize(("seconds", "expected"), [(-30.1, False), (-30.0, True), (0.0, True), (5.0, True)])
def test_is_in_use(seconds: float, expected: bool) -> None:
    """Activity since the tokens came counts; it may have been recorded up to a touch interval too early."""
    lifetimes = Lifetimes(900, 43200)  # which makes the interval 30 s
    session = replace(make_session(tokens=make_tokens(now=START)), touched_at=START + seconds)

    assert is_in_use(session, lifetimes) is expected


@pytest.mark.expects_log
@pytest.mark.parametrize("error", [StoreUnavailable(), ValueError("a bad record")])
async def test_goes_on_after_an_error(one: Worker, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Neither a store that is down nor a defect ends the refreshing; the next try comes after the usual pause."""
    outcomes: list[Exception | int] = [error, 1, CONCURRENT_GRANTS, CONCURRENT_GRANTS, 0]
    tried_at: list[float] = []

    async def work_once() -> int:
        tried_at.append(clock.monotonic())
        outcome = outcomes.pop(0) if outcomes else 0
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(one.background, "work_once", work_once)
    task = asyncio.create_task(one.background.run())
    await clock.advance(3 * PERIOD_SECONDS - 0.01)
    task.cancel()

    assert tried_at == [0.0, PERIOD_SECONDS, *[2 * PERIOD_SECONDS] * 3]  # without a pause as long as there is more
