"""`python -m bench.hops`: record what one warm request of each flow passes in the hub, hop by hop, and print it.

With `--write-docs` also write the document, which compares the figures with those that were kept before.
"""

import argparse
import asyncio
import json
from pathlib import Path

from bench.ground.results import keep
from bench.hops.document import TITLES, document, figures, hop_list, summary
from bench.hops.flows import record_flows
from bench.loop import loop_factory
from tests.parties.hub import PROJECT

KEPT = PROJECT / "docs/benchmarks"
BEFORE, AFTER = "flows-before", "flows"
DOCUMENT = PROJECT / "docs/flows.md"


def main() -> None:
    """Read the command line, record, print and keep."""
    parser = argparse.ArgumentParser(prog="python -m bench.hops", description=__doc__)
    parser.add_argument("--write-docs", action="store_true", help=f"write docs/{DOCUMENT.name} and the figures in it")
    parser.add_argument("--keep", metavar="FILE", type=Path, help="write the figures to this JSON file")
    parsed = parser.parse_args()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        found = {name: figures(recorder) for name, recorder in runner.run(record_flows()).items()}
    print(summary(found))
    for name, title in TITLES.items():
        print(f"\n{title}\n{hop_list(found[name])}")
    if parsed.keep is not None:
        keep(parsed.keep.parent, parsed.keep.stem, found)
    if parsed.write_docs:
        before = json.loads((KEPT / f"{BEFORE}.json").read_text(encoding="utf-8"))
        keep(KEPT, AFTER, found)
        DOCUMENT.write_text(document(before, found), encoding="utf-8")


if __name__ == "__main__":
    main()
