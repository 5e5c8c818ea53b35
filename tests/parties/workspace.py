"""The Angular workspace `client/`, with its locked packages installed and commands run in it."""

import subprocess
from pathlib import Path

from tests.parties import npm
from tests.parties.exclusive import exclusive

FOLDER = Path(__file__).parents[2] / "client"
PACKAGES = FOLDER / "dist"


def run(*command: str) -> str:
    """Run a command of the workspace; return what it prints.

    Raises:
        AssertionError: It failed; the text is what it printed.
    """
    return _run("npx", *command)


def run_npm(*arguments: str) -> str:
    """Run a command of npm in the workspace; return what it prints.

    Raises:
        AssertionError: It failed; the text is what it printed.
    """
    return _run("npm", *arguments)


def build_packages() -> Path:
    """Build the npm packages; return the folder in which each has a folder of its name.

    Raises:
        AssertionError: It failed; the text is what it printed.
    """
    with exclusive(FOLDER / "projects"):
        run_npm("run", "packages")
    return PACKAGES


def _run(*command: str) -> str:
    npm.install(FOLDER)
    environment = npm.environment() | {"NG_CLI_ANALYTICS": "false", "CI": "1", "NO_COLOR": "1"}
    result = subprocess.run(command, cwd=FOLDER, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
