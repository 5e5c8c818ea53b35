"""Each module of the hub has its test file, or a stated home: a test file in which it is tested together with its neighbors."""

import ast
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent

HOMES: dict[str, str] = {
    "hub.application": "tests/web/test_doors.py",
    "hub.channel.channel_session": "tests/channel/test_driver.py",
    "hub.channel.events": "tests/channel/test_connection.py",
    "hub.channel.exchange": "tests/channel/test_driver.py",
    "hub.channel.interfaces": "tests/channel/test_driver.py",
    "hub.channel.messages": "tests/channel/test_codec.py",
    "hub.channel.running": "tests/channel/test_driver.py",
    "hub.config.hosts": "tests/web/test_host_check.py",
    "hub.config.presets": "tests/config/test_reader.py",
    "hub.config.route_rules": "tests/config/test_reader.py",
    "hub.config.rules": "tests/config/test_reader.py",
    "hub.config.settings": "tests/config/test_reader.py",
    "hub.doctor.findings": "tests/doctor/test_examination.py",
    "hub.doctor.front": "tests/doctor/test_examination.py",
    "hub.doctor.product": "tests/doctor/test_examination.py",
    "hub.doctor.provider": "tests/doctor/test_examination.py",
    "hub.doctor.routes": "tests/doctor/test_examination.py",
    "hub.doctor.store": "tests/doctor/test_examination.py",
    "hub.doctor.web": "tests/doctor/test_examination.py",
    "hub.gateway.api_profile": "tests/gateway/test_routes.py",
    "hub.gateway.forwarding": "tests/gateway/test_pipeline.py",
    "hub.gateway.tls": "tests/gateway/test_resource_server.py",
    "hub.gateway.upstream_ends": "tests/gateway/test_upstream_sessions.py",
    "hub.gateway.websocket_door": "tests/web/test_websocket_proxy.py",
    "hub.idempotency.ledger": "tests/idempotency/test_executor.py",
    "hub.iris.api": "tests/gateway/test_routes.py",
    "hub.iris.doctor": "tests/doctor/test_examination.py",
    "hub.listener.discard_body": "tests/listener/test_websocket_pace.py",
    "hub.listener.guarded_stream": "tests/listener/test_deviations.py",
    "hub.listener.messages": "tests/listener/test_websocket.py",
    "hub.listener.tornado_listener": "tests/listener/test_deviations.py",
    "hub.listener.tornado_websocket": "tests/listener/test_deviations.py",
    "hub.oidc.client_calls": "tests/oidc/test_provider.py",
    "hub.oidc.dialect": "tests/iris/test_dialect.py",
    "hub.oidc.provider_documents": "tests/oidc/test_provider.py",
    "hub.oidc.token_checks": "tests/oidc/test_provider.py",
    "hub.primitives.failure": "tests/primitives/test_tasks.py",
    "hub.session.codec": "tests/session/test_key_change.py",
    "hub.session.events": "tests/session/test_sessions.py",
    "hub.session.node_description": "tests/session/test_node_registry.py",
    "hub.session.redis_client": "tests/session/test_redis_address.py",
    "hub.session.upstream_jars": "tests/gateway/test_upstream_sessions.py",
    "hub.topics.store": "tests/topics/test_topics.py",
    "hub.upstream.connection": "tests/upstream/test_pool.py",
    "hub.upstream.failure": "tests/upstream/test_pool.py",
    "hub.web.admin_api": "tests/web/test_admin_sessions.py",
    "hub.web.hub_headers": "tests/web/test_proxy.py",
    "hub.web.pass_through_registry": "tests/web/test_websocket_proxy.py",
    "hub.web.problem_responses": "tests/web/test_proxy.py",
}
"""Module -> test file, for modules without a file of their own."""


def modules() -> list[str]:
    """Return the dotted names of the hub's modules, without those that hold a docstring only, or start the program."""
    files = (file.relative_to(PROJECT).with_suffix("") for file in sorted((PROJECT / "hub").rglob("*.py")))
    return [".".join(file.parts) for file in files if file.name not in ("__init__", "__main__")]


def own_file(module: str) -> Path:
    """Return where the tests of a module are: `hub.oidc.jwks` has `tests/oidc/test_jwks.py`."""
    *folders, name = module.split(".")[1:]
    return PROJECT.joinpath("tests", *folders, f"test_{name}.py")


def file_of(module: str) -> Path:
    """Return the source of a module of the hub or the tests."""
    return PROJECT.joinpath(*module.split(".")).with_suffix(".py")


@cache
def imported(file: Path) -> frozenset[str]:
    """Return the modules of the hub and of the tests that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(name for name in found if name.startswith(("hub.", "tests.")) and file_of(name).exists())


def reached(home: Path, package: str) -> set[str]:
    """Return what a test file tests: what it or a helper imports, and what that imports within `package`."""
    conftest = home.with_name("conftest.py")
    waiting = [*imported(home), *(imported(conftest) if conftest.exists() else ())]
    found: set[str] = set()
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting += [each for each in imported(file_of(name)) if name.startswith("tests.") or each.startswith(package)]
    return found


@pytest.mark.parametrize("module", modules())
def test_module_has_a_home(module: str) -> None:
    """It is a file of its own, or a line in the table, and not both."""
    own = own_file(module)

    assert own.exists() != (module in HOMES), f"{module} needs {own.relative_to(PROJECT)} or a line in HOMES, not both"


@pytest.mark.parametrize("module", HOMES)
def test_home_reaches_its_module(module: str) -> None:
    """A stated home exists, and imports what it is the home of, at least through its helpers and neighbors."""
    home = PROJECT / HOMES[module]

    assert home.exists()
    assert module in reached(home, module.rpartition(".")[0] + ".")


def test_table_is_tidy() -> None:
    """It is sorted, and names modules that exist: one that is renamed takes its line along."""
    assert list(HOMES) == sorted(HOMES)
    assert set(HOMES) <= set(modules())
