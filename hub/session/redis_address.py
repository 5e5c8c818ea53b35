"""Parse `redis.url`. Pure.

    redis://[user:password@]host[:6379][/database]                       one server; rediss:// with TLS
    unix:///path/to/socket
    redis+sentinel://[user:password@]host[:26379],host,.../service[/database]   the primary that the sentinels name
    redis+cluster://[user:password@]host[:6379],host,...                 a cluster, found through any of its nodes

The last two also exist with `rediss`. Options follow after `?`: `ssl_ca_certs` (a PEM file), and `sentinel_username` and
`sentinel_password` for sentinels with a password of their own.
"""

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

OPTIONS = {"sentinel": {"ssl_ca_certs", "sentinel_username", "sentinel_password"}, "cluster": {"ssl_ca_certs"}}
DEFAULT_PORTS = {"sentinel": 26379, "cluster": 6379}


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisServers:
    """The address of a Redis with several servers.

    Attributes:
        nodes: Hosts and ports of the sentinels, or of some nodes of the cluster.
        service: Name of the service at the sentinels; empty for a cluster.
        options: The query of the URL.
    """

    kind: Literal["sentinel", "cluster"]
    nodes: tuple[tuple[str, int], ...]
    tls: bool
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    service: str = ""
    database: int = 0
    options: dict[str, str] = field(default_factory=dict, repr=False)


def parse_several(url: str) -> RedisServers | None:
    """Return the parts of a URL of several servers; None for a URL of one server.

    Raises:
        ValueError: The URL is malformed. The message contains nothing of the URL, which may contain a password.
    """
    scheme, _, kind = url.partition("://")[0].partition("+")
    if kind not in ("sentinel", "cluster"):
        return None
    parts = urlsplit(url)
    credentials, _, hosts = parts.netloc.rpartition("@")
    username, _, password = credentials.partition(":")
    service, database = _path(kind, parts.path)
    options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    if not set(options) <= OPTIONS[kind]:
        raise ValueError(f"the options are {', '.join(sorted(OPTIONS[kind]))}")
    return RedisServers(
        kind="sentinel" if kind == "sentinel" else "cluster",
        nodes=tuple(_node(host, DEFAULT_PORTS[kind]) for host in hosts.split(",")),
        tls=scheme == "rediss",
        username=unquote(username) or None,
        password=unquote(password) or None,
        service=service,
        database=database,
        options=options,
    )


def _node(text: str, default_port: int) -> tuple[str, int]:
    """Return host and port. IPv6 addresses are in brackets."""
    parts = urlsplit(f"//{text}")
    if not parts.hostname or parts.port == 0:
        raise ValueError("each host needs a name and, if any, a port from 1 to 65535")
    return parts.hostname, parts.port or default_port


def _path(kind: str, path: str) -> tuple[str, int]:
    """Return service and database from the path of the URL."""
    names = path.strip("/").split("/") if path.strip("/") else []
    if kind == "cluster":
        if names:
            raise ValueError("a cluster has no databases")
        return "", 0
    match names:
        case [service]:
            return unquote(service), 0
        case [service, database] if database.isascii() and database.isdecimal():
            return unquote(service), int(database)
        case _:
            raise ValueError("after the hosts comes /service or /service/database")
