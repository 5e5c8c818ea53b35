"""`python run.py --demo`: private Redis, stand-in and hub on this machine, to see the whole at work. Needs nothing else.

The stand-in runs in a process of its own, as IRIS would; the hub in another, with the settings that an operator would write.
"""

import argparse
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

CLIENT_ID = "hub-demo"
START_SECONDS = 30.0
HERE = Path(__file__).resolve().parent.parent
BANNER = """
  The hub's demo is running:  {url}

  Log in as alice, password alice-demo  (or bob, bob-demo).
  Access tokens live for {seconds} seconds here, so that you can watch the hub refresh them.
  Stand-in for IRIS: {issuer}      Health and metrics: http://127.0.0.1:{admin_port}/metrics
  Ctrl-C ends all of it.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo until it is interrupted; return the exit code of the hub."""
    options = _parse(arguments)
    port = _free_port(options.port)
    admin_port, standin_port = _free_port(8081, port), _free_port(9001)
    secret = secrets.token_hex(24)  # never begins with a dash, as an option does
    url = options.url or f"http://localhost:{port}"
    with tempfile.TemporaryDirectory(prefix="hub-demo-") as folder:
        publisher = Path(folder, "publisher-token")
        publisher.touch(mode=0o600)
        publisher.write_text(secrets.token_urlsafe(24), encoding="utf-8")
        news = f"http://127.0.0.1:{admin_port}/topics/patients"
        told = ["--news-url", news, "--news-token-file", str(publisher)]
        standin = _start_standin(standin_port, url, secret, options.access_token_seconds, told)
        try:
            issuer = f"http://127.0.0.1:{standin_port}/oauth2"
            if not _answers(f"{issuer}/.well-known/openid-configuration", standin):
                sys.exit("The stand-in for IRIS did not start. Run `python -m iris_standin` to see why.")
            config = Path(folder, "hub.toml")
            config.write_text(_settings(url, port, admin_port, issuer, options.data_dir or folder, publisher), encoding="utf-8")
            os.environ["HUB_PROVIDER_CLIENT_SECRET"] = secret
            banner = BANNER.format(url=url, seconds=options.access_token_seconds, issuer=issuer, admin_port=admin_port)
            command = [sys.executable, "-m", "hub", "--config", str(config)]
            return _run_until_interrupted(command, f"http://127.0.0.1:{admin_port}/healthz", banner)
        finally:
            standin.terminate()
            standin.wait()


def _run_until_interrupted(command: list[str], page: str, banner: str) -> int:
    """Run the hub, greet once it serves `page`, and let it stop in order when this process is told to stop."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C, so that what was started is ended too
    process = subprocess.Popen(command, cwd=HERE)  # noqa: S603
    while True:
        try:
            if banner and _answers(page, process):
                print(banner, flush=True)  # noqa: T201 - what the person at the terminal came for
                banner = ""
            return process.wait()
        except KeyboardInterrupt:
            process.terminate()


def _settings(url: str, port: int, admin_port: int, issuer: str, data_dir: str, publisher: Path) -> str:
    """Return the settings file of the demo: what an operator would write, in small."""
    target = issuer.removesuffix("/oauth2") + "/csp/clinic"
    return f"""
[server]
port = {port}
public_url = "{url}"

[admin]
port = {admin_port}

[redis]
data_dir = "{Path(data_dir, "var").as_posix()}"

[provider]
issuer = "{issuer}"
client_id = "{CLIENT_ID}"
scopes = ["openid", "profile", "email", "offline_access"]

[static]
root = "{(HERE / "static").as_posix()}"

[[routes]]
prefix = "/api"
target = "{target}"

[[routes]]
prefix = "/download"
target = "{target}"
methods = ["GET"]
csrf = "fetch_metadata"

[[topics]]
name = "patients"

[[publishers]]
name = "clinic"
token_file = "{publisher.as_posix()}"
topics = ["patients"]
"""


def _start_standin(port: int, hub_url: str, secret: str, access_token_seconds: int, more: list[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "iris_standin", "--port", str(port), "--client-id", CLIENT_ID, "--client-secret", secret]
    command += ["--redirect-uri", f"{hub_url}/hub/callback", "--post-logout-redirect-uri", f"{hub_url}/"]
    command += ["--frontchannel-logout-uri", f"{hub_url}/hub/frontchannel-logout"]
    command += ["--option", f"access_token_seconds={access_token_seconds}", *more]
    return subprocess.Popen(command, cwd=HERE, stderr=subprocess.DEVNULL, start_new_session=True)  # noqa: S603


def _answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    """Return True as soon as `url` answers; False if the process has ended, or if that takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - our own http URL
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    return False


def _free_port(wanted: int, *taken: int) -> int:
    """Return `wanted` if nobody listens there, else any free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            if port not in taken:
                return int(probe.getsockname()[1])
    sys.exit("There is no free port on this machine.")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python run.py --demo")
    parser.add_argument("--port", type=int, default=8080, help="port of the hub (default: 8080, or a free one)")
    parser.add_argument(
        "--url", default="", help="what browsers show, if not the hub's own address: http://localhost:4200 for `ng serve`"
    )
    parser.add_argument("--access-token-seconds", type=int, default=60, help="life of an access token (default: 60)")
    parser.add_argument("--data-dir", default="", help="keep the sessions here; default: forget them at the end")
    return parser.parse_args(arguments)
