"""The cases of tests/data/smuggling.txt."""

from dataclasses import dataclass
from pathlib import Path

END = b"GET /end HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"
TAKEN = "GET /end "


@dataclass(frozen=True, slots=True)
class Case:
    """One of them.

    Attributes:
        sent: With a last request behind it.
        taken: The requests that come to somebody: method, path and body of each.
        status: With which the connection is refused; None: it is not.
    """

    name: str
    sent: bytes
    taken: list[str]
    status: int | None


def smuggling(server: str = "fast") -> list[Case]:
    """Return all cases, with what becomes of them on a server."""
    text = Path(__file__).parent.parent.joinpath("data/smuggling.txt").read_text(encoding="ascii")
    blocks = [block.split("\n") for block in text.strip().split("\n\n") if not block.startswith("#")]
    return [_case(name, sent, _outcome(outcome, server)) for name, sent, *outcome in blocks]


def _outcome(lines: list[str], server: str) -> list[str]:
    """Return the lines for a server: its own, or else those for both."""
    own = [line.removeprefix(f"  {server} -> ") for line in lines if line.startswith(f"  {server} ")]
    return own or [line.removeprefix("  -> ") for line in lines if line.startswith("  -> ")]


def _case(name: str, sent: str, outcome: list[str]) -> Case:
    status = int(outcome[-1]) if outcome[-1].isdigit() else None
    taken = [f"{line} " if line.count(" ") == 1 else line for line in outcome if not line.isdigit()]
    data = sent.removeprefix("  ").encode("ascii").decode("unicode_escape").encode("latin-1")
    return Case(name, data + END, taken if status else [*taken, TAKEN], status)
