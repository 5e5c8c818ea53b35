"""Front-channel and back-channel logout, with a real session and a provider that signs what it is told to."""

import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import pytest

from hub.errors import StoreUnavailable
from hub.session.logout_tokens import LogoutTokenStore
from hub.web.provider_logout import MISSES_OF_BROWSERS, REFUSED_TOKENS
from tests.parties.browser import Answer, Browser
from tests.parties.hostile_provider import CannedAnswer
from tests.parties.signing import SigningKey, break_signature
from tests.web.conftest import BuildHouse, House

FRONT, BACK = "/hub/frontchannel-logout", "/hub/backchannel-logout"
SID = "provider-session"
FRAME = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe", "Accept": "text/html"}
FORM = "application/x-www-form-urlencoded"


async def state(browser: Browser) -> tuple[bool, str | None]:
    """Return whether the browser is logged in, and if not, why."""
    told = (await browser.fetch("/hub/session")).json()
    return told["authenticated"], told.get("reason")


LIVES = (True, None)
ENDED = (False, "provider")


async def frame(house: House, *parameters: tuple[str, str], path: str = FRONT) -> Answer:
    """Load the logout address in a frame of another site, without cookies."""
    return await house.ask(f"{path}?{urlencode(parameters)}", **FRAME)


@asynccontextmanager
async def provider_posts(house: House) -> AsyncIterator[Callable[..., Any]]:
    """Post to the back-channel address as a server does: no cookies, no Fetch Metadata, no CSRF header."""
    async with Browser(house.url) as client:

        async def post(token: str | bytes, *, path: str = BACK, content_type: str = FORM) -> Answer:
            body = token if isinstance(token, bytes) else urlencode({"logout_token": token}).encode()
            assert client._http is not None
            async with client._http.post(house.url + path, data=body, headers={"Content-Type": content_type}) as answer:
                return Answer(path, answer.status, list(answer.headers.items()), await answer.read())

        yield post


class TestFrontChannel:
    """OpenID Connect Front-Channel Logout 1.0."""

    async def test_ends_the_session(self, house: House) -> None:
        """F1, F2: by `iss` and `sid`, without cookies, from a frame of another site; IRIS adds a parameter of its own."""
        async with house.browser() as browser:
            answer = await frame(house, ("iss", house.provider.issuer), ("sid", SID), ("IRISLogout", "end"))

            assert (answer.status, await state(browser)) == (200, ENDED)
            assert answer.all("Clear-Site-Data") == ['"cache"']

    async def test_headers(self, house: House) -> None:
        """F3: no cache keeps it, and only pages of the issuer may frame it. No other page of the hub may be framed."""
        answer = await frame(house, ("iss", house.provider.issuer), ("sid", SID))
        refused = await frame(house, ("iss", "https://evil.example"), ("sid", SID))

        assert answer.all("Clear-Site-Data") == []  # no session has ended
        policy = answer.header("Content-Security-Policy") or ""
        assert policy.split("; ")[-1] == f"frame-ancestors {house.provider.issuer}"
        assert (answer.header("Cache-Control"), answer.header("X-Frame-Options")) == ("no-store", None)
        assert "frame-ancestors 'none'" in (refused.header("Content-Security-Policy") or "")
        assert refused.header("Cache-Control") == "no-store"

    @pytest.mark.parametrize(
        "parameters",
        [
            [],
            [("sid", SID)],
            [("iss", "ISSUER")],
            [("iss", "ISSUER"), ("sid", "")],
            [("iss", ""), ("sid", SID)],
            [("iss", "ISSUER/"), ("sid", SID)],
            [("iss", "https://evil.example"), ("sid", SID)],
            [("iss", "ISSUER"), ("iss", "ISSUER"), ("sid", SID)],
            [("iss", "ISSUER"), ("sid", "other"), ("sid", SID)],
            [("iss", "ISSUER"), ("sid", SID + "x" * 600)],
        ],
    )
    async def test_mismatch(self, house: House, parameters: list[tuple[str, str]]) -> None:
        """F1, F4: both, once each, and exactly the configured issuer; else 400, and nobody is logged out."""
        async with house.browser() as browser:
            answer = await frame(house, *((name, value.replace("ISSUER", house.provider.issuer)) for name, value in parameters))

            assert (answer.status, await state(browser)) == (400, LIVES)

    @pytest.mark.parametrize("sid", ["x", SID.upper(), SID + " ", "*", "provider-sessio?"])
    async def test_no_kill_switch(self, house: House, sid: str) -> None:
        """F4: a `sid` that is not the session's, letter by letter, ends nothing, and the answer does not tell so."""
        async with house.browser() as browser:
            answer = await frame(house, ("iss", house.provider.issuer), ("sid", sid))

            assert (answer.status, await state(browser)) == (200, LIVES)

    @pytest.mark.parametrize("path", [FRONT + "/other", FRONT + "/native", BACK])
    async def test_not_here(self, house: House, path: str) -> None:
        """F4: the address of a provider that is not in the settings logs nobody out, nor does a GET of the other address."""
        async with house.browser() as browser:
            answer = await frame(house, ("iss", house.provider.issuer), ("sid", SID), path=path)

            assert (answer.status, await state(browser)) == (405 if path == BACK else 400, LIVES)

    async def test_guessing_is_slow(self, house: House) -> None:
        """F4: whoever tries many values of `sid` has to wait. Logouts that end something are not counted."""
        for _ in range(int(MISSES_OF_BROWSERS.attempts) - 1):
            await house.services.limiter.take(MISSES_OF_BROWSERS, "127.0.0.1")
        async with house.browser():
            ended = await frame(house, ("iss", house.provider.issuer), ("sid", SID))
        missed = [await frame(house, ("iss", house.provider.issuer), ("sid", "x")) for _ in range(2)]

        assert (ended.status, [answer.status for answer in missed]) == (200, [200, 429])

    async def test_tokens_are_revoked(self, house: House) -> None:
        """L11: the tokens of a session that its provider has ended are revoked, with `offline_access` as well."""
        async with house.browser():
            await frame(house, ("iss", house.provider.issuer), ("sid", SID))
            await house.clock.advance_until(house.provider.answered("/revoke", 2))


class TestBackChannel:
    """OpenID Connect Back-Channel Logout 1.0."""

    @pytest.mark.parametrize("changes", [{}, {"sub": None}, {"sid": None}])
    async def test_ends_the_session(self, house: House, changes: dict[str, Any]) -> None:
        """L9: `sid`, `sub` alone (though the session has a `sid`), or both end it: 200, `no-store`; no CSRF proof is needed."""
        async with house.browser() as browser, provider_posts(house) as post:
            answer = await post(house.provider.logout_token(**changes))

            assert (answer.status, answer.body, answer.header("Cache-Control")) == (200, b"", "no-store")
            assert await state(browser) == ENDED

    async def test_one_of_two(self, house: House) -> None:
        """L9: `sid` ends that one session; `sub` alone ends all of the user; other users stay."""
        async with house.browser() as first, provider_posts(house) as post:
            house.provider.claims = {"sid": "second"}
            async with house.browser() as second:
                house.provider.claims = {"sub": "bob", "sid": "of-bob"}
                house.provider.userinfo = {"sub": "bob"}
                async with house.browser() as bob:
                    await post(house.provider.logout_token(sid="second"))
                    one = [await state(browser) for browser in (first, second, bob)]
                    await post(house.provider.logout_token(sid=None))
                    all_of_alice = [await state(browser) for browser in (first, second, bob)]

        assert one == [LIVES, ENDED, LIVES]
        assert all_of_alice == [ENDED, ENDED, LIVES]

    async def test_session_of_somebody_else(self, house: House) -> None:
        """A token with both names ends the session only if both are its names."""
        async with house.browser() as browser, provider_posts(house) as post:
            assert (await post(house.provider.logout_token(sub="bob"))).status == 200
            assert await state(browser) == LIVES

    async def test_unknown_session(self, house: House) -> None:
        """L10: 200 as well for a session that the hub does not know, or no longer."""
        async with provider_posts(house) as post:
            assert (await post(house.provider.logout_token(sid="unknown"))).status == 200

    @pytest.mark.parametrize(
        ("header", "claims"),
        [
            ({}, {"iss": "https://evil.example"}),
            ({}, {"aud": "somebody-else"}),
            ({}, {"iat": 1}),
            ({}, {"exp": 1}),
            ({}, {"sub": None, "sid": None}),
            ({}, {"events": {}}),
            ({}, {"nonce": "n"}),
            ({}, {"jti": None}),
            ({"typ": "at+jwt"}, {}),
            ({"kid": "unknown"}, {}),
            ({"crit": ["exp"], "exp": 1}, {}),
        ],
    )
    async def test_invalid(self, house: House, header: dict[str, Any], claims: dict[str, Any]) -> None:
        """L2 to L7, L10: any fault is a 400 in the form of OAuth, `no-store`, and nobody is logged out."""
        async with house.browser() as browser, provider_posts(house) as post:
            answer = await post(house.provider.logout_token(header, **claims))

            assert (answer.status, answer.header("Cache-Control")) == (400, "no-store")
            assert (answer.header("Content-Type"), answer.json()["error"]) == ("application/json", "invalid_request")
            assert await state(browser) == LIVES

    @pytest.mark.parametrize("part", [0, 1])
    async def test_nested(self, house: House, part: int) -> None:
        """A token whose header or claims would exhaust the stack is a 400 like any other."""
        parts = house.provider.logout_token().split(".")
        parts[part] = base64.urlsafe_b64encode(b'{"alg":' + b"[" * 10_000).rstrip(b"=").decode()
        async with provider_posts(house) as post:
            answer = await post(".".join(parts))

        assert (answer.status, answer.json()["error"]) == (400, "invalid_request")

    async def test_signature(self, house: House) -> None:
        """L2: a broken signature, none at all, and one by a stranger."""
        good = house.provider.logout_token()
        house.provider.signing_key = None
        unsigned = house.provider.logout_token()
        house.provider.signing_key = SigningKey.rsa("stranger")
        async with provider_posts(house) as post:
            statuses = [(await post(bad)).status for bad in (break_signature(good), unsigned, house.provider.logout_token())]

        assert statuses == [400, 400, 400]

    async def test_id_token(self, house: House) -> None:
        """L12: an ID token is no logout token, although the same key has signed it."""
        async with house.browser() as browser, provider_posts(house) as post:
            answer = await post(house.provider.id_token(nonce=None, access_token="a"))

            assert (answer.status, await state(browser)) == (400, LIVES)

    async def test_replay(self, house: House) -> None:
        """L8: a token serves once. Whoever has got hold of it cannot end a later session of the user."""
        token = house.provider.logout_token()
        async with house.browser(), provider_posts(house) as post:
            first = await post(token)
            async with house.browser() as later:
                second = await post(token)

                assert (first.status, second.status, await state(later)) == (200, 400, LIVES)

    @pytest.mark.expects_log
    async def test_replay_check_fails_closed(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """L8: as long as nobody can know whether a token is new, it is not taken; it may come again."""
        token = house.provider.logout_token()
        async with house.browser() as browser, provider_posts(house) as post:
            with monkeypatch.context() as patch:

                async def unavailable(*_: Any) -> bool:
                    raise StoreUnavailable

                patch.setattr(LogoutTokenStore, "is_new", unavailable)
                answer = await post(token)
            assert (answer.status, await state(browser)) == (503, LIVES)
            assert answer.json()["error"] == "temporarily_unavailable"
            assert ((await post(token)).status, await state(browser)) == (200, ENDED)

    @pytest.mark.expects_log
    async def test_half_done(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """L8: a token whose sessions could not be ended for want of Redis may be sent again."""
        token = house.provider.logout_token()
        async with house.browser() as browser, provider_posts(house) as post:
            with monkeypatch.context() as patch:

                async def unavailable(*_: Any) -> None:
                    raise StoreUnavailable

                patch.setattr(house.services.store, "end", unavailable)
                assert (await post(token)).status == 503
            assert ((await post(token)).status, await state(browser)) == (200, ENDED)

    async def test_form_only(self, house: House) -> None:
        """L1, L13: one `logout_token`, in the body, of a form, of reasonable size."""
        token = house.provider.logout_token()
        pair = urlencode({"logout_token": token})
        async with house.browser() as browser, provider_posts(house) as post:
            faults = [
                await post(f"{pair}&{pair}".encode()),
                await post(b""),
                await post(b"logout_token="),
                await post(b"", path=f"{BACK}?{pair}"),
                await post(pair.encode(), content_type="text/plain"),
                await post(f'{{"logout_token":"{token}"}}'.encode(), content_type="application/json"),
                await post(f"{pair}&padding={'x' * 17000}".encode()),
                await post(token, path=BACK + "/unknown"),
                await house.fetch(f"{BACK}?{pair}"),
            ]

            assert [answer.status for answer in faults] == [400, 400, 400, 400, 400, 400, 413, 400, 405]
            assert {answer.json()["error"] for answer in faults} == {"invalid_request"}
            assert await state(browser) == LIVES

    async def test_refused_tokens_are_limited(self, house: House) -> None:
        """An address that sends bad tokens has to wait; good ones are not counted."""
        for _ in range(int(REFUSED_TOKENS.attempts) - 1):
            await house.services.limiter.take(REFUSED_TOKENS, "127.0.0.1")
        async with provider_posts(house) as post:
            good = await post(house.provider.logout_token())
            bad = [await post("no token") for _ in range(2)]

        assert (good.status, [answer.status for answer in bad]) == (200, [400, 429])
        assert bad[1].header("Retry-After") == "1"

    @pytest.mark.expects_log
    async def test_keys_cannot_be_had(self, build_house: BuildHouse) -> None:
        """A provider whose keys cannot be fetched is told to come back: it is not the token's fault."""
        async with build_house(lambda provider: provider.answers.update({"/jwks": CannedAnswer(503)})) as house:
            await house.services.providers.openid("main").metadata()
            async with provider_posts(house) as post:
                assert (await post(house.provider.logout_token())).status == 503


class TestSeveralProviders:
    """Each provider has addresses of its own."""

    async def test_main_by_name(self, house: House) -> None:
        """The main provider may use its name as well."""
        async with house.browser() as browser, provider_posts(house) as post:
            assert (await post(house.provider.logout_token(), path=BACK + "/main")).status == 200
            assert await state(browser) == ENDED
