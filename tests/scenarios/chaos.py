"""Two nodes, many clients, cables that are pulled at random, and a node that is killed: who was told what, and is it true?"""

import asyncio
import itertools
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hub.session.keyring import make_key_file
from hub_client import ChannelClient, Login, RequestFailed
from iris_standin import Client, Options, Standin
from tests.parties.balancer import Balancer
from tests.parties.browser import Browser
from tests.parties.counting_api import CountingApi
from tests.parties.hub import Hub, free_port, public_url, redirect_uri, settings
from tests.parties.redis_server import RedisServer
from tests.scenarios.conftest import SECRET, log_in
from tests.waiting import until

AT_ONCE = 4  # requests of one client
SESSIONS = 5
CUT_EVERY_SECONDS = 0.1


@dataclass
class Cluster:
    """Two nodes behind a balancer, on one Redis, with an API that counts."""

    balancer: Balancer
    api: CountingApi
    nodes: list[Hub]
    browsers: list[Browser]
    url: str
    redis_url: str

    @property
    def logins(self) -> list[Login]:
        """What clients need to act for the users of the browsers."""
        return [login_of(browser) for browser in self.browsers]


@dataclass
class Account:
    """What the clients were told of each request."""

    answered: set[int] = field(default_factory=set)
    replayed: set[int] = field(default_factory=set)
    maybe: set[int] = field(default_factory=set)
    never: set[int] = field(default_factory=set)
    seconds: float = 0.0
    cuts: int = 0
    dials: int = 0


@asynccontextmanager
async def cluster(folder: Path, **environment: str) -> AsyncIterator[Cluster]:
    """Start all parties and log in."""
    port, node_ports = free_port(), [free_port(), free_port()]
    key_file = folder / "session.key"
    make_key_file(key_file)
    standin = Standin(Options(), [Client("hub", SECRET, [redirect_uri(port)], [f"{public_url(port)}/"])], expose_secrets=True)
    await standin.start()
    async with AsyncExitStack() as parties:
        parties.push_async_callback(standin.stop)
        redis = parties.enter_context(RedisServer.start())
        api = await parties.enter_async_context(CountingApi.start())
        hub_settings = {
            **settings(standin.issuer, "hub", SECRET, [{"prefix": "/api", "target": api.url}]),
            "HUB_REDIS_URL": redis.url,
            "HUB_SESSION_KEY_FILES": str(key_file),
            "HUB_SERVER_PUBLIC_URL": public_url(port),
            "HUB_CHANNEL_CONNECTIONS_PER_SESSION": "40",
            "HUB_LIMITS_DIALS_PER_SESSION": "0",
            "HUB_LIMITS_DIALS_PER_ADDRESS": "0",
            "HUB_LIMITS_LOGINS_PER_ADDRESS": "0",
            "HUB_LIMITS_REQUESTS_PER_SESSION": "0",
            **environment,
        }
        balancer = await parties.enter_async_context(Balancer.start(port, node_ports))
        nodes = [await parties.enter_async_context(Hub.start(hub_settings, port=node_port)) for node_port in node_ports]
        browsers = [await parties.enter_async_context(Browser(public_url(port))) for _ in range(SESSIONS)]
        for browser in browsers:
            await log_in(browser)
        yield Cluster(balancer, api, nodes, browsers, public_url(port), redis.url)


def login_of(browser: Browser) -> Login:
    """Return what a client needs to act for the user of a browser."""
    return Login(browser.channel_headers()["Cookie"], browser.cookie("XSRF-TOKEN") or "", browser.hub_url)


async def storm(cluster: Cluster, requests: int, clients: int, kills: int, seed: int = 1) -> Account:
    """Send so many requests, each to be executed once, while everything breaks; return what the clients were told."""
    account, numbers, chance = Account(), iter(range(requests)), random.Random(seed)
    began = time.monotonic()
    trouble = asyncio.create_task(_pull_cables(cluster, account, chance))
    killer = asyncio.create_task(_kill_nodes(cluster, account, requests, kills))
    async with AsyncExitStack() as open_clients:
        workers = []
        for number in range(clients):
            login = cluster.logins[number % len(cluster.logins)]
            client = await open_clients.enter_async_context(ChannelClient(cluster.url, login))
            workers += [asyncio.create_task(_work(client, numbers, account)) for _ in range(AT_ONCE)]
            open_clients.callback(lambda client=client: setattr(account, "dials", account.dials + client.dials))
        await asyncio.gather(*workers)
        await killer
        trouble.cancel()
    account.seconds = time.monotonic() - began
    return account


def judge(cluster: Cluster, account: Account, requests: int) -> Counter[str]:
    """Hold what was told against what was executed; return the counts.

    Raises:
        AssertionError: Something was executed twice, vanished, or was told wrongly.
    """
    executed = cluster.api.executed
    twice = {number for number, times in executed.items() if times > 1}
    assert not twice, f"executed twice: {sorted(twice)[:10]}"
    assert account.answered | account.maybe | account.never == set(range(requests))
    assert all(executed[number] == 1 for number in account.answered)
    assert not any(executed[number] for number in account.never)
    return Counter(
        answered=len(account.answered),
        replayed=len(account.replayed),
        never=len(account.never),
        maybe_executed=sum(executed[number] for number in account.maybe),
        maybe_not=sum(1 for number in account.maybe if not executed[number]),
    )


async def _work(client: ChannelClient, numbers: "itertools.chain[int] | AsyncIterator[int] | object", account: Account) -> None:
    for number in numbers:  # type: ignore[attr-defined]
        try:
            answer = await client.request("POST", f"/api/work/{number}", json={"number": number}, timeout_seconds=60.0)
            assert (answer.status, await answer.json()) == (201, {"number": number})
            account.answered.add(number)
            if answer.replayed:
                account.replayed.add(number)
        except RequestFailed as error:
            (account.maybe if error.processed == "maybe" else account.never).add(number)


async def _pull_cables(cluster: Cluster, account: Account, chance: random.Random) -> None:
    while True:
        await asyncio.sleep(CUT_EVERY_SECONDS)  # the weather
        count = chance.randint(0, 3)
        account.cuts += min(count, len(cluster.balancer))
        cluster.balancer.cut(count, chance)


async def _kill_nodes(cluster: Cluster, account: Account, requests: int, kills: int) -> None:
    """Kill a node each time that another share of the requests is done, and start it again."""
    for number in range(kills):
        share = requests * (number + 1) / (kills + 1)
        await until(lambda share=share: len(account.answered) >= share, 0.01)  # type: ignore[misc]  # real processes, real time
        node = cluster.nodes[number % 2]
        assert node.process is not None
        node.process.send_signal(signal.SIGKILL)
        await node.process.wait()
        await node.run()
        await node.ready()
