"""docs/conformance.md: no rule is missing, and each row names a test that exists or says why there is none."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
TEXT = (PROJECT / "docs/conformance.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (?P<keys>[^|]+) \| (?P<rule>[^|]+) \| (?P<shown>[^|]+) \|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
REASON = re.compile(r"(does not apply|not yet): \S.{10,}")
HEADS = {"case", "line", "specification", "requirement", "rule", "---"}

ROWS = [match for match in ROW.finditer(TEXT) if match["keys"] not in HEADS]


def numbered(letter: str, count: int) -> list[str]:
    """Return the names of a series of rules."""
    return [f"{letter}{number}" for number in range(1, count + 1)]


RULES = [
    *numbered("B", 25),
    *numbered("S", 15),
    *numbered("C", 15),
    *numbered("I", 3),
    *numbered("O", 2),
    *numbered("L", 13),
    *numbered("F", 4),
    *numbered("M", 1),
    *numbered("R", 3),
    *numbered("Refresh ", 8),
    *numbered("Channel ", 13),
    "Flow control",
    "Topics",
    "WebSocket",
    "RFC 7636",
    "RFC 7662",
    "RFC 9126",
    "RFC 9101",
    "RFC 8705",
    "RFC 9449",
    "RFC 8707",
    "RFC 8693",
    "RFC 6750",
    "RFC 9470",
    "RFC 7523",
    "RFC 7516",
    "RFC 9457",
    "3.3.1",
    "3.3.2",
    "3.3.3",
    "3.3.4",
    "3.3.5",
    "3.4.1",
    "3.4.2",
    "3.4.3",
    "3.4.4",
    "3.4.5",
    "3.4.6",
    "3.4.8",
    "3.5.1",
    "3.5.2",
    "3.5.3",
    "3.5.4",
    "3.5.8",
    "3.7.2",
    "4.1.1",
    "4.1.2",
    "4.1.3",
    "4.1.4",
    "4.2.1",
    "4.2.2",
    "4.2.5",
    "4.4.1",
    "4.4.2",
    "4.4.3",
    "4.4.4",
    "7.1.1",
    "7.1.2",
    "7.1.3",
    "7.2.1",
    "7.2.2",
    "7.2.3",
    "7.2.4",
    "7.3.1",
    "7.3.2",
    "7.4.1",
    "7.4.2",
    "7.4.3",
    "7.4.4",
    "7.4.5",
    "7.5.2",
    "7.5.3",
    "7.6.1",
    "7.6.2",
    "9.1.1",
    "9.1.2",
    "9.1.3",
    "9.2.1",
    "9.2.2",
    "10.1.1",
    "10.1.2",
    "10.2.1",
    "10.2.2",
    "10.2.3",
    "10.4.10",
    "10.5.1",
    "10.5.2",
    "10.5.3",
    "10.5.4",
    "10.5.5",
    "16.2.5",
    "16.3.1",
    "16.3.2",
    "16.3.3",
    "16.3.4",
    "16.4.1",
    "16.5.1",
    "16.5.2",
    "16.5.3",
    "16.5.4",
]
CASES = [
    "client-secret-basic",
    "private-key-jwt",
    "invalid-iss",
    "missing-iss",
    "invalid-aud",
    "missing-aud",
    "missing-sub",
    "missing-iat",
    "nonce-invalid",
    "at_hash",
    "idtoken-sig-none",
    "invalid-sig-rs256",
    "invalid-sig-es256",
    "invalid-sig-hs256",
    "kid-absent-single-jwks",
    "kid-absent-multiple-jwks",
    "userinfo-bearer-header",
    "userinfo-invalid-sub",
    "userinfo-signed",
    "discovery-issuer-mismatch",
    "discovery-jwks-uri-keys",
    "signing-key-rotation",
    "just-before-signing",
    "refresh-token",
    "invalid-issuer",
    "invalid-sub",
    "form-post-error",
    "3rd-party-init-login",
    "mtls-endpoint-aliases",
    "alg-none",
    "wrong-alg",
    "no-event",
    "wrong-event",
    "wrong-aud",
    "wrong-iss",
    "with-nonce",
    "op-init",
    "rp-init",
    "other-state",
    "no-state",
    "session-management",
    "c_hash",
    "state invalid",
    "state missing",
    "response iss removed",
    "aud as array",
    "secondary aud",
    "null alg",
    "past exp",
    "iat a week old",
    "expires_in",
    "scope",
    "token_type",
]


def test_no_rule_is_missing() -> None:
    """Every rule of the specifications that concern the hub stands in exactly one row."""
    named = [key.strip() for row in ROWS for key in row["keys"].split(",")]

    assert [rule for rule in RULES if named.count(rule) != 1] == []


def test_no_case_is_missing() -> None:
    """Every case of the relying party plans stands in the table of cases."""
    table = TEXT.partition("## Relying party cases")[2].partition("\n## ")[0]

    assert [case for case in CASES if case not in table] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["keys"][:40])
def test_row_is_shown(row: re.Match[str]) -> None:
    """A row names tests that exist, or gives the reason why there is none."""
    tests = TEST.findall(row["shown"])
    if not tests:
        assert REASON.match(row["shown"].strip())
    for path, name in tests:
        assert re.search(rf"def {name}\b", (PROJECT / path).read_text(encoding="utf-8")), f"{path}::{name}"
