"""What `redis.url` may say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio.connection import SSLConnection

from hub.config.settings import SettingsError
from hub.session.redis_address import RedisServers, parse_several
from hub.session.redis_client import connect


@pytest.mark.parametrize("url", ["redis://localhost", "rediss://:secret@redis.example:6380/2", "unix:///run/redis.sock"])
def test_one_server(url: str) -> None:
    """These name one server, which redis-py understands by itself."""
    assert parse_several(url) is None


def test_sentinel() -> None:
    """Hosts with and without port, credentials of the servers and of the sentinels, service and database."""
    url = "rediss+sentinel://hub:p%40ss@one:1,two,[::1]:3/main/4?sentinel_username=guard&sentinel_password=other&ssl_ca_certs=/etc/ca.pem"

    assert parse_several(url) == RedisServers(
        kind="sentinel",
        nodes=(("one", 1), ("two", 26379), ("::1", 3)),
        tls=True,
        username="hub",
        password="p@ss",
        service="main",
        database=4,
        options={"sentinel_username": "guard", "sentinel_password": "other", "ssl_ca_certs": "/etc/ca.pem"},
    )


def test_cluster() -> None:
    """Some nodes are enough."""
    assert parse_several("redis+cluster://one:7000,two") == RedisServers(
        kind="cluster", nodes=(("one", 7000), ("two", 6379)), tls=False
    )


@pytest.mark.parametrize(("scheme", "is_tls"), [("redis+sentinel", False), ("rediss+sentinel", True)])
async def test_tls_to_the_servers_behind_sentinels(scheme: str, is_tls: bool) -> None:
    """With `rediss` the connections to the servers are encrypted, not only those to the sentinels."""
    client = connect(f"{scheme}://one/main", 1.0)

    assert issubclass(client.connection_pool.connection_class, SSLConnection) is is_tls
    await client.aclose()


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://one",
        "redis+sentinel://one/",
        "redis+sentinel://one/main/x",
        "redis+sentinel://one/main/\u0663",
        "redis+sentinel://one/main/1/2",
        "redis+sentinel:///main",
        "redis+sentinel://one,/main",
        "redis+sentinel://one:x/main",
        "redis+sentinel://one:99999/main",
        "redis+sentinel://one/main?db=3",
        "redis+cluster://one/3",
        "redis+cluster://one?sentinel_password=x",
        "redis+cluster://[",
        "redis+other://one",
        "redis://localhost:x",
    ],
)
def test_mistakes(url: str) -> None:
    """What cannot be understood is a mistake in the settings, told by its key and without a part of the URL."""
    with pytest.raises(SettingsError, match=r"redis\.url: ") as caught:
        connect(url.replace("://", "://user:s3cret@", 1), 1.0)

    assert "s3cret" not in str(caught.value)


def test_nothing_is_printed() -> None:
    """Passwords are not shown with the rest."""
    several = parse_several("redis+sentinel://hub:s3cret@one/main?sentinel_password=0ther")

    assert "s3cret" not in repr(several)
    assert "0ther" not in repr(several)


@given(st.sampled_from(["redis+sentinel", "rediss+cluster"]), st.text(max_size=60))
def test_any_text(scheme: str, rest: str) -> None:
    """Any text is several servers, or a mistake."""
    try:
        several = parse_several(f"{scheme}://{rest}")
    except ValueError:
        return

    assert several is not None
    assert all(host and 0 < port < 65536 for host, port in several.nodes)
