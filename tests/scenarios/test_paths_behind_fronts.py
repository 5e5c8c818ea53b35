"""Paths with encoded characters reach the API byte for byte, also behind nginx and HAProxy with the files that the hub ships."""

import asyncio
import json
from pathlib import Path

import pytest

from bench.abuse.fronts import FRONTS, front, installed
from iris_standin import Options
from tests.parties.resource_server import RawResourceServer, answering
from tests.scenarios.conftest import StartClinic

PATHS = [
    "/codes/http%3A%2F%2Fsnomed.info%2Fsct",
    "/codes/http%3a%2f%2fsnomed.info%2fsct",
    "/users/CORP%5Calice",
    "/channels/%23general/messages",
    "/search/%3Fwhat/7",
    "/%C1rbol",
    "/files/%2Fhome%2Falice",
    "/a%252Fb/%7euser",
]
REFUSED = ["/x%2F..%2Fadmin", "/..%5Cadmin", "/x%5C..%5C..%5Cadmin", "/%252e%252e%252fadmin"]


async def status_of(port: int, host: str, path: str) -> int:
    """Send a request as it is written here, and return the status of the response."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Hub-CSRF: 1\r\nConnection: close\r\n\r\n".encode())
    line = await reader.readline()
    await reader.read()
    writer.close()
    return int(line.split()[1])


@pytest.mark.each_listener
@pytest.mark.parametrize("way", FRONTS)
async def test_byte_for_byte(start_clinic: StartClinic, tmp_path: Path, way: str) -> None:
    """No server on the way decodes, merges or writes anew what a segment holds; dot segments arrive nowhere."""
    if way not in installed():
        pytest.skip(f"{way} is not installed")
    api = await RawResourceServer.start(answering(200, body=b"ok"))
    routes = [{"prefix": "/api", "target": f"{api.url}/csp/clinic", "token": "none", "path_characters": "encoded"}]
    try:
        async with (
            start_clinic(Options(), route_settings=lambda target: json.dumps(routes)) as clinic,
            front(way, clinic.hub.port, clinic.hub.admin_port, tmp_path) as port,
        ):
            host = f"localhost:{clinic.hub.port}"
            passed = [await status_of(port, host, f"/api{path}") for path in PATHS]
            seen = [request.target for request in api.requests]
            refused = [await status_of(port, host, f"/api{path}") for path in REFUSED]
    finally:
        await api.stop()

    assert json.dumps(seen) == json.dumps([f"/csp/clinic{path}" for path in PATHS])
    assert set(passed) == {200}
    assert set(refused) == {400}
    assert len(api.requests) == len(PATHS)
