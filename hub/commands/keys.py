"""`hub keys`: creates, rotates, lists and removes session keys.

The command works on files only. Running hubs watch their folder of keys and notice changes by themselves.
"""

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from hub.commands.terminal import fail, lines_of, write_lines
from hub.config.reader import load
from hub.config.settings import SessionSettings, SettingsError
from hub.primitives.clock import SystemClock
from hub.session.key_folder import (
    OUTLIVING_SECONDS,
    DatedKey,
    KeySources,
    add_key,
    in_order,
    outlived,
    read_folder,
    remove_key,
)
from hub.session.keyring import KeyringError, make_key_file, read_key

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

EXIT_FAILED = 1
EXIT_USAGE = 2
DEFAULT_CONFIG = Path("conf/hub.toml")
NO_FOLDER = (
    "session.key_dir: is missing. Set it to a folder of keys, or use --dir. To create a key in a single file, use "
    "`keys make FILE` and set session.key_files."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeyLocation:
    """The folder of keys, and the times that apply to its keys."""

    folder: Path
    single: list[bytes]
    activation_seconds: float
    lifetime_seconds: float


def register(subparsers: Subparsers) -> None:
    """Add the command. Its options contain `run`, a function that takes the options and returns the exit code."""
    command = subparsers.add_parser("keys", help="create and rotate session keys")
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    making = actions.add_parser("make", help="write a new key to a single file, for session.key_files")
    making.add_argument("file", type=Path, metavar="FILE")
    making.set_defaults(run=lambda options: make(options.file))
    rotating = actions.add_parser("rotate", help="add a new key to the folder; it encrypts after session.key_activation_seconds")
    rotating.add_argument("--prune", action="store_true", help="also remove the keys that no session uses any more")
    pruning = actions.add_parser("prune", help="remove the keys that no session uses any more")
    pruning.add_argument(
        "--after",
        type=_seconds,
        metavar="SECONDS",
        help="remove keys that stopped encrypting this long ago (default: the longest lifetime of a session). Sessions that were "
        "last encrypted before that are lost",
    )
    listing = actions.add_parser("list", help="list the keys of the folder, the newest first")
    for action in (rotating, pruning, listing):
        action.add_argument("--dir", type=Path, metavar="DIR", help="folder of keys (default: that of the settings)")
        action.add_argument("--config", type=Path, default=argparse.SUPPRESS, help=f"settings file (default: {DEFAULT_CONFIG})")
        action.set_defaults(run=run)


def make(file: Path) -> int:
    """Write a new key to `file`. Return the exit code."""
    try:
        make_key_file(file)
    except OSError as error:
        return fail(EXIT_FAILED, f"{file}: cannot be written ({error.strerror}).")
    return 0


def run(options: argparse.Namespace) -> int:
    """Run an action on the folder of keys. Return the exit code."""
    try:
        place = _place(options)
        if options.action == "rotate":
            _rotate(place)
        if options.action == "prune" or (options.action == "rotate" and options.prune):
            _prune(place, place.lifetime_seconds if getattr(options, "after", None) is None else options.after)
        if options.action == "list":
            _list(place)
    except SettingsError as error:
        return fail(EXIT_USAGE, "The settings are not valid:", *lines_of(error))
    except KeyringError as error:
        return fail(EXIT_FAILED, str(error))
    except OSError as error:
        return fail(EXIT_FAILED, f"{error.filename}: cannot be changed ({error.strerror}).")
    return 0


def _place(options: argparse.Namespace) -> _KeyLocation:
    """Return the folder of keys and its times.

    Raises:
        SettingsError: The settings are not valid, or name no folder of keys.
        KeyringError: A key of the settings cannot be read.
    """
    if options.dir is not None:
        return _place_of(options.dir, SessionSettings(), [])
    settings = load(getattr(options, "config", DEFAULT_CONFIG))
    sources = KeySources.of(settings)
    if sources.folder is None:
        raise SettingsError([NO_FOLDER])
    return _place_of(sources.folder, settings.session, [read_key(file) for file in sources.files])


def _place_of(folder: Path, session: SessionSettings, single: list[bytes]) -> _KeyLocation:
    return _KeyLocation(
        folder=folder,
        single=single,
        activation_seconds=session.key_activation_seconds,
        lifetime_seconds=session.absolute_timeout_seconds + OUTLIVING_SECONDS,
    )


def _rotate(place: _KeyLocation) -> None:
    former = read_folder(place.folder)  # fails before adding a key if the folder cannot be read
    added = add_key(place.folder, SystemClock().now())
    begins = added.made_at + place.activation_seconds if former or place.single else added.made_at
    write_lines([f"{added.file}: decrypts now, encrypts from {_time(begins)}. Copy it to all machines before then."])


def _prune(place: _KeyLocation, lifetime_seconds: float) -> None:
    gone = outlived(read_folder(place.folder), SystemClock().now(), place.activation_seconds, lifetime_seconds)
    for dated in gone:
        remove_key(dated)
        write_lines([f"{dated.file}: removed."])
    if not gone:
        write_lines(["No key can be removed yet."])


def _list(place: _KeyLocation) -> None:
    dated, now = read_folder(place.folder), SystemClock().now()
    if not dated:
        raise KeyringError(f"{place.folder}: contains no key")
    first = in_order(dated, place.single, now, place.activation_seconds)[0]
    for each in dated:
        write_lines([f"{each.file.name}  {_state(each, first, now, place.activation_seconds)}"])


def _state(dated: DatedKey, first: bytes, now: float, activation_seconds: float) -> str:
    if dated.key == first:
        return "encrypts"
    begins = dated.made_at + activation_seconds
    return f"decrypts; encrypts from {_time(begins)}" if begins > now else "decrypts"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not seconds >= 0:
        raise argparse.ArgumentTypeError("must be a number of seconds, 0 or more")
    return seconds
