"""Whatever happens in whatever order, memory never answers with what was over longer ago than the bound, or before its event.

Hypothesis drives one worker's memory against a model of the store. Loads take their time: the store reads at one moment and the
answer arrives at another one; events lie in the feed until they are delivered, or are lost with it.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from hub.errors import StoreUnavailable
from hub.session.events import SessionEvent, SessionHasEnded, SessionWasRefreshed
from hub.session.known_sessions import TRUSTED_SECONDS, Found, KnownSessions
from hub.session.model import Session, Tombstone
from tests.parties.clock import ManualClock
from tests.session.samples import make_session

SESSIONS = 2

which = st.integers(0, SESSIONS - 1)
pick = st.integers(0, 99)


@dataclass(eq=False)
class Load:
    """One question on its way.

    Attributes:
        reads: Done when the store reads.
        arrives: Done when the answer arrives, or does not.
    """

    reads: "asyncio.Future[None]"
    arrives: "asyncio.Future[None]"


@dataclass(eq=False)
class Request:
    """Somebody who wants the session, and what they must not get: what was over by an event that this worker had heard before."""

    task: "asyncio.Task[Found]"
    least_version: int
    may_live: bool


@dataclass
class Model:
    """One session in the store.

    Attributes:
        now: The session, or its tombstone.
        over_at: When each version was over; monotonic seconds.
        heard: The latest version that an event or a write of this worker has told of.
        is_heard_ended: Whether an event has told of the end.
    """

    now: Session | Tombstone
    over_at: dict[int, float] = field(default_factory=dict)
    heard: int = 0
    is_heard_ended: bool = False


class KnownSessionsMachine(RuleBasedStateMachine):
    """The memory of one worker, which is the one that is tested; all other workers are the model."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = ManualClock()
        self.known = KnownSessions(self.clock)
        self.keys = [make_session().key for _ in range(SESSIONS)]
        self.store = {key: Model(replace(make_session(), key=key)) for key in self.keys}
        self.loads: list[Load] = []
        self.requests: list[Request] = []
        self.feed: deque[SessionEvent] = deque()
        self.is_listening = False

    # -- requests of this worker --------------------------------------------------------------------------------------

    @rule(session=which, sure=st.booleans())
    def ask(self, session: int, *, sure: bool) -> None:
        """A request wants a session: from anybody's answer, or for sure from the store."""
        key = self.keys[session]
        model = self.store[key]
        if sure or self.known.get(key) is None:
            work = (self.known.ask if sure else self.known.find)(key, self._load)
            self.requests.append(Request(self.loop.create_task(work), model.heard, not model.is_heard_ended))
            self._turn()

    @precondition(lambda self: self.loads)
    @rule(chosen=pick)
    def store_reads(self, chosen: int) -> None:
        """The store reads for one of the questions on their way."""
        self._settle(self._chosen(chosen).reads)

    @precondition(lambda self: self.loads)
    @rule(chosen=pick, fails=st.booleans())
    def answer_arrives(self, chosen: int, *, fails: bool) -> None:
        """An answer arrives, or is lost on its way."""
        load = self._chosen(chosen)
        self._settle(load.reads)
        self._settle(load.arrives, StoreUnavailable() if fails else None)
        self.loads.remove(load)

    @precondition(lambda self: self.requests)
    @rule(chosen=pick)
    def browser_leaves(self, chosen: int) -> None:
        """A request is cancelled."""
        self.requests[chosen % len(self.requests)].task.cancel()
        self._turn()

    @rule(session=which)
    def write_here(self, session: int) -> None:
        """This worker stores new tokens, and is told at once."""
        key = self.keys[session]
        self.known.forget(key)

        async def write(_: str) -> Found:
            self._refresh(key)
            return self.store[key].now

        if isinstance(self.store[key].now, Session):
            written = self.run(self.known.ask(key, write))
            self.store[key].heard = max(self.store[key].heard, written.version)

    @rule(session=which)
    def end_here(self, session: int) -> None:
        """This worker ends a session."""
        key = self.keys[session]
        self._end(key)
        self.known.forget(key)
        self.store[key].is_heard_ended = True

    # -- the other workers --------------------------------------------------------------------------------------------

    @rule(session=which)
    def write_elsewhere(self, session: int) -> None:
        """Another worker stores new tokens."""
        if isinstance(self.store[self.keys[session]].now, Session):
            self._refresh(self.keys[session])

    @rule(session=which, is_told=st.booleans())
    def end_elsewhere(self, session: int, *, is_told: bool) -> None:
        """A session is ended by another worker; or behind the back of all, without an event."""
        self._end(self.keys[session], is_told=is_told)

    # -- the feed, and time -------------------------------------------------------------------------------------------

    @precondition(lambda self: self.feed)
    @rule()
    def event_arrives(self) -> None:
        """The oldest event arrives."""
        event = self.feed.popleft()
        self.known.hear(event)
        if isinstance(event, SessionHasEnded):
            self.store[event.key].is_heard_ended = True
        elif isinstance(event, SessionWasRefreshed):
            model = self.store[event.key]
            model.heard = max(model.heard, event.version)

    @rule()
    def feed_breaks(self) -> None:
        """The feed is lost, with all events in it."""
        self.known.feed_lost()
        self.feed.clear()
        self.is_listening = False

    @rule()
    def feed_begins(self) -> None:
        """The feed begins, perhaps anew after a gap of which nobody knew."""
        self.feed.clear()
        self.known.feed_began()
        self.is_listening = True

    @rule(seconds=st.sampled_from([0.1, 0.4, TRUSTED_SECONDS / 2, TRUSTED_SECONDS]))
    def time_passes(self, seconds: float) -> None:
        """Time passes."""
        self.run(self.clock.advance(seconds))

    # -- what always holds --------------------------------------------------------------------------------------------

    @invariant()
    def memory_is_young(self) -> None:
        """What is remembered was true within the bound, and no event has said that it is over."""
        for key, model in self.store.items():
            session = self.known.get(key)
            if session is not None:
                over_at = model.over_at.get(session.version, self.clock.monotonic())
                assert self.clock.monotonic() - over_at < TRUSTED_SECONDS
                assert session.version >= model.heard
                assert not model.is_heard_ended

    @invariant()
    def nothing_is_known_without_the_feed(self) -> None:
        """A worker that may miss events answers nothing from memory."""
        assert self.is_listening or [self.known.get(key) for key in self.keys] == [None] * SESSIONS

    @invariant()
    def answers_are_not_older_than_their_requests(self) -> None:
        """A request does not get what an event had called over before it came, whomever it joined."""
        for request in [request for request in self.requests if request.task.done()]:
            self.requests.remove(request)
            if request.task.cancelled() or request.task.exception():
                continue
            found = request.task.result()
            assert not isinstance(found, Session) or (request.may_live and found.version >= request.least_version)

    def teardown(self) -> None:
        """Nobody waits for ever."""
        while self.loads:
            self.answer_arrives(0, fails=False)
        assert [request for request in self.requests if not request.task.done()] == []
        self.answers_are_not_older_than_their_requests()
        self.loop.close()

    # -- the parts ----------------------------------------------------------------------------------------------------

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine on the machine's loop."""
        return self.loop.run_until_complete(work)

    async def _load(self, key: str) -> Found:
        load = Load(self.loop.create_future(), self.loop.create_future())
        self.loads.append(load)
        try:
            await load.reads
            found = self.store[key].now
            await load.arrives
        except asyncio.CancelledError:
            self.loads.remove(load)
            raise
        return found

    def _refresh(self, key: str) -> None:
        model = self.store[key]
        assert isinstance(model.now, Session)
        model.over_at[model.now.version] = self.clock.monotonic()
        model.now = replace(model.now, version=model.now.version + 1)
        self.feed.append(SessionWasRefreshed(key, None, version=model.now.version))

    def _end(self, key: str, *, is_told: bool = True) -> None:
        model = self.store[key]
        if isinstance(model.now, Session):
            model.over_at[model.now.version] = self.clock.monotonic()
            model.now = Tombstone("logout", self.clock.now())
            if is_told:
                self.feed.append(SessionHasEnded(key, "logout", self.clock.now()))

    def _chosen(self, number: int) -> Load:
        return self.loads[number % len(self.loads)]

    def _settle(self, future: "asyncio.Future[None]", error: StoreUnavailable | None = None) -> None:
        if not future.done():
            future.set_exception(error) if error else future.set_result(None)
            self._turn()

    def _turn(self) -> None:
        self.run(self.clock.advance(0))


def test_any_order() -> None:
    """The bound, the events and the requests under way, in any order."""
    run_state_machine_as_test(KnownSessionsMachine, settings=settings(max_examples=150, stateful_step_count=40, deadline=None))
