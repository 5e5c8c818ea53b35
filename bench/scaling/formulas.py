"""The load that users put on hubs and on Redis, as formulas with named inputs. Pure.

A *round trip* is one question of a hub to Redis with its answer, a *command* what Redis counts, those inside of scripts too.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hub.config.settings import SessionSettings
from hub.session.model import Lifetimes
from hub.tokens.schedule import JITTER_SHARE, margin_seconds

CONNECTIONS_OF_A_BROWSER = 6  # to one host over HTTP/1.1
MINUTE = 60.0
PUSHES_IN_TIME = 3  # of `hub.channel.presence`
PUSHED_AT_ONCE = 1000  # of `hub.session.last_channel`


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of something in Redis."""

    round_trips: float
    commands: float

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.round_trips + other.round_trips, self.commands + other.commands)

    def times(self, number: float) -> "Cost":
        """Return the cost of so many."""
        return Cost(self.round_trips * number, self.commands * number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The figures that an operator knows or guesses.

    Attributes:
        users: Who are logged in at the same time and do something now and then.
        requests_per_minute: API requests of one of them.
        burst: Requests that a page sends together, as when it opens.
        channel_share: Of the users, how many have a channel; the others use HTTP.
        keyed_share: Of the requests, how many have a key: each unsafe one of the Angular client.
        token_seconds: Life of an access token.
        logins_per_second: Logins, and as many logouts.
        events_per_second: Events that back ends publish to topics to which every worker has a subscriber.
        last_channel_seconds: `session.end_after_last_channel_seconds`; 0: off.
        workers: Worker processes, of all nodes together.
    """

    users: int
    requests_per_minute: float = 6.0
    burst: float = 3.0
    channel_share: float = 0.8
    keyed_share: float = 0.2
    token_seconds: float = 3600.0
    logins_per_second: float = 0.0
    events_per_second: float = 0.0
    last_channel_seconds: float = 0.0
    workers: int = 1

    @property
    def requests_per_second(self) -> float:
        """API requests of all users."""
        return self.users * self.requests_per_minute / MINUTE

    @property
    def channels(self) -> float:
        """Open channels."""
        return self.users * self.channel_share

    @property
    def channel_requests(self) -> float:
        """Requests over channels, in a second."""
        return self.requests_per_second * self.channel_share

    @property
    def http_requests(self) -> float:
        """Requests over HTTP, in a second."""
        return self.requests_per_second - self.channel_requests

    @property
    def burst_gap_seconds(self) -> float:
        """Time between two bursts of a user."""
        return MINUTE * self.burst / self.requests_per_minute


def workers_of_burst(inputs: Inputs) -> float:
    """Return how many workers a burst over HTTP reaches: each of a browser's connections leads to some worker."""
    return inputs.workers * (1 - (1 - 1 / inputs.workers) ** min(CONNECTIONS_OF_A_BROWSER, inputs.burst))


def loads(inputs: Inputs, trusted_seconds: float) -> float:
    """Return how often sessions are read in a second for requests, which come in bursts, and these at random.

    Parameters:
        trusted_seconds: How long a worker does not read a session again; 0: it reads it for each request.
    """
    if not trusted_seconds:
        return inputs.requests_per_second
    gap, reached = inputs.burst_gap_seconds, workers_of_burst(inputs)
    over_channel = inputs.channels / (gap + trusted_seconds)  # one worker sees all bursts
    over_http = (inputs.users - inputs.channels) * inputs.workers / (gap * inputs.workers / reached + trusted_seconds)
    return over_channel + over_http


def touches(inputs: Inputs, trusted_seconds: float) -> float:
    """Return how often activity is written in a second: by the first burst after the interval, by each worker that it reaches.

    Where a worker reads the session for each request, each request of that burst writes.
    """
    settings = SessionSettings()
    interval = Lifetimes(settings.idle_timeout_seconds, settings.absolute_timeout_seconds).touch_interval_seconds
    over_http = inputs.users - inputs.channels
    by_burst = inputs.channels + over_http * workers_of_burst(inputs)
    writes = by_burst if trusted_seconds else inputs.users * inputs.burst
    return writes / (interval + inputs.burst_gap_seconds)


def refreshes(inputs: Inputs) -> float:
    """Return how many tokens are refreshed in a second: each before its end, by the margin and half of the jitter."""
    margin = margin_seconds(inputs.token_seconds) * (1 + JITTER_SHARE / 2)
    return inputs.users / (inputs.token_seconds - margin)


def event_cost(costs: Mapping[str, Cost], workers: int) -> Cost:
    """Return what one event asks for: to publish it, and each worker reads it for its subscribers."""
    return costs["event"] + costs["event, each worker with a subscriber"].times(workers)


def presence_cost(inputs: Inputs, costs: Mapping[str, Cost]) -> Cost:
    """Return what it takes in a second to say again and again whose channels are open."""
    if not inputs.last_channel_seconds:
        return Cost(0.0, 0.0)
    of_worker = -(-inputs.channels / inputs.workers // PUSHED_AT_ONCE)  # rounded up
    pushes = inputs.workers * of_worker * PUSHES_IN_TIME / inputs.last_channel_seconds
    return costs["presence, 1000 sessions"].times(pushes) + costs["presence, a worker and second"].times(inputs.workers)


def redis_load(inputs: Inputs, costs: Mapping[str, Cost], trusted_seconds: float) -> dict[str, Cost]:
    """Return what Redis is asked for in a second, by kind."""
    return {
        "sessions read": costs["load"].times(loads(inputs, trusted_seconds)),
        "activity written": costs["touch"].times(touches(inputs, trusted_seconds)),
        "tokens refreshed": costs["refresh"].times(refreshes(inputs)),
        "requests with a key": costs["keyed request"].times(inputs.requests_per_second * inputs.keyed_share),
        "logins and logouts": costs["login and logout"].times(inputs.logins_per_second),
        "events of topics": event_cost(costs, inputs.workers).times(inputs.events_per_second),
        "presence": presence_cost(inputs, costs),
        "looking for work": costs["background, a worker and second"].times(inputs.workers),
    }


def total(load: Mapping[str, Cost]) -> Cost:
    """Return the sum."""
    return sum(load.values(), Cost(0.0, 0.0))
