"""Logout tokens are taken once (L8), on a real Redis."""

import pytest

from hub.errors import StoreUnavailable
from hub.session.logout_tokens import LogoutTokenStore
from hub.session.redis_client import Redis, connect
from tests.parties.hub import free_port


async def test_taken_once(redis_client: Redis) -> None:
    """L8: the same `jti` of the same issuer is new once; that of another issuer is another one."""
    seen = LogoutTokenStore(redis_client)

    assert [await seen.is_new("https://a.example", "1", 60.0) for _ in range(3)] == [True, False, False]
    assert await seen.is_new("https://b.example", "1", 60.0)
    assert await seen.is_new("https://a.example", "2", 60.0)


async def test_remembered_while_the_token_lives(redis_client: Redis) -> None:
    """What is remembered is freed when the token would be refused for its age."""
    await LogoutTokenStore(redis_client).is_new("https://a.example", "1", 60.0)
    (name,) = await redis_client.keys("*")

    assert 55_000 < await redis_client.pttl(name) <= 60_000


async def test_forget(redis_client: Redis) -> None:
    """A token whose work was not done may be sent again."""
    seen = LogoutTokenStore(redis_client)
    await seen.is_new("https://a.example", "1", 60.0)
    await seen.forget("https://a.example", "1")

    assert await seen.is_new("https://a.example", "1", 60.0)


async def test_fails_closed() -> None:
    """L8: without Redis no token is new."""
    client = connect(f"redis://127.0.0.1:{free_port()}/0", 0.5)

    with pytest.raises(StoreUnavailable):
        await LogoutTokenStore(client).is_new("https://a.example", "1", 60.0)
    await client.aclose()
