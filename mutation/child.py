"""One mutant in a process of its own: the changed module is imported in place of the one on disk, which stays as it is."""

import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import types
from collections.abc import Sequence
from pathlib import Path

import pytest

SURVIVED, KILLED, NOT_IMPORTED = 0, 1, 90

WARM = (
    *("aiohttp", "authlib", "cryptography.x509", "hypothesis", "httptools", "joserfc", "jwt", "msgspec", "prometheus_client"),
    *("redis.asyncio", "structlog", "tornado.web", "tornado.httpserver", "uvloop"),
)
"""What every test process imports. The runner imports it before it forks, which saves a second for each mutant."""

PROJECT = frozenset({"hub", "tests"})
OPTIONS = ["-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0", "-W", "ignore::pytest.PytestAssertRewriteWarning"]


def warm_up() -> None:
    """Import what all children need, and nothing of the project's."""
    for name in WARM:
        if importlib.util.find_spec(name.partition(".")[0]) is not None:
            importlib.import_module(name)


def judge(root: Path, path: str, source: str, tests: Sequence[str], output: Path) -> None:
    """Run the tests with `source` as the module at `path`, and end the process with the verdict."""
    os.setsid()  # the processes that tests start die with this one
    os.chdir(root)
    with output.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(output.with_suffix(".hypothesis"))
    sys.path.insert(0, str(root))
    for known in [each for each in sys.modules if each.partition(".")[0] in PROJECT]:
        del sys.modules[known]  # a runner that is itself under test has imported them
    name = module_name(path)
    sys.meta_path.insert(0, _Finder(name, root / path, source))
    code = int(pytest.main([*OPTIONS, *tests]))
    module = sys.modules.get(name)
    if code == 0 and not isinstance(getattr(module, "__loader__", None), _Loader):
        code = NOT_IMPORTED
    os._exit(SURVIVED if code == 0 else code if code == NOT_IMPORTED else KILLED)


def module_name(path: str) -> str:
    """Return the name under which the module at `path` is imported."""
    return ".".join(Path(path).with_suffix("").parts).removesuffix(".__init__")


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads the changed source under the name and place of the file."""

    def __init__(self, name: str, file: Path, source: str) -> None:
        super().__init__(name, str(file))
        self._source = source

    def get_code(self, fullname: str) -> types.CodeType:
        return compile(self._source, self.path, "exec", dont_inherit=True)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds one module, the changed one."""

    def __init__(self, name: str, file: Path, source: str) -> None:
        self._name = name
        self._file = file
        self._source = source

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        inside = [str(self._file.parent)] if self._file.name == "__init__.py" else None
        loader = _Loader(fullname, self._file, self._source)
        return importlib.util.spec_from_file_location(fullname, self._file, loader=loader, submodule_search_locations=inside)
