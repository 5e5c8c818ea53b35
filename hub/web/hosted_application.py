"""Finds the file of the hosted application for an address: a file, a prerendered page, or the shell that routes the address."""

import os
import re
from pathlib import Path

from hub.primitives.clock import Clock
from hub.web.index_pages import IndexPages

INDEX = "index.html"
CLIENT_RENDERED = "index.csr.html"  # Angular's shell beside a prerendered index.html
TYPES_SECONDS = 1.0  # how long the file types of a build are cached
LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class HostedApplication:
    """A folder with one built application, or with several in folders of their own, such as one for each language.

    All methods block. Nothing outside of the folder is ever found, not by links either. Threads may share it.
    """

    def __init__(self, root: str, clock: Clock) -> None:
        """Parameters:
        root: The folder; it need not exist yet, and a new build in it is noticed.
        """
        self._root = Path(root).absolute()
        self._clock = clock
        self._pages = IndexPages()
        self._types: tuple[float, frozenset[str]] = 0.0, frozenset()

    def file_at(self, path: str) -> str | None:
        """Return the file that a URL path names, or the index.html of the folder that it names: a prerendered page."""
        place = self._place(path)
        return None if place is None else self._readable(place) or self._readable(place / INDEX)

    def is_address(self, path: str) -> bool:
        """Return whether the application may route a URL path: it does not end like a file of the build."""
        place = self._place(path)
        return place is not None and (not place.suffix or place.suffix.lower() not in self._file_types())

    def shell_for(self, path: str) -> str | None:
        """Return the page whose script routes an address: that of the application in the nearest folder above it."""
        place = self._place(path)
        folders = [] if place is None else self._folders_to(place)
        return next((shell for folder in reversed(folders) if (shell := self._shell_in(folder))), None)

    def locales(self) -> list[str]:
        """Return the folders of the root that have the name of a language and an application in it, sorted.

        Angular's build makes them for `localize`: each index.html names its folder as base, and its language.
        """
        if not self._root.is_dir():
            return []
        return sorted(folder.name for folder in self._root.iterdir() if self._is_locale(folder))

    def has_application(self, folder: str) -> bool:
        """Return whether a folder of the root has an index.html."""
        return bool(folder) and self._readable(self._root / folder / INDEX) is not None

    def _place(self, path: str) -> Path | None:
        """Return where a URL path leads in the file system; None if that is outside of the folder."""
        place = Path(os.path.normpath(self._root / path))
        return place if place.is_relative_to(self._root) else None

    def _readable(self, place: Path) -> str | None:
        """Return `place` if it is a file, and no link out of the folder."""
        try:
            is_inside = place.is_file() and place.resolve().is_relative_to(self._root.resolve())
        except (OSError, ValueError):  # an impossible file name: too long, or with a NUL
            return None
        return str(place) if is_inside else None

    def _folders_to(self, place: Path) -> list[Path]:
        """Return the folders from the root towards `place`, as far as they exist."""
        folders = [self._root]
        for name in place.relative_to(self._root).parts:
            folder = folders[-1] / name
            if not _is_folder(folder):
                break
            folders.append(folder)
        return folders

    def _shell_in(self, folder: Path) -> str | None:
        """Return the shell of the application that lives in `folder`. A prerendered page is none for other addresses."""
        if shell := self._readable(folder / CLIENT_RENDERED):
            return shell
        index = self._readable(folder / INDEX)
        if index is None or folder == self._root:
            return index
        return index if self._pages.get(index).lives_at(f"/{folder.relative_to(self._root).as_posix()}/") else None

    def _is_locale(self, folder: Path) -> bool:
        if not LANGUAGE_TAG.fullmatch(folder.name) or (index := self._readable(folder / INDEX)) is None:
            return False
        page = self._pages.get(index)
        return page.language.lower() == folder.name.lower() and page.lives_at(f"/{folder.name}/")

    def _file_types(self) -> frozenset[str]:
        """Return the suffixes of all files of the build, in lower case."""
        expires_at, types = self._types
        if self._clock.monotonic() >= expires_at:
            names = (name for _, _, files in os.walk(self._root) for name in files)
            types = frozenset(Path(name).suffix.lower() for name in names)
            self._types = self._clock.monotonic() + TYPES_SECONDS, types
        return types


def _is_folder(place: Path) -> bool:
    try:
        return place.is_dir()
    except (OSError, ValueError):  # an impossible name
        return False
