"""Uploads on their way from the connection, which pushes, to the pipeline, which pulls."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import UploadStalled
from hub.web import body_pipe
from hub.web.body_pipe import BodyPipe


class Browser:
    """The connection behind a request: read, or left alone."""

    def __init__(self) -> None:
        self.is_held = False

    def hold(self) -> None:
        """Read no more."""
        self.is_held = True

    def release(self) -> None:
        """Read on."""
        self.is_held = False


@pytest.fixture
def browser() -> Browser:
    """A browser that is read."""
    return Browser()


@pytest.fixture
def pipe(browser: Browser) -> BodyPipe:
    """The way of its upload."""
    return BodyPipe(browser)  # type: ignore[arg-type]


async def waiting(pipe: BodyPipe) -> asyncio.Task[bytes]:
    """Return a pull that has found nothing."""
    pull = asyncio.create_task(anext(pipe))
    await asyncio.sleep(0)
    assert not pull.done()
    return pull


class TestPieces:
    async def test_before_they_are_pulled(self, pipe: BodyPipe) -> None:
        """What has come waits, in order, and then the body ends, as often as somebody asks."""
        pipe.push(b"a")
        pipe.push(b"b")
        pipe.end()

        assert ([piece async for piece in pipe], [piece async for piece in pipe]) == ([b"a", b"b"], [])

    async def test_while_somebody_waits(self, pipe: BodyPipe) -> None:
        """Who waits gets the next piece as soon as it comes."""
        pull = await waiting(pipe)
        pipe.push(b"a")

        assert await pull == b"a"

    async def test_end_while_somebody_waits(self, pipe: BodyPipe) -> None:
        """Who waits learns that nothing more comes."""
        pull = await waiting(pipe)
        pipe.end()
        with pytest.raises(StopAsyncIteration):
            await pull

    async def test_an_empty_body(self, pipe: BodyPipe) -> None:
        """A body of no bytes is whole at once: chunks may bring nothing."""
        pipe.end()

        assert [piece async for piece in pipe] == []

    async def test_who_was_cancelled_may_pull_again(self, pipe: BodyPipe) -> None:
        """A pull that was given up takes nothing with it."""
        pull = await waiting(pipe)
        pull.cancel()
        await asyncio.wait([pull])
        pipe.push(b"a")

        assert await anext(pipe) == b"a"


class TestBackPressure:
    async def test_one_read_waits(self, pipe: BodyPipe, browser: Browser) -> None:
        """The browser is left alone until all that has come was pulled and more is asked for."""
        held = []
        for piece in (b"a", b"b"):
            pipe.push(piece)
            held.append(browser.is_held)
        for _ in range(2):
            await anext(pipe)
            held.append(browser.is_held)
        pull = await waiting(pipe)
        held.append(browser.is_held)
        pull.cancel()

        assert held == [True, True, True, True, False]

    async def test_released_at_the_end(self, pipe: BodyPipe, browser: Browser) -> None:
        """Behind a whole body the next request can come."""
        pipe.push(b"a")
        pipe.end()
        pieces = [piece async for piece in pipe]

        assert (pieces, browser.is_held) == ([b"a"], False)

    @settings(deadline=None, max_examples=50)
    @given(st.lists(st.sampled_from(["push", "pull"]), max_size=30))
    def test_any_order(self, steps: list[str]) -> None:
        """Nothing is lost, however pushes and pulls come; the browser waits while a piece does, and never for nothing."""

        async def run() -> tuple[list[bytes], list[bytes]]:
            browser = Browser()
            pipe = BodyPipe(browser)  # type: ignore[arg-type]
            pushed: list[bytes] = []
            pulls: list[asyncio.Task[bytes]] = []
            for step in steps:
                if step == "push":
                    pushed.append(b"%d" % len(pushed))
                    pipe.push(pushed[-1])
                elif all(pull.done() for pull in pulls):
                    pulls.append(asyncio.create_task(anext(pipe)))
                for _ in range(3):
                    await asyncio.sleep(0)
                somebody_waits = any(not pull.done() for pull in pulls)
                assert not (somebody_waits and browser.is_held)
                assert browser.is_held or len(pushed) == sum(pull.done() for pull in pulls)
            pipe.end()
            pulled = [pull.result() for pull in await _settled(pulls) if pull.exception() is None]
            return [*pulled, *[piece async for piece in pipe]], pushed

        pulled, pushed = asyncio.run(run())

        assert pulled == pushed


async def _settled(pulls: list[asyncio.Task[bytes]]) -> list[asyncio.Task[bytes]]:
    """Return the pulls once each has its piece, or knows that there is none."""
    if pulls:
        await asyncio.wait(pulls)
    return pulls


class TestAbandoned:
    async def test_the_rest_is_dropped(self, pipe: BodyPipe, browser: Browser) -> None:
        """Nobody reads on: the browser is read on, and nothing of it is kept."""
        pipe.push(b"a")
        pipe.abandon()
        held = browser.is_held
        pipe.push(b"b")
        pipe.end()

        assert (held, browser.is_held, [piece async for piece in pipe]) == (False, False, [])


async def test_a_browser_that_stalls(pipe: BodyPipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends nothing for too long is not waited for, so that the connection to the API is freed."""
    monkeypatch.setattr(body_pipe, "STALL_SECONDS", 0.0)
    with pytest.raises(UploadStalled):
        await anext(pipe)
