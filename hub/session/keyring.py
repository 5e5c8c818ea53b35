"""Authenticated encryption with several keys: the first encrypts, all decrypt. AES-256-GCM (NIST SP 800-38D).

A sealed value is: format version (1 byte), key id (4 bytes), nonce (12 bytes), ciphertext with tag. The name under which it is
stored goes in as associated data, so that a sealed value cannot be moved to another name.
"""

import base64
import binascii
import hashlib
import os
import secrets
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


class Keyring:
    """The keys of this hub."""

    def __init__(self, keys: list[bytes]) -> None:
        """Take the keys, the encrypting one first.

        Raises:
            KeyringError: There is no key, or one is not 256 bits long.
        """
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise KeyringError("a key must be 256 bits long")
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        self._first = _key_id(keys[0])

    @classmethod
    def read(cls, files: list[Path]) -> Self:
        """Read one key (base64url) from each file.

        Raises:
            KeyringError: A file cannot be read or holds no key; the message names it.
        """
        return cls([_read_key(file) for file in files])

    def seal(self, plaintext: bytes, name: str) -> bytes:
        """Encrypt `plaintext` for the place called `name`."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return FORMAT + self._first + nonce + self._ciphers[self._first].encrypt(nonce, plaintext, name.encode())

    def open(self, sealed: bytes, name: str) -> bytes:
        """Decrypt what was sealed for `name`.

        Raises:
            KeyringError: It was sealed with another key, for another name, or was changed.
        """
        key_id, nonce = sealed[1 : 1 + KEY_ID_BYTES], sealed[1 + KEY_ID_BYTES : 1 + KEY_ID_BYTES + NONCE_BYTES]
        cipher = self._ciphers.get(key_id)
        if sealed[:1] != FORMAT or cipher is None:
            raise KeyringError("sealed with a key that is not in session.key_files")
        try:
            return cipher.decrypt(nonce, sealed[1 + KEY_ID_BYTES + NONCE_BYTES :], name.encode())
        except (InvalidTag, ValueError) as error:
            raise KeyringError("the sealed value was changed") from error


def make_key_file(file: Path) -> None:
    """Write a new random key to `file`, readable by its owner only.

    Raises:
        FileExistsError: There is a file already; a key is never overwritten, since sessions would be lost.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"hub key id" + key).digest()[:KEY_ID_BYTES]


def _read_key(file: Path) -> bytes:
    try:
        key = base64.urlsafe_b64decode(file.read_text(encoding="ascii").strip() + "==")
    except (OSError, UnicodeDecodeError, binascii.Error) as error:
        raise KeyringError(f"{file}: holds no key; make one with `python run.py --make-key FILE`") from error
    if len(key) != KEY_BYTES:
        raise KeyringError(f"{file}: holds no key of 256 bits; make one with `python run.py --make-key FILE`")
    return key
