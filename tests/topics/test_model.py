"""Topics: whose events are whose, and which settings hold."""

from dataclasses import replace

import pytest

from hub.config.settings import PublisherSettings, TopicSettings
from hub.primitives.secret import Secret
from hub.session.model import SessionId
from hub.topics.model import Recipient, has_scope, may_publish, order, publisher_of, topic_of
from tests.session.samples import make_session, make_tokens

SESSION = replace(make_session(SessionId.generate()), tokens=replace(make_tokens(), scope="openid lab.read"))


@pytest.mark.parametrize(
    ("recipient", "expected"),
    [
        (Recipient(), True),
        (Recipient(subject="alice"), True),
        (Recipient(subject="bob"), False),
        (Recipient(issuer=SESSION.issuer), True),
        (Recipient(issuer="https://other.example"), False),
        (Recipient(session=SESSION.key), True),
        (Recipient(session="0" * 64), False),
        (Recipient(scope="lab.read"), True),
        (Recipient(scope="lab.write"), False),
        (Recipient(subject="alice", issuer=SESSION.issuer, session=SESSION.key, scope="openid"), True),
        (Recipient(subject="alice", issuer="https://other.example"), False),
        (Recipient(subject="alice", scope="lab.write"), False),
    ],
)
def test_recipients(recipient: Recipient, expected: bool) -> None:
    """An event is for those who match all of its members."""
    assert recipient.matches(SESSION) is expected


@pytest.mark.parametrize(
    ("scope", "expected"), [("", True), ("openid", True), ("lab", False), ("lab.read", True), ("read", False)]
)
def test_scope(scope: str, expected: bool) -> None:
    """Whole words count."""
    assert has_scope(SESSION, scope) is expected


def test_order_of_positions() -> None:
    """They are compared as numbers, not as texts."""
    positions = ["9-0", "10-0", "10-2", "10-10"]

    assert [order(position) for position in positions] == [(9, 0), (10, 0), (10, 2), (10, 10)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lab", "lab"),
        ("lab/1", "lab/*"),
        ("lab/results/1", "lab/results/*"),
        ("lab/results/urgent", "lab/results/urgent"),
        ("pharmacy", None),
        ("lab 1", None),
        ("", None),
    ],
)
def test_settings_of_a_topic(name: str, expected: str | None) -> None:
    """The exact name first, then the longest pattern; a name that no topic can have has none."""
    topics = [TopicSettings(name=each) for each in ("lab/*", "lab", "lab/results/*", "lab/results/urgent")]
    found = topic_of(topics, name)

    assert (found and found.name) == expected


def test_pattern_for_everything() -> None:
    """It covers names, and not what is none."""
    topics = [TopicSettings(name="*")]

    assert topic_of(topics, "lab") is topics[0]
    assert topic_of(topics, "lab 1") is None


def test_publishers() -> None:
    """The secret names the publisher, and its patterns say to which topics. An empty secret is nobody's."""
    lab = PublisherSettings(name="lab", token=Secret("s" * 32), topics=["lab/*", "news"])
    nobody = PublisherSettings(name="nobody", token=Secret(""), topics=["*"])

    assert publisher_of([nobody, lab], Secret("s" * 32)) is lab
    assert publisher_of([nobody, lab], Secret("s" * 31)) is None
    assert publisher_of([nobody, lab], Secret("")) is None
    assert [may_publish(lab, name) for name in ("lab/1", "lab", "news", "newsletter")] == [True, False, True, False]
