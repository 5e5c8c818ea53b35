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
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from hub.errors import StoreUnavailable
from hub.session.events import SessionEvent, SessionHasEnded, SessionWasRefreshed
from hub.session.model import Session, Tombstone
from hub.session.session_cache import TTL_SECONDS, Record, SessionCache
from tests.parties.clock import ManualClock
from tests.session.samples import make_session

SESSIONS = 2  # at a time

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

    task: "asyncio.Task[Record]"
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


class SessionCacheMachine(RuleBasedStateMachine):
    """The memory of one worker, which is the one that is tested; all other workers are the model."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = ManualClock()
        self.cache = SessionCache(self.clock)
        self.sessions: dict[str, Model] = {}
        self.keys = [self._log_in() for _ in range(SESSIONS)]
        self.loads: list[Load] = []
        self.requests: list[Request] = []
        self.feed: deque[SessionEvent] = deque()
        self.is_listening = False

    @initialize()
    def feed_begins(self) -> None:
        """The worker listens."""
        self.cache.feed_began()
        self.is_listening = True

    # -- requests of this worker --------------------------------------------------------------------------------------

    @rule(session=which, how=st.sampled_from(["at once", "at once", "slowly", "for sure"]))
    def ask(self, session: int, how: str) -> None:
        """A request wants a session: the answer comes at once or slowly, from whoever asks; or for sure from the store."""
        before = set(self.loads)
        self._request(self.keys[session], is_sure=how == "for sure")
        for load in set(self.loads) - before if how == "at once" else ():
            self._answer(load)

    @precondition(lambda self: self.loads)
    @rule(chosen=pick, what=st.sampled_from(["reads", "answers", "fails"]))
    def store(self, chosen: int, what: str) -> None:
        """The store reads for one of the questions on their way, its answer arrives, or is lost."""
        load = self.loads[chosen % len(self.loads)]
        if what == "reads":
            self._settle(load.reads)
        else:
            self._answer(load, StoreUnavailable() if what == "fails" else None)

    @precondition(lambda self: self.requests)
    @rule(chosen=pick)
    def browser_leaves(self, chosen: int) -> None:
        """A request is cancelled."""
        self.requests[chosen % len(self.requests)].task.cancel()
        self._turn()

    @rule(session=which, is_here=st.booleans())
    def write(self, session: int, *, is_here: bool) -> None:
        """This worker, or another one, stores new tokens."""
        key = self.keys[session]

        async def write(_: str) -> Record:
            self._refresh(key)
            return self.sessions[key].now

        if isinstance(self.sessions[key].now, Tombstone):
            return
        if is_here:
            self.cache.forget(key)
            self.sessions[key].heard = self.run(self.cache.load_now(key, write)).version
        else:
            self.run(write(key))

    @rule(session=which, how=st.sampled_from(["here", "elsewhere", "elsewhere", "silently"]))
    def end(self, session: int, how: str) -> None:
        """A session is ended by this worker, by another one, or behind the back of all; the next time its user logs in again."""
        key = self.keys[session]
        if isinstance(self.sessions[key].now, Tombstone):
            self.keys[session] = self._log_in()
            return
        self._end(key, is_told=how != "silently")
        if how == "here":
            self.cache.forget(key)
            self.sessions[key].is_heard_ended = True

    # -- the feed, and time -------------------------------------------------------------------------------------------

    @precondition(lambda self: self.feed)
    @rule()
    def event_arrives(self) -> None:
        """The oldest event arrives."""
        event = self.feed.popleft()
        self.cache.on_event(event)
        if isinstance(event, SessionHasEnded):
            self.sessions[event.key].is_heard_ended = True
        elif isinstance(event, SessionWasRefreshed):
            model = self.sessions[event.key]
            model.heard = max(model.heard, event.version)

    @rule(seconds=st.sampled_from([0.1, 0.4, TTL_SECONDS / 2, TTL_SECONDS]), breaks=st.sampled_from([False] * 4 + [True]))
    def time_passes(self, seconds: float, *, breaks: bool) -> None:
        """Time passes; sometimes the feed breaks meanwhile with all events in it, or begins again."""
        self.run(self.clock.advance(seconds))
        if breaks:
            self.feed.clear()
        if breaks and self.is_listening:
            self.cache.feed_lost()
            self.is_listening = False
        elif breaks:
            self.feed_begins()

    @rule(is_quiet=st.sampled_from([True] * 4 + [False]))
    def connection_is_replaced(self, *, is_quiet: bool) -> None:
        """Now and then the feed begins anew after a gap that nobody noticed."""
        if not is_quiet and self.is_listening:
            self.feed.clear()
            self.feed_begins()

    # -- what always holds --------------------------------------------------------------------------------------------

    @invariant()
    def memory_is_young(self) -> None:
        """What is remembered was true within the bound, and no event has said that it is over."""
        for key, model in self.sessions.items():
            session = self.cache.get(key)
            if session is not None:
                over_at = model.over_at.get(session.version, self.clock.monotonic())
                assert self.clock.monotonic() - over_at < TTL_SECONDS
                assert session.version >= model.heard
                assert not model.is_heard_ended

    @invariant()
    def nothing_is_known_without_the_feed(self) -> None:
        """A worker that may miss events answers nothing from memory."""
        assert self.is_listening or not any(self.cache.get(key) for key in self.sessions)

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
            self._answer(self.loads[0])
        assert [request for request in self.requests if not request.task.done()] == []
        self.answers_are_not_older_than_their_requests()
        self.loop.close()

    # -- the parts ----------------------------------------------------------------------------------------------------

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine on the machine's loop."""
        return self.loop.run_until_complete(work)

    async def _load(self, key: str) -> Record:
        load = Load(self.loop.create_future(), self.loop.create_future())
        self.loads.append(load)
        try:
            await load.reads
            found = self.sessions[key].now
            await load.arrives
        except asyncio.CancelledError:
            self.loads.remove(load)
            raise
        return found

    def _log_in(self) -> str:
        session = make_session()
        self.sessions[session.key] = Model(session)
        return session.key

    def _refresh(self, key: str) -> None:
        model = self.sessions[key]
        assert isinstance(model.now, Session)
        model.over_at[model.now.version] = self.clock.monotonic()
        model.now = replace(model.now, version=model.now.version + 1)
        self.feed.append(SessionWasRefreshed(key, None, version=model.now.version))

    def _end(self, key: str, *, is_told: bool = True) -> None:
        model = self.sessions[key]
        if isinstance(model.now, Session):
            model.over_at[model.now.version] = self.clock.monotonic()
            model.now = Tombstone("logout", self.clock.now())
            if is_told:
                self.feed.append(SessionHasEnded(key, "logout", self.clock.now()))

    def _request(self, key: str, *, is_sure: bool) -> None:
        model = self.sessions[key]
        if is_sure or self.cache.get(key) is None:
            work = (self.cache.load_now if is_sure else self.cache.find)(key, self._load)
            self.requests.append(Request(self.loop.create_task(work), model.heard, not model.is_heard_ended))
            self._turn()

    def _answer(self, load: Load, error: StoreUnavailable | None = None) -> None:
        self._settle(load.reads)
        self.loads.remove(load)
        self._settle(load.arrives, error)

    def _settle(self, future: "asyncio.Future[None]", error: StoreUnavailable | None = None) -> None:
        if not future.done():
            future.set_exception(error) if error else future.set_result(None)
            self._turn()

    def _turn(self) -> None:
        self.run(self.clock.advance(0))


def test_any_order() -> None:
    """The bound, the events and the requests under way, in any order."""
    run_state_machine_as_test(SessionCacheMachine, settings=settings(max_examples=400, stateful_step_count=50, deadline=None))
