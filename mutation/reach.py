"""Which tests reach which lines: recorded once with coverage's contexts, and kept until the code or its tests change."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from coverage import CoverageData

FOLDER = Path("var", "mutation")
KEPT = 3  # recordings
PASSING_SHARE = 0.9


class BaselineFailed(Exception):
    """Hardly any test passes without a mutation."""


@dataclass(frozen=True)
class Reach:
    """The recording of one run without mutations.

    Attributes:
        lines: By file and line: the tests that ran it. A line that runs at import has none of its own.
        seconds: How long each test took.
    """

    lines: dict[str, dict[int, frozenset[str]]]
    seconds: dict[str, float]

    def tests_of(self, path: str, first: int, last: int) -> list[str]:
        """Return the tests to judge a change of the statement in these lines by, the most promising first; none: nothing runs it.

        They are those that ran one of the lines. What runs at import only, such as a constant, has a bearing on any test of the
        module, even on one in its test file that calls nothing. The tests of the module's own folder come first, and of those
        the fast ones.
        """
        lines = self.lines.get(path, {})
        ran = [lines[number] for number in range(first, last + 1) if number in lines]
        own = test_folder(path)
        found = frozenset[str]().union(*ran)
        if ran and not found:
            of_the_module = f"{own}/test_{Path(path).stem}.py::"
            found = frozenset(test for test in self.seconds if test.startswith(of_the_module)).union(*lines.values())
        return sorted(found, key=lambda test: (not test.startswith(own), self.seconds.get(test, 0.0), test))


def test_folder(path: str) -> str:
    """Return where the tests of a module of the hub are: `hub/oidc/x.py` has `tests/oidc`, `hub/x.py` has `tests/test_x.py`."""
    parts = Path(path).parts
    return f"tests/{parts[1]}" if len(parts) > 2 else f"tests/test_{Path(path).stem}.py"


def record(root: Path, packages: Iterable[str], folders: Iterable[str]) -> Reach:
    """Run the tests in `folders` and return what they reach of `packages`; from memory if nothing has changed since.

    Raises:
        BaselineFailed: Some test fails; the message names which.
    """
    packages, folders = sorted(packages), sorted(folder for folder in folders if (root / folder).exists())
    kept = root / FOLDER / f"{_digest(root, [*packages, *folders])}.json"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(_run(root, packages, folders, kept.with_suffix(".coverage"))))
        _forget_old(kept.parent)
    document = json.loads(kept.read_text())
    tests: list[str] = document["tests"]
    lines = {
        path: {int(number): frozenset(tests[index] for index in indices) for number, indices in found.items()}
        for path, found in document["lines"].items()
    }
    return Reach(lines, dict(zip(tests, document["seconds"], strict=True)))


def _run(root: Path, packages: list[str], folders: list[str], data_file: Path) -> dict[str, object]:
    """Run the tests. Those that fail already are left out: they would pass for tests that notice every mutation."""
    outcomes = data_file.with_suffix(".outcomes")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "mutation.outcomes"]
    command += ["--continue-on-collection-errors", *folders]
    command += [f"--cov={package}" for package in packages] + ["--cov-context=test", "--cov-report="]
    here = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": here, "COVERAGE_FILE": str(data_file), "MUTATION_OUTCOMES": str(outcomes)}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise BaselineFailed("\n".join(done.stdout.splitlines()[-20:]))
    document = json.loads(outcomes.read_text())
    seconds: dict[str, float] = {test: took for test, took in document["seconds"].items() if test not in document["failed"]}
    if len(seconds) < PASSING_SHARE * len(document["seconds"]):
        raise BaselineFailed("\n".join(sorted(document["failed"])))
    tests = sorted(seconds)
    lines = _lines(root, data_file, {test: number for number, test in enumerate(tests)})
    outcomes.unlink()
    data_file.unlink()
    return {"tests": tests, "seconds": [seconds[test] for test in tests], "lines": lines}


def _lines(root: Path, data_file: Path, index: dict[str, int]) -> dict[str, dict[int, list[int]]]:
    """Return the tests that ran each line, by their numbers. Set-up and tear-down of a test count as its part."""
    data = CoverageData(str(data_file))
    data.read()
    return {
        Path(file).relative_to(root).as_posix(): {
            number: sorted({index[test] for context in contexts if (test := context.rpartition("|")[0]) in index})
            for number, contexts in data.contexts_by_lineno(file).items()
        }
        for file in sorted(data.measured_files())
    }


def _digest(root: Path, names: list[str]) -> str:
    """Return a digest of the names, and of all Python files of the code and the tests."""
    digest = hashlib.sha256("\n".join([sys.version, *names]).encode())
    for folder in ("hub", "tests"):
        for file in sorted((root / folder).rglob("*.py")):
            digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def _forget_old(folder: Path) -> None:
    for old in sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime)[:-KEPT]:
        old.unlink()
