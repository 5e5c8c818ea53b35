"""Which mutants are judged: all of the lines that were changed, and a sample of the others."""

import random
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from mutation.mutants import Mutant

_FILE = re.compile(r"\+\+\+ b/(.+)")
_HUNK = re.compile(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@")


def changed_lines(root: Path, revision: str) -> dict[str, frozenset[int]]:
    """Return the lines of the hub that the work tree has and `revision` has not, by file.

    Raises:
        CalledProcessError: There is no such revision.
    """
    command = ["git", "diff", "--unified=0", "--find-renames", "--no-color", "--no-ext-diff", revision, "--", "hub"]
    return parse_diff(subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout)


def parse_diff(text: str) -> dict[str, frozenset[int]]:
    """Return the added lines of a diff without context, by file."""
    lines: defaultdict[str, set[int]] = defaultdict(set)
    path = ""
    for line in text.splitlines():
        if match := _FILE.fullmatch(line):
            path = match[1]
        elif match := _HUNK.match(line):
            first, count = int(match[1]), int(match[2] or 1)
            lines[path].update(range(first, first + count))
    return {path: frozenset(found) for path, found in lines.items() if found and path.endswith(".py")}


def choose(mutants: Iterable[Mutant], size: int, seed: int, changed: Mapping[str, frozenset[int]]) -> list[Mutant]:
    """Return the mutants of changed lines, then `size` others: the same ones for the same seed and code."""
    of_changed, others = list[Mutant](), list[Mutant]()
    for mutant in mutants:
        is_changed = not changed.get(mutant.path, frozenset()).isdisjoint(range(mutant.lines[0], mutant.lines[1] + 1))
        (of_changed if is_changed else others).append(mutant)
    chance = random.Random(seed)  # noqa: S311  # chance, not a secret
    return chance.sample(of_changed, len(of_changed)) + chance.sample(others, min(size, len(others)))
