"""What the doctor learns from the running hub about request headers that do not pass."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import tornado.httpserver
import tornado.netutil
import tornado.web

from hub.config.settings import AdminSettings
from hub.doctor.findings import Finding
from hub.doctor.running_hub import examine_dropped_headers
from tests.parties.hub import free_port


@asynccontextmanager
async def admin_listener(body: str, status: int = 200) -> AsyncIterator[int]:
    """Serve this document as the dropped headers; give the port."""

    class Handler(tornado.web.RequestHandler):
        def get(self) -> None:
            self.set_status(status)
            self.write(body)

    sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
    server = tornado.httpserver.HTTPServer(tornado.web.Application([(r"/dropped-headers", Handler)]))
    server.add_sockets(sockets)
    try:
        yield sockets[0].getsockname()[1]
    finally:
        server.stop()


async def finding(body: str, status: int = 200, host: str = "127.0.0.1") -> Finding:
    """Return the only finding about a hub that serves this document."""
    async with admin_listener(body, status) as port:
        (found,) = await examine_dropped_headers(AdminSettings(host=host, port=port))
    return found


@pytest.mark.parametrize(
    ("routes", "level", "words"),
    [
        ({}, "ok", ["no request header"]),
        ({"/api": []}, "ok", ["no request header"]),
        ({"/api": ["x-tenant", "x-ward"]}, "warning", ["x-tenant, x-ward", 'pass_request_headers = ["x-tenant", "x-ward"]']),
        ({"/api": ["x-tenant", "x-user"]}, "warning", ['pass_request_headers = ["x-tenant"]', "Never passes", "x-user"]),
        ({"/api": ["x-user"]}, "warning", ["Never passes", "x-user"]),
    ],
)
async def test_dropped_headers(routes: dict[str, list[str]], level: str, words: list[str]) -> None:
    """A finding says how to let them pass, or that none of them may."""
    found = await finding(json.dumps({"routes": routes}))

    assert found.level == level
    assert [word for word in words if word not in f"{found.message} {found.advice}"] == []


@pytest.mark.parametrize(("body", "status"), [("nonsense", 200), ("[]", 200), ('{"routes": 7}', 200), ("{}", 200), ("{}", 404)])
async def test_another_server(body: str, status: int) -> None:
    """An older hub, or something else at that port, says nothing."""
    assert (await finding(body, status)).level == "skipped"


async def test_no_hub() -> None:
    """Before the first start nothing is known, and the finding says what to do."""
    (found,) = await examine_dropped_headers(AdminSettings(port=free_port()))

    assert found.level == "skipped"
    assert "Start the hub" in found.advice


async def test_hub_that_listens_on_all_addresses() -> None:
    """It is asked on loopback."""
    assert (await finding('{"routes": {}}', host="0.0.0.0")).level == "ok"
