"""The command `python3 -m mutation`: judge a sample of mutants, and all mutants of changed lines, within a time."""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from mutation import child, reach, report
from mutation.choice import changed_lines, choose
from mutation.judging import Judge, Result, case_of
from mutation.mutants import Mutant, find_mutants

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = [f"hub/{name}" for name in ("session", "tokens", "gateway", "channel", "oidc", "login", "upstream", "iris")]
WORKERS = 2


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python3 -m mutation", description=__doc__)
    parser.add_argument("--minutes", type=float, default=15.0, help="stop after so long, the recording included")
    parser.add_argument("--sample", type=int, default=500, help="how many mutants are drawn")
    parser.add_argument("--seed", type=int, default=1, help="the same seed draws the same mutants of the same code")
    parser.add_argument("--changed-since", metavar="REV", help="judge all mutants of the lines changed since then, first of all")
    parser.add_argument("--packages", nargs="+", default=PACKAGES, metavar="FOLDER", help="what the sample is drawn from")
    parser.add_argument("--floor", type=float, default=0.0, metavar="SHARE", help="fail if a smaller share is detected")
    return parser.parse_args(words)


def main(words: Sequence[str], root: Path = ROOT, clock: Callable[[], float] = time.monotonic) -> int:
    """Return 0; 1 if too few mutants were detected; 2 if there was nothing to begin with."""
    chosen_by = arguments(words)
    began = clock()
    packages = [folder.strip("/") for folder in chosen_by.packages]
    try:
        changed = changed_lines(root, chosen_by.changed_since) if chosen_by.changed_since else {}
        print("recording which tests reach which lines ...", flush=True)
        covered = {*packages, *(str(Path(path).parent) for path in changed)}
        recorded = reach.record(
            root, covered, {reach.test_folder(path) for path in (*changed, *(f"{each}/_" for each in packages))}
        )
    except (reach.BaselineFailed, subprocess.CalledProcessError) as error:
        print(f"Nothing can be judged: {error}", file=sys.stderr)
        return 2
    mutants = choose(_all(root, packages, changed), chosen_by.sample, chosen_by.seed, changed)
    cases = [case_of(each, recorded.tests_of(each.path, *each.lines), recorded.seconds) for each in mutants]
    print(f"{len(cases)} mutants, seed {chosen_by.seed}", flush=True)
    child.warm_up()
    results = Judge(root, WORKERS, clock, began + chosen_by.minutes * 60, _tell).judge(cases)
    for survivor in report.survivors(results):
        print(report.describe(survivor, (root / survivor.case.mutant.path).read_text(encoding="utf-8")))
    print(report.summary(results, len(cases), clock() - began))
    return int(report.score(results) < chosen_by.floor)


def _all(root: Path, packages: Iterable[str], changed: Iterable[str]) -> list[Mutant]:
    """Return the mutants of all modules that are concerned."""
    files = {file for package in packages for file in (root / package).rglob("*.py")} | {root / path for path in changed}
    return [
        mutant
        for file in sorted(files)
        for mutant in find_mutants(file.relative_to(root).as_posix(), file.read_text(encoding="utf-8"))
    ]


def _tell(result: Result) -> None:
    if result.verdict != "killed":
        print(f"  {result.verdict}: {result.case.mutant.place} {result.case.mutant.difference}", flush=True)
