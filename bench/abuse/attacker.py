"""`python -m bench.abuse.attacker NAME GROUND`: run one abuse until standard input ends; GROUND is JSON."""

import asyncio
import sys

import msgspec

from bench.abuse.abuses import ABUSES, Ground, Toll
from bench.loop import loop_factory


async def _attack(name: str, ground: Ground) -> Toll:
    toll = Toll()
    running = asyncio.ensure_future(ABUSES[name].run(ground, toll))
    print("begun", flush=True)
    ending = asyncio.ensure_future(asyncio.to_thread(sys.stdin.readline))
    await asyncio.wait({running, ending}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return toll


def main() -> None:
    """Read the command line, and attack."""
    name, ground = sys.argv[1], msgspec.json.decode(sys.argv[2], type=Ground)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_attack(name, ground))


if __name__ == "__main__":
    main()
