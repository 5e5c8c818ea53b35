"""Nothing is executed twice and nothing vanishes, whatever breaks: rule 5 of the protocol, on whole nodes.

`HUB_CHAOS_REQUESTS=100000 pytest -s tests/scenarios/test_chaos.py` makes the long run of docs/channel-protocol.md's neighbour,
docs/benchmarks.md.
"""

import os
from pathlib import Path

from tests.scenarios.chaos import cluster, judge, storm

REQUESTS = int(os.environ.get("HUB_CHAOS_REQUESTS", "5000"))


async def test_no_request_is_executed_twice_and_none_vanishes(tmp_path: Path) -> None:
    """Fifty clients, sockets cut at random, nodes killed and started again: each request is answered or reported, truly."""
    async with cluster(tmp_path) as running:
        account = await storm(running, REQUESTS, clients=50, kills=max(REQUESTS // 2500, 1))
        counts = judge(running, account, REQUESTS)
        print(f"\n{REQUESTS} requests in {account.seconds:.1f} s, {account.cuts} cuts, {account.dials} dials: {dict(counts)}")  # noqa: T201 - with -s

    assert counts["answered"] > REQUESTS * 0.95
    assert counts["replayed"] > 0
