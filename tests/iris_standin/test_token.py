"""The token endpoint."""

import asyncio
from typing import Any

import aiohttp
import jwt
import pytest

from iris_standin import Standin
from tests.iris_standin.browser import CLIENT_ID, CLIENT_SECRET, Browser
from tests.parties.clock import ManualClock

Members = dict[str, Any]


def claims(token: str) -> Members:
    """Return the claims of a JWT without looking at its signature."""
    found: Members = jwt.decode(token, options={"verify_signature": False})
    return found


class TestCodeExchange:
    async def test_the_response_is_that_of_iris(self, browser: Browser) -> None:
        """Lower-case bearer, sorted scopes, both further tokens."""
        members = await browser.tokens()

        assert list(members) == ["access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token"]
        assert (
            members["token_type"],
            members["expires_in"],
            members["scope"],
        ) == ("bearer", 3600, "offline_access openid profile")

    async def test_the_id_token_passes_an_independent_library(self, browser: Browser, clock: ManualClock) -> None:
        """Signature by kid, and the claims in IRIS's order."""
        members = await browser.tokens()
        _, keys = await browser.json(f"{browser.standin.issuer}/jwks")
        kid = jwt.get_unverified_header(members["id_token"])["kid"]
        key = next(jwt.PyJWK(item) for item in keys["keys"] if item["kid"] == kid)
        found = jwt.decode(
            members["id_token"],
            key.key,
            algorithms=["RS256"],
            audience=CLIENT_ID,
            issuer=browser.standin.issuer,
            options={"verify_exp": False, "verify_iat": False},
        )

        assert list(found) == ["iss", "sub", "exp", "auth_time", "iat", "nonce", "at_hash", "aud", "azp", "sid"]
        assert ("alice", "the-nonce", CLIENT_ID, clock.now()) == (
            found["sub"],
            found["nonce"],
            found["azp"],
            found["iat"],
        )

    async def test_the_access_token_is_a_jwt_without_client_id(self, browser: Browser) -> None:
        """Claims in IRIS's order; `jti` begins with the issuer."""
        found = claims((await browser.tokens())["access_token"])

        assert list(found) == ["jti", "iss", "sub", "exp", "aud", "scope", "iat"]
        assert found["jti"].startswith(f"{browser.standin.issuer}.")
        assert len(found["jti"]) == len(browser.standin.issuer) + 28

    async def test_a_code_works_once(self, browser: Browser) -> None:
        """The second exchange is refused and ends the tokens of the first."""
        code = (await browser.log_in())["code"]
        _, members = await browser.exchange(code)
        status, error = await browser.exchange(code)
        refreshed, _ = await browser.refresh(members["refresh_token"])

        assert (status, error["error"], refreshed) == (400, "invalid_grant", 400)

    async def test_a_code_expires(self, browser: Browser, clock: ManualClock) -> None:
        """After sixty seconds it is refused."""
        code = (await browser.log_in())["code"]
        await clock.advance(60)

        assert (await browser.exchange(code))[1]["error"] == "invalid_grant"

    @pytest.mark.parametrize(
        "changes",
        [{"code_verifier": ""}, {"code_verifier": "x" * 43}, {"code_verifier": "short"}, {"redirect_uri": "http://x/"}],
    )
    async def test_a_code_is_bound_to_its_request(self, browser: Browser, changes: dict[str, str]) -> None:
        """Another verifier or redirect URI is refused."""
        code = (await browser.log_in())["code"]

        assert (await browser.exchange(code, **changes))[1]["error"] == "invalid_grant"

    async def test_plain_challenges_work(self, browser: Browser) -> None:
        """Without a method the challenge is the verifier."""
        verifier = "p" * 43
        code = (await browser.log_in(code_challenge=verifier, code_challenge_method=""))["code"]

        assert (await browser.exchange(code, code_verifier=verifier))[0] == 200

    async def test_a_code_belongs_to_its_client(self, browser: Browser) -> None:
        """Another client cannot exchange it."""
        code = (await browser.log_in())["code"]
        form = {"grant_type": "authorization_code", "code": code}

        assert (await browser.token(form, client_id="other"))[1]["error"] == "invalid_grant"

    async def test_audience_and_requested_claims(self, standin: Standin, browser: Browser) -> None:
        """`aud` sets the access token's audience; in array mode the ID token has it too, and the claims asked for."""
        standin.change(aud_mode="array", response_properties={"patient": "7"})
        members = await browser.tokens(aud="https://a.example https://b.example", claims='{"id_token": {"email": null}}')

        assert claims(members["access_token"])["aud"] == ["https://a.example", "https://b.example"]
        assert claims(members["id_token"])["aud"] == ["https://a.example", "https://b.example", CLIENT_ID]
        assert (claims(members["id_token"])["email"], members["patient"]) == ("alice@clinic.example", "7")


class TestClientAuthentication:
    async def test_basic_and_form_may_come_together(self, browser: Browser) -> None:
        """IRIS's own client sends its id both ways."""
        form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}

        assert (await browser.token(form))[0] == 200

    async def test_the_form_alone_is_enough(self, browser: Browser) -> None:
        """client_secret_post."""
        form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}

        assert (await browser.post("/token", form))[0] == 200

    @pytest.mark.parametrize(
        "form",
        [
            {"client_id": CLIENT_ID},
            {"client_id": CLIENT_ID, "client_secret": "wrong"},
            {"client_id": "nobody", "client_secret": CLIENT_SECRET},
            {},
        ],
    )
    async def test_a_wrong_client_is_refused(self, browser: Browser, form: dict[str, str]) -> None:
        """401 invalid_client with a challenge."""
        url = f"{browser.standin.issuer}/token"
        async with browser.http.post(url, data={"grant_type": "client_credentials", **form}) as response:
            members = await response.json()

        assert (response.status, members["error"]) == (401, "invalid_client")
        assert response.headers["WWW-Authenticate"].startswith("Basic")

    async def test_two_clients_in_one_request_are_refused(self, browser: Browser) -> None:
        """Header and form must name the same client."""
        status, _ = await browser.token({"grant_type": "client_credentials", "client_id": "other"})

        assert status == 401

    async def test_responses_may_not_be_cached(self, browser: Browser) -> None:
        """Cache-Control: no-store (RFC 6749 section 5.1)."""
        form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        async with browser.http.post(f"{browser.standin.issuer}/token", data=form) as response:
            assert response.headers["Cache-Control"] == "no-store"


class TestOtherGrants:
    async def test_client_credentials_give_an_access_token_only(self, browser: Browser) -> None:
        """The subject is the client."""
        _, members = await browser.token({"grant_type": "client_credentials", "scope": "clinic"})

        assert not {"refresh_token", "id_token"} & set(members)
        assert claims(members["access_token"])["sub"] == CLIENT_ID

    async def test_password(self, browser: Browser) -> None:
        """The right password gives tokens, the wrong one invalid_grant."""
        form = {"grant_type": "password", "username": "bob", "scope": "openid offline_access"}
        good, members = await browser.token({**form, "password": "bob-demo"})
        bad, error = await browser.token({**form, "password": "x"})

        assert (good, claims(members["id_token"])["sub"]) == (200, "bob")
        assert (bad, error["error"]) == (400, "invalid_grant")

    @pytest.mark.parametrize(("grant", "error"), [("", "invalid_request"), ("urn:x", "unsupported_grant_type")])
    async def test_other_grants_are_refused(self, browser: Browser, grant: str, error: str) -> None:
        """RFC 6749 section 5.2."""
        assert (await browser.token({"grant_type": grant}))[1]["error"] == error


class TestRefreshPolicy:
    @pytest.mark.parametrize(
        ("policy", "scope", "given"),
        [
            ("", "openid", False),
            ("", "openid offline_access", True),
            ("", "offline_access", False),
            ("a", "profile", True),
            ("c", "profile", True),
            ("f", "profile", False),
            ("f", "offline_access", True),
            ("cf", "profile", True),
        ],
    )
    async def test_when_a_refresh_token_is_given(self, browser: Browser, policy: str, scope: str, given: bool) -> None:
        """ReturnRefreshToken decides; a client that forgets offline_access silently gets none."""
        browser.standin.change(refresh_policy=policy)

        assert ("refresh_token" in await browser.tokens(scope=scope)) is given


class TestRefresh:
    async def test_rotation_replaces_all_three_tokens(self, browser: Browser, clock: ManualClock) -> None:
        """By default; the new ID token has no nonce."""
        before = await browser.tokens()
        await clock.advance(1)
        status, after = await browser.refresh(before["refresh_token"])

        assert status == 200
        assert all(before[name] != after[name] for name in ("access_token", "refresh_token", "id_token"))
        assert "nonce" not in claims(after["id_token"])
        assert claims(before["id_token"])["sid"] == claims(after["id_token"])["sid"]

    async def test_reuse_ends_the_family(self, browser: Browser) -> None:
        """A replaced refresh token is invalid_grant, and its successor dies with it."""
        first = (await browser.tokens())["refresh_token"]
        _, members = await browser.refresh(first)
        reused, error = await browser.refresh(first)
        successor, _ = await browser.refresh(members["refresh_token"])

        assert (reused, error["error"], successor) == (400, "invalid_grant", 400)

    async def test_without_rotation_the_token_stays(self, browser: Browser, clock: ManualClock) -> None:
        """It works again and again, until its own end."""
        browser.standin.change(rotate_refresh=False)
        token = (await browser.tokens())["refresh_token"]
        _, members = await browser.refresh(token)
        await clock.advance(86399)
        late, _ = await browser.refresh(token)
        await clock.advance(1)
        too_late, _ = await browser.refresh(token)

        assert (token, 200, 400) == (members["refresh_token"], late, too_late)

    async def test_what_a_refresh_leaves_out(self, browser: Browser) -> None:
        """Toggles leave out the refresh token and the ID token, or put the nonce back."""
        browser.standin.change(rotate_refresh=False, refresh_returns_refresh_token=False, refresh_returns_id_token=False)
        token = (await browser.tokens())["refresh_token"]
        _, bare = await browser.refresh(token)
        browser.standin.change(refresh_returns_id_token=True, id_token_nonce_on_refresh="original")
        _, full = await browser.refresh(token)

        assert list(bare) == ["access_token", "token_type", "expires_in", "scope"]
        assert claims(full["id_token"])["nonce"] == "the-nonce"

    async def test_a_refresh_cannot_widen_its_scope(self, browser: Browser) -> None:
        """Less is allowed, more is invalid_scope."""
        token = (await browser.tokens())["refresh_token"]

        assert (await browser.refresh(token, scope="openid email"))[1]["error"] == "invalid_scope"
        assert (await browser.refresh(token, scope="openid"))[0] == 200

    async def test_a_refresh_token_belongs_to_its_client(self, browser: Browser) -> None:
        """Another client cannot use it, and does no harm by trying."""
        token = (await browser.tokens())["refresh_token"]
        form = {"grant_type": "refresh_token", "refresh_token": token}

        assert (await browser.token(form, client_id="other"))[1]["error"] == "invalid_grant"
        assert (await browser.refresh(token))[0] == 200

    async def test_ended_sessions_refuse_to_refresh(self, browser: Browser) -> None:
        """When an administrator ends a user's sessions, the next refresh is invalid_grant."""
        token = (await browser.tokens())["refresh_token"]
        browser.standin.end_sessions("alice")

        assert (await browser.refresh(token))[1]["error"] == "invalid_grant"


class TestFailures:
    async def test_one_request_is_answered_500(self, browser: Browser) -> None:
        """The toggle works once and nothing is spent."""
        token = (await browser.tokens())["refresh_token"]
        browser.standin.change(token_500_once=True)

        assert [(await browser.refresh(token))[0] for _ in range(2)] == [500, 200]

    async def test_a_refresh_may_succeed_without_an_answer(self, browser: Browser) -> None:
        """The connection closes after the rotation, so that the old token is already spent."""
        token = (await browser.tokens())["refresh_token"]
        browser.standin.change(drop_connection_after_rotation=True)
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await browser.refresh(token)
        status, error = await browser.refresh(token)

        assert (status, error["error"]) == (400, "invalid_grant")
        assert [entry.outcome for entry in browser.standin.journal.entries("token")][1:] == ["dropped", "invalid_grant"]

    async def test_a_slow_answer_can_be_abandoned(self, browser: Browser) -> None:
        """The journal tells that the caller left."""
        browser.standin.change(token_latency=0.2)
        task = asyncio.ensure_future(browser.refresh("x"))
        await browser.standin.journal.wait_for(lambda entry: entry.service == "token")
        task.cancel()
        entry = await browser.standin.journal.wait_for(lambda entry: entry.outcome != "running")

        assert entry.outcome == "aborted"

    async def test_a_skewed_clock_shows_in_the_tokens(self, browser: Browser, clock: ManualClock) -> None:
        """Tokens are issued in the future by as much as the clock is ahead."""
        browser.standin.change(clock_skew_seconds=90.0)

        assert claims((await browser.tokens())["id_token"])["iat"] == clock.now() + 90


@pytest.mark.parametrize("algorithm", ["RS512", "ES256", "HS256"])
async def test_the_algorithm_can_be_chosen(browser: Browser, algorithm: str) -> None:
    """ID token and access token are signed with it, and the REST application accepts it."""
    browser.standin.change(signing_algorithm=algorithm)
    members = await browser.tokens()

    assert jwt.get_unverified_header(members["id_token"])["alg"] == algorithm
    assert (await browser.json(f"{browser.standin.clinic_url}/patients", members["access_token"]))[0] == 200
