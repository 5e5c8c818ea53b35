"""What the hub counts and measures, in the Prometheus model. One object, built once, handed to those who count.

With several worker processes the figures are shared through files (prometheus_client's multiprocess mode), so that any
worker answers for all of them.
"""

import os

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from hub.telemetry.request_tally import BatchHistogram, RequestTally

LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """All metrics of the hub.

    Attributes:
        logins: Ceremonies by `outcome`: `begun`, `completed`, `refused`, `restarted`, `limited` (too many failed before).
        sessions_ended: Sessions by `reason`: `logout`, `idle`, `absolute`, `refused`, ...
        refreshes: Refresh grants by `outcome`: `refreshed`, `taken` (another worker did it), `ended`, `failed`.
        refresh_seconds: Time of a refresh grant, from the lease to the stored tokens.
        requests: Requests to resource servers by `transport` (`http`, `channel`) and `status` (code, or problem slug).
        request_seconds: Time until the answer began, by `transport`.
        tally: Counts for the two above, and adds to them when it is told to hand on.
        renewals: Requests that were repeated after a 401 of the resource server.
        replays: Requests with a key that had begun before, by `verdict`: `joined`, `done`, `never`, `unknown`.
        channels: Open channels.
        channel_closes: Closed channels by `code`.
        limited: What was refused because it came too often, by `limit`.
        websockets: Open WebSockets that are passed through to resource servers.
        kill_seconds: Time from the end of a session to the close of one of its channels.
        revocations: Tries to revoke the tokens of an ended session, by `outcome`: `revoked`, `unsupported` (the provider has no
            way to), `failed` (tried again), `postponed` (another session shares the grant), `given_up`, `dropped` (the provider
            is gone).
        upstream_sessions: Owners (sessions or users) who have a session at a resource server, on all nodes together.
        open_circuits: Endpoints that are being left alone because they keep failing, by `provider`.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        registry = self._registry
        self.logins = Counter("hub_logins", "Login ceremonies", ["outcome"], registry=registry)
        self.sessions_ended = Counter("hub_sessions_ended", "Ended sessions", ["reason"], registry=registry)
        self.refreshes = Counter("hub_refreshes", "Refresh grants", ["outcome"], registry=registry)
        self.refresh_seconds = Histogram(
            "hub_refresh_seconds", "Time of a refresh grant", buckets=LATENCY_BUCKETS, registry=registry
        )
        self.requests = Counter("hub_requests", "Requests to resource servers", ["transport", "status"], registry=registry)
        self.request_seconds = BatchHistogram(
            "hub_request_seconds",
            "Time until the answer began",
            ["transport"],
            buckets=LATENCY_BUCKETS,
            registry=registry,
        )
        self.tally = RequestTally(self.requests, self.request_seconds, LATENCY_BUCKETS)
        self.renewals = Counter("hub_renewals", "Requests repeated after a 401", registry=registry)
        self.replays = Counter("hub_replays", "Requests with a key that had begun before", ["verdict"], registry=registry)
        self.channels = Gauge("hub_channels", "Open channels", registry=registry, multiprocess_mode="livesum")
        self.limited = Counter("hub_limited", "Refused because it came too often", ["limit"], registry=registry)
        self.websockets = Gauge("hub_websockets", "WebSockets passed through", registry=registry, multiprocess_mode="livesum")
        self.channel_closes = Counter("hub_channel_closes", "Closed channels", ["code"], registry=registry)
        self.kill_seconds = Histogram(
            "hub_kill_seconds",
            "Time from the end of a session to the close of its channel",
            buckets=LATENCY_BUCKETS,
            registry=registry,
        )
        self.revocations = Counter("hub_revocations", "Tries to revoke tokens", ["outcome"], registry=registry)
        self.upstream_sessions = Gauge(
            "hub_upstream_sessions", "Owners of sessions at resource servers", registry=registry, multiprocess_mode="livemax"
        )
        self.open_circuits = Gauge(
            "hub_open_circuits", "Endpoints left alone", ["provider"], registry=registry, multiprocess_mode="livemax"
        )

    def exposition(self) -> bytes:
        """Return the figures of all workers in Prometheus' text format; requests of others as far as they have handed them on."""
        self.tally.hand_on()
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
