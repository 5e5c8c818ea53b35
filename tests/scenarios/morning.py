"""A simulated morning at a clinic whose IRIS counts licences: people log in, load pages in two tabs, pause, come back, log out.

`python -m tests.scenarios.morning` shows it in numbers: the hub's sessions beside plain forwarding.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from iris_standin import Client, Options, Standin
from iris_standin.model import User
from tests.parties.browser import Browser
from tests.parties.channel import Channel
from tests.parties.hub import Hub, free_port, public_url, redirect_uri, settings
from tests.waiting import until

SECRET = "morning-secret"
CALLS = 12
AT_ONCE = 10  # people who do something in the same moment
IDLE_SECONDS = 4
PAGE = ["/api/echo", "/api/patients", "/api/appointments"]


@dataclass
class Morning:
    """A clinic, its hub and its people."""

    hub: Hub
    standin: Standin
    people: list[Browser]

    @classmethod
    @asynccontextmanager
    async def begin(cls, people: int, *, mode: str, licenses: int = 0) -> AsyncIterator["Morning"]:
        """Start the parties and log everybody in.

        Parameters:
            mode: The route's `upstream_session`; `none` is plain forwarding.
            licenses: Units that IRIS has; 0: as many as are wanted.
        """
        names = [f"nurse{number}" for number in range(people)]
        port = free_port()
        client = Client("hub", SECRET, [redirect_uri(port)], [f"{public_url(port)}/"])
        options = Options(use_session=mode != "none", licenses=licenses, csp_session_seconds=IDLE_SECONDS, consent_page=False)
        standin = Standin(options, [client], [User(name, f"{name}-demo") for name in names])
        await standin.start()
        route = {"prefix": "/api", "target": standin.clinic_url, "upstream_session": mode, "upstream_idle_seconds": IDLE_SECONDS}
        environment = settings(
            standin.issuer, "hub", SECRET, [route], HUB_LIMITS_DIALS_PER_ADDRESS="0", HUB_LIMITS_LOGINS_PER_ADDRESS="0"
        )
        try:
            async with Hub.start(environment, port=port) as hub:
                morning = cls(hub, standin, [Browser(hub.url) for _ in names])
                for browser in morning.people:
                    await browser.__aenter__()
                try:
                    await morning.each(lambda index: morning.log_in(index, names[index]))
                    yield morning
                finally:
                    for browser in morning.people:
                        await browser.__aexit__()
        finally:
            await standin.stop()

    async def log_in(self, index: int, name: str) -> None:
        """Log one person in."""
        browser = self.people[index]
        page = await browser.open("/hub/login")
        await browser.submit(page, {"Username": name, "Password": f"{name}-demo"}, button="Login")
        browser.record.clear()

    async def each(self, act: Any) -> None:
        """Let everybody do something, some at a time."""
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(index: int) -> None:
            async with turns:
                await act(index)

        await asyncio.gather(*(one(index) for index in range(len(self.people))))

    async def load_pages(self, index: int) -> list[int]:
        """Open two tabs at once, one with a channel and one without, each with parallel calls; return the statuses."""
        browser = self.people[index]
        paths = [PAGE[number % len(PAGE)] for number in range(CALLS)]
        channel = await Channel.open(browser)
        by_channel = (channel.request("GET", path) for path in paths)
        by_http = (browser.fetch(path) for path in paths)
        answers = await asyncio.gather(*by_channel, *by_http)
        await channel.close()
        browser.record.clear()
        return [answer.status for answer in answers]

    async def everybody_loads(self) -> set[int]:
        """Let everybody load their pages; return the statuses that came."""
        statuses: set[int] = set()

        async def load(index: int) -> None:
            statuses.update(await self.load_pages(index))

        await self.each(load)
        return statuses

    async def log_out(self) -> None:
        """Log everybody out."""
        await self.each(lambda index: self.people[index].fetch("/hub/logout", method="POST"))

    async def until_sessions(self, wanted: int) -> None:
        """Wait until IRIS has so many sessions."""
        # Another process, or another server's idle time, decides.
        await until(lambda: len(self.standin.licenses.sessions) == wanted, 0.05)

    async def restart_hub(self) -> None:
        """Stop the hub and start it again."""
        await self.hub.stop()
        await self.hub.run()
        await self.hub.ready()

    @property
    def units(self) -> dict[str, int]:
        """What IRIS counts."""
        return self.standin.licenses.as_json()


async def show(people: int) -> None:
    """Print what a page load of everybody costs in licences, with the hub's sessions and without."""
    for mode in ("per_session", "none"):
        async with Morning.begin(people, mode=mode) as morning:
            statuses = await morning.everybody_loads()
            line = {"upstream_session": mode, "people": people, "statuses": sorted(statuses), **morning.units}
            sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    asyncio.run(show(200))
