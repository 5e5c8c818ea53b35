"""Many users over few HTTP connections, as a load balancer in front of the hub brings them."""

from collections.abc import Sequence

from bench.ground.http_callers import HttpLoad, build_request, open_callers
from bench.ground.members import Member


async def open_crowd(ports: Sequence[int], url: str, path: str, members: Sequence[Member], connections: int) -> HttpLoad:
    """Open the connections, to the nodes in turn; all members take turns in them."""
    return await open_callers(ports, [build_request(path, member.http_headers(url)) for member in members], connections)
