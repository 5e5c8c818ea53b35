"""The hosted application: its files, its index.html for addresses of its own, nothing beside it."""

import gzip
import re
from pathlib import Path

import pytest

from hub.config.settings import DEFAULT_CONTENT_SECURITY_POLICY, DEFAULT_PERMISSIONS_POLICY
from tests.web.conftest import House

INDEX = b"<!doctype html><title>App</title>"


@pytest.mark.parametrize(
    "path", ["/", "/patients", "/patients/7/visits?page=2", "/assets", "/assets/", "/patients/", "/" + "a" * 300]
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


def test_only_angular_makes_trusted_types() -> None:
    """An injected script cannot create a Trusted Types policy of its own."""
    directives = [directive.split() for directive in DEFAULT_CONTENT_SECURITY_POLICY.split(";")]

    assert ["trusted-types", "angular", "angular#bundler", "angular#components"] in directives


@pytest.mark.parametrize("path", ["/patients", "/missing.js", "/assets/missing.png", "/assets", "/" + "a" * 300])
async def test_no_fallback_for_scripts(house: House, path: str) -> None:
    """What a script or a page asks for and is not there is missing: HTML in its place would only confuse."""
    answer = await house.fetch(path)

    assert (answer.status, answer.header("Content-Type")) == (404, "application/problem+json")
    assert answer.json()["type"] == "urn:hub:problem:not-found"


@pytest.mark.parametrize("path", ["/missing.js", "/assets/missing.png", "/main-00000000.js", "/index.htm"])
async def test_no_fallback_for_missing_files(house: House, path: str) -> None:
    """A person who opens a file that is not there sees a page that says so."""
    answer = await house.navigate(path)

    assert (answer.status, answer.header("Content-Type")) == (404, "text/html; charset=utf-8")
    assert INDEX not in answer.body


@pytest.mark.parametrize("path", ["/", "/about.html", "/patients"])
async def test_policy_on_every_page(house: House, path: str) -> None:
    """Every HTML page carries the content security policy of the settings."""
    policy = DEFAULT_CONTENT_SECURITY_POLICY.replace(" 'nonce-{nonce}'", "")
    assert (await house.navigate(path)).all("Content-Security-Policy") == [policy]


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
