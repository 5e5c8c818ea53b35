"""The four flows, each once in a hub that is warm: login, a call over HTTP, a call over the channel, the refresh of a token."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from bench.ground.members import Member, enrol, expiring_tokens, found_sessions
from bench.ground.provider import CLIENT_ID, CLIENT_SECRET, put_users
from bench.guard.doors import Open, doors
from bench.guard.house import NOW, House, StillClock, house
from bench.hops.outside import Outside, outside
from bench.hops.recording import Recorder
from bench.rounds import Round
from hub.session.model import TokenSet
from iris_standin import Client, Standin
from tests.parties.browser import Answer, Browser
from tests.parties.hub import free_port, public_url, redirect_uri
from tests.scenarios.conftest import log_in

WARM_UP = 3
IDLE_SECONDS = 0.5
SETTLE_SECONDS = 0.05  # what follows a response: the lines of the log, the events of the hub's own session feed
REFRESH_TASK = "background refresh"
RETURN_TO = "/application"
DUE_IN, EXPIRES_IN = -10.0, 600.0  # seconds: the token is due, and lives

Once = Callable[[], Awaitable[object]]


class TurnClock(StillClock):
    """Time stands still, but a single background task can be given a turn."""

    def __init__(self) -> None:
        self._asleep: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._awake: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def sleep(self, seconds: float) -> None:
        """Wait for a turn."""
        task = asyncio.current_task()
        assert task is not None
        name = task.get_name()
        self._asleep[name].set()
        await self._awake[name].wait()
        self._awake[name].clear()

    async def turn(self, name: str) -> None:
        """Wake the task of this name, and wait until it sleeps again."""
        await self._asleep[name].wait()
        self._asleep[name].clear()
        self._awake[name].set()
        await self._asleep[name].wait()


class LoginBrowser(Browser):
    """A browser whose journey ends with the login: the page of the application is not asked for."""

    async def _send(self, method: str, url: str, headers: Mapping[str, str], body: Any) -> Answer:
        if urlsplit(url).path == RETURN_TO:
            return Answer(url, 200, [], b"")
        return await super()._send(method, url, headers, body)


async def record_flows() -> dict[str, Recorder]:
    """Return what each flow passes, by its name."""
    clock, port = TurnClock(), free_port()
    async with outside() as other, _provider(other, port) as issuer, house(clock=clock, port=port, issuer=issuer) as there:
        openings = doors(there)
        await _recorded_call(openings["http"], set())  # which opens the connection to the API and starts its timer
        idle = await _idle_entries()
        return {
            "login": await _recorded(partial(other.run, partial(_login, there.url)), idle),
            "http": await _recorded_call(openings["http"], idle),
            "channel": await _recorded_call(openings["channel"], idle),
            "refresh": await _recorded_refresh(there, clock, idle),
        }


@asynccontextmanager
async def _provider(other: Outside, port: int) -> AsyncIterator[str]:
    """Run the stand-in; give its issuer."""
    client = Client(CLIENT_ID, CLIENT_SECRET, [redirect_uri(port)], [f"{public_url(port)}/"])
    standin = Standin(None, [client])
    put_users(standin, WARM_UP + 1, NOW)
    await other.run(standin.start)
    try:
        yield standin.issuer
    finally:
        await other.run(standin.stop)


async def _login(url: str) -> None:
    async with LoginBrowser(url) as browser:
        await log_in(browser, return_to=RETURN_TO)
        assert browser.session_cookie() is not None, "the login has failed"


async def _recorded_call(opening: Open, idle: set[str]) -> Recorder:
    load = await opening(1)
    try:
        return await _recorded(lambda: load.run(Round(requests=1)), idle)
    finally:
        load.close()


async def _recorded_refresh(there: House, clock: TurnClock, idle: set[str]) -> Recorder:
    """Record how the background task refreshes the token of one session; each session is refreshed once."""
    for number in range(WARM_UP):
        await _enrol_due(there, number)
        await clock.turn(REFRESH_TASK)
    member = await _enrol_due(there, WARM_UP)
    with Recorder(idle) as recorder:
        await clock.turn(REFRESH_TASK)
        await asyncio.sleep(SETTLE_SECONDS)
    [session] = await found_sessions(there.sessions, [member])
    assert session is not None and session.tokens.obtained_at >= NOW, "the refresh has failed"
    return recorder


async def _enrol_due(there: House, number: int) -> Member:
    """Store a session whose token is due for a refresh."""

    def tokens(number: int, now: float) -> TokenSet:
        return expiring_tokens(number, now + 2 * DUE_IN, now + EXPIRES_IN, now + DUE_IN)

    [member] = await enrol(there.sessions, there.issuer, [number], NOW, tokens)
    return member


async def _recorded(once: Once, idle: set[str]) -> Recorder:
    """Record one run, after some that warm up."""
    for _ in range(WARM_UP):
        await once()
    with Recorder(idle) as recorder:
        await once()
        await asyncio.sleep(SETTLE_SECONDS)
    return recorder


async def _idle_entries() -> set[str]:
    """Return the timers that go on without any request."""
    with Recorder() as recorder:
        await asyncio.sleep(IDLE_SECONDS)
    return recorder.entries
