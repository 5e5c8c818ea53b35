"""What is read from the head of an index.html."""

import os
from pathlib import Path

import pytest

from hub.web.index_pages import IndexPage, IndexPages, parse_head


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('<!doctype html><html lang="de"><head><base href="/de/"></head>', IndexPage("/de/", "de")),
        ("<HTML LANG=fr><BASE HREF='/fr/'/>", IndexPage("/fr/", "fr")),
        (
            '<html><!-- <base href="/no/"> --><script>"<base href=no>"</script><base href="/a/"><base href="/b/">',
            IndexPage("/a/"),
        ),
        ("<title>None</title>", IndexPage()),
        ("<base><html lang>", IndexPage()),
    ],
)
def test_head(text: str, expected: IndexPage) -> None:
    """The first base and the language, as a browser reads them."""
    assert parse_head(text) == expected


@pytest.mark.parametrize(
    ("base", "folder", "expected"),
    [
        ("/de/", "/de/", True),
        ("", "/de/", True),
        ("./", "/de/", True),
        ("https://clinic.example/de/", "/de/", True),
        ("/", "/patients/", False),
        ("/de/", "/de/patients/", False),
        ("../", "/patients/", False),
    ],
)
def test_where_it_lives(base: str, folder: str, expected: bool) -> None:
    """An application lives where its base is; a prerendered page lies below."""
    assert IndexPage(base).lives_at(folder) is expected


def test_new_version(tmp_path: Path) -> None:
    """A new version of a file is read again."""
    file, pages = tmp_path / "index.html", IndexPages()
    for base in ("/de/", "/fr/"):
        file.write_text(f'<base href="{base}">')
        os.utime(file, ns=(0, ord(base[1])))
        assert pages.get(str(file)).base == base
