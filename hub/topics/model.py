"""What is published, to whom, and who may see it. Pure."""

import re
from collections.abc import Sequence
from typing import Annotated

import msgspec

from hub.config.settings import PublisherSettings, TopicSettings
from hub.primitives.secret import Secret
from hub.session.model import Session

TOPIC = re.compile(r"[A-Za-z0-9._~:/-]{1,128}")
POSITION = re.compile(r"\d{1,20}-\d{1,20}")

Topic = Annotated[str, msgspec.Meta(pattern=f"^{TOPIC.pattern}$")]
Position = Annotated[str, msgspec.Meta(pattern=f"^{POSITION.pattern}$")]
"""Where in a topic's history something stands; later ones compare greater by `order`."""

START: Position = "0-0"


class Recipient(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """For whom an event is: all that is named must fit; nothing named means everybody who may subscribe.

    Attributes:
        subject: The user, as the provider names them.
        issuer: The provider of that user; empty: any.
        session: The handle of one session, as in `/sessions`.
        scope: What the session's access token must be good for.
    """

    subject: str = ""
    issuer: str = ""
    session: str = ""
    scope: str = ""

    def fits(self, session: Session) -> bool:
        """Tell whether the event is for this session."""
        return (
            self.subject in ("", session.subject)
            and self.issuer in ("", session.issuer)
            and self.session in ("", session.key)
            and has_scope(session, self.scope)
        )


class Publication(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a back end publishes. `data` is a JSON value, handed on as it came."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    data: msgspec.Raw = msgspec.Raw(b"{}")
    to: Recipient = Recipient()


class PublishedEvent(msgspec.Struct, frozen=True):
    """An event in the history of its topic."""

    position: Position
    publication: Publication


def has_scope(session: Session, scope: str) -> bool:
    """Tell whether the session's access token was issued for this scope; every one is for none."""
    return not scope or scope in session.tokens.scope.split()


def order(position: str) -> tuple[int, int]:
    """Return what positions are compared by."""
    milliseconds, _, sequence = position.partition("-")
    return int(milliseconds), int(sequence)


def topic_of(topics: Sequence[TopicSettings], name: str) -> TopicSettings | None:
    """Return the settings of a topic: the longest name or pattern that covers it; None if there is none."""
    covering = [topic for topic in topics if TOPIC.fullmatch(name) and _covers(topic.name, name)]
    return max(covering, key=lambda topic: (not topic.name.endswith("*"), len(topic.name)), default=None)


def may_publish(publisher: PublisherSettings, name: str) -> bool:
    """Tell whether a publisher may publish to a topic."""
    return any(_covers(pattern, name) for pattern in publisher.topics)


def publisher_of(publishers: Sequence[PublisherSettings], token: Secret) -> PublisherSettings | None:
    """Return whose secret this is; all are compared, so that time tells nothing."""
    found = [publisher for publisher in publishers if publisher.token and publisher.token == token]
    return found[0] if found else None


def _covers(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
