"""Every door of the hub, with a fault at every await: no 500, no dead task, no socket without an owner, no growth.

`python -m fuzz doors SECONDS` first goes through each visit with each fault at each await, then draws faults and visits at
random, several at the same time. A defect ends the run; its message says how to repeat it.
"""

import asyncio
import logging
import random
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import msgspec

from fuzz.door_house import NAVIGATION, PUBLISHER, Client, DoorHouse, door_house, log_in
from fuzz.fault_injection import ERRORS, Fault, FaultInjector, Plan
from hub.channel.messages import SUBPROTOCOL
from hub.process.server import LISTENERS
from tests.parties.two_way_api import BYE, BYE_CODE

FINE = {0, 101, 200, 201, 302, 400, 401, 403, 404, 409, 410, 426, 429, 502, 503, 504}
"""Statuses that a visit with a fault may have. 0: the connection ended, which only a client that has left may see."""
UNDISTURBED = {101, 200, 201, 302, 400, 401, 403, 502}
"""Statuses without a fault: the visits send some requests that must be rejected."""

CLOSED_EARLY = 503
"""Noted for a WebSocket that the hub closes although its client waits for a message: never without a fault."""

CRASHES = ("crashed", "task.failed", "task.given_up", "never retrieved", "was destroyed", "never awaited")
SETTLE_SECONDS = 10.0
MOST_AWAITS = 60  # of one visit
CLOSES = {1000, 1001, 1006, 1011, BYE_CODE, 4400, 4401, 4403, 4408, 4429, 4500, 4502, 4503, 4504}


class Defect(AssertionError):
    """The hub did what it must not do."""


Visit = Callable[[DoorHouse, Client], Awaitable[None]]
VISITS: dict[str, Visit] = {}


def visit(function: Visit) -> Visit:
    """Add a visit to the registry."""
    VISITS[getattr(function, "__name__")] = function  # noqa: B009
    return function


@visit
async def login(house: DoorHouse, client: Client) -> None:
    """Begin and complete a login, and load its callback twice."""
    client.cookies.clear()
    await log_in(house, client)
    await client.ask("GET", "/hub/callback?code=x&state=y", *NAVIGATION)


@visit
async def session(house: DoorHouse, client: Client) -> None:
    """Ask for the session, and list the user's."""
    await client.ask("GET", "/hub/session", *client.script())
    await client.ask("GET", "/hub/sessions", *client.script())


@visit
async def call(house: DoorHouse, client: Client) -> None:
    """Call the API with and without a body, and with an idempotency key twice."""
    await client.ask("GET", "/api/x", *client.script())
    await client.ask("POST", "/api/x", *client.script(), body=b"{}")
    key = f"X-Hub-Key: {secrets.token_hex(16)}"
    for _ in range(2):
        await client.ask("POST", "/api/x", *client.script(), key, body=b"{}")


@visit
async def upload(house: DoorHouse, client: Client) -> None:
    """Send a body that streams."""
    await client.ask("POST", "/api/x", *client.script(), body=bytes(300_000))


@visit
async def logout(house: DoorHouse, client: Client) -> None:
    """Log out by the page."""
    await client.ask("POST", "/hub/logout", *client.script())


@visit
async def provider_logout(house: DoorHouse, client: Client) -> None:
    """Log out by the provider."""
    body = f"logout_token={house.provider.logout_token()}".encode()
    await client.ask("POST", "/hub/backchannel-logout", "Content-Type: application/x-www-form-urlencoded", body=body)


@visit
async def publish(house: DoorHouse, client: Client) -> None:
    """Publish an event at the admin listener."""
    event = b'{"name":"result","data":{"id":7}}'
    await client.ask("POST", "/topics/lab/x", f"Authorization: Bearer {PUBLISHER}", body=event, port=house.admin_port)


@visit
async def channel(house: DoorHouse, client: Client) -> None:
    """Open a channel, call the API, subscribe, and leave."""
    hello = {"type": "hello", "csrf": client.cookies.get("XSRF-TOKEN", "")}
    key = secrets.token_hex(16)
    messages = [
        hello,
        {"type": "request", "id": 1, "method": "GET", "path": "/api/x"},
        {"type": "request", "id": 2, "method": "POST", "path": "/api/x", "key": key, "body": {}},
        {"type": "subscribe", "id": 3, "topic": "lab/x"},
    ]
    await _talk(house, client, "/hub/channel", messages, [SUBPROTOCOL])


@visit
async def events(house: DoorHouse, client: Client) -> None:
    """Poll for events, and open an event stream, which the client leaves when it has begun."""
    opening = [{"type": "hello", "csrf": client.cookies.get("XSRF-TOKEN", "")}, {"type": "subscribe", "id": 1, "topic": "lab/x"}]
    fields = [*client.script(), f"Origin: http://localhost:{house.port}"]
    for accept in ("application/json", "text/event-stream"):
        await client.ask("POST", "/hub/events", *fields, f"Accept: {accept}", body=msgspec.json.encode(opening))


@visit
async def pass_through(house: DoorHouse, client: Client) -> None:
    """Open WebSockets whose messages the API sends back, one that it closes, and those that nobody accepts."""
    async with _dialed(house, client, "/live/x") as socket:
        if socket is not None:
            await _exchange_messages(client, socket, ["", "x" * 300_000, "y"])
    async with _dialed(house, client, "/live/x") as socket:
        if socket is not None:
            await _exchange_messages(client, socket, ["z"], last=BYE)
    await _talk(house, client, "/refused/x", [], [])
    await _talk(house, client, "/live//x", [], [])
    await _talk(house, Client(house.port), "/live//x", [], [])


async def _talk(house: DoorHouse, client: Client, path: str, messages: list[dict[str, object]], offered: list[str]) -> None:
    """Open a WebSocket, send messages, and read until each request has ended or the hub closes."""
    async with _dialed(house, client, path, offered) as socket:
        if socket is not None:
            await _converse(client, socket, messages)


@asynccontextmanager
async def _dialed(
    house: DoorHouse, client: Client, path: str, offered: Sequence[str] = ()
) -> AsyncIterator[aiohttp.ClientWebSocketResponse | None]:
    """Open a WebSocket, which `Client.leave` aborts; None if it was refused, which is noted."""
    url, cookies = f"http://localhost:{house.port}", "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    async with aiohttp.ClientSession(headers={"Origin": url, "Cookie": cookies}) as http:
        try:
            socket = await http.ws_connect(f"{url}{path}", protocols=offered, max_msg_size=0)
        except aiohttp.WSServerHandshakeError as refused:
            client.statuses.append(refused.status)
            yield None
            return
        except (aiohttp.ClientError, OSError):
            client.statuses.append(0)
            yield None
            return
        transport = socket._response.connection and socket._response.connection.transport
        client.transports |= {transport} if transport is not None else set()
        try:
            yield socket
        finally:
            client.transports.discard(transport)  # type: ignore[arg-type]


async def _exchange_messages(
    client: Client, socket: aiohttp.ClientWebSocketResponse, messages: Sequence[str], last: str = ""
) -> None:
    """Send messages one after the other, and read each as it comes back; then send `last`, and read until the hub closes.

    Notes the status 101 if all of this succeeds.

    Raises:
        Defect: Another message came back, or the close code is not one of those that a page may get.
    """
    try:
        async with asyncio.timeout(SETTLE_SECONDS):
            for message in messages:
                await socket.send_str(message)
                received = await socket.receive()
                if received.type is not aiohttp.WSMsgType.TEXT:
                    client.statuses.append(CLOSED_EARLY)
                    return
                if received.data != message:
                    raise Defect(f"{len(message)} characters were sent, and {len(received.data)} others came back")
            if last:
                await socket.send_str(last)
                await socket.receive()
        client.statuses.append(101)
        await socket.close()
    except (OSError, aiohttp.ClientError):
        client.statuses.append(0)
    finally:
        _check_close(socket)


async def _converse(client: Client, socket: aiohttp.ClientWebSocketResponse, messages: list[dict[str, object]]) -> None:
    open_requests = {message["id"] for message in messages if "id" in message}
    try:
        for message in messages:
            await socket.send_str(msgspec.json.encode(message).decode())
        async with asyncio.timeout(SETTLE_SECONDS):
            while open_requests or not messages:
                received = await socket.receive()
                if received.type is not aiohttp.WSMsgType.TEXT:
                    break
                decoded = msgspec.json.decode(received.data)
                for each in decoded if isinstance(decoded, list) else [decoded]:
                    if each["type"] in ("response", "error"):
                        open_requests.discard(each["id"])
                        client.statuses.append(each.get("status") or each["problem"]["status"])
        await socket.close()
    except (OSError, aiohttp.ClientError):
        client.statuses.append(0)
    _check_close(socket)


def _check_close(socket: aiohttp.ClientWebSocketResponse) -> None:
    if socket.close_code is not None and socket.close_code not in CLOSES:
        raise Defect(f"close code {socket.close_code}")


class _Listener(logging.Handler):
    """Keeps what the hub logs about crashes."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.crashes: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if any(word in text for word in CRASHES):
            self.crashes.append(text[:2000])


@dataclass
class DoorFuzzer:
    """Visits the doors of one hub.

    Attributes:
        runs: Visits so far in which a fault was injected.
        baseline: How many tasks run when no client is there.
        statuses: Of the last visits.
    """

    house: DoorHouse
    injector: FaultInjector
    listener: _Listener
    runs: int = 0
    baseline: int = 0
    statuses: list[int] = field(default_factory=list)
    counts: dict[Fault, int] = field(default_factory=dict)

    async def run(self, names: list[str], plan: Plan) -> bool:
        """Make visits at the same time with a plan; return whether a fault was injected.

        Raises:
            Defect: The hub did what it must not do.
        """
        self.house.services.outage.ended()  # after a fault, the hub probes Redis once a second
        clients = [await self.house.logged_in() for _ in names]
        plan.leave = clients[0].leave
        self.injector.plan = plan
        try:
            async with asyncio.timeout(60):
                await asyncio.gather(*(VISITS[name](self.house, each) for name, each in zip(names, clients, strict=True)))
        except TimeoutError as error:
            raise self.defect(names, plan, "a client waits in vain") from error
        finally:
            self.injector.plan = None
        statuses = [status for client in clients for status in client.statuses]
        self.statuses = statuses
        if not plan.was_injected and not set(statuses) <= UNDISTURBED:
            raise self.defect(names, plan, f"statuses {statuses} without a fault")
        if not set(statuses) <= FINE or (0 in statuses and plan.fault is not Fault.LEAVE):
            raise self.defect(names, plan, f"statuses {statuses}")
        await self._settle(names, plan)
        await VISITS["provider_logout"](self.house, clients[0])  # ends all sessions: a list of them would grow
        if plan.was_injected:
            self.runs += 1
            self.counts[plan.fault] = self.counts.get(plan.fault, 0) + 1
        return plan.was_injected

    def defect(self, names: list[str], plan: Plan, what: str) -> Defect:
        """Return the error, with what it takes to repeat it."""
        return Defect(f"{what}; visits {names}, fault {plan.fault.name}, at await {plan.at}, {plan.times} times")

    async def _settle(self, names: list[str], plan: Plan) -> None:
        """Check that the hub is as before: nothing crashed, nothing is left, and it serves."""
        if self.listener.crashes:
            raise self.defect(names, plan, f"crashed: {self.listener.crashes}")
        end = time.monotonic() + SETTLE_SECONDS
        while left := self._left():
            if time.monotonic() > end:
                raise self.defect(names, plan, f"left over: {left}")
            await asyncio.sleep(0.01)
        if self.house.services.tasks.failing:
            raise self.defect(names, plan, f"dead tasks: {self.house.services.tasks.failing}")

    def _left(self) -> dict[str, int]:
        left = {what: count for what, count in self.house.leftovers().items() if count > 0}
        surplus = len(asyncio.all_tasks()) - self.baseline
        return left | ({"tasks": surplus} if self.baseline and surplus > 0 else {})


@asynccontextmanager
async def door_fuzzer(listener_name: str = "fast") -> AsyncIterator[DoorFuzzer]:
    """Run a hub on one of the servers of `server.listener`, whose tasks can have faults."""
    injector, listener = FaultInjector(), _Listener()
    loop = asyncio.get_running_loop()
    loop.set_task_factory(injector)
    logging.getLogger().addHandler(listener)
    try:
        async with door_house(listener_name) as house:
            fuzzer = DoorFuzzer(house, injector, listener)
            for name in VISITS:  # connections are opened, scripts are loaded
                await fuzzer.run([name], Plan(Fault.STALL, at=10**9))
            await asyncio.sleep(0.2)
            fuzzer.baseline = len(asyncio.all_tasks()) + 2  # connections that the pools keep open
            yield fuzzer
    finally:
        logging.getLogger().removeHandler(listener)
        loop.set_task_factory(None)


def plans(step: int = 1) -> Iterator[tuple[str, Fault, int]]:
    """Yield visit, fault and the number of repetitions, of all."""
    for name in VISITS:
        for fault in Fault:
            for times in (1, 3) if fault in ERRORS else (1,):
                yield name, fault, times


async def every_await(fuzzer: DoorFuzzer, until: float, step: int = 1) -> None:
    """Go through each visit with each fault at each await."""
    for name, fault, times in plans():
        for at in range(1, MOST_AWAITS, step):
            if time.monotonic() > until or not await fuzzer.run([name], Plan(fault, at, times)):
                break


async def at_random(fuzzer: DoorFuzzer, until: float, seed: int, most: int = 10**9) -> None:
    """Draw visits and faults until the time is up, `most` times at most."""
    chance = random.Random(seed)  # noqa: S311 - the same seed draws the same faults
    while time.monotonic() < until and most > 0:
        most -= 1
        names = chance.choices(list(VISITS), k=chance.randint(1, 4))
        await fuzzer.run(names, Plan(chance.choice(list(Fault)), chance.randint(1, 15 * len(names)), chance.randint(1, 6)))


async def fuzz_doors(seconds: float, seed: int) -> str:
    """Fuzz for so long, on each server of `server.listener` in turn; return what was done."""
    done = []
    for name in LISTENERS:
        async with door_fuzzer(name) as fuzzer:
            until = time.monotonic() + seconds / len(LISTENERS)
            await every_await(fuzzer, until - seconds / len(LISTENERS) / 4)
            await at_random(fuzzer, until, seed)
        counts = ", ".join(f"{count} {fault.name}" for fault, count in fuzzer.counts.items())
        done.append(f"{name}: {fuzzer.runs} visits with faults: {counts}")
    return "\n".join(done)
