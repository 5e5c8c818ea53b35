"""The admin listener: `/healthz`, `/readyz`, `/metrics`, `/dropped-headers`.

They need no login, so it listens on loopback by default.
"""

from collections.abc import Awaitable, Callable

import msgspec
import tornado.web

from hub.gateway.dropped_headers import DroppedHeaders
from hub.telemetry.metrics import Metrics

Readiness = Callable[[], Awaitable[tuple[bool, dict[str, str]]]]
"""Returns whether the hub can serve requests, and the troubles by part."""


class HealthHandler(tornado.web.RequestHandler):
    """Responds while the process lives, whatever the state of its surroundings."""

    def get(self) -> None:
        self.write({"status": "alive"})


class ReadyHandler(tornado.web.RequestHandler):
    """Responds 200 if the hub can serve requests, and 503 with the reasons otherwise."""

    def initialize(self, readiness: Readiness) -> None:
        self.readiness = readiness

    async def get(self) -> None:
        is_ready, troubles = await self.readiness()
        self.set_status(200 if is_ready else 503)
        self.set_header("Content-Type", "application/json")
        self.write(msgspec.json.encode({"status": "ready" if is_ready else "not ready", "troubles": troubles}))


class MetricsHandler(tornado.web.RequestHandler):
    """Returns the metrics of all workers for Prometheus."""

    def initialize(self, metrics: Metrics) -> None:
        self.metrics = metrics

    def get(self) -> None:
        self.set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.write(self.metrics.exposition())


class DroppedHeadersHandler(tornado.web.RequestHandler):
    """Returns the names of the request headers that this worker has dropped, by the prefix of their route."""

    def initialize(self, dropped: DroppedHeaders) -> None:
        self.dropped = dropped

    def get(self) -> None:
        self.set_header("Content-Type", "application/json")
        self.write(msgspec.json.encode({"routes": self.dropped.names()}))
