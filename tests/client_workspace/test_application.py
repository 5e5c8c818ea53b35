"""The built application under `static/` is what its source makes."""

import json
import tempfile
from pathlib import Path

from tests.parties import workspace
from tests.parties.hub import PROJECT

BESIDE = {"3rdpartylicenses.txt", "prerendered-routes.json"}  # written beside the application, not into it


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if path.name not in BESIDE}


def test_it_is_not_stale() -> None:
    """A build of the source gives the same files, byte for byte. If it does not: `npm run build` in `client/`."""
    with tempfile.TemporaryDirectory() as folder:
        workspace.run("ng", "build", "clinic", "--output-path", folder)
        built = contents(Path(folder, "browser"))
    assert sorted(built) == sorted(contents(PROJECT / "static"))
    assert built == contents(PROJECT / "static")


def test_it_asks_for_nothing_from_elsewhere() -> None:
    """No font, script, style or picture comes from another host, and nothing is inline but what the nonce allows."""
    index = (PROJECT / "static" / "index.html").read_text(encoding="utf-8")
    assert "http://" not in index
    assert "https://" not in index
    assert "<style" not in index
    assert 'ngcspnonce="{nonce}"' in index


def test_packages_are_locked_without_addresses() -> None:
    """The lock file names versions and digests, and no place to get them from: every registry will do."""
    lock = json.loads((workspace.FOLDER / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert not any("resolved" in entry for entry in packages.values())
    assert all("integrity" in entry for entry in packages.values() if not entry.get("inBundle"))
