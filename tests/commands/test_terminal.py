"""The texts that commands write to the terminal."""

import ast
import json

import pytest

from hub.commands.terminal import fail, write_json, write_lines
from tests.parties.hub import PROJECT

ACTING = "a\x1b]0;owned\x07\x9b2J\u202eb\x7f\nFAILURE"
SHOWN = r"a\u001b]0;owned\u0007\u009b2J\u202eb\u007f\nFAILURE"


def test_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """A line stays one line, on standard output and standard error."""
    write_lines([ACTING, "b"])
    assert fail(3, ACTING, ACTING) == 3
    assert capsys.readouterr() == (f"{SHOWN}\nb\n", f"{SHOWN}\n  {SHOWN}\n")


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    """A program reads the text as it is; a terminal gets none of it."""
    write_json({"a": ACTING})
    out = capsys.readouterr().out
    assert json.loads(out) == {"a": ACTING}
    assert not set("\x1b\x07\x9b\u202e\x7f") & set(out)


def test_nothing_else_writes() -> None:
    """No command writes to the terminal past these functions."""
    files = [*(PROJECT / "hub/commands").glob("*.py"), PROJECT / "hub/cli.py"]
    writers = {
        file.name
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute | ast.Name) and ast.unparse(node) in ("sys.stdout", "sys.stderr", "print")
    }
    assert writers == {"terminal.py"}
