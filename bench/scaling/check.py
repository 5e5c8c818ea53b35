"""Holds the formulas against what the simulation has counted. Pure, but for a look at what the hub is made of."""

import importlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bench.scaling.formulas import Cost, Inputs, loads, redis_load, refreshes, total, touches
from bench.scaling.together import Together

Rows = list[tuple[str, str, str, str]]


def trusted_seconds() -> float:
    """Return how long a session that was read is trusted without another look; 0 where the hub reads it for each request."""
    try:
        return float(importlib.import_module("hub.session.session_cache").TTL_SECONDS)
    except ModuleNotFoundError:
        return 0.0


def compared(inputs: Inputs, costs: Mapping[str, Cost], found: Together, trusted: float) -> dict[str, Any]:
    """Return formula and count side by side, as JSON values: parts of which Redis counts something, and the sums."""
    load, asked = redis_load(inputs, costs, trusted), found.asked
    counted = {name: count / asked.seconds for name, count in asked.by_command.items()}
    per_second = asked.per_second
    rows: Rows = [
        _row("requests of users", inputs.requests_per_second, found.requests / asked.seconds),
        _row("activity written (touches)", touches(inputs, trusted), counted.get("hexists", 0.0)),
        _row(
            "tokens refreshed",
            refreshes(inputs),
            counted.get("publish", 0.0) - inputs.events_per_second - inputs.logins_per_second,
        ),
        _row("sessions read by requests", loads(inputs, trusted), found.loads / asked.seconds),
        _row("events read (XRANGE)", inputs.workers * inputs.events_per_second * 2, counted.get("xrange", 0.0)),
        _row("round trips", total(load).round_trips, per_second.round_trips),
        _row("commands", total(load).commands, per_second.commands),
    ]
    return {
        "costs": {name: asdict(cost) for name, cost in costs.items()},
        "trusted_seconds": trusted,
        "rows": rows,
        "by_kind": {name: asdict(cost) for name, cost in load.items()},
        "counted": counted,
        "round_trips": {"formula": total(load).round_trips, "counted": per_second.round_trips},
        "redis_us_a_round_trip": asked.cpu_seconds / asked.cost.round_trips * 1e6,
        "failures": found.failures,
    }


def _row(name: str, formula: float, counted: float) -> tuple[str, str, str, str]:
    difference = f"{counted / formula - 1:+.0%}" if formula else "-"
    return name, f"{formula:.1f}", f"{counted:.1f}", difference
