"""Installs and runs the Autobahn suite, which is written for Python 2.7."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from conformance.autobahn.debian import DebianError, call

PROJECT = Path(__file__).resolve().parent.parent.parent
SERVERS = ("fast", "tornado", "stock")
"""The hub's protocol on each value of `server.listener`, and plain Tornado."""
LEFT_OUT = ["12.*", "13.*"]  # permessage-deflate, which the hub never negotiates


class SuiteError(Exception):
    """The suite could not be run; the message says why."""


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


def run(root: Path, program: Path, urls: Mapping[str, str], cases: list[str]) -> dict[str, dict[str, dict[str, str]]]:
    """Run the cases against all servers and return the index of the reports: server, case, result.

    Parameters:
        root: The Debian in which the suite is installed.
        program: Its path in there.

    Raises:
        SuiteError: It wrote no reports.
    """
    work = root / "srv" / "suite"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    specification = {
        "outdir": "/srv/suite/reports",
        "servers": [{"agent": kind, "url": url} for kind, url in urls.items()],
        "cases": cases,
        "exclude-cases": LEFT_OUT,
        "exclude-agent-cases": {},
    }
    (work / "fuzzingclient.json").write_text(json.dumps(specification), encoding="utf-8")
    script = f"cd /srv/suite && {program} -m fuzzingclient -s fuzzingclient.json >wstest.log 2>&1"
    try:
        call(root, "sh", "-c", script)
    except DebianError as error:
        raise SuiteError(f"The suite failed; see {work / 'wstest.log'}.") from error
    index = work / "reports" / "index.json"
    if not index.exists():
        raise SuiteError(f"The suite wrote no reports; see {work / 'wstest.log'}.")
    found: dict[str, dict[str, dict[str, str]]] = json.loads(index.read_text(encoding="utf-8"))
    return found
