"""The TypeScript of the documents compiles as it stands there, templates included."""

import json
import re
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

from tests.parties import workspace
from tests.parties.hub import PROJECT

DOCUMENTS = ("docs/angular.md", "client/projects/iris-hub-core/README.md", "client/projects/iris-hub-client/README.md")
BLOCK = re.compile(r"^( *)```ts\n(.*?)^ *```", re.DOTALL | re.MULTILINE)

APPLICATION = {  # files that `ng new` makes, and that snippets import
    "app.ts": "import { Component } from '@angular/core';\n@Component({ template: '' })\nexport class App {}\n",
    "app.config.ts": "export const appConfig = { providers: [] };\n",
    "app.routes.ts": "import type { Routes } from '@angular/router';\nexport const routes: Routes = [];\n",
    "hub.ts": "export * from '../legacy/hub';\n",
}
CONFIGURATION = {
    "extends": "../tsconfig.json",
    "compilerOptions": {"noEmit": True, "types": ["vitest/globals"]},
    "include": ["*.ts"],
}


def snippets() -> Iterator[tuple[str, str]]:
    """Yield a file name for each block of TypeScript, by document and line, and the block."""
    for document in DOCUMENTS:
        text = (PROJECT / document).read_text(encoding="utf-8")
        for block in BLOCK.finditer(text):
            line = text.count("\n", 0, block.start()) + 2
            yield f"{document.replace('/', '-')}-{line}.ts", textwrap.dedent(block[2])


def check(files: dict[str, str]) -> None:
    """Compile files as a part of the workspace.

    Raises:
        AssertionError: A file does not compile; the text says which, and where.
    """
    with tempfile.TemporaryDirectory(dir=workspace.FOLDER, prefix="snippets-") as folder:
        for name, text in (APPLICATION | files | {"tsconfig.json": json.dumps(CONFIGURATION)}).items():
            Path(folder, name).write_text(text, encoding="utf-8")
        workspace.run("ngc", "-p", folder)


def test_they_compile() -> None:
    """Each block is a file that can be copied: with its imports, and without anything that is left out."""
    files = dict(snippets())
    assert len(files) >= 8
    check(files)
