"""Fixtures that every test may use, and what keeps pytest-tornado alive on current pytest and setuptools.

pytest-tornado runs `async def` tests marked with `gen_test` on a fresh IOLoop each. Its last release imports pkg_resources
(gone since setuptools 82), uses deprecated asyncio calls and hook marks, and knows no async fixtures: all of that is mended here.
"""

import asyncio
import functools
import importlib.util
import inspect
import logging
import sys
import types
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import tornado.ioloop

from hub.primitives.clock import SystemClock
from hub.telemetry import log
from tests.parties.clock import LeapingLoop, ManualClock
from tests.parties.redis_server import RedisServer
from tests.waiting import TEST_SECONDS

if importlib.util.find_spec("pkg_resources") is None:
    from packaging.version import parse

    _stub = types.ModuleType("pkg_resources")
    _stub.parse_version = parse  # type: ignore[attr-defined]
    sys.modules["pkg_resources"] = _stub
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pytest_tornado.plugin as _plugin
for _name in ("pytest_pycollect_makeitem", "pytest_pyfunc_call"):
    _hook = getattr(_plugin, _name)
    _hook.pytestmark = []
    setattr(_plugin, _name, pytest.hookimpl(tryfirst=True)(_hook))

pytest_plugins = ["pytest_tornado.plugin", "tests.choice_of_listener"]

# How long an example takes says nothing on a machine that does other things too.
hypothesis.settings.register_profile("hub", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile("coverage", hypothesis.settings.get_profile("hub"), max_examples=10, derandomize=True)
hypothesis.settings.load_profile("hub")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run every `async def` test on the loop, without a mark on each."""
    for item in items:
        if inspect.iscoroutinefunction(getattr(item, "function", None)) and not item.get_closest_marker("gen_test"):
            item.add_marker(pytest.mark.gen_test(timeout=TEST_SECONDS))


@pytest.fixture
def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """What makes the loop of a test; modules that try several override it."""
    return LeapingLoop


@pytest.fixture
def io_loop(loop_factory: Callable[[], asyncio.AbstractEventLoop]) -> Iterator[tornado.ioloop.IOLoop]:
    """A loop of its own for each test; tasks that a test leaves behind are cancelled and awaited."""
    loop = tornado.ioloop.IOLoop(make_current=False, asyncio_loop=loop_factory())
    aio = loop.asyncio_loop  # type: ignore[attr-defined]
    asyncio.set_event_loop(aio)
    yield loop
    tasks = [task for task in asyncio.all_tasks(aio) if not task.done()]
    for task in tasks:
        task.cancel()
    if tasks:
        aio.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    aio.run_until_complete(aio.shutdown_asyncgens())
    asyncio.set_event_loop(None)
    loop.close(all_fds=True)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: Any, request: Any) -> Any:
    """Run `async def` fixtures, coroutines and generators, on the loop of their test."""
    function = fixturedef.func
    if not (inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)):
        return (yield)
    loop = request.getfixturevalue("io_loop")

    def run(*args: Any, **kwargs: Any) -> Any:
        if inspect.iscoroutinefunction(function):
            return loop.run_sync(functools.partial(function, *args, **kwargs))
        generator = function(*args, **kwargs)
        value = loop.run_sync(generator.__anext__)

        async def end() -> None:
            async for _ in generator:
                raise RuntimeError("an async fixture yielded twice")

        request.addfinalizer(lambda: loop.run_sync(end))
        return value

    fixturedef.func = functools.wraps(function)(run)
    try:
        return (yield)
    finally:
        fixturedef.func = function


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Any:
    """Turn a test round that is marked `falls_short`: it passes if it fails, so that a shortfall that is gone is noticed."""
    mark = pyfuncitem.get_closest_marker("falls_short")
    if mark is None:
        return (yield)
    try:
        yield
    except (Exception, pytest.fail.Exception):
        return True
    pytest.fail(f"This no longer falls short: {mark.args[0]}")


@pytest.fixture(autouse=True)
def no_unexpected_warnings(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test during which the hub logged at WARNING or above, unless it is marked `expects_log`."""
    yield
    if request.node.get_closest_marker("expects_log"):
        return
    records = [record for record in caplog.get_records("call") if record.levelno >= logging.WARNING]
    assert [f"{record.name}: {record.getMessage()}" for record in records] == []


def pytest_configure(config: pytest.Config) -> None:
    log.configure("DEBUG", "console")  # through the standard library, where caplog sees it
    logging.getLogger("websockets").setLevel(logging.INFO)
    config.addinivalue_line("markers", "expects_log: the test provokes log records at WARNING or above")
    config.addinivalue_line("markers", "falls_short(reason): what is under test is known to break the rule, and has to")
    config.addinivalue_line("markers", "matrix: a row that the default tests leave out, for a command of conformance/ci.py")
    config.addinivalue_line("markers", "timing_sensitive: real time, processes or a browser decide when something happens")


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still until the test moves it."""
    return ManualClock()


@pytest.fixture
def system_clock() -> SystemClock:
    """The real clock, for tests with real parties."""
    return SystemClock()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A real Valkey server on a socket of its own, shared by the tests of one process."""
    with RedisServer.start() as server:
        yield server


@pytest.fixture
async def redis_url(redis_server: RedisServer) -> AsyncIterator[str]:
    """The URL of an empty Redis."""
    await redis_server.flush()
    yield redis_server.url


@pytest.fixture
def data_path() -> Path:
    """The folder with corpora and vectors."""
    return Path(__file__).with_name("data")
