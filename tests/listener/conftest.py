"""Runs the tests of the listener on each server that `server.listener` chooses from."""

from collections.abc import Iterator

import pytest

from tests.listener import parts


@pytest.fixture(params=parts.SERVERS, autouse=True)
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """The server of the test."""
    kind: str = request.param
    token = parts.server_kind.set(kind)
    yield kind
    parts.server_kind.reset(token)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Turn round what deviates on Tornado's server, and leave out what has no meaning there."""
    left_out = [item for item in items if _is_on_tornado(item) and item.get_closest_marker("only_fast")]
    for item in items:
        mark = item.get_closest_marker("deviates")
        if mark is not None and _is_on_tornado(item):
            item.add_marker(pytest.mark.falls_short(mark.args[0]))
    items[:] = [item for item in items if item not in set(left_out)]
    config.hook.pytest_deselected(items=left_out)


def _is_on_tornado(item: pytest.Item) -> bool:
    parameters = getattr(item, "callspec", None)
    return parameters is not None and parameters.params.get("server") == "tornado"
