"""What refused requests cost: their connection, their address, and the logs."""

import asyncio
import logging
from collections import Counter

import pytest

from hub.config.settings import LimitSettings, RouteSettings
from hub.gateway.rate_limits import BURST_SECONDS, RateLimits
from hub.telemetry.metrics import Metrics
from hub.web.client_address import TrustedProxies
from hub.web.refusals import COST, LINES, MAX_ADDRESSES, OTHERS, REPORT_SECONDS, Refusals
from tests.parties.clock import ManualClock
from tests.waiting import hang_timeout
from tests.web.conftest import BuildHouse, House

SOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


class Connection:
    """Keeps what it is charged."""

    def __init__(self, remote_ip: str) -> None:
        self.remote_ip = remote_ip
        self.charged = 0.0

    def charge(self, cost: float) -> None:
        """Add."""
        self.charged += cost


def refusals(clock: ManualClock, per_address: float = 0.0) -> Refusals:
    """Return counts with a limit per address."""
    return Refusals(RateLimits(LimitSettings(refused_requests_per_address=per_address), clock, Metrics()), clock)


def reports(caplog: pytest.LogCaptureFixture) -> list[tuple[str, int]]:
    """Return address and count of each report."""
    events = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    return [(each["address"], each["count"]) for each in events if each["event"] == "request.refusals_suppressed"]


def test_only_the_clients_own_connection_is_charged(clock: ManualClock) -> None:
    """The connection of a proxy carries others too."""
    counts, own, proxy = refusals(clock), Connection("192.0.2.1"), Connection("10.0.0.1")
    for connection in (own, proxy):
        counts.count(connection, "192.0.2.1")

    assert (own.charged, proxy.charged) == (COST, 0.0)


async def test_a_new_connection_does_not_help(clock: ManualClock) -> None:
    """The address pays as well; another address does not, and one that waits is served again."""
    counts = refusals(clock, per_address=2.0)
    limited = [counts.count(Connection("192.0.2.1"), "192.0.2.1").limited for _ in range(int(2 * BURST_SECONDS) + 5)]
    other = counts.count(Connection("192.0.2.2"), "192.0.2.2").limited

    assert [each is not None for each in limited] == [False] * int(2 * BURST_SECONDS) + [True] * 5
    assert other is None


def test_malformed_requests_count_alike(clock: ManualClock) -> None:
    """They, and connections without a request, use up the limit of refused requests; a trusted proxy is not charged."""
    limits = LimitSettings(refused_requests_per_address=0.4)
    counts = Refusals(RateLimits(limits, clock, Metrics()), clock, TrustedProxies(["10.0.0.1"]))
    proxied = [counts.malformed("10.0.0.1", 400) for _ in range(20)]
    limited = [counts.malformed("192.0.2.1", status) for status in (400, 0, 431, 0, 400)]

    assert limited == [False] * 4 + [True]
    assert not any(proxied)
    assert counts.count(Connection("192.0.2.1"), "192.0.2.1").limited is not None
    assert counts.count(Connection("192.0.2.2"), "192.0.2.2").limited is None


async def test_addresses_above_their_limit(clock: ManualClock) -> None:
    """Their new connections are delayed, until they are below it again. Asking does not count, and a proxy is never limited."""
    limits = LimitSettings(refused_requests_per_address=0.4)
    counts = Refusals(RateLimits(limits, clock, Metrics()), clock, TrustedProxies(["10.0.0.1"]))
    asked = [counts.is_limited("192.0.2.1") for _ in range(20)]
    for peer in ("192.0.2.1", "10.0.0.1", "2001:db8::1"):
        for _ in range(4):
            counts.malformed(peer, 400)
    limited = [counts.is_limited(peer) for peer in ("192.0.2.1", "10.0.0.1", "2001:db8::2", "192.0.2.2", "")]
    await clock.advance(2.5)

    assert not any(asked)
    assert limited == [True, False, True, False, False]
    assert not counts.is_limited("192.0.2.1")


@pytest.mark.expects_log
async def test_lines_of_malformed_requests_are_bounded(clock: ManualClock, caplog: pytest.LogCaptureFixture) -> None:
    """As those of other refusals; connections without a request have none."""
    counts = refusals(clock)
    with caplog.at_level(logging.INFO):
        for status in (400, 0) * 500:
            counts.malformed("192.0.2.1", status)
        await clock.advance(REPORT_SECONDS)
    events = Counter(record.msg["event"] for record in caplog.records if isinstance(record.msg, dict))

    assert events["request.malformed"] == LINES
    assert reports(caplog) == [("192.0.2.1", 500 - LINES)]


@pytest.mark.expects_log
async def test_lines_of_one_address_are_bounded(clock: ManualClock, caplog: pytest.LogCaptureFixture) -> None:
    """Some are logged as ever; of the others there is one line a minute that counts them."""
    counts, connection = refusals(clock), Connection("192.0.2.1")
    logged = [counts.count(connection, "192.0.2.1").is_logged for _ in range(1000)]
    bystander = counts.count(Connection("192.0.2.2"), "192.0.2.2").is_logged
    with caplog.at_level(logging.WARNING):
        await clock.advance(REPORT_SECONDS)
        await clock.advance(REPORT_SECONDS)

    assert (sum(logged), bystander) == (LINES, True)
    assert reports(caplog) == [("192.0.2.1", 1000 - LINES)]


@pytest.mark.expects_log
async def test_many_addresses_are_reported_together(clock: ManualClock, caplog: pytest.LogCaptureFixture) -> None:
    """What is kept until the report has a bound."""
    counts = refusals(clock)
    for number in range(MAX_ADDRESSES + 50):
        address = f"10.0.{number // 256}.{number % 256}"
        for _ in range(int(LINES) + 2):
            counts.count(Connection(address), address)
    with caplog.at_level(logging.WARNING):
        await clock.advance(REPORT_SECONDS)
    found = dict(reports(caplog))

    assert (len(found), found[OTHERS]) == (MAX_ADDRESSES + 1, 100)


@pytest.mark.expects_log
@pytest.mark.parametrize(
    "target", ["/hub/channel", "/api/x", "/nowhere-in/x.json", "/hub/nothing"], ids=["channel", "API", "static", "pages"]
)
async def test_each_door_counts_its_refusals(build_house: BuildHouse, target: str) -> None:
    """Whatever door refuses: an address above its limit gets 429 with the time to wait, and its connection is closed."""
    async with build_house(limits=LimitSettings(refused_requests_per_address=0.3)) as house:
        answers = [await house.fetch(target) for _ in range(5)]
        served = await house.navigate("/")

    statuses = [answer.status for answer in answers]
    assert all(400 <= status < 429 for status in statuses[:3])
    assert statuses[3:] == [429, 429]
    assert answers[-1].header("Retry-After") is not None and answers[-1].header("Connection") == "close"
    assert served.status == 200


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, house: House, target: str) -> tuple[int, bool]:
    """Send a request of a client behind a proxy; return status and whether the connection stays open."""
    fields = {"Host": f"localhost:{house.port}", "X-Forwarded-For": "192.0.2.1"}
    lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    writer.write("\r\n".join(lines).encode())
    async with hang_timeout():
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.partition(b"content-length: ")[2].split(b"\r\n")[0]))
    return int(head.split()[1]), b"\r\nconnection: close\r\n" not in head


@pytest.mark.expects_log
@pytest.mark.parametrize(
    "target",
    ["/hub/channel", "/api/x", "/nowhere-in/x.json", "/hub/nothing", "/live"],
    ids=["channel", "API", "static", "pages", "pass-through"],
)
async def test_connection_of_a_proxy_is_kept(build_house: BuildHouse, target: str) -> None:
    """It carries other users too: a client above its limit gets 429, and the next request on the connection is served."""
    limits = LimitSettings(refused_requests_per_address=0.3)
    routes = [
        RouteSettings(prefix=prefix, target="http://127.0.0.1:9", websocket=prefix == "/live") for prefix in ("/api", "/live")
    ]
    async with build_house(limits=limits, routes=routes, trusted_proxies=["127.0.0.1"]) as house:
        reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
        answers = [await ask(reader, writer, house, target) for _ in range(5)]
        other = await ask(reader, writer, house, "/hub/session")
        writer.close()

    assert [status for status, _ in answers[3:]] == [429, 429]
    assert all(is_kept for _, is_kept in answers)
    assert other == (200, True)


@pytest.mark.expects_log
@pytest.mark.parametrize("target", ["/hub/login", "/hub/callback?code=a&state=b"])
async def test_dial_limit_of_logins(build_house: BuildHouse, target: str) -> None:
    """An address that begins or ends logins in a loop has to wait, and nothing is stored for it meanwhile."""
    async with build_house(limits=LimitSettings(logins_per_address=0.3)) as house:
        statuses = [(await house.navigate(target)).status for _ in range(5)]

    assert 429 not in statuses[:3]
    assert statuses[3:] == [429, 429]


@pytest.mark.expects_log
async def test_dial_limit_of_pass_through(build_house: BuildHouse) -> None:
    """Upgrades of a route that is a WebSocket count as those of channels do: by address, before anything is opened."""
    routes = [RouteSettings(prefix="/live", target="http://127.0.0.1:9", websocket=True)]
    async with build_house(limits=LimitSettings(dials_per_address=0.3), routes=routes) as house:
        statuses = [await upgrade_status(house) for _ in range(5)]

    assert statuses == [101] * 3 + [429] * 2


async def upgrade_status(house: House) -> int:
    """Ask for an upgrade as a page does; return the status. Without a session, the socket is closed after the 101."""
    fields = {"Host": f"localhost:{house.port}", "Origin": house.url, **SOCKET}
    lines = ["GET /live HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write("\r\n".join(lines).encode())
    async with hang_timeout():
        status = int((await reader.readuntil(b"\r\n")).split()[1])
    writer.transport.abort()
    return status


@pytest.mark.expects_log
async def test_a_flood_of_refusals_has_few_lines(build_house: BuildHouse, caplog: pytest.LogCaptureFixture) -> None:
    """Two hundred refused requests of one connection write no more lines than the limit allows, and all are answered."""
    async with build_house() as house:
        request = f"GET /hub/channel HTTP/1.1\r\nHost: localhost:{house.port}\r\n\r\n".encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
        with caplog.at_level(logging.INFO):
            writer.write(request * 200)
            async with hang_timeout():
                for _ in range(200):
                    assert b" 403 " in await reader.readuntil(b"The origin is not allowed.\n")
        writer.transport.abort()

    lines = [record for record in caplog.records if isinstance(record.msg, dict)]
    counts = Counter(record.msg["event"] for record in lines)  # type: ignore[index]
    assert (counts["channel.origin_rejected"], counts["audit.request_refused"]) == (LINES, LINES)
    assert counts["request"] <= LINES
