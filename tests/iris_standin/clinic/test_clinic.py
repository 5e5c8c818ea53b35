"""The REST application."""

import asyncio
import hashlib
from collections.abc import AsyncIterator

import aiohttp
import pytest
import yarl

from iris_standin.clinic.streams import PIECE
from tests.iris_standin.browser import Browser
from tests.parties.clock import ManualClock


class Api:
    """Calls the application with a Bearer token."""

    def __init__(self, browser: Browser, token: str) -> None:
        self.browser, self.token = browser, token
        self.http = browser.http
        self.base = browser.standin.clinic_url

    def call(self, method: str, path: str, **arguments: object) -> "aiohttp.client._RequestContextManager":
        """Begin a call."""
        headers = {"Authorization": f"Bearer {self.token}", **arguments.pop("headers", {})}  # type: ignore[dict-item]
        url = yarl.URL(self.base + path, encoded=True)  # as written: yarl would tidy the query up
        return self.http.request(method, url, headers=headers, allow_redirects=False, **arguments)  # type: ignore[arg-type]

    async def json(self, path: str) -> tuple[int, dict[str, object]]:
        """GET a document."""
        return await self.browser.json(self.base + path, self.token)


@pytest.fixture
async def api(browser: Browser) -> AsyncIterator[Api]:
    """The application as alice sees it."""
    yield Api(browser, (await browser.tokens())["access_token"])


class TestAccess:
    async def test_health_needs_no_token(self, browser: Browser) -> None:
        """The only open resource."""
        assert (await browser.json(f"{browser.standin.clinic_url}/health"))[0] == 200

    @pytest.mark.parametrize(("header", "challenge"), [("", "Basic"), ("Bearer nonsense", "Bearer")])
    async def test_the_challenge_follows_the_request(self, browser: Browser, header: str, challenge: str) -> None:
        """Basic when nothing was shown, as IRIS does; Bearer for a bad token. Unknown paths are no exception."""
        headers = {"Authorization": header} if header else {}
        for path in ("/patients", "/unheard-of"):
            async with browser.http.get(browser.standin.clinic_url + path, headers=headers) as response:
                assert (401, challenge) == (response.status, response.headers["WWW-Authenticate"].split()[0])

    async def test_a_token_expires(self, api: Api, clock: ManualClock) -> None:
        """At its `exp`, not a second later."""
        await clock.advance(3599)
        before, _ = await api.json("/appointments")
        await clock.advance(1)
        after, _ = await api.json("/appointments")

        assert (before, after) == (200, 401)

    async def test_a_revoked_jwt_dies_only_by_introspection(self, api: Api) -> None:
        """Offline validation cannot know; introspection does."""
        await api.browser.form_with_basic("/revocation", {"token": api.token})
        offline, _ = await api.json("/appointments")
        api.browser.standin.change(resource_validation="introspection")
        introspected, _ = await api.json("/appointments")

        assert (offline, introspected) == (200, 401)

    async def test_opaque_tokens_are_looked_up(self, browser: Browser) -> None:
        """The new one works, and the old one dies with the refresh."""
        browser.standin.change(opaque_access_token=True)
        members = await browser.tokens()
        url = f"{browser.standin.clinic_url}/appointments"
        before, _ = await browser.json(url, members["access_token"])
        await browser.refresh(members["refresh_token"])
        after, _ = await browser.json(url, members["access_token"])

        assert (len(members["access_token"]), before, after) == (43, 200, 401)

    async def test_the_audience_is_checked_on_demand(self, api: Api) -> None:
        """A token for somebody else is refused."""
        api.browser.standin.change(resource_audience="https://clinic.example")

        assert (await api.json("/appointments"))[0] == 401

    async def test_an_id_token_of_another_issuer_is_refused(self, api: Api, browser: Browser) -> None:
        """The issuer must be the same, string for string."""
        token = api.token
        await browser.standin.stop()
        await browser.standin.start()

        assert (await browser.json(f"{browser.standin.clinic_url}/appointments", token))[0] == 401


class TestPatients:
    async def test_search_and_pages(self, api: Api) -> None:
        """Forty patients, by page and by text."""
        _, first = await api.json("/patients?size=15")
        _, last = await api.json("/patients?size=15&page=3")
        _, found = await api.json("/patients?q=brackWATER")

        assert (first["total"], len(first["items"]), len(last["items"])) == (40, 15, 10)  # type: ignore[arg-type]
        assert {item["family_name"] for item in found["items"]} == {"Brackwater"}  # type: ignore[attr-defined]

    @pytest.mark.parametrize("query", ["page=0", "size=101", "size=x"])
    async def test_wrong_parameters_are_400(self, api: Api, query: str) -> None:
        """In the form of %CSP.REST."""
        status, document = await api.json(f"/patients?{query}")

        assert (status, list(document)) == (400, ["errors", "summary"])

    async def test_a_patient_lives(self, api: Api) -> None:
        """Created, read, changed under its ETag, deleted."""
        draft = {"family_name": "Quill", "given_name": "Ivo", "birth_date": "1999-12-31"}
        async with api.call("POST", "/patients", json=draft) as created:
            path = created.headers["Location"].removeprefix(api.base)
            tag = created.headers["Etag"]
        async with api.call("PUT", path, json=draft | {"city": "X"}, headers={"If-Match": tag}) as changed:
            assert (created.status, changed.status) == (201, 200)
        async with api.call("PUT", path, json=draft, headers={"If-Match": tag}) as late:
            assert late.status == 412
        async with api.call("GET", path, headers={"If-None-Match": changed.headers["Etag"]}) as same:
            assert same.status == 304
        async with api.call("DELETE", path, headers={"If-Match": tag}) as stale:
            assert stale.status == 412
        async with api.call("DELETE", path) as deleted, api.call("GET", path) as gone:
            assert (deleted.status, gone.status) == (204, 404)

    @pytest.mark.parametrize("body", [b"{", b"{}", b'{"family_name": "", "given_name": "A", "birth_date": "2000-01-01"}'])
    async def test_wrong_patients_are_400(self, api: Api, body: bytes) -> None:
        """Nothing is stored."""
        async with api.call("POST", "/patients", data=body) as response:
            assert response.status == 400
        assert (await api.json("/patients"))[1]["total"] == 40

    async def test_appointments_of_one_patient(self, api: Api) -> None:
        """Filtered by number."""
        _, document = await api.json("/appointments?patient=1")

        assert {item["patient_id"] for item in document["items"]} == {1}  # type: ignore[attr-defined]


class TestStreams:
    async def test_an_upload_is_counted_and_hashed(self, api: Api) -> None:
        """Chunked, without a length."""

        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(50):
                yield PIECE

        async with api.call("POST", "/documents", data=pieces()) as response:
            answer = await response.json()

        assert (201, 50 * len(PIECE), hashlib.sha256(PIECE * 50).hexdigest()) == (
            response.status,
            answer["bytes"],
            answer["sha256"],
        )

    async def test_a_short_text_can_be_fetched(self, api: Api) -> None:
        """Just as it came; nothing else is kept."""
        letter, kind = b"<p>Dear \xc3\x84da</p>", {"Content-Type": "text/html"}
        async with api.call("GET", "/documents") as response:
            assert response.status == 404
        for headers, body in ((kind, letter), ({"Content-Type": "image/png"}, b"x"), (kind, bytes(64 * 1024 + 1))):
            async with api.call("POST", "/documents", data=body, headers=headers) as response:
                assert response.status == 201
        async with api.call("GET", "/documents") as response:
            assert (response.headers["Content-Type"], await response.read()) == ("text/html", letter)

    async def test_an_upload_without_a_token_is_refused(self, browser: Browser) -> None:
        """Before its body is taken."""
        async with browser.http.post(f"{browser.standin.clinic_url}/documents", data=b"x" * 1000) as response:
            assert response.status == 401

    async def test_a_report_has_the_bytes_it_promises(self, api: Api) -> None:
        """Byte n is n modulo 256."""
        async with api.call("GET", "/report?bytes=200001") as response:
            body = await response.read()

        assert (200001, (PIECE * 4)[:200001]) == (response.content_length, body)

    async def test_a_reader_who_stops_makes_the_report_stop(self, api: Api) -> None:
        """A report of 4 GB waits for its reader, and is aborted when that one leaves."""
        async with api.call("GET", f"/report?bytes={4 * 1024**3}") as response:
            await response.content.readexactly(1000)
            response.close()
        entry = await api.browser.standin.journal.wait_for(lambda entry: entry.outcome == "aborted")

        assert entry.path.endswith("/report")

    async def test_events_come_one_by_one(self, api: Api) -> None:
        """The first is there long before the second."""
        async with api.call("GET", "/stream?events=2&interval=3600") as response:
            first = await response.content.readuntil(b"\n\n")
            response.close()
        entry = await api.browser.standin.journal.wait_for(lambda entry: entry.outcome == "aborted")

        assert first == b'id: 1\nevent: tick\ndata: {"number": 1, "of": 2}\n\n'
        assert (response.content_type, entry.path) == ("text/event-stream", "/csp/clinic/stream")

    async def test_events_end(self, api: Api) -> None:
        """After the number asked for."""
        async with api.call("GET", "/stream?events=3&interval=0") as response:
            assert (await response.text()).count("event: tick") == 3

    async def test_a_slow_call_that_is_cancelled_is_seen(self, api: Api) -> None:
        """The journal says `aborted` as soon as the connection is gone, long before the hour is over."""
        journal = api.browser.standin.journal
        task = asyncio.ensure_future(api.json("/slow?seconds=3600"))
        await journal.wait_for(lambda entry: entry.path.endswith("/slow"))
        task.cancel()
        entry = await journal.wait_for(lambda entry: entry.outcome == "aborted")

        assert (entry.path, entry.subject) == ("/csp/clinic/slow", "alice")

    async def test_a_slow_call_answers_in_the_end(self, api: Api) -> None:
        """With what it was asked to wait."""
        assert await api.json("/slow?seconds=0.01") == (200, {"waited_seconds": 0.01})


class TestAnswers:
    @pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def test_echo_shows_the_request_but_not_the_token(self, api: Api, method: str) -> None:
        """Method, query, headers, whose token it was; the token itself never."""
        async with api.call(method, "/echo?a=1&a=%2F", headers={"X-One": "1"}, data=b"body") as response:
            text = await response.text()
            answer = await response.json()

        assert (method, "a=1&a=%2F", True, "alice", 4) == tuple(
            answer[name] for name in ("method", "query", "bearer", "subject", "body_bytes")
        )
        assert ["X-One", "1"] in answer["headers"]
        assert api.token not in text

    async def test_a_token_in_the_query_is_taken_too(self, api: Api) -> None:
        """IRIS accepts it, so a proxy has to remove it; the echo hides it."""
        status, answer = await api.browser.json(f"{api.base}/echo?access_token={api.token}")

        assert (status, answer["query"], answer["bearer"]) == (200, "access_token=***", False)

    async def test_the_redirect_is_absolute(self, api: Api) -> None:
        """As %response.Redirect makes it."""
        async with api.call("GET", "/redirect") as response:
            assert (302, f"{api.base}/patients") == (response.status, response.headers["Location"])

    async def test_errors_follow_accept(self, api: Api) -> None:
        """JSON if the client takes it, else text."""
        async with api.call("GET", "/error", headers={"Accept": "application/json"}) as response:
            document = await response.json()
        async with api.call("GET", "/error", headers={"Accept": "text/html"}) as plain:
            text = await plain.text()

        assert (
            response.status,
            document["errors"][0]["code"],
            document["errors"][0]["domain"],
        ) == (500, 5035, "%ObjectErrors")
        assert (500, "text/plain", document["summary"]) == (plain.status, plain.content_type, text)

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/forbidden", 403),
            ("GET", "/unheard-of", 404),
            ("GET", "/patients/999", 404),
            ("POST", "/error", 405),
        ],
    )
    async def test_refusals(self, api: Api, method: str, path: str, status: int) -> None:
        """Each with an error document."""
        async with api.call(method, path) as response:
            assert (status, ["errors", "summary"]) == (response.status, list(await response.json()))

    async def test_a_wordless_401(self, api: Api) -> None:
        """No body and no challenge."""
        async with api.call("GET", "/unauthorized") as response:
            assert (response.status, await response.read(), response.headers["Content-Length"]) == (401, b"", "0")
        assert "WWW-Authenticate" not in response.headers

    async def test_a_basic_challenge(self, api: Api) -> None:
        """The one that opens a browser's own dialog."""
        async with api.call("GET", "/basic") as response:
            assert (response.status, response.headers["WWW-Authenticate"]) == (401, 'Basic realm="clinic"')

    async def test_head_has_no_body(self, api: Api) -> None:
        """And the same headers."""
        async with api.call("HEAD", "/patients/1") as response:
            assert (response.status, await response.read(), "Etag" in response.headers) == (200, b"", True)

    async def test_connections_are_kept_alive(self, api: Api) -> None:
        """Two calls, one connection."""
        connections = []
        for _ in range(2):
            async with api.call("GET", "/report?bytes=1000000") as response:
                assert response.connection is not None
                connections.append(response.connection.transport)
                await response.read()

        assert connections[0] is connections[1]
