"""From the cost of one to what so many users need: processes, memory, and the load on Redis and on the provider. Pure."""

import bisect
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bench.scaling.formulas import Cost, Inputs, redis_load, refreshes, total
from hub.config.settings import ChannelSettings

BUSY = 0.6  # of a core: what is more leaves too little for a storm, or for the node that fails
STEP, MOST_USERS = 100, 10_000_000
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The measured costs of one request, channel, refresh and so on.

    Attributes:
        http_us, channel_us: CPU time of a request that asks Redis for nothing; microseconds, as all of these.
        trip_us: CPU time of the worker for a round trip to Redis.
        idle_channel_us: CPU time of an open channel in a second.
        refresh_us: CPU time of a refresh.
        store_us: CPU time of Redis for a round trip.
        http_kib, channel_kib: Memory of an open connection.
        worker_mib: Memory of a worker without any.
        session_bytes: Memory of Redis for a session.
        trusted_seconds: How long a worker trusts a session that it has read.
        costs: What each kind of work asks of Redis.
    """

    http_us: float
    channel_us: float
    trip_us: float
    idle_channel_us: float
    refresh_us: float
    store_us: float
    http_kib: float
    channel_kib: float
    worker_mib: float
    session_bytes: float
    trusted_seconds: float
    costs: Mapping[str, Cost]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The resources that a number of users needs.

    Attributes:
        inputs: Who they are, and on how many workers.
        cores: Of all workers together, fully busy.
        by_cpu, by_channels: Workers that this takes at `BUSY` of a core; that the channels take by `channel.connections`.
        hub_bytes: Memory of all workers.
        round_trips, commands: Of Redis in a second; `store_cores` what it needs for them.
        primaries: Servers of Redis that this takes at `BUSY` of a core; more than one are a cluster.
        store_bytes: Memory of Redis for sessions.
        refreshes: Calls of the provider in a second.
        told: Messages of `hub:events` that Redis sends in a second, one for each worker.
    """

    inputs: Inputs
    cores: float
    by_cpu: int
    by_channels: int
    hub_bytes: float
    round_trips: float
    commands: float
    store_cores: float
    primaries: int
    store_bytes: float
    refreshes: float
    told: float

    @property
    def fits(self) -> bool:
        """Whether the workers suffice, and one Redis does."""
        return max(self.by_cpu, self.by_channels) <= self.inputs.workers and self.primaries <= 1


def cores_needed(inputs: Inputs, load: Mapping[str, Cost], measured: Measured) -> float:
    """Return the cores that workers keep busy which ask Redis for `load`."""
    requests = inputs.http_requests * measured.http_us + inputs.channel_requests * measured.channel_us
    idle = inputs.channels * measured.idle_channel_us
    trips = sum(cost.round_trips for kind, cost in load.items() if kind != "tokens refreshed") * measured.trip_us
    return (requests + idle + trips + refreshes(inputs) * measured.refresh_us) / 1e6


def fitting(inputs: Inputs, measured: Measured) -> Inputs:
    """Return `inputs` with as many users, in hundreds, as its workers and one Redis carry."""
    numbers = range(STEP, MOST_USERS, STEP)
    too_many = bisect.bisect_left(numbers, True, key=lambda users: not plan(of_users(inputs, users), measured).fits)
    return of_users(inputs, too_many * STEP)


def of_users(inputs: Inputs, users: int) -> Inputs:
    """Return `inputs` for so many users, of whom everybody logs in within one hour of the morning."""
    return replace(inputs, users=users, logins_per_second=users / 3600)


def plan(inputs: Inputs, measured: Measured) -> Plan:
    """Return what these users need on these workers."""
    by_kind = redis_load(inputs, measured.costs, measured.trusted_seconds)
    cores, load = cores_needed(inputs, by_kind, measured), total(by_kind)
    http_users = inputs.users - inputs.channels
    connections = inputs.channels * measured.channel_kib + http_users * measured.http_kib
    told = refreshes(inputs) + inputs.logins_per_second + inputs.events_per_second
    return Plan(
        inputs=inputs,
        cores=cores,
        by_cpu=math.ceil(cores / BUSY),
        by_channels=math.ceil(inputs.channels / (ChannelSettings().connections * BUSY)),
        hub_bytes=inputs.workers * measured.worker_mib * MIB + connections * KIB,
        round_trips=load.round_trips,
        commands=load.commands,
        store_cores=load.round_trips * measured.store_us / 1e6,
        primaries=math.ceil(load.round_trips * measured.store_us / 1e6 / BUSY),
        store_bytes=inputs.users * measured.session_bytes,
        refreshes=refreshes(inputs),
        told=told * inputs.workers,
    )


def enough_workers(inputs: Inputs, measured: Measured) -> Inputs:
    """Return `inputs` with as few workers as carry its users, and one more, which may fail."""
    workers = 1
    while max((one := plan(replace(inputs, workers=workers), measured)).by_cpu, one.by_channels) > workers:
        workers += 1
    return replace(inputs, workers=workers + 1)
