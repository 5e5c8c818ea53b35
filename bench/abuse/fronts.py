"""The servers in front of the hub, with the files that the hub ships: the same limits as its operators have, without TLS."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.systems.process import find_program, running
from tests.parties.hub import PROJECT, free_port

CONF = PROJECT / "conf"
FRONTS = ("direct", "nginx", "haproxy")


def installed() -> list[str]:
    """Return the ways to the hub that this machine has; `direct` is always one."""
    return [name for name in FRONTS if name == "direct" or find_program(name) is not None]


@asynccontextmanager
async def front(name: str, hub_port: int, admin_port: int, folder: Path) -> AsyncIterator[int]:
    """Start a server in front of the hub; give the port at which clients reach the hub."""
    if name == "direct":
        yield hub_port
        return
    port, program = free_port(), find_program(name)
    assert program is not None, f"{name} is not installed"
    file = folder / f"{name}.conf"
    if name == "nginx":
        file.write_text(nginx_file((CONF / "nginx.conf").read_text(), port, hub_port, folder))
        command = [program, "-c", str(file), "-p", str(folder), "-e", str(folder / "nginx-error.log"), "-g", "daemon off;"]
    else:
        file.write_text(haproxy_file((CONF / "haproxy.cfg").read_text(), port, hub_port, admin_port))
        command = [program, "-f", str(file)]
    async with running(command, folder / f"{name}.log", port=port):
        yield port


def nginx_file(shipped: str, port: int, hub_port: int, folder: Path) -> str:
    """Return the shipped nginx file as a whole configuration, on a port of the loopback interface and without TLS."""
    servers = re.split(r"(?m)^(?=server \{)", shipped)
    text = "".join(part for part in servers if "return 308" not in part)  # the redirect to https
    text = re.sub(r"(?m)^\s*(ssl_\w+|listen \[::\]).*\n", "", text)
    text = re.sub(r"listen 443[^;]*;", f"listen 127.0.0.1:{port};", text)
    text = text.replace("127.0.0.1:8080", f"127.0.0.1:{hub_port}").replace("/var/log/nginx/hub.log", f"{folder}/nginx-access.log")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return f"pid {folder}/nginx.pid;\nevents {{ worker_connections 4096; }}\nhttp {{\n{temporary}{text}}}\n"


def haproxy_file(shipped: str, port: int, hub_port: int, admin_port: int) -> str:
    """Return the shipped HAProxy file, on a port of the loopback interface and without TLS."""
    text = re.sub(r"(?m)^\s*(bind :443|http-request redirect scheme|ssl-default|server hub2).*\n", "", shipped)
    text = text.replace("bind :80", f"bind 127.0.0.1:{port}").replace("10.0.0.11:8080", f"127.0.0.1:{hub_port}")
    return text.replace("check port 8081", f"check port {admin_port}").replace("maxconn 40000", "maxconn 4000")
