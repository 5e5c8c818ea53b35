"""The npm packages: what is in them, what they ask for, how large they are, and that they work where they are installed."""

import gzip
import json
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.parties import workspace
from tests.parties.hub import PROJECT

CORE, CLIENT = "iris-hub-core", "iris-hub-client"
KILOBYTE = 1024
HYGIENE = {"LICENSE", "README.md", "CHANGELOG.md", "package.json"}


@pytest.fixture(scope="module")
def packages() -> Path:
    """The folder of the built packages."""
    return workspace.build_packages()


def manifest(packages: Path, name: str) -> dict[str, Any]:
    """Return the package.json of a built package."""
    content: dict[str, Any] = json.loads((packages / name / "package.json").read_text(encoding="utf-8"))
    return content


def packed(packages: Path, name: str) -> set[str]:
    """Return the paths that `npm pack` puts into the archive."""
    (report,) = json.loads(workspace.run_npm("pack", "--dry-run", "--json", str(packages / name)))
    return {file["path"] for file in report["files"]}


def size(code: str) -> float:
    """Return the kilobytes that each page loads for this code: bundled without Angular and RxJS, minified, compressed.

    What is imported only when it is needed, such as event streams, does not count.
    """
    with tempfile.TemporaryDirectory(dir=workspace.FOLDER) as folder:
        (entry := Path(folder, "entry.mjs")).write_text(code, encoding="utf-8")
        alias = [f"--alias:{name}=./dist/{name}" for name in (CORE, CLIENT)]
        outside = ["--external:@angular/*", "--external:rxjs"]
        form = ["--bundle", "--splitting", "--minify", "--format=esm", "--target=es2022"]
        workspace.run("esbuild", str(entry), *form, *alias, *outside, f"--outdir={folder}/built")
        return sum(len(gzip.compress(file.encode(), mtime=0)) for file in loaded(Path(folder, "built", "entry.js"))) / KILOBYTE


def loaded(file: Path) -> list[str]:
    """Return the texts of a module and of the modules that it imports statically."""
    text = file.read_text(encoding="utf-8")
    imported = sorted(set(re.findall(r"""(?:from|import)\s*["']\./([\w-]+\.js)["']""", text)))
    return [text, *(each for name in imported for each in loaded(file.with_name(name)))]


@pytest.mark.parametrize("name", [CORE, CLIENT])
def test_contents(packages: Path, name: str) -> None:
    """An archive has license, readme, changelog, code and types, and nothing of the workspace, such as tests or sources."""
    files = packed(packages, name)
    assert files >= {*HYGIENE, f"fesm2022/{name}.mjs", f"types/{name}.d.ts"}
    assert all(path.split("/")[0] in {*HYGIENE, "fesm2022", "types", "core", "testing", "schematics"} for path in files)
    assert not any("spec" in path or (path.endswith(".ts") and not path.endswith(".d.ts")) for path in files)
    assert (packages / name / "LICENSE").read_bytes() == (PROJECT / "LICENSE").read_bytes()


@pytest.mark.parametrize("name", [CORE, CLIENT])
def test_metadata(packages: Path, name: str) -> None:
    """Both packages have a license, a description, keywords and the same version, which the changelog names."""
    facts = manifest(packages, name)
    assert facts["license"] == "Apache-2.0"
    assert facts["description"]
    assert {"bff", "openid-connect"} <= set(facts["keywords"])
    assert facts["version"] == manifest(packages, CORE)["version"]
    assert f"## {facts['version']} " in (packages / name / "CHANGELOG.md").read_text(encoding="utf-8")
    assert not {"repository", "homepage", "bugs"} & set(facts)


def test_the_core_needs_no_framework(packages: Path) -> None:
    """An installation of the core alone gets nothing of Angular."""
    facts = manifest(packages, CORE)
    assert "peerDependencies" not in facts
    assert set(facts.get("dependencies", {})) <= {"tslib"}
    code = "".join(file.read_text(encoding="utf-8") for file in (packages / CORE / "fesm2022").glob("*.mjs"))
    assert "@angular" not in code
    assert "rxjs" not in code


def test_the_core_is_there_once(packages: Path) -> None:
    """The Angular package names the core that it needs, and both of its entry points use that code."""
    facts = manifest(packages, CLIENT)
    assert facts["dependencies"][CORE] == facts["version"]
    core = (packages / CLIENT / "fesm2022" / f"{CLIENT}-core.mjs").read_text(encoding="utf-8")
    assert "export * from 'iris-hub-core'" in core
    assert "class " not in core
    assert "class Hub " not in (packages / CLIENT / "fesm2022" / f"{CLIENT}.mjs").read_text(encoding="utf-8")


def test_entry_points(packages: Path) -> None:
    """The core has one entry point; the Angular package has a second one for it, and one for tests."""
    assert set(manifest(packages, CORE)["exports"]) == {"./package.json", "."}
    assert set(manifest(packages, CLIENT)["exports"]) == {"./package.json", ".", "./core", "./testing"}


def test_schematics(packages: Path) -> None:
    """`ng add` finds what it runs, in the form that the command line of Angular loads."""
    facts = manifest(packages, CLIENT)
    assert facts["schematics"] == "./schematics/collection.json"
    collection = json.loads((packages / CLIENT / facts["schematics"]).read_text(encoding="utf-8"))
    files = {f"schematics/{name}" for name in ("package.json", "ng-add/index.js", "ng-add/schema.json")}
    assert packed(packages, CLIENT) >= files
    assert collection["schematics"]["ng-add"]["factory"] == "./ng-add/index#ngAdd"


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize(
    ("code", "most"),
    [
        (f"export * from '{CORE}'", 15),
        (f"export {{ HubConnection, HubHttpError, HubSession, authenticatedGuard, provideHub }} from '{CLIENT}'", 18),
    ],
    ids=[CORE, CLIENT],
)
def test_size(code: str, most: float) -> None:
    """A page loads 15 KB for the core at most, and 18 KB together with the Angular part of an application of the guide."""
    assert 5 < size(code) <= most
