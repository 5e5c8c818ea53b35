"""The authorization endpoint."""

from urllib.parse import parse_qs, urlsplit

import pytest

from iris_standin import Standin
from tests.iris_standin.browser import REDIRECT_URI, Browser, hidden_fields, response_parameters
from tests.parties.clock import ManualClock


async def begin(browser: Browser, **changes: str) -> str:
    """Begin an authorization request and return where it redirects to."""
    status, location, _ = await browser.get("/authorize", **browser.request_parameters(**changes))
    assert status == 302
    return location


async def refusal(browser: Browser, **changes: str) -> dict[str, str]:
    """Begin an authorization request that is refused and return the parameters that the client gets."""
    location = await begin(browser, **changes)
    assert location.startswith(REDIRECT_URI)
    return response_parameters(location)


class TestStages:
    async def test_a_request_redirects_to_itself_with_its_future_code(self, browser: Browser) -> None:
        """The first answer is a redirect to the same endpoint, with the code of 86 characters and the stage in the URL."""
        location = await begin(browser)

        query = parse_qs(urlsplit(location).query)
        assert location.startswith(f"{browser.standin.issuer}/authorize?AuthorizationCode=")
        assert (len(query["AuthorizationCode"][0]), query["stage"], query["state"]) == (86, ["login:1"], ["the-state"])

    async def test_login_and_consent_yield_code_and_state_only(self, browser: Browser) -> None:
        """The response has no `iss` and no `session_state`."""
        response = await browser.log_in()

        assert (sorted(response), response["state"]) == (["code", "state"], "the-state")

    async def test_a_wrong_password_leads_to_the_next_stage(self, browser: Browser) -> None:
        """The form comes again as login:2, says so, and the right password then works."""
        location = await begin(browser)
        _, _, page = await browser.get(location)
        form = hidden_fields(page) | {"Username": "alice", "Password": "wrong", "Login": "Login"}
        _, again, _ = await browser.post("/authorize", form)
        _, _, page = await browser.get(again)

        assert "stage=login%3A2" in again
        assert 'role="alert"' in page
        _, location, _ = await browser.post("/authorize", form | {"Password": "alice-demo", "Accept": "Accept"})
        assert "code" in response_parameters(location)

    async def test_cancel_is_access_denied(self, browser: Browser) -> None:
        """The client hears that the person refused, and the transaction is over."""
        _, _, page = await browser.get(location := await begin(browser))
        _, refused, _ = await browser.post("/authorize", hidden_fields(page) | {"Cancel": "Cancel"})
        status, _, text = await browser.get(location)

        assert response_parameters(refused)["error"] == "access_denied"
        assert (status, "Unexpected request - AuthorizationCode" in text) == (400, True)

    async def test_without_a_consent_page_the_login_is_enough(self, browser: Browser) -> None:
        """A toggle leaves the question out."""
        browser.standin.change(consent_page=False)
        _, _, page = await browser.get(await begin(browser))
        form = hidden_fields(page) | {"Username": "bob", "Password": "bob-demo", "Login": "Login"}
        _, location, _ = await browser.post("/authorize", form)

        assert "code" in response_parameters(location)

    async def test_pages_hold_no_script_and_escape_what_they_are_given(self, browser: Browser) -> None:
        """A parameter with markup arrives as text, and the policy forbids scripts."""
        location = await begin(browser, state='"><script>alert(1)</script>')
        async with browser.http.get(location) as response:
            page = await response.text()

        assert "<script" not in page
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert hidden_fields(page)["state"] == '"><script>alert(1)</script>'

    async def test_the_style_sheet_is_served(self, browser: Browser) -> None:
        """Pages find their style, and nothing else of the folder can be had."""
        assert (await browser.get("/pages/style.css"))[0] == 200
        assert (await browser.get("/pages/login.html"))[0] == 404


class TestSingleSignOn:
    async def test_the_cookie_skips_login_and_consent(self, browser: Browser) -> None:
        """A second request of the same browser for the same scopes is answered at once."""
        await browser.log_in()
        location = await begin(browser)

        assert "code" in response_parameters(location)

    async def test_more_scopes_ask_for_consent_again(self, browser: Browser) -> None:
        """Only what was not granted in the session yet brings the consent page."""
        await browser.log_in()

        assert "stage=permission" in await begin(browser, scope="openid email")

    async def test_the_cookie_is_httponly_and_ends_in_time(self, browser: Browser, clock: ManualClock) -> None:
        """After the session interval the person logs in again."""
        browser.standin.change(session_seconds=100)
        _, _, page = await browser.get(await begin(browser))
        form = hidden_fields(page) | {"Username": "alice", "Password": "alice-demo", "Accept": "Accept"}
        async with browser.http.post(f"{browser.standin.issuer}/authorize", data=form, allow_redirects=False) as response:
            cookie = response.cookies["CSPOAuth2Session"]
        await clock.advance(100)

        assert (
            cookie["httponly"],
            cookie["samesite"],
            cookie["max-age"],
            len(cookie.value),
        ) == (True, "Strict", "100", 43)
        assert "stage=login" in await begin(browser)

    @pytest.mark.parametrize(("prompt", "error"), [("none", "login_required")])
    async def test_no_prompt_without_a_session_is_refused(self, browser: Browser, prompt: str, error: str) -> None:
        """`prompt=none` never shows a page."""
        assert (await refusal(browser, prompt=prompt))["error"] == error

    async def test_prompts_and_max_age_force_their_stage(self, browser: Browser, clock: ManualClock) -> None:
        """With a session: login on demand or when it is too old, consent on demand, and none of both if forbidden."""
        await browser.log_in()
        await clock.advance(10)

        assert "stage=login" in await begin(browser, prompt="login")
        assert "stage=login" in await begin(browser, max_age="9")
        assert "stage=permission" in await begin(browser, prompt="consent")
        assert "code" in response_parameters(await begin(browser, max_age="10", prompt="none"))
        assert (await refusal(browser, prompt="none", scope="openid email"))["error"] == "consent_required"

    async def test_without_session_support_there_is_no_single_sign_on(self, browser: Browser) -> None:
        """Each request asks for the password."""
        browser.standin.change(support_session=False)
        await browser.log_in()

        assert "stage=login" in await begin(browser)


class TestRefusals:
    @pytest.mark.parametrize("changes", [{"client_id": "nobody"}, {"redirect_uri": f"{REDIRECT_URI}/"}])
    async def test_an_unknown_client_or_redirect_uri_gets_a_page(self, browser: Browser, changes: dict[str, str]) -> None:
        """Nobody is redirected to an address that is not registered."""
        status, location, page = await browser.get("/authorize", **browser.request_parameters(**changes))

        assert (status, location) == (400, "")
        assert f"Unexpected request - {next(iter(changes))}" in page

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"scope": "openid unheard-of"}, "invalid_scope"),
            ({"code_challenge_method": "S512"}, "invalid_request"),
            ({"max_age": "soon"}, "invalid_request"),
            ({"claims": "["}, "invalid_request"),
        ],
    )
    async def test_other_mistakes_are_told_to_the_client(self, browser: Browser, changes: dict[str, str], error: str) -> None:
        """The error comes with the state."""
        response = await refusal(browser, **changes)

        assert (error, "the-state") == (response["error"], response["state"])

    async def test_toggles_demand_a_challenge_and_an_audience(self, standin: Standin, browser: Browser) -> None:
        """ForcePKCE and AudRequired refuse requests without them."""
        standin.change(force_pkce=True)
        without_challenge = await refusal(browser, code_challenge="", code_challenge_method="")
        standin.change(aud_required=True)
        without_audience = await refusal(browser)

        assert tuple(without_challenge[name] for name in ("error", "error_description")) == (
            "invalid_request",
            "code_challenge is missing",
        )
        assert without_audience["error_description"] == "aud is missing"


class TestResponseModes:
    async def test_fragment(self, browser: Browser) -> None:
        """The response is in the fragment."""
        await browser.log_in()
        location = await begin(browser, response_mode="fragment")

        assert location.startswith(f"{REDIRECT_URI}#code=")

    async def test_form_post(self, browser: Browser) -> None:
        """The response is a form for the redirect URI."""
        await browser.log_in()
        _, _, page = await browser.get("/authorize", **browser.request_parameters(response_mode="form_post"))

        assert f'action="{REDIRECT_URI}"' in page
        assert hidden_fields(page)["state"] == "the-state"

    async def test_a_redirect_uri_with_a_fragment_keeps_it(self, browser: Browser) -> None:
        """The query goes before the fragment, as browsers need it."""
        _, location, _ = await browser.get(
            "/authorize",
            **browser.request_parameters(
                client_id="spa", redirect_uri="http://localhost:4200/#/callback", response_type="none", state="s"
            ),
        )

        assert location.startswith("http://localhost:4200/?error=unsupported_response_type&state=s")
        assert location.endswith("#/callback")
