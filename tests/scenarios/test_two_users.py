"""Two users in two tabs of one browser: what the first user's tab still asks never runs as the second one."""

import pytest

from hub.session.model import identity_of
from tests.parties.browser import Browser
from tests.parties.channel import Channel, ChannelClosedError
from tests.scenarios.conftest import Clinic
from tests.waiting import soon


async def change_user(clinic: Clinic, browser: Browser) -> None:
    """Bob logs in in another tab; the provider no longer knows the browser as Alice's."""
    for host in [host for host in browser.cookies if host != clinic.hub.url.partition("//")[2]]:
        del browser.cookies[host]
    await clinic.log_in(browser, "bob")
    assert (await browser.fetch("/hub/session")).json()["subject"] == "bob"


async def test_old_tab_never_acts_as_the_new_user(clinic: Clinic) -> None:
    """Its HTTP calls fail typed, its channel ends with the reason, it gets no new one, and the API sees none of its calls."""
    async with clinic.browser("alice") as browser:
        identity = (await browser.fetch("/hub/session")).json()["identity"]
        old_tab = await Channel.open(browser, hello={"identity": identity})
        assert (await old_tab.ready)["session"]["identity"] == identity
        assert (await old_tab.request("GET", "/api/echo")).body["subject"] == "alice"

        await change_user(clinic, browser)
        closed = await soon(old_tab.closed)
        clinic.standin.journal.clear()
        by_http = await browser.fetch("/api/echo?old-tab", method="POST", headers={"X-Hub-Identity": identity}, body=b"x")
        with pytest.raises(ChannelClosedError) as refused:
            await Channel.open(browser, hello={"identity": identity})

        assert (closed.code, (await old_tab.events.get())["data"]["reason"]) == (4401, "other_user")
        assert (by_http.status, by_http.json()["type"]) == (409, "urn:hub:problem:identity-changed")
        assert refused.value.code == 4409
        assert clinic.standin.journal.entries("clinic") == []

        new_identity = (await browser.fetch("/hub/session")).json()["identity"]
        assert new_identity == identity_of(clinic.standin.issuer, "bob")
        answer = await browser.fetch("/api/echo", headers={"X-Hub-Identity": new_identity})
        assert (answer.status, answer.json()["subject"]) == (200, "bob")
        assert "x-hub-identity" not in {name.lower() for name, _ in answer.json()["headers"]}
