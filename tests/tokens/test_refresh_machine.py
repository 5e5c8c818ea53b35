"""No interleaving of refresh, logout, expiry and crash revives an ended session, mixes sessions up, or spends a token twice.

Hypothesis drives two workers on a real Redis. Only the provider is a model: no real one answers in an order that a test chooses.
"""

import asyncio
import secrets
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from hub.errors import HubError, ProviderUnavailable, StoreUnavailable
from hub.oidc.providers import Providers
from hub.oidc.token_endpoint import TokenRefused, TokenResponse
from hub.primitives.secret import Secret
from hub.session.codec import RecordCodec
from hub.session.event_feed import EventFeed
from hub.session.keyring import Keyring
from hub.session.model import Lifetimes, Session, SessionId, TokenSet
from hub.session.redis_client import Redis, connect
from hub.session.refresh_lock import RefreshLock
from hub.session.revocations import RevocationQueue
from hub.session.sessions import Sessions
from hub.session.store import SessionStore, session_name
from hub.telemetry.metrics import Metrics
from hub.tokens.refresher import Refresher
from hub.tokens.schedule import scheduled
from tests.parties.clock import ManualClock
from tests.parties.redis_server import RedisServer
from tests.session.samples import make_session

LIFETIMES = Lifetimes(idle_seconds=900, absolute_seconds=3600)
TOKEN_SECONDS = 60.0
ISSUER = "https://model.example"
TURNS = 12  # rounds to Redis that a step gets: a refresh needs four

Outcome = Literal["rotated", "kept", "lost", "unavailable"]


@dataclass
class Grant:
    """One refresh grant that has reached the provider and waits for its answer."""

    worker: int
    refresh_token: str
    answer: asyncio.Future[TokenResponse]


@dataclass
class ModelProvider:
    """A provider that revokes everything when a refresh token is spent twice; each answer is the test's to give."""

    name: str = "main"
    label: str = "main"
    issuer: str = ISSUER
    kills_old_access_token: bool = False
    clock_difference: float = 0.0
    owners: dict[str, str] = field(default_factory=dict)
    valid: dict[str, str] = field(default_factory=dict)
    waiting: list[Grant] = field(default_factory=list)
    settled: set[str] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)
    dead_workers: set[int] = field(default_factory=set)
    count: int = 0

    def issue(self, owner: str, *, refresh_token: str = "") -> TokenResponse:
        """Make tokens of one session."""
        self.count += 1
        access, refresh = f"at-{self.count}", refresh_token or f"rt-{self.count}"
        self.owners[access] = self.owners[refresh] = owner
        self.valid[owner] = refresh
        return TokenResponse(access_token=Secret(access), expires_in=TOKEN_SECONDS, refresh_token=Secret(refresh))

    async def spend(self, worker: int, refresh_token: Secret) -> TokenResponse:
        """Take a grant of one worker; a token whose successor a living worker got must never come again."""
        token = refresh_token.reveal()
        if token in self.settled:
            self.violations.append(f"{token} was spent again after its successor was stored")
        if any(grant.refresh_token == token and grant.worker not in self.dead_workers for grant in self.waiting):
            self.violations.append(f"{token} was spent while another worker was spending it")
        answer: asyncio.Future[TokenResponse] = asyncio.get_running_loop().create_future()
        self.waiting.append(Grant(worker, token, answer))
        return await answer

    def settle(self, grant: Grant, outcome: Outcome) -> None:
        """Answer a grant; the asker may be dead by then, which the provider does not know."""
        self.waiting.remove(grant)
        owner = self.owners[grant.refresh_token]
        if outcome == "unavailable":
            self._say(grant, ProviderUnavailable(retry_after_seconds=0.1))
        elif self.valid.get(owner) != grant.refresh_token:
            self.valid.pop(owner, None)  # spent twice: the whole grant is revoked
            self._say(grant, TokenRefused("invalid_grant"))
        else:
            response = self.issue(owner, refresh_token=grant.refresh_token if outcome == "kept" else "")
            if outcome == "lost":
                self._say(grant, ProviderUnavailable(retry_after_seconds=0.1))
            else:
                if outcome == "rotated" and grant.worker not in self.dead_workers:
                    self.settled.add(grant.refresh_token)
                self._say(grant, response)

    @staticmethod
    def _say(grant: Grant, answer: TokenResponse | Exception) -> None:
        if grant.answer.done():
            return
        if isinstance(answer, Exception):
            grant.answer.set_exception(answer)
        else:
            grant.answer.set_result(answer)


class WorkersProvider:
    """The provider as one worker reaches it."""

    def __init__(self, provider: ModelProvider, worker: int) -> None:
        self._provider = provider
        self._worker = worker

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)

    async def refresh(self, refresh_token: Secret, *, resource: str = "") -> TokenResponse:
        """Send a grant."""
        return await self._provider.spend(self._worker, refresh_token)


class RefreshMachine(RuleBasedStateMachine):
    """Two workers, a few sessions, and everything that can happen to them."""

    server: RedisServer

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = ManualClock()
        self.provider = ModelProvider()
        self.keyring = Keyring([secrets.token_bytes(32)])
        self.codec = RecordCodec(self.keyring)
        self.sessions: list[Session] = []
        self.ended: set[str] = set()
        self.calls: list[tuple[str, asyncio.Task[Session]]] = []
        self.clients: list[Redis] = []
        self.probe = self._client()
        self.store = SessionStore(self.probe, self.codec, LIFETIMES, self.clock)
        self.workers = [self._worker(), self._worker()]

    @initialize()
    def begin(self) -> None:
        """Somebody is logged in, and two of their requests find the token expired."""
        self.log_in()
        session = self.sessions[0]
        for _, _, refresher in self.workers:
            self.calls.append((session.key, self.loop.create_task(refresher.refresh(session.key, session.tokens.access_token))))
        self.turn()

    # -- what can happen ----------------------------------------------------------------------------------------------

    @rule()
    def log_in(self) -> None:
        """A user logs in."""
        if len(self.sessions) >= 3:
            return
        session_id = SessionId.generate()
        tokens = TokenSet.from_response(self.provider.issue(session_id.key), self.clock.now())
        session = make_session(session_id, now=self.clock.now(), tokens=scheduled(tokens, 0.0))
        session = _of_model(session)
        self.run(self.workers[0][1].start(session))
        self.sessions.append(session)

    @precondition(lambda self: self.sessions)
    @rule(data=st.data(), worker=st.integers(0, 1), again=st.booleans())
    def call(self, data: st.DataObject, worker: int, again: bool) -> None:
        """A request finds its token expired, or refused: with the token that is stored now, or with the very first one."""
        session = data.draw(st.sampled_from(self.sessions))
        stored = self.run(self.store.load(session.key))
        spent = stored.tokens if isinstance(stored, Session) and not again else session.tokens
        _, _, refresher = self.workers[worker]
        self.calls.append((session.key, self.loop.create_task(refresher.refresh(session.key, spent.access_token))))
        self.turn()

    @precondition(lambda self: self.provider.waiting)
    @rule(data=st.data(), outcome=st.sampled_from(["rotated", "rotated", "kept", "lost", "unavailable"]))
    def answer(self, data: st.DataObject, outcome: Outcome) -> None:
        """The provider answers one of the grants."""
        self.provider.settle(data.draw(st.sampled_from(self.provider.waiting)), outcome)
        self.turn()

    @precondition(lambda self: self.sessions)
    @rule(data=st.data(), worker=st.integers(0, 1))
    def log_out(self, data: st.DataObject, worker: int) -> None:
        """A user logs out, whatever is under way."""
        session = data.draw(st.sampled_from(self.sessions))
        self.run(self.workers[worker][1].end(session.key, "logout"))
        self.turn()

    @rule(seconds=st.sampled_from([0.1, 1.0, 30.0, 700.0]))
    def wait(self, seconds: float) -> None:
        """Time passes: waiters look again, tokens and sessions expire."""
        self.run(self.clock.advance(seconds))
        self.turn()

    @rule(worker=st.integers(0, 1))
    def crash(self, worker: int) -> None:
        """A worker dies without letting go of anything (SIGKILL), and another takes its place; its lease runs out."""
        number, _, refresher = self.workers[worker]
        self.provider.dead_workers.add(number)
        client = self.clients[number + 1]
        client.connection_pool.connection_class = _NoConnection
        self.run(client.connection_pool.disconnect())
        for task in list(refresher._running._running.values()):
            task.cancel()
        self.turn()
        self.workers[worker] = self._worker()
        spending = {
            self.provider.owners[grant.refresh_token]
            for grant in self.provider.waiting
            if grant.worker not in self.provider.dead_workers
        }
        for session in self.sessions:  # the leases of the living are not concerned
            if session.key not in spending and self.run(self.probe.hexists(session_name(session.key), "lease_until")):  # type: ignore[arg-type]
                self.run(self.probe.hset(session_name(session.key), "lease_until", "0"))  # type: ignore[arg-type]

    # -- what must always hold ----------------------------------------------------------------------------------------

    @invariant()
    def no_refresh_token_is_spent_twice(self) -> None:
        """Rule 2: not at the same time by two workers, and not after its successor was had."""
        assert self.provider.violations == []

    @invariant()
    def ended_sessions_stay_ended(self) -> None:
        """Rule 7: what was seen to be over is never seen alive again."""
        for session in self.sessions:
            is_alive = isinstance(self.run(self.store.load(session.key)), Session)
            assert not (is_alive and session.key in self.ended)
            if not is_alive:
                self.ended.add(session.key)

    @invariant()
    def tokens_stay_with_their_session(self) -> None:
        """Rule 6: neither a call nor the store has another session's token."""
        for key, task in self.calls:
            if task.done() and not task.cancelled() and task.exception() is None:
                assert self._owner(task.result()) == key
        for session in self.sessions:
            stored = self.run(self.store.load(session.key))
            assert not isinstance(stored, Session) or self._owner(stored) == session.key

    def teardown(self) -> None:
        """In the end every call has its answer: a session, or an error that the user can understand."""
        try:
            for _ in range(30):
                for grant in list(self.provider.waiting):
                    self.provider.settle(grant, "rotated")
                self.turn()
                self.run(self.clock.advance(1.0))
            assert [task for _, task in self.calls if not task.done()] == []
            errors = [task.exception() for _, task in self.calls if not task.cancelled()]
            assert [error for error in errors if error is not None and not isinstance(error, HubError)] == []
            self.no_refresh_token_is_spent_twice()
        finally:
            for client in self.clients:
                self.run(client.aclose())
            self.run(self.clients_flushed())
            self.loop.close()

    # -- the parts ----------------------------------------------------------------------------------------------------

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine on the machine's loop."""
        return self.loop.run_until_complete(work)

    def turn(self) -> None:
        """Let everything that can go on do so."""

        async def turns() -> None:
            for _ in range(TURNS):
                await self.probe.ping()
                await self.clock.advance(0)

        self.run(turns())

    async def clients_flushed(self) -> None:
        """Leave Redis empty for the next run."""
        client = connect(self.server.url, 5.0)
        await client.flushall()
        await client.aclose()

    def _client(self) -> Redis:
        client = connect(self.server.url, 5.0)
        self.clients.append(client)
        return client

    def _worker(self) -> tuple[int, Sessions, Refresher]:
        number = len(self.clients) - 1
        client = self._client()
        store = SessionStore(client, self.codec, LIFETIMES, self.clock)
        metrics = Metrics()
        events = EventFeed(client, self.keyring, self.clock, metrics)
        sessions = Sessions(store, events, RevocationQueue(client, self.codec), LIFETIMES, self.clock, metrics)
        providers = Providers([WorkersProvider(self.provider, number)])  # type: ignore[list-item]
        lock = RefreshLock(client, self.clock)
        return number, sessions, Refresher(store, sessions, lock, providers, events, self.clock, metrics, lambda: 0.0)

    def _owner(self, session: Session) -> str:
        return self.provider.owners[session.tokens.access_token.reveal()]


class _NoConnection:
    """The connection of a process that is dead."""

    def __init__(self, **_: Any) -> None:
        raise StoreUnavailable("This worker is dead.")


def _of_model(session: Session) -> Session:
    return replace(session, issuer=ISSUER)


@pytest.mark.expects_log
def test_any_interleaving(redis_server: RedisServer) -> None:
    """Rules 2, 6 and 7 hold whatever happens in whatever order."""
    RefreshMachine.server = redis_server
    run_state_machine_as_test(
        RefreshMachine,
        settings=settings(
            max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
        ),
    )
