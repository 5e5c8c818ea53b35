"""A page without WebSocket: what it hears over `POST /hub/events`."""

import itertools
import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import aiohttp

from tests.parties.browser import Browser
from tests.waiting import soon

EVENT_STREAM = "text/event-stream"


class EventStream:
    """One request, whose response a test reads message by message.

    Attributes:
        answer: The response, when its head is there.
    """

    answer: aiohttp.ClientResponse

    def __init__(
        self,
        browser: Browser,
        topics: Mapping[str, str | None] | None = None,
        *,
        hello: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        accept: str = EVENT_STREAM,
        url: str = "",
        body: Any = None,
    ) -> None:
        """Parameters:
        topics: The topics to subscribe to, with the position of the last event that is known of each.
        hello, headers: Members and headers that replace those of the page; an empty header is left out.
        url: The node; empty: that of the browser.
        body: Sent in place of `hello` and the subscriptions.
        """
        ids = itertools.count(1)
        subscriptions = [
            {"type": "subscribe", "id": next(ids), "topic": topic, **({} if after is None else {"after": after})}
            for topic, after in (topics or {}).items()
        ]
        first = {"type": "hello", "csrf": browser.cookie("XSRF-TOKEN") or "", **(hello or {})}
        sent = {**browser.channel_headers(), "Accept": accept, "Content-Type": "application/json", **(headers or {})}
        self._headers = {name: value for name, value in sent.items() if value}
        self._body = json.dumps([first, *subscriptions]) if body is None else body
        self._url = (url or browser.hub_url) + "/hub/events"
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        self._waiting: list[dict[str, Any]] = []

    async def __aenter__(self) -> Self:
        self.answer = await soon(self._http.post(self._url, data=self._body, headers=self._headers))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.answer.close()
        await self._http.close()

    async def next(self, kind: str = "") -> dict[str, Any]:
        """Return the next message, or the next of a type."""
        while True:
            while not self._waiting:
                line = await soon(self.answer.content.readline())
                assert line, "the stream has ended"
                if line.startswith(b"data: "):
                    found = json.loads(line[6:])
                    self._waiting += found if isinstance(found, list) else [found]
            message = self._waiting.pop(0)
            if kind in ("", message["type"]):
                return message

    async def event(self, name: str) -> dict[str, Any]:
        """Return the next event of this name."""
        while (message := await self.next("event"))["name"] != name:
            pass
        return message

    async def ended(self) -> bool:
        """Return whether the stream ends, properly, with nothing more in it than what `next` has returned."""
        return not self._waiting and not (await soon(self.answer.content.read())).strip()

    async def messages(self) -> list[dict[str, Any]]:
        """Return all messages of a poll."""
        found: list[dict[str, Any]] = []
        for each in await soon(self.answer.json()):
            found += each if isinstance(each, list) else [each]
        return found
