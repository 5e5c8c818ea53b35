"""The subscriptions of one channel, before scripted topics."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec

from hub.channel.connection import ChannelConnection
from hub.channel.events import SubscribeReceived
from hub.channel.subscriptions import ChannelSubscriptions
from hub.errors import NotFound, ProviderNotAllowed
from hub.topics.model import Publication, PublishedEvent
from tests.channel.parts import settle
from tests.channel.test_connection import ready, sent


@dataclass
class Subscription:
    """Notes what becomes of it."""

    position: str
    steps: list[str] = field(default_factory=list)

    def begin(self) -> None:
        self.steps.append("begin")

    def end(self) -> None:
        self.steps.append("end")


@dataclass
class Topics:
    """Knows the topics of its answers; one that is held answers when its event is set."""

    subscriptions: list[Subscription] = field(default_factory=list)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    held: dict[str, asyncio.Event] = field(default_factory=dict)

    async def subscribe(self, name: str, _: object, after: str | None) -> Subscription:
        self.asked.append((name, after))
        if name in self.held:
            await self.held[name].wait()
        if name == "unknown":
            raise NotFound("There is no such topic.")
        if name == "of others":
            raise ProviderNotAllowed
        self.subscriptions.append(Subscription(after or "5-0"))
        return self.subscriptions[-1]


@dataclass
class Sender:
    """Counts how often it is to send."""

    is_full: bool = False
    scheduled: int = 0

    def schedule(self) -> None:
        self.scheduled += 1


class Client:
    """A channel's subscriptions, and what the client hears of them."""

    def __init__(self, limit: int = 2) -> None:
        self.topics, self.sender, self.connection = Topics(), Sender(), ready()
        self.audited: list[tuple[str, str]] = []
        parts: tuple[Any, ...] = (
            self.topics,
            self.connection,
            self.sender,
            None,
            limit,
            lambda *refused: self.audited.append(refused),
        )
        self.subscriptions = ChannelSubscriptions(*parts)

    async def subscribe(self, request_id: int, topic: str, after: str | None = None) -> list[Any]:
        """Subscribe; return what the client hears at once."""
        self.subscriptions.subscribe(SubscribeReceived(request_id, topic, after))
        await settle()
        return sent(cast(ChannelConnection, self.connection))


async def test_confirmed_before_it_begins() -> None:
    """The client learns the position first, so that it knows from where the events go on."""
    client = Client()
    (confirmed,) = await client.subscribe(1, "lab", "3-1")

    assert (confirmed["id"], confirmed["status"], confirmed["body"]) == (1, 200, {"after": "3-1"})
    assert client.topics.asked == [("lab", "3-1")]
    assert client.topics.subscriptions[0].steps == ["begin"]
    assert client.sender.scheduled == 1


async def test_refused() -> None:
    """The error is the answer, and leaves room for another subscription."""
    client = Client(limit=1)
    (refused,) = await client.subscribe(1, "unknown")
    (confirmed,) = await client.subscribe(2, "lab")

    assert (refused["type"], refused["id"], refused["problem"]["status"]) == ("error", 1, 404)
    assert confirmed["id"] == 2
    assert client.audited == []


async def test_refused_by_its_rights() -> None:
    """A topic that is not for this session is audited, like a request."""
    client = Client()
    (refused,) = await client.subscribe(1, "of others")

    assert refused["problem"]["type"] == "urn:hub:problem:provider-not-allowed"
    assert client.audited == [("provider-not-allowed", "of others")]


async def test_limit() -> None:
    """Those that are still beginning count too; one that has ended does not."""
    client = Client(limit=2)
    client.topics.held["slow"] = asyncio.Event()
    assert await client.subscribe(1, "slow") == []
    await client.subscribe(2, "lab")
    (refused,) = await client.subscribe(3, "news")
    client.subscriptions.unsubscribe("lab")
    (confirmed,) = await client.subscribe(4, "news")

    assert (refused["id"], refused["problem"]["status"], confirmed["id"]) == (3, 400, 4)
    assert client.topics.subscriptions[0].steps == ["begin", "end"]


async def test_again() -> None:
    """A second subscription to a topic takes the place of the first, and counts once."""
    client = Client(limit=1)
    await client.subscribe(1, "lab")
    (confirmed,) = await client.subscribe(2, "lab")

    assert confirmed["id"] == 2
    assert [each.steps for each in client.topics.subscriptions] == [["begin", "end"], ["begin"]]


async def test_unsubscribed_before_it_began() -> None:
    """Then it never does, and the client hears nothing of it any more."""
    client = Client()
    client.topics.held["slow"] = asyncio.Event()
    await client.subscribe(1, "slow")
    client.subscriptions.unsubscribe("slow")
    client.subscriptions.unsubscribe("unknown")
    client.topics.held["slow"].set()
    await settle()

    assert client.topics.subscriptions == []
    assert sent(client.connection) == []


async def test_end() -> None:
    """All of them end, those that are beginning as well."""
    client = Client()
    client.topics.held["slow"] = asyncio.Event()
    await client.subscribe(1, "lab")
    await client.subscribe(2, "slow")
    client.subscriptions.end()
    client.topics.held["slow"].set()
    await settle()

    assert [each.steps for each in client.topics.subscriptions] == [["begin", "end"]]


async def test_events() -> None:
    """An event goes out if there is room. If there is none nothing is sent, and the topic learns that."""
    client = Client()
    event = PublishedEvent("7-0", Publication("result", msgspec.Raw(b'{"id":7}')))

    assert client.subscriptions.deliver("lab", event)
    client.sender.is_full = True
    assert not client.subscriptions.deliver("lab", event)
    client.subscriptions.gap("lab")

    heard = [(each["topic"], each["name"], each["data"], each.get("id")) for each in sent(client.connection)]
    assert heard == [("lab", "result", {"id": 7}, "7-0"), ("lab", "gap", {}, None)]
    assert client.sender.scheduled == 2
