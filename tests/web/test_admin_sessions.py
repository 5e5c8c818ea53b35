"""`/sessions` of the admin listener: operators list and end sessions, and nobody else does."""

from collections.abc import AsyncIterator

import pytest

from hub.config.settings import AdminSettings
from hub.primitives.secret import Secret
from tests.parties.audit import Audit
from tests.web.conftest import BuildHouse, House

TOKEN = "the-operators-secret-of-48-characters-0123456789"
BEARER = f"Bearer {TOKEN}"


@pytest.fixture
async def guarded(build_house: BuildHouse) -> AsyncIterator[House]:
    """A house whose operators have a secret."""
    async with build_house(admin=AdminSettings(token=Secret(TOKEN))) as house:
        await house.services.providers.openid("main").metadata()
        yield house


async def test_list(guarded: House) -> None:
    """Everybody who is logged in, with what the operator has to know, and no token."""
    async with guarded.browser() as browser:
        answer = await guarded.ask("/sessions", admin=True, Authorization=BEARER)
        (session,) = answer.json()["sessions"]

        assert (answer.status, answer.header("Cache-Control"), answer.json()["more"]) == (200, "no-store", False)
        assert (session["subject"], session["issuer"], session["provider"]) == ("alice", guarded.provider.issuer, "main")
        assert (browser.session_cookie() or "") not in answer.text
        assert "of-the-hostile-provider" not in answer.text


@pytest.mark.parametrize(
    ("query", "count"), [("?subject=alice", 2), ("?subject=bob", 0), ("?provider=main&limit=1", 1), ("?provider=x", 0)]
)
async def test_criteria(guarded: House, query: str, count: int) -> None:
    """The query says which, and how many at most."""
    async with guarded.browser(), guarded.browser():
        answer = await guarded.ask(f"/sessions{query}", admin=True, Authorization=BEARER)

    assert len(answer.json()["sessions"]) == count
    assert answer.json()["more"] == (count == 1)


async def test_end_one(guarded: House) -> None:
    """The session ends at once, and its user is told by whom."""
    async with guarded.browser() as browser, guarded.browser() as other:
        listed = (await guarded.ask("/sessions", admin=True, Authorization=BEARER)).json()["sessions"]
        own = next(each["handle"] for each in (await other.fetch("/hub/sessions")).json()["sessions"] if not each["current"])
        answer = await guarded.ask(f"/sessions/{own[:12]}", method="DELETE", admin=True, Authorization=BEARER)

        assert own in [session["handle"] for session in listed]
        assert (answer.status, answer.body) == (204, b"")
        assert (await browser.fetch("/api/x")).json()["reason"] == "operator"
        assert (await other.fetch("/api/x")).status == 200


async def test_end_all_of_a_user(guarded: House) -> None:
    """All sessions of one user end."""
    async with guarded.browser() as browser, guarded.browser():
        query = f"?issuer={guarded.provider.issuer}&subject=alice"
        answer = await guarded.ask(f"/sessions{query}", method="DELETE", admin=True, Authorization=BEARER)

        assert (answer.status, answer.json()) == (200, {"ended": 2})
        assert not (await browser.fetch("/hub/session")).json()["authenticated"]


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("DELETE", "/sessions", 400),
        ("DELETE", "/sessions?issuer=https://x.example", 400),
        ("GET", "/sessions?limit=0", 400),
        ("GET", "/sessions?limit=-1", 400),
        ("GET", "/sessions?limit=99999999999999999999", 400),
        ("GET", "/sessions?limit=x", 400),
        ("DELETE", f"/sessions/{'0' * 64}", 404),
        ("DELETE", "/sessions/012", 400),
        ("POST", "/sessions", 405),
    ],
)
async def test_mistakes(guarded: House, method: str, target: str, status: int) -> None:
    """Who forgets to say whose sessions are to end, ends none; every error is a problem document."""
    async with guarded.browser() as browser:
        answer = await guarded.ask(target, method=method, admin=True, Authorization=BEARER)

        assert (answer.status, answer.header("Content-Type")) == (status, "application/problem+json")
        assert (await browser.fetch("/hub/session")).json()["authenticated"]


@pytest.mark.parametrize(
    "shown", ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", "Bearer \xe9"]
)
@pytest.mark.parametrize(("method", "target"), [("GET", "/sessions"), ("DELETE", "/sessions?subject=alice")])
async def test_without_the_secret(guarded: House, caplog: pytest.LogCaptureFixture, shown: str, method: str, target: str) -> None:
    """Without it, or with another one, nothing is told and nothing is ended; being refused is audited."""
    headers = {"Authorization": shown} if shown else {}
    async with guarded.browser() as browser:
        caplog.clear()
        answer = await guarded.ask(target, method=method, admin=True, **headers)

        refused = {"event": "audit.operator_refused", "outcome": "failure", "door": "http", "address": "127.0.0.1"}
        assert Audit(caplog).take() == [refused]
        assert (answer.status, answer.header("WWW-Authenticate")) == (401, 'Bearer realm="hub admin"')
        assert "alice" not in answer.text
        assert (await browser.fetch("/hub/session")).json()["authenticated"]


@pytest.mark.parametrize("shown", [{}, {"Authorization": "Bearer "}, {"Authorization": BEARER}])
async def test_off_without_a_secret(house: House, shown: dict[str, str]) -> None:
    """Unless the settings name a secret nobody is served, and told how to change that; health needs none."""
    async with house.browser():
        answer = await house.ask("/sessions", admin=True, **shown)

    assert answer.status == 404
    assert "admin.token_file" in answer.json()["detail"]
    assert (await house.ask("/healthz", admin=True)).status == 200


async def test_not_in_public(guarded: House) -> None:
    """The public listener serves none of this, secret or not."""
    answer = await guarded.fetch("/sessions", Authorization=BEARER)

    assert answer.status == 404
