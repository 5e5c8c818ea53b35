"""The figures: what Prometheus reads, from one process and from several."""

import inspect
import os
import subprocess
import sys
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from hub.telemetry.metrics import Metrics
from tests.parties.hub import PROJECT

COUNT = """
import sys
from hub.telemetry.metrics import Metrics
metrics = Metrics()
metrics.logins.labels("completed").inc(int(sys.argv[1]))
metrics.channels.inc(int(sys.argv[1]))
metrics.request_seconds.labels("http").observe(0.02)
if len(sys.argv) > 2:
    sys.stdout.write(metrics.exposition().decode())
"""


def figures(text: str) -> dict[tuple[str, str], float]:
    """Return the samples of an exposition, by name and the sorted values of their labels."""
    return {
        (sample.name, ",".join(sorted(sample.labels.values()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def count_in_process(folder: Path, number: int, *more: str) -> str:
    """Count in a worker process; return what it printed. Prometheus chooses its mode when it is imported."""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder), "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-c", COUNT, str(number), *more]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def test_exposition() -> None:
    """What was counted stands in Prometheus' text format, under names that begin with hub_."""
    metrics = Metrics()
    metrics.logins.labels("completed").inc()
    metrics.sessions_ended.labels("logout").inc(2)
    metrics.requests.labels("http", "200").inc()
    metrics.request_seconds.labels("channel").observe(0.03)
    metrics.channels.set(3)
    metrics.open_circuits.labels("main").set(2)

    read = figures(metrics.exposition().decode())
    assert read["hub_logins_total", "completed"] == 1
    assert read["hub_sessions_ended_total", "logout"] == 2
    assert read["hub_requests_total", "200,http"] == 1
    assert read["hub_request_seconds_bucket", "0.025,channel"] == 0
    assert read["hub_request_seconds_bucket", "0.05,channel"] == 1
    assert read["hub_channels", ""] == 3
    assert read["hub_open_circuits", "main"] == 2
    assert all(name.startswith("hub_") for name, _ in read)


def test_every_metric_is_documented() -> None:
    """The docstring of the class explains each attribute, and each metric says what it is."""
    names = {name for name in vars(Metrics()) if not name.startswith("_")}

    assert [name for name in sorted(names) if f"\n    {name}: " not in inspect.cleandoc(Metrics.__doc__ or "")] == []
    families = text_string_to_metric_families(Metrics().exposition().decode())
    assert [family.name for family in families if not family.documentation] == []


def test_two_hubs_in_one_process() -> None:
    """Each object counts for itself: there is no global registry behind them."""
    first, second = Metrics(), Metrics()
    first.renewals.inc()

    assert figures(second.exposition().decode())["hub_renewals_total", ""] == 0


def test_workers_are_summed(tmp_path: Path) -> None:
    """Any worker answers for all: counters and histograms of ended workers stay, gauges count those that live."""
    count_in_process(tmp_path, 1)
    count_in_process(tmp_path, 2)
    read = figures(count_in_process(tmp_path, 4, "print"))

    assert read["hub_logins_total", "completed"] == 7
    assert read["hub_request_seconds_count", "http"] == 3
    assert read["hub_channels", ""] >= 4
