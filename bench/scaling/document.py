"""The tables of docs/scaling.md, made of what the benchmarks have found."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench import marks
from bench.ground.results import markdown
from bench.scaling.formulas import Cost, Inputs, redis_load, total
from bench.scaling.plans import GIB, MIB, Measured, Plan, enough_workers, fitting, of_users, plan
from bench.storm import reconnect, refresh

GROWING = ("connections", "sessions", "in_flight", "routes")
CALM = Inputs(users=1, requests_per_minute=6.0, burst=3.0, channel_share=0.8, keyed_share=0.2, token_seconds=3600.0)
BUSY_PAGES = Inputs(users=1, requests_per_minute=60.0, burst=3.0, channel_share=0.8, keyed_share=0.2, token_seconds=3600.0)

Found = Mapping[str, Any]


def rewritten(text: str, folder: Path) -> str:
    """Return the document with all its tables made anew from the figures in `folder`."""
    found = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))}
    return marks.rewritten(text, {name: table(found) for name, table in TABLES.items()})


def measured(found: Found) -> Measured:
    """Return the figures of one of each. A request costs what it costs with 50 under way and 5000 connections besides."""
    connections, sessions, scaling = found["growth-connections"], found["growth-sessions"], found["scaling"]
    last = {series["way"]: series["points"][-1] for series in connections["series"]}
    first = connections["series"][0]["points"][0]
    return Measured(
        http_us=last["HTTP"]["hub_us"],
        channel_us=last["channel"]["hub_us"],
        trip_us=_trip_us(next(series for series in sessions["series"] if series["way"] == "HTTP")["points"]),
        idle_channel_us=connections["figures"]["channel: CPU us a connection and second"],
        refresh_us=found["storm-refresh"]["hub_us"],
        store_us=scaling["redis_us_a_round_trip"],
        http_kib=connections["figures"]["HTTP: KiB a connection"],
        channel_kib=connections["figures"]["channel: KiB a connection"],
        worker_mib=first["resident_mib"],
        session_bytes=sessions["figures"]["Redis: bytes a session"],
        trusted_seconds=scaling["trusted_seconds"],
        costs={name: Cost(**cost) for name, cost in scaling["costs"].items()},
    )


def _trip_us(points: Sequence[Found]) -> float:
    """Return what a round trip costs a worker: the requests of many sessions differ from those of one in nothing else."""
    first, last = points[0], points[-1]
    return (last["hub_us"] - first["hub_us"]) / (last["store_commands"] - first["store_commands"])


def _growth(name: str, found: Found) -> str:
    part = found[f"growth-{name}"]
    numbers = [str(point["number"]) for point in part["series"][0]["points"]]
    rows = [_line(series) for series in part["series"]]
    rows += [_commands(series) for series in part["series"] if series["points"][-1]["store_commands"] > 0.1]
    return markdown([part["grows"], *numbers, "last / first"], rows)


def _commands(series: Found) -> list[str]:
    return [
        f"{series['way']}: commands of Redis a request",
        *(f"{point['store_commands']:.2f}" for point in series["points"]),
        "",
    ]


def _line(series: Found) -> list[str]:
    costs = [f"{point['hub_us']:.0f}" for point in series["points"]]
    return [f"{series['way']}: CPU us a request", *costs, f"{series['growth']:.2f}"]


def _memory(found: Found) -> str:
    one = measured(found)
    used = found["growth-sessions"]["figures"]["hub: KiB a session in use over HTTP"]
    rows = [
        ["a worker that has just begun to serve", f"{one.worker_mib:.0f} MiB"],
        ["an idle keep-alive connection", f"{one.http_kib:.1f} KiB"],
        ["an idle channel, each of another session", f"{one.channel_kib:.1f} KiB"],
        ["CPU time of a worker for a round trip to Redis", f"{one.trip_us:.0f} us"],
        ["CPU time of Redis for it", f"{one.store_us:.0f} us"],
        ["CPU time of an idle channel", f"{one.idle_channel_us:.2f} us a second"],
        ["a session in Redis", f"{one.session_bytes / 1024:.1f} KiB"],
        ["a session that is used over HTTP, in the worker", f"{used:.2f} KiB"],
    ]
    return markdown(["what", "figure"], rows)


def _storm_refresh(found: Found) -> str:
    return markdown(["refresh storm", "figure"], refresh.rows(refresh.Storm(**_without_machine(found["storm-refresh"]))))


def _storm_reconnect(found: Found) -> str:
    cases = [reconnect.Reconnect(**case) for case in found["storm-reconnect"]["cases"]]
    return markdown(["reconnect storm", *(one.case for one in cases)], reconnect.rows(cases))


def _costs(found: Found) -> str:
    costs = {name: Cost(**cost) for name, cost in found["scaling"]["costs"].items()}
    rows = [[name, f"{cost.round_trips:.1f}", f"{cost.commands:.1f}"] for name, cost in costs.items()]
    return markdown(["one", "round trips", "commands"], rows)


def _check(found: Found) -> str:
    return markdown(["in a second", "formula", "counted", "difference"], found["scaling"]["rows"])


def plans(found: Found) -> dict[str, Plan]:
    """Return the plans of the document, by their headings."""
    one = measured(found)
    on = {
        "busy users on 4 workers": fitting(replace(BUSY_PAGES, workers=4), one),
        "calm users on ten nodes of 4": fitting(replace(CALM, workers=40), one),
        "100,000 calm users": enough_workers(of_users(CALM, 100_000), one),
        "100,000 busy users": enough_workers(of_users(BUSY_PAGES, 100_000), one),
    }
    return {name: plan(inputs, one) for name, inputs in on.items()}


def _plans(found: Found) -> str:
    made = plans(found)
    lines: dict[str, Callable[[Plan], str]] = {
        "users": lambda one: f"{one.inputs.users:,}",
        "requests of a user and minute": lambda one: f"{one.inputs.requests_per_minute:g}",
        "requests a second": lambda one: f"{one.inputs.requests_per_second:,.0f}",
        "open channels": lambda one: f"{one.inputs.channels:,.0f}",
        "workers": lambda one: f"{one.inputs.workers}",
        "... needed by CPU time, by channels": lambda one: f"{one.by_cpu}, {one.by_channels}",
        "cores of the workers, fully busy": lambda one: f"{one.cores:.1f}",
        "memory of the workers": lambda one: f"{one.hub_bytes / GIB:.1f} GiB",
        "Redis: round trips a second": lambda one: f"{one.round_trips:,.0f}",
        "Redis: commands a second": lambda one: f"{one.commands:,.0f}",
        "Redis: cores, fully busy": lambda one: f"{one.store_cores:.2f}",
        "Redis: primaries": lambda one: f"{one.primaries}",
        "Redis: memory of sessions": lambda one: f"{one.store_bytes / MIB:,.0f} MiB",
        "refreshes, that is calls of the provider, a second": lambda one: f"{one.refreshes:.1f}",
        "events that Redis hands out, a second": lambda one: f"{one.told:,.0f}",
    }
    rows = [[name, *(line(one) for one in made.values())] for name, line in lines.items()]
    return markdown(["", *made], rows)


def _kinds(found: Found) -> str:
    one, made = measured(found), plans(found)
    loads = [redis_load(each.inputs, one.costs, one.trusted_seconds) for each in made.values()]
    rows = [[kind, *(f"{load[kind].round_trips:,.0f}" for load in loads)] for kind in loads[0]]
    sums = ["all", *(f"{total(load).round_trips:,.0f}" for load in loads)]
    return markdown(["Redis: round trips a second", *made], [*rows, sums])


def _without_machine(document: Found) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "machine"}


def _growth_table(name: str) -> Callable[[Found], str]:
    return lambda found: _growth(name, found)


TABLES: dict[str, Callable[[Found], str]] = {
    **{f"growth-{name}": _growth_table(name) for name in GROWING},
    "memory": _memory,
    "storm-refresh": _storm_refresh,
    "storm-reconnect": _storm_reconnect,
    "costs": _costs,
    "check": _check,
    "plans": _plans,
    "kinds": _kinds,
}
