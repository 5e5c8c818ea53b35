"""What an index.html says about itself in its head: where its application lives, and its language."""

from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

HEAD_BYTES = 65536  # a longer head is read in part
MAX_PAGES = 256

Attributes = list[tuple[str, str | None]]


@dataclass(frozen=True, slots=True)
class IndexPage:
    """The head of an index.html.

    Attributes:
        base: `href` of its `<base>`, as it is written; empty without one.
        language: `lang` of its `<html>`; empty without one.
    """

    base: str = ""
    language: str = ""

    def lives_at(self, folder: str) -> bool:
        """Return whether the application of this page lives in `folder`, a URL path between slashes.

        A prerendered page lies in the folder of its own address, and its `<base>` names the folder of its application.
        """
        return urlsplit(urljoin(f"http://hub{folder}", self.base)).path == folder


class IndexPages:
    """Cache of the heads of index pages. When it is full, further pages are read each time. Threads may share it."""

    def __init__(self) -> None:
        self._cached: dict[tuple[str, int, int], IndexPage] = {}

    def get(self, path: str) -> IndexPage:
        """Return the head of a page. Blocks, so do not call it in the event loop.

        Raises:
            OSError: The file cannot be read.
        """
        status = Path(path).stat()
        version = path, status.st_mtime_ns, status.st_size
        if (cached := self._cached.get(version)) is not None:
            return cached
        with Path(path).open("rb") as file:
            page = parse_head(file.read(HEAD_BYTES).decode("utf-8", "replace"))
        if len(self._cached) < MAX_PAGES:
            self._cached[version] = page
        return page


def parse_head(text: str) -> IndexPage:
    """Return what the beginning of an HTML page says about itself."""
    parser = _HeadParser()
    parser.feed(text)
    return IndexPage(parser.base or "", parser.language or "")


class _HeadParser(HTMLParser):
    """Reads the first `<base href>` and the language of the page."""

    base: str | None = None
    language: str | None = None

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        if tag == "base" and self.base is None:
            self.base = dict(attrs).get("href")
        elif tag == "html" and self.language is None:
            self.language = dict(attrs).get("lang")
