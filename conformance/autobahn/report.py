"""Compares what the Autobahn suite found about the hub, on each listener, with what it found about plain Tornado. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping

Results = Mapping[str, Mapping[str, str]]  # case -> what the suite wrote in its index

ORDER = ("fast", "tornado", "stock")
GOOD = ("OK", "INFORMATIONAL", "NON-STRICT", "UNIMPLEMENTED")
KINDS = ("OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED", "FAILED")


def verdict(result: Mapping[str, str]) -> str:
    """Return one word for a case: how the server behaved, or FAILED if it ended the connection wrongly."""
    behavior = result["behavior"] if result["behavior"] in GOOD else "FAILED"
    return behavior if result["behaviorClose"] in GOOD else "FAILED"


def table(results: Mapping[str, Results]) -> Iterator[str]:
    """Yield a table of how often each server got each verdict, then the cases that are not the same for all."""
    yield f"| server | cases | {' | '.join(KINDS)} |"
    yield "|---" * (2 + len(KINDS)) + "|"
    for server, cases in sorted(results.items(), key=lambda item: ORDER.index(item[0])):
        counted = Counter(verdict(result) for result in cases.values())
        yield f"| {server} | {len(cases)} | {' | '.join(str(counted[kind]) for kind in KINDS)} |"
    yield ""
    for case in sorted({case for cases in results.values() for case in cases}, key=_number):
        verdicts = {server: verdict(cases[case]) if case in cases else "missing" for server, cases in results.items()}
        if set(verdicts.values()) - {"OK", "INFORMATIONAL"}:
            yield f"{case}: " + ", ".join(f"{server} {word}" for server, word in verdicts.items())


def failures(results: Mapping[str, Results]) -> list[str]:
    """Return what must not be: failures of the hub's own listener, and on Tornado's server those that plain Tornado has not."""
    stock = {case for case, result in results["stock"].items() if verdict(result) == "FAILED"}
    excused = {"fast": set[str](), "tornado": stock}
    found = []
    for server, excuses in excused.items():
        cases = results[server]
        failed = {case for case, result in cases.items() if verdict(result) == "FAILED"} | (
            results["stock"].keys() - cases.keys()
        )
        found += [f"{server} fails {case}" for case in sorted(failed - excuses, key=_number)]
    return found


def _number(case: str) -> list[int]:
    return [int(part) for part in case.split(".")]
