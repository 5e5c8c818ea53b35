"""Tokens that a session has besides its own: exchanged (RFC 8693), or for another resource (RFC 8707).

With a real Redis and provider.
"""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from hub.errors import ProviderUnavailable, SessionEnded, TokenNotIssued
from hub.oidc.grants import TokenTarget
from hub.primitives.secret import Secret
from hub.session.model import Session, SessionId, TokenSet
from hub.tokens.demand import TokenDemand
from tests.parties.clock import ManualClock
from tests.parties.hostile_provider import CannedAnswer, HostileProvider, SeenRequest
from tests.session.samples import make_session
from tests.tokens.conftest import TOKEN_PATH, Worker, replace_issuer

EXCHANGE = TokenDemand(kind="exchange", target=TokenTarget(audience="lab", scopes=("results",)))
OTHER_AUDIENCE = TokenDemand(kind="exchange", target=TokenTarget(audience="pharmacy", scopes=("results",)))
OTHER_SCOPE = TokenDemand(kind="exchange", target=TokenTarget(audience="lab", scopes=("orders",)))
RESOURCE = TokenDemand(kind="user", target=TokenTarget(resource="https://lab.example/api"))
BOTH = pytest.mark.parametrize("demand", [EXCHANGE, RESOURCE], ids=["exchange", "resource"])


def grants(party: HostileProvider) -> list[SeenRequest]:
    """Return the token requests so far."""
    return [request for request in party.requests if request.path == TOKEN_PATH]


def refusal(code: str) -> CannedAnswer:
    """Return an answer with this OAuth error code."""
    return CannedAnswer(400, json.dumps({"error": code}).encode(), {"Content-Type": "application/json"})


class AnyToken(set[str]):
    """Contains every token."""

    def __contains__(self, _token: object) -> bool:
        return True


class TestOnce:
    """A token a session, audience and scope, got once."""

    @BOTH
    async def test_callers_of_one_worker(
        self, one: Worker, party: HostileProvider, session: Session, demand: TokenDemand
    ) -> None:
        """Many requests ask the provider once, and a later one finds the token with the session."""
        tokens = await asyncio.gather(*(one.further.get(session, demand) for _ in range(20)))

        assert set(tokens) == {await one.further.get(session, demand)}
        assert session.tokens.access_token not in tokens
        assert party.calls(TOKEN_PATH) == 1

    @BOTH
    async def test_caller_that_looked_too_early(
        self, one: Worker, party: HostileProvider, session: Session, demand: TokenDemand, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A caller who found no token, and goes on when another one has obtained it, takes that one."""
        load, looked, go_on = one.store.load_token, asyncio.Event(), asyncio.Event()

        async def load_slowly(key: str, name: str) -> TokenSet | None:
            found = await load(key, name)
            if not looked.is_set():
                looked.set()
                await go_on.wait()
            return found

        monkeypatch.setattr(one.store, "load_token", load_slowly)
        late = asyncio.create_task(one.further.get(session, demand))
        await looked.wait()
        token = await one.further.get(session, demand)
        go_on.set()

        assert await late == token
        assert party.calls(TOKEN_PATH) == 1

    @BOTH
    async def test_other_worker_finds_it(
        self, one: Worker, other: Worker, party: HostileProvider, session: Session, demand: TokenDemand
    ) -> None:
        """It is kept with the session in Redis, where every worker finds it."""
        token = await one.further.get(session, demand)

        assert await other.further.get(session, demand) == token
        assert party.calls(TOKEN_PATH) == 1

    async def test_each_demand_its_own(self, one: Worker, session: Session) -> None:
        """Audience and scopes tell tokens apart; the order of scopes does not."""
        tokens = [await one.further.get(session, demand) for demand in (EXCHANGE, OTHER_AUDIENCE, OTHER_SCOPE, RESOURCE)]

        assert len(set(tokens)) == 4

    async def test_provider_whose_name_another_issuer_has(self, one: Worker, party: HostileProvider, session: Session) -> None:
        """After a change of the settings, no token of a session is sent to the issuer that has the name of its provider now."""
        former = replace(session, issuer="https://former.example")

        with pytest.raises(ProviderUnavailable, match="not in the settings any more"):
            await one.further.get(former, EXCHANGE)
        assert party.calls(TOKEN_PATH) == 0

    @BOTH
    async def test_never_another_sessions(
        self, one: Worker, party: HostileProvider, session: Session, demand: TokenDemand
    ) -> None:
        """Two sessions of the same user never share such a token."""
        now, granted = one.clock.now(), party.grant()
        tokens = replace(session.tokens, refresh_token=Secret(granted["refresh_token"]))
        second = replace_issuer(make_session(SessionId.generate(), now=now, tokens=tokens), party.issuer)
        await one.sessions.start(second)

        assert await one.further.get(session, demand) != await one.further.get(second, demand)

    @BOTH
    async def test_browser_that_goes_away(
        self, one: Worker, party: HostileProvider, session: Session, demand: TokenDemand
    ) -> None:
        """A request that is cancelled does not cancel the grant: what comes is stored for the next one."""
        held = party.hold(TOKEN_PATH)
        gone = asyncio.ensure_future(one.further.get(session, demand))
        await party.asked(TOKEN_PATH)
        gone.cancel()
        held.set()
        await one.further.close()

        assert await one.store.load_token(session.key, demand.name) is not None
        await one.further.get(session, demand)
        assert party.calls(TOKEN_PATH) == 1

    @BOTH
    async def test_a_joined_call_may_bring_the_rejected_token(
        self, one: Worker, party: HostileProvider, session: Session, demand: TokenDemand, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The API rejects a token that another call has stored but not returned yet: the caller gets a newer one."""
        is_stored, may_go_on, put_token = asyncio.Event(), asyncio.Event(), one.store.put_token

        async def put_slowly(*arguments: Any) -> bool:
            done = await put_token(*arguments)
            is_stored.set()
            await may_go_on.wait()
            return done

        monkeypatch.setattr(one.store, "put_token", put_slowly)
        first = asyncio.ensure_future(one.further.get(session, demand))
        await is_stored.wait()
        stored = await one.store.load_token(session.key, demand.name)
        assert stored is not None
        renewed = asyncio.ensure_future(one.further.renew(session, demand, stored.access_token))
        await asyncio.sleep(0.05)
        assert not renewed.done()
        may_go_on.set()

        assert await first == stored.access_token
        assert await renewed != stored.access_token
        assert party.calls(TOKEN_PATH) == 2


class TestRequest:
    """What the provider is asked."""

    async def test_exchange(self, one: Worker, party: HostileProvider, session: Session) -> None:
        """The user's own access token is exchanged for one of the named audience and scopes (RFC 8693 section 2.1)."""
        await one.further.get(session, EXCHANGE)

        [asked] = grants(party)
        assert asked.arguments["subject_token"] == session.tokens.access_token.reveal()
        assert (asked.arguments["audience"], asked.arguments["scope"]) == ("lab", "results")

    async def test_resource(self, one: Worker, party: HostileProvider, session: Session) -> None:
        """The refresh token gets a token for the resource (RFC 8707); a rotated one is stored, the session's own stays."""
        token = await one.further.get(session, RESOURCE)

        [asked] = grants(party)
        stored = await one.sessions.by_key(session.key)
        assert (asked.arguments["grant_type"], asked.arguments["resource"]) == ("refresh_token", "https://lab.example/api")
        assert stored.tokens.access_token == session.tokens.access_token
        assert stored.tokens.refresh_token != session.tokens.refresh_token
        assert token != session.tokens.access_token

    @pytest.mark.expects_log
    async def test_id_token_of_a_resource(
        self, one: Worker, party: HostileProvider, session: Session, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The ID token that comes with it is validated as at a refresh: an operator learns of a wrong one."""
        party.claims = {"exp": 1}
        await one.further.get(session, RESOURCE)

        assert "session.refresh_id_token_invalid" in caplog.text

    async def test_resource_and_refresh_at_once(
        self, one: Worker, other: Worker, party: HostileProvider, session: Session, clock: ManualClock
    ) -> None:
        """A refresh on another worker at the same time does not spend the same refresh token: there is one lease."""
        both = asyncio.gather(
            one.further.get(session, RESOURCE), other.refresher.refresh(session.key, session.tokens.access_token)
        )
        await clock.advance_until(both)
        await both

        spent = [request.arguments["refresh_token"] for request in grants(party)]
        assert len(spent) == len(set(spent)) == 2
        assert one.outcomes("ended") + other.outcomes("ended") == 0

    async def test_expired_user_token_is_refreshed_first(
        self, one: Worker, party: HostileProvider, session: Session, clock: ManualClock
    ) -> None:
        """A dead access token is not exchanged: it is refreshed, and its successor is."""
        await clock.advance(300)
        await one.further.get(session, EXCHANGE)

        refresh, exchange = grants(party)
        assert refresh.arguments["grant_type"] == "refresh_token"
        stored = await one.sessions.by_key(session.key)
        assert exchange.arguments["subject_token"] == stored.tokens.access_token.reveal()


class TestRenewal:
    """When it ends, or is rejected."""

    @BOTH
    async def test_expired(
        self, one: Worker, party: HostileProvider, session: Session, clock: ManualClock, demand: TokenDemand
    ) -> None:
        """One that would be dead on arrival is got anew."""
        first = await one.further.get(session, demand)
        await clock.advance(299.6)

        assert await one.further.get(session, demand) != first

    @BOTH
    async def test_rejected(self, one: Worker, party: HostileProvider, session: Session, demand: TokenDemand) -> None:
        """Requests whose token was rejected have it replaced once; one that comes late takes the newer one."""
        first = await one.further.get(session, demand)
        renewed = await asyncio.gather(*(one.further.renew(session, demand, first) for _ in range(10)))

        assert set(renewed) == {await one.further.renew(session, demand, first)}
        assert first not in renewed
        assert party.calls(TOKEN_PATH) == 2

    async def test_subject_token_that_is_always_refused(self, one: Worker, party: HostileProvider, session: Session) -> None:
        """A provider that calls each subject token invalid does not make the hub refresh the session for each request."""
        party.refused_subject_tokens = AnyToken()
        for _ in range(20):
            with pytest.raises(TokenNotIssued):
                await one.further.get(session, EXCHANGE)

        refreshes = [request for request in grants(party) if request.arguments["grant_type"] == "refresh_token"]
        assert len(refreshes) == 1

    async def test_rejected_on_two_workers(
        self, one: Worker, other: Worker, party: HostileProvider, session: Session, clock: ManualClock
    ) -> None:
        """The worker that comes second takes the token that the first one got."""
        first = await one.further.get(session, RESOURCE)
        held = party.hold(TOKEN_PATH)
        renewals = asyncio.gather(*(worker.further.renew(session, RESOURCE, first) for worker in (one, other)))
        await party.asked(TOKEN_PATH, 2)
        await clock.advance(1)
        held.set()
        renewed = await clock.advance_until(renewals)

        assert len({first, *renewed}) == 2
        assert party.calls(TOKEN_PATH) == 2

    async def test_own_refresh_keeps_them(self, one: Worker, party: HostileProvider, session: Session) -> None:
        """Refreshing the session's own token costs no further one."""
        token = await one.further.get(session, EXCHANGE)
        await one.refresher.refresh(session.key, session.tokens.access_token)

        assert await one.further.get(session, EXCHANGE) == token


class TestFailures:
    """No other token goes out in place of one that cannot be had."""

    @pytest.mark.parametrize("code", ["invalid_target", "invalid_scope", "unsupported_grant_type"])
    @BOTH
    async def test_refused(self, one: Worker, party: HostileProvider, session: Session, demand: TokenDemand, code: str) -> None:
        """A refusal is told with its code; the session lives on."""
        party.answers[TOKEN_PATH] = refusal(code)
        with pytest.raises(TokenNotIssued, match=code):
            await one.further.get(session, demand)

        assert (await one.sessions.by_key(session.key)).tokens.access_token == session.tokens.access_token

    async def test_subject_token_that_the_provider_takes_for_dead(
        self, one: Worker, party: HostileProvider, session: Session
    ) -> None:
        """The access token was ended early: it is refreshed and exchanged once more, and only once."""
        party.token_members = {"issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}
        party.refused_subject_tokens.add(session.tokens.access_token.reveal())
        await one.further.get(session, EXCHANGE)

        kinds = [request.arguments["grant_type"].rpartition(":")[2] for request in grants(party)]
        assert kinds == ["token-exchange", "refresh_token", "token-exchange"]

    @BOTH
    @pytest.mark.expects_log
    async def test_provider_down(self, one: Worker, party: HostileProvider, session: Session, demand: TokenDemand) -> None:
        """A provider that is down costs the request, not the session."""
        party.answers[TOKEN_PATH] = CannedAnswer(503)
        with pytest.raises(ProviderUnavailable):
            await one.further.get(session, demand)

        assert await one.sessions.by_key(session.key)

    @BOTH
    async def test_session_that_ended_meanwhile(
        self, one: Worker, party: HostileProvider, session: Session, demand: TokenDemand
    ) -> None:
        """A token that arrives after the logout is handed to nobody and kept nowhere."""
        held = party.hold(TOKEN_PATH)
        waiting = asyncio.ensure_future(one.further.get(session, demand))
        await party.asked(TOKEN_PATH)
        await one.sessions.end(session.key, "logout")
        held.set()
        with pytest.raises(SessionEnded):
            await waiting

        assert await one.store.load_token(session.key, demand.name) is None
