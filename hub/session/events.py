"""Session events: what workers tell each other about sessions, and about topics with new events. Pure.

`hub.session.event_codec` says what else a message has.
"""

from typing import Annotated

import msgspec

from hub.session.model import EndReason

Key = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[0-9a-f]*\Z")]
Time = Annotated[float, msgspec.Meta(ge=0, le=253402300800)]
"""Epoch seconds, up to the year 9999."""


class SessionHasEnded(msgspec.Struct, frozen=True, tag="ended"):
    """A session has ended: close its channels.

    Attributes:
        at: Time of the end; epoch seconds.
        identity: The user (`Session.identity`).
    """

    key: Key
    reason: EndReason
    at: Time
    identity: Key = ""


class SessionWasRefreshed(msgspec.Struct, frozen=True, tag="refreshed"):
    """A session has a new access token.

    Attributes:
        expires_at: Expiry of the access token, epoch seconds; None if unknown.
        version: Version of the session with these tokens; 0 from hubs that do not send it.
    """

    key: Key
    expires_at: Time | None
    version: int = 0


class SessionWasReplaced(msgspec.Struct, frozen=True, tag="replaced"):
    """The user has logged in again in the same browser; the old session is valid until `until` (epoch seconds)."""

    key: Key
    until: Time


class TopicHasNews(msgspec.Struct, frozen=True, tag="topic"):
    """A topic has new events: read its history."""

    name: Annotated[str, msgspec.Meta(max_length=128)]


SessionEvent = SessionHasEnded | SessionWasRefreshed | SessionWasReplaced | TopicHasNews
