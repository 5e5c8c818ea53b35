"""Fault -> what the users saw -> sessions lost. Real processes; the same table stands in docs/operating.md.

Three users call the API all the time, over HTTP and over a channel each, while something breaks and is mended.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.parties.browser import Browser
from tests.parties.channel import Channel, ChannelClosedError
from tests.parties.hostile_provider import CLIENT_ID, CLIENT_SECRET, CannedAnswer, HostileProvider
from tests.parties.hub import PROJECT, Hub, settings
from tests.parties.redis_server import RedisServer
from tests.parties.resource_server import Exchange, RawResourceServer
from tests.waiting import hang_timeout

USERS = 3
TOKEN_SECONDS = 4
LONG = 300  # a token that outlives the fault
ROUNDS = 10  # answers of a kind that have to come before it counts as seen: more than any repetition or time-out hides
REFRESH = "/token"

STORE_DOWN = "503 store-unavailable"
PROVIDER_DOWN = "503 provider-unavailable"
FINE = "200"


@dataclass
class Site:
    """All parties, and what the users see."""

    hub: Hub
    redis: RedisServer
    provider: HostileProvider
    api: RawResourceServer
    browsers: list[Browser]
    http: Counter[str] = field(default_factory=Counter)
    channel: Counter[str] = field(default_factory=Counter)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def call_over_http(self, browser: Browser) -> None:
        """Call the API until cancelled."""
        while True:
            answer = await browser.fetch("/api/x")
            problem = "" if answer.status == 200 else " " + answer.json()["type"].rpartition(":")[2]
            await self._note(self.http, f"{answer.status}{problem}")

    async def call_over_channel(self, channel: Channel) -> None:
        """Call the API until cancelled, or until the hub closes the channel."""
        try:
            while True:
                answer = await channel.request("GET", "/api/x")
                problem = answer.problem or {}
                await self._note(
                    self.channel, f"{problem['status']} {problem['type'].rpartition(':')[2]}" if problem else str(answer.status)
                )
        except ChannelClosedError as closed:
            await self._note(self.channel, f"closed {closed.code}")

    async def saw(self, *, http: str | None = None, channel: str | None = None, times: int = ROUNDS) -> None:
        """Wait until the users have seen this so often since the last `forget`."""
        async with hang_timeout(), self._changed:
            await self._changed.wait_for(
                lambda: (http is None or self.http[http] >= times) and (channel is None or self.channel[channel] >= times)
            )

    def forget(self) -> tuple[set[str], set[str]]:
        """Return what was seen over HTTP and over channels, and begin anew."""
        seen = set(self.http), set(self.channel)
        self.http.clear()
        self.channel.clear()
        return seen

    async def lost(self) -> int:
        """Count the users who have to log in again."""
        answers = [await browser.fetch("/hub/session") for browser in self.browsers]
        return sum(not answer.json()["authenticated"] for answer in answers)

    async def refreshed(self, times: int) -> None:
        """Wait for so many more refresh grants than the provider has answered so far."""
        await self.provider.answered(REFRESH, self.provider.calls(REFRESH) + times)

    async def _note(self, counter: Counter[str], outcome: str) -> None:
        async with self._changed:
            counter[outcome] += 1
            self._changed.notify_all()


async def answer(exchange: Exchange) -> None:
    """Answer whatever is asked."""
    await exchange.answer(body=b"{}")


@asynccontextmanager
async def start(token_seconds: int = TOKEN_SECONDS, clock_error: float = 0.0) -> AsyncIterator[Site]:
    """Start everything, log the users in, and let them call.

    Parameters:
        token_seconds: How long access tokens live.
        clock_error: Seconds that the provider's clock is ahead.
    """
    with RedisServer.start() as redis:
        Path(redis.folder, "key").write_text("A" * 43 + "\n")  # noqa: ASYNC240
        async with AsyncExitStack() as stack:
            api = await RawResourceServer.start(answer)
            stack.push_async_callback(api.stop)
            provider = await stack.enter_async_context(HostileProvider.start())
            true_now = provider.now
            provider.now = lambda: true_now() + clock_error
            provider.token_members["expires_in"] = token_seconds
            key = redis.folder / "key"
            environment = settings(
                provider.issuer,
                CLIENT_ID,
                CLIENT_SECRET,
                [{"prefix": "/api", "target": api.url}],
                HUB_REDIS_URL=redis.url,
                HUB_REDIS_TIMEOUT_SECONDS="0.5",
                HUB_SESSION_KEY_FILES=str(key),
                HUB_PROVIDER_TIMEOUT_SECONDS="1",
            )
            hub = await stack.enter_async_context(Hub.start(environment))
            browsers = [await stack.enter_async_context(Browser(hub.url)) for _ in range(USERS)]
            site = Site(hub, redis, provider, api, browsers)
            tasks = []
            for browser in browsers:
                await browser.open("/hub/login?return_to=/here")
                channel = await Channel.open(browser)
                tasks += [asyncio.create_task(site.call_over_http(browser))]
                tasks += [asyncio.create_task(site.call_over_channel(channel))]
            try:
                await site.saw(http=FINE, channel=FINE)
                yield site
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)


def report(fault: str, seen: tuple[set[str], set[str]], lost: int) -> None:
    """Print a row of the table, and check that the document has it."""
    http, channel = (", ".join(sorted(each)) for each in seen)
    row = f"| {fault} | {http} | {channel} | {lost} |"
    print(row)  # noqa: T201
    assert row in Path(PROJECT, "docs", "operating.md").read_text()


class TestRedis:
    """What breaks is the store."""

    @pytest.mark.parametrize("fault", ["Redis killed, restarted with its data", "Redis paused"])
    async def test_data_survives(self, fault: str) -> None:
        """Everybody who was at work goes on, over HTTP and over channels, and is still logged in afterwards."""
        async with start(LONG) as site:
            site.redis.kill() if "killed" in fault else site.redis.pause()
            await site.hub.unready()
            site.forget()
            await site.saw(http=FINE, channel=FINE)
            seen = site.forget()

            site.redis.run() if "killed" in fault else site.redis.resume()
            await site.hub.ready()
            await site.saw(http=FINE, channel=FINE)
            lost = await site.lost()

        report(fault, seen, lost)
        assert (seen, lost) == (({FINE}, {FINE}), 0)

    async def test_down_for_longer_than_a_token_lives(self) -> None:
        """The token in hand ends: everybody is told to come back, and nothing is lost."""
        async with start() as site:
            site.forget()
            site.redis.kill()
            await site.saw(http=STORE_DOWN, channel=STORE_DOWN)
            seen = site.forget()

            site.redis.run()
            await site.saw(http=FINE, channel=FINE)
            lost = await site.lost()

        report("Redis away until the access tokens have expired, at most 60 s", seen, lost)
        assert (seen, lost) == (({FINE, STORE_DOWN}, {FINE, STORE_DOWN}), 0)

    async def test_data_is_lost(self) -> None:
        """A Redis without its data knows nobody: everybody is told to log in, and can."""
        async with start(LONG) as site:
            site.redis.kill()
            for file in site.redis.folder.glob("append*"):
                for part in file.iterdir():
                    part.unlink()
                file.rmdir()
            site.redis.run()
            await site.saw(http="401 not-authenticated", channel="closed 4401", times=USERS)
            site.forget()
            await site.saw(http="401 not-authenticated")
            seen = site.forget()[0], {"closed 4401"}
            lost = await site.lost()
            await site.browsers[0].open("/hub/login?return_to=/here")
            await site.saw(http=FINE)

        report("Redis restarted empty", seen, lost)
        assert (seen[0], lost) == ({"401 not-authenticated"}, USERS)


Break = Callable[[HostileProvider], None]


def answers(status: int, **headers: str) -> Break:
    """Let the token endpoint answer with nothing but a status."""

    def act(provider: HostileProvider) -> None:
        provider.answers[REFRESH] = CannedAnswer(status, b"", {name.replace("_", "-"): value for name, value in headers.items()})

    return act


def hang(provider: HostileProvider) -> None:
    """Let the token endpoint take requests and do nothing with them, not even later: else a token could be spent for nobody."""
    provider.answers[REFRESH] = CannedAnswer(503, b"")
    provider.hold(REFRESH)


def mend(provider: HostileProvider) -> None:
    """Let it behave again."""
    provider.answers.clear()
    for event in provider.held.values():
        event.set()
    provider.held.clear()


class TestProvider:
    """What breaks is the login service."""

    @pytest.mark.parametrize(
        ("fault", "act"),
        [
            ("Provider answers 500", answers(500)),
            ("Provider answers 429, Retry-After: 2", answers(429, Retry_After="2")),
            ("Provider does not answer", hang),
        ],
    )
    async def test_longer_than_a_token_lives(self, fault: str, act: Break) -> None:
        """Calls go on as long as the tokens live, then they are told to come back; when it is mended, nobody notices."""
        async with start() as site:
            site.forget()
            act(site.provider)
            asked = site.provider.calls(REFRESH)
            await site.saw(http=PROVIDER_DOWN, channel=PROVIDER_DOWN)
            before = site.provider.calls(REFRESH) - asked
            seen = site.forget()
            mend(site.provider)
            await site.saw(http=FINE, channel=FINE)
            lost = await site.lost()

        report(fault, seen, lost)
        assert (seen, lost) == (({FINE, PROVIDER_DOWN}, {FINE, PROVIDER_DOWN}), 0)
        assert before <= 3 * USERS  # of hundreds of calls: nobody storms a provider that is down

    async def test_shorter_than_the_margin(self) -> None:
        """A provider that fails once or twice, and answers before the tokens end, is not noticed by anybody."""
        async with start(15) as site:
            site.forget()
            site.provider.answers[REFRESH] = CannedAnswer(503, b"", {"Retry-After": "1"})
            await site.refreshed(1)
            mend(site.provider)
            await site.refreshed(USERS)
            seen, lost = site.forget(), await site.lost()

        report("Provider answers 503 for a moment", seen, lost)
        assert (seen, lost) == (({FINE}, {FINE}), 0)

    async def test_new_keys(self) -> None:
        """New signing keys, published together with their first use, change nothing for anybody, and log people in."""
        async with start() as site:
            site.forget()
            site.provider.rotate_keys("new")
            await site.refreshed(2 * USERS)
            async with Browser(site.hub.url) as newcomer:
                page = await newcomer.open("/hub/login?return_to=/here")
            seen, lost = site.forget(), await site.lost()

        report("Provider signs with a new key", seen, lost)
        assert page.url == site.hub.url + "/here"
        assert (seen, lost) == (({FINE}, {FINE}), 0)

    @pytest.mark.parametrize(
        ("fault", "error"), [("Provider's clock 5 min ahead", 300.0), ("Provider's clock 5 min behind", -300.0)]
    )
    async def test_wrong_clock(self, fault: str, error: float) -> None:
        """The difference is measured: logins and refreshes work as if there were none."""
        async with start(clock_error=error) as site:
            site.forget()
            await site.refreshed(2 * USERS)
            seen, lost = site.forget(), await site.lost()

        report(fault, seen, lost)
        assert (seen, lost) == (({FINE}, {FINE}), 0)


def test_table_is_complete() -> None:
    """Every row of the document's table is one that these tests make."""
    text = Path(PROJECT, "docs", "operating.md").read_text()
    table = text.partition("## Faults and what users see")[2].partition("\n## ")[0]
    faults = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")][2:]
    here = Path(__file__).read_text()

    assert len(faults) >= 10
    assert [fault for fault in faults if f'"{fault}"' not in here] == []
