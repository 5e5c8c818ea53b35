"""The doctor, against the stand-in and real Redis servers with something wrong."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tornado.httpserver
import tornado.netutil
import tornado.web

from hub.config.reader import load
from hub.config.settings import RouteSettings, ServerSettings, Settings
from hub.doctor.examination import examine
from hub.doctor.findings import Finding, as_json, as_lines, is_well
from hub.doctor.front import examine_cookies
from hub.doctor.web import ProbeResponse
from hub.iris.doctor import IRIS_KNOWLEDGE
from hub.primitives.clock import SystemClock
from hub.session.key_folder import add_key
from hub.session.keyring import make_key_file
from iris_standin import Client, Options, Standin
from tests.parties.certificates import make_certificates
from tests.parties.hub import Hub, free_port, public_url, redirect_uri, settings
from tests.parties.redis_server import RedisServer

SECRET = "doctor-secret"


class Ward:
    """A stand-in, a Redis and the settings of a hub that fit them; each test then spoils something."""

    def __init__(self, standin: Standin, redis: RedisServer, folder: Path, port: int) -> None:
        self.standin, self.redis, self.folder, self.port = standin, redis, folder, port
        self.environment = settings(
            standin.issuer,
            "hub",
            SECRET,
            [{"prefix": "/api", "target": standin.clinic_url}],
            HUB_REDIS_URL=redis.url,
            HUB_SESSION_KEY_DIR=str(folder),
            HUB_SERVER_PORT=str(port),
            HUB_ADMIN_PORT=str(free_port()),
            HUB_SERVER_PUBLIC_URL=public_url(port),
        )

    async def findings(self, changed: Settings | None = None, **environment: str) -> dict[str, Finding]:
        """Return what the doctor says, by the name of the check; of several the worst."""
        found = await examine(changed or self.settings(**environment), SystemClock(), IRIS_KNOWLEDGE)
        order = ["skipped", "ok", "warning", "failure"]
        worst = sorted(found, key=lambda finding: order.index(finding.level))
        for text in ("\n".join(as_lines(found)), json.dumps(as_json(found))):
            assert SECRET not in text
        return {finding.check: finding for finding in worst}

    def settings(self, **environment: str) -> Settings:
        """Return the settings as they are read."""
        return load(None, {**self.environment, **environment})


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[Ward]:
    """A ward in which all is as well as plain HTTP allows."""
    port = free_port()
    standin = Standin(Options(force_pkce=True), [Client("hub", SECRET, [redirect_uri(port)], [f"{public_url(port)}/"])])
    await standin.start()
    add_key(tmp_path / "keys", SystemClock().now() - 86400)
    with RedisServer.start("--appendonly", "yes", "--maxmemory-policy", "noeviction") as redis:
        yield Ward(standin, redis, tmp_path / "keys", port)
    await standin.stop()


async def test_all_is_well(ward: Ward) -> None:
    """Nothing is wrong, and nothing is left out: what cannot be looked at says why."""
    found = await ward.findings()
    assert {check: finding.level for check, finding in found.items()} == {
        "redis-reachable": "ok",
        "redis-eviction": "ok",
        "redis-persistence": "ok",
        "nodes": "skipped",
        "keys": "ok",
        "provider-https": "warning",
        "provider-reachable": "ok",
        "provider-clock": "ok",
        "provider-issuer": "ok",
        "provider-offline-access": "ok",
        "provider-grants": "ok",
        "provider-logout": "ok",
        "provider-keys": "ok",
        "provider-redirect-uri": "ok",
        "provider-pkce": "ok",
        "provider-client": "ok",
        "request-headers": "skipped",
        "route-reachable": "ok",
        "route-token": "ok",
        "front-proxies": "ok",
        "front-reachable": "skipped",
    }
    assert is_well(found.values())


ENVIRONMENT: dict[str, tuple[dict[str, str], str, str]] = {
    "issuer with another ending": ({"HUB_PROVIDER_ISSUER": "{issuer}/"}, "provider-issuer", "failure"),
    "issuer with a wrong prefix": ({"HUB_PROVIDER_ISSUER": "{url}/wrong/oauth2"}, "provider-discovery", "failure"),
    "provider is down": ({"HUB_PROVIDER_ISSUER": "http://127.0.0.1:9/oauth2"}, "provider-reachable", "failure"),
    "wrong secret": ({"HUB_PROVIDER_CLIENT_SECRET": "other"}, "provider-client", "failure"),
    "unknown client": ({"HUB_PROVIDER_CLIENT_ID": "other"}, "provider-redirect-uri", "failure"),
    "other address registered": ({"HUB_SERVER_PUBLIC_URL": "http://localhost:9"}, "provider-redirect-uri", "failure"),
    "scope that nobody knows": ({"HUB_PROVIDER_SCOPES": "openid,offline_access,wrong"}, "provider-authorization", "failure"),
    "no offline_access": ({"HUB_PROVIDER_SCOPES": "openid"}, "provider-offline-access", "warning"),
    "no key for the algorithm": ({"HUB_PROVIDER_SIGNING_ALGORITHMS": "EdDSA"}, "provider-keys", "failure"),
    "everybody is a proxy": ({"HUB_SERVER_TRUSTED_PROXIES": "0.0.0.0/0"}, "front-proxies", "failure"),
    "a proxy that is not trusted": ({"HUB_SERVER_PORT": "1"}, "front-proxies", "warning"),
    "Redis is down": ({"HUB_REDIS_URL": "redis://127.0.0.1:9"}, "redis-reachable", "failure"),
    "no keys": ({"HUB_SESSION_KEY_DIR": "{empty}"}, "keys", "failure"),
    "route to nobody": ({"HUB_ROUTES": '[{"prefix":"/api","target":"http://127.0.0.1:9"}]'}, "route-reachable", "failure"),
    "route to a wrong path": ({"HUB_ROUTES": '[{"prefix":"/api","target":"{url}/csp/wrong"}]'}, "route-token", "warning"),
}


@pytest.mark.expects_log
@pytest.mark.parametrize(("environment", "check", "level"), ENVIRONMENT.values(), ids=ENVIRONMENT)
async def test_wrong_settings(ward: Ward, tmp_path: Path, environment: dict[str, str], check: str, level: str) -> None:
    """Each is found by its name, with advice."""
    empty = tmp_path / "empty"
    empty.mkdir()
    places = {"{issuer}": ward.standin.issuer, "{url}": ward.standin.url, "{empty}": str(empty)}
    for mark, value in places.items():
        environment = {name: text.replace(mark, value) for name, text in environment.items()}
    found = (await ward.findings(**environment))[check]
    assert (found.level, bool(found.advice)) == (level, True)


OPTIONS: dict[str, tuple[dict[str, Any], str, str]] = {
    "PKCE is not enforced": ({"force_pkce": False}, "provider-pkce", "warning"),
    "secret has expired": ({"client_secret_seconds": 1, "clock_skew_seconds": 10}, "provider-client", "failure"),
    "aud is demanded": ({"aud_required": True}, "provider-authorization", "failure"),
    "clock is a little wrong": ({"clock_skew_seconds": 30}, "provider-clock", "warning"),
    "clock is very wrong": ({"clock_skew_seconds": -600}, "provider-clock", "failure"),
}


@pytest.mark.expects_log
@pytest.mark.parametrize(("options", "check", "level"), OPTIONS.values(), ids=OPTIONS)
async def test_wrong_provider(ward: Ward, options: dict[str, Any], check: str, level: str) -> None:
    """Each is found by its name, with advice."""
    ward.standin.change(**options)
    found = (await ward.findings())[check]
    assert (found.level, bool(found.advice)) == (level, True)


@pytest.mark.parametrize(
    ("arguments", "check", "level"),
    [
        (["--maxmemory-policy", "allkeys-lru", "--appendonly", "yes"], "redis-eviction", "failure"),
        (["--appendonly", "no", "--save", ""], "redis-persistence", "warning"),
        (["--appendonly", "no", "--save", "60 1"], "redis-persistence", "warning"),
    ],
)
async def test_wrong_redis(ward: Ward, arguments: list[str], check: str, level: str) -> None:
    """A Redis that forgets."""
    with RedisServer.start(*arguments) as redis:
        assert (await ward.findings(HUB_REDIS_URL=redis.url))[check].level == level


async def test_keys_that_others_may_read_and_old_ones(ward: Ward) -> None:
    """Permissions first; then age."""
    file = next(ward.folder.glob("*.key"))
    file.chmod(0o644)
    assert (await ward.findings())["keys"].level == "failure"
    file.unlink()
    add_key(ward.folder, SystemClock().now() - 400 * 86400)
    assert (await ward.findings())["keys"].level == "warning"


async def test_certificates(ward: Ward, tmp_path: Path) -> None:
    """One of a CA that nobody knows is found at provider and route; with the CA all is well."""
    certificates = make_certificates(tmp_path, "127.0.0.1")
    standin = Standin(Options(), [Client("hub", SECRET, [redirect_uri(ward.port)])], ssl_context=certificates.server_context())
    await standin.start()
    try:
        before = ward.settings(HUB_PROVIDER_ISSUER=standin.issuer)
        route = RouteSettings(prefix="/api", target=standin.clinic_url)
        found = await ward.findings(replace(before, routes=[route]))
        assert (found["provider-tls"].level, found["route-tls"].level) == ("failure", "failure")
        ca = str(certificates.authority_file)
        trusted = replace(before, provider=replace(before.provider, ca_file=ca), routes=[replace(route, ca_file=ca)])
        found = await ward.findings(trusted)
        assert (found["provider-https"].level, found["provider-client"].level, found["route-token"].level) == ("ok", "ok", "ok")
    finally:
        await standin.stop()


async def test_native_jwt(ward: Ward) -> None:
    """An application with JWT authentication, and one without."""
    native = {"HUB_PROVIDER_KIND": "iris_native", "HUB_PROVIDER_ISSUER": ward.standin.native_url, "HUB_PROVIDER_CLIENT_ID": ""}
    base = {name: value for name, value in ward.environment.items() if not name.startswith("HUB_PROVIDER_")}
    found = await ward.findings(load(None, {**base, **native, "HUB_PROVIDER_CLIENT_ID": ""}))
    assert found["native-jwt"].level == "ok"
    ward.standin.change(native_enabled=False)
    found = await ward.findings(load(None, {**base, **native}))
    assert found["native-jwt"].level == "failure"


class Spoiled(tornado.web.RequestHandler):
    """A front proxy that takes attributes of cookies away, or answers by itself."""

    def initialize(self, status: int, cookie: str, location: str) -> None:
        """Take what to answer."""
        self.answer = status, cookie, location

    def get(self) -> None:
        """Answer."""
        status, cookie, location = self.answer
        self.set_status(status)
        if cookie:
            self.add_header("Set-Cookie", cookie)
        if location:
            self.set_header("Location", location)


@asynccontextmanager
async def front(status: int, cookie: str, location: str) -> AsyncIterator[ServerSettings]:
    """Start something at the place of the hub's public URL."""
    sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
    port = sockets[0].getsockname()[1]
    values = {"status": status, "cookie": cookie, "location": location.replace("{port}", str(port))}
    server = tornado.httpserver.HTTPServer(tornado.web.Application([("/.*", Spoiled, values)]))
    server.add_sockets(sockets)
    yield ServerSettings(port=port, public_url=f"http://localhost:{port}")
    server.stop()
    await server.close_all_connections()


GOOD = "hub-insecure-login=x; Path=/; HttpOnly; SameSite=Lax"
BACK = "http://iris/authorize?redirect_uri=http://localhost:{port}/hub/callback"


@pytest.mark.parametrize(
    ("status", "cookie", "location", "check", "level"),
    [
        (302, GOOD, BACK, "front-cookies", "ok"),
        (302, "", BACK, "front-cookies", "failure"),
        (302, GOOD.replace("; HttpOnly", ""), BACK, "front-cookies", "failure"),
        (302, GOOD + "; Domain=example.org", BACK, "front-cookies", "failure"),
        (302, GOOD, "http://iris/authorize?redirect_uri=https://other.example/hub/callback", "front-origin", "failure"),
        (404, "", "", "front-reachable", "failure"),
    ],
)
async def test_front(ward: Ward, status: int, cookie: str, location: str, check: str, level: str) -> None:
    """What a proxy does to the hub's answers."""
    async with front(status, cookie, location) as server:
        found = await ward.findings(replace(ward.settings(), server=server))
    assert found[check].level == level


@pytest.mark.parametrize(
    ("public_url", "removed", "level"),
    [
        ("https://clinic.example", "", "ok"),
        ("https://clinic.example", "; Secure", "failure"),
        ("https://clinic.example", "; HttpOnly", "failure"),
        ("http://clinic.example", "; Secure", "ok"),
    ],
)
def test_secure_cookies(public_url: str, removed: str, level: str) -> None:
    """A proxy that removes `Secure` is found, where browsers use https."""
    cookie = "__Host-Http-hub-login=x; Path=/; HttpOnly; SameSite=Lax; Secure".replace(removed, "")
    response = ProbeResponse(302, {}, [cookie], b"")

    assert examine_cookies(ServerSettings(public_url=public_url), response).level == level


async def test_route_that_is_open(ward: Ward) -> None:
    """Whoever answers without a token does not look at it: a failure, unless the route is meant for everybody."""
    async with front(200, "", "") as server:
        route = RouteSettings(prefix="/api", target=server.public_url)
        found = await ward.findings(replace(ward.settings(), routes=[route]))
        assert (found["route-token"].level, bool(found["route-token"].advice)) == ("failure", True)
        assert "route-token" not in await ward.findings(replace(ward.settings(), routes=[replace(route, token="none")]))
    async with front(503, "", "") as server:
        found = await ward.findings(replace(ward.settings(), routes=[replace(route, target=server.public_url)]))
        assert found["route-reachable"].level == "failure"


async def test_proof_of_version_1(ward: Ward, tmp_path: Path) -> None:
    """It leaves out the host and the content type; the doctor says what to do, until version 2 is set."""
    make_key_file(tmp_path / "proof.key")
    signed = {"prefix": "/api", "target": ward.standin.clinic_url, "proof": "hmac-sha256", "max_body_bytes": 1000}
    signed["proof_key_file"] = str(tmp_path / "proof.key")
    first, second = [await ward.findings(HUB_ROUTES=json.dumps([{**signed, "proof_version": version}])) for version in (1, 2)]

    assert (first["route-proof"].level, "proof_version = 2" in first["route-proof"].advice) == ("warning", True)
    assert "route-proof" not in second


async def test_running_hub(ward: Ward) -> None:
    """The real one, from outside."""
    async with Hub.start(ward.environment, port=ward.port):
        found = await ward.findings()
    assert (found["front-reachable"].level, found["front-cookies"].level, found["front-origin"].level) == ("ok", "ok", "ok")


async def test_exposed_secret_file(ward: Ward) -> None:
    """A client secret that everybody on the machine can read or replace is a warning."""
    file = ward.folder.parent / "client_secret"
    file.write_text(SECRET)
    file.chmod(0o666)
    environment = {"HUB_PROVIDER_CLIENT_SECRET": "", "HUB_PROVIDER_CLIENT_SECRET_FILE": str(file)}

    finding = (await ward.findings(**environment))["secret-files"]

    assert (finding.level, finding.about) == ("warning", "provider.client_secret_file")
    assert "mode 666" in finding.message
    file.chmod(0o600)
    assert "secret-files" not in await ward.findings(**environment)
