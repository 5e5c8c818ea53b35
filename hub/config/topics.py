"""The settings of topics and publishers."""

from dataclasses import dataclass, field
from typing import Annotated

from msgspec import Meta

from hub.primitives.secret import Secret

Count = Annotated[int, Meta(ge=1)]
Positive = Annotated[float, Meta(gt=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSettings:
    """A topic, or all topics with a common prefix, to which pages may subscribe.

    Attributes:
        name: Name of the topic. With `*` at the end, all topics with this prefix. An exact name wins, then the longest prefix.
        scope: Scope of the access token that a session needs to subscribe; empty: every session may subscribe.
        history: Number of events to store for pages that reconnect.
        history_seconds: How long events are stored.
    """

    name: str
    scope: str = ""
    history: Count = 1000
    history_seconds: Positive = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherSettings:
    """A back end that may publish events over the admin listener.

    Attributes:
        name: Name of the publisher in audit events.
        token: Secret of the publisher (`Authorization: Bearer`).
        token_file: A file that contains only the token.
        topics: Topics to which it may publish. With `*` at the end, all topics with this prefix.
    """

    name: str
    topics: list[str] = field(default_factory=list)
    token: Secret = field(default_factory=lambda: Secret(""))
    token_file: str = ""
