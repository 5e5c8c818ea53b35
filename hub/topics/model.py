"""Events of topics: what is published, to whom, and which sessions may see it. Pure."""

import re
from collections.abc import Sequence
from typing import Annotated

import msgspec

from hub.config.settings import PublisherSettings, TopicSettings
from hub.primitives.secret import Secret
from hub.session.model import Session

TOPIC = re.compile(r"[A-Za-z0-9._~:/-]{1,128}")
POSITION = re.compile(r"\d{1,20}-\d{1,20}")

Topic = Annotated[str, msgspec.Meta(pattern=rf"^{TOPIC.pattern}\Z")]
Position = Annotated[str, msgspec.Meta(pattern=rf"^{POSITION.pattern}\Z")]
"""The position of an event in its topic's history. `order` returns a sort key."""

START: Position = "0-0"


class Recipient(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The recipients of an event: the sessions that match all members. Without members: all subscribers of the topic.

    Attributes:
        subject: The user's `sub` at the provider.
        issuer: The issuer of the user, and of the scope; empty: any.
        session: The handle of one session, as in `/sessions`.
        scope: A scope that the session's access token must have.
    """

    subject: str = ""
    issuer: str = ""
    session: str = ""
    scope: str = ""

    def matches(self, session: Session) -> bool:
        """Return whether the event is for this session."""
        return (
            self.subject in ("", session.subject)
            and self.issuer in ("", session.issuer)
            and self.session in ("", session.key)
            and has_scope(session, self.scope)
        )


class Publication(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An event from a back end. `data` is a JSON value, which is forwarded unchanged."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    data: msgspec.Raw = msgspec.Raw(b"{}")
    to: Recipient = Recipient()


class PublishedEvent(msgspec.Struct, frozen=True):
    """An event in the history of its topic. `id` is the same wherever the event stands."""

    position: Position
    publication: Publication
    id: bytes = b""


def has_scope(session: Session, scope: str) -> bool:
    """Return whether the session's access token has this scope; True for an empty scope."""
    return not scope or scope in session.tokens.scope.split()


def order(position: str) -> tuple[int, int]:
    """Return the sort key of a position."""
    milliseconds, _, sequence = position.partition("-")
    return int(milliseconds), int(sequence)


def topic_of(topics: Sequence[TopicSettings], name: str) -> TopicSettings | None:
    """Return the settings of a topic: its exact name before patterns, and the longest pattern first; None if none matches."""
    covering = [topic for topic in topics if TOPIC.fullmatch(name) and _covers(topic.name, name)]
    return max(covering, key=lambda topic: (not topic.name.endswith("*"), len(topic.name)), default=None)


def may_publish(publisher: PublisherSettings, name: str) -> bool:
    """Return whether a publisher may publish to a topic."""
    return any(_covers(pattern, name) for pattern in publisher.topics)


def publisher_of(publishers: Sequence[PublisherSettings], token: Secret) -> PublisherSettings | None:
    """Return the publisher with this secret. All are compared, so that the response time reveals nothing."""
    found = [publisher for publisher in publishers if publisher.token and publisher.token == token]
    return found[0] if found else None


def _covers(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
