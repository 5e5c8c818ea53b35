"""The authorization code flow: how a login begins, and what turns its response into a session."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hub.errors import BadRequest, LoginExpired, LoginFailed, ProviderMisbehaved, ProviderUnavailable, SessionEnded
from hub.login.code_flow import RESTART_WINDOW_SECONDS, CompletedLogin
from hub.login.login_parameters import LoginParameters
from hub.session.model import BrowserId, SessionId
from tests.login.conftest import JITTER, ORIGIN, VISITOR, LoginHouse
from tests.parties.clock import START, ManualClock
from tests.parties.hostile_provider import SUBJECT, CannedAnswer


def query_of(url: str) -> dict[str, str]:
    """Return the query of a URL in which no name stands twice."""
    return {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}


class TestBegin:
    """The way to the provider."""

    async def test_each_provider_has_its_own_callback(self, login_house: LoginHouse) -> None:
        """RFC 9700 section 4.4: a response can be told apart by the address at which it arrives."""
        for name, party, callback in (("main", "main", ""), ("second", "second", "/second")):
            login = await login_house.flow.begin("/", None, name)

            assert login.url.startswith(f"{getattr(login_house, party).issuer}/authorize?")
            assert query_of(login.url)["redirect_uri"] == f"{ORIGIN}/hub/callback{callback}"

    async def test_browser_id_stays(self, login_house: LoginHouse) -> None:
        """A browser without pre-login cookie gets one; one that has it keeps it, so that two tabs can log in."""
        first = await login_house.flow.begin("/", None)
        second = await login_house.flow.begin("/", first.browser_id)
        stranger = await login_house.flow.begin("/", None)

        assert first.browser_id == second.browser_id != stranger.browser_id
        assert login_house.logins("begun") == 3

    async def test_parameters(self, login_house: LoginHouse) -> None:
        """What this login asks for stands in the request."""
        login = await login_house.flow.begin("/", None, parameters=LoginParameters(max_age=60, acr_values=("gold",)))

        assert {"max_age": "60", "acr_values": "gold"}.items() <= query_of(login.url).items()

    async def test_unknown_provider(self, login_house: LoginHouse) -> None:
        """A name that the settings do not hold begins nothing."""
        with pytest.raises(BadRequest):
            await login_house.flow.begin("/", None, "third")
        assert login_house.logins("begun") == 0

    async def test_attempts_are_bounded(self, login_house: LoginHouse, clock: ManualClock) -> None:
        """Of more attempts than the settings allow, the oldest of this browser is dropped."""
        browser, begun = BrowserId.generate(), []
        for number in range(4):
            begun.append(await login_house.flow.begin(f"/{number}", browser))
            await clock.advance(1)
        with pytest.raises(LoginExpired):
            await login_house.complete(begun[0])

        assert [(await login_house.complete(each)).return_to for each in begun[1:]] == ["/1", "/2", "/3"]

    async def test_attempt_ends(self, login_house: LoginHouse) -> None:
        """An attempt that nobody comes back from is dropped after `login_timeout_seconds`."""
        await login_house.flow.begin("/", None)
        (attempt,) = await login_house.redis.keys("hub:attempt:*")

        assert 590_000 < await login_house.redis.pttl(attempt) <= 600_000


class TestComplete:
    """The way back."""

    async def test_session(self, login_house: LoginHouse, clock: ManualClock) -> None:
        """The session holds who logged in, where, how, and tokens that are due before they end."""
        login_house.main.claims = {"acr": "gold", "email": "alice@id-token.example"}
        login_house.main.userinfo = {"email": "alice@example.org", "phone_number": "1"}
        await clock.advance(100)
        login = await login_house.flow.begin("/patients", None)
        done = await login_house.complete(login)
        session = await login_house.sessions.confirmed(done.session_id)

        assert (done.return_to, session.provider, session.issuer) == ("/patients", "main", login_house.main.issuer)
        assert (session.subject, session.name, session.acr) == (SUBJECT, "Alice Liddell", "gold")
        assert session.claims == {"email": "alice@example.org"}
        assert (session.client, session.address) == (VISITOR.client, VISITOR.address)
        assert (session.created_at, session.auth_time) == (START + 100, START + 100)
        assert session.nonce == query_of(login.url)["nonce"]
        assert session.provider_session_id == "provider-session"
        assert session.tokens.expires_at == START + 400
        assert session.tokens.due_at == START + 400 - 30 * (1 + JITTER / 4)
        assert login_house.logins("completed") == 1

    @pytest.mark.parametrize("acr", [1, ["gold"], None])
    async def test_acr_of_another_type(self, login_house: LoginHouse, acr: object) -> None:
        """An `acr` that is no text says nothing."""
        login_house.main.claims = {"acr": acr}
        session = await login_house.sessions.confirmed(await login_house.log_in())

        assert session.acr is None

    async def test_other_provider(self, login_house: LoginHouse) -> None:
        """A login at another provider comes back to the callback of that one, and its tokens are asked for with that address."""
        login = await login_house.flow.begin("/", None, "second")
        done = await login_house.complete(login, provider_name="second")
        session = await login_house.sessions.confirmed(done.session_id)
        (asked,) = (request for request in login_house.second.requests if request.path == "/token")

        assert (session.provider, session.issuer) == ("second", login_house.second.issuer)
        assert asked.arguments["redirect_uri"] == f"{ORIGIN}/hub/callback/second"
        assert login_house.main.calls("/token") == 0

    async def test_callback_of_another_provider(self, login_house: LoginHouse) -> None:
        """RFC 9700 section 4.4: a response at the callback of a provider that was not asked is refused, and no code is sent."""
        login = await login_house.flow.begin("/", None, "second")
        with pytest.raises(LoginFailed, match="another login service"):
            await login_house.complete(login)

        assert login_house.second.calls("/token") == 0

    @pytest.mark.parametrize("browser_id", [None, BrowserId.generate()], ids=["none", "other"])
    async def test_other_browser(self, login_house: LoginHouse, browser_id: BrowserId | None) -> None:
        """Login CSRF: who lures somebody to a callback of his own login logs nobody in. The attempt is used up."""
        login = await login_house.flow.begin("/", None)
        response = login_house.response_to(login)
        with pytest.raises(LoginFailed, match="another browser"):
            await login_house.complete(login, parameters=response, browser_id=browser_id)
        with pytest.raises(LoginExpired):
            await login_house.complete(login, parameters=response)

        assert login_house.main.calls("/token") == 0

    @pytest.mark.parametrize("parameters", [{}, {"state": ["unknown"]}, {"state": ["a", "b"]}], ids=["none", "unknown", "two"])
    async def test_unknown_state(self, login_house: LoginHouse, parameters: dict[str, list[str]]) -> None:
        """Without an attempt and without a session the login has expired."""
        login = await login_house.flow.begin("/", None)
        with pytest.raises(LoginExpired):
            await login_house.complete(login, parameters=parameters)

    async def test_callback_loaded_twice(self, login_house: LoginHouse) -> None:
        """The browser that is logged in by now goes on to where it wanted, and keeps its session."""
        login = await login_house.flow.begin("/patients?page=2", None)
        response = login_house.response_to(login)
        done = await login_house.complete(login, parameters=response)
        again = await login_house.complete(login, parameters=response, present=done.session_id)
        lost = await login_house.complete(login, parameters={"state": ["unknown"]}, present=done.session_id)
        with pytest.raises(LoginExpired):
            await login_house.complete(login, parameters=response)

        assert (again, lost) == (CompletedLogin(None, "/patients?page=2"), CompletedLogin(None, "/"))
        assert login_house.main.calls("/token") == 1

    async def test_memory_of_a_finished_login_ends(self, login_house: LoginHouse) -> None:
        """Where a login led is kept as long as a login may take."""
        await login_house.log_in()
        (finished,) = await login_house.redis.keys("hub:attempt-done:*")

        assert 590_000 < await login_house.redis.pttl(finished) <= 600_000

    @pytest.mark.parametrize("knows_it_when", ["begun", "completed"])
    async def test_replaces_the_present_session(self, login_house: LoginHouse, clock: ManualClock, knows_it_when: str) -> None:
        """The session that the browser had ends, though its cookie did not come along with the provider's redirect."""
        old = await login_house.log_in()
        login = await login_house.flow.begin("/", None, present=old if knows_it_when == "begun" else None)
        done = await login_house.complete(login, present=old if knows_it_when == "completed" else None)
        await clock.advance(20)
        with pytest.raises(SessionEnded) as caught:
            await login_house.sessions.confirmed(old)

        assert caught.value.extensions["reason"] == "replaced"
        assert (await login_house.sessions.confirmed(done.session_id)).subject == SUBJECT

    async def test_cookie_wins_over_the_attempt(self, login_house: LoginHouse, clock: ManualClock) -> None:
        """What the browser shows now is newer than what it showed at the beginning."""
        first, second = await login_house.log_in(), await login_house.log_in()
        login = await login_house.flow.begin("/", None, present=first)
        await login_house.complete(login, present=second)
        await clock.advance(20)

        assert (await login_house.sessions.confirmed(first)).subject == SUBJECT
        with pytest.raises(SessionEnded):
            await login_house.sessions.confirmed(second)


class TestRefusals:
    """Responses that make no session."""

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"error": "access_denied", "code": None}, "cancelled"),
            ({"iss": "https://evil.example"}, "another login service"),
            ({"iss": None}, "another login service"),
            ({"code": None}, "no code"),
            ({"code": ["a", "b"]}, "ambiguous"),
        ],
    )
    async def test_authorization_response(self, login_house: LoginHouse, changes: dict[str, Any], message: str) -> None:
        """RFC 6749 section 4.1.2.1, RFC 9207: no token request is made, and the attempt is used up."""
        login_house.main.authorization_response = changes
        login = await login_house.flow.begin("/", None)
        response = login_house.response_to(login)
        with pytest.raises(LoginFailed, match=message):
            await login_house.complete(login, parameters=response)
        with pytest.raises(LoginExpired):
            await login_house.complete(login, parameters=response)

        assert login_house.main.calls("/token") == 0

    async def test_issuer_need_not_be_named(self, login_house: LoginHouse) -> None:
        """A provider that does not announce `iss` may leave it out (RFC 9207 section 2.4)."""
        login_house.main.metadata = {"authorization_response_iss_parameter_supported": None}
        login_house.main.authorization_response = {"iss": None}

        assert (await login_house.complete(await login_house.flow.begin("/", None))).session_id is not None

    async def test_code_that_is_refused(self, login_house: LoginHouse) -> None:
        """A code that the provider does not take is a failed login, which names the provider's reason."""
        login_house.main.answers["/token"] = CannedAnswer(
            400, b'{"error": "invalid_grant"}', {"Content-Type": "application/json"}
        )
        with pytest.raises(LoginFailed, match="invalid_grant"):
            await login_house.log_in()

    @pytest.mark.parametrize(
        "lever",
        [
            {"token_members": {"id_token": None}},
            {"claims": {"nonce": "another"}},
            {"claims": {"at_hash": "another"}},
            {"claims": {"aud": "another"}},
            {"userinfo": {"sub": "mallory"}},
        ],
        ids=["no-id-token", "nonce", "at-hash", "audience", "userinfo"],
    )
    async def test_provider_misbehaves(self, login_house: LoginHouse, lever: dict[str, Any]) -> None:
        """What contradicts the attempt, or itself, makes no session; only a login that succeeded is counted as completed."""
        for name, value in lever.items():
            setattr(login_house.main, name, value)
        with pytest.raises(ProviderMisbehaved):
            await login_house.log_in()

        assert await login_house.redis.keys("hub:session:*") == []
        assert (login_house.logins("begun"), login_house.logins("completed")) == (1, 0)

    @pytest.mark.parametrize(
        ("asked", "claims"), [({"max_age": 60}, {"auth_time": int(START) - 600}), ({"acr_values": ("gold",)}, {"acr": "bronze"})]
    )
    async def test_demands_of_the_attempt(self, login_house: LoginHouse, asked: dict[str, Any], claims: dict[str, Any]) -> None:
        """C6, C7: what this login asked for is held against its ID token, not what another one asked for."""
        login_house.main.claims = claims
        demanding = await login_house.flow.begin("/", None, parameters=LoginParameters(**asked))
        with pytest.raises(ProviderMisbehaved):
            await login_house.complete(demanding)

        assert await login_house.log_in() is not None

    async def test_provider_is_down(self, login_house: LoginHouse) -> None:
        """A provider that fails at the token endpoint fails the login, and not for good."""
        login_house.main.answers["/token"] = CannedAnswer(503)
        with pytest.raises(ProviderUnavailable):
            await login_house.log_in()


class TestRestart:
    """A failed login may begin anew by itself."""

    async def test_once_in_a_minute(self, login_house: LoginHouse) -> None:
        """Once for each browser; a browser without the cookie would go round for ever."""
        browser = BrowserId.generate()

        assert [await login_house.flow.may_restart(each) for each in (browser, browser, None)] == [True, False, False]
        assert await login_house.flow.may_restart(BrowserId.generate())
        assert await login_house.redis.pttl(f"hub:restart:{browser.key}") > (RESTART_WINDOW_SECONDS - 10) * 1000


async def test_session_ids_are_never_reused(login_house: LoginHouse) -> None:
    """Session fixation: two logins of one browser have different ids, and none is one that the browser came with."""
    planted = SessionId.generate()
    ids = {(await login_house.log_in(present=planted)).reveal() for _ in range(2)}

    assert len(ids | {planted.reveal()}) == 3
