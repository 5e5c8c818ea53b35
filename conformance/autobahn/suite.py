"""Installs and runs the Autobahn suite, which is written for Python 2.7."""

import json
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
SERVERS = ("hub", "tornado")
LEFT_OUT = ["12.*", "13.*"]  # permessage-deflate, which the hub never negotiates
LAST_VIRTUALENV = "virtualenv<20.22"  # that can make environments of Python 2.7


class SuiteError(Exception):
    """The suite could not be run; the message says why."""


def install(folder: Path) -> Path:
    """Return the path of `wstest`, in an environment of its own below `folder`, made if it is missing.

    Raises:
        SuiteError: There is no Python 2.7, or something cannot be installed.
    """
    program = folder / "python2" / "bin" / "wstest"
    if not program.exists():
        venv.create(folder / "python3", with_pip=True)
        binaries = folder / "python3" / "bin"
        _call([binaries / "pip", "install", "--quiet", LAST_VIRTUALENV])
        _call([binaries / "virtualenv", "--quiet", "--python", "python2.7", folder / "python2"])
        _call([program.with_name("pip"), "install", "--quiet", "autobahntestsuite"])
    return program


@contextmanager
def echo_servers() -> Iterator[dict[str, str]]:
    """Run an echo server of each kind; yield their URLs."""
    command = [sys.executable, "-m", "tests.parties.echo_hub"]
    processes = {kind: subprocess.Popen([*command, kind], cwd=PROJECT, stdout=subprocess.PIPE, text=True) for kind in SERVERS}
    try:
        yield {kind: f"ws://127.0.0.1:{_port(process)}/" for kind, process in processes.items()}
    finally:
        for process in processes.values():
            process.terminate()
            process.wait()


def _port(process: subprocess.Popen[str]) -> int:
    line = process.stdout.readline() if process.stdout else ""
    if not line.strip():
        raise SuiteError("An echo server did not start.")
    return int(line)


def run(program: Path, urls: Mapping[str, str], folder: Path, cases: list[str]) -> dict[str, dict[str, dict[str, str]]]:
    """Run the cases against all servers and return the index of the reports: server, case, result.

    Raises:
        SuiteError: It wrote no reports. Its exit code says nothing.
    """
    specification = {
        "outdir": str(folder / "reports"),
        "servers": [{"agent": kind, "url": url} for kind, url in urls.items()],
        "cases": cases,
        "exclude-cases": LEFT_OUT,
        "exclude-agent-cases": {},
    }
    file, index = folder / "fuzzingclient.json", folder / "reports" / "index.json"
    file.write_text(json.dumps(specification), encoding="utf-8")
    index.unlink(missing_ok=True)
    with (folder / "wstest.log").open("wb") as log:
        subprocess.run([program, "-m", "fuzzingclient", "-s", file], cwd=folder, stdout=log, stderr=log, check=False)
    if not index.exists():
        raise SuiteError(f"The suite wrote no reports; see {folder / 'wstest.log'}.")
    found: dict[str, dict[str, dict[str, str]]] = json.loads(index.read_text(encoding="utf-8"))
    return found


def _call(command: list[str | Path]) -> None:
    if subprocess.call(command) != 0:
        raise SuiteError(f"{' '.join(map(str, command))} failed.")
