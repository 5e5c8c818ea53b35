"""`/hub/sessions`: users see where they are logged in, and end what they do not know (OWASP ASVS 7.5.2)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hub.config.settings import SessionSettings
from tests.parties.browser import SESSION_COOKIE, Browser
from tests.parties.hostile_provider import SUBJECT
from tests.web.conftest import BuildHouse, House


async def listed(browser: Browser) -> list[dict[str, object]]:
    """Return the sessions that the browser's user sees."""
    answer = await browser.fetch("/hub/sessions")
    assert (answer.status, answer.header("Cache-Control")) == (200, "no-store")
    sessions: list[dict[str, object]] = answer.json()["sessions"]
    return sessions


@asynccontextmanager
async def browser_of(house: House, subject: str) -> AsyncIterator[Browser]:
    """Open a browser in which `subject` is logged in."""
    house.provider.claims["sub"] = house.provider.userinfo["sub"] = subject
    async with house.browser() as browser:
        yield browser


class TestList:
    """What users see."""

    async def test_own_sessions(self, house: House) -> None:
        """Each with its browser, its address and its times, the latest first; the one that asks is marked."""
        async with house.browser() as old:
            await house.clock.advance(60)
            async with house.browser() as new:
                first, second = await listed(new)
                assert [session["current"] for session in await listed(old)] == [False, True]

        assert (first["current"], second["current"]) == (True, False)
        assert (
            first
            | {
                "provider": "main",
                "address": "127.0.0.1",
                "age": 0,
                "inactive_for": 0,
                "idle_expires_in": 900,
                "absolute_expires_in": 43200,
            }
            == first
        )
        assert "aiohttp" in str(first["client"])
        assert (second["age"], second["absolute_expires_in"]) == (60, 43140)

    async def test_nobody_elses(self, house: House) -> None:
        """Other users' sessions are not in the list."""
        async with browser_of(house, "bob"), browser_of(house, "carol") as carol:
            assert len(await listed(carol)) == 1

    async def test_no_session_ids(self, house: House) -> None:
        """A handle names a session; the id that opens it stands nowhere."""
        async with house.browser() as other, house.browser() as browser:
            answer = await browser.fetch("/hub/sessions")
            ids = [other.session_cookie() or "", browser.session_cookie() or ""]

        assert [session_id for session_id in ids if session_id in answer.text] == []

    async def test_nobody(self, house: House) -> None:
        """Without a session: 401, and where to log in."""
        answer = await house.fetch("/hub/sessions")

        assert (answer.status, answer.json()["login_url"]) == (401, "/hub/login")

    async def test_other_sites(self, house: House) -> None:
        """No other site learns where the user is logged in."""
        async with house.browser() as browser:
            cookie = f"{SESSION_COOKIE}={browser.session_cookie()}"
            answer = await house.fetch("/hub/sessions", Cookie=cookie, Sec_Fetch_Site="cross-site")

        assert answer.status == 403

    async def test_passive_look(self, house: House) -> None:
        """A page may watch the list without keeping the session alive."""
        async with house.browser() as browser:
            await house.clock.advance(600)
            await browser.fetch("/hub/sessions?passive=1")
            session = (await browser.fetch("/hub/session?passive=1")).json()

        assert session["idle_expires_in"] == 300


class TestEnd:
    """Ending one of one's own."""

    async def test_another_one(self, house: House) -> None:
        """It ends at once and its user is told why; the one that has ended it lives on."""
        async with house.browser() as lost, house.browser() as browser:
            handle = next(session["handle"] for session in await listed(browser) if not session["current"])
            answer = await browser.fetch(f"/hub/sessions/{handle}", method="DELETE")
            ended = await lost.fetch("/api/x")

            assert (answer.status, answer.body, answer.all("Set-Cookie")) == (204, b"", [])
            assert answer.all("Clear-Site-Data") == []
            assert (ended.status, ended.json()["reason"]) == (401, "elsewhere")
            assert len(await listed(browser)) == 1

    async def test_the_present_one(self, house: House) -> None:
        """It is a logout, without a visit to the provider: the cookies go too."""
        async with house.browser() as browser:
            cookie = f"{SESSION_COOKIE}={browser.session_cookie()}"
            (session,) = await listed(browser)
            answer = await browser.fetch(f"/hub/sessions/{session['handle']}", method="DELETE")

            assert (answer.status, len(answer.all("Set-Cookie"))) == (204, 2)
            assert answer.all("Clear-Site-Data") == ['"cache"']
            assert browser.session_cookie() is None
            assert (await house.fetch("/hub/session", Cookie=cookie)).json()["reason"] == "logout"

    async def test_not_ones_own(self, house: House) -> None:
        """Another user's session is left alone, and the answer is that for one that does not exist."""
        async with browser_of(house, "bob") as bob, browser_of(house, "carol") as carol:
            (session,) = await listed(bob)
            there = await carol.fetch(f"/hub/sessions/{session['handle']}", method="DELETE")
            nowhere = await carol.fetch(f"/hub/sessions/{'0' * 64}", method="DELETE")

            assert (there.status, there.json()) == (nowhere.status, nowhere.json())
            assert there.status == 404
            assert (await bob.fetch("/hub/session")).json()["authenticated"]

    @pytest.mark.parametrize("headers", [{}, {"X-XSRF-TOKEN": "0" * 64}, {"X-Hub-CSRF": "1", "Sec-Fetch-Site": "same-site"}])
    async def test_needs_proof(self, house: House, headers: dict[str, str]) -> None:
        """Another site ends no session."""
        async with house.browser() as browser:
            (session,) = await listed(browser)
            cookie = f"{SESSION_COOKIE}={browser.session_cookie()}"
            answer = await house.fetch(f"/hub/sessions/{session['handle']}", method="DELETE", Cookie=cookie, **headers)

            assert answer.status == 403
            assert len(await listed(browser)) == 1

    async def test_needs_a_recent_login(self, build_house: BuildHouse) -> None:
        """With session.manage_max_age_seconds an old login has to be renewed first; a renewed one may."""
        async with build_house(session=SessionSettings(manage_max_age_seconds=300.0)) as house:
            await house.services.providers.openid("main").metadata()
            async with house.browser() as lost, house.browser() as browser:
                await house.clock.advance(302)  # `auth_time` has whole seconds: one is in doubt
                (handle,) = [session["handle"] for session in await listed(browser) if not session["current"]]
                refused = await browser.fetch(f"/hub/sessions/{handle}", method="DELETE")
                assert (refused.status, refused.json()["type"]) == (401, "urn:hub:problem:step-up-required")
                assert refused.json()["login_url"] == "/hub/login?max_age=300"
                assert (await lost.fetch("/hub/session?passive=1")).json()["authenticated"]

                await browser.open("/hub/login")
                assert (await browser.fetch(f"/hub/sessions/{handle}", method="DELETE")).status == 204
                assert not (await lost.fetch("/hub/session?passive=1")).json()["authenticated"]


class TestIdentity:
    """A page that names its user is never taken for the next one."""

    @pytest.mark.parametrize(
        ("method", "path"),
        [("GET", "/api/x"), ("POST", "/api/x"), ("GET", "/hub/sessions"), ("POST", "/hub/logout"), ("DELETE", "/hub/sessions/")],
    )
    async def test_old_page(self, house: House, method: str, path: str) -> None:
        """What it asks is refused with a problem of its own, and nothing is done."""
        async with house.browser() as browser:
            identity = (await browser.fetch("/hub/session")).json()["identity"]
            own = await browser.fetch("/api/x", headers={"X-Hub-Identity": identity})
            house.provider.claims["sub"] = house.provider.userinfo["sub"] = "bob"
            await browser.open("/hub/login")
            (session,) = await listed(browser)
            full = path + (str(session["handle"]) if path.endswith("sessions/") else "")
            answer = await browser.fetch(full, method=method, headers={"X-Hub-Identity": identity})
            now = (await browser.fetch("/hub/session")).json()

        assert own.status == 200
        assert (answer.status, answer.json()["type"]) == (409, "urn:hub:problem:identity-changed")
        assert (now["authenticated"], now["subject"]) == (True, "bob")
        assert now["identity"] != identity

    async def test_session_of_the_former_user(self, house: House) -> None:
        """It has ended, and whoever still holds its cookie is told that another user has logged in."""
        async with house.browser() as browser:
            cookie = f"{SESSION_COOKIE}={browser.session_cookie()}"
            house.provider.claims["sub"] = house.provider.userinfo["sub"] = "bob"
            await browser.open("/hub/login")
            answer = await house.fetch("/hub/session", Cookie=cookie)

        assert answer.json()["reason"] == "other_user"

    async def test_logout_of_nobody(self, house: House) -> None:
        """Where nobody is logged in there is nobody to protect."""
        async with house.browser() as browser:
            identity = (await browser.fetch("/hub/session")).json()["identity"]
        answer = await house.fetch("/hub/logout", method="POST", X_Hub_CSRF="1", X_Hub_Identity=identity)

        assert (answer.status, len(answer.all("Set-Cookie"))) == (200, 2)

    async def test_same_user_logs_in_again(self, house: House) -> None:
        """The identity is the user's and not the session's: other tabs go on after a step-up."""
        async with house.browser() as browser:
            before = (await browser.fetch("/hub/session")).json()
            await browser.open("/hub/login")
            after = (await browser.fetch("/hub/session")).json()

        assert before["subject"] == SUBJECT
        assert before["identity"] == after["identity"]
