"""Sessions at resource servers: opened once, used by all, ended for certain. Two workers, one Redis."""

import asyncio
import itertools
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from hub.config.settings import RouteSettings
from hub.errors import LicensesExhausted, ResourceServerUnreachable, StoreUnavailable
from hub.gateway.messages import ApiResponse
from hub.gateway.routes import Route, RouteTable
from hub.gateway.upstream_ends import UpstreamEnds
from hub.gateway.upstream_sessions import UpstreamSessions
from hub.iris.api import IRIS_API
from hub.primitives.http import read_body
from hub.primitives.secret import digest
from hub.session.codec import RecordCodec
from hub.session.event_feed import EventFeed
from hub.session.jar import UpstreamCookieJar
from hub.session.keyring import Keyring
from hub.session.model import Lifetimes, Session
from hub.session.redis_client import connect
from hub.session.revocations import RevocationQueue
from hub.session.sessions import Sessions
from hub.session.store import SessionStore
from hub.session.upstream_jars import CLAIM_SECONDS, CookieJarStore
from hub.telemetry.metrics import Metrics
from tests.parties.clock import ManualClock
from tests.session.samples import make_session

LIFETIMES = Lifetimes(idle_seconds=1800, absolute_seconds=43200)
ROUTE = RouteSettings(prefix="/api", target="https://iris.example/csp/clinic", upstream_session="per_session")


@dataclass
class Iris:
    """Opens a session for each request without a cookie of a living one. Answers wait for `gate`, if it is closed."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    alive: set[str] = field(default_factory=set)
    ended: list[str] = field(default_factory=list)
    opened: int = 0
    asked: int = 0
    running: int = 0
    most: int = 0
    status: int = 200
    came: asyncio.Event = field(default_factory=asyncio.Event)
    names: Any = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.gate.set()

    async def request(self, cookies: str) -> ApiResponse:
        """Answer a request of a user. A session is opened when it comes, whether or not somebody waits for the answer."""
        self.running += 1
        self.asked += 1
        self.most = max(self.most, self.running)
        headers = []
        if self.status != 503 and cookies not in self.alive and self.status != 401:
            name = f"CSPSESSIONID=s{next(self.names)}"
            self.alive.add(name)
            self.opened += 1
            headers = [("Set-Cookie", f"{name}; path=/")]
        self.came.set()
        try:
            await self.gate.wait()
        finally:
            self.running -= 1
        return ApiResponse(status=self.status, headers=headers, body=_nothing())

    async def send(self, _route: Route, url: str, *, headers: Any, **_: Any) -> ApiResponse:
        """End a session: the door of `UpstreamEnds`."""
        assert url == "https://iris.example/csp/clinic/?IRISLogout=end"
        self.ended.append(dict(headers)["Cookie"])
        self.alive.discard(self.ended[-1])
        return ApiResponse(status=404, body=_nothing())


async def _nothing() -> AsyncIterator[bytes]:
    for piece in (b"{}",):
        yield piece


@dataclass
class Worker:
    """One worker process."""

    upstream: UpstreamSessions
    ends: UpstreamEnds
    sessions: Sessions
    store: SessionStore
    jars: CookieJarStore
    close: Callable[[], Awaitable[None]]


@dataclass
class World:
    """Two workers and a resource server."""

    iris: Iris
    workers: list[Worker]
    route: Route
    clock: ManualClock
    redis_url: str
    keys: list[bytes]

    def add_worker(self, keys: list[bytes], routes: Sequence[RouteSettings] = (ROUTE,)) -> Worker:
        """Start a worker with these session keys and routes."""
        redis, keyring, clock = connect(self.redis_url, 2.0), Keyring(keys), self.clock
        codec, feed = RecordCodec(keyring), EventFeed(redis, keyring, clock, Metrics())
        store, jars = SessionStore(redis, codec, LIFETIMES, clock), CookieJarStore(redis, codec)
        sessions = Sessions(store, feed, RevocationQueue(redis, codec), LIFETIMES, clock, Metrics())
        ends = UpstreamEnds(jars, sessions, RouteTable(routes, IRIS_API), self.iris, clock, Metrics())
        upstream = UpstreamSessions(jars, LIFETIMES, clock, ends.end)
        self.workers.append(Worker(upstream, ends, sessions, store, jars, redis.aclose))
        return self.workers[-1]

    async def start(self, **changes: Any) -> Session:
        """Log somebody in."""
        session = replace(make_session(now=self.clock.now(), **changes), provider_session_id=None)
        await self.workers[0].store.create(session)
        return session

    async def call(self, session: Session, worker: int = 0, *, route: Route | None = None) -> int:
        """Send a request and read its answer; return the status."""
        response = await self.workers[worker].upstream.send(route or self.route, session, self.iris.request)
        assert await read_body(response.body) == b"{}"
        await response.close()
        return response.status


@pytest.fixture
async def world(redis_url: str, clock: ManualClock) -> AsyncIterator[World]:
    """The world."""
    keys = [secrets.token_bytes(32)]
    world = World(Iris(), [], Route.compile(ROUTE, IRIS_API), clock, redis_url, keys)
    for _ in range(2):
        world.add_worker(keys)
    yield world
    for worker in world.workers:
        await worker.upstream.close()
        await worker.ends.close()
        await worker.close()


async def until(clock: ManualClock, tasks: list[asyncio.Task[Any]]) -> list[Any]:
    """Let the clock run until the tasks have ended: those of the other node look again every few milliseconds."""
    while not all(task.done() for task in tasks):
        await clock.advance(0.05)
        await asyncio.sleep(0.001)  # Redis answers in real time
    return [task.result() for task in tasks]


async def test_parallel_first_requests_on_two_nodes_open_one_session(world: World) -> None:
    """A page load of 12 calls and its other tab on another node: one session."""
    session = await world.start()
    world.iris.gate.clear()
    tasks = [asyncio.create_task(world.call(session, number % 2)) for number in range(24)]
    await world.iris.came.wait()
    for _ in range(20):  # the other node looks again and again meanwhile
        await world.clock.advance(0.05)
        await asyncio.sleep(0.005)  # Redis answers in real time
    assert (world.iris.asked, world.iris.running) == (1, 1)
    world.iris.gate.set()
    assert await until(world.clock, tasks) == [200] * 24
    assert (world.iris.opened, world.iris.most <= 2 * world.route.settings.upstream_concurrency) == (1, True)


async def test_users_never_share_a_session(world: World) -> None:
    """Nor do two sessions of one user, unless the route says so."""
    alice, again, bob = await world.start(), await world.start(), await world.start(subject="bob")
    for session in (alice, again, bob):
        await world.call(session)
    assert world.iris.opened == 3
    per_user = replace(world.route, settings=replace(world.route.settings, upstream_session="per_user"))
    for session in (alice, again, bob):
        await world.call(session, route=per_user)
    assert world.iris.opened == 5


async def test_at_most_so_many_run_at_once(world: World) -> None:
    """The rest waits in the hub, where it can be cancelled."""
    session = await world.start()
    await world.call(session)
    world.iris.gate.clear()
    tasks = [asyncio.create_task(world.call(session)) for _ in range(10)]
    while world.iris.running < world.route.settings.upstream_concurrency:
        await asyncio.sleep(0)
    assert world.iris.running == world.route.settings.upstream_concurrency
    tasks[-1].cancel()
    world.iris.gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert world.iris.most == world.route.settings.upstream_concurrency


async def test_session_that_another_node_opens_in_between(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever gets the lease looks again: the node that had it before has opened the session."""
    session, late = await world.start(), world.workers[1].jars
    opening = late.opening

    @asynccontextmanager
    async def after_the_other(owner: str, target: str) -> AsyncIterator[bool]:
        await world.call(session)
        async with opening(owner, target) as is_ours:
            yield is_ours

    monkeypatch.setattr(late, "opening", after_the_other)
    await world.call(session, 1)
    assert world.iris.opened == 1


async def test_nothing_is_kept_about_an_owner_that_has_ended(world: World) -> None:
    """Neither its jar nor its place in line; the jars of others stay."""
    alice, bob = await world.start(), await world.start(subject="bob")
    upstream = world.workers[0].upstream
    for session in (alice, bob):
        await world.call(session)
    upstream.forget(alice.key)
    assert ([owner for owner, _ in upstream._known], upstream._places) == ([bob.key], {})


async def test_browser_that_leaves_while_the_session_is_opened(world: World) -> None:
    """The cookie that comes back is kept all the same: otherwise its licence unit would be lost until the idle time is over."""
    session = await world.start()
    world.iris.gate.clear()
    call = asyncio.create_task(world.call(session))
    await world.iris.came.wait()
    call.cancel()
    await asyncio.wait([call])
    assert call.cancelled()
    world.iris.gate.set()
    assert await world.call(session) == 200
    assert world.iris.opened == 1


async def test_idle_session_is_opened_again_by_one(world: World) -> None:
    """What has rested for almost the idle time is not trusted: otherwise all parallel calls would open one each."""
    session = await world.start()
    await world.call(session)
    world.iris.alive.clear()
    await world.clock.advance(850)
    tasks = [asyncio.create_task(world.call(session, number % 2)) for number in range(12)]
    await until(world.clock, tasks)
    assert world.iris.opened == 2


async def test_use_keeps_it_fresh(world: World) -> None:
    """The last use is noted, for all nodes."""
    session = await world.start()
    for _ in range(5):
        await world.call(session)
        await world.clock.advance(500)
    await world.call(session, 1)
    assert world.iris.opened == 1


async def test_session_that_iris_lost(world: World) -> None:
    """Parallel calls come back with a session each: one is kept, the others are ended."""
    session = await world.start()
    await world.call(session)
    world.iris.alive.clear()
    world.iris.gate.clear()
    tasks = [asyncio.create_task(world.call(session)) for _ in range(4)]
    while world.iris.running < 4:
        await asyncio.sleep(0)
    world.iris.gate.set()
    await asyncio.gather(*tasks)
    await world.workers[0].ends.close()
    assert (world.iris.opened, len(world.iris.alive), len(world.iris.ended)) == (5, 1, 3)
    await world.call(session)
    assert world.iris.opened == 5


async def test_refused_cookie_is_dropped(world: World) -> None:
    """A gateway that answers 401 to a stale cookie gets the next request without it."""
    session = await world.start()
    await world.call(session)
    world.iris.status = 401
    assert await world.call(session) == 401
    world.iris.status = 200
    assert await world.call(session) == 200
    await world.workers[0].ends.close()
    assert (world.iris.opened, world.iris.ended) == (2, ["CSPSESSIONID=s1"])


async def test_api_that_answers_401_for_reasons_of_its_own(world: World) -> None:
    """It does not cost a new session each time."""
    session = await world.start()
    await world.call(session)
    world.iris.status = 401
    for _ in range(10):
        assert await world.call(session) == 401
        world.iris.status = 200
        await world.call(session)
        world.iris.status = 401
    assert world.iris.opened == 2
    await world.workers[0].ends.close()


async def test_session_that_ends_while_it_is_opened(world: World) -> None:
    """What was opened for somebody who has just logged out is ended too, and not kept."""
    session = await world.start()
    world.iris.gate.clear()
    call = asyncio.create_task(world.call(session))
    await world.iris.came.wait()
    await world.workers[0].sessions.end(session.key, "logout")
    world.workers[0].upstream.forget(session.key)
    await world.workers[0].ends.session_ended(session.key, session.identity)
    world.iris.gate.set()
    await call
    await world.workers[0].ends.close()
    assert (world.iris.ended, world.iris.alive) == (["CSPSESSIONID=s1"], set())
    assert await world.workers[0].jars.count() == 0


@pytest.mark.expects_log
async def test_no_licence_is_asked_for_once(world: World) -> None:
    """Whoever needs a session waits for some seconds without asking; whoever has one goes on."""
    alice, bob = await world.start(), await world.start(subject="bob")
    await world.call(alice)
    world.iris.status = 503
    asked = world.iris.asked
    for _ in range(5):
        with pytest.raises(LicensesExhausted) as refused:
            await world.call(bob)
        assert refused.value.retry_after_seconds == 10
    assert world.iris.asked == asked + 1
    world.iris.status = 200
    assert await world.call(alice) == 200
    await world.clock.advance(10)
    assert await world.call(bob) == 200


async def test_application_without_sessions(world: World) -> None:
    """No cookie comes: after the first answer the others do not wait for one another."""
    session = await world.start()
    world.iris.names = iter(())

    async def plain(_: str) -> ApiResponse:
        return ApiResponse(status=200, body=_nothing())

    for _ in range(2):
        response = await world.workers[0].upstream.send(world.route, session, plain)
        await response.close()
    jar = await world.workers[1].jars.load(session.key, world.route.target)
    assert (jar is not None, jar and jar.cookies) == (True, {})


async def test_failure_of_the_first_request_frees_the_way(world: World) -> None:
    """Who comes next tries to open the session itself."""
    session = await world.start()

    async def unreachable(_: str) -> ApiResponse:
        raise ResourceServerUnreachable

    with pytest.raises(ResourceServerUnreachable):
        await world.workers[0].upstream.send(world.route, session, unreachable)
    assert await world.call(session) == 200


@pytest.mark.expects_log
async def test_store_down(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that this process knows goes on; no other is opened, since nobody could end it."""
    known, other = await world.start(), await world.start()
    await world.call(known)

    async def down(*_: object) -> UpstreamCookieJar:
        raise StoreUnavailable

    monkeypatch.setattr(world.workers[0].jars, "load", down)
    assert await world.call(known) == 200
    with pytest.raises(StoreUnavailable):
        await world.call(other)
    assert world.iris.opened == 1


async def test_logout_ends_it_at_once(world: World) -> None:
    """Whichever worker takes it."""
    session = await world.start()
    await world.call(session)
    await world.workers[0].sessions.end(session.key, "logout")
    await world.workers[1].ends.session_ended(session.key, session.identity)
    await world.workers[1].ends.look()
    await world.workers[0].ends.look()
    assert (world.iris.ended, world.iris.alive) == (["CSPSESSIONID=s1"], set())
    assert await world.workers[0].jars.count() == 0


async def test_session_that_nobody_comes_back_to(world: World) -> None:
    """When its time is over it is ended, here and at the resource server. While it is used, it is not."""
    session = await world.start()
    await world.call(session)
    await world.clock.advance(1700)
    await world.workers[0].sessions.by_key(session.key, passive=False)
    await world.clock.advance(200)
    await world.workers[1].ends.look()
    assert world.iris.ended == []
    await world.clock.advance(1700)
    await world.workers[1].ends.look()
    assert world.iris.ended == ["CSPSESSIONID=s1"]


async def test_session_of_a_user_lives_as_long_as_the_last_one(world: World) -> None:
    """With `per_user` the first logout ends nothing, the last one does."""
    route = replace(world.route, settings=replace(world.route.settings, upstream_session="per_user"))
    first, second = await world.start(), await world.start()
    await world.call(first, route=route)
    await world.call(second, route=route)
    ends = world.workers[0].ends
    for session, expected in ((first, []), (second, ["CSPSESSIONID=s1"])):
        await world.workers[0].sessions.end(session.key, "logout")
        await ends.session_ended(session.key, session.identity)
        await ends.look()
        assert world.iris.ended == expected


async def is_left_to(other: Worker, world: World, worker: Worker) -> bool:
    """Let a worker look at what is due; return whether it ends nothing, and another worker ends the session later."""
    await worker.ends.look()
    ended_nothing = world.iris.ended == []
    await world.clock.advance(CLAIM_SECONDS)
    await other.ends.look()
    return ended_nothing and world.iris.ended == ["CSPSESSIONID=s1"] and await other.jars.count() == 0


async def test_worker_without_the_route(world: World) -> None:
    """During a change of the settings, a worker that does not know the target leaves the session to those that do."""
    changed = replace(ROUTE, target="https://iris.example/csp/other")
    worker, session = world.add_worker(world.keys, [changed]), await world.start()
    await world.call(session)
    await world.workers[0].sessions.end(session.key, "logout")
    await worker.ends.session_ended(session.key, session.identity)

    assert await is_left_to(world.workers[0], world, worker)


@pytest.mark.expects_log
async def test_worker_without_the_key_of_the_jar(world: World) -> None:
    """A worker that has the key of the tombstone and lacks that of the jar leaves the jar."""
    new = secrets.token_bytes(32)
    session = await world.start()
    await world.call(session)
    rotated, worker = world.add_worker([new, *world.keys]), world.add_worker([new])
    await rotated.sessions.end(session.key, "logout")
    await worker.ends.session_ended(session.key, session.identity)

    assert await is_left_to(rotated, world, worker)


@pytest.mark.expects_log
@pytest.mark.parametrize("kind", ["per_session", "per_user"])
async def test_worker_without_the_key_of_the_session(world: World, kind: Any) -> None:
    """A worker that cannot open a session does not take it for one that has ended."""
    new = secrets.token_bytes(32)
    route = replace(world.route, settings=replace(world.route.settings, upstream_session=kind))
    rotated, session = world.add_worker([new, *world.keys]), await world.start()
    await world.call(session, route=route)
    await rotated.sessions.replace_if_unchanged(session)
    ends = world.workers[0].ends  # has the key of the jar
    await ends.session_ended(session.key, session.identity)
    await ends.look()

    assert world.iris.ended == []
    assert await world.workers[0].jars.count() == 1


@pytest.mark.expects_log
async def test_jar_of_another_target(world: World, redis_url: str) -> None:
    """A jar that somebody has copied to another target of the same owner is not sent there, nor ended there."""
    session, jars, redis = await world.start(), world.workers[0].jars, connect(redis_url, 2.0)
    await world.call(session)
    name, other = f"hub:upstream:{session.key}", "https://iris.example/csp/other"
    [sealed] = await redis.hvals(name)
    await redis.hset(name, digest(other), sealed)
    await redis.aclose()
    taken = await jars.take(session.key, lambda target: True)

    assert await jars.load(session.key, other) is None
    assert [jar.target for jar in taken.jars] == [ROUTE.target]
    assert taken.is_complete


async def test_jars_of_another_type(world: World, redis_url: str) -> None:
    """A key with another type of value has no jars, and is no outage of Redis."""
    session, jars, redis = await world.start(), world.workers[0].jars, connect(redis_url, 2.0)
    await redis.set(f"hub:upstream:{session.key}", "x")
    await redis.aclose()

    assert await jars.load(session.key, ROUTE.target) is None
    assert (await jars.take(session.key, lambda target: True)).jars == []
