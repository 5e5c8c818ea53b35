"""Authenticated encryption with several keys: the first encrypts, all decrypt. AES-256-GCM (NIST SP 800-38D).

A sealed value is: format version (1 byte), key id (4 bytes), nonce (12 bytes), ciphertext with tag. The name under which it is
stored goes in as associated data, so that a sealed value cannot be moved to another name.
"""

import base64
import binascii
import errno
import hashlib
import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORMAT = b"\x01"
KEY_BYTES = 32
KEY_ID_BYTES = 4
NONCE_BYTES = 12


class KeyringError(ValueError):
    """A key file holds no key, or a value was sealed with a key that is not in the ring, or was changed."""


@dataclass(frozen=True, slots=True)
class _Ring:
    """The keys of one moment: `first` encrypts."""

    first: bytes
    ciphers: Mapping[bytes, AESGCM]

    @classmethod
    def of(cls, keys: list[bytes]) -> Self:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise KeyringError("a key must be 256 bits long")
        return cls(key_id(keys[0]), {key_id(key): AESGCM(key) for key in keys})


class Keyring:
    """The keys of this hub. They may be replaced at any time: whoever holds the keyring uses the new ones from then on."""

    def __init__(self, keys: list[bytes], look_again: Callable[[], None] | None = None) -> None:
        """Take the keys, the encrypting one first.

        Parameters:
            look_again: Called when a value was sealed with a key that is not in the ring: another hub may know it already. May
                call `replace`.

        Raises:
            KeyringError: There is no key, or one is not 256 bits long.
        """
        self._ring = _Ring.of(keys)
        self._look_again = look_again

    @classmethod
    def read(cls, files: list[Path]) -> Self:
        """Read one key (base64url) from each file.

        Raises:
            KeyringError: A file cannot be read or holds no key; the message names it.
        """
        return cls([read_key(file) for file in files])

    def replace(self, keys: list[bytes]) -> bool:
        """Use `keys` from now on, the encrypting one first; tell whether that is a change.

        Raises:
            KeyringError: There is no key, or one is not 256 bits long; the former ones stay.
        """
        former, self._ring = self._ring, _Ring.of(keys)
        return self.key_ids != _ids(former)

    @property
    def key_ids(self) -> list[str]:
        """The ids of the keys, the encrypting one first. They stand in every sealed value, and open nothing."""
        return _ids(self._ring)

    def seal(self, plaintext: bytes, name: str) -> bytes:
        """Encrypt `plaintext` for the place called `name`."""
        ring, nonce = self._ring, secrets.token_bytes(NONCE_BYTES)
        return FORMAT + ring.first + nonce + ring.ciphers[ring.first].encrypt(nonce, plaintext, name.encode())

    def open(self, sealed: bytes, name: str) -> bytes:
        """Decrypt what was sealed for `name`.

        Raises:
            KeyringError: It was sealed with another key, for another name, or was changed.
        """
        nonce = sealed[1 + KEY_ID_BYTES : 1 + KEY_ID_BYTES + NONCE_BYTES]
        cipher = self._cipher(sealed)
        try:
            return cipher.decrypt(nonce, sealed[1 + KEY_ID_BYTES + NONCE_BYTES :], name.encode())
        except (InvalidTag, ValueError) as error:
            raise KeyringError("the sealed value was changed") from error

    def is_current(self, sealed: bytes) -> bool:
        """Tell whether `sealed` was sealed with the key that encrypts now. If not, it had better be sealed anew."""
        return sealed[: 1 + KEY_ID_BYTES] == FORMAT + self._ring.first

    def _cipher(self, sealed: bytes) -> AESGCM:
        sealed_with = sealed[1 : 1 + KEY_ID_BYTES]
        is_ours = sealed[:1] == FORMAT and len(sealed_with) == KEY_ID_BYTES
        if is_ours and sealed_with not in self._ring.ciphers and self._look_again is not None:
            self._look_again()
        cipher = self._ring.ciphers.get(sealed_with) if is_ours else None
        if cipher is None:
            raise KeyringError("sealed with a key that is not in session.key_files or session.key_dir")
        return cipher


def make_key_file(file: Path) -> None:
    """Write a new random key to `file`, readable by its owner only.

    Raises:
        FileExistsError: There is a file already; a key is never overwritten, since sessions would be lost.
        OSError: It cannot be written.
    """
    write_key(file, secrets.token_bytes(KEY_BYTES))


def write_key(file: Path, key: bytes) -> None:
    """Write `key` to `file` in one step: whoever reads meanwhile, or after a crash, finds the whole key or no file.

    The key belongs to the owner of the folder, also if root writes it: a hub without rights has to read it.

    Raises:
        FileExistsError: There is a file already; a key is never overwritten, since sessions would be lost.
        OSError: It cannot be written.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(base64.urlsafe_b64encode(key) + b"\n")
            stream.flush()
            _give_to_owner_of(file.parent, stream.fileno())
            os.fsync(stream.fileno())
        _give_name(unfinished, file)
    finally:
        unfinished.unlink(missing_ok=True)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Return when the names in `folder` are on the disk, so that a power failure does not undo them."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # some network file systems do not know this, and do it anyway
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_key(file: Path) -> bytes:
    """Return the key in `file`.

    Raises:
        KeyringError: The file cannot be read or holds no key; the message names it.
    """
    try:
        key = base64.urlsafe_b64decode(file.read_text(encoding="ascii").strip() + "==")
    except (OSError, UnicodeDecodeError, binascii.Error) as error:
        raise KeyringError(f"{file}: holds no key; make one with `python run.py keys make FILE`") from error
    if len(key) != KEY_BYTES:
        raise KeyringError(f"{file}: holds no key of 256 bits; make one with `python run.py keys make FILE`")
    return key


def key_id(key: bytes) -> bytes:
    """Return what names `key` in sealed values and in the names of files; it tells nothing of the key."""
    return hashlib.sha256(b"hub key id" + key).digest()[:KEY_ID_BYTES]


def _give_to_owner_of(folder: Path, descriptor: int) -> None:
    owner, me = folder.stat(), os.geteuid()
    if me == 0 and owner.st_uid != me:
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _give_name(unfinished: Path, file: Path) -> None:
    """Make `unfinished` appear as `file`, whole; never in place of another.

    Raises:
        FileExistsError: There is a file already.
    """
    try:
        os.link(unfinished, file)  # unlike a rename it never overwrites
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if file.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(file)) from None
        unfinished.rename(file)


def _ids(ring: _Ring) -> list[str]:
    return [ring.first.hex(), *sorted(key.hex() for key in ring.ciphers if key != ring.first)]
