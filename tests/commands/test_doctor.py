"""`hub doctor` at the command line."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.cli import main
from hub.telemetry import log
from tests.parties.hostile_provider import HostileProvider

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


@pytest.mark.parametrize("command", [["doctor"], []], ids=["doctor", "start"])
def test_lines_for_several_providers(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    """With a second provider, the doctor and the start name each table that has to say whose users may use it, and the line."""
    provider = 'issuer = "http://127.0.0.1:9/lab"\nclient_id = "hub"\nclient_secret = "s3cret"\n'
    route, topic = '[[routes]]\nprefix = "/api"\ntarget = "http://127.0.0.1:9"\n', '[[topics]]\nname = "news"\n'
    file = tmp_path / "hub.toml"
    file.write_text(f'{SETTINGS.format(folder=tmp_path)}[[providers]]\nname = "lab"\n{provider}{route}{topic}')

    assert main([*command, "--config", str(file)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.strip() for line in lines if "=" in line and ":" not in line] == ['allowed_providers = ["main", "lab"]'] * 2
    assert [line.partition(":")[0].strip() for line in lines if "is missing" in line] == [
        "routes[0].allowed_providers",
        "topics[0].allowed_providers",
    ]


def test_settings_that_cannot_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, with all mistakes."""
    file = tmp_path / "hub.toml"
    file.write_text("[provider]\nissuer = 'x'\n")
    assert main(["doctor", "--config", str(file)]) == 2
    assert "provider.client_id" in capsys.readouterr().err
    assert main(["doctor", "--json", "--config", str(file)]) == 2
    assert any("provider.client_id" in mistake for mistake in json.loads(capsys.readouterr().out)["settings"])


async def test_texts_of_the_provider_do_not_act(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An issuer with escape sequences, a bidirectional override and a line of its own: shown, in both outputs."""
    file = tmp_path / "hub.toml"
    async with HostileProvider.start() as provider:
        file.write_text(SETTINGS.format(folder=tmp_path).replace("http://127.0.0.1:9/oauth2", provider.issuer))
        provider.metadata["issuer"] = "https://evil.example/\x1b[2J\x9b2J\u202e\nok       all-well"
        assert await asyncio.to_thread(main, ["doctor", "--config", str(file)]) == 1
        text = capsys.readouterr().out
        assert await asyncio.to_thread(main, ["doctor", "--json", "--config", str(file)]) == 1
        report = capsys.readouterr().out

    assert r"https://evil.example/\u001b[2J\u009b2J\u202e\nok       all-well" in text
    assert "evil.example" in report
    assert not set("\x1b\x9b\u202e") & set(text + report)
