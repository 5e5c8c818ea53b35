"""The keyring: what it seals only it opens, unchanged and in its place."""

import os
import secrets
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.session.keyring import Keyring, KeyringError, key_id, make_key_file, read_key

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


@given(message=st.binary(max_size=100), name=st.text(max_size=20), more=st.binary(min_size=1, max_size=9))
def test_tags(message: bytes, name: str, more: bytes) -> None:
    """A tag is for one value in one place; bytes cannot go over from the one to the other."""
    tag = RING.mac(message, name)

    assert RING.verify(tag, message, name)
    assert not RING.verify(tag, message + more, name)
    assert not RING.verify(tag, message, f"{name}x")
    assert not RING.verify(RING.mac(b"ab", "c"), b"b", "ca")
    assert not RING.verify(tag + more, message, name)
    assert not Keyring([secrets.token_bytes(32)]).verify(tag, message, name)


@given(data=st.data())
def test_any_changed_byte_of_a_tag_is_noticed(data: st.DataObject) -> None:
    """Any other tag, of any length, is none."""
    tag = bytearray(RING.mac(b"x", "name"))
    position = data.draw(st.integers(0, len(tag) - 1))
    tag[position] ^= data.draw(st.integers(1, 255))

    assert not RING.verify(bytes(tag), b"x", "name")
    assert not RING.verify(data.draw(st.binary(max_size=60)), b"x", "name")
    assert not RING.verify(RING.mac(b"x", "name")[:position], b"x", "name")
    assert not RING.verify(RING.seal(b"x", "name"), b"x", "name")


def test_tags_of_all_keys_are_known() -> None:
    """After a rotation the tags of the old key still hold, and the new key makes them."""
    old, new = secrets.token_bytes(32), secrets.token_bytes(32)
    rotated = Keyring([new, old])

    assert rotated.verify(Keyring([old]).mac(b"x", "n"), b"x", "n")
    assert Keyring([new]).verify(rotated.mac(b"x", "n"), b"x", "n")


def test_tag_of_an_unknown_key() -> None:
    """The ring looks for a newer key, as it does for a sealed value."""
    new = secrets.token_bytes(32)
    ring = Keyring([secrets.token_bytes(32)], lambda: ring.replace([new]) and None)

    assert ring.verify(Keyring([new]).mac(b"x", "n"), b"x", "n")


def test_first_key_seals_and_all_open() -> None:
    """After a rotation the old key still opens what it sealed; the new one seals."""
    old, new = secrets.token_bytes(32), secrets.token_bytes(32)
    rotated = Keyring([new, old])

    assert rotated.open(Keyring([old]).seal(b"x", "n"), "n") == b"x"
    assert Keyring([new]).open(rotated.seal(b"y", "n"), "n") == b"y"
    with pytest.raises(KeyringError, match=r"not in session\.key_files"):
        Keyring([new]).open(Keyring([old]).seal(b"x", "n"), "n")


def test_replaced_keys_are_used_at_once() -> None:
    """Whoever holds the keyring seals with the new key from the moment of the swap, and opens what either key has sealed."""
    old, new = secrets.token_bytes(32), secrets.token_bytes(32)
    ring = Keyring([old])
    before = ring.seal(b"x", "n")

    assert ring.is_current(before)
    assert ring.replace([new, old])
    after = ring.seal(b"x", "n")
    assert (ring.is_current(before), ring.is_current(after)) == (False, True)
    assert ring.open(before, "n") == ring.open(after, "n") == b"x"
    assert not ring.replace([new, old])


def test_bad_keys_do_not_replace_good_ones() -> None:
    """An empty list of keys, or a short one, is refused, and the former ring stays in use."""
    ring = Keyring([secrets.token_bytes(32)])
    sealed = ring.seal(b"x", "n")

    for keys in ([], [b"short"]):
        with pytest.raises(KeyringError):
            ring.replace(keys)
    assert ring.is_current(sealed)
    assert ring.open(sealed, "n") == b"x"


def test_unknown_key_asks_for_another_look() -> None:
    """A record that another hub has sealed with a key unknown here opens, if that key is found by looking again."""
    old, new = secrets.token_bytes(32), secrets.token_bytes(32)
    looks: list[str] = []

    def look_again() -> None:
        looks.append("look")
        ring.replace([old, new])

    ring = Keyring([old], look_again)
    assert ring.open(ring.seal(b"x", "n"), "n") == b"x"
    assert looks == []
    assert ring.open(Keyring([new]).seal(b"y", "n"), "n") == b"y"
    assert looks == ["look"]


@given(st.binary(max_size=4))
def test_garbage_asks_for_no_look(garbage: bytes) -> None:
    """What is not sealed by any hub does not make the files be read."""

    def look_again() -> None:
        raise AssertionError

    with pytest.raises(KeyringError):
        Keyring([secrets.token_bytes(32)], look_again).open(garbage, "n")


def test_key_id_tells_keys_apart() -> None:
    """The ids of a ring name its keys, the encrypting one first."""
    keys = [secrets.token_bytes(32) for _ in range(3)]
    ids = [key_id(key).hex() for key in keys]

    assert Keyring(keys).key_ids[0] == ids[0]
    assert set(Keyring(keys).key_ids) == set(ids)


def test_key_file(tmp_path: Path) -> None:
    """A key file is its owner's only, works, and is never overwritten."""
    file = tmp_path / "new" / "session.key"
    make_key_file(file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    Keyring.read([file])
    with pytest.raises(FileExistsError):
        make_key_file(file)
    assert list(file.parent.iterdir()) == [file], "nothing unfinished is left behind"


def test_no_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a file system without hard links a key is written all the same, and no other is overwritten."""

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("os.link", refuse)
    make_key_file(tmp_path / "a.key")
    key = read_key(tmp_path / "a.key")
    with pytest.raises(FileExistsError):
        make_key_file(tmp_path / "a.key")

    assert read_key(tmp_path / "a.key") == key
    assert list(tmp_path.iterdir()) == [tmp_path / "a.key"]


@pytest.mark.parametrize(("user", "given"), [(0, True), (1000, False)])
def test_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: int, given: bool) -> None:
    """What root writes into a folder of another user belongs to that user: the hub that has to read it is not root."""
    owners: list[tuple[int, int]] = []
    folder = os.stat_result((0o40700, 1, 1, 2, 123, 456, 0, 0, 0, 0))
    monkeypatch.setattr("os.geteuid", lambda: user)
    monkeypatch.setattr("os.fchown", lambda _, owner, group: owners.append((owner, group)))
    monkeypatch.setattr(Path, "stat", lambda *_, **__: folder)
    make_key_file(tmp_path / "a.key")

    assert owners == ([(123, 456)] if given else [])


@pytest.mark.parametrize("content", ["", "short", "!" * 43, "A" * 60, "\xff"])
def test_file_without_key(tmp_path: Path, content: str) -> None:
    """The message names the file and the command that makes a key."""
    file = tmp_path / "bad.key"
    file.write_text(content, encoding="latin-1")

    with pytest.raises(KeyringError, match=r"bad\.key: holds no key.*keys make FILE"):
        Keyring.read([file])
