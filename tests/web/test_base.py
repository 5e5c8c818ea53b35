"""What every answer has in common: security headers, and errors as problems or pages."""

import asyncio

import pytest

from hub.errors import ProviderUnavailable
from hub.web.base import PAGE_POLICY
from tests.parties.browser import Answer
from tests.web.conftest import BuildHouse, House

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def every_kind(house: House) -> dict[str, Answer]:
    """Return one answer of each kind that the public listener gives."""
    etag = (await house.fetch("/about.html")).header("ETag") or ""
    return {
        "page of the application": await house.navigate("/"),
        "file": await house.fetch("/main-4KPJ2Q7A.js"),
        "unchanged file": await house.fetch("/about.html", If_None_Match=etag),
        "missing file": await house.fetch("/missing.js"),
        "page of ours": await house.navigate("/hub/callback"),
        "style sheet of ours": await house.fetch("/hub/assets/page.css"),
        "redirect": await house.navigate("/hub/login"),
        "session": await house.fetch("/hub/session"),
        "refused": await house.fetch("/hub/logout", method="POST"),
        "wrong method": await house.fetch("/hub/session", method="POST"),
        "unknown method": await house.fetch("/hub/session", method="BREW"),
        "unknown address": await house.fetch("/hub/nothing"),
        "api": await house.fetch("/open/x", X_Hub_CSRF="1"),
        "api without session": await house.fetch("/api/x", X_Hub_CSRF="1"),
        "api wrong method": await house.fetch("/open/x", method="PROPFIND", X_Hub_CSRF="1"),
    }


async def test_security_headers(house: House) -> None:
    """Every kind of answer carries them once each, and none says which server it comes from."""
    for kind, answer in (await every_kind(house)).items():
        for name, value in SECURITY_HEADERS.items():
            assert answer.all(name) == [value], kind
        assert len(answer.all("Referrer-Policy")) == 1, kind
        assert answer.all("Server") == [], kind
        assert answer.all("Strict-Transport-Security") == [], kind


async def test_https_only_from_then_on(build_house: BuildHouse) -> None:
    """RFC 6797: behind https every answer tells browsers to come back over https only."""
    async with build_house(public_url="https://clinic.example") as house:
        await house.services.providers.openid("main").metadata()
        for kind, answer in (await every_kind(house)).items():
            assert answer.all("Strict-Transport-Security") == ["max-age=31536000"], kind


async def test_statuses(house: House) -> None:
    """Each kind of answer has the status that it should."""
    statuses = {kind: answer.status for kind, answer in (await every_kind(house)).items()}

    assert statuses == {
        "page of the application": 200,
        "file": 200,
        "unchanged file": 304,
        "missing file": 404,
        "page of ours": 400,
        "style sheet of ours": 200,
        "redirect": 302,
        "session": 200,
        "refused": 403,
        "wrong method": 405,
        "unknown method": 501,
        "unknown address": 404,
        "api": 200,
        "api without session": 401,
        "api wrong method": 405,
    }


@pytest.mark.parametrize(("path", "allow"), [("/hub/session", "GET"), ("/hub/logout", "POST"), ("/hub/login", "GET")])
async def test_allowed_methods(house: House, path: str, allow: str) -> None:
    """RFC 9110 section 15.5.6: an answer 405 says which methods there are."""
    answer = await house.fetch(path, method="PUT")

    assert (answer.status, answer.header("Allow")) == (405, allow)
    assert answer.json()["type"] == "urn:hub:problem:method-not-allowed"


@pytest.mark.parametrize(
    ("headers", "is_page"),
    [
        ({"Sec-Fetch-Mode": "navigate", "Accept": "text/html"}, True),
        ({"Sec-Fetch-Mode": "navigate", "Accept": "*/*"}, True),
        ({"Sec-Fetch-Mode": "cors", "Accept": "text/html"}, False),
        ({"Sec-Fetch-Mode": "no-cors", "Accept": "image/*"}, False),
        ({"Accept": "text/html,application/xhtml+xml"}, True),
        ({"Accept": "application/json"}, False),
        ({}, False),
    ],
)
async def test_page_or_problem(house: House, headers: dict[str, str], is_page: bool) -> None:
    """A person sees a page, a program reads a problem; both say the same."""
    answer = await house.ask("/hub/nothing", **headers)

    assert answer.status == 404
    assert answer.header("Cache-Control") == "no-store"
    if is_page:
        assert answer.header("Content-Type") == "text/html; charset=utf-8"
        assert answer.header("Content-Security-Policy") == PAGE_POLICY
        assert answer.header("Referrer-Policy") == "no-referrer"
        assert "There is nothing here" in answer.text
    else:
        assert answer.header("Content-Type") == "application/problem+json"
        assert answer.json() == {"type": "urn:hub:problem:not-found", "title": "There is nothing here", "status": 404}


async def test_api_never_shows_a_page(house: House) -> None:
    """Under an API path an error is a problem for everybody, and nobody is redirected."""
    for answer in (await house.navigate("/api/x"), await house.navigate("/api/x", X_Hub_CSRF="1")):
        assert answer.status in (401, 403)
        assert answer.header("Content-Type") == "application/problem+json"


@pytest.mark.expects_log
async def test_crash(house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """What nobody foresaw is logged with its trace, and shown without."""

    async def crash(*_: object, **__: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(house.services.sessions, "confirmed", crash)
    for answer in (await house.fetch("/hub/session"), await house.navigate("/hub/session")):
        assert answer.status == 500
        assert "The hub failed" in answer.text
        assert not {"secret", "Traceback", "RuntimeError", "File "} & set(answer.text.split())
        assert "a secret detail" not in answer.text
    assert "request.crashed" in caplog.text
    assert "a secret detail" in caplog.text


@pytest.mark.expects_log
async def test_retry_after(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 9110 section 10.2.3: whole seconds, rounded up, so that nobody comes back too early."""

    async def fail(*_: object, **__: object) -> None:
        raise ProviderUnavailable("It is down.", retry_after_seconds=1.2)

    monkeypatch.setattr(house.services.sessions, "confirmed", fail)
    page, problem = await house.navigate("/hub/session"), await house.fetch("/hub/session")

    assert page.header("Retry-After") == problem.header("Retry-After") == "2"
    assert "passes by itself" in page.text


async def test_nothing_in_pages_is_markup(house: House) -> None:
    """What comes from the request is escaped wherever a page repeats it."""
    answer = await house.navigate("/hub/callback?error=access_denied&error_description=<script>alert(1)</script>&state=x")

    assert answer.status == 400
    assert "<script" not in answer.text


async def test_requests_under_way(house: House) -> None:
    """A request is counted while it lasts: the hub finishes it before it stops."""
    held = house.provider.hold("/token")
    async with house.browser(logged_in=False) as browser:
        login = asyncio.create_task(browser.open("/hub/login"))
        await house.provider.asked("/token")
        assert len(house.services.exchanges) == 1
        held.set()
        await login

    assert house.services.exchanges == set()
