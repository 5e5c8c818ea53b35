"""One channel of the Python client, over a socket whose frames the test decides."""

import asyncio
import json
from typing import Any, cast

import aiohttp
import msgspec
import pytest

from hub.channel.messages import ChannelLimits, ResponseMessage
from hub.primitives.clock import SystemClock
from hub_client import Login
from hub_client.call import Call, inline
from hub_client.link import Link
from tests.channel.vectors import client_vectors
from tests.waiting import soon, until

READY = {
    "type": "ready",
    "connection": "c",
    "resumed": True,
    "capabilities": [],
    "heartbeat": {"interval_ms": 25000, "timeout_ms": 10000},
    "session": {"subject": "s", "identity": "i", "idle_ms": 1, "absolute_ms": 1},
}
LIMITS = dict.fromkeys(ChannelLimits.__struct_fields__, 1000)


class Socket:
    """A WebSocket that gives what was put into `frames`, without a pause between two that are there."""

    close_code = 1006

    def __init__(self) -> None:
        self.frames: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: list[str] = []

    def __aiter__(self) -> "Socket":
        return self

    async def __anext__(self) -> aiohttp.WSMessage:
        return aiohttp.WSMessage(aiohttp.WSMsgType.TEXT, json.dumps(await self.frames.get()), None)

    async def send_str(self, text: str) -> None:
        """Keep it."""
        self.sent.append(text)

    async def close(self) -> None:
        """Do nothing."""


@pytest.mark.parametrize("verdict", ["joined", "done"])
async def test_a_response_right_behind_ready(verdict: str) -> None:
    """A request that is resumed gets its response also if that comes in one segment with `ready`."""
    socket, clock = Socket(), SystemClock()
    link = Link(cast(aiohttp.ClientWebSocketResponse, socket), clock, lambda _: None)
    call = Call("POST", "/api/x", {}, clock.monotonic() + 1e6, None)
    greeting = asyncio.create_task(link.greet(Login("", ""), "test", {"key": call}))
    await until(lambda: socket.sent)
    (listed,) = json.loads(socket.sent[0])["resume"]["pending"]
    socket.frames.put_nowait({**READY, "limits": LIMITS, "pending": {str(listed[0]): verdict}})
    socket.frames.put_nowait({"type": "response", "id": listed[0], "status": 201, "headers": {}, "replayed": True, "body": {}})
    again = await soon(greeting)
    response = await soon(call.response)
    await link.abort()

    assert (again, response.status, response.replayed, link.calls, link.idle.is_set()) == ([], 201, True, {}, True)


@pytest.mark.parametrize(("verdict", "was_sent"), [("never", False), ("unknown", True)])
async def test_what_has_to_be_sent_again(verdict: str, was_sent: bool) -> None:
    """A request that the hub does not know is given back, and no longer belongs to the channel."""
    socket, clock = Socket(), SystemClock()
    link = Link(cast(aiohttp.ClientWebSocketResponse, socket), clock, lambda _: None)
    call = Call("POST", "/api/x", {}, clock.monotonic() + 1e6, None)
    greeting = asyncio.create_task(link.greet(Login("", ""), "test", {"key": call}))
    await until(lambda: socket.sent)
    (listed,) = json.loads(socket.sent[0])["resume"]["pending"]
    socket.frames.put_nowait({**READY, "limits": LIMITS, "pending": {str(listed[0]): verdict}})
    again = await soon(greeting)
    await link.abort()

    assert (again, call.was_sent, call.response.done(), link.calls, link.idle.is_set()) == ([call], was_sent, False, {}, True)


def request(call: Call, text_bytes: int) -> dict[str, Any]:
    """Return the request message of a call, as it is sent."""
    message: dict[str, Any] = json.loads(msgspec.json.encode(call.message(1, 0.0, text_bytes=text_bytes)))
    return message


@pytest.mark.parametrize("vector", client_vectors("request-bodies"), ids=lambda vector: str(vector["name"]))
async def test_a_text_is_a_string_in_the_message(vector: dict[str, Any]) -> None:
    """Its bytes are those of the caller. Without the capability `text`, and beyond the limit, they are streamed."""
    data = bytes.fromhex(vector["hex"])
    call = Call("POST", "/api/x", {}, 1.0, data, is_text=True)

    assert request(call, 100)["text"] == vector["text"]
    assert "stream" not in request(call, 100)
    for text_bytes in (0, len(data) - 1):
        assert "text" not in request(call, text_bytes)
        assert request(call, text_bytes)["stream"] == len(data)


async def test_bytes_are_no_text() -> None:
    """An upload is streamed, even if it is small."""
    assert request(Call("POST", "/api/x", {}, 1.0, b"a"), 100)["stream"] == 1


INLINE = [vector for vector in client_vectors("response-bodies") if vector["text"] is not None]


@pytest.mark.parametrize("vector", INLINE, ids=lambda vector: str(vector["name"]))
async def test_a_text_is_read_byte_for_byte(vector: dict[str, Any]) -> None:
    """The caller gets the bytes of the API."""
    message = ResponseMessage(1, 200, {"content-type": vector["content-type"]}, text=vector["text"])

    assert b"".join([part async for part in inline(message)]) == bytes.fromhex(vector["hex"])
