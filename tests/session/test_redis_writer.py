"""What somebody gets who can write to Redis: nobody's session but, at most, trouble (docs/threat-model.md)."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.errors import Conflict, NotAuthenticated, SessionEnded
from hub.session.codec import RecordCodec
from hub.session.event_feed import EventFeed
from hub.session.events import SessionHasEnded, SessionWasReplaced
from hub.session.keyring import Keyring
from hub.session.model import Session, SessionId
from hub.session.record_faults import RecordFaults
from hub.session.redis_client import Redis, connect
from hub.session.refresh_lock import RefreshLock
from hub.session.revocations import RevocationQueue
from hub.session.sessions import REPLACED_GRACE_SECONDS, Sessions
from hub.session.store import SessionStore, session_name
from hub.telemetry.metrics import Metrics
from tests.parties.clock import START, ManualClock
from tests.session.conftest import LIFETIMES
from tests.session.samples import make_session, make_tokens

pytestmark = pytest.mark.expects_log


@dataclass
class Worker:
    """A worker that hears no events: it knows what it has done and seen itself."""

    sessions: Sessions
    store: SessionStore
    revocations: RevocationQueue
    metrics: Metrics
    faults: list[tuple[str, str]] = field(default_factory=list)

    async def subject(self, session_id: SessionId) -> str | None:
        """Return as whom a browser with this cookie is served; None: as nobody."""
        try:
            return (await self.sessions.current(session_id)).subject
        except NotAuthenticated:
            return None


async def copy_of(redis: Redis, name: str | bytes) -> bytes:
    """Return what `RESTORE` takes."""
    return cast(bytes, await redis.dump(name))


class Ward:
    """A Redis, its workers, and one who writes to it."""

    def __init__(self, redis: Redis, clock: ManualClock) -> None:
        self.redis, self.clock, self.keyring = redis, clock, Keyring([secrets.token_bytes(32)])

    def worker(self) -> Worker:
        """Start a worker."""
        metrics, faults, codec = Metrics(), list[tuple[str, str]](), RecordCodec(self.keyring)
        reports = RecordFaults(lambda kind, fault: faults.append((kind, fault)))
        store = SessionStore(self.redis, codec, LIFETIMES, self.clock, reports)
        revocations = RevocationQueue(self.redis, codec, reports)
        feed = EventFeed(self.redis, self.keyring, self.clock, metrics)
        sessions = Sessions(store, feed, revocations, LIFETIMES, self.clock, metrics)
        return Worker(sessions, store, revocations, metrics, faults)

    async def log_in(self, worker: Worker, subject: str, present: str = "") -> SessionId:
        """Log a user in; return the cookie."""
        session_id = SessionId.generate()
        await worker.sessions.start(make_session(session_id, now=self.clock.now(), subject=subject), present)
        return session_id


@asynccontextmanager
async def opened(redis_url: str) -> AsyncIterator[Ward]:
    """Open an empty ward."""
    redis = connect(redis_url, 2.0)
    await redis.flushall()
    yield Ward(redis, ManualClock())
    await redis.aclose()


@pytest.fixture
async def ward(redis_url: str) -> AsyncIterator[Ward]:
    """A ward."""
    async with opened(redis_url) as built:
        yield built


Forgery = Callable[[Redis, str, str], Awaitable[Any]]


async def forge_move(redis: Redis, mine: str, victim: str) -> None:
    """Say in clear that an invented session has moved to the victim's."""
    await redis.hset(mine, mapping={"moved_to": victim.rpartition(":")[2], "moved_until": "inf"})


async def copy_record(redis: Redis, mine: str, victim: str) -> None:
    """Put the victim's record in the place of an invented session."""
    await redis.restore(mine, 0, await copy_of(redis, victim), replace=True)


async def copy_data(redis: Redis, mine: str, victim: str) -> None:
    """Put the victim's session into one's own record."""
    fields = await redis.hgetall(victim)
    await redis.hset(mine, mapping={"data": fields[b"data"], "version": fields[b"version"]})


FORGERIES: list[Forgery] = [forge_move, copy_record, copy_data]


@pytest.mark.parametrize("has_session", [False, True])
@pytest.mark.parametrize("forge", FORGERIES)
async def test_nobody_is_served_as_another(ward: Ward, forge: Forgery, has_session: bool) -> None:
    """Neither who invents a cookie nor who has logged in becomes the victim."""
    worker = ward.worker()
    victim = await ward.log_in(worker, "alice")
    mine = await ward.log_in(worker, "mallory") if has_session else SessionId.generate()
    await forge(ward.redis, session_name(mine.key), session_name(victim.key))

    assert await ward.worker().subject(mine) in (None, "mallory")
    assert await ward.worker().subject(victim) == "alice"


async def test_record_that_is_put_back_after_the_end(ward: Ward) -> None:
    """Workers that know of the end refuse it; the reason stays that of the end."""
    ending, looking = ward.worker(), ward.worker()
    cookie = await ward.log_in(ending, "alice")
    record = await copy_of(ward.redis, session_name(cookie.key))
    await ending.sessions.end(cookie.key, "logout")
    assert await looking.subject(cookie) is None
    await ward.redis.restore(session_name(cookie.key), 0, record, replace=True)

    for worker in (ending, looking):
        with pytest.raises(SessionEnded) as refused:
            await worker.sessions.current(cookie)
        assert refused.value.extensions["reason"] == "logout"
    assert ("session", "not_authentic") in ending.faults
    await ward.clock.advance(LIFETIMES.absolute_seconds)
    assert await ward.worker().subject(cookie) is None


async def test_worker_that_was_told_of_the_end(ward: Ward) -> None:
    """An event of another worker is remembered as well."""
    ending, told = ward.worker(), ward.worker()
    cookie = await ward.log_in(ending, "alice")
    record = await copy_of(ward.redis, session_name(cookie.key))
    await ending.sessions.end(cookie.key, "operator")
    told.sessions.on_event(SessionHasEnded(cookie.key, "operator", START))
    await ward.redis.restore(session_name(cookie.key), 0, record, replace=True)

    assert await told.subject(cookie) is None


async def test_replaced_session_that_is_put_back(ward: Ward) -> None:
    """The cookie of before a new login does not live longer than its grace."""
    worker = ward.worker()
    old = await ward.log_in(worker, "alice")
    record = await copy_of(ward.redis, session_name(old.key))
    await ward.log_in(worker, "alice", old.key)
    await ward.redis.restore(session_name(old.key), 0, record, replace=True)

    with pytest.raises(SessionEnded):
        await worker.sessions.current(old)


async def test_worker_that_was_told_of_a_new_login(ward: Ward) -> None:
    """It serves the new session for the grace, and the old one, put back, not at all."""
    replacing, told = ward.worker(), ward.worker()
    cookie = await ward.log_in(replacing, "alice")
    record = await copy_of(ward.redis, session_name(cookie.key))
    await ward.log_in(replacing, "alice", cookie.key)
    told.sessions.on_event(SessionWasReplaced(cookie.key, ward.clock.now() + 10))
    assert await told.subject(cookie) == "alice"
    await ward.redis.restore(session_name(cookie.key), 0, record, replace=True)

    with pytest.raises(SessionEnded):
        await told.sessions.current(cookie)


@pytest.mark.parametrize("touched_at", ["inf", "nan", "-1", "x", str(START + 10_000)])
async def test_idle_timeout_cannot_be_turned_off(ward: Ward, touched_at: str) -> None:
    """The session whose activity was invented is over."""
    cookie = await ward.log_in(ward.worker(), "alice")
    await ward.redis.hset(session_name(cookie.key), "touched_at", touched_at)

    assert await ward.worker().subject(cookie) is None


async def test_older_version_is_counted(ward: Ward) -> None:
    """A living session of which Redis has an older version goes on, and operators can see it."""
    worker = ward.worker()
    cookie = await ward.log_in(worker, "alice")
    record = await copy_of(ward.redis, session_name(cookie.key))
    session = await worker.sessions.current(cookie)
    await worker.sessions.replace_if_unchanged(session.with_tokens(make_tokens()))
    await worker.sessions.current(cookie)
    await ward.redis.restore(session_name(cookie.key), 0, record, replace=True)
    await ward.clock.advance(2)

    assert await worker.subject(cookie) == "alice"
    assert 'hub_record_faults_total{fault="older_version",kind="session"} 1.0' in worker.metrics.exposition().decode()


ISSUER = "https://iris.example/oauth2"
FIELDS = ["touched_at", "touched_tag", "version", "data", "sealed_end", "sealed_move", "ended", "lease_until"]


@pytest.mark.parametrize("garbage", FIELDS)
async def test_odd_record_harms_nobody_else(ward: Ward, garbage: str) -> None:
    """Garbage in any field costs its user a login at most; lists, other users and logouts work."""
    worker = ward.worker()
    odd, other = await ward.log_in(worker, "alice"), await ward.log_in(worker, "alice")
    await ward.redis.hset(session_name(odd.key), garbage, b"\xff garbage")
    await ward.redis.set(session_name("string"), "no hash")
    await ward.redis.hset(session_name("stranger"), b"\xff", b"\xff")
    await ward.redis.zadd("hub:due", {b"\xff": 0})
    fresh = ward.worker()

    assert await fresh.subject(odd) in (None, "alice")
    assert other.key in {session.key async for session in fresh.sessions.all()}
    assert other.key in [session.key for session in await fresh.sessions.of_user(ISSUER, "alice")]
    assert await fresh.store.claim_due(START, 10)
    await fresh.sessions.end(odd.key, "operator")
    assert await fresh.sessions.end(other.key, "operator") is not None


async def test_index_decides_nothing(ward: Ward) -> None:
    """A session in the index of another user, or of another session at the provider, is not ended with those."""
    worker = ward.worker()
    alice, bob = await ward.log_in(worker, "alice"), await ward.log_in(worker, "bob")
    for name in await ward.redis.keys("hub:subject:*") + await ward.redis.keys("hub:provider-session:*"):
        await ward.redis.zadd(name, {alice.key: 1e12, bob.key: 1e12})

    assert [session.key for session in await worker.sessions.of_user(ISSUER, "alice")] == [alice.key]
    assert await worker.sessions.of_provider_session(ISSUER, "other") == []


async def test_garbage_in_a_lease(ward: Ward) -> None:
    """A session whose lease or fencing token is no number can still be refreshed."""
    cookie = await ward.log_in(ward.worker(), "alice")
    await ward.redis.hset(session_name(cookie.key), mapping={"lease_until": "x", "fence": "y" * 100})

    async with RefreshLock(ward.redis, ward.clock).hold(cookie.key) as lease:
        assert lease is not None


@dataclass
class Login:
    """A login of the story, and what is known of it.

    Attributes:
        ended_by: The workers that know of its end; None while it lives.
        replaced_until: After a new login in its browser, the cookie stands for that one so long; epoch seconds.
        is_touched: Whether the adversary has written to its record.
    """

    cookie: SessionId
    subject: str
    ended_by: set[int] | None = None
    replaced_until: float = 0.0
    is_touched: bool = False


class Story:
    """Logins, requests and logouts on two workers, and somebody who writes to Redis between any two of them."""

    def __init__(self, ward: Ward) -> None:
        self.ward, self.workers, self.logins = ward, {0: ward.worker(), 1: ward.worker()}, list[Login]()
        self.names, self.dumps = iter(range(2, 10_000)), list[dict[bytes, bytes]]()

    async def step(self, kind: str, a: int, b: int) -> None:
        """Take one step; numbers choose among what there is. What the adversary wrote raises nothing else."""
        if kind != "log_in" and not self.logins:
            return
        await getattr(self, kind)(a, b)
        if kind not in ATTACKS:
            self.dumps.append({key: await copy_of(self.ward.redis, key) for key in await self.keys()})
        elif (a + b) % 3:
            await self.all_request(b)

    def worker(self, number: int) -> tuple[int, Worker]:
        """Choose a worker."""
        return list(self.workers.items())[number % len(self.workers)]

    async def log_in(self, a: int, b: int) -> None:
        """Log in, in a new browser."""
        subject = ("alice", "bob")[a % 2]
        cookie = await self.ward.log_in(self.worker(b)[1], subject)
        self.logins.append(Login(cookie, subject))

    async def log_in_again(self, a: int, b: int) -> None:
        """Log in in a browser that has a session: the old cookie stands for the new session for a while."""
        old, (name, worker) = self.logins[a % len(self.logins)], self.worker(b)
        present = await worker.store.load(old.cookie.key)
        self.logins.append(Login(await self.ward.log_in(worker, old.subject, old.cookie.key), old.subject))
        for login in self.logins:
            if isinstance(present, Session) and present.key == login.cookie.key:
                login.ended_by, login.replaced_until = {name}, self.ward.clock.now() + REPLACED_GRACE_SECONDS

    async def request(self, a: int, b: int) -> None:
        """Send a request with a cookie: it is served as its own user, and not after the end."""
        login, (name, worker) = self.logins[a % len(self.logins)], self.worker(b)
        served = await worker.subject(login.cookie)
        assert served in (None, login.subject)
        if login.ended_by is not None:
            in_grace = self.ward.clock.now() < login.replaced_until
            assert served is None or in_grace or (login.is_touched and name not in login.ended_by)
        elif not login.is_touched:
            assert served == login.subject

    async def log_out(self, a: int, b: int) -> None:
        """End a session."""
        login, (name, worker) = self.logins[a % len(self.logins)], self.worker(b)
        if await worker.sessions.end(login.cookie.key, "logout") is not None:
            login.ended_by = (login.ended_by or set()) | {name}

    async def log_out_everywhere(self, a: int, b: int) -> None:
        """End the sessions of a user, as far as the index names them: none of another user."""
        login, (name, worker) = self.logins[a % len(self.logins)], self.worker(b)
        found = await worker.sessions.of_user(ISSUER, login.subject)
        assert {session.subject for session in found} <= {login.subject}
        keys = {session.key for session in found}
        for each in self.logins:
            if each.cookie.key in keys and await worker.sessions.end(each.cookie.key, "elsewhere") is not None:
                each.ended_by = (each.ended_by or set()) | {name}

    async def refresh(self, a: int, b: int) -> None:
        """Store new tokens."""
        login, (_, worker) = self.logins[a % len(self.logins)], self.worker(b)
        found = await worker.store.load(login.cookie.key)
        if isinstance(found, Session):
            assert found.subject == login.subject
            with suppress(Conflict):
                await worker.sessions.replace_if_unchanged(found.with_tokens(make_tokens(now=self.ward.clock.now())))

    async def restart(self, a: int, b: int) -> None:
        """Replace a worker by a new one, which knows nothing."""
        del self.workers[self.worker(a)[0]]
        self.workers[next(self.names)] = self.ward.worker()

    async def wait(self, a: int, b: int) -> None:
        """Let time pass; all users are active."""
        await self.ward.clock.advance(a % 100)
        await self.all_request(b)

    async def all_request(self, b: int) -> None:
        """Send a request with each cookie to one worker."""
        for number in range(len(self.logins)):
            await self.request(number, b)

    async def sweep(self, a: int, b: int) -> None:
        """Let operators and background tasks look at everything."""
        _, worker = self.worker(b)
        assert all([session.subject in ("alice", "bob") async for session in worker.sessions.all()])
        await worker.store.claim_due(self.ward.clock.now(), 100)
        assert all(each.issuer == ISSUER for each in await worker.revocations.claim(self.ward.clock.now(), 100))

    # -- the adversary --

    def touch(self, key: bytes) -> None:
        """Note whose record was written to. An index belongs to all: it may hide a session, or name one too many."""
        for login in self.logins:
            login.is_touched |= key.decode(errors="replace").endswith(login.cookie.key)

    async def keys(self) -> list[bytes]:
        """Return the names of all records."""
        return sorted(cast(list[bytes], await self.ward.redis.keys("hub:*")))

    async def restore(self, a: int, b: int) -> None:
        """Put a record of any earlier moment back, in its own place or in another one's."""
        kept = self.dumps[a % len(self.dumps)]
        names = sorted(kept) if b % 4 == 0 else sorted(name for name in kept if name.startswith(b"hub:session:"))
        if not names:
            return
        source = names[b % len(names)]
        places = [name for name in names if name.split(b":")[1] == source.split(b":")[1]]
        place = places[(a + b) % len(places)] if a % 3 == 0 else source
        await self.ward.redis.restore(place, 0, kept[source], replace=True)
        self.touch(place)

    async def delete(self, a: int, b: int) -> None:
        """Delete a record."""
        if keys := await self.keys():
            await self.ward.redis.delete(keys[a % len(keys)])
            self.touch(keys[a % len(keys)])

    async def move(self, a: int, b: int) -> None:
        """Copy a field of one session into another one, or write there what leads to it."""
        keys = await self.sessions()
        if not keys:
            return
        source, place = keys[a % len(keys)], keys[b % len(keys)]
        fields = sorted(cast(dict[bytes, bytes], await self.ward.redis.hgetall(source)).items())
        name, value = fields[(a + b) % len(fields)]
        successor = source.rpartition(b":")[2]
        changes = {name: value} if a % 3 else {b"moved_to": successor, b"moved_until": b"inf"}
        await self.ward.redis.hset(place, mapping=cast(dict[Any, Any], changes))
        self.touch(place)

    async def index(self, a: int, b: int) -> None:
        """Add a session, and what is none, to an index or a queue."""
        places = [key for key in await self.keys() if await self.ward.redis.type(key) == b"zset"]
        if places:
            member = (b"\xff", self.logins[b % len(self.logins)].cookie.key.encode())[a % 2]
            await self.ward.redis.zadd(places[a % len(places)], {member: (0, 1e12, float("inf"))[b % 3]})

    async def edit(self, a: int, b: int) -> None:
        """Write something into a field, or something else in place of a session."""
        keys = await self.sessions()
        if not keys:
            return
        place = keys[a % len(keys)]
        value = (b"inf", b"nan", b"", b"1", b"2", b"9" * 400, b"\xff", b"1e308")[(a + b) % 8]
        if b % 10 == 9:
            await self.ward.redis.set(place, value)
        else:
            await self.ward.redis.hset(place, (*FIELDS, "moved_to")[b % 9], value)
        self.touch(place)

    async def sessions(self) -> list[bytes]:
        """Return the names of the records of sessions that are hashes."""
        names = [key for key in await self.keys() if key.startswith(b"hub:session:")]
        return [name for name in names if await self.ward.redis.type(name) == b"hash"]


ATTACKS = ("restore", "delete", "move", "index", "edit")
STEPS = [
    *("log_in", "log_in_again", "request", "log_out", "log_out_everywhere", "refresh", "restart", "wait", "sweep"),
    *ATTACKS,
    *ATTACKS,
]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 999), st.integers(0, 999)), min_size=10, max_size=40))
def test_any_story(redis_url: str, steps: list[tuple[str, int, int]]) -> None:
    """Whatever is edited, moved, deleted or restored between two steps: nobody is served as another, or after the end.

    Sessions whose records nobody touched are served as before.
    """

    async def tell() -> None:
        async with opened(redis_url) as ward:
            story = Story(ward)
            for kind, a, b in [("log_in", 0, 0), ("log_in", 1, 1), *steps]:
                await story.step(kind, a, b)

    asyncio.run(tell())
