"""The metrics of the hub, for Prometheus.

With several worker processes, the values are shared in files (multiprocess mode of prometheus_client), so that any worker can
report those of all workers.
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
        logins: Logins by `outcome`: `begun`, `completed`, `refused`, `restarted`, `limited` (too many failures before).
        sessions_ended: Ended sessions by `reason`: `logout`, `idle`, `absolute`, `refused`, ...
        refreshes: Refreshes by `outcome`: `refreshed`, `taken` (done by another worker), `ended`, `failed`, `left`
            (to workers that know the provider).
        refresh_seconds: Time of a refresh, from the lease to the stored tokens.
        requests: Requests to APIs by `transport` (`http`, `channel`, `websocket`) and `status` (HTTP status, or slug of the
            problem).
        request_seconds: Time until the response began, by `transport`.
        tally: Counts for `requests` and `request_seconds`; adds to them when `flush` is called.
        renewals: Requests that were repeated after a 401 of the API.
        replays: Repeated requests with an idempotency key, by `verdict`: `joined`, `done`, `never`, `unknown`.
        channels: Open channels, event streams included.
        channel_closes: Closed channels by `code`.
        record_faults: Records in Redis that were not believed, by `kind` and `fault` (`key_not_held`, `not_authentic`, and
            `older_version`: a living session went back to an older version).
        throttled: Connections above `limits.work_per_connection`, by `outcome`: `throttled`, `closed`.
        limited: Rejections by rate limits and by limits of connections to APIs, by `limit`.
        events: Messages between workers by `outcome`: `valid`; `unauthenticated` and `repeated` (looked up in Redis, not
            believed), `hint_dropped` (too many of those), `unreadable`, `lost` (times that messages of a publisher were missing).
        redis_errors: Commands that failed in Redis, by `kind` (`hub.session.redis_faults`).
        topic_drops: Entries in the history of a topic that were not delivered, by `reason` (`hub.topics.entry`).
        dropped_headers: Request headers that did not pass to an API, other than those that browsers write by themselves.
        descriptor_shortages: Times that a listener ran short of file descriptors.
        websockets: Open WebSockets that are passed through to APIs.
        kill_seconds: Time from the end of a session to the close of one of its channels, requests or WebSockets.
        revocations: Attempts to revoke the tokens of an ended session, by `outcome`: `revoked`, `unsupported` (by the
            provider), `failed` (to be retried), `postponed` (another session shares the grant), `given_up`, `dropped` (the
            provider is no longer in the settings).
        upstream_sessions: Owners (sessions or users) of a session at an API, over all nodes.
        task_restarts: Restarts of background tasks that failed, by `task`.
        open_circuits: Provider endpoints whose circuit breaker is open, by `provider`.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        registry = self._registry
        self.logins = Counter("hub_logins", "Logins", ["outcome"], registry=registry)
        self.sessions_ended = Counter("hub_sessions_ended", "Ended sessions", ["reason"], registry=registry)
        self.refreshes = Counter("hub_refreshes", "Refresh grants", ["outcome"], registry=registry)
        self.refresh_seconds = Histogram(
            "hub_refresh_seconds", "Time of a refresh grant", buckets=LATENCY_BUCKETS, registry=registry
        )
        self.requests = Counter("hub_requests", "Requests to APIs", ["transport", "status"], registry=registry)
        self.request_seconds = BatchHistogram(
            "hub_request_seconds",
            "Time until the response began",
            ["transport"],
            buckets=LATENCY_BUCKETS,
            registry=registry,
        )
        self.tally = RequestTally(self.requests, self.request_seconds, LATENCY_BUCKETS)
        self.renewals = Counter("hub_renewals", "Requests repeated after a 401", registry=registry)
        self.replays = Counter("hub_replays", "Repeated requests with an idempotency key", ["verdict"], registry=registry)
        self.channels = Gauge("hub_channels", "Open channels", registry=registry, multiprocess_mode="livesum")
        self.dropped_headers = Counter("hub_dropped_headers", "Request headers that did not pass", registry=registry)
        self.events = Counter("hub_events", "Messages between workers", ["outcome"], registry=registry)
        self.redis_errors = Counter("hub_redis_errors", "Commands that failed in Redis", ["kind"], registry=registry)
        self.topic_drops = Counter("hub_topic_drops", "Entries of topics not delivered", ["reason"], registry=registry)
        self.record_faults = Counter(
            "hub_record_faults", "Records in Redis that were not believed", ["kind", "fault"], registry=registry
        )
        self.throttled = Counter("hub_throttled", "Connections above their work limit", ["outcome"], registry=registry)
        self.limited = Counter("hub_limited", "Rejections by limits", ["limit"], registry=registry)
        self.descriptor_shortages = Counter(
            "hub_descriptor_shortages", "Times that a listener ran short of file descriptors", registry=registry
        )
        self.websockets = Gauge("hub_websockets", "WebSockets passed through", registry=registry, multiprocess_mode="livesum")
        self.channel_closes = Counter("hub_channel_closes", "Closed channels", ["code"], registry=registry)
        self.kill_seconds = Histogram(
            "hub_kill_seconds",
            "Time from the end of a session to the close of what it had open",
            buckets=LATENCY_BUCKETS,
            registry=registry,
        )
        self.revocations = Counter("hub_revocations", "Attempts to revoke tokens", ["outcome"], registry=registry)
        self.task_restarts = Counter("hub_task_restarts", "Restarts of failed background tasks", ["task"], registry=registry)
        self.upstream_sessions = Gauge(
            "hub_upstream_sessions", "Owners of sessions at APIs", registry=registry, multiprocess_mode="livemax"
        )
        self.open_circuits = Gauge(
            "hub_open_circuits", "Endpoints with an open circuit", ["provider"], registry=registry, multiprocess_mode="livemax"
        )

    def exposition(self) -> bytes:
        """Return the metrics of all workers in the text format of Prometheus. Requests of other workers may lag by a second."""
        self.tally.flush()
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
