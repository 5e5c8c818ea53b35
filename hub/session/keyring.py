"""Authenticated encryption with several keys: the first encrypts, all decrypt. AES-256-GCM (NIST SP 800-38D).

A sealed value consists of: format version (1 byte), key ID (4 bytes), nonce (12 bytes), ciphertext with tag. The name under
which it is stored is associated data: a value that was moved to another name cannot be decrypted.

What stays readable in Redis has a tag: format version (1 byte), key ID (4 bytes), HMAC-SHA256 (RFC 2104) over name and value,
by a key that is derived from the session key.
"""

import base64
import binascii
import errno
import hashlib
import hmac
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
TAG_FORMAT = b"\x02"
KEY_BYTES = 32
KEY_ID_BYTES = 4
NONCE_BYTES = 12
SEALED_HEADER_BYTES = 1 + KEY_ID_BYTES + NONCE_BYTES  # in clear, and different in each sealed value


class KeyringError(ValueError):
    """A key file contains no key, or a value was changed or encrypted with a key that is not in the ring."""


class UnknownSessionKey(KeyringError):
    """A value was made with a key that is not in the ring.

    Attributes:
        key_id: ID of this key, hexadecimal.
    """

    def __init__(self, key_id: str) -> None:
        super().__init__(f"made with the key {key_id}, which is not in session.key_files or session.key_dir")
        self.key_id = key_id


@dataclass(frozen=True, slots=True)
class _Ring:
    """An immutable set of keys.

    Attributes:
        first: ID of the key that encrypts.
        ciphers: The keys by their IDs.
        macs: HMACs without a message, by keys that are derived from them for tags; a copy is faster than a new one.
    """

    first: bytes
    ciphers: Mapping[bytes, AESGCM]
    macs: Mapping[bytes, hmac.HMAC]

    @classmethod
    def of(cls, keys: list[bytes]) -> Self:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise KeyringError("a key must be 256 bits long")
        return cls(key_id(keys[0]), {key_id(key): AESGCM(key) for key in keys}, {key_id(key): _empty_mac(key) for key in keys})


class Keyring:
    """Encrypts and decrypts with the session keys of this hub. The keys can be replaced at any time."""

    def __init__(self, keys: list[bytes], on_unknown_key: Callable[[], None] | None = None) -> None:
        """Use `keys`, the encrypting key first.

        Parameters:
            on_unknown_key: Called before a value with an unknown key is rejected: another hub may have a newer key. It may call
                `replace`.

        Raises:
            KeyringError: There is no key, or a key is not 256 bits long.
        """
        self._ring = _Ring.of(keys)
        self._on_unknown_key = on_unknown_key

    @classmethod
    def read(cls, files: list[Path]) -> Self:
        """Return a keyring with one key (base64url) from each file.

        Raises:
            KeyringError: A file cannot be read or contains no key; the message names it.
        """
        return cls([read_key(file) for file in files])

    def replace(self, keys: list[bytes]) -> bool:
        """Use `keys` from now on, the encrypting key first. Return whether this changes anything.

        Raises:
            KeyringError: There is no key, or a key is not 256 bits long; the former keys stay.
        """
        former, self._ring = self._ring, _Ring.of(keys)
        return self.key_ids != _ids(former)

    @property
    def key_ids(self) -> list[str]:
        """The IDs of the keys, the encrypting key first. They are not secret."""
        return _ids(self._ring)

    def seal(self, plaintext: bytes, name: str, key: bytes = b"") -> bytes:
        """Return `plaintext` encrypted for the record called `name`.

        Parameters:
            key: ID of the key to encrypt with, as `key_of` returns it; the encrypting key if the ring has no such key.
        """
        ring, nonce = self._ring, secrets.token_bytes(NONCE_BYTES)
        key = key if key in ring.ciphers else ring.first
        return FORMAT + key + nonce + ring.ciphers[key].encrypt(nonce, plaintext, name.encode())

    @staticmethod
    def key_of(sealed: bytes) -> bytes:
        """Return the ID of the key with which a value was encrypted."""
        return sealed[1 : 1 + KEY_ID_BYTES]

    def open(self, sealed: bytes, name: str) -> bytes:
        """Return the plaintext of a value that was encrypted for `name`.

        Raises:
            UnknownSessionKey: The value was encrypted with a key that is not in the ring.
            KeyringError: The value was encrypted for another name, or was changed.
        """
        nonce = sealed[1 + KEY_ID_BYTES : SEALED_HEADER_BYTES]
        cipher = self._cipher(sealed)
        try:
            return cipher.decrypt(nonce, sealed[SEALED_HEADER_BYTES:], name.encode())
        except (InvalidTag, ValueError) as error:
            raise KeyringError("the sealed value was changed") from error

    def is_current(self, sealed: bytes) -> bool:
        """Return whether `sealed` was encrypted with the current key. If not, encrypt it again."""
        return sealed[: 1 + KEY_ID_BYTES] == FORMAT + self._ring.first

    def mac(self, message: bytes, name: str) -> bytes:
        """Return the tag of a value that stays readable, for the place called `name`."""
        ring = self._ring
        return TAG_FORMAT + ring.first + _tag(ring.macs[ring.first], message, name)

    def verify(self, tag: bytes, message: bytes, name: str) -> bool:
        """Return whether `tag` is the tag of this value in this place, by any key of the ring."""
        try:
            made_with = self._maker(tag, TAG_FORMAT)
        except KeyringError:
            return False
        return hmac.compare_digest(tag[1 + KEY_ID_BYTES :], _tag(self._ring.macs[made_with], message, name))

    def require_key_of(self, tag: bytes) -> None:
        """Return if the ring has the key that made `tag`.

        Raises:
            UnknownSessionKey: It has not, so nobody here can tell whether the tag is genuine.
            KeyringError: `tag` is no tag.
        """
        self._maker(tag, TAG_FORMAT)

    def _cipher(self, sealed: bytes) -> AESGCM:
        key = self._maker(sealed, FORMAT)  # may replace the ring
        return self._ring.ciphers[key]

    def _maker(self, made: bytes, form: bytes) -> bytes:
        """Return the ID of the key that made a sealed value or a tag, after looking for a newer key if the ring lacks it."""
        key = made[1 : 1 + KEY_ID_BYTES]
        if made[:1] != form or len(key) != KEY_ID_BYTES:
            raise KeyringError("neither a sealed value nor a tag of this format")
        if key not in self._ring.ciphers and self._on_unknown_key is not None:
            self._on_unknown_key()
        if key not in self._ring.ciphers:
            raise UnknownSessionKey(key.hex())
        return key


def make_key_file(file: Path) -> None:
    """Write a new random key to `file`, readable by its owner only.

    Raises:
        FileExistsError: The file exists. A key is never overwritten, because sessions would be lost.
        OSError: The file cannot be written.
    """
    write_key(file, secrets.token_bytes(KEY_BYTES))


def write_key(file: Path, key: bytes) -> None:
    """Write `key` to `file` atomically: a concurrent reader, or one after a crash, finds the whole key or no file.

    If root writes, the file gets the owner of its folder, because an unprivileged hub has to read it.

    Raises:
        FileExistsError: The file exists. A key is never overwritten, because sessions would be lost.
        OSError: The file cannot be written.
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
    """Flush the directory entries of `folder` to disk, so that a power failure does not undo them."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # some network file systems do not support it and do not need it
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_key(file: Path) -> bytes:
    """Return the key in `file`.

    Raises:
        KeyringError: The file cannot be read or contains no key; the message names it.
    """
    try:
        key = base64.urlsafe_b64decode(file.read_text(encoding="ascii").strip() + "==")
    except (OSError, UnicodeDecodeError, binascii.Error) as error:
        raise KeyringError(f"{file}: holds no key; make one with `python run.py keys make FILE`") from error
    if len(key) != KEY_BYTES:
        raise KeyringError(f"{file}: holds no key of 256 bits; make one with `python run.py keys make FILE`")
    return key


def key_id(key: bytes) -> bytes:
    """Return the ID of `key` for encrypted values and file names. It does not disclose the key."""
    return hashlib.sha256(b"hub key id" + key).digest()[:KEY_ID_BYTES]


def _empty_mac(key: bytes) -> hmac.HMAC:
    """Return an HMAC whose key is derived from a session key (RFC 5869, expand, one block)."""
    return hmac.new(hmac.digest(key, b"hub record tag\x01", "sha256"), digestmod="sha256")


def _tag(empty: hmac.HMAC, message: bytes, name: str) -> bytes:
    place, mac = name.encode(), empty.copy()
    mac.update(len(place).to_bytes(4) + place + message)
    return mac.digest()


def _give_to_owner_of(folder: Path, descriptor: int) -> None:
    owner, me = folder.stat(), os.geteuid()
    if me == 0 and owner.st_uid != me:
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _give_name(unfinished: Path, file: Path) -> None:
    """Rename `unfinished` to `file` without overwriting.

    Raises:
        FileExistsError: The file exists.
    """
    try:
        os.link(unfinished, file)  # unlike rename, link never overwrites
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if file.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(file)) from None
        unfinished.rename(file)


def _ids(ring: _Ring) -> list[str]:
    return [ring.first.hex(), *sorted(key.hex() for key in ring.ciphers if key != ring.first)]
