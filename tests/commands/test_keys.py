"""`hub keys`: what operators do with keys, on real files."""

import argparse
import os
import stat
from pathlib import Path

import pytest

from hub.commands import keys
from hub.primitives.clock import SystemClock
from hub.session.key_folder import OUTLIVING_SECONDS, add_key, read_folder
from hub.session.keyring import make_key_file, read_key

DAY = 86400.0
LONGEST_LIFE = 43200.0 + OUTLIVING_SECONDS
ACTIVATION = 300.0


def run(*arguments: str) -> int:
    """Run `hub keys` with these arguments; return the exit code."""
    parser = argparse.ArgumentParser()
    keys.register(parser.add_subparsers(required=True))
    options = parser.parse_args(["keys", *arguments])
    code: int = options.run(options)
    return code


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings of a hub with a private Redis in `data`."""
    for name in [name for name in os.environ if name.startswith("HUB_")]:
        monkeypatch.delenv(name)
    file = tmp_path / "hub.toml"
    file.write_text(
        f'[redis]\ndata_dir = "{tmp_path}/data"\n'
        '[provider]\nissuer = "https://iris.example"\nclient_id = "hub"\nclient_secret = "s3cret"\n'
    )
    return file


class TestMake:
    """One key in one file."""

    def test_never_overwrites(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A key is written once, for its owner only; the second time the file stays as it is, and the exit code is 1."""
        file = tmp_path / "a" / "session.key"

        assert (run("make", str(file)), capsys.readouterr()) == (0, ("", ""))
        key = read_key(file)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert run("make", str(file)) == 1
        assert capsys.readouterr().err == f"{file}: cannot be written (File exists).\n"
        assert read_key(file) == key


class TestRotate:
    """A new key in the folder."""

    def test_folder_of_the_settings(self, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """With a private Redis the folder stands beside its data; the message tells from when on the key encrypts."""
        old = add_key(tmp_path / "data/keys", SystemClock().now() - DAY)

        assert run("rotate", "--config", str(config)) == 0
        new, *others = read_folder(tmp_path / "data/keys")
        assert others == [old]
        assert capsys.readouterr().out.startswith(f"{new.file}: decrypts now, encrypts from ")

    def test_prunes_if_told_to(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """With --prune one command in a timer is all that regular rotation needs: what nothing is sealed with goes."""
        now = SystemClock().now()
        gone, last = add_key(tmp_path, now - 3 * DAY), add_key(tmp_path, now - 2 * DAY)

        assert run("rotate", "--prune", "--dir", str(tmp_path)) == 0
        assert read_folder(tmp_path)[1:] == [last]
        assert f"{gone.file}: removed." in capsys.readouterr().out

    def test_no_folder(self, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Where keys are single files, the message says what to do instead, and the exit code is 2."""
        make_key_file(tmp_path / "single.key")
        text = config.read_text()
        config.write_text(text + f'[session]\nkey_files = ["{tmp_path}/single.key"]\n')

        assert run("rotate", "--config", str(config)) == 2
        assert "session.key_dir: is missing" in capsys.readouterr().err

    def test_broken_folder(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A folder with a broken key in it gets no more keys: hubs could not take them up."""
        (tmp_path / "broken.key").write_text("x")

        assert run("rotate", "--dir", str(tmp_path)) == 1
        assert "broken.key: holds no key" in capsys.readouterr().err
        assert [file.name for file in tmp_path.iterdir()] == ["broken.key"]

    def test_cannot_be_written(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A folder that cannot be made is named."""
        (tmp_path / "file").touch()

        assert run("rotate", "--dir", str(tmp_path / "file" / "keys")) == 1
        assert str(tmp_path / "file") in capsys.readouterr().err

    @pytest.mark.parametrize("fault", ["missing", "wrong"])
    def test_settings(self, config: Path, fault: str, capsys: pytest.CaptureFixture[str]) -> None:
        """Settings that cannot be used are named, with exit code 2."""
        config.unlink() if fault == "missing" else config.write_text("[server]\nport = 'x'\n")

        assert run("rotate", "--config", str(config)) == 2
        assert capsys.readouterr().err.startswith("The settings are not valid:\n")


class TestPrune:
    """Keys go when no session can be sealed with them any more."""

    @pytest.mark.parametrize(("replaced_ago", "left"), [(LONGEST_LIFE - 60, 2), (LONGEST_LIFE + 60, 1)])
    def test_longest_life(self, config: Path, tmp_path: Path, replaced_ago: float, left: int) -> None:
        """The time counts from when the next key began to encrypt, by the lifetime of the settings."""
        folder, now = tmp_path / "data/keys", SystemClock().now()
        add_key(folder, now - 30 * DAY)
        add_key(folder, now - replaced_ago - ACTIVATION)

        assert run("prune", "--config", str(config)) == 0
        assert len(read_folder(folder)) == left

    def test_sooner_if_told_so(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """--after names the time; the key that encrypts and those that wait always stay."""
        now = SystemClock().now()
        old, new, waiting = add_key(tmp_path, now - DAY), add_key(tmp_path, now - 3600), add_key(tmp_path, now)

        assert run("prune", "--dir", str(tmp_path)) == 0
        assert capsys.readouterr().out == "No key can be removed yet.\n"
        assert run("prune", "--after", "0", "--dir", str(tmp_path)) == 0
        assert capsys.readouterr().out == f"{old.file}: removed.\n"
        assert read_folder(tmp_path) == [waiting, new]

    @pytest.mark.parametrize("seconds", ["-1", "soon", "nan"])
    def test_bad_time(self, seconds: str, tmp_path: Path) -> None:
        """A time that is none is a wrong command line, with exit code 2."""
        with pytest.raises(SystemExit) as ended:
            run("prune", f"--after={seconds}", "--dir", str(tmp_path))
        assert ended.value.code == 2


class TestList:
    """Which key does what."""

    def test_states(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Each key stands there with what it does; no key is shown itself."""
        now = SystemClock().now()
        old, new, waiting = add_key(tmp_path, now - DAY), add_key(tmp_path, now - 3600), add_key(tmp_path, now)

        assert run("list", "--dir", str(tmp_path)) == 0
        shown = capsys.readouterr().out
        lines = shown.splitlines()
        assert lines[0].startswith(f"{waiting.file.name}  decrypts; encrypts from ")
        assert lines[1:] == [f"{new.file.name}  encrypts", f"{old.file.name}  decrypts"]
        assert old.file.read_text().strip() not in shown

    def test_empty(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """An empty folder is worth an error."""
        assert run("list", "--dir", str(tmp_path)) == 1
        assert capsys.readouterr().err == f"{tmp_path}: contains no key\n"
