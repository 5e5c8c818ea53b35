"""A person who tries to log in, and what came of it."""

from dataclasses import dataclass
from typing import Any

from tests.parties.browser import Answer, Browser
from tests.web.conftest import House

EXPIRY_SECONDS = 300  # of the access tokens that the provider issues


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a login led to.

    Attributes:
        page: The page on which the person ended.
        session: What `GET /hub/session` tells the page.
        api_status: Status of an API call afterwards.
        session_cookie: Whether the browser holds a session cookie.
    """

    page: Answer
    session: dict[str, Any]
    api_status: int
    session_cookie: bool


async def look(browser: Browser, page: Answer) -> Outcome:
    """Return how things stand for this browser, which has `page` before it."""
    session = (await browser.fetch("/hub/session")).json()
    api = await browser.fetch("/api/patients", headers={"X-Hub-CSRF": "1"})
    return Outcome(page, session, api.status, browser.session_cookie() is not None)


async def log_in(house: House, path: str = "/hub/login") -> Outcome:
    """Log in with a fresh browser, and look what came of it."""
    async with house.browser(logged_in=False) as browser:
        return await look(browser, await browser.open(path))


async def require_login(house: House) -> Outcome:
    """Assert that a person who logs in now is logged in, sees the application, and can use the API."""
    outcome = await log_in(house)

    assert (outcome.page.status, "<title>App</title>" in outcome.page.text) == (200, True)
    assert (outcome.session["authenticated"], outcome.api_status, outcome.session_cookie) == (True, 200, True)
    return outcome


async def require_refusal(house: House, status: int = 502) -> Outcome:
    """Assert that a person who tries to log in now sees a page that says what is wrong, and has no session at all."""
    outcome = await log_in(house)

    assert (outcome.page.status, outcome.page.header("Content-Type")) == (status, "text/html; charset=utf-8")
    assert f'<p class="code">{status} urn:' in outcome.page.text
    assert (outcome.session["authenticated"], outcome.api_status, outcome.session_cookie) == (False, 401, False)
    return outcome
