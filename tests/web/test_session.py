"""`GET /hub/session` and `POST /hub/logout`, with a real session."""

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hub.session.cookie import xsrf_token
from hub.session.model import SessionId, identity_of
from tests.parties.browser import SESSION_COOKIE, Browser
from tests.parties.hostile_provider import SUBJECT
from tests.web.conftest import BuildHouse, House


def proof_of(browser: Browser) -> str:
    """Return the CSRF token that belongs to the browser's session."""
    return xsrf_token(SessionId(browser.session_cookie() or ""))


class TestSession:
    """What the page may know about its user."""

    async def test_anonymous(self, house: House) -> None:
        """Nobody is logged in: 200 all the same, and where to log in."""
        answer = await house.fetch("/hub/session")

        assert answer.status == 200
        assert answer.json() == {"authenticated": False, "login_url": "/hub/login"}
        assert answer.all("Set-Cookie") == []

    async def test_logged_in(self, house: House) -> None:
        """Who it is, what the settings allow the page to know, and how long things last. Nothing else, and no token."""
        async with house.browser() as browser:
            answer = await browser.fetch("/hub/session")

        assert answer.json() == {
            "authenticated": True,
            "identity": identity_of(house.provider.issuer, SUBJECT),
            "subject": SUBJECT,
            "name": "Alice Liddell",
            "claims": {},
            "idle_expires_in": 900,
            "absolute_expires_in": 43200,
            "warning_in": 840,
            "token_expires_in": 300,
            "login_url": "/hub/login",
            "logout_url": "/hub/logout",
        }

    @pytest.mark.parametrize("cookie", ["x", "A" * 43, "A" * 44, "<script>", '"' + "A" * 43 + '"', "\xe9" * 43])
    async def test_cookie_of_nobody(self, house: House, cookie: str) -> None:
        """A cookie that the hub never issued is like none."""
        answer = await house.fetch("/hub/session", Cookie=f"{SESSION_COOKIE}={cookie}")

        assert (answer.status, answer.json()["authenticated"]) == (200, False)

    async def test_passive_does_not_slide(self, house: House) -> None:
        """Polling that no user caused does not keep a session alive; looking because the user came back does."""
        async with house.browser() as browser:
            await house.clock.advance(600)
            passive = [(await browser.fetch("/hub/session?passive=1")).json()["idle_expires_in"] for _ in range(2)]
            active = (await browser.fetch("/hub/session")).json()["idle_expires_in"]

        assert passive == [300, 300]
        assert active == 900

    async def test_polling_to_the_end(self, house: House) -> None:
        """A page that only polls is logged out in time, and told the reason."""
        async with house.browser() as browser:
            for _ in range(9):
                await house.clock.advance(100)
                answer = (await browser.fetch("/hub/session?passive=1")).json()

        assert answer == {
            "authenticated": False,
            "login_url": "/hub/login",
            "reason": "idle",
            "detail": "You were logged out because you did nothing for a while.",
        }

    @pytest.mark.parametrize("lost", ["", "0" * 64])
    async def test_csrf_cookie_comes_back(self, house: House, lost: str) -> None:
        """A page that lost the CSRF cookie, or has that of an earlier session, gets the right one again."""
        async with house.browser() as browser:
            line = f"{SESSION_COOKIE}={browser.session_cookie()}" + (f"; XSRF-TOKEN={lost}" if lost else "")
            answer = await house.fetch("/hub/session", Cookie=line)
            kept = await house.fetch("/hub/session", Cookie=f"{line.split(';')[0]}; XSRF-TOKEN={proof_of(browser)}")

            expected = f"XSRF-TOKEN={proof_of(browser)}; Path=/; SameSite=Strict"
            assert answer.all("Set-Cookie") == [expected]
            assert kept.all("Set-Cookie") == []

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
        ],
    )
    async def test_other_sites_learn_nothing(self, house: House, headers: dict[str, str]) -> None:
        """Another site is refused, whoever is logged in."""
        async with house.browser() as browser:
            answer = await house.fetch("/hub/session", Cookie=f"{SESSION_COOKIE}={browser.session_cookie()}", **headers)

        assert answer.status == 403
        assert answer.json()["type"] == "urn:hub:problem:request-refused"


class TestLogout:
    """The way out."""

    async def test_logout(self, house: House) -> None:
        """The session ends, the cookies go, and the page learns where to go on: to the provider, without an ID token."""
        async with house.browser() as browser:
            cookie = browser.session_cookie()
            answer = await browser.fetch("/hub/logout", method="POST")
            again = await house.fetch("/hub/session", Cookie=f"{SESSION_COOKIE}={cookie}")

        assert answer.status == 200
        target = urlsplit(answer.json()["redirect_to"])
        assert f"{target.scheme}://{target.netloc}{target.path}" == f"{house.provider.issuer}/logout"
        query = parse_qs(target.query)
        assert (query["client_id"], query["post_logout_redirect_uri"]) == (["hub"], [house.url + "/"])
        assert "id_token_hint" not in query
        assert answer.all("Set-Cookie") == [
            f"{SESSION_COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0",
            "XSRF-TOKEN=; Path=/; SameSite=Strict; Max-Age=0",
        ]
        assert answer.all("Clear-Site-Data") == ['"cache"']
        assert (again.json()["authenticated"], again.json()["reason"]) == (False, "logout")

    async def test_tokens_are_revoked(self, house: House) -> None:
        """The provider is told to forget the tokens, the refresh token first."""
        async with house.browser() as browser:
            await browser.fetch("/hub/logout", method="POST")
            await house.clock.advance_until(house.provider.answered("/revoke", 2))

        hints = [request.arguments["token_type_hint"] for request in house.provider.requests if request.path == "/revoke"]
        assert hints == ["refresh_token", "access_token"]

    async def test_provider_first_then_revocation(self, build_house: BuildHouse) -> None:
        """IRIS no longer finds its session once the tokens are revoked: while the hub ends it there, nothing is revoked."""
        async with build_house(provider_settings={"end_session": "direct"}) as house, house.browser() as browser:
            gate = house.provider.hold("/logout")
            leaving = asyncio.create_task(browser.fetch("/hub/logout", method="POST"))
            await house.provider.asked("/logout")
            await house.clock.advance(30)
            revoked_before = house.provider.calls("/revoke")
            gate.set()
            answer = await leaving
            await house.clock.advance_until(house.provider.answered("/revoke", 2))

        assert (revoked_before, answer.json()) == (0, {"redirect_to": house.url + "/"})

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"X-Hub-CSRF": "0"},
            {"X-XSRF-TOKEN": "0" * 64},
            {"X-Hub-CSRF": "1", "Origin": "https://evil.example"},
            {"X-Hub-CSRF": "1", "Sec-Fetch-Site": "cross-site"},
            {"X-Hub-CSRF": "1", "Sec-Fetch-Site": "same-site"},
        ],
    )
    async def test_needs_proof(self, house: House, headers: dict[str, str]) -> None:
        """Nobody is logged out by another site: without proof of our own page nothing happens."""
        async with house.browser() as browser:
            cookie = f"{SESSION_COOKIE}={browser.session_cookie()}"
            answer = await house.fetch("/hub/logout", method="POST", Cookie=cookie, **headers)

            assert (answer.status, answer.all("Set-Cookie")) == (403, [])
            assert (await browser.fetch("/hub/session")).json()["authenticated"]

    async def test_by_link(self, house: House) -> None:
        """Opening the address logs nobody out."""
        async with house.browser() as browser:
            answer = await browser.open("/hub/logout")

            assert answer.status == 405
            assert (await browser.fetch("/hub/session")).json()["authenticated"]

    async def test_twice(self, house: House) -> None:
        """Who is logged out already is sent to the application, and the cookies are cleared all the same."""
        async with house.browser() as browser:
            cookie = f"{SESSION_COOKIE}={browser.session_cookie()}"
            await browser.fetch("/hub/logout", method="POST")
            ended = await house.fetch("/hub/logout", method="POST", Cookie=cookie, X_Hub_CSRF="1")
            nobody = await house.fetch("/hub/logout", method="POST", X_Hub_CSRF="1")

        assert (ended.status, ended.json()) == (200, {"redirect_to": house.url + "/"})
        assert (nobody.status, nobody.json()) == (200, {"redirect_to": "/"})
        assert len(ended.all("Set-Cookie")) == len(nobody.all("Set-Cookie")) == 2

    async def test_of_a_session_that_was_just_replaced(self, house: House) -> None:
        """In the grace after a new login, logging out with the former cookie does not end the new session (ASVS 5 7.2.4)."""
        async with house.browser() as browser:
            former = f"{SESSION_COOKIE}={browser.session_cookie()}"
            await browser.open("/hub/login")
            answer = await house.fetch("/hub/logout", method="POST", Cookie=former, X_Hub_CSRF="1")
            after = (await browser.fetch("/hub/session")).json()

        assert (answer.status, answer.json()["reason"], answer.all("Set-Cookie")) == (401, "replaced", [])
        assert after["authenticated"]

    @pytest.mark.parametrize("state", ["", "?state=", "?state=of-somebody-else", "?state=a&state=b&error=access_denied"])
    async def test_coming_back_from_the_provider(self, house: House, state: str) -> None:
        """RP-Initiated Logout 1.0 section 3: with its state, another or none, the application opens and no harm is done."""
        async with house.browser() as browser:
            answer = await browser.open(f"/{state}", from_site=house.provider.issuer)

            assert (answer.status, "App" in answer.text, answer.all("Set-Cookie")) == (200, True, [])
            assert (await browser.fetch("/hub/session")).json()["authenticated"]


class TestEverywhere:
    """The way out of all browsers at once."""

    @pytest.mark.parametrize(
        ("target", "options"),
        [("/hub/logout?everywhere=1", {}), ("/hub/logout", {"json_body": {"everywhere": True, "other": 1}})],
    )
    async def test_ends_all(self, house: House, target: str, options: dict[str, Any]) -> None:
        """All sessions of the user end, the others as ended from elsewhere, and all tokens are revoked."""
        async with house.browser() as here, house.browser() as there:
            answer = await here.fetch(target, method="POST", **options)
            mine, other = [(await browser.fetch("/hub/session")).json() for browser in (here, there)]
            await house.clock.advance_until(house.provider.answered("/revoke", 4))

        assert answer.json()["redirect_to"].startswith(f"{house.provider.issuer}/logout")
        assert (mine["authenticated"], other["authenticated"], other["reason"]) == (False, False, "elsewhere")

    async def test_nested_body_without_a_session(self, house: House) -> None:
        """Nobody needs a session to send a body that exhausts the stack; it is a mistake of the client."""
        async with Browser(house.url) as browser:
            headers = {"Content-Type": "application/json", "X-Hub-CSRF": "1"}
            answer = await browser.fetch("/hub/logout", method="POST", headers=headers, body=b'{"x":' + b"[" * 30_000)

        assert (answer.status, answer.json()["type"]) == (400, "urn:hub:problem:bad-request")

    @pytest.mark.parametrize("body", [{"everywhere": False}, {}, None])
    async def test_only_when_asked_for(self, house: House, body: Any) -> None:
        """A plain logout leaves the other browsers alone, whatever Angular sends as its body."""
        async with house.browser() as here, house.browser() as there:
            await here.fetch("/hub/logout", method="POST", headers={"Content-Type": "application/json"}, body=json.dumps(body))

            assert (await there.fetch("/hub/session")).json()["authenticated"]

    async def test_other_users_stay(self, house: House) -> None:
        """It ends the sessions of one user, not of everybody."""
        async with house.browser() as here:
            house.provider.claims = {"sub": "bob"}
            house.provider.userinfo = {"sub": "bob"}
            async with house.browser() as bob:
                await here.fetch("/hub/logout?everywhere=1", method="POST")

                assert (await bob.fetch("/hub/session")).json()["subject"] == "bob"

    @pytest.mark.parametrize("body", [b"{", b'{"everywhere": 1}', b'["everywhere"]', b"\xff", b"[" * 30_000])
    async def test_unreadable_wish(self, house: House, body: bytes) -> None:
        """Who wants something that cannot be understood is told so, and still logged in."""
        async with house.browser() as browser:
            answer = await browser.fetch("/hub/logout", method="POST", headers={"Content-Type": "application/json"}, body=body)

            assert answer.status == 400
            assert (await browser.fetch("/hub/session")).json()["authenticated"]
