"""What is told about a run. Pure: results in, text out."""

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence

from mutation.judging import Result

DETECTED = ("killed", "timeout")
SHOWN_TESTS = 5


def describe(result: Result, source: str) -> str:
    """Return a survivor as text: where, what was changed, and which tests ran without noticing.

    Parameters:
        source: The module without the change.
    """
    mutant, tests = result.case.mutant, result.case.tests
    lines = difflib.unified_diff(source.splitlines(), mutant.source.splitlines(), n=0, lineterm="")
    changes = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
    ran = [f"    {test}" for test in tests[:SHOWN_TESTS]]
    if more := len(tests) - SHOWN_TESTS:
        ran += [f"    and {more} more"] if more > 0 else []
    if result.case.left_out:
        ran.append(f"    {result.case.left_out} slower tests did not run")
    title = f"{mutant.place} {result.verdict} [{mutant.operator}] {mutant.difference}"
    return "\n".join([title, *(f"  {line}" for line in changes), *ran])


def summary(results: Sequence[Result], chosen: int, seconds: float) -> str:
    """Return the figures of a run.

    Parameters:
        chosen: Mutants that were to be judged.
    """
    counts = Counter(result.verdict for result in results)
    figures = [
        ("chosen", chosen),
        ("judged", len(results)),
        *((verdict, counts[verdict]) for verdict in ("killed", "timeout", "survived", "unreached", "broken")),
        ("not judged", chosen - len(results)),
    ]
    share = f"{score(results):.1%} detected" if results else "nothing was judged"
    return ", ".join(f"{name} {count}" for name, count in figures) + f"; {share}; {seconds:.0f} s"


def score(results: Iterable[Result]) -> float:
    """Return the share of mutants that some test noticed, between 0 and 1; 1 for none at all."""
    verdicts = [result.verdict in DETECTED for result in results]
    return sum(verdicts) / len(verdicts) if verdicts else 1.0


def survivors(results: Iterable[Result]) -> list[Result]:
    """Return what nobody noticed, by place."""
    alive = [result for result in results if result.verdict not in DETECTED]
    return sorted(alive, key=lambda result: (result.case.mutant.path, result.case.mutant.line, result.case.mutant.number))
