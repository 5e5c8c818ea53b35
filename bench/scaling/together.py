"""Lets all kinds of work happen together, as the users of some workers cause them, and says what Redis was asked for."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass

from bench.ground.members import Member
from bench.scaling.formulas import CONNECTIONS_OF_A_BROWSER, Inputs
from bench.scaling.kinds import Listener, keyed_request, login_and_logout
from bench.scaling.workers import TOPIC, Asked, Counting, Fleet, fleet
from hub.channel.presence import Presence
from hub.errors import HubError
from hub.services import Services
from hub.session.last_channel import LastChannelStore
from hub.session.model import Session
from hub.topics.model import Publication

WARM_UP_SECONDS = 35.0  # longer than the interval in which activity is written down
SAMPLE = Inputs(
    users=1500,
    requests_per_minute=10.0,
    burst=3.0,
    channel_share=0.6,
    keyed_share=0.2,
    token_seconds=120.0,
    logins_per_second=2.0,
    events_per_second=2.0,
    last_channel_seconds=30.0,
    workers=8,
)


@dataclass(frozen=True, slots=True)
class Together:
    """The result of all users together.

    Attributes:
        asked: The work of Redis.
        requests: Requests of users; `failures` of them failed, since the beginning.
        loads: Sessions that were read from Redis for them.
        refreshes: Tokens that were refreshed; `tries` of other workers found that it was being done, or had been.
    """

    asked: Asked
    requests: int
    loads: int
    refreshes: float
    tries: float
    failures: int


_of_a_user: ContextVar[bool] = ContextVar("_of_a_user", default=False)


class User:
    """One of the users. A channel leads to one worker; HTTP to one of several for each request."""

    def __init__(self, member: Member, workers: Sequence[Services], *, has_channel: bool) -> None:
        self._session_id = member.session_id
        connections = 1 if has_channel else CONNECTIONS_OF_A_BROWSER
        self._workers = [random.choice(workers) for _ in range(connections)]
        self.requests = 0
        self.failures = 0

    async def live(self, inputs: Inputs) -> None:
        """Ask now and then, until cancelled."""
        _of_a_user.set(True)
        while True:
            await asyncio.sleep(random.expovariate(1 / inputs.burst_gap_seconds))
            connections = random.sample(self._workers, min(len(self._workers), round(inputs.burst)))
            turns = [connections[number % len(connections)] for number in range(round(inputs.burst))]
            await asyncio.gather(*(self._ask(worker, random.random() < inputs.keyed_share) for worker in turns))

    async def _ask(self, worker: Services, is_keyed: bool) -> None:
        self.requests += 1
        try:
            session = worker.sessions.cached(self._session_id) or await worker.sessions.current(self._session_id)
            if is_keyed:
                await keyed_request(worker, session)
        except HubError:
            self.failures += 1


async def live_together(inputs: Inputs, seconds: float) -> Together:
    """Let so many users live for so long."""
    async with fleet(inputs.workers, inputs.users, inputs.token_seconds) as here:
        members = await here.enrol(inputs.users, inputs.token_seconds)
        some = await here.workers[0].sessions.by_key(members[0].key)
        channels = round(inputs.channels)
        users = [User(member, here.workers, has_channel=number < channels) for number, member in enumerate(members)]
        work = [user.live(inputs) for user in users]
        work += [_log_in(here, some, inputs), _publish(here, some, inputs)]
        work += [
            _be_present(worker, members[number : channels : inputs.workers], inputs) for number, worker in enumerate(here.workers)
        ]
        loads = _count_loads(here)
        tasks = [asyncio.create_task(each) for each in work]
        await asyncio.sleep(WARM_UP_SECONDS)
        before, loads_before = sum(user.requests for user in users), loads[True]
        refreshes_before = [_refreshes(here, outcome) for outcome in ("refreshed", "taken")]
        async with Counting(here) as counting:
            await asyncio.sleep(seconds)
        requests, loaded = sum(user.requests for user in users) - before, loads[True] - loads_before
        done, tried = [_refreshes(here, outcome) for outcome in ("refreshed", "taken")]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    failures = sum(user.failures for user in users)
    return Together(counting.asked, requests, loaded, done - refreshes_before[0], tried - refreshes_before[1], failures)


def _refreshes(here: Fleet, outcome: str) -> float:
    """Return how many refreshes of all workers have ended so."""
    return sum(worker.metrics.refreshes.labels(outcome)._value.get() for worker in here.workers)


def _count_loads(here: Fleet) -> Counter[bool]:
    """Count from now on how often sessions are read, apart for requests of users (True) and for everything else."""
    counts: Counter[bool] = Counter()

    def counted(load: Callable[[str], Awaitable[object]]) -> Callable[[str], Awaitable[object]]:
        async def read(key: str) -> object:
            counts[_of_a_user.get()] += 1
            return await load(key)

        return read

    for worker in here.workers:
        worker.store.load = counted(worker.store.load)  # type: ignore[method-assign,assignment]
    return counts


async def _log_in(here: Fleet, like: Session, inputs: Inputs) -> None:
    while True:
        await asyncio.sleep(1 / inputs.logins_per_second)
        await login_and_logout(random.choice(here.workers), like)


async def _publish(here: Fleet, session: Session, inputs: Inputs) -> None:
    for worker in here.workers:
        (await worker.topics.subscribe(TOPIC, Listener(session), None)).begin()
    topics = here.workers[0].topics
    while True:
        await asyncio.sleep(1 / inputs.events_per_second)
        await topics.store.publish(TOPIC, topics.settings_of(TOPIC), Publication("changed"))


async def _be_present(worker: Services, members: Sequence[Member], inputs: Inputs) -> None:
    keys = [member.key for member in members]
    own = Presence(LastChannelStore(worker.redis), worker.sessions, worker.clock, inputs.last_channel_seconds)
    await own.run(lambda: keys)
