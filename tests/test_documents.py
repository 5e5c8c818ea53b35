"""The documents keep pace with the code: links lead somewhere, lists are complete, examples work, nothing private is told."""

import ast
import inspect
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from hub import errors
from hub.config.reader import load
from hub.config.settings import SECTIONS, SettingsError
from hub.session.ends import END_DETAILS
from hub.telemetry import access_log, audit
from hub.telemetry.metrics import Metrics

PROJECT = Path(__file__).resolve().parent.parent
DOCUMENTS = [
    PROJECT / "README.md",
    PROJECT / "CHANGELOG.md",
    *sorted(PROJECT.glob("docs/*.md")),
    PROJECT / "iris_standin/README.md",
]
CODE_BLOCK = re.compile(r"```.*?```", re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
NAMED_FILE = re.compile(r"`((?:hub|tests|iris_standin|conf|docs)/[\w./-]*)(?:::(\w+))?`")
TOML_BLOCK = re.compile(r"^( *)```toml\n(.*?)^ *```", re.DOTALL | re.MULTILINE)

NOT_OURS = re.compile(r"\.(?!ci$)\w.*|node_modules|build|dist|var|__pycache__|.*\.egg-info")
PRIVATE = re.compile(
    r"(?<![\w.<>~-])/(?:work|root|home)/[\w.]"  # folders of one machine
    r"|(?<![\w.<>~-])/tmp/[\w.]"
    r"|https?://(?:registry\.npmjs\.org|pypi\.org|files\.pythonhosted\.org|registry\.yarnpkg\.com)"
)


def _texts() -> Iterator[tuple[Path, str]]:
    """Yield the text files of the project; without git, so that it works in an unpacked archive too."""
    for folder, folders, files in os.walk(PROJECT):
        files = [name for name in files if name != ".git"]  # in a second worktree it is a file, which names the first
        folders[:] = [name for name in folders if not NOT_OURS.fullmatch(name)]
        for file in (Path(folder, name) for name in files if name != ".git"):  # in a worktree it is a file
            try:
                yield file, file.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue  # an image, not a text


def _anchors(document: Path) -> set[str]:
    """Return the fragments under which the headings of a document are reached."""
    text = CODE_BLOCK.sub("", document.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _classes(root: type[errors.HubError]) -> Iterator[type[errors.HubError]]:
    yield root
    for child in root.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _classes(child)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_links_lead_somewhere(document: Path) -> None:
    """Every relative link names a file that is there, and a heading that is in it."""
    for target in LINK.findall(CODE_BLOCK.sub("", document.read_text(encoding="utf-8"))):
        if target.startswith(("https://", "http://")):
            continue
        path, _, fragment = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.exists(), target
        assert not fragment or fragment in _anchors(file), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_named_files_and_tests_exist(document: Path) -> None:
    """A file of ours that stands in a document is there, and so is a test that is named with it."""
    for path, test in NAMED_FILE.findall(document.read_text(encoding="utf-8")):
        file = PROJECT / path
        assert file.exists(), path
        assert not test or re.search(rf"def {test}\b", file.read_text(encoding="utf-8")), f"{path}::{test}"


def test_every_problem_is_described() -> None:
    """The table of problems names each slug of the error tree with its status, and no other."""
    text = (PROJECT / "docs/http-api.md").read_text(encoding="utf-8")
    table = text.partition("## Problems")[2]
    described = dict(re.findall(r"^\| `([\w-]+)` \| (\d{3}) \|", table, re.MULTILINE))

    assert {kind.slug: str(kind.status) for kind in _classes(errors.HubError)} == described


def test_every_end_of_a_session_is_described() -> None:
    """The reasons for which a session ends stand in the document for those who write the page."""
    text = (PROJECT / "docs/http-api.md").read_text(encoding="utf-8")

    assert [reason for reason in END_DETAILS if f"| `{reason}` |" not in text] == []


def test_every_metric_is_described() -> None:
    """The table of metrics names each, and no other."""
    names = set(re.findall(r'"(hub_\w+)"', inspect.getsource(Metrics)))
    described = re.findall(r"^\| `(hub_\w+)` \|", (PROJECT / "docs/operating.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert names == set(described)


def test_every_log_event_is_described() -> None:
    """The table of the log names each event that the hub writes, and no other."""
    text = (PROJECT / "docs/operating.md").read_text(encoding="utf-8").partition("## Logs")[2].partition("## ")[0]
    rows = re.findall(r"^\| (`.*?`) \|", text, re.MULTILINE)
    described = [name for row in rows for name in re.findall(r"`([\w.]+)`", row)]
    written = {access_log.EVENT}.union(*map(_log_events, PROJECT.glob("hub/**/*.py")))

    assert sorted(described) == sorted(written)


def test_renamed_log_events() -> None:
    """The table of renamed events in the changelog leads from names that the hub no longer writes to names that it writes."""
    text = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    renamed = dict(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \| `([a-z_]+\.[a-z_]+)` \|$", text, re.MULTILINE))
    written = set().union(*map(_log_events, PROJECT.glob("hub/**/*.py")))

    assert renamed
    assert (set(renamed) & written, set(renamed.values()) - written) == (set(), set())


def test_every_audit_event_is_described() -> None:
    """The table of the audit names each event that there can be, and no other; each is written somewhere."""
    text = (PROJECT / "docs/operating.md").read_text(encoding="utf-8").partition("## Audit")[2].partition("## ")[0]
    described = set(re.findall(r"`(audit\.\w+)`", "".join(re.findall(r"^\| (`.*?`) \|", text, re.MULTILINE))))
    source = "".join(file.read_text(encoding="utf-8") for file in PROJECT.glob("hub/**/*.py") if file.name != "audit.py")

    assert described == set(get_args(audit.Event))
    assert [name for name in sorted(described) if f'"{name}"' not in source] == []


def test_every_section_of_the_settings_is_mentioned() -> None:
    """The overview of the settings has a row for each section."""
    text = (PROJECT / "docs/operating.md").read_text(encoding="utf-8")

    assert [name for name in SECTIONS if f"| `[{name}]` |" not in text] == []
    assert "| `[[routes]]` |" in text


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_settings_in_examples_exist(document: Path, tmp_path: Path) -> None:
    """The hub takes every example of settings, but for what an excerpt leaves out and for files of other machines."""
    for indent, block in TOML_BLOCK.findall(document.read_text(encoding="utf-8")):
        text = re.sub(rf"^{indent}", "", block, flags=re.MULTILINE)
        file = tmp_path / "hub.toml"
        file.write_text(text, encoding="utf-8")
        assert tomllib.loads(text)
        assert [mistake for mistake in _mistakes(file) if not _is_excusable(mistake)] == []


def test_nothing_private_is_told() -> None:
    """No file of the project names a folder of one machine or the host of a package registry."""
    found = [
        f"{file.relative_to(PROJECT)}: {hit[0]}"
        for file, text in _texts()
        if file != Path(__file__)
        for hit in PRIVATE.finditer(text)
    ]

    assert found == []


def _mistakes(file: Path) -> list[str]:
    try:
        load(file, {})
    except SettingsError as error:
        return error.mistakes
    return []


def _is_excusable(mistake: str) -> bool:
    return any(words in mistake for words in ("is missing", "there is no file", "cannot be read"))


def _log_events(file: Path) -> set[str]:
    """Return the events that a module logs: the literals that are the first argument of a logger's method."""
    calls = [node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call) and node.args]
    names = {call.args[0].value for call in calls if _is_log_call(call.func) and isinstance(call.args[0], ast.Constant)}
    return {name for name in names if re.fullmatch(r"[a-z_]+\.[a-z_]+", name)}


def _is_log_call(function: ast.expr) -> bool:
    """Return whether a call is of a logger, or of a method of it that was chosen before (`level`)."""
    match function:
        case ast.Attribute(
            value=ast.Name(id="logger" | "log" | "_log"), attr="debug" | "info" | "warning" | "error" | "critical" | "exception"
        ):
            return True
        case ast.Name(id="level"):
            return True
    return False
