"""Tells the hub what has changed, as a back end does: an event of the topic `patients` for each change of a patient."""

import asyncio
import json
import logging
from dataclasses import dataclass, field
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPError

log = logging.getLogger("iris_standin")


@dataclass(slots=True)
class News:
    """The way to the publish API of a hub.

    Attributes:
        url: Of the topic, on the hub's admin listener; empty: nobody is told.
        token: The publisher's secret.
    """

    url: str = ""
    token: str = field(default="", repr=False)
    _sending: set[asyncio.Task[None]] = field(default_factory=set, repr=False)

    def tell(self, name: str, data: dict[str, Any]) -> None:
        """Publish an event, without keeping the request waiting that caused it."""
        if self.url:
            task = asyncio.create_task(self._send(json.dumps({"name": name, "data": data})))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send(self, body: str) -> None:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            await AsyncHTTPClient().fetch(self.url, method="POST", headers=headers, body=body)
        except (HTTPError, OSError) as error:
            log.warning("the hub was not told: %s", error)
