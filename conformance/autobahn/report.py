"""Compares what the Autobahn suite found out about the hub with what it found out about plain Tornado. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping

Results = Mapping[str, Mapping[str, str]]  # case -> what the suite wrote in its index

GOOD = ("OK", "INFORMATIONAL", "NON-STRICT", "UNIMPLEMENTED")
KINDS = ("OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED", "FAILED")
HELD = ("2.", "3.", "4.", "5.", "6.", "7.")  # control frames, reserved bits, opcodes, fragments, UTF-8, close


def verdict(result: Mapping[str, str]) -> str:
    """Return one word for a case: how the server behaved, or FAILED if it ended the connection wrongly."""
    behavior = result["behavior"] if result["behavior"] in GOOD else "FAILED"
    return behavior if result["behaviorClose"] in GOOD else "FAILED"


def table(results: Mapping[str, Results]) -> Iterator[str]:
    """Yield a table of how often each server got each verdict, then the cases that are not the same for all."""
    yield f"| server | cases | {' | '.join(KINDS)} |"
    yield "|---" * (2 + len(KINDS)) + "|"
    for server, cases in results.items():
        counted = Counter(verdict(result) for result in cases.values())
        yield f"| {server} | {len(cases)} | {' | '.join(str(counted[kind]) for kind in KINDS)} |"
    yield ""
    for case in sorted({case for cases in results.values() for case in cases}, key=_number):
        verdicts = {server: verdict(cases[case]) if case in cases else "missing" for server, cases in results.items()}
        if set(verdicts.values()) - {"OK", "INFORMATIONAL"}:
            yield f"{case}: " + ", ".join(f"{server} {word}" for server, word in verdicts.items())


def failures(results: Mapping[str, Results]) -> list[str]:
    """Return the cases in which the hub is worse than Tornado, or breaks a rule that it says it keeps."""
    hub, tornado = results["hub"], results["tornado"]
    failed = [case for case, result in hub.items() if verdict(result) == "FAILED"]
    worse = [case for case in failed if case.startswith(HELD) or case not in tornado or verdict(tornado[case]) != "FAILED"]
    return sorted([*worse, *(case for case in tornado if case not in hub)], key=_number)


def _number(case: str) -> list[int]:
    return [int(part) for part in case.split(".")]
