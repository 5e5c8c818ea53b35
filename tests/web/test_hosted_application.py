"""Which file of a build belongs to an address."""

from pathlib import Path

import pytest

from hub.web.hosted_application import TYPES_SECONDS, HostedApplication
from tests.parties.clock import ManualClock


def build(root: Path, **files: str) -> HostedApplication:
    """Write files, `__` in whose names is `/` and `_` is `.`, and return the application that they are."""
    for name, text in files.items():
        file = root / name.replace("__", "/").replace("_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return HostedApplication(str(root), ManualClock())


def shell(application: HostedApplication, root: Path, path: str) -> str | None:
    """Return the shell for an address, relative to the root."""
    found = application.shell_for(path)
    return None if found is None else str(Path(found).relative_to(root))


class TestShell:
    """The page for an address that names no file."""

    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("", "index.html"),
            ("patients/7", "index.html"),
            ("admin", "admin/index.html"),
            ("admin/users/7", "admin/index.html"),
            ("admin/static/none", "admin/index.html"),
            ("administration", "index.html"),
        ],
    )
    def test_nearest_folder(self, tmp_path: Path, path: str, expected: str) -> None:
        """The application in the nearest folder above the address routes it."""
        application = build(tmp_path, index_html="", admin__index_html='<base href="/admin/">', admin__static__a_js="")

        assert shell(application, tmp_path, path) == expected

    def test_prerendered_pages_stand_for_themselves(self, tmp_path: Path) -> None:
        """The page of /patients is not shown at /patients/7: the shell that renders in the browser is."""
        page = '<base href="/">'
        application = build(tmp_path, index_html=page, index_csr_html=page, patients__index_html=page)

        assert application.file_at("") == str(tmp_path / "index.html")
        assert application.file_at("patients") == str(tmp_path / "patients" / "index.html")
        assert shell(application, tmp_path, "patients/7") == "index.csr.html"

    def test_prerendered_below_a_language(self, tmp_path: Path) -> None:
        """Pages of a language are prerendered in its folder."""
        page = '<html lang="de"><base href="/de/">'
        application = build(tmp_path, de__index_html=page, de__patients__index_html=page)

        assert shell(application, tmp_path, "de/patients/7") == "de/index.html"
        assert shell(application, tmp_path, "patients") is None

    def test_no_way_out(self, tmp_path: Path) -> None:
        """Neither `..` nor a link leads to a page outside of the folder."""
        root, other = tmp_path / "root", tmp_path / "other"
        build(other, index_html="")
        application = build(root, main_js="")
        (root / "link").symlink_to(other)

        assert application.file_at("link") is application.shell_for("link/a") is None
        assert application.file_at("../other") is application.shell_for("../other/a") is None
        assert not application.is_address("../other/a")


class TestAddresses:
    """What looks like a file and is none."""

    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("users/john.doe", True),
            ("releases/1.2.3", True),
            ("report.pdf", True),
            ("main-OLD.js", False),
            ("assets/gone.SVG", False),
            ("de.js/patients", True),
            ("users/.hidden", True),
            ("a" * 300 + ".doe", True),
        ],
    )
    def test_file_types(self, tmp_path: Path, path: str, expected: bool) -> None:
        """A path that ends like a file of this build is a file; any other is an address."""
        application = build(tmp_path, index_html="", main_js="", assets__logo_svg="")

        assert application.is_address(path) is expected

    def test_new_build(self, tmp_path: Path) -> None:
        """The file types of a new build are noticed."""
        clock = ManualClock()
        application = HostedApplication(str(tmp_path), clock)
        assert application.is_address("report.pdf")
        (tmp_path / "manual.pdf").touch()
        clock.freeze(TYPES_SECONDS)

        assert not application.is_address("report.pdf")


def test_locales(tmp_path: Path) -> None:
    """A language is a folder whose index.html names both: not any application, and not a prerendered page."""
    application = build(
        tmp_path,
        de__index_html='<html lang="de"><base href="/de/">',
        **{"en-US__index_html": '<html lang="en-US"><base href="/en-US/">'},
        app__index_html='<html lang="en"><base href="/app/">',
        fr__index_html='<html lang="fr"><base href="/">',
        it__main_js="",
    )

    assert application.locales() == ["de", "en-US"]
    assert application.has_application("app")
    assert not application.has_application("it")
    assert HostedApplication(str(tmp_path / "none"), ManualClock()).locales() == []
