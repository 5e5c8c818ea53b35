"""The formulas of capacity planning, the plans made with them, and the document that shows both."""

import dataclasses
import json
import re

import pytest

from bench.marks import MARKED
from bench.scaling.document import TABLES, measured, plans, rewritten
from bench.scaling.formulas import (
    Cost,
    Inputs,
    event_cost,
    loads,
    presence_cost,
    redis_load,
    refreshes,
    total,
    touches,
)
from bench.scaling.plans import BUSY, Measured, enough_workers, fitting, of_users, plan
from hub.config.settings import ChannelSettings
from tests.parties.hub import PROJECT

COSTS = {
    "load": Cost(1, 1),
    "touch": Cost(1, 5),
    "refresh": Cost(7, 15),
    "keyed request": Cost(2, 8),
    "login and logout": Cost(8, 25),
    "event": Cost(2, 6),
    "event, each worker with a subscriber": Cost(2, 2),
    "presence, 1000 sessions": Cost(1, 1),
    "presence, a worker and second": Cost(1, 2),
    "background, a worker and second": Cost(3, 4),
}
MEASURED = Measured(
    http_us=100,
    channel_us=50,
    trip_us=80,
    idle_channel_us=1,
    refresh_us=1500,
    store_us=10,
    http_kib=10,
    channel_kib=20,
    worker_mib=70,
    session_bytes=3000,
    trusted_seconds=1.0,
    costs=COSTS,
)


def of(**changes: float) -> Inputs:
    """Return a thousand users, changed."""
    return dataclasses.replace(Inputs(users=1000), **changes)  # type: ignore[arg-type]


class TestFormulas:
    def test_every_request_reads_where_nothing_is_remembered(self) -> None:
        """Without trust each request reads its session."""
        assert loads(of(requests_per_minute=6), 0.0) == 100

    def test_one_worker_reads_once_for_a_burst(self) -> None:
        """Whatever the transport: 1000 users, a burst each 30 s, and the session is known for a second."""
        for share in (0.0, 0.5, 1.0):
            assert loads(of(requests_per_minute=6, burst=3, channel_share=share, workers=1), 1.0) == pytest.approx(1000 / 31)

    def test_http_over_many_workers_reads_for_each_request(self) -> None:
        """Of so many workers none is met twice; a browser has six connections, so that a larger burst meets no more of them."""
        assert loads(of(burst=3, channel_share=0.0, workers=100_000), 1.0) == pytest.approx(1000 * 3 / 30, rel=0.01)
        assert loads(of(burst=12, channel_share=0.0, workers=100_000), 1.0) == pytest.approx(1000 * 6 / 120, rel=0.01)

    def test_channels_do_not_care_how_many_workers_there_are(self) -> None:
        """A channel leads to one worker."""
        assert loads(of(channel_share=1.0, workers=1), 1.0) == loads(of(channel_share=1.0, workers=99), 1.0)

    def test_activity_is_written_by_the_first_burst_after_the_interval(self) -> None:
        """30 s, and half a minute more until the next burst comes on average."""
        assert touches(of(requests_per_minute=6, burst=3, workers=1), 1.0) == pytest.approx(1000 / 60)

    def test_refreshes(self) -> None:
        """A token of an hour is refreshed 6 to 7.5 minutes before its end: after 3195 s on average."""
        assert refreshes(of(token_seconds=3600)) == pytest.approx(1000 / (3600 - 360 * 1.125))

    def test_an_event_is_read_by_each_worker(self) -> None:
        """Published once."""
        assert event_cost(COSTS, 10) == Cost(22, 26)

    def test_presence(self) -> None:
        """Off by default; else three times in its time for each thousand sessions of a worker, and a look a second."""
        assert presence_cost(of(), COSTS) == Cost(0, 0)
        on = of(users=5000, channel_share=0.9, workers=2, last_channel_seconds=60.0)
        assert presence_cost(on, COSTS) == Cost(2 * 3 * 3 / 60 + 2, 2 * 3 * 3 / 60 + 4)

    def test_all_kinds_are_in_the_sum(self) -> None:
        """Each kind asks for something as soon as it happens."""
        load = redis_load(of(logins_per_second=1, events_per_second=1, last_channel_seconds=60), COSTS, 1.0)

        assert all(cost.round_trips > 0 for cost in load.values())
        assert total(load).commands == pytest.approx(sum(cost.commands for cost in load.values()))


class TestPlans:
    def test_as_many_users_as_fit(self) -> None:
        """By CPU time: not one worker too few, and not a hundred users more."""
        measured_with_fast_redis = dataclasses.replace(MEASURED, store_us=0.1)
        inputs = fitting(of(requests_per_minute=60, workers=4), measured_with_fast_redis)

        assert plan(inputs, measured_with_fast_redis).by_cpu == 4
        assert plan(of_users(inputs, inputs.users + 100), measured_with_fast_redis).by_cpu == 5

    def test_channels_bound_as_well(self) -> None:
        """Users who do next to nothing are bounded by the channels that a worker may have."""
        inputs = fitting(of(requests_per_minute=0.1, workers=2), MEASURED)

        assert plan(inputs, MEASURED).by_channels == 2
        assert inputs.channels <= 2 * BUSY * ChannelSettings().connections

    def test_one_redis_bounds_as_well(self) -> None:
        """However many workers there are."""
        found = plan(fitting(of(requests_per_minute=60, workers=40), MEASURED), MEASURED)

        assert found.fits
        assert found.by_cpu < 40
        assert BUSY * 0.95 < found.store_cores <= BUSY

    def test_one_worker_to_spare(self) -> None:
        """Enough are one more than needed, and one less would not do."""
        found = plan(enough_workers(of_users(of(requests_per_minute=60), 100_000), MEASURED), MEASURED)
        needed = found.inputs.workers - 1

        assert plan(dataclasses.replace(found.inputs, workers=needed), MEASURED).by_cpu <= needed
        assert plan(dataclasses.replace(found.inputs, workers=needed - 1), MEASURED).by_cpu > needed - 1


class TestDocument:
    def test_it_is_up_to_date(self) -> None:
        """The tables are those that the command makes of the figures that were kept."""
        text = (PROJECT / "docs/scaling.md").read_text(encoding="utf-8")

        assert rewritten(text, PROJECT / "docs/benchmarks") == text

    def test_every_table_has_its_place(self) -> None:
        """Each is shown once."""
        text = (PROJECT / "docs/scaling.md").read_text(encoding="utf-8")

        assert sorted(mark[2] for mark in MARKED.finditer(text)) == sorted(TABLES)

    def test_what_stands_between_the_tables_stays(self) -> None:
        """An empty place is filled, and ends where it ends."""
        empty = "a\n<!-- figures: costs -->\n<!-- end of figures -->\nb\n<!-- figures: check -->\n<!-- end of figures -->\nc\n"
        once = rewritten(empty, PROJECT / "docs/benchmarks")

        assert [line for line in once.splitlines() if line in "abc"] == ["a", "b", "c"]
        assert rewritten(once, PROJECT / "docs/benchmarks") == once

    def test_plans_hold_what_they_promise(self) -> None:
        """In each plan the workers suffice, and so do the servers of Redis."""
        files = (PROJECT / "docs/benchmarks").glob("*.json")
        found = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}

        assert measured(found).trusted_seconds == 1.0
        for each in plans(found).values():
            assert each.inputs.workers >= max(each.by_cpu, each.by_channels)
            assert each.store_cores <= BUSY * each.primaries

    def test_plots_are_there(self) -> None:
        """Each plot of the document was kept."""
        text = (PROJECT / "docs/scaling.md").read_text(encoding="utf-8")

        assert all((PROJECT / "docs" / name).exists() for name in re.findall(r"\((benchmarks/[\w-]+\.svg)\)", text))
