"""A tiny project with a hub of one module, whose tests notice some changes of it and not others."""

import subprocess
from pathlib import Path

import pytest

MODULE = '''"""Prices."""

LIMIT = 10


def price(count: int, *, is_member: bool) -> int:
    """Return the price."""
    if count > LIMIT:
        raise ValueError(count)
    return count - 1 if is_member else count


def unused() -> int:
    """Return what nobody asks for."""
    return 1 + 1
'''

TESTS = '''"""Tests of prices."""

import pytest

from hub.shop.prices import price


def test_members() -> None:
    assert (price(5, is_member=True), price(5, is_member=False)) == (4, 5)


def test_limit() -> None:
    with pytest.raises(ValueError):
        price(12, is_member=True)
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project, committed."""
    files = {
        "hub/__init__.py": "",
        "hub/shop/__init__.py": "",
        "hub/shop/prices.py": MODULE,
        "tests/__init__.py": "",
        "tests/shop/__init__.py": "",
        "tests/shop/test_prices.py": TESTS,
        ".gitignore": "/var/\n__pycache__/\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.org"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Sell"]):
        subprocess.run([*git, *command], cwd=tmp_path, check=True)
    return tmp_path
