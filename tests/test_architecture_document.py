"""The tables of docs/architecture.md say what the code is: doors, layers, the top level, and the keys in Redis."""

import ast
import re

from tests.test_architecture import DOORS, HUB, LAYERS, PROJECT, TRANSPORTS
from tests.test_documents import NOT_OURS

DOCUMENT = (PROJECT / "docs/architecture.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`([^`]+)`")
REDIS_KEY = re.compile(r"(?<![\w:])hub:[a-z][a-z-]*")


def rows(title: str) -> list[list[str]]:
    """Return the cells of the first table below a heading, without its head."""
    section = DOCUMENT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def module_names(cell: str) -> set[str]:
    """Return the modules and packages that a cell names by their paths, as dotted names."""
    return {path.removesuffix(".py").rstrip("/").replace("/", ".") for path in NAMED.findall(cell)}


def test_doors() -> None:
    """Each library that talks to a party stands there with the modules that may import it."""
    said = {NAMED.findall(library)[0]: module_names(modules) for library, _, modules in rows("Doors")}

    assert said == {**DOORS, "tornado": {*DOORS["tornado"], "hub.web"}, "asyncio": TRANSPORTS}


def test_layers() -> None:
    """The rows are the layers, from the top down."""
    assert [module_names(packages) for packages, _ in rows("Layers")] == [layer - {"hub"} for layer in reversed(LAYERS)]


def test_top_level() -> None:
    """Each folder and each script of the project is explained; a file that any Python project has needs no words."""
    found = {f"{path.name}/" if path.is_dir() else path.name for path in PROJECT.iterdir() if not NOT_OURS.fullmatch(path.name)}
    scripts_and_folders = {name for name in found if name.endswith(("/", ".py"))}

    assert {NAMED.findall(entry)[0] for entry, _ in rows("Top level")} == scripts_and_folders


def test_every_redis_key_is_in_the_table() -> None:
    """Each key that a door uses stands there with what it holds, and no other one does."""
    trees = [HUB[name].tree for name in DOORS["redis"]]
    documentation = {id(node.value) for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation
    ]
    keys = " ".join(key for key, _, _ in rows("What Redis holds"))

    assert set(REDIS_KEY.findall(" ".join(texts))) == set(REDIS_KEY.findall(keys))
