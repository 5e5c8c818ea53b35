"""The connections through which the guard's house is asked."""

from collections.abc import Awaitable, Callable

from bench.ground.crowd import open_callers, open_channels
from bench.ground.stage import PREFIX
from bench.guard.house import PATH, House
from bench.load_http import build_request
from bench.rounds import Load

Open = Callable[[int], Awaitable[Load]]


def doors(there: House) -> dict[str, Open]:
    """Return how to open so many connections to each door; the channel has five requests under way on each of its own."""
    fields = there.member.http_headers(there.url)
    request, direct = build_request(PATH, fields), build_request(PATH.removeprefix(PREFIX), fields)

    async def channel(callers: int) -> Load:
        members = [there.member] * max(callers // 5, 1)
        return await open_channels([there.port], there.url, PATH, members, min(callers, 5))

    return {
        "http": lambda callers: open_callers([there.port], [request], callers),
        "channel": channel,
        "reference": lambda callers: open_callers([there.reference_port], [request], callers),
        "direct": lambda callers: open_callers([there.upstream_port], [direct], callers),
    }
