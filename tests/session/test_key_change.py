"""What a change of the key means for what is stored: it stays readable, and the next write seals it with the new key."""

import secrets
from typing import cast

import pytest

from hub.session.attempts import LoginAttempts
from hub.session.codec import RecordCodec
from hub.session.keyring import Keyring, key_id
from hub.session.model import SessionKeyMissing, UnopenedRecord
from hub.session.redis_client import Redis
from hub.session.store import SessionStore, session_name
from tests.parties.clock import ManualClock
from tests.session.conftest import LIFETIMES
from tests.session.samples import make_attempt, make_session, make_tokens

OLD, NEW = secrets.token_bytes(32), secrets.token_bytes(32)


async def field(redis_client: Redis, key: str, name: str) -> bytes:
    """Return what is stored of a session."""
    return cast(bytes, await redis_client.hget(session_name(key), name))


async def test_next_write_seals_anew(redis_client: Redis, clock: ManualClock) -> None:
    """A session of the old key is read after the change; a refresh stores it, and its further tokens, under the new key alone."""
    ring = Keyring([OLD])
    store = SessionStore(redis_client, RecordCodec(ring), LIFETIMES, clock)
    session, further = make_session(), make_tokens()
    await store.create(session)
    await store.put_token(session.key, "records", further)
    ring.replace([NEW, OLD])

    assert await store.load(session.key) == session
    assert await store.load_token(session.key, "records") == further
    assert not ring.is_current(await field(redis_client, session.key, "data"))
    written = await store.replace_if_unchanged(session.with_tokens(make_tokens()))
    await store.put_token(session.key, "records", further)
    ring.replace([NEW])
    assert ring.is_current(await field(redis_client, session.key, "data"))
    assert await store.load(session.key) == written
    assert await store.load_token(session.key, "records") == further


@pytest.mark.expects_log
async def test_key_that_is_gone(redis_client: Redis, clock: ManualClock) -> None:
    """Without the old key its sessions cannot be opened; when the key comes back, so do they: nothing was deleted."""
    ring = Keyring([OLD])
    store = SessionStore(redis_client, RecordCodec(ring), LIFETIMES, clock)
    session = make_session()
    await store.create(session)

    ring.replace([NEW])
    assert await store.load(session.key) == UnopenedRecord(key_id(OLD).hex())
    with pytest.raises(SessionKeyMissing):
        await store.end(session.key, "operator")
    ring.replace([NEW, OLD])
    assert await store.load(session.key) == session


async def test_login_under_way(redis_client: Redis) -> None:
    """A login that began before the change is completed after it."""
    ring = Keyring([OLD])
    attempts = LoginAttempts(redis_client, RecordCodec(ring))
    attempt = make_attempt()
    sealed = attempts.seal("state", attempt)
    ring.replace([NEW, OLD])

    assert attempts.open("state", sealed) == attempt
