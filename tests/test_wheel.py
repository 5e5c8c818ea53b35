"""What operators install is the hub alone: what proves it, or belongs to clients, does not travel in its wheel."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.parties.hub import PROJECT

NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "node_modules", "client", "static", "build", "*.egg-info", "var")

LEAST = {  # the first versions without known advisories; raise them with the next one, never lower them
    "tornado": "6.5.10",  # parses forms, cookies and URLs of browsers
    "authlib": "1.9",  # verifies tokens
    "pyjwt": "2.15",  # verifies tokens: before 2.12 it accepted an unknown `crit` (RFC 7515 section 4.1.11)
    "cryptography": "48",
    "joserfc": "1.7.6",  # decrypts tokens
    "aiohttp": "3.14.4",  # reads responses of providers
    "httptools": "0.7.1",  # parses requests of browsers and responses of APIs
}


def required() -> dict[str, Requirement]:
    """Return what setup.py requires, by name."""
    tree = ast.parse((PROJECT / "setup.py").read_text("utf-8"))
    lists = [node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "REQUIRED"]
    return {found.name: found for found in map(Requirement, ast.literal_eval(lists[0]))}


@pytest.mark.parametrize("name", LEAST)
def test_versions_with_known_advisories_are_not_admitted(name: str) -> None:
    """What reads bytes of others, or does cryptography, has a floor at a version without known advisories."""
    floors = [Version(each.version) for each in required()[name].specifier if each.operator == ">="]

    assert floors, "has no floor"
    assert max(floors) >= Version(LEAST[name])


def test_every_requirement_has_a_floor() -> None:
    """Without one, an installer may keep whatever is there."""
    assert [name for name, found in required().items() if ">=" not in str(found.specifier)] == []


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that setuptools fills for a wheel. A copy is built, so that no other test sees half a build."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(PROJECT, folder / "source", ignore=NOT_COPIED)
    command = [sys.executable, "setup.py", "-q", "build_py", "--build-lib", str(folder / "built")]
    subprocess.run(command, cwd=folder / "source", check=True, capture_output=True)
    return folder / "built"


def test_the_wheel_holds_the_hub_alone(built: Path) -> None:
    """The packages beside the hub are there to be taken, and are left out."""
    beside = {path.parent.name for path in (built.parent / "source").glob("*/__init__.py")} - {"hub"}

    assert {"hub_client", "iris_standin", "tests"} <= beside
    assert [path.name for path in built.iterdir()] == ["hub"]


def test_the_wheel_holds_the_whole_hub(built: Path) -> None:
    """Each file of `hub/` is in the wheel, pages and the marker of its types among them."""
    files = {path.relative_to(built).as_posix() for path in built.rglob("*") if path.is_file()}
    expected = {
        path.relative_to(PROJECT).as_posix()
        for path in (PROJECT / "hub").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }

    assert {"hub/web/pages/login.html", "hub/cli.py"} <= files
    assert files == expected
