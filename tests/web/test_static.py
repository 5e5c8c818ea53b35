"""The hosted application: its files, its index.html for addresses of its own, nothing beside it."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest

from hub.config.content_policies import DEFAULT, PRESETS
from hub.config.settings import DEFAULT_PERMISSIONS_POLICY
from tests.web.conftest import BuildHouse, House

INDEX = b"<!doctype html><title>App</title>"


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/patients", "/patients/7/visits?page=2", "/assets", "/assets/", "/patients/", "/" + "a" * 300),
        *("/users/john.doe", "/releases/1.2.3", "/index.htm"),
    ],
)
async def test_navigation_gets_the_index(house: House, path: str) -> None:
    """An address that the application routes itself is answered with its index.html, whoever opens it."""
    answer = await house.navigate(path)

    assert (answer.status, answer.body) == (200, INDEX)
    assert answer.header("Content-Type") == "text/html"
    assert answer.header("Cache-Control") == "no-cache"


async def test_root_for_everybody(house: House) -> None:
    """The root is index.html for scripts and old browsers too."""
    assert (await house.fetch("/")).body == (await house.ask("/")).body == INDEX


@pytest.mark.parametrize(("path", "is_page"), [("/", True), ("/about.html", True), ("/main-4KPJ2Q7A.js", False)])
async def test_pages_name_what_scripts_may_not_use(house: House, path: str, is_page: bool) -> None:
    """Pages, and only those, have the Permissions-Policy of the settings."""
    assert (await house.navigate(path)).all("Permissions-Policy") == ([DEFAULT_PERMISSIONS_POLICY] if is_page else [])


@pytest.mark.parametrize("path", ["/patients", "/missing.js", "/assets/missing.png", "/assets", "/" + "a" * 300])
async def test_no_fallback_for_scripts(house: House, path: str) -> None:
    """What a script or a page asks for and is not there is missing: HTML in its place would only confuse."""
    answer = await house.fetch(path)

    assert (answer.status, answer.header("Content-Type")) == (404, "application/problem+json")
    assert answer.json()["type"] == "urn:hub:problem:not-found"


async def test_a_service_worker_passes_a_navigation_on(house: House) -> None:
    """A worker that fetches the request of a navigation sends its `Accept`, and the Fetch Metadata of a script."""
    answer = await house.fetch("/patients", Sec_Fetch_Mode="same-origin", Accept="text/html,application/xhtml+xml,*/*;q=0.8")

    assert (answer.status, answer.body) == (200, INDEX)


@pytest.mark.parametrize("path", ["/", "/index.html", "/patients"])
@pytest.mark.parametrize("coding", ["identity", "gzip"])
async def test_index_byte_for_byte(house: House, root: Path, path: str, coding: str) -> None:
    """A page without a placeholder is the file as it was built: service workers compare it with the digest of the build."""
    built = '<!doctype html>\r\n<base href="/">\t<title>\u00c4</title><app-root></app-root>\n'.encode()
    (root / "index.html").write_bytes(built)
    answer = await house.navigate(path, Accept_Encoding=coding)

    assert answer.header("Content-Encoding") == (None if coding == "identity" else coding)
    assert built == (answer.body if coding == "identity" else gzip.decompress(answer.body))


class TestFolders:
    """A build with pages in folders."""

    async def test_prerendered_page(self, house: House, root: Path) -> None:
        """A prerendered page is served at its address to everybody, with a policy; addresses below it get the shell."""
        (root / "patients").mkdir()
        (root / "patients" / "index.html").write_text('<base href="/">Patients')
        opened, fetched = await house.navigate("/patients?page=2"), await house.ask("/patients")

        assert opened.body == fetched.body == b'<base href="/">Patients'
        assert opened.header("Content-Security-Policy")
        assert (await house.navigate("/patients/7")).body == INDEX

    @pytest.mark.parametrize(("language", "expected"), [("fr-CH,fr;q=0.9,en;q=0.8", "/fr"), ("it", "/de"), ("en-GB", "/en-US")])
    async def test_languages(self, house: House, root: Path, language: str, expected: str) -> None:
        """Angular's localized build: the browser is sent to its language, and a reload stays there."""
        self.localize(root)
        for address in ("/", "/patients/7?page=2"):
            answer = await house.navigate(address, Accept_Language=language)
            assert (answer.status, answer.header("Location")) == (302, expected + address)
            assert (answer.header("Vary"), answer.header("Cache-Control")) == ("Accept-Language", "no-cache")
        answer = await house.navigate(f"{expected}/patients/7", Accept_Language="it")
        assert (answer.status, answer.body.decode()) == (200, self.page(expected[1:]))

    async def test_files_of_no_language(self, house: House, root: Path) -> None:
        """A script that is not there is missing in all languages, and a fetch is not redirected to a page."""
        self.localize(root)

        assert (await house.navigate("/main-00000000.js")).status == 404
        assert (await house.fetch("/patients")).status == 404
        assert (await house.navigate("//evil.example/")).status == 404

    @pytest.mark.parametrize(
        ("static", "expected"),
        [
            ({"default_locale": "fr"}, "/de/"),
            ({"default_locale": "fr", "negotiate_locale": False}, "/fr/"),
            ({"default_locale": "none"}, "/de/"),
        ],
    )
    async def test_settings(self, build_house: BuildHouse, root: Path, static: dict[str, Any], expected: str) -> None:
        """An operator may choose the language of everybody, or of those whose languages there are not."""
        self.localize(root)
        async with build_house(static=static) as house:
            assert (await house.navigate("/", Accept_Language="de")).header("Location") == expected

    async def test_default_locale(self, build_house: BuildHouse, root: Path) -> None:
        """The default is for users whose languages there are not."""
        self.localize(root)
        async with build_house(static={"default_locale": "fr"}) as house:
            assert (await house.navigate("/", Accept_Language="it")).header("Location") == "/fr/"

    @staticmethod
    def page(locale: str) -> str:
        return f'<html lang="{locale}"><base href="/{locale}/">'

    @classmethod
    def localize(cls, root: Path) -> None:
        """Replace the application by one in three languages."""
        (root / "index.html").unlink()
        for locale in ("de", "en-US", "fr"):
            (root / locale).mkdir()
            (root / locale / "index.html").write_text(cls.page(locale))


@pytest.mark.parametrize("path", ["/missing.js", "/assets/missing.svg", "/main-00000000.js", "/old.html"])
async def test_no_fallback_for_missing_files(house: House, path: str) -> None:
    """A person who opens a file that is not there sees a page that says so."""
    answer = await house.navigate(path)

    assert (answer.status, answer.header("Content-Type")) == (404, "text/html; charset=utf-8")
    assert INDEX not in answer.body


@pytest.mark.parametrize("path", ["/", "/about.html", "/patients"])
async def test_policy_on_every_page(house: House, path: str) -> None:
    """Every HTML page carries the content security policy of the settings."""
    policy = DEFAULT.replace(" 'nonce-{nonce}'", "")
    assert (await house.navigate(path)).all("Content-Security-Policy") == [policy]


async def test_preset(build_house: BuildHouse) -> None:
    """The name of a preset stands for its policy."""
    async with build_house(static={"content_security_policy": "angular-legacy"}) as house:
        assert (await house.navigate("/")).all("Content-Security-Policy") == [PRESETS["angular-legacy"]]


async def test_a_page_that_asks_for_a_nonce(house: House, root: Path) -> None:
    """Its styles are known by a secret that each answer has anew; so it is never kept."""
    (root / "index.html").write_text('<app-root ngCspNonce="{nonce}"></app-root>')
    first, second = await house.navigate("/patients"), await house.navigate("/")

    nonces = [re.findall(r'ngCspNonce="([\w-]{22})"', answer.body.decode())[0] for answer in (first, second)]
    assert nonces[0] != nonces[1]
    for nonce, answer in zip(nonces, (first, second), strict=True):
        assert f"style-src 'self' 'nonce-{nonce}';" in answer.header("Content-Security-Policy")
        assert "{nonce}" not in answer.header("Content-Security-Policy")
        assert answer.header("Cache-Control") == "no-store"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/main-4KPJ2Q7A.js", "public, max-age=31536000, immutable"),
        ("/my-component.js", "no-cache"),
        ("/assets/logo.svg", "no-cache"),
        ("/about.html", "no-cache"),
        ("/", "no-cache"),
    ],
)
async def test_caching(house: House, path: str, expected: str) -> None:
    """A name with a hash in it stands for one content for ever; everything else is asked about each time."""
    answer = await house.fetch(path)

    assert (answer.status, answer.all("Cache-Control")) == (200, [expected])


@pytest.mark.parametrize("path", ["/", "/main-4KPJ2Q7A.js", "/assets/logo.svg"])
async def test_unchanged(house: House, path: str) -> None:
    """Who has the current file already is told so, with the same headers, and gets no body."""
    first = await house.fetch(path)
    again = await house.fetch(path, If_None_Match=first.header("ETag") or "")

    assert (again.status, again.body) == (304, b"")
    assert again.header("Cache-Control") == first.header("Cache-Control")


async def test_new_build(house: House) -> None:
    """A new build beside a running hub is seen at once, even if a file has kept its size."""
    old = await house.navigate("/")
    (house.root / "index.html").write_bytes(INDEX.replace(b"App", b"New"))
    new = await house.navigate("/", If_None_Match=old.header("ETag") or "")

    assert (new.status, new.body) == (200, INDEX.replace(b"App", b"New"))


@pytest.mark.parametrize(
    "path",
    [
        "/../private.txt",
        "/%2e%2e/private.txt",
        "/..%2fprivate.txt",
        "/%2e%2e%2fprivate.txt",
        "/assets/../../private.txt",
        "/assets/..%2f..%2fprivate.txt",
        "/assets/%2e%2e/%2e%2e/private.txt",
        "/..%5cprivate.txt",
        "/..\\private.txt",
        "/....//private.txt",
        "//private.txt",
        "/%252e%252e/private.txt",
        "/link.txt",
        "/private.txt%00.html",
        "/%00",
        "/%ff",
        "/index.html/../../private.txt",
    ],
)
async def test_no_escape(house: House, path: str) -> None:
    """Nothing outside the folder is served, however the way out is written; a link that leads out is no way either."""
    for answer in (await house.fetch(path), await house.navigate(path)):
        assert answer.status in (200, 400, 404)
        assert answer.body == INDEX if answer.status == 200 else b"PRIVATE" not in answer.body


async def test_escape_by_absolute_path(house: House) -> None:
    """An absolute path in the address is no absolute path on the disk."""
    target = str(house.root.parent / "private.txt")
    for path in (target, "/" + target, target.replace("/", "%2f"), "/%2f" + target.replace("/", "%2f")):
        assert b"PRIVATE" not in (await house.fetch(path)).body


async def test_head(house: House) -> None:
    """HEAD is GET without the body."""
    head, get = await house.fetch("/about.html", method="HEAD"), await house.fetch("/about.html")

    assert (head.status, head.body) == (200, b"")
    assert [name for name, _ in head.headers if name != "Date"] == [name for name, _ in get.headers if name != "Date"]


async def test_other_methods(house: House) -> None:
    """Files are read and nothing else."""
    answer = await house.fetch("/about.html", method="POST")

    assert (answer.status, answer.header("Allow")) == (405, "GET, HEAD")


async def test_nothing_built_yet(house: House) -> None:
    """Without an application there is a clear 404, not a crash."""
    (house.root / "index.html").unlink()

    assert (await house.navigate("/")).status == (await house.navigate("/patients")).status == 404


async def test_text_travels_compressed(house: House, root: Path) -> None:
    """Scripts and styles are compressed for whoever takes that, under an entity tag of their own; a new build is seen at once."""
    script = root / "main-4KPJ2Q7A.js"
    script.write_text("run();" * 1000)
    answer = await house.fetch("/main-4KPJ2Q7A.js", Accept_Encoding="gzip, br")
    plain = await house.fetch("/main-4KPJ2Q7A.js")

    assert gzip.decompress(answer.body) == plain.body == script.read_bytes()
    assert (answer.header("Content-Encoding"), answer.header("Vary")) == ("gzip", "Accept-Encoding")
    assert answer.header("Etag") != plain.header("Etag")
    tag = answer.header("Etag")
    assert (await house.fetch("/main-4KPJ2Q7A.js", Accept_Encoding="gzip", If_None_Match=tag)).status == 304

    script.write_text("walk();")
    assert gzip.decompress((await house.fetch("/main-4KPJ2Q7A.js", Accept_Encoding="gzip")).body) == b"walk();"


async def test_parts_are_not_compressed(house: House) -> None:
    """A range counts the bytes of the file."""
    answer = await house.fetch("/main-4KPJ2Q7A.js", Accept_Encoding="gzip", Range="bytes=0-2")

    assert (answer.status, answer.body) == (206, b"run")
