"""The HTTP door on raw connections: what clients with keep-alive need."""

import asyncio

import pytest

from hub.session.model import Session, SessionId, Tombstone
from hub.session.session_cache import TTL_SECONDS
from tests.scenarios.conftest import StartClinic
from tests.scenarios.conftest import start_clinic as start_clinic
from tests.web.conftest import House

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
