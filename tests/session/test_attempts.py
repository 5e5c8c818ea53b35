"""Login attempts, sealed for the browser, and the mark of those that were used."""

import secrets
import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.session.attempts import LoginAttempts
from hub.session.codec import RecordCodec
from hub.session.keyring import Keyring
from hub.session.model import LoginAttempt
from hub.session.redis_client import Redis, connect
from tests.session.samples import make_attempt

KEY = secrets.token_bytes(32)
TEXT = st.text(max_size=100)


def sealer(*keys: bytes) -> LoginAttempts:
    """Attempts with these session keys. Sealing and opening need no Redis."""
    return LoginAttempts(connect("redis://127.0.0.1:9", 0.1), RecordCodec(Keyring([*keys] or [KEY])))


@given(return_to=TEXT, issuer=TEXT, present=st.sampled_from(["", "ab" * 32]), parameters=st.dictionaries(TEXT, TEXT, max_size=3))
def test_comes_back_as_it_was(return_to: str, issuer: str, present: str, parameters: dict[str, str]) -> None:
    """Every attempt survives the cookie, whose characters RFC 6265 section 4.1.1 allows."""
    attempts = sealer()
    attempt = replace(make_attempt(), return_to=return_to, issuer=issuer, present=present, parameters=parameters)
    sealed = attempts.seal("state", attempt)

    assert attempts.open("state", sealed) == attempt
    assert set(sealed) <= {*string.ascii_letters, *string.digits, "-", "_"}


def test_only_for_its_state() -> None:
    """An attempt is bound to its `state` and to its purpose: no other sealed value opens in its place."""
    attempts = sealer()
    sealed = attempts.seal("state", make_attempt())

    assert attempts.open("other", sealed) is None
    assert attempts.seal("state", make_attempt()) != attempts.seal("state", make_attempt())


@given(st.text(alphabet=string.printable, max_size=200) | st.binary(max_size=200).map(lambda data: data.hex()))
def test_anything_else(text: str) -> None:
    """No text makes it fail, and none that the hub did not seal opens."""
    assert sealer().open("state", text) is None


def test_every_changed_character() -> None:
    """A sealed attempt of which one character was changed does not open."""
    attempts = sealer()
    sealed = attempts.seal("state", make_attempt())
    changed = [f"{sealed[:at]}{'B' if sealed[at] == 'A' else 'A'}{sealed[at + 1 :]}" for at in range(len(sealed) - 1)]

    assert [attempts.open("state", each) for each in changed] == [None] * len(changed)


def test_small() -> None:
    """Ten attempts of ordinary applications fit into the cookies of one browser together."""
    attempt = replace(make_attempt(), present="ab" * 32, nonce="n" * 43)

    assert len(sealer().seal("state", attempt)) < 370


def test_change_of_the_session_key() -> None:
    """A login that began before a change of the key is completed after it; with a key that is gone it has expired."""
    old, new = secrets.token_bytes(32), secrets.token_bytes(32)
    attempt = make_attempt()
    sealed = sealer(old).seal("state", attempt)

    assert sealer(new, old).open("state", sealed) == attempt
    assert sealer(new).open("state", sealed) is None


async def test_used_once(attempts: LoginAttempts) -> None:
    """S7: a state works once; if the provider issued nothing, its mark goes away again."""
    assert [await attempts.use("state", 600), await attempts.use("state", 600), await attempts.use("other", 600)] == [
        True,
        False,
        True,
    ]
    await attempts.release("state")
    assert await attempts.use("state", 600)


async def test_response_of_redis_is_lost(attempts: LoginAttempts, redis_client: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client of Redis repeats the command then: the attempt is not taken for one that was used before."""
    send = redis_client.set

    async def send_twice(*arguments: object, **options: object) -> object:
        await send(*arguments, **options)
        return await send(*arguments, **options)

    monkeypatch.setattr(redis_client, "set", send_twice)

    assert [await attempts.use("state", 600), await attempts.use("state", 600)] == [True, False]


@pytest.mark.parametrize("seconds", [600.0, 0.001, 0.0])
async def test_mark_ends(attempts: LoginAttempts, redis_client: Redis, seconds: float) -> None:
    """The mark lasts as long as the attempt could be used."""
    await attempts.use("state", seconds)
    left = await redis_client.pttl("hub:attempt-used:state")

    assert left <= max(seconds * 1000, 1)
    assert seconds < 1 or left > 590_000


def test_attempt_is_not_printed() -> None:
    """The code verifier does not get into logs."""
    attempt = make_attempt()

    assert isinstance(attempt, LoginAttempt)
    assert attempt.code_verifier.reveal() not in repr(attempt)
