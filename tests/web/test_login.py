"""`GET /hub/login` and `GET /hub/callback`, with a real provider behind them."""

import logging
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from hub.config.settings import RouteSettings
from hub.session.node_registry import NODES
from tests.parties.browser import LOGIN_COOKIE, SESSION_COOKIE, Answer
from tests.parties.clock import START
from tests.parties.hostile_provider import CannedAnswer, HostileProvider
from tests.web.conftest import BuildHouse, House

DISCOVERY = "/.well-known/openid-configuration"


def cookie_of(answer: Answer) -> str:
    """Return the first cookie that an answer sets, as a browser sends it back."""
    return answer.all("Set-Cookie")[0].partition(";")[0]


async def come_back(house: House, login: Answer) -> str:
    """Log in at the provider; return the path of the callback to which it sends the browser."""
    async with aiohttp.ClientSession() as http, http.get(login.header("Location") or "", allow_redirects=False) as answer:
        return answer.headers["Location"].removeprefix(house.url)


class TestLogin:
    """The beginning."""

    async def test_sends_to_the_provider(self, house: House) -> None:
        """A login is an authorization request with code, S256, state and nonce, and a short-lived Lax cookie."""
        answer = await house.navigate("/hub/login?return_to=/patients")
        url = urlsplit(answer.header("Location") or "")
        query = parse_qs(url.query)

        assert (answer.status, f"{url.scheme}://{url.netloc}{url.path}") == (302, f"{house.provider.issuer}/authorize")
        assert (query["response_type"], query["code_challenge_method"]) == (["code"], ["S256"])
        assert query["redirect_uri"] == [f"{house.url}/hub/callback"]
        assert all(len(query[name][0]) >= 43 for name in ("state", "nonce", "code_challenge"))
        (line,) = answer.all("Set-Cookie")
        sealed = rf"{LOGIN_COOKIE}-[0-9a-f]{{8}}=[0-9a-f]+\.[\w-]{{200,400}}"
        assert re.fullmatch(rf"{sealed}; Path=/; HttpOnly; SameSite=Lax; Max-Age=600", line)

    async def test_parameters(self, house: House) -> None:
        """What a login may ask for goes to the provider; what nobody knows is left out."""
        answer = await house.navigate(
            "/hub/login?max_age=300&prompt=login&acr_values=gold&ui_locales=de&login_hint=al&display=popup"
        )
        query = parse_qs(urlsplit(answer.header("Location") or "").query)

        asked = {name: query[name] for name in ("max_age", "prompt", "acr_values", "ui_locales", "login_hint")}
        assert asked == {
            "max_age": ["300"],
            "prompt": ["login"],
            "acr_values": ["gold"],
            "ui_locales": ["de"],
            "login_hint": ["al"],
        }
        assert "display" not in query

    @pytest.mark.parametrize("query", ["prompt=none", "max_age=-1", "acr_values=%22", "ui_locales=de_AT", "max_age=1&max_age=2"])
    async def test_bad_parameter(self, house: House, query: str) -> None:
        """A value that cannot be asked for is named on a page, and nothing begins."""
        answer = await house.navigate(f"/hub/login?{query}")

        assert (answer.status, answer.header("Set-Cookie")) == (400, None)
        assert query.partition("=")[0] in answer.text

    @pytest.mark.expects_log
    @pytest.mark.parametrize(
        ("query", "claims"),
        [
            ("max_age=60", {"auth_time": int(START) - 600}),
            ("max_age=60", {"auth_time": None}),
            ("acr_values=gold", {"acr": "bronze"}),
            ("acr_values=gold", {}),
        ],
    )
    async def test_max_age_of_this_login(self, house: House, query: str, claims: dict[str, Any]) -> None:
        """C6, C7: what this login asked for is held against its ID token; a login without it is as good as ever."""
        house.provider.claims = claims
        async with house.browser(logged_in=False) as browser:
            page = await browser.open(f"/hub/login?{query}")
            refused = (page.status, (await browser.fetch("/hub/session")).json()["authenticated"])
            await browser.open("/hub/login")

            assert refused == (502, False)
            assert (await browser.fetch("/hub/session")).json()["authenticated"]

    async def test_second_tab(self, house: House) -> None:
        """Each login has a state and a cookie of its own, so that several tabs can log in at once, in any order."""
        tabs = [await house.navigate("/hub/login?return_to=/one")]
        tabs.append(await house.navigate("/hub/login?return_to=/two", Cookie=cookie_of(tabs[0])))
        cookies = "; ".join(map(cookie_of, tabs))
        pages = [await house.navigate(await come_back(house, tab), Cookie=cookies) for tab in reversed(tabs)]

        assert [page.status for page in pages] == [200, 200]
        assert ["/two" in pages[0].text, "/one" in pages[1].text] == [True, True]

    async def test_many_tabs(self, house: House) -> None:
        """The attempts of one browser have at most 4 KiB together; the oldest give way, and the newest can be completed."""
        async with house.browser(logged_in=False) as browser:
            for number in range(15):
                await browser.begin_login(f"/hub/login?return_to=/{'x' * 200}{number}")
            sent = browser.cookie_header(f"{LOGIN_COOKIE}-")
            await browser.open("/hub/login?return_to=/")

            assert 3000 < len(sent) <= 4096
            assert (await browser.fetch("/hub/session")).json()["authenticated"]

    async def test_begins_without_redis(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """Beginning a login sends no command to Redis: an anonymous flood leaves nothing there."""
        commands: list[object] = []

        execute = house.services.redis.execute_command

        async def note(*arguments: object, **options: object) -> object:
            if NODES not in arguments:  # in which each node says that it lives
                commands.append(arguments)
            return await execute(*arguments, **options)

        monkeypatch.setattr(house.services.redis, "execute_command", note)
        answers = [await house.navigate(f"/hub/login?return_to=/{number}") for number in range(10)]
        answers += [await house.navigate(f"/hub/callback?code=x&state={number}") for number in range(10)]

        assert [answer.status for answer in answers] == [302] * 10 + [400] * 10
        assert commands == []

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
            {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
            {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
            {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
            {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "embed"},
            {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Purpose": "prefetch"},
            {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Purpose": "prefetch;prerender"},
            {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Purpose": "prefetch"},
        ],
    )
    @pytest.mark.parametrize("path", ["/hub/login", "/hub/callback?code=x&state=y"])
    async def test_only_by_a_person(self, house: House, headers: dict[str, str], path: str) -> None:
        """ASVS 7.6.2: scripts, images, frames and prefetching neither begin nor complete a login."""
        answer = await house.ask(path, **headers)

        assert (answer.status, answer.header("Location"), answer.all("Set-Cookie")) == (403, None, [])

    async def test_old_browser(self, house: House) -> None:
        """A browser without Fetch Metadata can log in too."""
        assert (await house.ask("/hub/login", Accept="text/html")).status == 302

    @pytest.mark.parametrize(
        "return_to",
        [
            *(
                "https://evil.example",
                "//evil.example",
                "/%5cevil.example",
                "javascript:alert(1)",
                "/hub/login",
                "/a%0d%0ab",
                "x",
            ),
            *("/api", "/api/x", "/open?a", "/API/x", "/%61pi/x", "/./api/x", "/api%2fx", "/%252525252e", "/x%FF%00"),
            *("/" + "x" * 4096, "/" + "%25aa" * 1000),
        ],
    )
    async def test_no_return_url(self, house: House, return_to: str) -> None:
        """What cannot be a return URL, because it leads away, into the hub or to an API, logs in and lands on `/`."""
        async with house.browser(logged_in=False) as browser:
            page = await browser.open(f"/hub/login?return_to={return_to}")

            assert (page.status, page.url) == (200, f"{house.url}/")
            assert (await browser.fetch("/hub/session")).json()["authenticated"]

    @pytest.mark.parametrize(
        ("return_to", "address"),
        [
            ("/patients/O'Brien", "/patients/O'Brien"),
            ("/users/CLINIC%5Calice", "/users/CLINIC%5Calice"),
            ("/users/CLINIC%255Calice", "/users/CLINIC%5Calice"),
            ("/x?q=a%5Cb", "/x?q=a\\b"),
            ("/x?q=a%255Cb", "/x?q=a%5Cb"),
            ("/x?note=a%0Ab", "/x?note=a%0Ab"),
            ("/x?note=a%250Ab", "/x?note=a%0Ab"),
            ("/x?note=%01%20", "/x?note=%01%20"),
            ("/" + "x" * 2100, "/" + "x" * 2100),
        ],
    )
    async def test_return_url(self, house: House, return_to: str, address: str) -> None:
        """What browsers show as address is where the login returns to, encoded once more or not."""
        async with house.browser(logged_in=False) as browser:
            assert (await browser.open(f"/hub/login?return_to={return_to}")).url == f"{house.url}{address}"

    async def test_ignored_return_url_is_logged(self, house: House, caplog: pytest.LogCaptureFixture) -> None:
        """The log says why, without the address, which may name a patient."""
        caplog.set_level(logging.INFO)
        for return_to in ("//evil.example/O'Brien", "/api/patients/O'Brien", "/O'Brien" + "x" * 3000):
            await house.navigate(f"/hub/login?return_to={return_to}")

        events = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
        reasons = [event["reason"] for event in events if event["event"] == "login.return_to_ignored"]
        assert reasons == ["not_local", "api", "too_long_for_a_cookie"]
        assert "Brien" not in caplog.text

    @pytest.mark.parametrize(
        ("prefix", "lands"), [("/apis", "/apis"), ("/rendered", "/rendered"), ("/rendered/x", "/rendered/x"), ("/live", "/")]
    )
    async def test_return_url_of_the_application(self, build_house: BuildHouse, prefix: str, lands: str) -> None:
        """Pages that a route renders belong to the application; a WebSocket does not."""
        api = "https://api.example"
        routes = [
            RouteSettings(prefix="/api", target=api),
            RouteSettings(prefix="/rendered", target=api, token="none", rendered=True),
            RouteSettings(prefix="/live", target=api, websocket=True),
        ]
        async with build_house(routes=routes) as house:
            await house.services.providers.openid("main").metadata()
            login = await house.navigate(f"/hub/login?return_to={prefix}")
            page = await house.navigate(await come_back(house, login), Cookie=cookie_of(login))

        assert f'content="0;url={lands}"' in page.text

    @pytest.mark.expects_log
    async def test_provider_down(self, build_house: BuildHouse) -> None:
        """Without a provider nobody can log in: a page that says so and to try again, no trace, no cookie."""

        def break_down(provider: HostileProvider) -> None:
            provider.answers[DISCOVERY] = CannedAnswer(503, b"Traceback: down", {"Retry-After": "30"})

        async with build_house(break_down) as house:
            answer = await house.navigate("/hub/login")

        assert (answer.status, answer.header("Content-Type")) == (503, "text/html; charset=utf-8")
        assert "The login service does not respond" in answer.text
        assert not re.search(r"Traceback|File \"|Error\b", answer.text)
        assert answer.all("Set-Cookie") == []


class TestCallback:
    """The way back."""

    async def test_answers_with_a_page(self, house: House) -> None:
        """200 and a page that moves on, never a redirect: with one the Strict cookie would not be sent."""
        login = await house.navigate("/hub/login?return_to=/patients%3Fa=1%26b=2%23top")
        answer = await house.navigate(await come_back(house, login), Cookie=cookie_of(login), Sec_Fetch_Site="cross-site")

        assert (answer.status, answer.header("Location")) == (200, None)
        assert '<meta http-equiv="refresh" content="0;url=/patients?a=1&amp;b=2#top">' in answer.text
        assert "<script" not in answer.text
        assert answer.header("Referrer-Policy") == "no-referrer"
        assert answer.header("Content-Security-Policy")
        session, xsrf = answer.all("Set-Cookie")
        assert re.fullmatch(rf"{SESSION_COOKIE}=[\w-]{{43}}; Path=/; HttpOnly; SameSite=Strict", session)
        assert re.fullmatch(r"XSRF-TOKEN=[0-9a-f]{64}; Path=/; SameSite=Strict", xsrf)

    async def test_tabs_that_began_at_the_same_moment(self, house: House) -> None:
        """The first to complete its login removes the oldest attempts beyond the limits, before a proxy has too many cookies."""
        login = await house.navigate("/hub/login")
        others = [f"{LOGIN_COOKIE}-{number:08x}=1.{'A' * 300}" for number in range(20)]
        answer = await house.navigate(await come_back(house, login), Cookie="; ".join([cookie_of(login), *others]))

        removed = [line.partition("=")[0] for line in answer.all("Set-Cookie") if line.endswith("Max-Age=0")]
        assert len(removed) == 11
        assert set(removed) <= {other.partition("=")[0] for other in others}

    @pytest.mark.parametrize(
        ("public_url", "prefix", "secure"),
        [
            ("https://clinic.example", "__Host-Http-hub", "; Secure"),
            ("https://localhost:8443", "__Host-Http-hub", "; Secure"),
            ("http://clinic.example", "hub-insecure", ""),
            ("http://127.0.0.1:8080", "hub-insecure", ""),
        ],
    )
    async def test_cookies(self, build_house: BuildHouse, public_url: str, prefix: str, secure: str) -> None:
        """Cookies are `Secure` and belong to this host alone; by plain HTTP their names say that they are not."""
        async with build_house(public_url=public_url, allow_insecure_http=True) as house:
            await house.services.providers.openid("main").metadata()
            login = await house.navigate("/hub/login")
            path = (await come_back(house, login)).removeprefix(public_url)
            answer = await house.navigate(path, Cookie=cookie_of(login))

        assert re.fullmatch(
            rf"{prefix}-login-[0-9a-f]{{8}}=[\w.-]+; Path=/; HttpOnly; SameSite=Lax; Max-Age=600{secure}",
            *login.all("Set-Cookie"),
        )
        session, xsrf = answer.all("Set-Cookie")
        assert re.fullmatch(rf"{prefix}=[\w-]{{43}}; Path=/; HttpOnly; SameSite=Strict{secure}", session)
        assert re.fullmatch(rf"XSRF-TOKEN=[0-9a-f]{{64}}; Path=/; SameSite=Strict{secure}", xsrf)

    async def test_another_browser(self, house: House) -> None:
        """Login CSRF: a response that belongs to another browser logs nobody in, and sends no code."""
        callback = await come_back(house, await house.navigate("/hub/login"))
        stolen = await house.navigate(callback)
        with_own = await house.navigate(callback, Cookie=cookie_of(await house.navigate("/hub/login")))

        assert (stolen.status, stolen.all("Set-Cookie")) == (400, [])
        assert "another browser" in stolen.text
        assert (with_own.status, with_own.header("Location")) == (302, "/hub/login?return_to=%2F")  # this browser's own login
        assert house.provider.calls("/token") == 0

    async def test_loaded_again(self, house: House) -> None:
        """A callback that is loaded twice leads to the same place, and its code is sent once."""
        login = await house.navigate("/hub/login?return_to=/patients")
        callback = await come_back(house, login)
        first = await house.navigate(callback, Cookie=cookie_of(login))
        session = first.all("Set-Cookie")[0].partition(";")[0]
        again = await house.navigate(callback, Cookie=f"{cookie_of(login)}; {session}")

        assert (again.status, again.all("Set-Cookie")) == (200, [])
        assert "/patients" in again.text
        assert house.provider.calls("/token") == 1

    async def test_failed_login_is_used_up(self, house: House) -> None:
        """The cookie of a login that has failed is removed."""
        house.provider.authorization_response = {"error": "access_denied", "code": None}
        login = await house.navigate("/hub/login")
        answer = await house.navigate(await come_back(house, login), Cookie=cookie_of(login))

        (line,) = answer.all("Set-Cookie")
        assert answer.status == 400
        assert line == f"{cookie_of(login).partition('=')[0]}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"

    @pytest.mark.parametrize("query", ["", "?", "?state=x", "?code=x", "?code=x&state=y&state=z", "?error=access_denied&state=x"])
    async def test_unknown_response(self, house: House, query: str) -> None:
        """A response to nothing that was asked is answered with a page that offers to begin again."""
        answer = await house.navigate(f"/hub/callback{query}")

        assert (answer.status, answer.all("Set-Cookie")) == (400, [])
        assert 'href="/hub/login"' in answer.text

    @pytest.mark.expects_log
    @pytest.mark.parametrize("path", ["/token", "/jwks", "/userinfo"])
    async def test_provider_fails(self, house: House, path: str) -> None:
        """A provider that breaks down half-way: 503 as a page, without trace, code or state, and nobody is logged in."""
        house.provider.answers[path] = CannedAnswer(503, b"Traceback", {"Retry-After": "3"})
        login = await house.navigate("/hub/login")
        callback = await come_back(house, login)
        answer = await house.navigate(callback, Cookie=cookie_of(login))

        assert (answer.status, answer.header("Content-Type")) == (503, "text/html; charset=utf-8")
        assert answer.all("Set-Cookie") == []
        secrets = [value for values in parse_qs(urlsplit(callback).query).values() for value in values]
        assert [value for value in [*secrets, "Traceback", 'File "'] if value in answer.text] == []

    async def test_restart(self, house: House) -> None:
        """An expired login begins anew once by itself, then a page explains: nobody is sent round in circles."""
        cookie = cookie_of(await house.navigate("/hub/login"))
        first = await house.navigate("/hub/callback?code=x&state=y", Cookie=cookie)
        second = await house.navigate("/hub/callback?code=x&state=y", Cookie=f"{cookie}; {cookie_of(first)}")

        assert (first.status, first.header("Location")) == (302, "/hub/login?return_to=%2F")
        assert (second.status, second.header("Location")) == (400, None)


class TestWorkerBypass:
    """Angular's service worker leaves requests with the parameter `ngsw-bypass` alone; to the hub it means nothing."""

    async def test_login(self, house: House) -> None:
        """It does not travel to the provider, which compares the redirect URI letter by letter."""
        login = await house.navigate("/hub/login?ngsw-bypass&return_to=/patients")
        location = login.header("Location") or ""
        callback = await come_back(house, login)
        page = await house.navigate(f"{callback}&ngsw-bypass=&ngsw-bypass", Cookie=cookie_of(login))

        assert parse_qs(urlsplit(location).query)["redirect_uri"] == [f"{house.url}/hub/callback"]
        assert "ngsw" not in location + callback
        assert (page.status, 'content="0;url=/patients"' in page.text) == (200, True)

    @pytest.mark.parametrize("mark", ["ngsw-bypass", "ngsw-bypass=", "ngsw-bypass=true"])
    async def test_pages_of_the_hub(self, house: House, mark: str) -> None:
        """A page or redirect within a login keeps it: the worker must not respond to the next request either."""
        cookie = cookie_of(await house.navigate("/hub/login"))
        restart = await house.navigate(f"/hub/callback?code=x&state=y&{mark}", Cookie=cookie)
        page = await house.navigate(f"/hub/callback?code=x&state=y&{mark}")

        assert restart.header("Location") == "/hub/login?return_to=%2F&ngsw-bypass="
        assert 'href="/hub/login?ngsw-bypass="' in page.text

    async def test_logout(self, house: House) -> None:
        """A logout with it is a logout."""
        async with house.browser() as browser:
            answer = await browser.fetch("/hub/logout?ngsw-bypass", method="POST")

        assert (answer.status, "ngsw" in answer.text) == (200, False)


async def test_nothing_is_cached(house: House) -> None:
    """Nothing under /hub may be kept by a browser or a proxy, whatever the answer is."""
    login = await house.navigate("/hub/login")
    answers = [
        login,
        await house.navigate("/hub/login?return_to=//evil.example"),
        await house.fetch("/hub/login"),
        await house.navigate(await come_back(house, login), Cookie=cookie_of(login)),
        await house.navigate("/hub/callback"),
        await house.fetch("/hub/callback"),
        await house.fetch("/hub/session"),
        await house.fetch("/hub/session", Sec_Fetch_Site="cross-site"),
        await house.fetch("/hub/session", method="PUT"),
        await house.fetch("/hub/logout", method="POST"),
        await house.fetch("/hub/logout", method="POST", X_Hub_CSRF="1"),
        await house.fetch("/hub/nothing"),
        await house.navigate("/hub"),
        await house.fetch("/api/x", X_Hub_CSRF="1"),
    ]

    assert [(answer.url, answer.status) for answer in answers if answer.all("Cache-Control") != ["no-store"]] == []
