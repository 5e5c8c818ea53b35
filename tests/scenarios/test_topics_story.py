"""A back end publishes, pages hear of it: over real nodes, channels and the admin listener."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp

from tests.parties.channel import Channel
from tests.parties.hub import Hub
from tests.scenarios.chaos import cluster

SECRET = "a-secret-of-the-ward-system-0123456789"
ENVIRONMENT = {
    "HUB_TOPICS": json.dumps([{"name": "ward-*"}, {"name": "hidden"}]),
    "HUB_PUBLISHERS": json.dumps([{"name": "ward-system", "topics": ["ward-*"], "token": SECRET}]),
}


async def publish(node: Hub, topic: str, event: Any, token: str = SECRET) -> tuple[int, dict[str, Any]]:
    """Publish as a back end does; return status and answer."""
    headers = {"Authorization": f"Bearer {token}"}
    data = event if isinstance(event, bytes) else json.dumps(event).encode()
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{node.admin_url}/topics/{topic}", data=data, headers=headers) as answer,
    ):
        return answer.status, await answer.json(content_type=None)


async def subscribe(channel: Channel, topic: str, after: str | None = None) -> Any:
    """Subscribe and return the answer."""
    answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    request_id = next(channel._ids)
    channel._waiting[request_id] = answer
    members = {} if after is None else {"after": after}
    await channel.send({"type": "subscribe", "id": request_id, "topic": topic, **members})
    return await answer


async def test_from_one_node_to_pages_of_another(tmp_path: Path) -> None:
    """Events come to the pages they are for on every node, numbers as written; a page that was away gets what it missed."""
    async with cluster(tmp_path, **ENVIRONMENT) as running:
        first, second = running.nodes
        browsers = running.browsers
        page, other = await Channel.open(browsers[0]), await Channel.open(browsers[1])
        subscribed = await subscribe(page, "ward-7")
        await subscribe(other, "ward-7")
        status, published = await publish(first, "ward-7", b'{"name": "admitted", "data": {"bed": 4, "weight": 70.50}}')
        event = await page.events.get()

        assert (subscribed.status, status) == (200, 201)
        assert event | {"sequence": 1} == {
            "type": "event",
            "sequence": 1,
            "topic": "ward-7",
            "name": "admitted",
            "data": {"bed": 4, "weight": 70.5},
            "id": published["id"],
        }
        assert (await other.events.get())["id"] == published["id"]

        await page.close()
        for number in range(3):
            await publish(second, "ward-7", {"name": "changed", "data": number})
        again = await Channel.open(browsers[0])
        await subscribe(again, "ward-7", event["id"])

        assert [(await again.events.get())["data"] for _ in range(3)] == [0, 1, 2]
        assert (await subscribe(again, "kitchen")).problem["status"] == 404


async def test_only_publishers_publish(tmp_path: Path) -> None:
    """Without a secret, with another one, or to a topic that is not theirs: refused, and noted in the audit."""
    async with cluster(tmp_path, **ENVIRONMENT) as running:
        node = running.nodes[0]
        event = {"name": "x", "data": {}}
        statuses = [
            (await publish(node, "ward-7", event, "wrong"))[0],
            (await publish(node, "hidden", event))[0],
            (await publish(node, "ward-7", b"{"))[0],
            (await publish(node, "ward-7", {"data": {}}))[0],
            (await publish(node, "ward-7", {"name": "x", "to": {"user": "ada"}}))[0],
            (await publish(node, "ward-7", {"name": "x", "data": "y" * 17_000}))[0],
            (await publish(node, "ward-7", event))[0],
        ]
        refusals = [(each["topic"], each.get("publisher", "")) for each in node.events("audit.publisher_refused")]

        assert statuses == [401, 403, 400, 400, 400, 413, 201]
        assert refusals == [("ward-7", ""), ("hidden", "ward-system")]
        assert SECRET not in node.log()


async def test_nobody_publishes_by_default(tmp_path: Path) -> None:
    """Without publishers there is nothing to ask."""
    async with cluster(tmp_path) as running:
        status, problem = await publish(running.nodes[0], "ward-7", {"name": "x"})

        assert (status, problem["status"]) == (404, 404)
