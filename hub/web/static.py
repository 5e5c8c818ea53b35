"""The hosted application: its files, its pages for addresses that it routes itself, and the choice of its language."""

import asyncio
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import quote

import tornado.web

from hub.config.settings import StaticSettings
from hub.errors import NotFound
from hub.web.base import BaseHandler
from hub.web.hosted_application import HostedApplication
from hub.web.locales import choose_locale
from hub.web.site import Site
from hub.web.static_text import COMPRESSIBLE, CompressedTexts

HASHED_NAME = re.compile(r"[.-](?=\w*[0-9A-Z])[0-9A-Za-z_]{8,}\.\w+\Z")  # main-4KPJ2Q7A.js, but not my-component.js
YEAR_SECONDS = 365 * 24 * 60 * 60
NONCE = b"{nonce}"  # placeholder in pages and in the policy; replaced by a new secret in each response


class StaticHandler(BaseHandler, tornado.web.StaticFileHandler):
    """Serves the built application."""

    is_compressed = False
    _found = ""  # the file to serve

    def initialize(  # type: ignore[override]
        self, site: Site, settings: StaticSettings, files: HostedApplication, texts: CompressedTexts
    ) -> None:
        self.site = site
        self._settings = settings
        self._files = files
        self._texts = texts
        tornado.web.StaticFileHandler.initialize(self, settings.root)
        self.set_default_headers()

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """Return a decoded path. A path whose bytes are not UTF-8 names no file, but may be an address of the application."""
        return value.decode("utf-8", "replace")

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        """Return the file to serve, for Tornado."""
        return self._found

    async def get(self, path: str, include_body: bool = True) -> None:
        """Serve a file: pages with a nonce placeholder get a new nonce, text files are compressed."""
        self.path = self.parse_url_path(path)
        found = self._files.file_at(self.path) or await self._shell()
        if found is None:
            return
        self._found = found
        if found.endswith(".html") and NONCE in (page := await asyncio.to_thread(Path(found).read_bytes)):
            self._write_page(page if include_body else b"")
        elif Path(found).suffix in COMPRESSIBLE and self._takes_gzip():
            await self._write_compressed(found, include_body=include_body)
        else:
            await super().get(path, include_body)

    async def _shell(self) -> str | None:
        """Return the page that routes this address; None if the browser was redirected to its language.

        Raises:
            NotFound: The address is none of the application.
        """
        is_asked_for = self.path in ("", "/") or self.is_navigation()
        if is_asked_for and await asyncio.to_thread(self._files.is_address, self.path):
            if (shell := await asyncio.to_thread(self._files.shell_for, self.path)) is not None:
                return shell
            if locale := await asyncio.to_thread(self._preferred_locale):
                self._redirect_to(locale)
                return None
        raise NotFound("No such file.")

    def _preferred_locale(self) -> str:
        """Return the folder of the language that the browser prefers; empty if the application has no such folders."""
        locales, default = self._files.locales(), self._settings.default_locale
        if not self._files.has_application(default):
            default = next(iter(locales), "")
        if not self._settings.negotiate_locale:
            return default
        return choose_locale(self.request.headers.get("Accept-Language", ""), locales, default)

    def _redirect_to(self, locale: str) -> None:
        """Send the browser to the same address in the folder of a language, which is the base of its application."""
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Vary", "Accept-Language")
        self.redirect(f"/{quote(locale)}{self.request.uri}")

    def _write_page(self, page: bytes) -> None:
        """Send a page with a new nonce. It must not be cached."""
        nonce = secrets.token_urlsafe(16)
        self.no_store()
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self._set_policies(self._settings.page_policy.replace(NONCE.decode(), nonce))
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
            self._set_policies(without_nonce(self._settings.page_policy))

    def _set_policies(self, content_security_policy: str) -> None:
        self.set_header("Content-Security-Policy", content_security_policy)
        if self._settings.permissions_policy:
            self.set_header("Permissions-Policy", self._settings.permissions_policy)

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
