"""Reactions of a worker to events of other workers about sessions and topics.

A valid event acts at once. A hint is only a reason to look into Redis, and what is found there acts. A gap makes the worker look
at everything that it has open.
"""

from hub.channel.registry import Registry
from hub.errors import NotAuthenticated, SessionEnded
from hub.gateway.upstream_ends import UpstreamEnds
from hub.gateway.upstream_sessions import UpstreamSessions
from hub.primitives.clock import Clock
from hub.session.event_feed import EventFeed
from hub.session.event_hints import EventHints
from hub.session.events import (
    SessionEvent,
    SessionHasEnded,
    SessionWasRefreshed,
    SessionWasReplaced,
    TopicHasNews,
)
from hub.session.open_streams import OpenStreams
from hub.session.sessions import REPLACED_GRACE_SECONDS, Sessions
from hub.telemetry.metrics import Metrics
from hub.topics.topics import Topics


class EventReactions:
    """Reacts to the events of all workers, in one of them."""

    def __init__(
        self,
        feed: EventFeed,
        sessions: Sessions,
        topics: Topics,
        registry: Registry,
        streams: OpenStreams,
        upstream_sessions: UpstreamSessions,
        upstream_ends: UpstreamEnds,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._feed = feed
        self._sessions = sessions
        self._topics = topics
        self._registry = registry
        self._streams = streams
        self._upstream_sessions = upstream_sessions
        self._upstream_ends = upstream_ends
        self._clock = clock
        self._hints = EventHints(clock, metrics)

    async def listen(self) -> None:
        """Receive events until cancelled."""
        try:
            await self._feed.run(self.on_event, self.on_gap, self.on_lost, self.on_hint)
        finally:
            self._sessions.feed_lost()

    async def look_up_hints(self) -> None:
        """Look up hints until cancelled."""
        await self._hints.run(self.look_up)

    def on_lost(self) -> None:
        """Cache nothing while events may be missed."""
        self._sessions.feed_lost()
        self._registry.store_lost()

    async def on_gap(self) -> None:
        """Look at what may have been missed while nobody listened; nothing is answered from memory before that is done."""
        self._sessions.feed_lost()
        self._topics.read_all_news()
        await self._registry.recheck_all()
        await self._streams.recheck_all()
        self._sessions.feed_began()

    async def on_event(self, event: SessionEvent) -> None:
        """React to an event that a worker has certainly sent."""
        self._sessions.on_event(event)
        match event:
            case SessionHasEnded():
                self._streams.end_session(event.key, event.reason, event.at)
                await self._registry.end_session(event.key, event.reason, event.at)
                await self._end_upstream(event.key, event.identity)
            case SessionWasReplaced():
                self._streams.replace_session(event.key, event.until)
                self._registry.replace_session(event.key, event.until)
                await self._end_upstream(event.key)
            case TopicHasNews():
                self._topics.news(event.name)
            case SessionWasRefreshed():
                self._registry.notify(event.key, "refreshed", {"expires_at": event.expires_at})

    def on_hint(self, hint: SessionEvent) -> None:
        """Look up later what anybody may have sent, if this worker has anything of that session or topic."""
        if isinstance(hint, TopicHasNews):
            is_ours = hint.name in self._topics
        else:
            is_ours = hint.key in self._sessions or hint.key in self._registry or hint.key in self._streams
        if is_ours:
            self._hints.note(hint)

    async def look_up(self, hint: SessionEvent) -> None:
        """React to what Redis says about the session or topic of a hint.

        Raises:
            StoreUnavailable: Redis does not respond.
        """
        if isinstance(hint, TopicHasNews):
            self._topics.news(hint.name)
            return
        try:
            session = await self._sessions.by_key(hint.key)
        except SessionEnded as error:
            await self.on_event(SessionHasEnded(hint.key, error.extensions["reason"], self._clock.now()))
        except NotAuthenticated:
            await self._streams.recheck(hint.key)
            await self._registry.recheck(hint.key)
        else:
            if session.key != hint.key:
                await self.on_event(SessionWasReplaced(hint.key, self._clock.now() + REPLACED_GRACE_SECONDS))
            elif isinstance(hint, SessionWasRefreshed):
                self._registry.notify(hint.key, "refreshed", {"expires_at": session.tokens.expires_at})

    async def _end_upstream(self, key: str, identity: str = "") -> None:
        """End the sessions at APIs that belonged to a session of the hub, or to a user who has no other."""
        self._upstream_sessions.forget(key)
        await self._upstream_ends.session_ended(key, identity)
