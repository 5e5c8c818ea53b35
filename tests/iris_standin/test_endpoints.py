"""Userinfo, introspection, revocation and logout."""

import re

import pytest

from iris_standin import Standin
from tests.iris_standin.browser import AFTER_LOGOUT, Browser
from tests.iris_standin.test_token import claims
from tests.parties.clock import ManualClock


async def userinfo(browser: Browser, token: str) -> tuple[int, dict[str, object]]:
    """Ask userinfo."""
    return await browser.json(f"{browser.standin.issuer}/userinfo", token)


class TestUserinfo:
    async def test_claims_follow_the_scopes(self, browser: Browser) -> None:
        """`sub` always, the rest by scope."""
        token = (await browser.tokens(scope="openid email"))["access_token"]

        assert await userinfo(browser, token) == (
            200,
            {"sub": "alice", "email": "alice@clinic.example", "email_verified": True},
        )

    async def test_users_without_data_are_a_subject_only(self, browser: Browser) -> None:
        """As the built-in accounts of IRIS."""
        token = (await browser.tokens(username="_SYSTEM", password="SYS"))["access_token"]

        assert (await userinfo(browser, token))[1] == {"sub": "_SYSTEM"}

    async def test_a_replaced_token_is_unknown(self, browser: Browser) -> None:
        """After a refresh the old JWT, still valid by signature, is refused with a Bearer challenge."""
        members = await browser.tokens()
        await browser.refresh(members["refresh_token"])
        headers = {"Authorization": f"Bearer {members['access_token']}"}
        async with browser.http.get(f"{browser.standin.issuer}/userinfo", headers=headers) as response:
            assert (response.status, response.headers["WWW-Authenticate"].startswith("Bearer")) == (401, True)


class TestIntrospection:
    async def test_an_active_token(self, browser: Browser) -> None:
        """The claims of IRIS."""
        members = await browser.tokens()
        _, found = await browser.form_with_basic("/introspection", {"token": members["access_token"]})

        assert {
            "active": True,
            "username": "alice",
            "client_id": "hub",
            "token_type": "bearer",
        }.items() <= found.items()

    async def test_refresh_tokens_are_known_too(self, browser: Browser, clock: ManualClock) -> None:
        """With their own expiry."""
        members = await browser.tokens()
        _, found = await browser.form_with_basic("/introspection", {"token": members["refresh_token"]})

        assert (True, clock.now() + 86400) == (found["active"], found["exp"])

    async def test_expired_and_unknown_tokens_are_inactive(self, browser: Browser, clock: ManualClock) -> None:
        """Nothing else is told."""
        members = await browser.tokens()
        await clock.advance(3600)

        for token in (members["access_token"], "unknown"):
            assert (await browser.form_with_basic("/introspection", {"token": token}))[1] == {"active": False}

    async def test_public_clients_may_not_ask(self, browser: Browser) -> None:
        """401 invalid_client."""
        assert (await browser.post("/introspection", {"token": "x", "client_id": "spa"}))[0] == 401


class TestRevocation:
    @pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
    async def test_the_whole_row_is_deleted(self, browser: Browser, kind: str) -> None:
        """Either token ends both."""
        members = await browser.tokens()
        status, _ = await browser.form_with_basic("/revocation", {"token": members[kind]})

        assert status == 200
        assert (await userinfo(browser, members["access_token"]))[0] == 401
        assert (await browser.refresh(members["refresh_token"]))[0] == 400

    async def test_unknown_tokens_are_no_error(self, browser: Browser) -> None:
        """RFC 7009 section 2.2."""
        assert (await browser.form_with_basic("/revocation", {"token": "x"}))[0] == 200

    async def test_another_clients_token_stays(self, browser: Browser) -> None:
        """It is refused and nothing is deleted."""
        members = await browser.tokens()
        status, _ = await browser.form_with_basic("/revocation", {"token": members["access_token"]}, client_id="other")

        assert (status, (await userinfo(browser, members["access_token"]))[0]) == (400, 200)


class TestLogout:
    async def test_session_and_all_tokens_of_the_group_end(self, browser: Browser) -> None:
        """The clients of the session are told in frames, then the browser moves on; no token of the session lives."""
        members = await browser.tokens()
        await browser.tokens_of_other()
        sid = claims(members["id_token"])["sid"]
        status, _, page = await browser.get(
            "/logout", id_token_hint=members["id_token"], post_logout_redirect_uri=AFTER_LOGOUT, state="bye"
        )

        frames = re.findall(r'<iframe src="([^"]+)"', page)
        assert status == 200
        assert [frame.split("?")[0] for frame in frames] == [
            "http://localhost:8080/hub/frontchannel",
            "http://localhost:8090/logout",
        ]
        assert all(f"sid={sid}&amp;IRISLogout=end" in frame and "iss=http" in frame for frame in frames)
        assert f'url={AFTER_LOGOUT}?state=bye"' in page
        assert (await browser.refresh(members["refresh_token"]))[1]["error"] == "invalid_grant"
        _, location, _ = await browser.get("/authorize", **browser.request_parameters())
        assert "stage=login" in location

    async def test_only_the_latest_id_token_is_known(self, browser: Browser) -> None:
        """After a refresh the first ID token is not found, the second is."""
        before = await browser.tokens()
        browser.standin.change(clock_skew_seconds=1.0)
        _, after = await browser.refresh(before["refresh_token"])
        old, _, text = await browser.get("/logout", id_token_hint=before["id_token"])
        new, _, _ = await browser.get("/logout", id_token_hint=after["id_token"])

        assert (old, '"ID Token not found"' in text and "invalid_request" in text, new) == (400, True, 200)

    async def test_revoking_first_makes_logout_impossible(self, browser: Browser) -> None:
        """The order matters: after a revocation the ID token is not found and the browser stays logged in."""
        members = await browser.tokens()
        await browser.form_with_basic("/revocation", {"token": members["refresh_token"]})

        assert (await browser.get("/logout", id_token_hint=members["id_token"]))[0] == 400
        assert "code" in await browser.log_in(prompt="none")

    async def test_an_unregistered_address_is_refused(self, browser: Browser) -> None:
        """And nothing has ended."""
        members = await browser.tokens()
        status, _, _ = await browser.get(
            "/logout", id_token_hint=members["id_token"], post_logout_redirect_uri="http://evil.example/"
        )

        assert (status, (await browser.refresh(members["refresh_token"]))[0]) == (400, 200)

    async def test_the_bug_leaves_everything_alive(self, standin: Standin, browser: Browser) -> None:
        """DP-432190: the page comes but the session survives."""
        standin.change(logout_bug_dp432190=True)
        members = await browser.tokens()

        assert (await browser.get("/logout", id_token_hint=members["id_token"]))[0] == 200
        assert (await browser.refresh(members["refresh_token"]))[0] == 200
