"""The rate limits of one worker, for sessions and addresses."""

from hub.config.settings import LimitSettings
from hub.errors import TooManyRequests
from hub.primitives.clock import Clock
from hub.primitives.token_bucket import TokenBuckets
from hub.telemetry.metrics import Metrics

BURST_SECONDS = 10.0


class RateLimits:
    """Counts in memory, so that counting costs no access to Redis. Each limit therefore holds for one worker."""

    def __init__(self, settings: LimitSettings, clock: Clock, metrics: Metrics) -> None:
        self.settings = settings
        self._clock = clock
        self._metrics = metrics
        self._requests = _buckets(settings.requests_per_session)
        self._anonymous = _buckets(settings.requests_per_address)
        self._bytes = _buckets(settings.upload_bytes_per_session)
        self._session_dials = _buckets(settings.dials_per_session)
        self._dials = _buckets(settings.dials_per_address)
        self._refused_dials = _buckets(settings.refused_dials_per_address)
        self._refused_requests = _buckets(settings.refused_requests_per_address)
        self._logins = _buckets(settings.logins_per_address)

    def request(self, session_key: str) -> None:
        """Count an API request of a session.

        Raises:
            TooManyRequests: The limit is reached; `retry_after_seconds` says for how long.
        """
        self._take(self._requests, "requests", session_key)

    def anonymous_request(self, network: str) -> None:
        """Count an API request without a login; raises as `request`. `network` as `failure_limit.network_of` returns it."""
        self._take(self._anonymous, "requests_without_login", network)

    def session_dial(self, session_key: str) -> None:
        """Count a new channel of a session; raises as `request`."""
        self._take(self._session_dials, "dials_of_session", session_key)

    def dial(self, network: str) -> None:
        """Count an attempt to open a channel; raises as `request`, also if too many attempts were refused before."""
        if self._refused_dials.spend(network, self._clock.monotonic(), 0.0) > 0:
            raise self._refusal("refused_dials", 1.0)
        self._take(self._dials, "dials", network)

    def dial_was_refused(self, network: str) -> None:
        """Count a refused attempt to open a channel."""
        self._refused_dials.spend(network, self._clock.monotonic(), 1.0)

    def login(self, network: str) -> None:
        """Count the beginning or the end of a login; raises as `request`."""
        self._take(self._logins, "logins", network)

    def refused_request(self, network: str) -> TooManyRequests | None:
        """Count a refused request; return the error for its address if that has too many, else None."""
        wait = self._refused_requests.take(network, self._clock.monotonic())
        return self._refusal("refused_requests", wait) if wait > 0 else None

    def refuses_requests(self, network: str) -> bool:
        """Return whether an address is above its limit of refused requests now."""
        return self._refused_requests.is_empty(network, self._clock.monotonic())

    def received(self, session_key: str, size: int) -> float:
        """Count bytes that a session's channel received; return for how many seconds the channel must not be read."""
        return self._bytes.spend(session_key, self._clock.monotonic(), float(size))

    def _take(self, buckets: TokenBuckets, what: str, key: str) -> None:
        wait = buckets.take(key, self._clock.monotonic())
        if wait > 0:
            raise self._refusal(what, wait)

    def _refusal(self, what: str, wait: float) -> TooManyRequests:
        self._metrics.limited.labels(what).inc()
        return TooManyRequests("Too many requests in a short time. Wait a moment.", retry_after_seconds=max(wait, 0.1))


def _buckets(rate: float) -> TokenBuckets:
    return TokenBuckets(rate, rate * BURST_SECONDS)
