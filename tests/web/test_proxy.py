"""The HTTP door on raw connections: what clients with keep-alive need."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hub.config.settings import RouteSettings, StaticSettings
from hub.session.model import Session, SessionId, Tombstone
from hub.session.session_cache import TTL_SECONDS
from tests.parties.resource_server import RawResourceServer, answering
from tests.scenarios.conftest import StartClinic
from tests.scenarios.conftest import start_clinic as start_clinic
from tests.web.conftest import BuildHouse, House

REFUSED = b"GET /api/patients HTTP/1.1\r\nHost: localhost\r\nX-Hub-CSRF: 1\r\n\r\n"
REFUSED_POST = b"POST /api/patients HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello"
REFUSED_UPLOAD = b"POST /api/documents HTTP/1.1\r\nHost: localhost\r\nX-Hub-CSRF: 1\r\nContent-Length: 1000000\r\n\r\nhello"


async def answer_of(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read one answer; return status and head."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    await reader.readexactly(length)
    return int(head.split()[1]), head


async def test_connection_goes_on_after_a_refusal(start_clinic: StartClinic) -> None:
    """A refused request costs no connection: the next one on it is answered."""
    async with start_clinic() as clinic:
        reader, writer = await asyncio.open_connection("127.0.0.1", clinic.hub.port)
        statuses = []
        for request in (REFUSED, REFUSED_POST, REFUSED, REFUSED + REFUSED):
            writer.write(request)
            statuses += [(await answer_of(reader))[0] for _ in range(request.count(b"HTTP/1.1"))]
        writer.close()

    assert statuses == [401, 403, 401, 401, 401]


async def test_refused_upload_says_that_it_closes(start_clinic: StartClinic) -> None:
    """A large body that nobody will read is answered at once, with `Connection: close`."""
    async with start_clinic() as clinic:
        reader, writer = await asyncio.open_connection("127.0.0.1", clinic.hub.port)
        writer.write(REFUSED_UPLOAD)
        status, head = await answer_of(reader)

        assert status == 401
        assert b"\r\nConnection: close\r\n" in head
        assert await reader.read() == b""
        writer.close()


async def test_session_from_memory(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests of a session ask the store once a second; a logout counts for the next one."""
    asked, load = [], house.services.store.load

    async def noted(key: str) -> Session | Tombstone | None:
        asked.append(key)
        return await load(key)

    async with house.browser() as browser:
        session_id = SessionId.parse(browser.session_cookie() or "")
        while house.services.sessions.cached(session_id) is None:  # the worker may not listen to events yet
            await browser.fetch("/api/x")
        monkeypatch.setattr(house.services.store, "load", noted)
        statuses = [(await browser.fetch("/api/x")).status for _ in range(5)]
        from_memory = len(asked)
        await house.clock.advance(TTL_SECONDS)
        statuses += [(await browser.fetch("/api/x")).status for _ in range(5)]
        assert (statuses, from_memory, len(asked)) == ([200] * 10, 0, 1)

        cookies = {"Cookie": browser.channel_headers()["Cookie"], "X_XSRF_TOKEN": browser.cookie("XSRF-TOKEN") or ""}
        await browser.fetch("/hub/logout", method="POST")
        assert (await house.fetch("/api/x", **cookies)).status == 401


HTML = ("Content-Type", "text/html")
POLICIES = [
    ("Content-Security-Policy", "default-src *"),
    ("Cross-Origin-Opener-Policy", "unsafe-none"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
    ("Referrer-Policy", "unsafe-url"),
    ("X-Content-Type-Options", "none"),
    ("Refresh", "0; url=https://evil.example"),
]
OURS = {
    "Content-Security-Policy": ["sandbox; default-src 'none'; frame-ancestors 'none'"],
    "Cross-Origin-Opener-Policy": ["same-origin"],
    "Cross-Origin-Resource-Policy": ["same-origin"],
    "Referrer-Policy": ["same-origin"],
    "X-Content-Type-Options": ["nosniff"],
    "Refresh": [],
}
ROUTES = [
    {"prefix": "/api"},
    {"prefix": "/open", "token": "none"},
    {"prefix": "/link", "token": "none", "csrf": "fetch_metadata"},
    {"prefix": "/live", "websocket": True},
    {"prefix": "/rendered", "token": "none", "rendered": True},
]


@pytest.fixture
async def foreign(build_house: BuildHouse) -> AsyncIterator[tuple[House, RawResourceServer]]:
    """A hub with a route of each kind, and the API behind them, which sends HTML with policies of its own."""
    api = await RawResourceServer.start(answering(200, HTML, *POLICIES, body=b"<script>alert(1)</script>"))
    async with build_house(routes=[RouteSettings(target=api.url, **route) for route in ROUTES]) as house:  # type: ignore[arg-type]
        await house.services.providers.openid("main").metadata()
        yield house, api
    await api.stop()


async def test_content_is_isolated(foreign: tuple[House, RawResourceServer]) -> None:
    """Each response at the address of a route has the hub's policies, and only those: also errors, and a 304."""
    house, api = foreign
    async with house.browser() as browser:
        answers = {
            "token": await browser.fetch("/api/x"),
            "anonymous": await house.fetch("/open/x", X_Hub_CSRF="1"),
            "link": await house.navigate("/link/x"),
            "no session": await house.fetch("/api/x", X_Hub_CSRF="1"),
            "no CSRF token": await house.fetch("/open/x"),
            "bad path": await house.fetch("/open/../x", X_Hub_CSRF="1"),
            "no WebSocket": await house.fetch("/live/x", Origin=house.url),
            "wrong origin": await house.fetch("/live/x", Origin="https://evil.example"),
            "no channel": await house.fetch("/hub/channel", Origin=house.url),
        }
        api.behaviour = answering(304, *POLICIES)
        answers["304"] = await browser.fetch("/api/x", headers={"If-None-Match": '"1"'})
        api.behaviour = answering(500, HTML, *POLICIES, body=b"<p>")
        answers["500"] = await browser.fetch("/api/x")

    for kind, answer in answers.items():
        assert {name: answer.all(name) for name in OURS} == OURS, kind
    attached = {kind for kind, answer in answers.items() if answer.all("Content-Disposition") == ["attachment"]}
    assert attached == {"token", "anonymous", "link", "500"}


async def test_pages_of_the_application_are_not_isolated(foreign: tuple[House, RawResourceServer]) -> None:
    """A route that renders them passes the renderer's policy, and adds that of the settings where it sends none."""
    house, api = foreign
    own = await house.ask("/rendered/x", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="document")
    api.behaviour = answering(200, HTML, body=b"<p>")
    bare = await house.fetch("/rendered/x", X_Hub_CSRF="1")
    api.behaviour = answering(304)
    unchanged = await house.fetch("/rendered/x", X_Hub_CSRF="1")
    static = StaticSettings()

    assert own.all("Content-Security-Policy") == ["default-src *"]
    assert bare.all("Content-Security-Policy") == [static.content_security_policy.replace(" 'nonce-{nonce}'", "")]
    assert own.all("Permissions-Policy") == bare.all("Permissions-Policy") == [static.permissions_policy]
    assert unchanged.all("Content-Security-Policy") == own.all("Content-Disposition") == []
    assert own.all("Referrer-Policy") == ["same-origin"]


def beacon(house: House, **headers: str) -> dict[str, str]:
    """Return the headers of a beacon by a page of the hub."""
    return {"Origin": house.url, "Sec-Fetch-Mode": "no-cors", **headers}


async def test_beacon(build_house: BuildHouse) -> None:
    """A beacon needs no CSRF token on a route with `beacons`; it is its user's request, but no activity of the user."""
    api = await RawResourceServer.start(answering(204))
    routes = [RouteSettings(prefix="/reports", target=api.url, beacons=True), RouteSettings(prefix="/api", target=api.url)]
    async with build_house(routes=routes) as house, house.browser() as browser:
        cookie = browser.channel_headers()["Cookie"]
        await house.clock.advance(100)
        taken = await house.fetch("/reports/left", method="POST", Cookie=cookie, **beacon(house))
        session = (await browser.fetch("/hub/session?passive=1")).json()
        others = [
            await house.fetch("/api/left", method="POST", Cookie=cookie, **beacon(house)),
            await house.fetch("/reports/left", method="POST", **beacon(house)),
            await house.fetch("/reports/left", method="POST", Cookie=cookie, **beacon(house, Origin="https://evil.example")),
            await house.fetch("/reports/left", method="PUT", Cookie=cookie, **beacon(house)),
            await house.fetch("/reports/left", method="POST", Cookie=cookie, **beacon(house, X_XSRF_TOKEN="0" * 64)),
        ]
        with_token = {"X_XSRF_TOKEN": browser.cookie("XSRF-TOKEN") or "", "Cookie": cookie}
        active = await house.fetch("/reports/left", method="POST", **beacon(house, **with_token))
        later = (await browser.fetch("/hub/session?passive=1")).json()
    await api.stop()

    assert (taken.status, round(session["idle_expires_in"])) == (204, 800)
    assert [answer.status for answer in others] == [403, 401, 403, 403, 403]
    assert (active.status, round(later["idle_expires_in"])) == (204, 900)
    sent = [request.header("Authorization") is not None for request in api.requests]
    assert sent == [True, True]
