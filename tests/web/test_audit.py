"""What the audit says of logins, of the ends of sessions, and of what was refused at the doors (OWASP ASVS 16.3)."""

from typing import Any
from urllib.parse import urlencode

import pytest

from hub.config.settings import SessionSettings
from tests.parties.audit import Audit
from tests.parties.browser import SESSION_COOKIE
from tests.web.conftest import BuildHouse, House


@pytest.fixture
def audit(caplog: pytest.LogCaptureFixture) -> Audit:
    """Reads the audit."""
    return Audit(caplog)


async def test_life_of_a_session(house: House, audit: Audit) -> None:
    """Who logged in, again as after a step-up, and out: each with user, session and address."""
    async with house.browser() as browser:
        (login,) = audit.take()
        await browser.open("/hub/login")
        again, replaced = audit.take()
        await browser.fetch("/hub/logout", method="POST")
        (logout,) = audit.take()

    who = {"subject": "alice", "issuer": house.provider.issuer, "address": "127.0.0.1", "outcome": "success"}
    first, second = login["session_ref"], again["session_ref"]
    assert login == {**who, "event": "audit.login_succeeded", "provider": "main", "session_ref": first}
    assert again == {**who, "event": "audit.login_succeeded", "provider": "main", "session_ref": second, "replaces": first}
    ended = {**who, "event": "audit.session_ended", "by": "user"}
    assert replaced == {**ended, "reason": "replaced", "session_ref": first}
    assert logout == {**ended, "reason": "logout", "session_ref": second}


@pytest.mark.parametrize("changes", [{}, {"aud": "somebody else"}])
async def test_back_channel(house: House, audit: Audit, changes: dict[str, str]) -> None:
    """A logout token ends a session in the provider's name; one that is not valid, or comes again, is noted as refused."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with house.browser() as browser:
        (login,) = audit.take()
        body = urlencode({"logout_token": house.provider.logout_token(**changes)}).encode()
        await browser.fetch("/hub/backchannel-logout", method="POST", body=body, headers=form)
        first = audit.take()
        await browser.fetch("/hub/backchannel-logout", method="POST", body=body, headers=form)
        (again,) = audit.take()

    ended = {"event": "audit.session_ended", "by": "provider", "reason": "provider", "outcome": "success"}
    who = {"subject": "alice", "issuer": house.provider.issuer, "session_ref": login["session_ref"]}
    refused = {"event": "audit.logout_refused", "outcome": "failure", "provider": "main", "address": "127.0.0.1"}
    assert again == {**refused, "reason": again["reason"]}
    assert first == ([again] if changes else [{**ended, **who}])


async def test_end_by_time(house: House, audit: Audit) -> None:
    """Nobody ended it but the clock."""
    async with house.browser() as browser:
        audit.take()
        await house.clock.advance(901)
        await browser.fetch("/hub/session")
        (ended,) = audit.take()

    assert (ended["reason"], ended["by"], "address" in ended) == ("idle", "hub", False)


@pytest.mark.expects_log
@pytest.mark.parametrize(
    ("lever", "reason"), [({"nonce": "other"}, "provider-misbehaved"), ({"sub": None}, "provider-misbehaved")]
)
async def test_login_with_a_bad_answer_of_the_provider(house: House, audit: Audit, lever: dict[str, Any], reason: str) -> None:
    """A login that cannot be accepted is noted as failed."""
    house.provider.claims.update(lever)
    async with house.browser():
        (failed,) = audit.take()

    assert failed == {
        "event": "audit.login_failed",
        "outcome": "failure",
        "reason": reason,
        "provider": "main",
        "address": "127.0.0.1",
    }


async def test_login_that_was_refused(house: House, audit: Audit) -> None:
    """The provider's refusal comes back with its code: noted as failed."""
    house.provider.authorization_response.update(error="access_denied", code=None)
    async with house.browser():
        (failed,) = audit.take()

    assert (failed["event"], failed["reason"]) == ("audit.login_failed", "login-failed")


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "request-refused"),
        ({"X_Hub_CSRF": "1", "Sec_Fetch_Site": "cross-site"}, "request-refused"),
        ({"X_Hub_CSRF": "1", "X_Hub_Identity": "somebody"}, "identity-changed"),
    ],
)
async def test_refused_request(house: House, audit: Audit, headers: dict[str, str], reason: str) -> None:
    """What came without proof, or from the page of another user, is noted with path and session, and without the query."""
    async with house.browser() as browser:
        (login,) = audit.take()
        cookie = f"{SESSION_COOKIE}={browser.session_cookie()}"
        await house.fetch("/api/x?secret=1", Cookie=cookie, **headers)
        (refused,) = audit.take()

    assert refused == {
        "event": "audit.request_refused",
        "outcome": "failure",
        "reason": reason,
        "method": "GET",
        "path": "/api/x",
        "address": "127.0.0.1",
        "session_ref": login["session_ref"],
    }


async def test_login_that_is_too_old(build_house: BuildHouse, audit: Audit) -> None:
    """ASVS 7.5.2: who wants to end sessions with an old login is asked to log in again, and that is noted."""
    async with build_house(session=SessionSettings(manage_max_age_seconds=300.0)) as house, house.browser() as browser:
        (login,) = audit.take()
        await house.clock.advance(302)  # `auth_time` has whole seconds: one is in doubt
        answer = await browser.fetch(f"/hub/sessions/{'0' * 64}", method="DELETE")
        (refused,) = audit.take()

    assert (answer.status, refused["reason"]) == (401, "step-up-required")
    assert (refused["event"], refused["session_ref"]) == ("audit.request_refused", login["session_ref"])


async def test_refused_channel(house: House, audit: Audit) -> None:
    """A page of another origin that tries to open a channel is noted."""
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13", "Sec_WebSocket_Key": "eA=="}
    await house.fetch("/hub/channel", Origin="https://evil.example", **upgrade)
    (refused,) = audit.take()

    assert (refused["event"], refused["reason"], refused["path"]) == ("audit.request_refused", "origin", "/hub/channel")


async def test_ordinary_traffic_is_not_noted(house: House, audit: Audit) -> None:
    """Calls, and calls without a session, are no security events."""
    async with house.browser() as browser:
        audit.take()
        await browser.fetch("/api/x")
        await browser.fetch("/hub/session")
        await house.fetch("/api/x", X_Hub_CSRF="1")

        assert audit.take() == []
