"""The load that users put on hubs and Redis, as formulas with named inputs. Pure.

The formulas count *round trips*: commands and calls of scripts that a hub sends. `bench.scaling.simulation` counts the same.
"""

from dataclasses import dataclass

from hub.once.once import BEAT_SECONDS
from hub.session.model import Lifetimes
from hub.settings import SessionSettings
from hub.tokens.refresh_worker import PERIOD_SECONDS
from hub.tokens.schedule import JITTER_SHARE, margin_seconds

CONNECTIONS_OF_A_BROWSER = 6  # to one host over HTTP/1.1
MINUTE, DAY = 60.0, 86400.0
LOOKS_FOR_REVOCATIONS = 1.0  # a second, each worker
PINGS_OF_THE_FEED = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What an operator knows or guesses.

    Attributes:
        users: Who are logged in at the same time and do something now and then.
        requests_per_minute: API requests of one of them.
        burst: Requests that a page sends together, such as when it opens.
        channel_share: Of the users, how many have a channel; the others use HTTP.
        keyed_share: Of the requests, how many have a key (each unsafe one of the Angular client).
        token_seconds: Life of an access token.
        logins_per_minute: In the busiest minute.
        events_per_second: Events that back ends publish to topics.
        last_channel_seconds: `session.end_after_last_channel_seconds`; 0: off.
        workers: Worker processes, of all nodes together.
    """

    users: int
    requests_per_minute: float = 6.0
    burst: float = 4.0
    channel_share: float = 0.8
    keyed_share: float = 0.2
    token_seconds: float = 3600.0
    logins_per_minute: float = 0.0
    events_per_second: float = 0.0
    last_channel_seconds: float = 0.0
    workers: int = 1

    @property
    def requests_per_second(self) -> float:
        """API requests of all users."""
        return self.users * self.requests_per_minute / MINUTE

    @property
    def channel_requests(self) -> float:
        """Those of them that come over channels, in a second."""
        return self.requests_per_second * self.channel_share

    @property
    def http_requests(self) -> float:
        """Those of them that come over HTTP, in a second."""
        return self.requests_per_second - self.channel_requests

    @property
    def channels(self) -> float:
        """Open channels."""
        return self.users * self.channel_share

    @property
    def refreshes_per_second(self) -> float:
        """Refreshes of all users who do something: each before the end of its token, by the margin and half of the jitter."""
        margin = margin_seconds(self.token_seconds) * (1 + JITTER_SHARE / 2)
        return self.users / (self.token_seconds - margin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Round trips for one of each, as the simulation has counted them alone.

    Attributes:
        load, touch: A session that is read; an activity that is written.
        refresh: A refresh where one worker runs; `refresh_by_worker` is what each further one adds by trying it too.
        keyed: A request with a key.
        login: A login and the logout that follows one day.
        event: A published event; `event_by_worker` is what each worker adds that has a subscriber.
        push: A thousand sessions whose presence is said again.
    """

    load: float = 1.0
    touch: float = 1.0
    refresh: float = 7.0
    refresh_by_worker: float = 0.0
    keyed: float = 2.0
    login: float = 20.0
    event: float = 2.0
    event_by_worker: float = 2.0
    push: float = 1.0


def loads_per_second(inputs: Inputs, trusted_seconds: float) -> float:
    """Return how often sessions are read: each at most once in `trusted_seconds` by each worker, if it is asked for at all.

    Bursts of a user come at random (Poisson), `gap` apart. Over a channel one worker sees them all. Over HTTP a burst comes by
    several connections, each of which leads to some worker.
    """
    gap = MINUTE * inputs.burst / inputs.requests_per_minute
    over_channel = inputs.channels / (gap + trusted_seconds)
    reached = inputs.workers * (1 - (1 - 1 / inputs.workers) ** min(CONNECTIONS_OF_A_BROWSER, inputs.burst))
    gap_of_worker = gap * inputs.workers / reached
    over_http = (inputs.users - inputs.channels) * inputs.workers / (gap_of_worker + trusted_seconds)
    return min(over_channel + over_http, inputs.requests_per_second)


def touches_per_second(inputs: Inputs) -> float:
    """Return how often activity is written: by the first burst after the interval."""
    settings = SessionSettings()
    interval = Lifetimes(settings.idle_timeout_seconds, settings.absolute_timeout_seconds).touch_interval_seconds
    return inputs.users / (interval + MINUTE * inputs.burst / inputs.requests_per_minute)


def background_per_second(workers: int) -> float:
    """Return what workers ask that have nothing to do: is a refresh due, is a revocation due, and "I live"."""
    return workers * (1 / PERIOD_SECONDS + LOOKS_FOR_REVOCATIONS + 1 / BEAT_SECONDS + PINGS_OF_THE_FEED)
