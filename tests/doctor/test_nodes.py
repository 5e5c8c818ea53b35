"""What the doctor says of nodes that differ."""

import pytest

from hub.doctor.findings import Finding
from hub.doctor.nodes import compare_nodes
from hub.session.node_description import NodeDescription
from tests.session.samples import ISSUERS, make_node

LAB = {"lab": "https://lab.example"}
BOTH = ISSUERS | LAB


def said(*nodes: NodeDescription) -> list[tuple[str, str, str]]:
    """Return node, level and the first words of each finding."""
    return [(each.about, each.level, " ".join(each.message.split()[:5]).rstrip(",")) for each in compare_nodes(nodes)]


def test_no_node() -> None:
    """Nothing can be compared."""
    (finding,) = compare_nodes([])

    assert (finding.level, bool(finding.advice)) == ("skipped", True)


def test_all_alike() -> None:
    """Many workers of nodes that have the same: one finding, which names the nodes."""
    nodes = [make_node("aa", "bb", name=name, process=number) for name in ("one", "two") for number in range(3)]

    assert compare_nodes(nodes) == [Finding("nodes", "redis.url", "ok", "have the same session keys and providers: one, two")]


def test_who_lacks_what() -> None:
    """Each node with what it lacks, once for all of its workers. An encrypting key and a provider are failures for users."""
    old = [make_node("aa", name="old", process=number) for number in (1, 2)]
    new = make_node("bb", "aa", name="new", providers=BOTH)
    ahead = make_node("bb", name="ahead", providers=BOTH)

    assert said(*old, new, ahead) == [
        ("ahead", "failure", "lacks the session key aa"),
        ("old", "failure", "lacks the session key bb"),
        ("old", "failure", "lacks the provider lab (https://lab.example)"),
    ]


def test_key_that_decrypts_only() -> None:
    """A former key that only some nodes still have is a warning."""
    one, two = make_node("bb", name="one"), make_node("bb", "aa", name="two")

    assert said(one, two) == [("one", "warning", "lacks the session key aa")]


def test_workers_of_one_node_differ() -> None:
    """A worker that has not read the new key is found, although another one of its node has."""
    assert said(make_node("aa"), make_node("bb", "aa", process=2)) == [("one:8080", "failure", "lacks the session key bb")]


@pytest.mark.parametrize("issuer", ["https://other.example"])
def test_name_of_another_issuer(issuer: str) -> None:
    """Nodes that mean different providers by one name lack each other's."""
    found = said(make_node("aa", name="one", providers=LAB), make_node("aa", name="two", providers={"lab": issuer}))

    assert [(about, level) for about, level, _ in found] == [("one", "failure"), ("two", "failure")]
