"""The main story against the stand-in: log in, call the API both ways, outlive the token, log out."""

import asyncio
from typing import Literal

import pytest

from iris_standin import Options
from tests.parties.browser import SESSION_COOKIE, Browser
from tests.parties.channel import Channel, ChannelClosedError
from tests.scenarios.conftest import Clinic, StartClinic
from tests.waiting import soon


async def test_anonymous(clinic: Clinic) -> None:
    """Without a session the API answers 401 as a problem, never a redirect; the session endpoint says 200 and how to log in."""
    async with clinic.browser() as browser:
        session = await browser.fetch("/hub/session")
        call = await browser.fetch("/api/patients", headers={"X-Hub-CSRF": "1"})
        by_person = await browser.open("/api/patients")
        public = await browser.fetch("/public", headers={"X-Hub-CSRF": "1"})

    assert (session.status, session.json()) == (200, {"authenticated": False, "login_url": "/hub/login"})
    assert (call.status, call.header("Content-Type")) == (401, "application/problem+json")
    assert call.json()["login_url"] == "/hub/login"
    assert (by_person.status, by_person.header("Content-Type")) == (403, "application/problem+json")
    assert public.status == 200


@pytest.mark.each_listener
@pytest.mark.parametrize("profile", ["2023.1", "2026.1"])
async def test_log_in_call_both_ways_log_out(start_clinic: StartClinic, profile: Literal["2023.1", "2026.1"]) -> None:
    """A person logs in with a deep link, calls the API over HTTP and the channel, and logs out at the provider too."""
    async with start_clinic(Options(profile=profile)) as clinic, clinic.browser() as browser:
        landed = await clinic.log_in(browser, return_to="/patients%3Fpage=2%23top")
        assert landed.url == clinic.hub.url + "/patients?page=2"
        session = (await browser.fetch("/hub/session")).json()
        assert session["authenticated"]
        assert (session["subject"], session["claims"]["preferred_username"]) == ("alice", "alice")
        assert 890 < session["idle_expires_in"] <= 900
        assert 43190 < session["absolute_expires_in"] <= 43200
        assert 3590 < session["token_expires_in"] <= 3600

        over_http = await browser.fetch("/api/echo?x=1", headers={"X-Request-ID": "a"})
        assert over_http.status == 200
        channel = await Channel.open(browser)
        over_channel = await channel.request("GET", "/api/echo?x=1", headers={"x-request-id": "a"})
        assert over_channel.status == 200
        assert over_http.json()["subject"] == over_channel.body["subject"] == "alice"
        assert over_http.json()["query"] == over_channel.body["query"]

        out = await browser.fetch("/hub/logout", method="POST")
        assert out.json() == {"redirect_to": clinic.hub.url + "/"}
        assert browser.session_cookie() is None
        closed = await soon(channel.closed)
        assert (closed.code, (await channel.events.get())["data"]["reason"]) == (4401, "logout")
        assert (await browser.fetch("/api/echo", headers={"X-Hub-CSRF": "1"})).status == 401

        # The provider has ended its session too: the next login asks for the password again.
        page = await browser.open("/hub/login")
        assert "Password" in page.text


async def test_unnoticed_refresh(start_clinic: StartClinic) -> None:
    """A user keeps working past the access token's end; each token is refreshed once, over both doors."""
    async with start_clinic(Options(access_token_seconds=2)) as clinic, clinic.browser("alice") as browser:
        channel = await Channel.open(browser)
        refreshed = 0
        while refreshed < 3:
            answers = await asyncio.gather(
                *(browser.fetch("/api/echo") for _ in range(3)), *(channel.request("GET", "/api/echo") for _ in range(3))
            )
            assert {answer.status for answer in answers} == {200}
            refreshed += sum(1 for _ in range(channel.events.qsize()) if channel.events.get_nowait()["name"] == "refreshed")

        assert clinic.token_requests("refresh_token") == refreshed
        await channel.close()


async def test_dead_refresh_token_ends_the_session(start_clinic: StartClinic) -> None:
    """When the provider has ended the login, the user is told so, once and clearly, over both doors."""
    async with start_clinic(Options(access_token_seconds=2)) as clinic, clinic.browser("alice") as browser:
        channel = await Channel.open(browser)
        clinic.standin.end_sessions("alice")
        closed: ChannelClosedError = await soon(channel.closed)
        call = await browser.fetch("/api/echo")
        session = (await browser.fetch("/hub/session")).json()

    assert closed.code == 4401
    assert (call.status, call.json()["type"], call.json()["reason"]) == (401, "urn:hub:problem:session-ended", "refused")
    assert (session["authenticated"], session["reason"]) == (False, "refused")


async def test_several_tabs_log_in_at_once(clinic: Clinic) -> None:
    """Two tabs begin to log in before either ends; both end logged in, each where it wanted to go."""
    async with clinic.browser() as browser:
        first = await browser.open("/hub/login?return_to=/first")
        second = await browser.open("/hub/login?return_to=/second")
        pages = []
        for page in (first, second):
            page = await browser.submit(page, {"Username": "alice", "Password": "alice-demo"}, button="Login")
            if 'name="Accept"' in page.text:
                page = await browser.submit(page, {}, button="Accept")
            pages.append(page)

        assert [page.url for page in pages] == [clinic.hub.url + "/first", clinic.hub.url + "/second"]
        assert (await browser.fetch("/hub/session")).json()["authenticated"]


async def test_callback_loaded_again(clinic: Clinic) -> None:
    """Rule: a used state with a living session just goes on; without one the login begins anew once, then a page explains."""
    async with clinic.browser() as browser, Browser(clinic.hub.url) as stranger:
        await clinic.log_in(browser, return_to="/first")
        callback = next(url for url, _ in browser.record if "/hub/callback" in url)
        again = await browser.open(callback)
        assert again.url == clinic.hub.url + "/first"

        elsewhere = await stranger.open(callback)
        assert elsewhere.status == 400
        assert "Log in again" in elsewhere.text
        assert (await stranger.fetch("/hub/session")).json()["authenticated"] is False

        await browser.fetch("/hub/logout", method="POST")
        await browser.open("/hub/login")  # the browser holds a pre-login cookie now
        restarted = await browser.open(callback)
        assert "Password" in restarted.text
        refused = await browser.open(callback)
        assert refused.status == 400


async def test_user_cancels(clinic: Clinic) -> None:
    """Who cancels at the provider lands on a page that says so, and is not sent round in circles."""
    async with clinic.browser() as browser:
        page = await browser.open("/hub/login")
        page = await browser.submit(page, {}, button="Cancel")

    assert page.status == 400
    assert page.url.startswith(clinic.hub.url + "/hub/callback")
    assert 'href="/hub/login"' in page.text


async def test_login_replaces_the_session(clinic: Clinic) -> None:
    """ASVS 7.2.4: a new login has a new id, and the old one is dead."""
    async with clinic.browser("alice") as browser:
        old = browser.session_cookie()
        await clinic.log_in(browser)
        new = browser.session_cookie()
        stale = await browser.fetch("/api/echo", headers={"Cookie": f"{SESSION_COOKIE}={old}", "X-Hub-CSRF": "1"})

        assert old != new
        assert (await browser.fetch("/api/echo")).status == 200
    assert stale.status in (401, 403)
