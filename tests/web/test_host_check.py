"""Requests name the hub that they are for, against DNS rebinding; by both listeners."""

import asyncio
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.config.hosts import ascii_host, host_of
from hub.config.settings import LimitSettings
from hub.web.host_check import AdminHosts, PublicHosts
from tests.web.conftest import BuildHouse, House

NAMES = ["Clinic.example", "klinik-münchen.example", "10.1.2.3", "::1"]
OURS = [
    "clinic.example",
    "CLINIC.example:443",
    "clinic.example:",
    "xn--klinik-mnchen-3ob.example:8443",
    "10.1.2.3:80",
    "[::1]:80",
]
OTHERS = [
    *("evil.example", "clinic.example.evil.example", "evil.example:443", "clinic.example.", "", ":80", "a@clinic.example"),
    *(
        "clinic.example:80:80",
        "clinic.example/x",
        "clinic.example, evil.example",
        "clinic.example x",
        "[::2]",
        "10.1.2.4",
        "localhost",
    ),
]


@pytest.mark.parametrize("authority", OURS)
def test_ours(authority: str) -> None:
    """Any port, any case, and names as browsers write them."""
    assert PublicHosts(NAMES).serves(authority)
    assert AdminHosts(NAMES).serves(authority)


@pytest.mark.parametrize("authority", [*OTHERS, None])
def test_others(authority: str | None) -> None:
    """Nothing else is for this hub."""
    assert not PublicHosts(NAMES).serves(authority)


@pytest.mark.parametrize(
    ("authority", "serves"),
    [
        *((None, True), ("10.9.9.9:8081", True), ("[fe80::1]", True), ("localhost:8081", True), ("", False), ("[::z]", False)),
        *(("evil.example", False), ("localhost.evil.example", False), ("10.evil.example", False)),
    ],
)
def test_probes(authority: str | None, serves: bool) -> None:
    """Load balancers and probes reach the admin listener by address, or send no host (HAProxy)."""
    assert AdminHosts(NAMES).serves(authority) is serves


@given(st.text(max_size=30))
def test_any_authority(text: str) -> None:
    """Whatever stands there is compared, or malformed."""
    assert not PublicHosts(["clinic.example"]).serves(text) or text.lower().startswith("clinic.example")
    assert (host_of(text) or "") == (host_of(text) or "").lower()


def test_as_browsers_write_it() -> None:
    """UTS 46 in its non-transitional form: not what Python's own codec does."""
    assert (ascii_host("Straße.example"), ascii_host("ABC_d.example")) == ("xn--strae-oqa.example", "abc_d.example")


@pytest.mark.parametrize("path", ["/", "/open/x", "/api/x", "/hub/session", "/hub/channel", "/nothing"])
async def test_other_hosts(house: House, path: str) -> None:
    """Every door gives 421, whatever is sent besides; the hub's own name passes."""
    answer = await house.fetch(path, Host="evil.example", X_Hub_CSRF="1")
    ours = await house.fetch(path, Host="localhost", X_Hub_CSRF="1")

    assert (answer.status, answer.json()["type"]) == (421, "urn:hub:problem:misdirected-request")
    assert "server.extra_hosts" in answer.json()["detail"]
    assert (answer.header("Cache-Control"), answer.header("X-Content-Type-Options")) == ("no-store", "nosniff")
    assert ours.status != 421


@pytest.mark.expects_log
async def test_flood(build_house: BuildHouse, caplog: pytest.LogCaptureFixture) -> None:
    """It costs what any refused request costs, and an operator whose proxy sends another host reads which one."""
    caplog.set_level(logging.INFO)
    async with build_house(limits=LimitSettings(refused_requests_per_address=0.3)) as house:
        statuses = [(await house.fetch("/api/x", Host="evil.example")).status for _ in range(5)]
        served = await house.fetch("/hub/session")

    events = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    failures = [event["detail"] for event in events if event["event"] == "request.failed"]
    reasons = [event["reason"] for event in events if event["event"] == "audit.request_refused"]
    assert (statuses, served.status) == ([421] * 3 + [429] * 2, 200)
    assert "The request names the host evil.example." in failures[0]
    assert reasons == ["misdirected-request"] * 3


LOOPBACK = ["127.0.0.1:8080", "127.0.0.1", "[::1]:8080", "clinic.localhost", "127.1.2.3"]


@pytest.mark.parametrize("host", LOOPBACK)
async def test_other_loopback_names(house: House, host: str) -> None:
    """A person who opens the hub at another name of the same machine is sent to the one that works; scripts are not."""
    page = await house.navigate("/patients//x?q=a%20b", Host=host)
    old_browser = await house.ask("/", Host=host, Accept="text/html")
    others = [
        await house.fetch("/hub/session", Host=host),
        await house.ask("/", Host=host),
        await house.navigate("/hub/login/main", method="POST", Host=host),
    ]

    assert (page.status, page.header("Location")) == (307, f"{house.url}/patients//x?q=a%20b")
    assert (page.header("Cache-Control"), page.body) == ("no-store", b"")
    assert (old_browser.status, old_browser.header("Location")) == (307, f"{house.url}/")
    assert [answer.status for answer in others] == [421] * 3


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.1.2.3", "", "[::2]"])
async def test_no_redirect_of_other_hosts(house: House, host: str) -> None:
    """A name that a DNS server could point here, or an address of a network, is not ours."""
    assert (await house.navigate("/", Host=host)).status == 421


@pytest.mark.parametrize("public_url", ["https://clinic.example", "http://10.1.2.3:8080"])
async def test_no_redirect_of_a_public_hub(build_house: BuildHouse, public_url: str) -> None:
    """A hub that is not on the browser's machine never redirects."""
    async with build_house(public_url=public_url, allow_insecure_http=True) as house:
        answers = [await house.navigate("/", Host=host) for host in LOOPBACK]

    assert {answer.status for answer in answers} == {421}


async def test_admin(house: House) -> None:
    """The metrics are for whoever reaches the listener by address or by a name of the settings."""
    statuses = [
        (await house.ask("/healthz", admin=True, Host=host)).status for host in ("evil.example", "127.0.0.1:1", "localhost")
    ]

    assert statuses == [421, 200, 200]


async def test_without_host(house: House) -> None:
    """HTTP/1.0 needs no host: HAProxy's check of the admin listener sends none. Browsers always do."""
    lines = []
    for port, path in ((house.port, "/"), (house.admin_port, "/healthz")):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        lines.append((await reader.read()).split(b" ", 2)[1])
        writer.close()

    assert lines == [b"421", b"200"]


async def test_name_beyond_ascii(build_house: BuildHouse) -> None:
    """Browsers write the name in Punycode, in `Host` and in `Origin`."""
    name = "xn--klinik-mnchen-3ob.example"
    async with build_house(public_url="https://klinik-münchen.example") as house:
        answer = await house.fetch("/open/x", Host=name, Origin=f"https://{name}", X_Hub_CSRF="1")
        other = await house.fetch("/open/x", Host=name, Origin="https://evil.example", X_Hub_CSRF="1")

    assert (answer.status, other.status) == (200, 403)
