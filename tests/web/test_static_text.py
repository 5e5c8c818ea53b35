"""Compressed texts of the hosted application."""

import gzip
import os
from pathlib import Path

import pytest

from hub.web import static_text
from hub.web.static_text import CompressedTexts


def write(file: Path, text: bytes, modified_at: int) -> str:
    """Write a version of a file."""
    file.write_bytes(text)
    os.utime(file, ns=(modified_at, modified_at))
    return str(file)


def test_each_version_once(tmp_path: Path) -> None:
    """A version is compressed when it is asked for the first time; another one is another text."""
    texts, file = CompressedTexts(), tmp_path / "main.js"
    path = write(file, b"a" * 100, 1)
    first = texts.get(path)

    assert gzip.decompress(first) == b"a" * 100
    assert texts.get(path) is first
    write(file, b"b" * 100, 2)
    assert gzip.decompress(texts.get(path)) == b"b" * 100
    write(file, b"c" * 101, 2)
    assert gzip.decompress(texts.get(path)) == b"c" * 101


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files beyond the limit are served as well, compressed each time."""
    monkeypatch.setattr(static_text, "MAX_FILES", 2)
    texts = CompressedTexts()
    paths = [write(tmp_path / f"{number}.js", b"x" * number, 1) for number in range(3)]
    first = [texts.get(path) for path in paths]
    second = [texts.get(path) for path in paths]

    assert [one is other for one, other in zip(first, second, strict=True)] == [True, True, False]
    assert first == second


def test_no_file(tmp_path: Path) -> None:
    """Whoever asked decides what that means."""
    with pytest.raises(OSError):
        CompressedTexts().get(str(tmp_path / "missing.js"))
