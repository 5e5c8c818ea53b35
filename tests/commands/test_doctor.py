"""`hub doctor` at the command line."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.cli import main
from hub.telemetry import log

SETTINGS = """
[server]
port = 9
public_url = "http://localhost:9"
[redis]
data_dir = "{folder}/var"
[provider]
issuer = "http://127.0.0.1:9/oauth2"
client_id = "hub"
client_secret = "very-secret"
"""


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """The command logs errors only; other tests of this process look at more."""
    yield
    log.configure("DEBUG", "console")


def test_for_people_and_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A provider that is down: exit code 1, a line that says so with advice, the same as JSON, and no secret."""
    file = tmp_path / "hub.toml"
    file.write_text(SETTINGS.format(folder=tmp_path))
    assert main(["doctor", "--config", str(file)]) == 1
    text = capsys.readouterr().out
    assert "FAILURE  provider-reachable" in text
    assert "-> Check that it runs" in text
    assert main(["--config", str(file), "doctor", "--json"]) == 1
    report = json.loads(out := capsys.readouterr().out)
    assert (report["ok"], "provider-reachable" in [each["check"] for each in report["findings"]]) == (False, True)
    assert "very-secret" not in text + out


def test_settings_that_cannot_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, with all mistakes."""
    file = tmp_path / "hub.toml"
    file.write_text("[provider]\nissuer = 'x'\n")
    assert main(["doctor", "--config", str(file)]) == 2
    assert "provider.client_id" in capsys.readouterr().err
    assert main(["doctor", "--json", "--config", str(file)]) == 2
    assert any("provider.client_id" in mistake for mistake in json.loads(capsys.readouterr().out)["settings"])
