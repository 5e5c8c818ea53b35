"""The command line: what it takes, in which order, and with which exit codes."""

import subprocess
import sys
from pathlib import Path

import pytest

from hub import __version__, cli
from hub.config.settings import Settings
from hub.session.key_folder import read_folder
from hub.session.keyring import read_key
from tests.parties.hub import PROJECT


def test_commands_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` names the commands, and not what only the supervisor says to its workers."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])

    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert all(f"    {command} " in shown for command in ("keys", "sessions"))
    assert "--worker" not in shown


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` prints the version."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])

    assert (ended.value.code, capsys.readouterr().out) == (0, f"{__version__}\n")


@pytest.mark.parametrize("arguments", [["--make-key"], ["keys", "make"]])
def test_both_ways_to_make_a_key(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--make-key FILE`, the older form, does what `keys make FILE` does."""
    file = tmp_path / "session.key"

    assert cli.main([*arguments, str(file)]) == 0
    assert len(read_key(file)) == 32
    assert cli.main([*arguments, str(file)]) == 1
    assert capsys.readouterr().err == f"{file}: cannot be written (File exists).\n"


@pytest.mark.parametrize("arguments", [["keys"], ["sessions"], ["nonsense"], ["--port", "1"], ["keys", "make"], ["keys", "rot"]])
def test_wrong_command_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What the hub does not know is refused with exit code 2; nothing is started."""
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)

    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: hub")


def test_a_hub_that_cannot_go_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A required task that cannot run ends the process with exit code 1, so that it is started again."""

    def run(*_: object, **__: object) -> None:
        raise cli.server.TasksFailed("The event feed fails.")

    monkeypatch.setattr(cli.server, "hold_reloads", lambda: None)
    monkeypatch.setattr(cli.server, "run", run)
    monkeypatch.setattr(cli, "load", lambda _: Settings())
    monkeypatch.setattr(cli.log, "configure", lambda *_, **__: None)

    assert cli.main([]) == 1
    assert "The event feed fails." in capsys.readouterr().err


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("command", [["keys", "rotate"], ["sessions", "list"]])
def test_config_may_stand_on_either_side(
    before: bool, command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`hub --config F COMMAND` and `hub COMMAND --config F` mean the same."""
    config = ["--config", str(tmp_path / "missing.toml")]

    assert cli.main([*config, *command] if before else [*command, *config]) == 2
    assert "missing.toml: cannot be read" in capsys.readouterr().err


def test_run_py_passes_commands_on(tmp_path: Path) -> None:
    """`python run.py` takes the same command line."""
    command = [sys.executable, "run.py", "keys", "rotate", "--dir", str(tmp_path / "keys")]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=30, check=False)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(read_folder(tmp_path / "keys")) == 1
