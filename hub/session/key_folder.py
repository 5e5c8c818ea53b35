"""Read session keys from a folder of dated key files, from single files, or from both; choose the key that encrypts.

A key in the folder decrypts at once. It encrypts only when it is `activation_seconds` old: until then, other hubs may not have
it and could not decrypt what it encrypts. The file name contains the time at which the key was made, so that all hubs choose
the same key, also after the file was copied.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Self

from hub.config.settings import Settings
from hub.session.keyring import KEY_BYTES, KeyringError, key_id, read_key, sync_folder, write_key

SUFFIX = ".key"
TIME_FORMAT = "%Y%m%dT%H%M%SZ"
OUTLIVING_SECONDS = 1200.0  # records may stay in Redis for this much longer than their session, clock differences included


@dataclass(frozen=True, slots=True)
class DatedKey:
    """One key of the folder.

    Attributes:
        made_at: Epoch seconds.
    """

    file: Path
    made_at: float
    key: bytes

    @property
    def id(self) -> str:
        """The ID of the key in encrypted records."""
        return key_id(self.key).hex()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySources:
    """The files that the settings name.

    Attributes:
        files: Single key files. The first encrypts, unless a key of the folder is old enough.
        folder: Folder of dated keys, or None.
        activation_seconds: Age at which a key of the folder encrypts.
    """

    files: Sequence[Path] = ()
    folder: Path | None = None
    activation_seconds: float = 0.0

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the sources in `settings`; without any, a hub with a private Redis has a folder in `redis.data_dir`."""
        session = settings.session
        folder = Path(session.key_dir) if session.key_dir else None
        if folder is None and not session.key_files and not settings.redis.url:
            folder = Path(settings.redis.data_dir) / "keys"
        return cls(
            files=[Path(name) for name in session.key_files],
            folder=folder,
            activation_seconds=session.key_activation_seconds,
        )

    def read(self, now: float) -> list[bytes]:
        """Return all keys, first the one that encrypts at `now` (epoch seconds).

        Raises:
            KeyringError: There is no key, or a file cannot be read or contains none; the message names it.
        """
        single = [read_key(file) for file in self.files]
        dated = [] if self.folder is None else read_folder(self.folder)
        if not single and not dated:
            raise KeyringError(f"{self.folder}: holds no key; make one with `python run.py keys rotate --dir {self.folder}`")
        return in_order(dated, single, now, self.activation_seconds)


def in_order(dated: Sequence[DatedKey], single: Sequence[bytes], now: float, activation_seconds: float) -> list[bytes]:
    """Return all keys, first the one that encrypts: the newest of those that are old enough.

    Single files count as older than the folder. If no key is old enough, as after the first start, the oldest key encrypts.

    Parameters:
        dated: The keys of the folder, the newest first.
        single: The keys of single files, the encrypting key first.
        now: Epoch seconds.
    """
    active = [each.key for each in dated if each.made_at + activation_seconds <= now]
    waiting = [each.key for each in reversed(dated) if each.made_at + activation_seconds > now]
    return [*active, *single, *waiting]


def outlived(dated: Sequence[DatedKey], now: float, activation_seconds: float, lifetime_seconds: float) -> list[DatedKey]:
    """Return the keys that stopped encrypting more than `lifetime_seconds` ago: no record encrypted with them is left.

    A key stops encrypting when the next newer key begins to encrypt. The key that encrypts and keys that wait are never returned.

    Parameters:
        dated: The keys of the folder, the newest first.
        now: Epoch seconds.
        lifetime_seconds: Longest life of a record.
    """
    return [older for newer, older in pairwise(dated) if newer.made_at + activation_seconds + lifetime_seconds < now]


def read_folder(folder: Path) -> list[DatedKey]:
    """Return the keys in `folder`, the newest first; an empty list if the folder does not exist.

    Raises:
        KeyringError: The folder or a key file cannot be read, or a key file contains no key; the message names it.
    """
    try:
        files = [file for file in folder.iterdir() if file.suffix == SUFFIX and not file.name.startswith(".")]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise KeyringError(f"{folder}: cannot be read ({error.strerror})") from error
    found = [dated for file in files if (dated := _read(file)) is not None]
    return sorted(found, key=lambda each: (each.made_at, each.file.name), reverse=True)


def add_key(folder: Path, now: float) -> DatedKey:
    """Write a new key, made at `now` (epoch seconds), to `folder`, which is created if necessary.

    Raises:
        OSError: The file cannot be written.
    """
    key = secrets.token_bytes(KEY_BYTES)
    file = folder / _name(key, now)
    write_key(file, key)
    return DatedKey(file, float(int(now)), key)


def remove_key(dated: DatedKey) -> None:
    """Delete a key from its folder.

    Raises:
        OSError: The file cannot be deleted.
    """
    dated.file.unlink(missing_ok=True)
    sync_folder(dated.file.parent)


def provide_keys(folder: Path, former: Path, now: float) -> None:
    """Ensure that the folder of a hub with a private Redis contains a key: that of the file `former`, or a new one.

    Raises:
        KeyringError: `former` exists and contains no key.
        OSError: The folder cannot be written.
    """
    if former.exists():
        key = read_key(former)
        name = _name(key, former.stat().st_mtime)
        if not (folder / name).exists():  # no rename: the folder may be on another file system
            write_key(folder / name, key)
        former.unlink()
    elif not read_folder(folder):
        add_key(folder, now)


def _name(key: bytes, made_at: float) -> str:
    return f"{datetime.fromtimestamp(made_at, UTC).strftime(TIME_FORMAT)}-{key_id(key).hex()}{SUFFIX}"


def _read(file: Path) -> DatedKey | None:
    """Return the key in `file`, or None if the file was deleted after the folder was listed."""
    try:
        return DatedKey(file, _made_at(file), read_key(file))
    except (KeyringError, FileNotFoundError):
        if file.exists():
            raise
        return None


def _made_at(file: Path) -> float:
    """Return when a key was made (epoch seconds): from its name, else the modification time of the file."""
    try:
        return datetime.strptime(file.name.partition("-")[0], TIME_FORMAT).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return file.stat().st_mtime
