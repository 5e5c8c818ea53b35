"""Characters that act on a terminal, or hide text."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.telemetry.log import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë 山田\u3000太郎 👩", "Zoë 山田\u3000太郎 👩"),
        ("a\r\n\tb", r"a\r\n\tb"),
        ("\x1b[2J\x07", r"\u001b[2J\u0007"),
        ("\x9b2J\x85", r"\u009b2J\u0085"),
        ("\x7f", r"\u007f"),
        ("\u202egnp.exe\u2066", r"\u202egnp.exe\u2066"),
        ("\u200b\u2028\ufeff", r"\u200b\u2028\ufeff"),
        ("\U000e0041", r"\udb40\udc41"),
        ("\ud800", r"\ud800"),
    ],
)
def test_escapes(text: str, shown: str) -> None:
    """Letters of any script stay; what has no shape is written out."""
    assert visible(text) == shown


@given(st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp", "L", "Zs"])))
def test_nothing_acts(text: str) -> None:
    """No control, format character, surrogate or line separator is left, and a second call changes nothing."""
    shown = visible(text)
    hidden = {character for character in shown if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert hidden <= PREPENDED
    assert visible(shown) == shown


PREPENDED = {character for character in map(chr, range(0x110000)) if unicodedata.category(character) == "Cf"} & set(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
) | set(map(chr, [*range(0x13430, 0x13440), *range(0x1BCA0, 0x1BCA4)]))
"""Format characters with a shape: signs of Arabic, Syriac, Kaithi, hieroglyphs and shorthand."""


@given(st.text(st.characters(codec="utf-8")))
def test_json_stays_json(text: str) -> None:
    """The escapes are those of JSON, so that output for programs can pass, too."""
    assert json.loads(visible(json.dumps(text, ensure_ascii=False).replace("\n", "\\n"))) == text
