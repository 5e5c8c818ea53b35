"""The compiled build: what mypyc may compile, and that it does the same as the source. Built as docs/operating.md says."""

import ast
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parties import compiled_hub
from tests.parties.api import Api
from tests.parties.browser import Browser
from tests.parties.channel import Channel
from tests.parties.exclusive import exclusive
from tests.parties.hub import PROJECT, Hub, free_port, redirect_uri, settings
from tests.parties.openid_provider import OidcProvider

MODULES: list[str] = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["iris-hub"]["compiled"]

OWN_TESTS = ("tests/channel", "tests/listener", "tests/gateway", "tests/web/test_channel.py", "tests/web/test_proxy.py")
OTHER_CLIENTS = "not aiohttp and not pyreqwest"  # which the suite of the upstream compares: they are not part of the hub

WITH_IT = "import sys; sys.path.insert(0, {folder!r}); import hub; "
CATCHING = (ast.Try, ast.TryStar, ast.AsyncWith, ast.AsyncFor, ast.With)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build and install the hub as its operators do, once for all test processes."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    with exclusive(shared):
        return compiled_hub.build(shared / "build")


def functions(module: str) -> Iterator[ast.AsyncFunctionDef]:
    """Yield the async functions of a module."""
    for node in ast.walk(ast.parse((PROJECT / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.AsyncFunctionDef):
            yield node


class TestRules:
    """What mypyc 2.4 would compile into something else than it says (docs/architecture.md)."""

    @pytest.mark.parametrize("module", MODULES)
    def test_nothing_is_caught_while_somebody_waits(self, module: str) -> None:
        """An async function that catches an error would leave it behind as the context of errors of other requests."""
        assert [
            function.name for function in functions(module) if any(isinstance(each, CATCHING) for each in ast.walk(function))
        ] == []

    def test_nothing_is_compiled_beside_editable_sources(self) -> None:
        """What was compiled would be imported instead of a source that has changed since."""
        environment = {**os.environ, "COMPILE_HUB": "1"}
        command = [sys.executable, "setup.py", "editable_wheel"]
        done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)

        assert (done.returncode, "pip install ." in done.stderr) == (1, True)

    def test_everything_is_listed_once(self) -> None:
        """The list is in order, so that a module is found in it."""
        assert sorted(set(MODULES)) == MODULES


class TestBuild:
    """The compiled hub itself."""

    def test_what_is_listed_is_machine_code(self, folder: Path) -> None:
        """Each module of the list is imported from what was compiled, and the hub says so."""
        names = [module.removesuffix(".py").replace("/", ".") for module in MODULES]
        program = WITH_IT.format(folder=str(folder)) + (
            "import importlib, hub.process.compiled; import hub.process.server; assert hub.process.compiled.is_compiled();"
            f"print(*(importlib.import_module(name).__file__ for name in {names}), sep='\\n')"
        )
        files = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True).stdout.split()

        assert len(files) == len(MODULES)
        assert [file for file in files if not file.startswith(str(folder)) or not file.endswith(".so")] == []

    def test_the_modules_own_tests(self, folder: Path) -> None:
        """What holds for the source holds for what was compiled."""
        program = WITH_IT.format(folder=str(folder)) + (
            "import pytest; code = pytest.main(sys.argv[1:]);"
            "from hub.process.compiled import is_compiled; assert is_compiled(); sys.exit(code)"
        )
        command = [sys.executable, "-c", program, "-q", "-n0", "-p", "no:cacheprovider", "-k", OTHER_CLIENTS, *OWN_TESTS]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)

        assert done.returncode == 0, done.stdout[-10_000:] + done.stderr[-2000:]

    async def test_two_workers(self, folder: Path) -> None:
        """A user logs in and calls an API both ways; every worker runs what was compiled, wherever the hub was started."""
        port = free_port()
        async with (
            OidcProvider.start(redirect_uri(port), access_token_format="jwt", rotate_refresh_token=True) as provider,
            Api.start(provider.issuer, provider.resource) as api,
        ):
            routes = [{"prefix": "/api", "target": api.url}]
            scopes = "openid,profile,email,offline_access,api"
            environment = settings(
                *(provider.issuer, provider.client_id, provider.client_secret, routes),
                HUB_PROVIDER_SCOPES=scopes,
                HUB_PROVIDER_AUTHORIZATION_PARAMETERS='{"prompt": "consent"}',
                HUB_SERVER_PROCESSES="2",
            )
            async with Hub.start(environment, port=port, package=folder) as hub, Browser(hub.url) as browser:
                page = await browser.open("/hub/login?return_to=/here")
                page = await browser.submit(page, {"login": "alice", "password": provider.users["alice"]})
                await browser.submit(page, {}, button="consent")
                over_http = await browser.fetch("/api/who")
                channel = await Channel.open(browser)
                over_channel = await channel.request("GET", "/api/who")
                await channel.close()
                await hub.listening(workers=2)
                workers = hub.events("hub.listening")

        assert (over_http.status, over_http.json()) == (200, {"subject": "alice"})
        assert over_channel.status == 200
        assert [worker["compiled"] for worker in workers] == [True, True]
