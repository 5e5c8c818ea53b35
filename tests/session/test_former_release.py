"""Release 0.1 and this one on the same Redis, as during an upgrade: what one writes, the other reads."""

import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import cast

import pytest

from hub.idempotency.ledger import Ledger
from hub.idempotency.outcome import Answered
from hub.primitives.secret import Secret
from hub.session.attempts import LoginAttempts
from hub.session.codec import RecordCodec
from hub.session.jar import UpstreamCookieJar
from hub.session.keyring import Keyring
from hub.session.model import Revocation, Session, Tombstone
from hub.session.redis_client import Redis
from hub.session.revocations import RevocationQueue
from hub.session.store import SessionStore, session_name
from hub.session.upstream_jars import CookieJarStore
from tests.parties import former_release
from tests.parties.clock import START, ManualClock
from tests.session.conftest import LIFETIMES
from tests.session.samples import make_session, make_tokens

FORMER = former_release.stored()
LIVING, ENDED, OLD, NEW = (str(FORMER[name]) for name in ("living", "ended", "old", "new"))
JAR = UpstreamCookieJar(target="https://api.example/csp/clinic", cookies={"CSPSESSIONID": Secret("csp-1")}, used_at=START + 60)


@pytest.fixture
def clock() -> ManualClock:
    """The time at which the records were made."""
    return ManualClock(float(FORMER["now"]))


@pytest.fixture
def keyring() -> Keyring:
    """The session key of release 0.1."""
    return Keyring([base64.b64decode(FORMER["key"])])


@pytest.fixture
def codec(keyring: Keyring) -> RecordCodec:
    """The codec of this release."""
    return RecordCodec(keyring)


@pytest.fixture
async def redis(redis_client: Redis) -> AsyncIterator[Redis]:
    """What release 0.1 has left in Redis."""
    for command in former_release.stored_commands():
        await redis_client.execute_command(*command)
    yield redis_client


def stores(redis: Redis, keyring: Keyring, clock: ManualClock) -> tuple[SessionStore, SessionStore]:
    """Return the store of a hub by default, and that of one that accepts records without authentication."""
    strict, lenient = RecordCodec(keyring), RecordCodec(keyring, accepts_unauthenticated=True)
    return SessionStore(redis, strict, LIFETIMES, clock), SessionStore(redis, lenient, LIFETIMES, clock)


@pytest.mark.expects_log
class TestReadsFormer:
    """This release reads what release 0.1 has written."""

    async def test_sessions(self, redis: Redis, keyring: Keyring, clock: ManualClock) -> None:
        """A session goes on during the upgrade, and a hub that has used it reads it after the upgrade."""
        strict, lenient = stores(redis, keyring, clock)
        session = cast(Session, await lenient.load(LIVING))

        assert (session.subject, session.version, session.touched_at, session.acr) == ("alice", 2, START + 60, "urn:mfa")
        assert session.tokens.access_token == Secret("at-refreshed")
        assert await strict.load(LIVING) is None
        await lenient.touch(session, clock.now())
        assert await strict.load(LIVING) == replace(session, touched_at=clock.now())

    async def test_refreshed_session(self, redis: Redis, keyring: Keyring, clock: ManualClock) -> None:
        """A refresh tags the activity, too."""
        strict, lenient = stores(redis, keyring, clock)
        written = await lenient.replace_if_unchanged(cast(Session, await lenient.load(LIVING)))

        assert await strict.load(LIVING) == written

    async def test_tombstones(self, redis: Redis, keyring: Keyring, clock: ManualClock) -> None:
        """The reason of an end is told during the upgrade."""
        strict, lenient = stores(redis, keyring, clock)

        assert await lenient.load(ENDED) == Tombstone("logout", START + 61)
        assert await strict.load(ENDED) is None

    async def test_moves(self, redis: Redis, keyring: Keyring, clock: ManualClock) -> None:
        """A move without seal is never followed."""
        for store in stores(redis, keyring, clock):
            assert await store.load(OLD) is None
        assert isinstance(await stores(redis, keyring, clock)[1].load(NEW), Session)

    async def test_other_records(self, redis: Redis, codec: RecordCodec, keyring: Keyring, clock: ManualClock) -> None:
        """Tokens, revocations, jars, login attempts and outcomes are sealed as before."""
        strict, lenient = stores(redis, keyring, clock)
        jars, session = CookieJarStore(redis, codec), cast(Session, await lenient.load(LIVING))
        token = await strict.load_token(LIVING, "lab")
        revocations = await RevocationQueue(redis, codec).claim(START + 121, 10)
        attempt = LoginAttempts(redis, codec).open(FORMER["attempt"]["state_key"], FORMER["attempt"]["sealed"])
        outcome = await Ledger(redis, keyring, "worker", 60).get("once-1")

        assert token is not None
        assert token.access_token == Secret("at-lab")
        assert [(each.key, each.access_token) for each in revocations] == [(ENDED, Secret("at-ended"))]
        assert await jars.load(LIVING, JAR.target) == JAR
        assert await jars.load(f"user:{session.identity}", JAR.target) == JAR
        assert attempt is not None
        assert attempt.return_to == "/patients?page=2#top"
        assert outcome is not None
        assert outcome.outcome == Answered(201, [("Content-Type", "text/plain")], b"made")


class TestFormerReads:
    """Release 0.1 reads what this release writes."""

    @pytest.fixture
    def store(self, redis_client: Redis, codec: RecordCodec, clock: ManualClock) -> SessionStore:
        """The store of this release."""
        return SessionStore(redis_client, codec, LIFETIMES, clock)

    async def found(self, redis: Redis, key: str, keyring: Keyring) -> object:
        """Return what release 0.1 finds."""
        return former_release.look_up(await redis.hgetall(session_name(key)), key, keyring)

    async def test_sessions(self, store: SessionStore, redis_client: Redis, keyring: Keyring) -> None:
        """A session after a refresh, with its activity and a token for another API."""
        session, token = make_session(), make_tokens()
        await store.create(session)
        await store.replace_if_unchanged(session)
        await store.touch(session, START + 90)
        await store.put_token(session.key, "lab", token)
        sealed = await redis_client.hget(session_name(session.key), "token:lab")
        found = await self.found(redis_client, session.key, keyring)

        assert isinstance(found, tuple)
        assert found[1] == START + 90
        assert (found[0].key, found[0].version, found[0].subject) == (session.key, 2, "alice")
        assert found[0].tokens.access_token == session.tokens.access_token.reveal()
        assert sealed is not None
        assert former_release.open_tokens(sealed, session.key, "lab", keyring).access_token == token.access_token.reveal()

    async def test_ends_and_moves(self, store: SessionStore, redis_client: Redis, keyring: Keyring, clock: ManualClock) -> None:
        """A tombstone, and the way to the successor."""
        ended, old, new = make_session(), make_session(), make_session()
        for session in (ended, old, new):
            await store.create(session)
        await store.end(ended.key, "operator")
        await store.move(old.key, new.key, 10)

        assert await self.found(redis_client, ended.key, keyring) == ("ended", "operator", clock.now())
        assert await self.found(redis_client, old.key, keyring) == ("moved", new.key, clock.now() + 10)

    async def test_other_records(self, redis_client: Redis, codec: RecordCodec, keyring: Keyring) -> None:
        """Revocations and cookie jars."""
        session = make_session()
        await RevocationQueue(redis_client, codec).put(Revocation.of(session, START + 86400), START, START)
        await CookieJarStore(redis_client, codec).put(session.key, JAR, START + 900)
        revocation = await redis_client.get(f"hub:revocation:{session.key}")
        [jar] = await redis_client.hvals(f"hub:upstream:{session.key}")

        assert revocation is not None
        assert former_release.open_revocation(revocation, session.key, keyring).key == session.key
        assert former_release.open_jar(jar, session.key, keyring).cookies == {"CSPSESSIONID": "csp-1"}
