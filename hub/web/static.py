"""The hosted application: files of one folder, and its index.html for every address that the application routes itself."""

import re
from pathlib import Path
from typing import Any

import tornado.web

from hub.errors import NotFound
from hub.web.base import BaseHandler, Site

HASHED_NAME = re.compile(r"[.-](?=\w*[0-9A-Z])[0-9A-Za-z_]{8,}\.\w+$")  # main-4KPJ2Q7A.js, but not my-component.js
YEAR_SECONDS = 365 * 24 * 60 * 60


class StaticHandler(BaseHandler, tornado.web.StaticFileHandler):
    """Serves the built application."""

    content_security_policy: str

    def initialize(self, site: Site, root: str, content_security_policy: str) -> None:  # type: ignore[override]
        self.site = site
        self.content_security_policy = content_security_policy
        tornado.web.StaticFileHandler.initialize(self, root, default_filename="index.html")
        self.set_default_headers()

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        """Return the file to serve: index.html where an address names no file and a person opens it."""
        path, index = Path(absolute_path), Path(root, "index.html")
        try:
            is_inside, is_file = path.resolve().is_relative_to(Path(root).resolve()), path.is_file()
        except (OSError, ValueError):  # a name that no file can have: too long, or with a null in it
            is_inside, is_file = True, False
        if is_inside and is_file:
            return absolute_path
        is_address = self.path in ("", "/") or (self.is_navigation() and not path.suffix)
        if is_inside and is_address and index.is_file():
            return str(index.absolute())
        raise NotFound("No such file.")

    def set_extra_headers(self, path: str) -> None:
        if path_of(self).endswith(".html"):
            self.set_header("Content-Security-Policy", self.content_security_policy)

    def compute_etag(self) -> str:
        """Return a tag of the file as it is now. Tornado's own is made once: a new build would stay unseen until a restart."""
        status = Path(path_of(self)).stat()
        return f'"{status.st_mtime_ns:x}-{status.st_size:x}"'

    def get_cache_time(self, path: str, modified: Any, mime_type: str) -> int:
        return YEAR_SECONDS if HASHED_NAME.search(path_of(self)) else 0

    def set_headers(self) -> None:
        super().set_headers()
        if HASHED_NAME.search(path_of(self)):
            self.set_header("Cache-Control", f"public, max-age={YEAR_SECONDS}, immutable")
        else:
            self.set_header("Cache-Control", "no-cache")  # kept, but asked about each time (ETag)


def path_of(handler: tornado.web.StaticFileHandler) -> str:
    """Return the path of the file that `handler` serves; empty before it is known."""
    return handler.absolute_path or ""
