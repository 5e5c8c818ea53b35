"""nginx with one worker: the upstream of all systems, and, asked directly, the floor under them."""

import getpass
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.bodies import SIZES, make_body, path_of
from bench.load_http import HttpLoad
from bench.rounds import Load
from bench.systems.base import BROWSER_HEADERS, Contestant, StartError, Target, Upstream
from bench.systems.process import children, find_program, running
from tests.parties.certificates import make_certificates
from tests.parties.hub import free_port

CONFIGURATION = """
daemon off;
user {user};
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-errors.log;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  etag off;
  sendfile on;
  tcp_nopush on;
  types {{ application/json json; }}
  open_file_cache max=100 inactive=1d;
  open_file_cache_valid 1d;
  keepalive_requests 1000000000;
  keepalive_timeout 1d;
  client_body_temp_path {folder}/nginx-temporary;
  server {{
    listen 127.0.0.1:{plain} backlog=4096;
    listen 127.0.0.1:{tls} ssl backlog=4096;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    ssl_session_cache shared:all:1m;
    location /open/ {{ alias {folder}/bodies/; }}
    location /bearer/ {{
      if ($http_authorization !~ "^Bearer .") {{ return 401; }}
      alias {folder}/bodies/;
    }}
  }}
}}
"""


def missing() -> str | None:
    """Return the Debian package that is to be installed, or None."""
    return None if find_program("nginx") else "nginx"


@asynccontextmanager
async def upstream(folder: Path) -> AsyncIterator[Upstream]:
    """Run nginx with all documents until the end of the block.

    Raises:
        StartError: It does not start.
    """
    _write_bodies(folder / "bodies")
    certificates = make_certificates(folder)
    plain, tls = free_port(), free_port()
    file = folder / "nginx.conf"
    names = {"certificate": certificates.certificate_file, "key": certificates.key_file, "user": getpass.getuser()}
    file.write_text(CONFIGURATION.format(folder=folder, plain=plain, tls=tls, **names), encoding="utf-8")
    program = find_program("nginx")
    if program is None:
        raise StartError("nginx is not installed.")
    async with running([program, "-e", folder / "nginx.log", "-c", file], folder / "nginx.log", port=plain) as process:
        yield Upstream(
            plain_url=f"http://127.0.0.1:{plain}/open",
            bearer_url=f"http://127.0.0.1:{plain}/bearer",
            pids=children(process.pid),
            tls_url=f"https://localhost:{tls}/open",
            tls_bearer_url=f"https://localhost:{tls}/bearer",
            authority_file=certificates.authority_file,
        )


def direct(upstream: Upstream) -> Contestant:
    """Return the upstream as a contestant: asked without anything between."""

    async def open_load(target: Target, callers: int, in_flight: int | None = None) -> Load:
        url = upstream.tls_url if target.is_tls else upstream.plain_url
        assert url is not None
        root, _, prefix = url.partition("//")[2].partition("/")
        tls = ssl.create_default_context(cafile=upstream.authority_file) if target.is_tls else None
        headers = {"Host": "localhost", **BROWSER_HEADERS}
        path = f"/{prefix}{path_of(target.size)}"
        return await HttpLoad.open(int(root.rpartition(":")[2]), path, headers, make_body(target.size), callers, tls)

    return Contestant("direct", lambda: upstream.pids, open_load, is_moved=True)


def _write_bodies(folder: Path) -> None:
    folder.mkdir()
    for size in SIZES.values():
        (folder / path_of(size).lstrip("/")).write_bytes(make_body(size))
