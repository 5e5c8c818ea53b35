"""From the cost of one to what so many users need: processes, memory, and the load on Redis and on the provider. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bench.scaling.formulas import Cost, Inputs, redis_load, refreshes, total
from hub.settings import ChannelSettings

BUSY = 0.6  # of a core: what is more leaves too little for a storm, or for the node that fails
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was measured of one of each.

    Attributes:
        http_us, channel_us: CPU time of a request; microseconds, as all of these.
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
    """What so many users need.

    Attributes:
        inputs: Who they are, and on how many workers.
        cores: Of all workers together, fully busy.
        by_cpu, by_channels: Workers that this takes at `BUSY` of a core; that the channels take by `channel.connections`.
        hub_bytes: Memory of all workers.
        round_trips, commands: Of Redis in a second; `store_cores` what it needs for them.
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
    store_bytes: float
    refreshes: float
    told: float


def cores_of_user(inputs: Inputs, measured: Measured) -> float:
    """Return the share of a core that one user needs."""
    requests = inputs.http_requests * measured.http_us + inputs.channel_requests * measured.channel_us
    idle = inputs.channels * measured.idle_channel_us
    return (requests + idle + refreshes(inputs) * measured.refresh_us) / 1e6 / inputs.users


def fitting(inputs: Inputs, measured: Measured) -> Inputs:
    """Return `inputs` with as many users as its workers carry, by CPU time and by channels."""
    by_cpu = inputs.workers * BUSY / cores_of_user(inputs, measured)
    by_channels = inputs.workers * ChannelSettings().connections * BUSY / inputs.channel_share
    return of_users(inputs, math.floor(min(by_cpu, by_channels) / 100) * 100)


def of_users(inputs: Inputs, users: int) -> Inputs:
    """Return `inputs` for so many users, of whom everybody logs in within one hour of the morning."""
    return replace(inputs, users=users, logins_per_second=users / 3600)


def plan(inputs: Inputs, measured: Measured) -> Plan:
    """Return what these users need on these workers."""
    cores = cores_of_user(inputs, measured) * inputs.users
    load = total(redis_load(inputs, measured.costs, measured.trusted_seconds))
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
        store_bytes=inputs.users * measured.session_bytes,
        refreshes=refreshes(inputs),
        told=told * inputs.workers,
    )


def enough_workers(inputs: Inputs, measured: Measured) -> Inputs:
    """Return `inputs` with as few workers as carry its users, and one more, which may fail."""
    first = plan(replace(inputs, workers=1), measured)
    return replace(inputs, workers=max(first.by_cpu, first.by_channels) + 1)
