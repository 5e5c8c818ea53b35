"""The settings of topics and of who may publish to them."""

from dataclasses import dataclass, field
from typing import Annotated

from msgspec import Meta

from hub.primitives.secret import Secret

Count = Annotated[int, Meta(ge=1)]
Positive = Annotated[float, Meta(gt=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSettings:
    """A topic, or all that begin alike, of which pages may hear.

    Attributes:
        name: Its name; with `*` at the end, all names that begin so. The longest that fits counts, exact names first.
        scope: What the access token of a session must be good for to subscribe; empty: every session may.
        history: Events that are kept for pages that were away.
        history_seconds: How long they are kept.
    """

    name: str
    scope: str = ""
    history: Count = 1000
    history_seconds: Positive = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherSettings:
    """A back end that may publish, over the admin listener.

    Attributes:
        name: Names it in the audit.
        token: Whoever shows this secret (`Authorization: Bearer`) is this publisher.
        token_file: A file with nothing but the token.
        topics: Names of topics to which it may publish; with `*` at the end, all that begin so.
    """

    name: str
    topics: list[str] = field(default_factory=list)
    token: Secret = field(default_factory=lambda: Secret(""))
    token_file: str = ""
