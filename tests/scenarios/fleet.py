"""Two hubs on one Redis whose settings and session keys differ, as during a rolling change."""

import itertools
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import aiohttp

from hub.session.keyring import key_id, make_key_file, read_key
from tests.parties.browser import Browser
from tests.parties.hostile_provider import CLIENT_ID, CLIENT_SECRET, HostileProvider
from tests.parties.hub import Hub, settings
from tests.parties.redis_server import RedisServer
from tests.parties.resource_server import Exchange, RawResourceServer

OPERATOR = "a-secret-of-the-operators-0123456789"
PROVIDERS = ("main", "lab")
TOKENS = 2  # of a session: access token and refresh token
SHORT_HANDLE = 12  # characters, as in logs


@dataclass(frozen=True)
class Kind:
    """What a hub has.

    Attributes:
        has_lab: The second provider; each has the first.
        has_latest: The latest session key, with which it then encrypts; each has the former one.
    """

    has_lab: bool
    has_latest: bool

    def __str__(self) -> str:
        return f"{'new' if self.has_lab else 'old'}-settings-{'new' if self.has_latest else 'old'}-keys"

    @property
    def providers(self) -> tuple[str, ...]:
        """The names of its providers."""
        return PROVIDERS if self.has_lab else PROVIDERS[:1]


NEW, OLD = Kind(True, True), Kind(False, False)
KINDS = [Kind(has_lab, has_latest) for has_lab in (False, True) for has_latest in (False, True)]


@dataclass
class Node:
    """A hub, and what it has."""

    hub: Hub
    kind: Kind

    async def end(self, handle: str) -> tuple[int, str]:
        """End a session as an operator does; return status and body."""
        url, headers = f"{self.hub.admin_url}/sessions/{handle}", {"Authorization": f"Bearer {OPERATOR}"}
        async with aiohttp.ClientSession() as http, http.delete(url, headers=headers) as answer:
            return answer.status, await answer.text()


@dataclass
class Login:
    """A login of a user of his own.

    Attributes:
        node: Where it was made.
        browsers: A browser with its cookies for each hub, by the hub's URL.
    """

    user: str
    provider: str
    node: Node
    handle: str
    browsers: dict[str, Browser]

    def at(self, node: Node) -> Browser:
        """Return the browser that talks to a hub."""
        return self.browsers[node.hub.url]

    def is_readable_at(self, node: Node) -> bool:
        """Return whether a hub has the key with which this login was stored."""
        return node.kind.has_latest or not self.node.kind.has_latest

    def is_served_at(self, node: Node) -> bool:
        """Return whether a hub has all that it needs to serve it."""
        return self.is_readable_at(node) and self.provider in node.kind.providers


@dataclass
class Fleet:
    """Two hubs, and all around them.

    Attributes:
        latest: ID of the latest session key.
    """

    nodes: list[Node]
    providers: dict[str, HostileProvider]
    api: RawResourceServer
    redis: RedisServer
    latest: str
    _opened: AsyncExitStack

    @classmethod
    @asynccontextmanager
    async def start(cls, folder: Path, *kinds: Kind) -> AsyncIterator[Self]:
        """Start a hub of each kind."""
        former, latest = folder / "former.key", folder / "latest.key"
        for file in (former, latest):
            make_key_file(file)
        async with AsyncExitStack() as opened:
            providers = {name: await opened.enter_async_context(HostileProvider.start()) for name in PROVIDERS}
            for name, provider in providers.items():
                provider.users = map(f"{name}-{{}}".format, itertools.count())
            redis = opened.enter_context(RedisServer.start())
            api = await RawResourceServer.start(say_whose_token)
            opened.push_async_callback(api.stop)
            nodes = []
            for kind in kinds:
                keys = f"{latest},{former}" if kind.has_latest else str(former)
                environment = {**_settings(providers, kind, api.url), "HUB_REDIS_URL": redis.url, "HUB_SESSION_KEY_FILES": keys}
                nodes.append(Node(await opened.enter_async_context(Hub.start(environment)), kind))
            yield cls(nodes, providers, api, redis, key_id(read_key(latest)).hex(), opened)

    def other(self, node: Node) -> Node:
        """Return the other hub."""
        return next(each for each in self.nodes if each is not node)

    async def log_in(self, node: Node, provider: str) -> Login:
        """Log in the next user of a provider at a hub."""
        browsers = {each.hub.url: await self._opened.enter_async_context(Browser(each.hub.url)) for each in self.nodes}
        browser, other = browsers[node.hub.url], browsers[self.other(node).hub.url]
        await browser.open(f"/hub/login?provider={provider}&return_to=/")
        other.cookies = {_authority(other): dict(browser.cookies[_authority(browser)])}
        sessions = (await browser.fetch("/hub/sessions")).json()["sessions"]
        subject = (await browser.fetch("/hub/session")).json()["subject"]
        return Login(subject, provider, node, next(each["handle"] for each in sessions if each["current"]), browsers)

    def owner(self, token: str) -> str:
        """Return whose access token this is."""
        return next(provider.owners[token] for provider in self.providers.values() if token in provider.owners)


async def say_whose_token(exchange: Exchange) -> None:
    """Answer with the token of the request."""
    token = (exchange.request.header("Authorization") or "").removeprefix("Bearer ")
    await exchange.answer(200, ("Content-Type", "application/json"), body=json.dumps({"token": token}).encode())


def _settings(providers: dict[str, HostileProvider], kind: Kind, api: str) -> dict[str, str]:
    route: dict[str, Any] = {"prefix": "/api", "target": api, **({"allowed_providers": ["*"]} if kind.has_lab else {})}
    environment = settings(
        providers["main"].issuer,
        CLIENT_ID,
        CLIENT_SECRET,
        [route],
        HUB_ADMIN_TOKEN=OPERATOR,
        HUB_LIMITS_LOGINS_PER_ADDRESS="0",
        HUB_LIMITS_DIALS_PER_ADDRESS="0",
        HUB_LIMITS_REFUSED_REQUESTS_PER_ADDRESS="0",
    )
    lab = {"name": "lab", "issuer": providers["lab"].issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    return {**environment, "HUB_PROVIDERS": json.dumps([lab])} if kind.has_lab else environment


def _authority(browser: Browser) -> str:
    return browser.hub_url.partition("://")[2]
