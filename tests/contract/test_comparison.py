"""What counts as a difference from Angular's own backends, and as a documented one."""

from pathlib import Path

from tests.contract.comparison import Difference, Row, documented, undocumented, unseen

DOCUMENT = """
Text.

<!-- differences -->
| behaviors | aspects | why |
|---|---|---|
| `timeout-*`, `header` | `statusText` | It is so. |

After.
"""


def row(behavior: str = "header", **outcomes: dict[str, str]) -> Row:
    """Return a row in which all backends show the same, but for `outcomes`."""
    same = {"end": "completed", "body": "JSON {}", "statusText": "OK"}
    backends = ("xhr", "fetch", "channel", "http")
    return Row(behavior, "a header", "Headers", {name: same | outcomes.get(name, {}) for name in backends})


def test_each_aspect_may_follow_either() -> None:
    """Angular's backends differ from each other; the hub's may follow one in this and the other in that."""
    mixed = row(xhr={"a": "1", "b": "1"}, fetch={"a": "2", "b": "2"}, channel={"a": "1", "b": "2"}, http={"a": "1", "b": "2"})
    assert (mixed.differences("channel"), mixed.between_transports(), mixed.explain()) == (frozenset(), frozenset(), [])


def test_differences() -> None:
    """An aspect with another value, without a value, or of its own."""
    assert row(channel={"statusText": "Fine"}).differences("channel") == {"statusText"}
    assert row(channel={"partialText": "x"}).differences("channel") == {"partialText"}
    assert row(http={"statusText": "Fine"}).between_transports() == {"statusText"}


def test_loss() -> None:
    """Another body, another request at the API, or another end on one transport is a loss."""
    assert not row(channel={"statusText": "Fine"}).loses()
    for aspect in ("body", "end", "seen"):
        assert row(http={aspect: "another"}).loses()
    both = {"end": "failed"}
    assert not row(xhr=both, fetch=both, channel=both, http=both).loses()


def test_document(tmp_path: Path) -> None:
    """The table names behaviors, also by their beginning, and aspects."""
    path = tmp_path / "angular.md"
    path.write_text(DOCUMENT)
    differences = documented(path)
    assert differences == [Difference(("timeout-*", "header"), frozenset({"statusText"}))]
    assert undocumented([row("timeout-head", channel={"statusText": "Fine"})], differences) == []
    other = row("params", channel={"statusText": "Fine"})
    assert len(undocumented([other], differences)) == 4
    assert unseen([other], differences) == differences
    assert unseen([row(http={"statusText": "Fine"})], differences) == []
