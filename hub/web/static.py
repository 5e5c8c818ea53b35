"""The hosted application: files of one folder, and its index.html for paths that the application routes itself."""

import asyncio
import re
import secrets
from pathlib import Path
from typing import Any

import tornado.web

from hub.errors import NotFound
from hub.web.base import BaseHandler
from hub.web.site import Site
from hub.web.static_text import COMPRESSIBLE, CompressedTexts

HASHED_NAME = re.compile(r"[.-](?=\w*[0-9A-Z])[0-9A-Za-z_]{8,}\.\w+\Z")  # main-4KPJ2Q7A.js, but not my-component.js
YEAR_SECONDS = 365 * 24 * 60 * 60
NONCE = b"{nonce}"  # placeholder in pages and in the policy; replaced by a new secret in each response


class StaticHandler(BaseHandler, tornado.web.StaticFileHandler):
    """Serves the built application."""

    content_security_policy: str
    permissions_policy: str
    is_compressed = False

    def initialize(  # type: ignore[override]
        self, site: Site, root: str, content_security_policy: str, permissions_policy: str, texts: CompressedTexts
    ) -> None:
        self.site = site
        self._texts = texts
        self.content_security_policy = content_security_policy
        self.permissions_policy = permissions_policy
        tornado.web.StaticFileHandler.initialize(self, root, default_filename="index.html")
        self.set_default_headers()

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        """Return the file to serve. Navigation to a path without a file gets index.html."""
        path, index = Path(absolute_path), Path(root, "index.html")
        try:
            is_inside, is_file = path.resolve().is_relative_to(Path(root).resolve()), path.is_file()
        except (OSError, ValueError):  # an impossible file name: too long, or with a NUL
            is_inside, is_file = True, False
        if is_inside and is_file:
            return absolute_path
        is_address = self.path in ("", "/") or (self.is_navigation() and not path.suffix)
        if is_inside and is_address and index.is_file():
            return str(index.absolute())
        raise NotFound("No such file.")

    async def get(self, path: str, include_body: bool = True) -> None:
        """Serve a file: pages with a nonce placeholder get a new nonce, text files are compressed."""
        self.path = self.parse_url_path(path)
        found = self.validate_absolute_path(self.root, self.get_absolute_path(self.root, self.path)) or ""
        if found.endswith(".html") and NONCE in (page := await asyncio.to_thread(Path(found).read_bytes)):
            self._write_page(page if include_body else b"")
        elif Path(found).suffix in COMPRESSIBLE and self._takes_gzip():
            await self._write_compressed(found, include_body=include_body)
        else:
            await super().get(path, include_body)

    def _write_page(self, page: bytes) -> None:
        """Send a page with a new nonce. It must not be cached."""
        nonce = secrets.token_urlsafe(16)
        self.no_store()
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self._set_policies(self.content_security_policy.replace(NONCE.decode(), nonce))
        self.finish(page.replace(NONCE, nonce.encode()))

    async def _write_compressed(self, path: str, *, include_body: bool) -> None:
        self.absolute_path, self.is_compressed = path, True
        self.modified = self.get_modified_time()
        self.set_headers()
        self.clear_header("Accept-Ranges")
        self.set_header("Vary", "Accept-Encoding")
        if self.should_return_304():
            self.set_status(304)
            return
        body = await asyncio.to_thread(self._texts.get, path)
        self.set_header("Content-Encoding", "gzip")
        self.set_header("Content-Length", len(body))
        self.finish(body if include_body else None)

    def _takes_gzip(self) -> bool:
        headers = self.request.headers
        return "gzip" in headers.get("Accept-Encoding", "") and "Range" not in headers

    def set_extra_headers(self, path: str) -> None:
        if path_of(self).endswith(".html"):
            self._set_policies(without_nonce(self.content_security_policy))

    def _set_policies(self, content_security_policy: str) -> None:
        self.set_header("Content-Security-Policy", content_security_policy)
        if self.permissions_policy:
            self.set_header("Permissions-Policy", self.permissions_policy)

    def compute_etag(self) -> str | None:
        """Return an entity tag of the current file. Tornado would compute it once, and not notice a new build."""
        if not path_of(self):
            return None  # pages with a nonce are not cached
        status = Path(path_of(self)).stat()
        return f'"{status.st_mtime_ns:x}-{status.st_size:x}{"-gzip" if self.is_compressed else ""}"'

    def get_cache_time(self, path: str, modified: Any, mime_type: str) -> int:
        return YEAR_SECONDS if HASHED_NAME.search(path_of(self)) else 0

    def set_headers(self) -> None:
        super().set_headers()
        if HASHED_NAME.search(path_of(self)):
            self.set_header("Cache-Control", f"public, max-age={YEAR_SECONDS}, immutable")
        else:
            self.set_header("Cache-Control", "no-cache")  # cached, but revalidated each time (ETag)


def without_nonce(content_security_policy: str) -> str:
    """Return the policy of a page that has no nonce."""
    return content_security_policy.replace(f" 'nonce-{NONCE.decode()}'", "")


def path_of(handler: tornado.web.StaticFileHandler) -> str:
    """Return the path of the served file; empty before it is known."""
    return getattr(handler, "absolute_path", None) or ""
