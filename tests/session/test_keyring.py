"""The keyring: what it seals only it opens, unchanged and in its place."""

import secrets
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.session.keyring import Keyring, KeyringError, make_key_file

RING = Keyring([secrets.token_bytes(32)])


@given(plaintext=st.binary(max_size=2000), name=st.text(max_size=50))
def test_round_trip(plaintext: bytes, name: str) -> None:
    """What was sealed for a name opens for that name."""
    assert RING.open(RING.seal(plaintext, name), name) == plaintext


@given(data=st.data(), plaintext=st.binary(min_size=1, max_size=100))
def test_any_changed_byte_is_noticed(data: st.DataObject, plaintext: bytes) -> None:
    """A sealed value with one byte changed does not open."""
    sealed = bytearray(RING.seal(plaintext, "name"))
    position = data.draw(st.integers(0, len(sealed) - 1))
    sealed[position] ^= data.draw(st.integers(1, 255))

    with pytest.raises(KeyringError):
        RING.open(bytes(sealed), "name")


@given(st.binary(max_size=100))
def test_garbage_is_refused(garbage: bytes) -> None:
    """Bytes that nobody sealed raise KeyringError and nothing else."""
    with pytest.raises(KeyringError):
        RING.open(garbage, "name")


def test_other_name_is_refused() -> None:
    """A sealed value cannot be moved to another place."""
    with pytest.raises(KeyringError):
        RING.open(RING.seal(b"x", "session:a:1"), "session:b:1")


def test_first_key_seals_and_all_open() -> None:
    """After a rotation the old key still opens what it sealed; the new one seals."""
    old, new = secrets.token_bytes(32), secrets.token_bytes(32)
    rotated = Keyring([new, old])

    assert rotated.open(Keyring([old]).seal(b"x", "n"), "n") == b"x"
    assert Keyring([new]).open(rotated.seal(b"y", "n"), "n") == b"y"
    with pytest.raises(KeyringError, match=r"not in session\.key_files"):
        Keyring([new]).open(Keyring([old]).seal(b"x", "n"), "n")


def test_key_file(tmp_path: Path) -> None:
    """A key file is its owner's only, works, and is never overwritten."""
    file = tmp_path / "new" / "session.key"
    make_key_file(file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    Keyring.read([file])
    with pytest.raises(FileExistsError):
        make_key_file(file)


@pytest.mark.parametrize("content", ["", "short", "!" * 43, "A" * 60, "\xff"])
def test_file_without_key(tmp_path: Path, content: str) -> None:
    """The message names the file and the command that makes a key."""
    file = tmp_path / "bad.key"
    file.write_text(content, encoding="latin-1")

    with pytest.raises(KeyringError, match=r"bad\.key: holds no key.*--make-key"):
        Keyring.read([file])
