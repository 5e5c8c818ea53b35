"""Where the keys come from: a folder of dated key files, single files, or both; and which of them encrypts.

A new key is of no use before every hub can read it: a session sealed by one hub would be unreadable for the others. So a key in
the folder decrypts from the moment it is there, and encrypts only when it is `activation_seconds` old. Its age stands in its
name, so that all hubs come to the same answer, and copying keeps it.
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
OUTLIVING_SECONDS = 1200.0  # what is stored with a session may stay this much longer, clock differences included


@dataclass(frozen=True, slots=True)
class DatedKey:
    """One key of the folder. `made_at` is in epoch seconds."""

    file: Path
    made_at: float
    key: bytes

    @property
    def id(self) -> str:
        """What names the key in sealed values."""
        return key_id(self.key).hex()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySources:
    """What the settings say of keys.

    Attributes:
        files: Single files, the first encrypts, unless a key of the folder does.
        folder: None: there is none.
        activation_seconds: How old a key of the folder must be to encrypt.
    """

    files: Sequence[Path] = ()
    folder: Path | None = None
    activation_seconds: float = 0.0

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the sources that `settings` name. A hub with a private Redis that names none has a folder beside its data."""
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
        """Return the keys, the one that encrypts at `now` first.

        Raises:
            KeyringError: There is no key, or a file cannot be read or holds none; the message names it.
        """
        single = [read_key(file) for file in self.files]
        dated = [] if self.folder is None else read_folder(self.folder)
        if not single and not dated:
            raise KeyringError(f"{self.folder}: holds no key; make one with `python run.py keys rotate --dir {self.folder}`")
        return in_order(dated, single, now, self.activation_seconds)


def in_order(dated: Sequence[DatedKey], single: Sequence[bytes], now: float, activation_seconds: float) -> list[bytes]:
    """Return all keys, the encrypting one first: the newest that all hubs know by now.

    Single files count as older than the folder. Where nothing is old enough, as on the first day, the oldest encrypts.

    Parameters:
        dated: The keys of the folder, the newest first.
        single: The keys of single files, the encrypting one first.
    """
    active = [each.key for each in dated if each.made_at + activation_seconds <= now]
    waiting = [each.key for each in reversed(dated) if each.made_at + activation_seconds > now]
    return [*active, *single, *waiting]


def outlived(dated: Sequence[DatedKey], now: float, activation_seconds: float, lifetime_seconds: float) -> list[DatedKey]:
    """Return the keys that stopped encrypting more than `lifetime_seconds` ago, so that nothing sealed with them is left.

    A key stops encrypting when the next newer one begins to. The one that encrypts is never among them, nor one that waits.

    Parameters:
        dated: The keys of the folder, the newest first.
    """
    return [older for newer, older in pairwise(dated) if newer.made_at + activation_seconds + lifetime_seconds < now]


def read_folder(folder: Path) -> list[DatedKey]:
    """Return the keys in `folder`, the newest first; a folder that is not there holds none.

    Raises:
        KeyringError: The folder or a key file cannot be read, or a key file holds no key; the message names it.
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
    """Make a new key in `folder`, which is made too if it is not there.

    Raises:
        OSError: It cannot be written.
    """
    key = secrets.token_bytes(KEY_BYTES)
    file = folder / _name(key, now)
    write_key(file, key)
    return DatedKey(file, float(int(now)), key)


def remove_key(dated: DatedKey) -> None:
    """Take a key out of its folder.

    Raises:
        OSError: It cannot be removed.
    """
    dated.file.unlink(missing_ok=True)
    sync_folder(dated.file.parent)


def provide_keys(folder: Path, former: Path, now: float) -> None:
    """See to it that the folder of a hub with a private Redis holds a key: the one that `former` holds, or a new one.

    Raises:
        KeyringError: `former` is there and holds no key.
        OSError: The folder cannot be written.
    """
    if former.exists():
        key = read_key(former)
        name = _name(key, former.stat().st_mtime)
        if not (folder / name).exists():  # the folder may stand on another file system: no rename
            write_key(folder / name, key)
        former.unlink()
    elif not read_folder(folder):
        add_key(folder, now)


def _name(key: bytes, made_at: float) -> str:
    return f"{datetime.fromtimestamp(made_at, UTC).strftime(TIME_FORMAT)}-{key_id(key).hex()}{SUFFIX}"


def _read(file: Path) -> DatedKey | None:
    """Return the key in `file`; None if somebody has taken it out since the folder was looked at."""
    try:
        return DatedKey(file, _made_at(file), read_key(file))
    except (KeyringError, FileNotFoundError):
        if file.exists():
            raise
        return None


def _made_at(file: Path) -> float:
    """Return when a key was made: by its name, or, if that tells nothing, by when the file was written."""
    try:
        return datetime.strptime(file.name.partition("-")[0], TIME_FORMAT).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return file.stat().st_mtime
