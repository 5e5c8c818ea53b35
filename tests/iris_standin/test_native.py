"""The native JWT mode of the stand-in: what is known about /login, /refresh, /logout and /revoke of IRIS."""

import base64
import json
from typing import Any

import aiohttp
import pytest

from iris_standin import Standin
from tests.iris_standin.raw import RawAnswer, post
from tests.parties.clock import ManualClock

ALICE = {"user": "alice", "password": "alice-demo"}
UNAUTHORIZED_BODY = b""


async def log_in(standin: Standin) -> dict[str, Any]:
    """Log alice in; return the answer."""
    answer = await post(f"{standin.native_url}/login", ALICE)
    assert answer.status == 200
    tokens: dict[str, Any] = answer.json()
    return tokens


async def refresh(standin: Standin, refresh_token: str) -> RawAnswer:
    """Refresh by JSON."""
    return await post(f"{standin.native_url}/refresh", {"refresh_token": refresh_token})


async def status_of(standin: Standin, access_token: str) -> int:
    """Return the status of a call of the REST application."""
    headers = {"Authorization": f"Bearer {access_token}"}
    async with aiohttp.ClientSession() as http, http.get(f"{standin.native_url}/echo", headers=headers) as answer:
        return answer.status


def payload(token: str) -> dict[str, Any]:
    """Return the claims of a JWT, unverified."""
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return claims


async def test_login(standin: Standin, clock: ManualClock) -> None:
    """The answer has five members; `iat` has a fraction, `exp` has none."""
    await clock.advance(0.79)
    answer = await post(f"{standin.native_url}/login", ALICE)
    tokens = answer.json()

    assert list(tokens) == ["access_token", "refresh_token", "sub", "iat", "exp"]
    assert tokens["sub"] == "alice"
    assert (tokens["iat"], tokens["exp"]) == (1_800_000_000.79, 1_800_000_060)
    assert b"\r\nSET-COOKIE: CSPBrowserId=" in answer.head
    assert answer.head.isascii()


async def test_tokens(standin: Standin) -> None:
    """ES256 without a key id; the refresh token names nobody."""
    tokens = await log_in(standin)
    header = json.loads(base64.urlsafe_b64decode(tokens["access_token"].split(".")[0] + "=="))

    assert header == {"alg": "ES256", "typ": "JWT"}
    assert set(payload(tokens["access_token"])) == {"iat", "exp", "iss", "sub", "sid", "app"}
    assert set(payload(tokens["refresh_token"])) == {"iat", "exp", "iss", "sid", "app"}
    assert payload(tokens["refresh_token"])["exp"] == 1_800_000_900


async def test_refusals_are_the_same(standin: Standin) -> None:
    """Wrong password, unknown user, form, dead refresh token, invented Bearer: one and the same 401, to the byte."""
    url = standin.native_url
    answers = [
        await post(f"{url}/login", {"user": "alice", "password": "wrong"}),
        await post(f"{url}/login", {"user": "nobody", "password": "wrong"}),
        await post(f"{url}/login", form={"user": "alice", "password": "alice-demo"}),
        await post(f"{url}/login?user=alice&password=alice-demo"),
        await post(f"{url}/login"),
        await refresh(standin, "invented"),
        await post(f"{url}/refresh", {}),
        await post(f"{url}/logout", headers={"Authorization": "Bearer invented"}),
        await post(f"{url}/revoke", {"refresh_token": "invented"}),
    ]

    assert {answer.status for answer in answers} == {401}
    assert {answer.without_date() for answer in answers} == {answers[0].without_date()}
    assert answers[0].body == UNAUTHORIZED_BODY
    assert b"AUTHENTICATE" not in answers[0].head.upper()


async def test_basic_login(standin: Standin) -> None:
    """User and password may come as Basic credentials; malformed ones are refused."""
    good = base64.b64encode(b"alice:alice-demo").decode()
    statuses = [
        (await post(f"{standin.native_url}/login", headers={"Authorization": f"Basic {credentials}"})).status
        for credentials in (good, "%%%")
    ]

    assert statuses == [200, 401]


async def test_refresh_kills_both_old_tokens(standin: Standin) -> None:
    """After a refresh the old access token and the old refresh token are dead at once; the login stays the same."""
    old = await log_in(standin)
    assert await status_of(standin, old["access_token"]) == 200
    new = (await refresh(standin, old["refresh_token"])).json()

    assert await status_of(standin, old["access_token"]) == 401
    assert (await refresh(standin, old["refresh_token"])).status == 401
    assert await status_of(standin, new["access_token"]) == 200
    assert payload(new["access_token"])["sid"] == payload(old["access_token"])["sid"]


@pytest.mark.parametrize("way", ["form", "query"])
async def test_other_ways_to_refresh(standin: Standin, way: str) -> None:
    """The refresh token may come as a form or in the query too."""
    token = (await log_in(standin))["refresh_token"]
    url = f"{standin.native_url}/refresh"
    form = {"refresh_token": token}
    answer = await post(url, form=form) if way == "form" else await post(f"{url}?refresh_token={token}")

    assert answer.status == 200


async def test_refresh_as_bearer(standin: Standin) -> None:
    """As a Bearer token it is refused, with the one challenge that these endpoints know."""
    token = (await log_in(standin))["refresh_token"]
    answer = await post(f"{standin.native_url}/refresh", headers={"Authorization": f"Bearer {token}"})

    assert answer.status == 401
    assert b"\r\nWWW-AUTHENTICATE: Bearer\r\n" in answer.head


async def test_lifetimes(standin: Standin, clock: ManualClock) -> None:
    """60 s and 900 s: then the one and the other are refused."""
    tokens = await log_in(standin)
    await clock.advance(59)
    assert await status_of(standin, tokens["access_token"]) == 200
    await clock.advance(1)
    assert await status_of(standin, tokens["access_token"]) == 401
    await clock.advance(840)
    assert (await refresh(standin, tokens["refresh_token"])).status == 401


@pytest.mark.parametrize("endpoint", ["logout", "revoke"])
async def test_end(standin: Standin, endpoint: str) -> None:
    """Logout and revocation end this login, with an empty 200, and leave another login of the same user alone."""
    tokens, other = await log_in(standin), await log_in(standin)
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    body = {"refresh_token": tokens["refresh_token"]} if endpoint == "revoke" else None
    answer = await post(f"{standin.native_url}/{endpoint}", body, headers=headers)

    assert (answer.status, answer.body) == (200, b"")
    assert await status_of(standin, tokens["access_token"]) == 401
    assert (await refresh(standin, tokens["refresh_token"])).status == 401
    assert await status_of(standin, other["access_token"]) == 200


async def test_silent_mint(standin: Standin) -> None:
    """The cookie of an earlier login alone brings tokens of its user; after a logout with the cookie no more."""
    first = await post(f"{standin.native_url}/login", ALICE)
    cookie = {"Cookie": first.cookie()}
    minted = await post(f"{standin.native_url}/login", headers=cookie)
    bearer = {"Authorization": f"Bearer {minted.json()['access_token']}"}
    await post(f"{standin.native_url}/logout", headers={**cookie, **bearer})
    after = await post(f"{standin.native_url}/login", headers=cookie)

    assert (minted.status, minted.json()["sub"]) == (200, "alice")
    assert after.status == 401


async def test_not_enabled(standin: Standin) -> None:
    """An application that is not JWT-enabled wants Basic, at the endpoints and at its resources."""
    tokens = await log_in(standin)
    standin.change(native_enabled=False)
    answer = await post(f"{standin.native_url}/login", ALICE)

    assert (answer.status, answer.body) == (401, b"")
    assert b"\r\nWWW-AUTHENTICATE: Basic\r\n" in answer.head
    assert await status_of(standin, tokens["access_token"]) == 401


async def test_toggles(standin: Standin) -> None:
    """One failure by toggle; an administrator ends all logins of a user; the journal tells of both, without secrets."""
    standin.change(native_500_once=True)
    assert (await post(f"{standin.native_url}/login", ALICE)).status == 500
    tokens = await log_in(standin)
    standin.end_sessions("alice")
    assert await status_of(standin, tokens["access_token"]) == 401

    entries = standin.journal.entries("native")
    assert [(entry.grant_type, entry.outcome, entry.subject) for entry in entries] == [
        ("login", "unavailable", ""),
        ("login", "issued", "alice"),
    ]
    assert tokens["access_token"] not in str(standin.journal.as_json())
    assert standin.issued["access_token"] == [tokens["access_token"]]
