"""Which language of an application a browser gets."""

import pytest

from hub.web.locales import choose_locale

LOCALES = ("de", "en-US", "fr", "zh-Hant")


@pytest.mark.parametrize(
    ("accept_language", "expected"),
    [
        ("fr", "fr"),
        ("FR-ch, de;q=0.9", "fr"),
        ("it, de;q=0.5, fr;q=0.8", "fr"),
        ("en", "en-US"),
        ("en-GB,en;q=0.9", "en-US"),
        ("zh-Hant-TW", "zh-Hant"),
        ("de;q=0, fr;q=0.1", "fr"),
        ("it, *;q=0.5", "default"),
        ("", "default"),
        ("d", "default"),
        ("de;q=high", "default"),
        ("de; q=0.4 , fr ; q=0.5", "fr"),
        ("de;q=nan", "default"),
    ],
)
def test_best_locale(accept_language: str, expected: str) -> None:
    """The most wanted language for which there is a folder; a variety of a language is better than none of it."""
    assert choose_locale(accept_language, LOCALES, "default") == expected


def test_header_without_end() -> None:
    """Only the first languages of a long header are looked at."""
    assert choose_locale(",".join(["it"] * 32 + ["de"]), LOCALES, "default") == "default"
