"""Counts what each kind of work asks of Redis, alone."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from bench.scaling.formulas import PUSHED_AT_ONCE, Cost
from bench.scaling.workers import TOPIC, Counting, Fleet, fleet
from hub.channel.presence import Presence
from hub.gateway.messages import ApiRequest
from hub.primitives.secret import Secret
from hub.services import Services
from hub.session.last_channel import LastChannelStore
from hub.session.model import LoginAttempt, Session, SessionId
from hub.topics.model import Publication, PublishedEvent

ALONE_SECONDS = 10.0
EACH = 200
TOKEN_SECONDS = 60  # a short life, so that many are refreshed while somebody counts
REFRESHING_USERS = 1000  # some 20 refreshes a second
FURTHER_WORKERS = 8
REFRESH_SECONDS = 20.0
SETTLING_SECONDS = 2.0  # scripts are loaded, connections opened

Work = Callable[[], Awaitable[object]]


class Listener:
    """A subscriber to whom everything is delivered."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def deliver(self, topic: str, event: PublishedEvent) -> bool:
        """Take an event."""
        return True

    def gap(self, topic: str) -> None:
        """Hear that events were lost; here none are."""

    async def wait_writable(self) -> None:
        """There is always room."""


async def count_kinds() -> dict[str, Cost]:
    """Return what one of each kind asks for."""
    async with fleet(4, 0, 3600.0) as here:
        idle = await _meanwhile(here, ALONE_SECONDS, [])
    idle = idle.times(1 / 4)
    found = {"background, a worker and second": idle}
    async with fleet(1, 0, 86400.0) as here:
        members = await here.enrol(1 + EACH, 86400.0)
        worker = here.workers[0]
        sessions = [await worker.sessions.by_key(member.key) for member in members]
        found["load"] = await _each(here, idle, [lambda key=one.key: worker.store.load(key) for one in sessions])
        found["touch"] = await _each(here, idle, [lambda one=one: worker.store.touch(one, time.time()) for one in sessions])
        found["keyed request"] = await _each(here, idle, [lambda one=one: keyed_request(worker, one) for one in sessions])
        found["login and logout"] = await _each(here, idle, [lambda one=one: login_and_logout(worker, one) for one in sessions])
        found |= await _presence(here, idle)
    found["refresh"] = await _refresh(1 + FURTHER_WORKERS, idle)  # each is tried by one of them
    alone, many = await _event(1, idle), await _event(1 + FURTHER_WORKERS, idle)
    of_reader = (many + alone.times(-1)).times(1 / FURTHER_WORKERS)
    return found | {"event": alone + of_reader.times(-1), "event, each worker with a subscriber": of_reader}


async def keyed_request(worker: Services, session: Session) -> None:
    """Send a request that is executed once, as an unsafe one of the Angular client."""
    request, dispatch = ApiRequest(method="POST", path="/api/1024.json"), worker.dispatch
    place = dispatch.locate(request.path)
    answer = await dispatch.respond(request, place, session, transport="channel", key=secrets.token_hex(16))
    await answer.close()


async def login_and_logout(worker: Services, like: Session) -> None:
    """Do what a login asks of Redis, and what a logout does: the ceremony itself needs a browser."""
    state, attempts = secrets.token_hex(32), worker.code_flow._attempts
    attempt = LoginAttempt(
        issuer=like.issuer,
        nonce="nonce",
        code_verifier=Secret("verifier"),
        return_to="/",
        created_at=time.time(),
    )
    attempts.open(state, attempts.seal(state, attempt))
    await attempts.use(state, 600.0)
    key = SessionId.generate().key
    await worker.sessions.start(replace(like, key=key, version=1))
    await worker.sessions.end(key, "refused")  # of all ends that with no call of the provider


async def _each(here: Fleet, idle: Cost, work: Sequence[Work]) -> Cost:
    """Return what one of these asks for; what the workers ask anyway is taken off."""
    await work[0]()  # scripts are loaded, connections opened
    async with Counting(here) as counting:
        for each in work[1:]:
            await each()
    beside = idle.times(-len(here.workers) * counting.asked.seconds)
    return (counting.asked.cost + beside).times(1 / (len(work) - 1))


async def _meanwhile(here: Fleet, seconds: float, tasks: Sequence[asyncio.Task[None]]) -> Cost:
    """Return what is asked for in a second."""
    await asyncio.sleep(SETTLING_SECONDS)
    async with Counting(here) as counting:
        await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    return counting.asked.per_second


async def _refresh(workers: int, idle: Cost) -> Cost:
    async with fleet(workers, REFRESHING_USERS, TOKEN_SECONDS) as here:
        members = await here.enrol(REFRESHING_USERS, TOKEN_SECONDS)
        await asyncio.sleep(SETTLING_SECONDS)
        async with Counting(here) as counting:
            await asyncio.sleep(REFRESH_SECONDS)
        assert members
        done = counting.asked.by_command["publish"]  # one for each refresh, and for nothing else here
        return (counting.asked.cost + idle.times(-workers * counting.asked.seconds)).times(1 / done)


async def _event(workers: int, idle: Cost) -> Cost:
    async with fleet(workers, 0, 86400.0) as here:
        members = await here.enrol(1, 86400.0)
        for worker in here.workers:
            session = await worker.sessions.by_key(members[0].key)
            (await worker.topics.subscribe(TOPIC, Listener(session), None)).begin()

        async def publish() -> None:
            await here.workers[0].topics.store.publish(TOPIC, worker.topics.settings_of(TOPIC), Publication("changed"))
            await asyncio.sleep(0.02)  # each worker reads it before the next one comes

        return await _each(here, idle, [publish] * EACH)


async def _presence(here: Fleet, idle: Cost) -> dict[str, Cost]:
    """Count the pushes of a thousand sessions, and the looks for those whose time is over."""
    worker, keys = here.workers[0], [SessionId.generate().key for _ in range(PUSHED_AT_ONCE)]
    board = LastChannelStore(worker.redis)
    push = await _each(here, idle, [lambda: board.push(keys, time.time() + 3600.0)] * 50)
    own = Presence(board, worker.sessions, worker.clock, 3600.0)
    look = await _meanwhile(here, ALONE_SECONDS, [asyncio.create_task(own.run(list))])
    return {"presence, 1000 sessions": push, "presence, a worker and second": look + idle.times(-1)}
