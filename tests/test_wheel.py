"""What operators install is the hub alone: what proves it, or belongs to clients, does not travel in its wheel."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parties.hub import PROJECT

NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "node_modules", "client", "static", "build", "*.egg-info", "var")


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
