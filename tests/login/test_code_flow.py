"""The authorization code flow: how a login begins, and what turns its response into a session."""

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from redis.exceptions import RedisError

from hub.errors import (
    BadRequest,
    LoginExpired,
    LoginFailed,
    ProviderMisbehaved,
    ProviderUnavailable,
    SessionEnded,
    StoreUnavailable,
)
from hub.login.code_flow import CompletedLogin
from hub.login.login_parameters import LoginParameters
from hub.session.model import SessionId
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
            login = await login_house.flow.begin("/", name)

            assert login.url.startswith(f"{getattr(login_house, party).issuer}/authorize?")
            assert query_of(login.url)["redirect_uri"] == f"{ORIGIN}/hub/callback{callback}"

    async def test_leaves_nothing_in_redis(self, login_house: LoginHouse) -> None:
        """However many logins begin, Redis holds nothing of them."""
        begun = [await login_house.flow.begin(f"/patients/{number}") for number in range(20)]

        assert await login_house.redis.keys("*") == []
        assert len({login.state_key for login in begun}) == 20
        assert login_house.logins("begun") == 20

    async def test_parameters(self, login_house: LoginHouse) -> None:
        """What this login asks for stands in the request."""
        login = await login_house.flow.begin("/", parameters=LoginParameters(max_age=60, acr_values=("gold",)))

        assert {"max_age": "60", "acr_values": "gold"}.items() <= query_of(login.url).items()

    async def test_unknown_provider(self, login_house: LoginHouse) -> None:
        """A name that the settings do not hold begins nothing."""
        with pytest.raises(BadRequest):
            await login_house.flow.begin("/", "third")
        assert login_house.logins("begun") == 0

    async def test_several_tabs(self, login_house: LoginHouse) -> None:
        """Logins that begin at the same time are completed in any order."""
        begun = await asyncio.gather(*(login_house.flow.begin(f"/{number}") for number in range(5)))

        assert [(await login_house.complete(each)).return_to for each in reversed(begun)] == ["/4", "/3", "/2", "/1", "/0"]

    async def test_attempt_ends(self, login_house: LoginHouse, clock: ManualClock) -> None:
        """An attempt can be completed until `login_timeout_seconds` have passed, whatever the browser sends."""
        first, second = await login_house.flow.begin("/"), await login_house.flow.begin("/")
        responses = [login_house.response_to(each) for each in (first, second)]
        await clock.advance(599)
        assert (await login_house.complete(first, parameters=responses[0])).session_id is not None
        await clock.advance(1)
        with pytest.raises(LoginExpired):
            await login_house.complete(second, parameters=responses[1])

    async def test_too_large_for_a_cookie(self, login_house: LoginHouse) -> None:
        """A browser stores the attempt: an address that is too long for that is replaced, parameters are rejected."""
        begun = await login_house.flow.begin("/" + "\u00e4" * 2000)
        long = LoginParameters(acr_values=tuple(f"{number:0128}" for number in range(30)))

        assert (await login_house.complete(begun)).return_to == "/"
        with pytest.raises(BadRequest, match="too long"):
            await login_house.flow.begin("/", parameters=long)
        assert login_house.logins("begun") == 1

    async def test_address_of_a_search(self, login_house: LoginHouse) -> None:
        """An address of 2,500 characters comes back."""
        address = "/search?" + "x" * 2492

        assert (await login_house.complete(await login_house.flow.begin(address))).return_to == address


class TestComplete:
    """The way back."""

    async def test_session(self, login_house: LoginHouse, clock: ManualClock) -> None:
        """The session holds who logged in, where, how, and tokens that are due before they end."""
        login_house.main.claims = {"acr": "gold", "email": "alice@id-token.example"}
        login_house.main.userinfo = {"email": "alice@example.org", "phone_number": "1"}
        await clock.advance(100)
        login = await login_house.flow.begin("/patients")
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
        login = await login_house.flow.begin("/", "second")
        done = await login_house.complete(login, provider_name="second")
        session = await login_house.sessions.confirmed(done.session_id)
        (asked,) = (request for request in login_house.second.requests if request.path == "/token")

        assert (session.provider, session.issuer) == ("second", login_house.second.issuer)
        assert asked.arguments["redirect_uri"] == f"{ORIGIN}/hub/callback/second"
        assert login_house.main.calls("/token") == 0

    async def test_provider_whose_name_another_issuer_has(self, login_house: LoginHouse) -> None:
        """After a change of the settings during a login, no code is sent to the issuer that has the name of its provider now."""
        login = await login_house.flow.begin("/", "second")
        login_house.providers.openid("second").issuer = "https://successor.example"
        with pytest.raises(ProviderUnavailable, match="not in the settings any more"):
            await login_house.complete(login, provider_name="second")

        assert login_house.second.calls("/token") == 0

    async def test_callback_of_another_provider(self, login_house: LoginHouse) -> None:
        """RFC 9700 section 4.4: a response at the callback of a provider that was not asked is refused, and no code is sent."""
        login = await login_house.flow.begin("/", "second")
        with pytest.raises(LoginFailed, match="another login service"):
            await login_house.complete(login)

        assert login_house.second.calls("/token") == 0

    @pytest.mark.parametrize("has_another", [False, True], ids=["none", "other"])
    async def test_other_browser(self, login_house: LoginHouse, has_another: bool) -> None:
        """Login CSRF: a callback in a browser that does not have the sealed attempt logs nobody in, and sends no code."""
        login, other = await login_house.flow.begin("/"), await login_house.flow.begin("/")
        response = login_house.response_to(login)
        with pytest.raises(LoginExpired, match="another browser"):
            await login_house.complete(login, parameters=response, sealed=other.sealed if has_another else "")

        assert login_house.main.calls("/token") == 0
        assert await login_house.redis.keys("*") == []

    @pytest.mark.parametrize("parameters", [{}, {"state": ["unknown"]}, {"state": ["a", "b"]}], ids=["none", "unknown", "two"])
    async def test_unknown_state(self, login_house: LoginHouse, parameters: dict[str, list[str]]) -> None:
        """Without an attempt and without a session the login has expired."""
        login = await login_house.flow.begin("/")
        with pytest.raises(LoginExpired):
            await login_house.complete(login, parameters=parameters)

    async def test_callback_loaded_twice(self, login_house: LoginHouse) -> None:
        """The browser that is logged in by now goes on to where it wanted, and keeps its session."""
        login = await login_house.flow.begin("/patients?page=2")
        response = login_house.response_to(login)
        done = await login_house.complete(login, parameters=response)
        again = await login_house.complete(login, parameters=response, present=done.session_id)
        lost = await login_house.complete(login, parameters={"state": ["unknown"]}, present=done.session_id)
        with pytest.raises(LoginExpired):
            await login_house.complete(login, parameters=response)

        assert (again, lost) == (CompletedLogin(None, "/patients?page=2"), CompletedLogin(None, "/"))
        assert login_house.main.calls("/token") == 1

    async def test_mark_of_a_used_attempt(self, login_house: LoginHouse, clock: ManualClock) -> None:
        """It lasts for the rest of the attempt's life, and Redis does not learn where the login led."""
        login = await login_house.flow.begin("/patients/alice")
        await clock.advance(100)
        await login_house.complete(login)
        (mark,) = await login_house.redis.keys("hub:attempt*")

        assert 490_000 < await login_house.redis.pttl(mark) <= 500_000
        assert b"patients" not in await login_house.redis.get(mark)

    async def test_both_at_once(self, login_house: LoginHouse) -> None:
        """Of two callbacks with one code, one exchanges it: a provider that sees it twice would revoke its tokens."""
        login = await login_house.flow.begin("/")
        response = login_house.response_to(login)
        results = await asyncio.gather(
            *(login_house.complete(login, parameters=response) for _ in range(5)), return_exceptions=True
        )

        assert sorted(type(each).__name__ for each in results) == ["CompletedLogin", *["LoginExpired"] * 4]
        assert login_house.main.calls("/token") == 1

    async def test_store_is_down(self, login_house: LoginHouse, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without Redis it cannot be told whether the attempt was used: no code is sent."""

        async def fail(*_: object, **__: object) -> None:
            raise RedisError

        login = await login_house.flow.begin("/")
        monkeypatch.setattr(login_house.redis, "set", fail)
        with pytest.raises(StoreUnavailable):
            await login_house.complete(login)

        assert login_house.main.calls("/token") == 0

    @pytest.mark.parametrize("knows_it_when", ["begun", "completed"])
    async def test_replaces_the_present_session(self, login_house: LoginHouse, clock: ManualClock, knows_it_when: str) -> None:
        """The session that the browser had ends, though its cookie did not come along with the provider's redirect."""
        old = await login_house.log_in()
        login = await login_house.flow.begin("/", present=old if knows_it_when == "begun" else None)
        done = await login_house.complete(login, present=old if knows_it_when == "completed" else None)
        await clock.advance(20)
        with pytest.raises(SessionEnded) as caught:
            await login_house.sessions.confirmed(old)

        assert caught.value.extensions["reason"] == "replaced"
        assert (await login_house.sessions.confirmed(done.session_id)).subject == SUBJECT

    async def test_cookie_wins_over_the_attempt(self, login_house: LoginHouse, clock: ManualClock) -> None:
        """What the browser shows now is newer than what it showed at the beginning."""
        first, second = await login_house.log_in(), await login_house.log_in()
        login = await login_house.flow.begin("/", present=first)
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
        """RFC 6749 section 4.1.2.1, RFC 9207: no token request is made, and Redis holds nothing."""
        login_house.main.authorization_response = changes
        login = await login_house.flow.begin("/")
        response = login_house.response_to(login)
        with pytest.raises(LoginFailed, match=message):
            await login_house.complete(login, parameters=response)

        assert login_house.main.calls("/token") == 0
        assert await login_house.redis.keys("*") == []

    async def test_issuer_need_not_be_named(self, login_house: LoginHouse) -> None:
        """A provider that does not announce `iss` may leave it out (RFC 9207 section 2.4)."""
        login_house.main.metadata = {"authorization_response_iss_parameter_supported": None}
        login_house.main.authorization_response = {"iss": None}

        assert (await login_house.complete(await login_house.flow.begin("/"))).session_id is not None

    async def test_code_that_is_refused(self, login_house: LoginHouse) -> None:
        """A code that the provider does not take is a failed login, which names the provider's reason."""
        login_house.main.answers["/token"] = CannedAnswer(
            400, b'{"error": "invalid_grant"}', {"Content-Type": "application/json"}
        )
        with pytest.raises(LoginFailed, match="invalid_grant"):
            await login_house.log_in()

        assert await login_house.redis.keys("*") == []

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
        demanding = await login_house.flow.begin("/", parameters=LoginParameters(**asked))
        with pytest.raises(ProviderMisbehaved):
            await login_house.complete(demanding)

        assert await login_house.log_in() is not None

    async def test_provider_is_down(self, login_house: LoginHouse) -> None:
        """A provider that fails at the token endpoint fails the login, and not for good: the callback may be loaded again."""
        login = await login_house.flow.begin("/")
        response = login_house.response_to(login)
        login_house.main.answers["/token"] = CannedAnswer(503, headers={"Retry-After": "0"})
        with pytest.raises(ProviderUnavailable):
            await login_house.complete(login, parameters=response)
        del login_house.main.answers["/token"]

        assert (await login_house.complete(login, parameters=response)).session_id is not None


async def test_session_ids_are_never_reused(login_house: LoginHouse) -> None:
    """Session fixation: two logins of one browser have different ids, and none is one that the browser came with."""
    planted = SessionId.generate()
    ids = {(await login_house.log_in(present=planted)).reveal() for _ in range(2)}

    assert len(ids | {planted.reveal()}) == 3
