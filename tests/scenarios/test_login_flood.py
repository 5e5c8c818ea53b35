"""Many logins that nobody completes, from one address and from 1,000: others log in, and Redis holds nothing of them.

`LOGINS=100000 python3 -m tests tests/scenarios/test_login_flood.py` runs it at the size of an attack.
"""

import asyncio
import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from redis.asyncio import Redis

from hub.process.embedded_redis import running_url
from tests.scenarios.conftest import Clinic, StartClinic
from tests.waiting import HANG_SECONDS

logger = logging.getLogger(__name__)
LOGINS = int(os.environ.get("LOGINS", "600"))
CONNECTIONS = 8
COMPLETED_ONE_IN = 50  # so many of them also come back with an invented code
GROWTH_BYTES = 4 * 1024 * 1024  # 100,000 attempts of 2.8 KB would be 280 MB
LOGIN_BYTES = 16 * 1024  # of a login that is completed: its session, its tombstone, its tokens to revoke
PATH = f"/hub/login?return_to=/patients/{'x' * 1000}"
STATE = re.compile(rb"[?&]state=([\w-]+)")
COOKIE = re.compile(rb"(?i)\r\nset-cookie: ([^;]+)")
LENGTH = re.compile(rb"(?i)\r\ncontent-length: (\d+)")


@dataclass
class Flood:
    """Begins logins on some connections, without a browser.

    Attributes:
        addresses: How many client addresses it comes from.
        statuses: How often each status came, of logins and of callbacks.
    """

    port: int
    addresses: int
    statuses: dict[tuple[str, int], int] = field(default_factory=dict)

    async def run(self, count: int) -> None:
        """Begin so many logins."""
        numbers = iter(range(count))
        await asyncio.gather(*(self._begin(numbers) for _ in range(CONNECTIONS)))

    async def _begin(self, numbers: Iterator[int]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        for number in numbers:
            head = await self._ask(reader, writer, "login", PATH, number)
            state, cookie = STATE.search(head), COOKIE.search(head)
            if number % COMPLETED_ONE_IN == 0 and state is not None and cookie is not None:
                callback = f"/hub/callback?code=invented-{number}&state={state[1].decode()}&iss="
                await self._ask(reader, writer, "callback", callback, number, cookie[1].decode())
        writer.close()

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kind: str, path: str, number: int, cookie: str = ""
    ) -> bytes:
        address = f"198.18.{number % self.addresses // 250}.{number % self.addresses % 250 + 1}"
        fields = [f"Host: localhost:{self.port}", f"X-Forwarded-For: {address}", "Accept: text/html"]
        fields += [f"Cookie: {cookie}"] if cookie else []
        writer.write("\r\n".join([f"GET {path} HTTP/1.1", *fields, "", ""]).encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(head)
        await reader.readexactly(int(length[1]) if length is not None else 0)
        key = (kind, int(head.split(b" ", 2)[1]))
        self.statuses[key] = self.statuses.get(key, 0) + 1
        return head


async def log_in_and_out(clinic: Clinic) -> bool:
    """Log another person in, and out again; return whether that worked."""
    async with clinic.browser("bob") as browser:
        session = (await browser.fetch("/hub/session")).json()
        await browser.fetch("/hub/logout", method="POST")
        return bool(session["authenticated"])


@pytest.mark.parametrize("addresses", [1, 1000])
async def test_logins_of_others(start_clinic: StartClinic, addresses: int) -> None:
    """Before, during and after the flood others log in, and Redis does not grow with the number of attempts."""
    async with start_clinic(HUB_SERVER_TRUSTED_PROXIES="127.0.0.1") as clinic:
        flood = Flood(clinic.hub.port, addresses)
        assert await log_in_and_out(clinic)
        async with Redis.from_url(running_url(Path(clinic.hub.folder, "var"))) as redis:
            before = (await redis.info("memory"))["used_memory"]
            async with asyncio.timeout(HANG_SECONDS + LOGINS / 50):
                running = asyncio.create_task(flood.run(LOGINS))
                logins = []
                while not running.done():
                    logins.append(await log_in_and_out(clinic))
                await running
            grown = (await redis.info("memory"))["used_memory"] - before
            marks = await redis.keys("hub:attempt*")
            left = {key.rpartition(b":")[0] for key in await redis.keys("*")}
        logger.info("addresses %d: %s; %d other logins; %d bytes", addresses, flood.statuses, len(logins), grown)

        assert logins
        assert all(logins)
        assert await log_in_and_out(clinic)
        assert sum(count for (kind, _), count in flood.statuses.items() if kind == "login") == LOGINS
        assert {status for kind, status in flood.statuses if kind == "callback"} <= {400, 429, 503}
        assert len(marks) <= len(logins) + 1, "a mark for each login that the provider confirmed, and for no other"
        assert left & {b"hub:attempt", b"hub:browser", b"hub:restart", b"hub:attempt-done"} == set()
        assert grown < GROWTH_BYTES + LOGIN_BYTES * len(logins)
