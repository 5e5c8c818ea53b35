"""The hub's own login form, in front of the stand-in's native JWT application."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from tornado.netutil import bind_sockets

from hub.application import build_front
from hub.config.settings import ProviderSettings, RouteSettings, ServerSettings, SessionSettings, Settings, StaticSettings
from hub.primitives.clock import SystemClock
from hub.services import Services
from hub.session.keyring import Keyring
from iris_standin import Standin
from tests.parties.audit import Audit
from tests.parties.browser import LOGIN_COOKIE, SESSION_COOKIE, Answer, Browser
from tests.parties.clock import ManualClock
from tests.parties.listeners import chosen_listener

FORM = "/hub/login/main"


@dataclass
class Native:
    """A hub in the test's process, and the stand-in."""

    services: Services
    standin: Standin
    clock: ManualClock
    port: int

    @property
    def url(self) -> str:
        """Where browsers reach the hub."""
        return f"http://localhost:{self.port}"

    def asked(self) -> int:
        """Count the logins that were tried at IRIS."""
        return sum(entry.grant_type == "login" for entry in self.standin.journal.entries("native"))

    async def post(self, fields: Mapping[str, str], **headers: str) -> Answer:
        """Send the form as it stands; `_` in the names of headers is `-`."""
        sent = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin", "Origin": self.url}
        sent |= {"Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with Browser(self.url) as browser:
            return await browser.fetch(FORM, method="POST", headers=sent, body=urlencode(fields).encode())


@pytest.fixture
async def native(redis_url: str, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Native]:
    """A hub whose main provider is the native application."""
    async with running(redis_url, clock, tmp_path) as built:
        yield built


class running:
    """Start and stop the parties."""

    def __init__(self, redis_url: str, clock: ManualClock, root: Path, **provider: Any) -> None:
        self.redis_url, self.clock, self.root, self.provider = redis_url, clock, root, provider

    async def __aenter__(self) -> Native:
        sockets = bind_sockets(0, "127.0.0.1")
        port = sockets[0].getsockname()[1]
        self.standin = Standin(now=self.clock.now)
        await self.standin.start()
        settings = Settings(
            server=ServerSettings(public_url=f"http://localhost:{port}"),
            provider=ProviderSettings(kind="iris_native", issuer=self.standin.native_url, **self.provider),
            routes=[RouteSettings(prefix="/api", target="https://api.example")],
            session=SessionSettings(),
            static=StaticSettings(root=str(self.root)),
        )
        self.services = Services(settings, Keyring([secrets.token_bytes(32)]), self.redis_url, self.clock)
        await self.services.start()
        self.listener = chosen_listener()(build_front(self.services), SystemClock())
        await self.listener.start(sockets)
        return Native(self.services, self.standin, self.clock, port)

    async def __aexit__(self, *_: object) -> None:
        await self.listener.close()
        await self.services.close()
        await self.standin.stop()


@dataclass
class Page(HTMLParser):
    """What a form offers: its inputs with their attributes, by name."""

    answer: Answer
    inputs: dict[str, dict[str, str]] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "input":
            self.inputs[values["name"]] = values
        elif tag == "form":
            self.form = values
        elif tag == "label":
            self.labels.add(values["for"])

    @property
    def fields(self) -> dict[str, str]:
        """Return what is filled in."""
        return {name: values.get("value", "") for name, values in self.inputs.items()}


async def open_form(native: Native, query: str = "") -> tuple[dict[str, str], str]:
    """Open the form; return its fields, filled in rightly, and the cookie that came with it."""
    async with Browser(native.url) as browser:
        page = Page(await browser.open(FORM + query))
    cookie = page.answer.all("Set-Cookie")[0].partition(";")[0]
    return {**page.fields, "user": "alice", "password": "alice-demo"}, cookie


class TestForm:
    """What is shown."""

    async def test_worker_bypass(self, native: Native) -> None:
        """A login that passed Angular's service worker by passes it by on the way to the form, too."""
        async with Browser(native.url) as browser:
            answer = await browser.open("/hub/login?ngsw-bypass&return_to=/patients")

        assert answer.url == f"{native.url}{FORM}?return_to=%2Fpatients&ngsw-bypass="

    async def test_login_leads_there(self, native: Native) -> None:
        """`/hub/login` leads on to the form, with the place to return to."""
        async with Browser(native.url) as browser:
            answer = await browser.open("/hub/login?return_to=/patients%3Fa=1%23top")

        assert answer.url == f"{native.url}{FORM}?return_to=%2Fpatients%3Fa%3D1%23top"
        assert Page(answer).fields["return_to"] == "/patients?a=1#top"

    async def test_accessible(self, native: Native) -> None:
        """Language, labels, what password managers look for, and the focus where typing begins."""
        async with Browser(native.url) as browser:
            page = Page(await browser.open(FORM))

        assert '<html lang="en">' in page.answer.text
        assert page.labels == {"user", "password"}
        assert {name: page.inputs[name]["autocomplete"] for name in page.labels} == {
            "user": "username",
            "password": "current-password",
        }
        assert page.inputs["password"]["type"] == "password"
        assert "autofocus" in page.inputs["user"]
        assert "autofocus" not in page.inputs["password"]

    async def test_without_script(self, native: Native) -> None:
        """The page has no script, its policy lets none run and lets the form go nowhere but home; nobody may frame or keep it."""
        async with Browser(native.url) as browser:
            page = Page(await browser.open(FORM))
        policy = page.answer.header("Content-Security-Policy") or ""

        assert "<script" not in page.answer.text
        assert not re.search(r"\son\w+=|style=", page.answer.text)
        assert {"default-src 'none'", "form-action 'self'", "frame-ancestors 'none'"} <= set(policy.split("; "))
        assert (page.form["method"], page.form["action"]) == ("post", FORM)
        assert page.answer.header("Cache-Control") == "no-store"
        assert page.answer.header("Referrer-Policy") == "same-origin"

    async def test_cookie(self, native: Native) -> None:
        """The pre-login cookie is the one of every login; its value does not stand in the page."""
        async with Browser(native.url) as browser:
            answer = await browser.open(FORM)
        (line,) = answer.all("Set-Cookie")

        assert re.fullmatch(rf"{LOGIN_COOKIE}=[\w-]{{43}}; Path=/; HttpOnly; SameSite=Lax; Max-Age=600", line)
        assert line.partition("=")[2].partition(";")[0] not in answer.text

    async def test_label(self, redis_url: str, clock: ManualClock, tmp_path: Path) -> None:
        """What the provider is called stands above the form, escaped."""
        async with running(redis_url, clock, tmp_path, label="Ward <3>") as native, Browser(native.url) as browser:
            assert "<h1>Log in to Ward &lt;3&gt;</h1>" in (await browser.open(FORM)).text

    @pytest.mark.parametrize("path", ["/hub/login/other", "/hub/login?provider=other"])
    async def test_unknown_provider(self, native: Native, path: str) -> None:
        """A provider that is not in the settings has no form."""
        async with Browser(native.url) as browser:
            answer = await browser.open(path)

        assert (answer.status, answer.all("Set-Cookie")) == (400, [])

    @pytest.mark.parametrize("mode", [{"Sec-Fetch-Mode": "cors"}, {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate"}])
    async def test_only_by_a_person(self, native: Native, mode: dict[str, str]) -> None:
        """ASVS 7.6.2: scripts and frames get no form."""
        async with Browser(native.url) as browser:
            assert (await browser.fetch(FORM, headers=mode)).status == 403

    @pytest.mark.parametrize("return_to", ["https://evil.example", "//evil.example", "/hub/login", "/api/x"])
    async def test_return_url(self, native: Native, return_to: str) -> None:
        """S1: a place to return to that could lead away is replaced, in the page and in what the form sends."""
        fields, cookie = await open_form(native, f"?return_to={return_to}")
        answer = await native.post({**fields, "return_to": return_to}, Cookie=cookie)

        assert (fields["return_to"], answer.status) == ("/", 200)
        assert 'content="0;url=/"' in answer.text


class TestSuccess:
    """The right password."""

    async def test_session(self, native: Native) -> None:
        """A new session under a new id (ASVS 7.2.4), a page that moves on, and the tokens nowhere but in the store."""
        fields, cookie = await open_form(native, "?return_to=/patients")
        answer = await native.post(fields, Cookie=cookie)
        session, xsrf = answer.all("Set-Cookie")

        assert (answer.status, answer.header("Location")) == (200, None)
        assert '<meta http-equiv="refresh" content="0;url=/patients">' in answer.text
        assert re.fullmatch(rf"{SESSION_COOKIE}=[\w-]{{43}}; Path=/; HttpOnly; SameSite=Strict", session)
        assert xsrf.startswith("XSRF-TOKEN=")
        assert cookie.partition("=")[2] not in session

    async def test_planted_session_id(self, native: Native) -> None:
        """Session fixation: an id that somebody planted in the browser is not the one of the new session."""
        fields, cookie = await open_form(native)
        answer = await native.post(fields, Cookie=f"{cookie}; {SESSION_COOKIE}={'A' * 43}")

        assert "A" * 43 not in answer.all("Set-Cookie")[0]

    async def test_user_is_the_one_of_iris(self, native: Native) -> None:
        """The session belongs to the user that IRIS names, whatever was typed around the name."""
        async with Browser(native.url) as browser:
            page = await browser.open("/hub/login")
            await browser.submit(page, {"user": "  alice ", "password": "alice-demo"})
            session = (await browser.fetch("/hub/session")).json()

        assert (session["subject"], session["name"], session["claims"]) == ("alice", "alice", {"preferred_username": "alice"})

    async def test_second_login_replaces_the_first(self, native: Native) -> None:
        """Another user's login in the same browser ends the session before."""
        async with Browser(native.url) as browser:
            for user in ("alice", "bob"):
                page = await browser.open("/hub/login")
                await browser.submit(page, {"user": user, "password": f"{user}-demo"})
            assert (await browser.fetch("/hub/session")).json()["subject"] == "bob"


class TestFailure:
    """Everything else."""

    @pytest.mark.parametrize(
        ("user", "password"), [("alice", "wrong"), ("nobody", "wrong"), ("alice", "x" * 2000), ("", ""), ("a" * 161, "x")]
    )
    async def test_wrong(self, native: Native, user: str, password: str) -> None:
        """401 and the form again, with the same neutral words for all; the name stays, the password does not."""
        fields, cookie = await open_form(native)
        answer = await native.post({**fields, "user": user, "password": password}, Cookie=cookie)
        page = Page(answer)

        assert answer.status == 401
        assert '<p class="error" id="error" role="alert">User name or password are wrong. Please try again.</p>' in answer.text
        assert (page.fields["user"], page.fields["password"]) == (user, "")
        assert page.inputs["password"]["aria-describedby"] == "error"
        assert not any(line.startswith(f"{SESSION_COOKIE}=") for line in answer.all("Set-Cookie"))
        assert answer.header("WWW-Authenticate") is None  # else browsers show a password dialog of their own

    async def test_user_name_is_escaped(self, native: Native) -> None:
        """What was typed as a name is text, whatever it looks like."""
        fields, cookie = await open_form(native)
        answer = await native.post({**fields, "user": '"><script>alert(1)</script>', "password": "x"}, Cookie=cookie)

        assert "<script" not in answer.text
        assert Page(answer).fields["user"] == '"><script>alert(1)</script>'

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec_Fetch_Site": "cross-site"},
            {"Sec_Fetch_Site": "same-site"},
            {"Sec_Fetch_Mode": "cors"},
            {"Sec_Fetch_Dest": "iframe"},
        ],
    )
    async def test_another_origin(self, native: Native, headers: dict[str, str]) -> None:
        """B10, B13: a form of another page, a sibling's included, logs nobody in, even with cookie and token."""
        fields, cookie = await open_form(native)
        answer = await native.post(fields, Cookie=cookie, **headers)

        assert (answer.status, answer.all("Set-Cookie"), native.asked()) == (403, [], 0)

    async def test_token_of_another_browser(self, native: Native) -> None:
        """Login CSRF: a token is good only with the cookie that it was made for; the form is shown again with a new one."""
        fields, _ = await open_form(native)
        _, other_cookie = await open_form(native)
        for cookie in (other_cookie, ""):
            answer = await native.post(fields, Cookie=cookie)
            assert answer.status == 403
            assert "Please try again" in answer.text
            assert Page(answer).fields["token"] != fields["token"]
        assert (await native.post({**fields, "token": ""}, Cookie=other_cookie)).status == 403
        assert native.asked() == 0

    async def test_second_try(self, native: Native) -> None:
        """The form that is shown after a mistake works."""
        async with Browser(native.url) as browser:
            page = await browser.open("/hub/login?return_to=/patients")
            page = await browser.submit(page, {"user": "alice", "password": "wrong"})
            landed = await browser.submit(page, {"password": "alice-demo"})

        assert landed.url == f"{native.url}/patients"

    async def test_large_body(self, native: Native) -> None:
        """A form of more than 16 KB is none of ours."""
        fields, cookie = await open_form(native)
        answer = await native.post({**fields, "more": "x" * 17000}, Cookie=cookie)

        assert (answer.status, native.asked()) == (413, 0)

    @pytest.mark.expects_log
    async def test_iris_fails(self, native: Native) -> None:
        """Trouble at IRIS is not called a wrong password, and costs no attempt of the user."""
        fields, cookie = await open_form(native)
        native.standin.change(native_500_once=True)
        answer = await native.post(fields, Cookie=cookie)

        assert answer.status == 503
        assert "wrong" not in answer.text

    @pytest.mark.expects_log
    async def test_redis_fails(self, clock: ManualClock, tmp_path: Path) -> None:
        """Fails closed: while the limit cannot be kept, IRIS is not asked, and nobody logs in."""
        async with running(f"unix://{tmp_path}/nobody.sock", clock, tmp_path) as native:
            fields, cookie = await open_form(native)
            answer = await native.post(fields, Cookie=cookie)

            assert (answer.status, native.asked(), answer.all("Set-Cookie")) == (503, 0, [])
            assert answer.header("Retry-After") is not None


@pytest.mark.expects_log
class TestAudit:
    """Who tried (ASVS 16.3.1)."""

    @pytest.mark.parametrize(
        ("changes", "trouble", "reason"),
        [
            ({"password": "wrong"}, {}, "credentials"),
            ({"token": "of another browser"}, {}, "csrf"),
            ({}, {"native_500_once": True}, "provider-unavailable"),
        ],
    )
    async def test_failed(
        self, native: Native, caplog: pytest.LogCaptureFixture, changes: dict[str, str], trouble: dict[str, Any], reason: str
    ) -> None:
        """Each login that came to nothing is noted with its reason, and without what was typed."""
        fields, cookie = await open_form(native)
        native.standin.change(**trouble)
        await native.post({**fields, **changes}, Cookie=cookie)

        failed = {"event": "audit.login_failed", "outcome": "failure", "provider": "main", "address": "127.0.0.1"}
        assert Audit(caplog).take() == [{**failed, "reason": reason}]

    async def test_succeeded(self, native: Native, caplog: pytest.LogCaptureFixture) -> None:
        """One event, as for every login."""
        fields, cookie = await open_form(native)
        await native.post(fields, Cookie=cookie)

        assert [(event["event"], event["subject"]) for event in Audit(caplog).take()] == [("audit.login_succeeded", "alice")]


@pytest.mark.expects_log
class TestLimits:
    """Guessing."""

    async def test_one_user(self, native: Native) -> None:
        """Five failures, then 429 with Retry-After and the form, whoever asks and however the name is written."""
        fields, cookie = await open_form(native)
        statuses = [(await native.post({**fields, "password": "guess"}, Cookie=cookie)).status for _ in range(5)]
        limited = await native.post({**fields, "user": "ALICE"}, Cookie=cookie)

        assert statuses == [401] * 5
        assert (limited.status, limited.header("Retry-After"), native.asked()) == (429, "60", 5)
        assert "Please wait 60 seconds" in limited.text

        await native.clock.advance(60)
        assert (await native.post(fields, Cookie=cookie)).status == 200

    async def test_one_address(self, native: Native) -> None:
        """Twenty failures from one address with ever other names, then 429."""
        fields, cookie = await open_form(native)
        guesses = [{**fields, "user": f"user{number}", "password": "guess"} for number in range(25)]
        answers = await asyncio.gather(*(native.post(guess, Cookie=cookie) for guess in guesses))

        assert sorted(answer.status for answer in answers) == [401] * 20 + [429] * 5

    async def test_nothing_in_the_log(self, native: Native, caplog: pytest.LogCaptureFixture) -> None:
        """Failures are logged with provider and address; never what was typed, which may be a password in the wrong field."""
        fields, cookie = await open_form(native)
        for _ in range(6):
            await native.post({**fields, "user": "typed-name", "password": "typed-password"}, Cookie=cookie)

        events = [record.getMessage() for record in caplog.records]
        assert sum("login.credentials_rejected" in event for event in events) == 5
        assert sum("login.rate_limited" in event for event in events) == 1
        assert not any("typed-" in event for event in events)
