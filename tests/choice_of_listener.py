"""The plugin of pytest that chooses the HTTP server of the hubs under test: option `--listener`, and three marks."""

import asyncio
from collections.abc import Iterator

import pytest

from hub.process.server import LISTENERS
from tests.parties.listeners import chosen


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks."""
    config.addinivalue_line("markers", "each_listener: the test runs on each server that server.listener chooses from")
    config.addinivalue_line("markers", "only_fast: the test looks inside the hub's own listener, and runs on no other")
    config.addinivalue_line("markers", "deviates(name): what Tornado's server does otherwise, by its name in docs/listeners.md")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the choice of the HTTP server."""
    parser.addoption(
        "--listener",
        choices=["fast", "tornado", "both"],
        default="both",
        help="the server.listener of the hubs under test; both: tornado for a choice of tests, fast for all",
    )


@pytest.fixture(autouse=True)
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """The HTTP server on which the hubs of the test run."""
    option = request.config.getoption("--listener")
    kind: str = getattr(request, "param", "fast" if option == "both" else option)
    token = chosen.set(kind)
    yield kind
    chosen.reset(token)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of the listener, and those that are marked, on each server."""
    option = metafunc.config.getoption("--listener")
    if option == "both" and (
        metafunc.definition.get_closest_marker("each_listener") or metafunc.module.__name__.startswith("tests.listener.")
    ):
        metafunc.parametrize("server", LISTENERS, indirect=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Turn round what deviates on Tornado's server, and leave out what has no meaning there or is done often enough."""
    on_tornado = [item for item in items if _server_of(item) == "tornado"]
    for item in on_tornado:
        if (mark := item.get_closest_marker("deviates")) is not None:
            item.add_marker(pytest.mark.falls_short(mark.args[0]))
    left_out = {item for item in on_tornado if item.get_closest_marker("only_fast") or _is_repeated(item)}
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=list(left_out))


def _server_of(item: pytest.Item) -> str:
    option: str = item.config.getoption("--listener")
    if option != "both":
        return option
    parameters = getattr(item, "callspec", None)
    return "fast" if parameters is None else str(parameters.params.get("server", "fast"))


def _is_repeated(item: pytest.Item) -> bool:
    """Tell whether a test runs on uvloop too, which is enough for a server that is not the default."""
    is_asyncio = item.callspec.params.get("loop_factory") is asyncio.new_event_loop if hasattr(item, "callspec") else False
    return is_asyncio and item.config.getoption("--listener") == "both"
