"""The life of a hub process: what it says when it cannot start, TLS, and how it stops without dropping a request."""

import asyncio
import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from cryptography.hazmat.primitives import serialization

from hub import __version__
from tests.parties.browser import Browser
from tests.parties.certificates import make_certificates
from tests.parties.hostile_provider import CLIENT_ID, CLIENT_SECRET, HostileProvider
from tests.parties.hub import PROJECT, Hub, free_port, settings
from tests.parties.resource_server import Exchange, RawResourceServer
from tests.waiting import soon, until

pytestmark = pytest.mark.timing_sensitive

NO_PROVIDER = "http://127.0.0.1:9"
CSRF = {"X-Hub-CSRF": "1"}
KEY = "A" * 43


def run_hub(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a hub that should end by itself."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    good = settings(NO_PROVIDER, "hub", "secret", [], HUB_SERVER_PORT="0", HUB_ADMIN_PORT="0")
    good["HUB_REDIS_DATA_DIR"] = str(folder / "var")
    config = folder / "hub.toml"
    config.touch()
    return subprocess.run(
        [sys.executable, "-m", "hub", *(arguments or ("--config", str(config)))],
        cwd=PROJECT,
        env={**clean, **good, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def last_line(ended: subprocess.CompletedProcess[str]) -> str:
    """Return the last line of standard error, after checking that there is no stack trace anywhere."""
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""
    return ended.stderr.splitlines()[-1].strip()


class TestCannotStart:
    """Exit code 2: the settings are wrong. 1: something else. Always a message that names what to mend, never a trace."""

    def test_wrong_settings(self, tmp_path: Path) -> None:
        """All mistakes are reported at once, on standard error, one a line."""
        ended = run_hub(tmp_path, HUB_PROVIDER_CLIENT_ID="", HUB_SERVER_PORT="http", HUB_SERVER_PROT="1")

        assert ended.returncode == 2
        assert last_line(ended)
        headline, *mistakes = ended.stderr.splitlines()
        assert headline == "The settings are not valid:"
        assert {line.strip().partition(":")[0] for line in mistakes} == {
            "provider.client_id",
            "server.port",
            "HUB_SERVER_PROT",
        }

    @pytest.mark.parametrize("url", ["redis://localhost:abc", "redis://:pa#ss@localhost", "redis://localhost?sokcet_timeout=1"])
    def test_redis_url(self, tmp_path: Path, url: str) -> None:
        """A URL that redis-py cannot use is a mistake in the settings; what stands in it is not shown."""
        key_file = tmp_path / "key"
        key_file.write_text(KEY)
        ended = run_hub(tmp_path, HUB_REDIS_URL=url, HUB_SESSION_KEY_FILES=str(key_file))

        assert (ended.returncode, last_line(ended)[:10]) == (2, "redis.url:")
        assert "pa" not in last_line(ended).replace("password", "").split()

    def test_ca_file(self, tmp_path: Path) -> None:
        """A file of certificates that holds none is a mistake in the settings too, found when it is read."""
        (tmp_path / "ca.pem").write_text("no certificate")
        route = {"prefix": "/api", "target": "https://iris.example", "ca_file": str(tmp_path / "ca.pem")}
        ended = run_hub(tmp_path, HUB_ROUTES=json.dumps([route]))

        assert ended.returncode == 2
        assert "ca.pem holds no certificate" in last_line(ended)
        assert "Unclosed" not in ended.stderr

    @pytest.mark.parametrize("section", ["server", "admin"])
    def test_port_in_use(self, tmp_path: Path, section: str) -> None:
        """A port that somebody else has is named with its setting."""
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            ended = run_hub(tmp_path, **{f"HUB_{section.upper()}_PORT": str(port)})

        assert ended.returncode == 1
        assert last_line(ended) == f"{section}.port: cannot listen on 127.0.0.1:{port} (Address already in use)."

    def test_workers_that_cannot_start(self, tmp_path: Path) -> None:
        """With several processes the worker's message stands above, and the hub ends instead of trying for ever."""
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = str(other.getsockname()[1])
            ended = run_hub(tmp_path, HUB_SERVER_PROCESSES="2", HUB_SERVER_PORT=port, HUB_ADMIN_PORT=str(free_port()))

        assert ended.returncode == 1
        assert last_line(ended) == "The workers cannot be kept running. The log above says why."
        assert "server.port: cannot listen" in ended.stderr

    @pytest.mark.parametrize("content", ["too short", "\xff\xfe", "A" * 44, ""])
    def test_key_file(self, tmp_path: Path, content: str) -> None:
        """A file that holds no key is named, with the command that makes one; its content is not shown."""
        key_file = tmp_path / "session.key"
        key_file.write_text(content, encoding="latin-1")
        ended = run_hub(tmp_path, HUB_SESSION_KEY_FILES=str(key_file))

        assert ended.returncode == 1
        assert last_line(ended).startswith(f"{key_file}: holds no key")
        assert last_line(ended).endswith("make one with `python run.py keys make FILE`")

    def test_data_dir(self, tmp_path: Path) -> None:
        """A data folder that cannot be made is named with its setting."""
        (tmp_path / "var").touch()
        ended = run_hub(tmp_path)

        assert (ended.returncode, last_line(ended)[:15]) == (1, "redis.data_dir:")

    @pytest.mark.parametrize("fault", ["broken", "other key", "locked key"])
    def test_certificate(self, tmp_path: Path, fault: str) -> None:
        """Certificate and key that cannot be used are named; a locked key asks nobody at the terminal."""
        files = make_certificates(tmp_path)
        (tmp_path / "other").mkdir()
        if fault == "broken":
            files.certificate_file.write_text("no certificate")
        elif fault == "other key":
            files.key_file.write_bytes(make_certificates(tmp_path / "other").key_file.read_bytes())
        else:
            key = serialization.load_pem_private_key(files.key_file.read_bytes(), None)
            locked = serialization.BestAvailableEncryption(b"password")
            files.key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked))
        ended = run_hub(
            tmp_path,
            HUB_SERVER_TLS_CERTIFICATE_FILE=str(files.certificate_file),
            HUB_SERVER_TLS_KEY_FILE=str(files.key_file),
        )

        assert ended.returncode == 1
        assert last_line(ended).startswith("server.tls_certificate_file: certificate and key cannot be used (")


class TestCommands:
    """What the command does besides serving."""

    def test_version(self, tmp_path: Path) -> None:
        """`--version` prints the version and nothing else."""
        ended = run_hub(tmp_path, "--version")

        assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"{__version__}\n", "")

    def test_make_key(self, tmp_path: Path) -> None:
        """`--make-key` writes a key that only its owner can read, and never overwrites one: sessions would be lost."""
        file = tmp_path / "keys" / "session.key"
        first = run_hub(tmp_path, "--make-key", str(file))
        key = file.read_bytes()
        second = run_hub(tmp_path, "--make-key", str(file))

        assert (first.returncode, first.stderr, len(key.strip())) == (0, "", 44)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert (second.returncode, last_line(second)) == (1, f"{file}: cannot be written (File exists).")
        assert file.read_bytes() == key
        started = run_hub(tmp_path, HUB_SESSION_KEY_FILES=str(file), HUB_SERVER_HOST="no.such.host.invalid")
        assert last_line(started).startswith("server.port: cannot listen on no.such.host.invalid")


@pytest.mark.each_listener
async def test_tls(tmp_path: Path) -> None:
    """With certificate and key the hub serves https: TLS 1.2 at least, HSTS, and nothing over plain HTTP."""
    files = make_certificates(tmp_path)
    port = free_port()
    environment = settings(
        NO_PROVIDER,
        "hub",
        "secret",
        [],
        HUB_SERVER_PUBLIC_URL=f"https://localhost:{port}",
        HUB_SERVER_TLS_CERTIFICATE_FILE=str(files.certificate_file),
        HUB_SERVER_TLS_KEY_FILE=str(files.key_file),
    )
    trusting = ssl.create_default_context(cafile=files.authority_file)
    async with Hub.start(environment, port=port, wait=False) as hub, aiohttp.ClientSession() as http:
        await hub.listening()
        async with http.get(f"https://localhost:{port}/hub/session", ssl=trusting) as answer:
            assert (answer.status, answer.headers["Strict-Transport-Security"]) == (200, "max-age=31536000")
        with pytest.raises(aiohttp.ClientConnectionError):
            await http.get(f"http://localhost:{port}/hub/session")
        old = ssl.create_default_context(cafile=files.authority_file)
        old.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.get(f"https://localhost:{port}/hub/session", ssl=old)


class Gate(asyncio.Event):
    """An event that tells when somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = asyncio.Event()

    async def wait(self) -> bool:  # type: ignore[override]
        self.reached.set()
        return bool(await super().wait())


class SlowApi:
    """An API that answers when it is told to."""

    def __init__(self) -> None:
        self.gate = Gate()

    async def __call__(self, exchange: Exchange) -> None:
        body = await exchange.body()
        await self.gate.wait()
        await exchange.answer(200, ("Content-Type", "text/plain"), body=b"done " + body)


@asynccontextmanager
async def slow_hub(slow: SlowApi, **environment: str) -> AsyncIterator[Hub]:
    """Run a hub in front of a slow API that needs no login."""
    api = await RawResourceServer.start(slow)
    routes = [{"prefix": "/api", "target": api.url, "token": "none"}]
    try:
        async with Hub.start(settings(NO_PROVIDER, "hub", "secret", routes, **environment), wait=False) as hub:
            await hub.listening()
            yield hub
    finally:
        slow.gate.set()
        await api.stop()


async def troubles(hub: Hub) -> dict[str, str]:
    """Return what `/readyz` complains of."""
    status, text = await hub.admin("/readyz")
    assert status == 503
    return dict(json.loads(text)["troubles"])


async def until_draining(hub: Hub) -> None:
    """Tell the hub to stop, and wait until it has taken that in."""
    assert hub.process is not None
    hub.process.send_signal(signal.SIGTERM)
    await until(lambda: hub.events("hub.draining"), 0.02)  # another process: nothing announces it but its log


class TestStop:
    """SIGTERM: no request fails because a hub is stopped."""

    @pytest.mark.each_listener
    async def test_requests_finish(self) -> None:
        """The request under way is answered whole; who comes new is refused; probes are told; the exit code is 0."""
        slow = SlowApi()
        async with slow_hub(slow) as hub, aiohttp.ClientSession() as http:
            call = asyncio.create_task(read(http.post(f"{hub.url}/api/slow", headers=CSRF, data=b"work")))
            await slow.gate.reached.wait()
            await until_draining(hub)

            assert (await troubles(hub))["hub"] == "is being stopped"
            assert (await hub.admin("/healthz"))[0] == 200
            with pytest.raises(aiohttp.ClientConnectorError):
                await http.get(f"{hub.url}/hub/session")
            slow.gate.set()
            assert await call == (200, b"done work")
            assert await hub.stop() == 0
            assert "Traceback" not in hub.log()

    async def test_time_limit(self) -> None:
        """A request that does not end holds the hub up for server.shutdown_timeout_seconds and no longer."""
        slow = SlowApi()
        async with slow_hub(slow, HUB_SERVER_SHUTDOWN_TIMEOUT_SECONDS="0.2") as hub, aiohttp.ClientSession() as http:
            call = asyncio.create_task(read(http.get(f"{hub.url}/api/slow", headers=CSRF)))
            await slow.gate.reached.wait()
            assert await hub.stop() == 0
            with pytest.raises(aiohttp.ClientConnectionError):
                await call
            assert "Traceback" not in hub.log()

    async def test_logins_finish(self) -> None:
        """A login that is just being completed is completed: its code works only once."""
        async with HostileProvider.start() as provider:
            held = provider.hold("/token")
            async with Hub.start(settings(provider.issuer, CLIENT_ID, CLIENT_SECRET, [])) as hub, Browser(hub.url) as browser:
                login = asyncio.create_task(browser.open("/hub/login?return_to=/patients"))
                await provider.asked("/token")
                await until_draining(hub)
                held.set()
                with pytest.raises(aiohttp.ClientConnectorError):  # at the return URL, to which the hub sends it
                    await login

                assert browser.session_cookie()
                assert await hub.stop() == 0

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    async def test_idle(self, number: signal.Signals) -> None:
        """With nothing to do it stops at once, whichever way it is told, and idle connections do not hold it up."""
        async with slow_hub(SlowApi()) as hub, aiohttp.ClientSession() as http:
            await read(http.get(f"{hub.url}/hub/session"))
            assert hub.process is not None
            hub.process.send_signal(number)
            assert await soon(hub.process.wait()) == 0
            assert hub.events("hub.stopped")


async def read(request: "aiohttp.client._RequestContextManager") -> tuple[int, bytes]:
    """Return status and body of an answer."""
    async with request as answer:
        return answer.status, await answer.read()


def test_exposed_secret_file(tmp_path: Path) -> None:
    """The log at start names a client secret that other users of the machine can read."""
    file = tmp_path / "client_secret"
    file.write_text("secret")
    file.chmod(0o666)
    environment = {"HUB_PROVIDER_CLIENT_SECRET": "", "HUB_PROVIDER_CLIENT_SECRET_FILE": str(file)}

    ended = run_hub(tmp_path, HUB_ADMIN_HOST="192.0.2.1", **environment)  # an address that is not of this machine: it ends

    assert "settings.exposed_file" in ended.stderr
    assert "mode=666" in ended.stderr
    assert "setting=provider.client_secret_file" in ended.stderr


@pytest.mark.parametrize(
    ("public_url", "level"),
    [("http://localhost:8080", "info"), ("http://clinic.example", "warning"), ("https://clinic.example", None)],
)
def test_insecure_cookies(tmp_path: Path, public_url: str, level: str | None) -> None:
    """The log at start says that cookies are not `Secure`; on loopback that is as it should be."""
    environment = {"HUB_SERVER_PUBLIC_URL": public_url, "HUB_SERVER_ALLOW_INSECURE_HTTP": "true", "HUB_LOG_FORMAT": "json"}

    ended = run_hub(tmp_path, HUB_ADMIN_HOST="192.0.2.1", **environment)  # an address that is not of this machine: it ends

    events = [json.loads(line) for line in ended.stderr.splitlines() if line.startswith("{")]
    assert [event["level"] for event in events if event["event"] == "settings.insecure_cookies"] == ([level] if level else [])
