"""The Angular workspace `client/`, with its locked packages installed and commands run in it."""

import subprocess
from pathlib import Path

from tests.parties import npm

FOLDER = Path(__file__).parents[2] / "client"


def run(*command: str) -> str:
    """Run a command of the workspace; return what it prints.

    Raises:
        AssertionError: It failed; the text is what it printed.
    """
    npm.install(FOLDER)
    environment = npm.environment() | {"NG_CLI_ANALYTICS": "false", "CI": "1", "NO_COLOR": "1"}
    result = subprocess.run(["npx", *command], cwd=FOLDER, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
